package purchasing

import (
	"github.com/opsmatiq/erp/accounting/money"
)

// This file holds the arithmetic by which the account of goods received, not yet billed (GRNI) becomes clear to the last
// minor unit, whatever the order of receipts, bills, returns and credits.
//
// A receipt's line has a gap: what is there (received less returned) less what is billed (billed less credited). Above zero it
// waits for a bill, below zero for a credit. It has an open value too: what the account still holds of it. Whatever narrows
// the gap takes open value x quantity / gap, rounded half up, so that whatever closes it takes all that is left. What opens the gap
// downwards, a return of what was billed, takes its share in the value of what is there; a credit clears that share again.

// gap is what waits for a bill (above zero) or for a credit (below zero).
func (l *NoteLine) gap() money.Quantity { return (l.Quantity - l.Returned) - (l.Billed - l.Credited) }

// open is what GRNI holds of the line: above zero is owed to the vendor. It has the sign of the gap.
func (l *NoteLine) open() money.Amount {
	return l.minor((l.Value.Minor - l.ReturnedMinor) - (l.BilledMinor - l.CreditedMinor))
}

func (l *NoteLine) minor(n int64) money.Amount {
	return money.Amount{Minor: n, Currency: l.Value.Currency}
}

// share is a part's share in a value, rounded half up; the whole takes all.
func share(value money.Amount, part, whole money.Quantity) (money.Amount, error) {
	return value.MulDiv(int64(part), int64(whole), money.HalfUp)
}

// bill counts a quantity as billed, at most the gap, and gives its share.
func (l *NoteLine) bill(q money.Quantity) (money.Amount, error) {
	s, err := share(l.open(), q, l.gap())
	l.Billed += q
	l.BilledMinor += s.Minor
	return s, err
}

// credit counts a quantity as credited, at most the gap below zero, and gives its share, above zero.
func (l *NoteLine) credit(q money.Quantity) (money.Amount, error) {
	s, err := share(l.minor(-l.open().Minor), q, -l.gap())
	l.Credited += q
	l.CreditedMinor += s.Minor
	return s, err
}

// giveBack counts a quantity as returned, at most what is there, and gives its share: first what waits for a bill, which will
// not come then, and for the rest a share in the value of what is there.
func (l *NoteLine) giveBack(q money.Quantity) (money.Amount, error) {
	total := l.minor(0)
	if unbilled := min(q, max(l.gap(), 0)); unbilled > 0 {
		s, err := share(l.open(), unbilled, l.gap())
		if err != nil {
			return total, err
		}
		l.Returned += unbilled
		l.ReturnedMinor += s.Minor
		total, q = s, q-unbilled
	}
	if q > 0 {
		s, err := share(l.minor(l.Value.Minor-l.ReturnedMinor), q, l.Quantity-l.Returned)
		if err != nil {
			return total, err
		}
		l.Returned += q
		l.ReturnedMinor += s.Minor
		total.Minor += s.Minor
	}
	return total, nil
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
