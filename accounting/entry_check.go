package accounting

import (
	"errors"
	"fmt"

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

// signed gives a line's amount, debits positive, after checking that it is one proper amount.
func (l *NewLine) signed(base money.Currency) (int64, error) {
	amount, sign := l.Debit, int64(1)
	if amount.Minor == 0 {
		amount, sign = l.Credit, -1
	} else if l.Credit.Minor != 0 {
		return 0, errors.New("a line has a debit or a credit, not both")
	}
	switch {
	case amount.Minor < 0:
		return 0, errors.New("an amount below zero stands on the other side, above zero")
	case amount.Minor == 0:
		return 0, errors.New("a line has an amount above zero")
	case amount.Minor > maxMinor:
		return 0, ErrAmountLimit
	case amount.Currency != base:
		return 0, ErrWrongCurrency
	}
	return sign * amount.Minor, nil
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
		f.day(l.Due)
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
