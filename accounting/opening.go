package accounting

import (
	"context"
	"fmt"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewOpening is the input of [Service.OpenBalances]: what a business brings along when its books begin.
type NewOpening struct {
	// Reference makes it safe to repeat, as in [NewEntry]. Required: opening balances are easily entered twice.
	Reference string `validate:"required,reference"`
	// Date is a day of the first fiscal year: its first day, or the day that the business moved over.
	Date date.Date `validate:"day"`
	// Lines are balances, one side each: 1 to 10,000. One on a control account names the party, and when it is due: state a line
	// for each unpaid document. What they do not sum to in base is booked against [RoleOpeningEquity]; a balance in a foreign currency
	// states its other side there itself, in that currency and with the same Base.
	Lines []NewLine
	// Memo is as in [NewEntry].
	Memo string `validate:"text=500"`
}

// OpenBalances books opening balances: an entry of kind opening, and for lines on control accounts open items. A second one
// with another reference adds to it, for what turned up later. Books need this once: from then on every year opens with what
// the last one left, because balances are kept by period and never rolled forward.
//
// Permission: accounting.setup. Errors: accounting.opening_date (not in the first fiscal year, or a result on its first day),
// and those of Post.
func (s *Service) OpenBalances(ctx context.Context, in NewOpening) (Entry, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Entry, error) {
		const op = "accounting.OpenBalances"
		rest, err := checkOpening(op, &in)
		if err != nil {
			return Entry{}, err
		}
		e := openingEntry(&openingFact{Reference: in.Reference, Date: in.Date, Lines: in.Lines, Rest: rest, Memo: in.Memo}).withDefaults()
		replays := newReplays[Entry](op, "entry", 1)
		replays.expect(e.Reference, e.fingerprint(new(fingerprint)))
		wanted, dims := partiesOf([]NewEntry{e}), newDimensionBook(op, tx)
		for i := range e.Lines {
			dims.want(e.Lines[i].Dimensions)
		}
		var parties []Party
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			replays.load(b)
			loadParties(b, &parties, wanted)
			dims.load(b)
		})
		if err != nil {
			return Entry{}, err
		}
		if err := allFound(op, wanted, parties); err != nil {
			return Entry{}, err
		}
		if err := set.checkOpening(op, &in); err != nil {
			return Entry{}, err
		}
		if err := dims.complete(ctx); err != nil {
			return Entry{}, err
		}
		p := newPlan(op, tx, set, 1)
		p.dims = dims
		out, err := replays.run(func(int) (*Entry, error) { return p.add("", &e, booking{print: replays.prints[0]}) })
		if err != nil {
			return Entry{}, err
		}
		b := tx.Batch()
		p.write(b)
		booked, err := give(out, b.Run(ctx))
		if err != nil {
			return Entry{}, err
		}
		return booked[0], nil
	})
}

// checkOpening holds the input to what can be told without the database, and gives what the lines do not sum to.
func checkOpening(op string, in *NewOpening) (rest money.Amount, err error) {
	switch err := checkInput(op, "", in); {
	case err != nil:
		return rest, err
	case len(in.Lines) == 0:
		return rest, ErrBadInput.New(op, "Lines: at least one balance is needed")
	case len(in.Lines) > MaxLines:
		return rest, ErrTooMany.New(op, "more than %d lines", MaxLines)
	}
	for i := range in.Lines {
		l := &in.Lines[i]
		amount, sign, err := l.side()
		if _, only := l.worthOnly(); only != 0 {
			sign, err = only, nil
		}
		if err != nil {
			return rest, ErrBadInput.New(op, "line %d: %v", i+1, err)
		}
		if l.Base.Currency != "" { // an amount in a foreign currency is opened at what it was worth
			amount = l.Base
		}
		if rest.Currency == "" {
			rest.Currency = amount.Currency
		}
		if amount.Currency != rest.Currency {
			return rest, ErrWrongCurrency.New(op, "line %d: an amount in a foreign currency states its Base", i+1)
		}
		minor := sign * amount.Minor
		if rest.Minor += minor; rest.Minor > maxMinor || rest.Minor < -maxMinor {
			return rest, ErrAmountLimit.New(op, "line %d: the sum is larger than the books hold", i+1)
		}
	}
	return rest, nil
}

// checkOpening holds opening balances to the first fiscal year. On its first day nothing has been earned yet.
func (set *setup) checkOpening(op string, in *NewOpening) error {
	first := &set.years[0]
	if in.Date.Before(first.StartsOn) || in.Date.After(first.EndsOn) {
		return ErrOpeningDate.New(op, "%s is not in the first fiscal year, %s to %s", in.Date, first.StartsOn, first.EndsOn)
	}
	if in.Date != first.StartsOn {
		return nil
	}
	for i := range in.Lines {
		a, err := set.account(op, fmt.Sprintf("line %d: ", i+1), in.Lines[i].Account)
		if err != nil {
			return err
		}
		if a.Type.ofResult() {
			return ErrOpeningDate.New(op, "line %d: account %s %s is one of income and expense, and the year begins on %s", i+1, a.Code, a.Name, in.Date)
		}
	}
	return nil
}
