package accounting

import (
	"github.com/google/uuid"
)

// What a document in a foreign currency sets off or credits stands in the books at another worth than its own rate: tax of a prepayment
// at the rates of the days on which it became chargeable (Directive 2006/112/EC, Art. 65 and 91(2)). So the final document declares of
// each tax as much as its prepayments declared at what they did, and the rest at its own rate; and a credit takes back what was declared.

// taxStanding is what of one tax stands in the books. The first of each pair waits for the payment of what a credit takes it off, the second
// is the rest.
type taxStanding struct {
	base, tax, claim [2]worth
}

// worth is an amount in minor units of a document's currency, and what it stands in the books at.
type worth struct{ minor, base int64 }

// less takes another worth off.
func (w *worth) less(x worth) { w.minor, w.base = w.minor-x.minor, w.base-x.base }

// of is the share of the worth that goes with a part of the amount; the whole amount has all of it.
func (w worth) of(minor int64) (int64, error) {
	if w.minor == 0 {
		return 0, nil
	}
	return share(w.base, minor, w.minor)
}

// take takes as much of the worth as an amount needs, and says what is left of the amount.
func (w *worth) take(minor int64) (base, rest int64, err error) {
	if minor <= 0 || w.minor <= 0 {
		return 0, minor, nil
	}
	taken := min(minor, w.minor)
	if base, err = w.of(taken); err != nil {
		return 0, 0, err
	}
	w.less(worth{taken, base})
	return base, minor - taken, nil
}

// stands notes tax entries of a prepayment, or of a final document, as what they declared. waiting says that they wait for payment.
func (d *documentTaxes) stands(rows []*TaxEntry, sign int64, waiting int) {
	if d.stood == nil {
		d.stood = map[uuid.UUID]*taxStanding{}
	}
	for _, t := range rows {
		if t.Trade == Purchase && t.Side == TaxOwed && t.Kind != TaxWithholding {
			continue // the other side of what is claimed
		}
		s := d.stood[t.TaxID]
		if s == nil {
			s = &taxStanding{}
			d.stood[t.TaxID] = s
		}
		s.base[waiting].less(worth{-sign * t.DocumentBaseMinor, -sign * t.Base.Minor})
		s.claim[waiting].less(worth{-sign * t.DocumentTaxMinor, -sign * t.Tax.Minor})
		s.tax[waiting].less(worth{-sign * (t.DocumentTaxMinor + t.DocumentNotRecoverableMinor), -sign * (t.Tax.Minor + t.NotRecoverableMinor)})
	}
}

// convert gives the taxes their worth in base, each converted once. payable is what is to be paid.
func (d *documentTaxes) convert(payable int64) (err error) {
	open := min(d.open, payable)
	for i := range d.sums {
		s := &d.sums[i]
		stood := d.stood[s.part.tax.ID]
		if stood == nil {
			stood = &taxStanding{}
		}
		for _, x := range []struct {
			of    *[2]worth
			minor int64
			base  *int64
		}{{&stood.tax, s.tax, &s.inBase}, {&stood.claim, s.tax - s.cost, &s.claimInBase}, {&stood.base, s.base, &s.netInBase}} {
			if *x.base, err = d.worthOf(x.of, x.minor, open, payable); err != nil {
				return err
			}
		}
	}
	return nil
}

// worthOf is a figure at what it stands in the books at: of a credit what waits as far as the item is open, then what is declared; and
// what stands nowhere at the document's rate.
func (d *documentTaxes) worthOf(of *[2]worth, minor, open, payable int64) (base int64, err error) {
	if !d.worth.foreign() {
		return minor, nil
	}
	waits := int64(0)
	if open > 0 {
		if waits, err = share(minor, open, payable); err != nil {
			return 0, err
		}
	}
	left := minor - waits
	for _, x := range []struct {
		from  int
		minor *int64
	}{{0, &waits}, {1, &left}, {1, &waits}, {0, &left}} { // what rounding has taken from the wrong one is in the other
		got, rest, err := of[x.from].take(*x.minor)
		if err != nil {
			return 0, err
		}
		base, *x.minor = base+got, rest
	}
	more, err := d.worth.of(waits + left)
	return base + more, err
}
