package accounting

import (
	"context"
	"fmt"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewExchange is the input of [Service.Exchange]: an amount of one currency given for an amount of another.
type NewExchange struct {
	// Reference is the outside number and the idempotency key, as in [NewEntry].
	Reference string    `validate:"reference"`
	Date      date.Date `validate:"day"`
	// From gives Sold, To takes Bought: bank or cash accounts or loans (accounts of the balance sheet
	// without another purpose), and no control accounts. They may be the same account.
	From, To AccountRef
	// Sold and Bought are above zero and in different currencies.
	Sold, Bought money.Amount
	// Base is what either side is worth in the base currency. It is left out where one of them is in the base currency, which
	// then says it; otherwise Sold is converted at the rate of Date, half up, when it is left out.
	Base money.Amount
	// Memo is free text, at most 500 characters.
	Memo string `validate:"text=500"`
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

// Exchange books purchases and sales of currency, and transfers between accounts in different currencies, all or none, each as one
// entry through the account with [RoleCurrencyClearing]. Both sides are booked at the same worth in base, so no gain is made by the
// exchange itself: what an account holds at another worth than the rate of the day shows at the next revaluation, and is realised
// there once the account is empty in that currency (see [Service.Revalue]). Charges are an entry of their own.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.control_account, accounting.no_money_account, accounting.wrong_currency, accounting.no_rate, and those of Post.
func (s *Service) Exchange(ctx context.Context, in []NewExchange) ([]Entry, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		const op = "accounting.Exchange"
		if err := checkBatch(op, "exchanges", len(in)); err != nil {
			return nil, err
		}
		replays := newReplays[Entry](op, "exchange", len(in))
		var hash fingerprint
		for i := range in {
			if err := in[i].check(op, fmt.Sprintf("exchange %d: ", i+1)); err != nil {
				return nil, err
			}
			replays.expect(in[i].Reference, in[i].fingerprint(&hash))
		}
		set, err := s.setup(ctx, tx, op, replays.load)
		if err != nil {
			return nil, err
		}
		base := set.books.Currency
		rates := newRateTable(op, base, set.books.RateMaxAgeDays)
		for i := range in {
			if x := &in[i]; x.Base == (money.Amount{}) && x.Sold.Currency != base && x.Bought.Currency != base {
				rates.want(x.Sold.Currency, x.Date)
			}
		}
		if err := rates.load(ctx, tx); err != nil {
			return nil, err
		}
		p := newPlan(op, tx, set, len(in))
		out, err := replays.run(func(i int) (*Entry, error) {
			where := fmt.Sprintf("exchange %d: ", i+1)
			fact, err := in[i].settle(op, where, set, rates)
			if err != nil {
				return nil, err
			}
			e := exchangeEntry(fact).withDefaults()
			return p.add(where, &e, booking{print: replays.prints[i], derived: true})
		})
		if err != nil {
			return nil, err
		}
		b := tx.Batch()
		p.write(b)
		return give(out, b.Run(ctx))
	})
}

func (x *NewExchange) check(op, where string) error {
	if err := checkInput(op, where, x); err != nil {
		return err
	}
	for _, a := range []money.Amount{x.Sold, x.Bought} {
		if err := checkAmount(op, where, a); err != nil {
			return err
		}
		if !a.Currency.Valid() {
			return ErrWrongCurrency.New(op, "%s%q is no currency", where, string(a.Currency))
		}
	}
	if x.Sold.Currency == x.Bought.Currency {
		return ErrWrongCurrency.New(op, "%sSold and Bought are in the same currency", where)
	}
	return nil
}

func (x *NewExchange) fingerprint(f *fingerprint) string {
	f.reset()
	f.text(string(KindExchange))
	f.day(x.Date)
	f.text(x.From.text)
	f.text(x.To.text)
	f.amount(x.Sold)
	f.amount(x.Bought)
	f.amount(x.Base)
	return f.sum()
}

// settle finds out what both sides are worth.
func (x *NewExchange) settle(op, where string, set *setup, rates *rateTable) (*exchangeFact, error) {
	base, worth := set.books.Currency, x.Base
	for _, ref := range []AccountRef{x.From, x.To} {
		account, err := set.ordinary(op, where, ref)
		if err != nil {
			return nil, err
		}
		if !account.holdsMoney() || set.derived(account) {
			return nil, ErrNoMoneyAccount.New(op, "%saccount %s %s is no bank or cash account", where, account.Code, account.Name)
		}
	}
	switch {
	case x.Sold.Currency == base:
		worth = x.Sold
	case x.Bought.Currency == base:
		worth = x.Bought
	case worth == (money.Amount{}):
		var err error
		if worth, _, err = rates.convert(where, x.Sold, x.Date); err != nil {
			return nil, err
		}
	}
	if x.Base != (money.Amount{}) && x.Base != worth {
		return nil, ErrBadInput.New(op, "%sBase is %s, and the side in the base currency says %s", where, x.Base, worth)
	}
	return &exchangeFact{Reference: x.Reference, Date: x.Date, From: x.From, To: x.To, Sold: x.Sold, Bought: x.Bought, Base: worth,
		Memo: x.Memo, Lock: x.LockException}, nil
}

// holdsMoney reports whether an account may be one of a bank, a till or a loan: it is of the balance sheet, and is not for anything else.
func (a *Account) holdsMoney() bool {
	switch a.Role { //nolint:exhaustive // the others have a purpose of their own
	case "", RoleBank, RoleCash, RoleCardClearing:
		return a.Type == Asset || a.Type == Liability
	}
	return false
}
