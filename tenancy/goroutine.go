package tenancy

import "github.com/petermattis/goid"

// goroutineID is the runtime's own number of the goroutine. Go has no other way to ask, and the question must be asked: a
// transaction used by a second goroutine, or begun again on an outer context, is a mistake that otherwise shows as a wait
// without end. On the usual processors it costs a nanosecond; elsewhere it is read off the goroutine's stack trace.
func goroutineID() int64 { return goid.Get() }
