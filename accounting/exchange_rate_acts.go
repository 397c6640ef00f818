package accounting

import (
	"context"
	"fmt"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// SetRates records exchange rates, all or none, entered by hand or read from a bank's table, in a number of statements that does
// not depend on how many there are. A rate that is recorded already, by whomever, is given back as it is; another one for the
// same pair and day is refused unless it says Revise.
//
// Permission: accounting.rates. Errors: accounting.bad_input, accounting.too_many, accounting.rate_taken; tenancy.duplicate when
// another transaction has just recorded one of the same day.
func (s *Service) SetRates(ctx context.Context, in []NewExchangeRate) ([]ExchangeRate, error) {
	return tenancy.Act(ctx, s.db, PermRates, func(ctx context.Context, tx *tenancy.Tx) ([]ExchangeRate, error) {
		const op = "accounting.SetRates"
		if err := checkRates(op, in); err != nil || len(in) == 0 {
			return nil, err
		}
		there, err := ratesThere(ctx, tx, in)
		if err != nil {
			return nil, err
		}
		out, fresh := make([]*ExchangeRate, len(in)), []*ExchangeRate(nil)
		for i := range in {
			n := &in[i]
			key := rateKey{n.From, n.To, n.On}
			old := there[key]
			switch {
			case old != nil && old.Rate.Equal(n.Rate) && old.Indirect == n.Indirect && old.Source == n.Source:
				out[i] = old
				continue
			case old != nil && !n.Revise:
				return nil, ErrRateTaken.New(op, "rate %d: %s to %s of %s is recorded as %s by %s; Revise replaces it", i+1, n.From, n.To, n.On, old.told(), old.Source)
			}
			r := &ExchangeRate{From: n.From, To: n.To, On: n.On, Revision: 1, Rate: n.Rate, Indirect: n.Indirect, Source: n.Source, RecordedAt: tx.Now()}
			if old != nil {
				r.Revision = old.Revision + 1
			}
			out[i], there[key], fresh = r, r, append(fresh, r)
		}
		b := tx.Batch()
		tenancy.Put(b, fresh)
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		rows := make([]ExchangeRate, len(out))
		for i, r := range out {
			rows[i] = *r
		}
		return rows, nil
	})
}

func checkRates(op string, in []NewExchangeRate) error {
	if err := checkBatch(op, "rates", len(in)); err != nil {
		return err
	}
	for i := range in {
		if err := checkRate(op, fmt.Sprintf("rate %d: ", i+1), &in[i]); err != nil {
			return err
		}
	}
	return nil
}

func checkRate(op, where string, n *NewExchangeRate) error {
	if err := checkInput(op, where, n); err != nil {
		return err
	}
	switch {
	case n.From == n.To:
		return ErrBadInput.New(op, "%sFrom and To are the same currency", where)
	case !reasonable(n.Rate) || n.Rate.Sign() <= 0:
		return ErrBadInput.New(op, "%sRate is a number above zero, of at most twenty decimals", where)
	}
	return nil
}

type rateKey struct {
	from, to money.Currency
	on       date.Date
}

// ratesThere reads the latest revision of the pairs and days of a batch.
func ratesThere(ctx context.Context, tx *tenancy.Tx, in []NewExchangeRate) (map[rateKey]*ExchangeRate, error) {
	first, last := in[0].On, in[0].On
	wanted := make(map[rateKey]bool, len(in))
	from := map[money.Currency]bool{}
	for i := range in {
		first, last = earlier(first, in[i].On), later(last, in[i].On)
		wanted[rateKey{in[i].From, in[i].To, in[i].On}] = true
		from[in[i].From] = true
	}
	there := make(map[rateKey]*ExchangeRate, len(in))
	err := tenancy.Stream(ctx, tx, func(r *ExchangeRate) error {
		key := rateKey{r.From, r.To, r.On}
		if old := there[key]; wanted[key] && (old == nil || old.Revision < r.Revision) {
			kept := *r
			there[key] = &kept
		}
		return nil
	}, tenancy.In("from_currency", currencies(from)), tenancy.Ge("quoted_on", first), tenancy.Le("quoted_on", last))
	return there, err
}

// ListRates gives a page of exchange rates, in the order of recording unless another sort (quoted_on, recorded_at) is asked
// for.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListRates(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[ExchangeRate], error) {
	return listPage[ExchangeRate](ctx, s, page, "accounting.ListRates", []string{"id", "quoted_on", "recorded_at"})
}

// Convert gives an amount in another currency at the rate of a day: the latest that was quoted on it or before, at most
// [Books.RateMaxAgeDays] days. It rounds once, half up (away from zero), to the minor unit. An amount that is in the currency
// already is given back without a rate.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.no_rate, accounting.wrong_currency, money.overflow,
// accounting.books_not_open.
func (s *Service) Convert(ctx context.Context, amount money.Amount, to money.Currency, on date.Date) (Conversion, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Conversion, error) {
		const op = "accounting.Convert"
		if err := checkDay(op, on); err != nil {
			return Conversion{}, err
		}
		if !amount.Currency.Valid() || !to.Valid() {
			return Conversion{}, ErrWrongCurrency.New(op, "%q to %q: both are currency codes", string(amount.Currency), string(to))
		}
		if amount.Currency == to {
			return Conversion{Amount: amount}, nil
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Conversion{}, err
		}
		need := newRateTable(op, to, set.books.RateMaxAgeDays)
		need.want(amount.Currency, on)
		if err := need.load(ctx, tx); err != nil {
			return Conversion{}, err
		}
		converted, rate, err := need.convert("", amount, on)
		if err != nil {
			return Conversion{}, err
		}
		return Conversion{Amount: converted, Rate: *rate}, nil
	})
}
