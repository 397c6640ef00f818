//go:build !linux

package pgtest

import "syscall"

// setDeathSignal has no counterpart here: a killed test process leaves its server behind.
func setDeathSignal(*syscall.SysProcAttr) {}
