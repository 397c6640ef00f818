package tenancy

import "runtime"

// goroutineID reads the number in the first line of the goroutine's own stack trace, "goroutine 123 [running]:". Go has
// no other way to ask, and the question must be asked: a transaction used by a second goroutine, or begun again on an
// outer context, is a mistake that otherwise shows as a wait without end. It costs about a microsecond.
func goroutineID() int64 {
	var buf [40]byte
	n := runtime.Stack(buf[:], false)
	var id int64
	for _, c := range buf[len("goroutine "):n] {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + int64(c-'0')
	}
	return id
}
