package bookstest

import (
	"errors"
	"sync"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Together runs fn in n goroutines at once and gives their errors.
func Together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range n {
		done.Go(func() {
			ready.Wait()
			errs[i] = fn(i)
		})
	}
	ready.Done()
	done.Wait()
	return errs
}

// Insist tries again what lost a race in a way that another try resolves: by one of the reasons, or because all were busy.
func Insist(fn func() error, reasons ...error) error {
	err := fn()
	for range 20 {
		again := errors.Is(err, fault.Exhausted)
		for _, reason := range reasons {
			again = again || errors.Is(err, reason)
		}
		if !again {
			return err
		}
		err = fn()
	}
	return err
}
