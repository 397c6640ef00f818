// Package racetest has acts run into each other, for the tests of every package.
package racetest

import (
	"errors"
	"sync"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Together runs fn in n goroutines at the same moment and gives their errors in order.
func Together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// Acts is Together for acts that differ.
func Acts(acts ...func() error) []error {
	return Together(len(acts), func(i int) error { return acts[i]() })
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
