// Package killtest kills a test's own program with kill -9, before a counted statement or by the clock, so that a test can prove that
// what it left is whole and that another process can go on with it.
//
// TestMain asks first whether the process is one that was started for that:
//
//	func TestMain(m *testing.M) {
//		killtest.Main(func(j job, count func()) error { ... }) // returns in the test process itself
//		os.Exit(pgtest.Run(m))
//	}
//
// and a test starts such a process:
//
//	killed := killtest.Start(t, j, killtest.Kill{Before: 17})
package killtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"
)

// Kill says when a process is killed: one of the two.
type Kill struct {
	// Before is the number of the call of count, from 1 on, before which the process kills itself. 0: never.
	Before int64
	// After is the time after which it is killed from outside. 0: never.
	After time.Duration
}

// variable tells a process that it is doomed, and what it has to do until then.
const variable = "ERP_TEST_DOOMED"

type doom[Job any] struct {
	Before int64
	Job    Job
}

// Main runs a process that [Start] started, and ends it. In all others it returns at once. run is to call count before
// each statement that it sends, from whichever goroutine.
func Main[Job any](run func(job Job, count func()) error) {
	text := os.Getenv(variable)
	if text == "" {
		return
	}
	var d doom[Job]
	err := json.Unmarshal([]byte(text), &d)
	if err == nil {
		var n atomic.Int64
		err = run(d.Job, func() {
			if n.Add(1) == d.Before {
				die()
			}
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// die is kill -9 by one's own hand: nothing is run on the way out.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	fmt.Fprintln(os.Stderr, err)
	select {} // the signal is on its way
}

// Start runs the test binary once more to do the job and kills it on the way. It reports whether the process was killed, or came to
// its end before that; any other end fails the test.
func Start[Job any](t testing.TB, job Job, kill Kill) (killed bool) {
	t.Helper()
	text, err := json.Marshal(doom[Job]{kill.Before, job})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if kill.After > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, kill.After)
		defer cancel()
	}
	cmd := exec.CommandContext(ctx, os.Args[0]) // #nosec G204 G702 -- ourselves
	cmd.Env = append(os.Environ(), variable+"="+string(text))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return false
	case errors.As(err, &exit) && exit.ExitCode() == -1 && exit.String() == "signal: killed":
		return true
	case errors.Is(err, context.DeadlineExceeded): // the time was up before it began, or as it came to its end
		return cmd.ProcessState == nil || !cmd.ProcessState.Success()
	}
	t.Fatalf("it was to be killed or to come to its end: %v\n%s", err, out)
	return false
}
