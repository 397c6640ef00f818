package bank

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// in is what a line is in a currency, in minor units: its amount, or what the bank states of it; nothing where it states nothing.
func (l *Line) in(cur money.Currency) int64 {
	switch cur {
	case l.Amount.Currency:
		return l.Amount.Minor
	case l.ForeignCurrency:
		return l.ForeignMinor
	}
	return 0
}

// same says of an amount that it is the line's.
func (c *candidates) same(a money.Amount) string {
	if a.Currency == c.account.Currency {
		return "the amounts are the same"
	}
	return "the bank states its amount, " + a.Format()
}

// splits reports whether the line can be split over items: in another currency none of them goes the other way, for what was paid for each
// side nobody states.
func (c *candidates) splits(which []int) bool {
	first := c.all[which[0]].amount
	return first.Currency == c.account.Currency || !slices.ContainsFunc(which, func(i int) bool { return c.all[i].amount.Sign() != first.Sign() })
}

// parts are those of a proposal. What a line is goes to items in another currency in proportion; the parts sum to the line.
func (c *candidates) parts(l *StatementLine, rank Confidence, which []int) []Part {
	parts, weights := make([]Part, len(which)), make([]int64, len(which))
	foreign := false
	for n, i := range which {
		parts[n], weights[n] = c.all[i].part, abs(c.all[i].amount.Minor)
		parts[n].Amount = c.all[i].amount
		if foreign = c.all[i].amount.Currency != c.account.Currency; foreign {
			parts[n].Settles = c.all[i].amount
		}
	}
	switch {
	case rank == ByPart && foreign:
		parts[0].Amount, parts[0].Settles = l.Amount, l.Foreign()
	case rank == ByPart:
		parts[0].Amount = l.Amount
	case foreign:
		shares, err := money.Allocate(l.Amount, weights)
		for n := range parts {
			if parts[n].Amount = l.Amount; err == nil {
				parts[n].Amount = shares[n]
			}
		}
	}
	return parts
}

// readRates reads what the currencies of candidates were worth in the account's around the days of the lines that state no amount.
func (c *candidates) readRates(ctx context.Context, tx *tenancy.Tx, books *accounting.Service, lines []StatementLine) error {
	var from []money.Currency
	for i := range c.all {
		if cur := c.all[i].amount.Currency; cur != c.account.Currency && len(c.all[i].keys) > 0 && !slices.Contains(from, cur) {
			from = append(from, cur)
		}
	}
	var first, last date.Date
	for i := range lines {
		if l := &lines[i]; l.ForeignMinor == 0 {
			if first.IsZero() || l.BookedOn.Before(first) {
				first = l.BookedOn
			}
			if last.Before(l.BookedOn) {
				last = l.BookedOn
			}
		}
	}
	if len(from) == 0 || first.IsZero() {
		return nil
	}
	b, err := books.GetBooks(ctx)
	if err != nil {
		return err
	}
	c.maxAge = b.RateMaxAgeDays
	batch := tx.Batch()
	tenancy.Load(batch, &c.rates, tenancy.In("from_currency", from), tenancy.Eq("to_currency", c.account.Currency), tenancy.Le("quoted_on", last),
		tenancy.Ge("quoted_on", first.AddDays(-int(c.maxAge))))
	err = batch.Run(ctx)
	slices.SortFunc(c.rates, func(a, b accounting.ExchangeRate) int {
		return cmp.Or(b.On.Compare(a.On), cmp.Compare(b.Revision, a.Revision))
	})
	return err
}

// worth is what an amount comes to in the account's currency at the rate of a day, and the day of that rate; false where there is none.
func (c *candidates) worth(a money.Amount, on date.Date) (money.Amount, date.Date, bool) {
	for i := range c.rates {
		r := &c.rates[i]
		if r.From != a.Currency || r.On.After(on) || int64(r.On.DaysUntil(on)) > c.maxAge {
			continue
		}
		out, err := r.Quoted().Convert(a, money.HalfUp)
		return out, r.On, err == nil
	}
	return money.Amount{}, date.Date{}, false
}

// byRates proposes documents in another currency that the line names, where the bank does not state what was paid of it: all that is open.
func (c *candidates) byRates(s *seen, percent int, taken map[int]bool, add func(Confidence, string, ...int)) {
	l := s.line
	if l.ForeignMinor != 0 {
		return
	}
	for _, i := range s.numbers {
		n := &c.all[i]
		if n.amount.Currency == c.account.Currency || taken[i] {
			continue
		}
		worth, on, ok := c.worth(n.amount, l.BookedOn)
		if !ok || abs(worth.Minor-l.Amount.Minor)*100 > abs(worth.Minor)*int64(percent) {
			continue
		}
		add(ByRate, fmt.Sprintf("the line names %s of %s, which is %s at the rate of %s; the bank does not state what was paid of it", n.label, n.amount.Format(),
			worth.Format(), on), i)
	}
}
