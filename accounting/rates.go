package accounting

import (
	"context"
	"maps"
	"slices"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// rateTable is the rates that an act needs: it is told first what it will be asked, so that one statement reads them all.
type rateTable struct {
	op          string
	to          money.Currency
	maxAge      int
	from        map[money.Currency]bool
	first, last date.Date
	rates       map[money.Currency][]ExchangeRate // by day and revision
}

func newRateTable(op string, to money.Currency, maxAgeDays int64) *rateTable {
	return &rateTable{op: op, to: to, maxAge: int(maxAgeDays), from: map[money.Currency]bool{}, rates: map[money.Currency][]ExchangeRate{}}
}

// want asks for the rate of a day.
func (t *rateTable) want(from money.Currency, on date.Date) {
	if len(t.from) == 0 {
		t.first, t.last = on, on
	}
	t.from[from] = true
	t.first, t.last = earlier(t.first, on), later(t.last, on)
}

// load reads what is wanted; nothing when nothing is.
func (t *rateTable) load(ctx context.Context, tx *tenancy.Tx) error {
	if len(t.from) == 0 {
		return nil
	}
	var rows []ExchangeRate
	b := tx.Batch()
	tenancy.Load(b, &rows, tenancy.In("from_currency", currencies(t.from)), tenancy.Eq("to_currency", t.to),
		tenancy.Ge("quoted_on", t.first.AddDays(-t.maxAge)), tenancy.Le("quoted_on", t.last), tenancy.OrderBy("from_currency", "quoted_on", "revision"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	for _, r := range rows {
		t.rates[r.From] = append(t.rates[r.From], r)
	}
	return nil
}

// rate is the one that applies on a day: the latest quoted on it or before, and not too old. Errors: accounting.no_rate.
func (t *rateTable) rate(where string, from money.Currency, on date.Date) (*ExchangeRate, error) {
	rows := t.rates[from]
	for i := len(rows) - 1; i >= 0; i-- {
		if !rows[i].On.After(on) {
			if rows[i].On.DaysUntil(on) > t.maxAge {
				break
			}
			return &rows[i], nil
		}
	}
	return nil, ErrNoRate.New(t.op, "%sthere is no rate from %s to %s for %s that is at most %d days old: record one by SetRates (a table of %s for one %s is Indirect)",
		where, from, t.to, on, t.maxAge, from, t.to)
}

// convert is an amount in the table's currency, rounded half up. Errors: accounting.no_rate, accounting.amount_limit.
func (t *rateTable) convert(where string, a money.Amount, on date.Date) (money.Amount, *ExchangeRate, error) {
	r, err := t.rate(where, a.Currency, on)
	if err != nil {
		return money.Amount{}, nil, err
	}
	out, err := r.Quoted().Convert(a, money.HalfUp)
	if err != nil || beyond(out) {
		return money.Amount{}, nil, ErrAmountLimit.Wrap(t.op, err, "%s%s in %s is larger than the books hold", where, a, t.to)
	}
	return out, r, nil
}

func currencies(of map[money.Currency]bool) []money.Currency { return slices.Sorted(maps.Keys(of)) }

// ratesFor reads the rates of the amounts that entries leave to the rate of their day. Without any it costs nothing.
func (p *plan) ratesFor(ctx context.Context, entries []NewEntry) error {
	base := p.set.books.Currency
	p.rates = newRateTable(p.op, base, p.set.books.RateMaxAgeDays)
	for i := range entries {
		for j := range entries[i].Lines {
			if l := &entries[i].Lines[j]; l.unvalued(base) {
				amount, _, _ := l.side()
				p.rates.want(amount.Currency, entries[i].Date)
			}
		}
	}
	return p.rates.load(ctx, p.tx)
}

// value gives a worth in base to the lines that left it to the rate of the day. What their roundings leave over, at most half a
// minor unit each, is a line on [RoleRounding].
func (p *plan) value(where string, e *NewEntry) error {
	base := p.set.books.Currency
	var converted, left int64
	for i := range e.Lines {
		l := &e.Lines[i]
		if !l.unvalued(base) {
			continue
		}
		if converted == 0 {
			e.Lines = slices.Clone(e.Lines)
			l = &e.Lines[i]
		}
		if p.rates == nil {
			p.rates = newRateTable(p.op, base, p.set.books.RateMaxAgeDays) // an act that has read none knows none
		}
		converted++
		amount, _, _ := l.side()
		var err error
		if l.Base, _, err = p.rates.convert(where, amount, e.Date); err != nil {
			return err
		}
	}
	if converted == 0 {
		return nil
	}
	for i := range e.Lines {
		_, minor, err := e.Lines[i].amounts(base)
		if err != nil {
			return nil //nolint:nilerr // addLine says which line it is
		}
		left += minor // few enough, and each within maxMinor
	}
	if left != 0 && max(left, -left)*2 <= converted {
		e.Lines = append(e.Lines, signedLine(ByRole(RoleRounding), money.Amount{Minor: left, Currency: base}, -1))
	}
	return nil
}
