package statement

import (
	"errors"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The limits of a file.
const (
	MaxBytes      = 32 << 20 // of a file
	MaxStatements = 1_000    // in a file
	MaxLines      = 50_000   // in a file, over all its statements
	MaxText       = 4_000    // bytes of one text
	maxDepth      = 64       // of XML elements
)

// maxMinor bounds an amount: what the books hold.
const maxMinor = 999_999_999_999_999

// Format is how a statement was written.
type Format string

// The formats.
const (
	CAMT053 Format = "camt.053" // ISO 20022 Bank to Customer Statement
	MT940   Format = "mt940"    // SWIFT MT940 Customer Statement Message
	CSV     Format = "csv"      // a bank's export, read by a [Profile]
)

// Statement is one statement of one account, or one page of it.
type Statement struct {
	Format Format
	// FileLine is where it begins in the file.
	FileLine int
	// Account is the number as the bank states it, an IBAN or another, without blanks.
	Account string
	// Currency is the account's as stated, else the opening balance's.
	Currency money.Currency
	// ID is what the bank calls the statement: Stmt/Id, field 20, or [Profile].ID.
	ID string
	// Sequence is its number as stated ("00004"), "" for none.
	Sequence string
	// Page is its page, 0 where none is stated.
	Page int64
	// Opening and Closing are the booked balances; those of a page that others precede or follow are intermediate.
	Opening, Closing Balance
	Lines            []Line
	// Stated is what the file says its lines are, where it does.
	Stated Summary
	// Notes tell what the file says and what cannot be so, and what of it was not read.
	Notes []Note
}

// Balance is what an account held at the end of a day (opening: before the first line).
type Balance struct {
	On date.Date
	// Amount is below zero when the account is overdrawn.
	Amount       money.Amount
	Intermediate bool
}

// Line is one booking of the bank.
type Line struct {
	// FileLine is where it stands in the file.
	FileLine int
	BookedOn date.Date
	// ValueOn is the day from which the money counts; none when the file gives none, or one that does not exist.
	ValueOn date.Date
	// ValueStated is the value date as stated, where it is no day: "2016-02-30".
	ValueStated string
	// Amount is above zero for money in, below for money out.
	Amount money.Amount
	// Foreign is what was paid in another currency than the account's, as the bank states it, signed as Amount; none where it states none.
	// Of CAMT.053 it is what was ordered (AmtDtls/InstdAmt), before anybody's charges, else what was transferred (TxAmt); of several
	// transactions their sum, where each states it in the same currency. MT940 and CSV are not read for it.
	Foreign money.Amount
	// ForeignRate is the rate that the bank exchanged at, as it quotes it (CcyXchg/XchgRate); zero for none. Nothing is computed with it.
	ForeignRate decimal.Decimal
	// Reversal says that the bank takes a booking back. The sign is this line's own.
	Reversal bool
	// Code is the bank's code of the transaction: "PMNT/RCDT/ESCT", "NTRF/166", "544".
	Code string
	// Reference is what the payer or payee gave along: the end-to-end id, or the customer's reference. "NONREF" and "NOTPROVIDED" are none.
	Reference string
	// BankReference is the account servicer's.
	BankReference string
	// Party and PartyAccount are the other side, by name and account number.
	Party, PartyAccount string
	// Text is the remittance information and what else the bank wrote.
	Text string
}

// Summary is what a file states of its own lines.
type Summary struct {
	Given                bool
	Credits, Debits      int64
	CreditSum, DebitSum  int64 // minor units, above zero
	HasCounts, HasTotals bool
}

// NoteCode is what a [Note] is about.
type NoteCode string

// The notes.
const (
	NoSuchDay      NoteCode = "no_such_day"     // a date that the calendar does not have
	CountDiffers   NoteCode = "count_differs"   // the stated number of lines is not that of the lines
	SumDiffers     NoteCode = "sum_differs"     // the stated sum is not that of the lines
	NotBooked      NoteCode = "not_booked"      // entries that are pending or for information are left out
	NotRead        NoteCode = "not_read"        // a part of the file that is not read
	NoBookingDate  NoteCode = "no_booking_date" // a line without the day of its booking, which is taken from its value date or the closing balance
	BalanceDiffers NoteCode = "balance_differs" // the balance stated after a line is not that before it and the line
)

// Note tells of something odd that did not keep the file from being read. It quotes dates and figures, never names.
type Note struct {
	FileLine int
	Code     NoteCode
	Text     string
}

// Sum adds the lines up, in the opening balance's currency. Errors: statement.mixed_currencies, money.overflow.
func (s *Statement) Sum() (money.Amount, error) {
	amounts := make([]money.Amount, len(s.Lines))
	for i := range s.Lines {
		amounts[i] = s.Lines[i].Amount
	}
	total, err := money.SumIn(s.Opening.Amount.Currency, amounts...)
	if errors.Is(err, money.ErrCurrencyMismatch) {
		return money.Amount{}, ErrMixedCurrencies.New("statement.Sum", "the opening balance is in %s, and a line is not", s.Opening.Amount.Currency)
	}
	return total, err
}

// Difference is the closing balance less opening and lines: nothing, when the statement adds up. Errors: statement.mixed_currencies,
// money.overflow.
func (s *Statement) Difference() (money.Amount, error) {
	if s.Closing.Amount.Currency != s.Opening.Amount.Currency {
		return money.Amount{}, ErrMixedCurrencies.New("statement.Difference", "the opening balance is %s and the closing %s",
			s.Opening.Amount.Format(), s.Closing.Amount.Format())
	}
	sum, err := s.Sum()
	if err != nil {
		return money.Amount{}, err
	}
	expected, err := s.Opening.Amount.Add(sum)
	if err != nil {
		return money.Amount{}, err
	}
	return s.Closing.Amount.Sub(expected)
}
