package pgtest

import (
	"errors"
	"os/exec"
	"runtime"
	"time"
)

// lifeline is a child process that ends with ours.
//
// Linux's parent-death signal is what does it, and that is tied to the thread which started the child, not to the
// process: Go ends idle threads, and the server would be shot in the middle of a test. So the goroutine that starts the
// child is locked to its thread and stays there, waiting, for as long as the child lives.
type lifeline struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
}

func startLifeline(cmd *exec.Cmd) (*lifeline, error) {
	setDeathSignal(cmd.SysProcAttr)
	l := &lifeline{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // an immediate shutdown has a non-zero status by design
		}
		close(l.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return l, nil
}

// stop asks the server for an immediate shutdown and kills it when it does not comply.
func (l *lifeline) stop(timeout time.Duration) error {
	_ = l.cmd.Process.Signal(quitSignal) // fails only when it has ended already, and then done is closed or about to be
	select {
	case <-l.done:
		return nil
	case <-time.After(timeout):
		_ = l.cmd.Process.Kill()
		<-l.done
		return errors.New("the server had to be killed")
	}
}
