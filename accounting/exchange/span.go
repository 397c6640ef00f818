package exchange

import (
	"github.com/opsmatiq/erp/tenancy/date"
)

// Span is a span of days by entry date, both included. A zero From is the beginning of the books, a zero To their end; the zero
// Span is the whole of them.
type Span struct {
	From, To date.Date
	// Forward begins a plain-text journal with one entry on From that brings the balances of the day before forward, so that its
	// balances are those of To and not only movements. It needs From.
	Forward bool
}

// check refuses a span that ends before it begins. Errors: exchange.bad_input.
func (s Span) check(op string) error {
	if s.Forward && s.From.IsZero() {
		return ErrBadInput.New(op, "nothing can be brought forward to the beginning of the books: From is needed")
	}
	if !s.From.IsZero() && !s.To.IsZero() && s.To.Before(s.From) {
		return ErrBadInput.New(op, "the span ends on %s, before it begins on %s", s.To, s.From)
	}
	return nil
}
