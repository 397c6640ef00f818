package bank

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Statement is an imported statement, or a page of one. It never changes.
type Statement struct {
	tenancy.Row
	BankAccountID uuid.UUID        `bun:"bank_account_id"`
	Format        statement.Format `bun:"format" privacy:"none"`
	// StatementID, Sequence and Page are what its bank calls it; with the account they name it once.
	StatementID string `bun:"statement_id" privacy:"none"`
	Sequence    string `bun:"sequence" privacy:"none"`
	// SequenceNo is Sequence as a number, 0 where it is none; it orders statements that close on one day.
	SequenceNo int64 `bun:"sequence_no"`
	Page       int64 `bun:"page"`
	// Fingerprint is a hash of the figures, days and codes, and of no text: erasure may empty that.
	Fingerprint string       `bun:"fingerprint" privacy:"none"`
	OpeningOn   date.Date    `bun:"opening_on"`
	Opening     money.Amount `bun:"embed:opening_"`
	ClosingOn   date.Date    `bun:"closing_on"`
	Closing     money.Amount `bun:"embed:closing_"`
	// Sum is of the lines, Difference the closing balance less opening and lines; the database holds them to that.
	Sum        money.Amount `bun:"embed:sum_"`
	Difference money.Amount `bun:"embed:difference_"`
	// Accepted says that it does not add up, and that somebody took it all the same; why stands in [StatementText].
	Accepted  bool  `bun:"accepted"`
	LineCount int64 `bun:"line_count"`
	// Notes tell what the file stated and what cannot be so, one a line: [statement.Note].
	Notes      string    `bun:"notes" privacy:"none"`
	ImportedAt time.Time `bun:"imported_at"`
}

// StatementText is why a statement that does not add up was accepted.
type StatementText struct {
	tenancy.Owned
	StatementID uuid.UUID `bun:"statement_id,pk"`
	Reason      string    `bun:"reason" privacy:"free-text,delete"`
}

// Line is one booking of a bank. Nothing of it changes but whom it is about.
type Line struct {
	tenancy.Row
	BankAccountID uuid.UUID `bun:"bank_account_id"`
	StatementID   uuid.UUID `bun:"statement_id"`
	LineNo        int64     `bun:"line_no"` // 1, 2, 3 ... within the statement
	BookedOn      date.Date `bun:"booked_on"`
	// ValueOn is the day from which the money counts, if the bank gave one that exists.
	ValueOn date.Date `bun:"value_on,nullzero"`
	// ValueStated is the value date as stated, where it is no day.
	ValueStated string `bun:"value_stated" privacy:"none"`
	// Amount is above zero for money in.
	Amount money.Amount `bun:"embed:amount_"`
	// ForeignMinor and ForeignCurrency are what was paid in another currency, as the bank states it, signed as Amount; none where it
	// states none. ForeignRate is the rate that it exchanged at, as it quotes it; zero for none.
	ForeignMinor    int64           `bun:"foreign_minor"`
	ForeignCurrency money.Currency  `bun:"foreign_currency,nullzero" privacy:"none"`
	ForeignRate     decimal.Decimal `bun:"foreign_rate"`
	// Reversal says that the bank takes a booking back; the sign is this line's own.
	Reversal bool   `bun:"reversal"`
	Code     string `bun:"code" privacy:"none"`
	// PartyID is whom it was reconciled with, where that was one party: by it erasure finds the texts.
	PartyID uuid.UUID `bun:"party_id,nullzero"`
}

// Foreign is what was paid in another currency, as the bank states it; the zero amount where it states none.
func (l *Line) Foreign() money.Amount {
	return money.Amount{Minor: l.ForeignMinor, Currency: l.ForeignCurrency}
}

// LineText is what a line says of people. It stands beside the immutable figures so that erasure can reach it, and lies sealed.
type LineText struct {
	tenancy.Owned
	LineID        uuid.UUID `bun:"line_id,pk"`
	StatementID   uuid.UUID `bun:"statement_id"`
	Reference     string    `bun:"reference" privacy:"free-text,delete,sealed"`
	BankReference string    `bun:"bank_reference" privacy:"free-text,delete,sealed"`
	Party         string    `bun:"party" privacy:"identity,delete,sealed"`
	PartyAccount  string    `bun:"party_account" privacy:"financial,delete,sealed"`
	Remittance    string    `bun:"remittance" privacy:"free-text,delete,sealed"`
}

// erased reports whether nothing is left of the texts, or nothing ever was there.
func (t *LineText) erased() bool {
	return t.Reference == "" && t.BankReference == "" && t.Party == "" && t.PartyAccount == "" && t.Remittance == ""
}

// same reports whether two texts are the same, as far as they have not been erased.
func (t *LineText) same(o *LineText) bool {
	return t.erased() || o.erased() || t.Reference == o.Reference && t.BankReference == o.BankReference && t.Party == o.Party &&
		t.PartyAccount == o.PartyAccount && t.Remittance == o.Remittance
}
