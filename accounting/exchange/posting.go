package exchange

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This is the only file of the package that makes journal entries: pure functions from what a file says to a NewEntry. Accounts are
// named by code, so that the same file gives the same entry, whatever the ids.

// openingFact is the balances that are taken over, without those of control accounts.
type openingFact struct {
	Reference string
	Date      date.Date
	Lines     []postedLine
	Currency  money.Currency
}

// postedLine is a line with its account and party settled; debits are above zero.
type postedLine struct {
	Account string // its code
	PartyID uuid.UUID
	Minor   int64
	Due     date.Date
}

// openingEntry books what ordinary accounts begin with, against the account with the role opening_equity. What control accounts begin
// with is booked item by item, against the same account: when the balances balance, what is left there is what they say of it.
func openingEntry(f *openingFact) accounting.NewEntry {
	e := accounting.NewEntry{Reference: f.Reference, Journal: accounting.JournalOpening, Kind: accounting.KindOpening, Date: f.Date,
		Memo: "Opening balances", Lines: make([]accounting.NewLine, 0, len(f.Lines)+1)}
	var sum int64
	for _, l := range f.Lines {
		sum += l.Minor
		e.Lines = append(e.Lines, line(accounting.ByCode(l.Account), l.Minor, f.Currency))
	}
	if sum != 0 {
		e.Lines = append(e.Lines, line(accounting.ByRole(accounting.RoleOpeningEquity), -sum, f.Currency))
	}
	return e
}

// itemFact is an open item that is taken over.
type itemFact struct {
	Reference    string
	Date         date.Date // the opening
	DocumentDate date.Date
	Memo         string
	Line         postedLine
	Currency     money.Currency
}

// itemEntry books an open item against the account with the role opening_equity. It keeps its own due date, which may have passed.
func itemEntry(f *itemFact) accounting.NewEntry {
	on := line(accounting.ByCode(f.Line.Account), f.Line.Minor, f.Currency)
	on.PartyID, on.Due = f.Line.PartyID, f.Line.Due
	return accounting.NewEntry{Reference: f.Reference, Journal: accounting.JournalOpening, Kind: accounting.KindOpening, Date: f.Date,
		DocumentDate: f.DocumentDate, Memo: f.Memo,
		Lines: []accounting.NewLine{on, line(accounting.ByRole(accounting.RoleOpeningEquity), -f.Line.Minor, f.Currency)}}
}

// entryFact is an entry of a journal that is taken over.
type entryFact struct {
	Reference          string
	Journal            accounting.JournalCode
	Kind               accounting.EntryKind // of the file
	Date, DocumentDate date.Date
	Memo               string
	Lines              []postedLine
	Currency           money.Currency
}

// importedEntry books an entry as it stood elsewhere. Kinds that only acts make (an invoice, a payment, a reversal) become plain
// entries: their documents stay where they were issued.
func importedEntry(f *entryFact) accounting.NewEntry {
	kind := accounting.KindEntry
	switch f.Kind { //nolint:exhaustive // the others become plain entries
	case accounting.KindOpening, accounting.KindStock, accounting.KindTill:
		kind = f.Kind
	}
	e := accounting.NewEntry{Reference: f.Reference, Journal: f.Journal, Kind: kind, Date: f.Date, DocumentDate: f.DocumentDate, Memo: f.Memo,
		Lines: make([]accounting.NewLine, len(f.Lines))}
	for i, l := range f.Lines {
		e.Lines[i] = line(accounting.ByCode(l.Account), l.Minor, f.Currency)
		e.Lines[i].PartyID, e.Lines[i].Due = l.PartyID, l.Due
	}
	return e
}

// line puts an amount on the side that it belongs to.
func line(account accounting.AccountRef, minor int64, currency money.Currency) accounting.NewLine {
	if minor < 0 {
		return accounting.CreditLine(account, money.Amount{Minor: -minor, Currency: currency})
	}
	return accounting.DebitLine(account, money.Amount{Minor: minor, Currency: currency})
}
