package pgtest

import "syscall"

// setDeathSignal has the kernel shut the child down when the thread that started it ends.
func setDeathSignal(attr *syscall.SysProcAttr) { attr.Pdeathsig = quitSignal }
