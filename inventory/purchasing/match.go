package purchasing

import (
	"github.com/opsmatiq/erp/accounting/money"
)

// This file holds the arithmetic by which the account of goods received, not yet billed (GRNI) becomes clear to the last
// minor unit, whatever the order of receipts, bills, returns and credits.
//
// What so many units of a receipt's line are worth is one function of their number (worth), which does not depend on what
// happened before. A receipt credits GRNI with the worth of all its units. A return takes it down to the worth of those that are
// left (inventory does, by the same rule), a bill debits it by what the worth of the billed units grows by, a credit gives back
// what it shrinks by. So GRNI always holds the worth of what is there less the worth of what is billed: nothing, when these
// are as many units.

// kept is what is there of what came.
func (l *NoteLine) kept() money.Quantity { return l.Quantity - l.Returned }

// claimed is what the vendor has been billed for and not credited.
func (l *NoteLine) claimed() money.Quantity { return l.Billed - l.Credited }

// gap is what waits for a bill (above zero) or for a credit (below zero).
func (l *NoteLine) gap() money.Quantity { return l.kept() - l.claimed() }

// open is what GRNI holds of the line, in minor units: above zero is owed to the vendor.
func (l *NoteLine) open() int64 {
	return (l.Value.Minor - l.ReturnedMinor) - (l.BilledMinor - l.CreditedMinor)
}

// worth is what so many of the line's units are worth: all that the others are not, whose part is rounded half up.
func (l *NoteLine) worth(q money.Quantity) (money.Amount, error) {
	others, err := l.Value.MulDiv(int64(l.Quantity-q), int64(l.Quantity), money.HalfUp)
	if err != nil {
		return money.Amount{}, err
	}
	return l.Value.Sub(others)
}

// bill counts a quantity as billed, at most the gap, and gives its share in the value.
func (l *NoteLine) bill(q money.Quantity) (money.Amount, error) {
	s, err := l.between(l.claimed(), l.claimed()+q)
	l.Billed += q
	l.BilledMinor += s.Minor
	return s, err
}

// credit counts a quantity as credited, at most the gap below zero, and gives its share in the value.
func (l *NoteLine) credit(q money.Quantity) (money.Amount, error) {
	s, err := l.between(l.claimed()-q, l.claimed())
	l.Credited += q
	l.CreditedMinor += s.Minor
	return s, err
}

// between is what more units are worth more than fewer.
func (l *NoteLine) between(fewer, more money.Quantity) (money.Amount, error) {
	low, err := l.worth(fewer)
	if err != nil {
		return low, err
	}
	high, err := l.worth(more)
	if err != nil {
		return high, err
	}
	return high.Sub(low)
}

// stateOf is where an order stands, by its lines and the lines of its receipts.
func stateOf(lines []*OrderLine, receipts []*NoteLine) OrderState {
	came := false
	for _, l := range lines {
		if l.ToCome() > 0 {
			return OrderOpen
		}
		came = came || l.Received > 0
	}
	for _, r := range receipts {
		if r.gap() != 0 {
			return OrderReceived
		}
	}
	if !came {
		return OrderCancelled
	}
	return OrderClosed
}
