package accounting

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
)

// checkEntries holds a batch of entries to what can be told without the database.
func checkEntries(op string, in []NewEntry) error {
	if err := checkBatch(op, "entries", len(in)); err != nil {
		return err
	}
	total := 0
	for i := range in {
		e := &in[i]
		if err := checkInput(op, fmt.Sprintf("entry %d: ", i+1), e); err != nil {
			return err
		}
		total += len(e.Lines)
		switch {
		case len(e.Lines) < 2:
			return ErrBadInput.New(op, "entry %d: an entry has at least two lines", i+1)
		case len(e.Lines) > MaxLines || total > MaxBatchLines:
			return ErrTooMany.New(op, "entry %d: more than %d lines, or more than %d in one call", i+1, MaxLines, MaxBatchLines)
		case (e.Source.Model == "") != (e.Source.ID == [16]byte{}):
			return ErrBadInput.New(op, "entry %d: Source has a model and an id, or neither", i+1)
		case !validReference(e.Source.Model):
			return ErrBadInput.New(op, "entry %d: Source.Model is the name of a model", i+1)
		case e.AsStated && e.Source == (Source{}):
			return ErrBadInput.New(op, "entry %d: what stated its dimensions is its Source", i+1)
		}
	}
	return nil
}

// bookedAmounts are a line's amounts, debits positive, with all that is decided of them.
type bookedAmounts struct {
	transaction money.Amount
	base        int64
	set         uuid.UUID // of dimensions
}

// amounts gives a line's amount in its currency and in base, debits positive, after checking that it is one proper amount.
func (l *NewLine) amounts(base money.Currency) (transaction money.Amount, minor int64, err error) {
	if l.booked != nil {
		return l.booked.transaction, l.booked.base, nil
	}
	if of, sign := l.worthOnly(); sign != 0 && of != base && l.Base.Currency == base && l.Base.Minor <= maxMinor {
		return money.Zero(of), sign * l.Base.Minor, nil
	}
	amount, sign, err := l.side()
	switch {
	case err != nil:
		return money.Amount{}, 0, err
	case amount.Currency == base && l.Base != (money.Amount{}) && l.Base != amount:
		return money.Amount{}, 0, errors.New("an amount in the base currency is its own worth: Base is left out")
	case amount.Currency == base:
		return money.Amount{Minor: sign * amount.Minor, Currency: base}, sign * amount.Minor, nil
	case !amount.Currency.Valid() || l.Base.Currency != base:
		return money.Amount{}, 0, ErrWrongCurrency
	case l.Base.Minor < 0:
		return money.Amount{}, 0, errors.New("what an amount is worth in base is not below zero")
	case l.Base.Minor > maxMinor:
		return money.Amount{}, 0, ErrAmountLimit
	}
	return money.Amount{Minor: sign * amount.Minor, Currency: amount.Currency}, sign * l.Base.Minor, nil
}

// side gives the amount above zero of a line, and its sign.
func (l *NewLine) side() (money.Amount, int64, error) {
	amount, sign := l.Debit, int64(1)
	if amount.Minor == 0 {
		amount, sign = l.Credit, -1
	} else if l.Credit.Minor != 0 {
		return amount, 0, errors.New("a line has a debit or a credit, not both")
	}
	switch {
	case amount.Minor < 0:
		return amount, 0, errors.New("an amount below zero stands on the other side, above zero")
	case amount.Minor == 0:
		return amount, 0, errors.New("a line has an amount above zero")
	case amount.Minor > maxMinor:
		return amount, 0, ErrAmountLimit
	}
	return amount, sign, nil
}

// worthOnly gives the currency of a line that moves what is carried for it in base, and nothing of the currency, and the line's sign;
// zero for any other line.
func (l *NewLine) worthOnly() (of money.Currency, sign int64) {
	if l.Debit.Minor != 0 || l.Credit.Minor != 0 || l.Base.Minor <= 0 || (l.Debit.Currency == "") == (l.Credit.Currency == "") {
		return "", 0
	}
	if l.Debit.Currency != "" {
		return l.Debit.Currency, 1
	}
	return l.Credit.Currency, -1
}

// checkWorthOnly holds such a line, by whoever posts, to the entries and accounts that may have one: on a control account it would be
// an item that nothing settles.
func (p *plan) checkWorthOnly(where string, i int, kind EntryKind, account *Account, l *NewLine) error {
	switch _, sign := l.worthOnly(); {
	case sign == 0 || l.booked != nil:
		return nil
	case kind != KindOpening && kind != KindExchange && kind != KindRounding:
		return ErrBadInput.New(p.op, "%sline %d: a line of no amount, which moves a worth alone, stands in entries of the kinds opening, exchange and rounding", where, i+1)
	case account.Control != NoControl:
		return ErrBadInput.New(p.op, "%sline %d: a line on the control account %s has an amount", where, i+1, account.Code)
	}
	return nil
}

// unvalued reports whether the line is in a foreign currency and says nothing of its worth in base.
func (l *NewLine) unvalued(base money.Currency) bool {
	amount, _, err := l.side()
	return l.booked == nil && err == nil && amount.Currency != base && amount.Currency.Valid() && l.Base == (money.Amount{})
}

// fingerprint is of an entry's figures and names. Two inputs with the same one are the same entry.
func (e *NewEntry) fingerprint(f *fingerprint) string {
	f.reset()
	f.text(string(e.Journal))
	f.text(string(e.Kind))
	f.day(e.Date)
	f.day(e.DocumentDate)
	f.text(e.Source.Model)
	f.id(e.Source.ID)
	for i := range e.Lines {
		l := &e.Lines[i]
		f.text(l.Account.text)
		f.id(l.PartyID)
		f.amount(l.Debit)
		f.amount(l.Credit)
		f.amount(l.Base)
		f.day(l.Due)
		f.text(l.Dimensions.key())
	}
	return f.sum()
}

// withDefaults fills in what may be left out, so that leaving it out and stating it are the same input.
func (e NewEntry) withDefaults() NewEntry {
	if e.Journal == "" {
		e.Journal = JournalGeneral
	}
	if e.Kind == "" {
		e.Kind = KindEntry
	}
	if e.DocumentDate.IsZero() {
		e.DocumentDate = e.Date
	}
	return e
}
