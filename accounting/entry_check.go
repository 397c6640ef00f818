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
