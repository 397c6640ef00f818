package exchange

import (
	"maps"
	"slices"

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
	Items     []postedLine // what control accounts begin with, each booked by an entry of its own
	Currency  money.Currency
}

// postedLine is a line with its account and party settled; debits are above zero.
type postedLine struct {
	Account string // its code
	PartyID uuid.UUID
	Minor   int64 // in base
	// Transaction is the amount in its own currency; in base, or without a currency, it is Minor again.
	Transaction money.Amount
	Due         date.Date
	Dimensions  accounting.Dimensions
}

// openingEntry books what ordinary accounts begin with, against the account with the role opening_equity. What control accounts begin
// with is booked item by item, against the same account: when the balances balance, what is left there is what they say of it.
// It balances in each currency, and gives back on that account what the items will put there, currency by currency.
func openingEntry(f *openingFact) accounting.NewEntry {
	e := accounting.NewEntry{Reference: f.Reference, Journal: accounting.JournalOpening, Kind: accounting.KindOpening, Date: f.Date,
		Memo: "Opening balances", Lines: make([]accounting.NewLine, 0, len(f.Lines)+1)}
	rest, foreign := postedLine{}, map[money.Currency]*postedLine{}
	of := func(l *postedLine) *postedLine {
		currency := l.currency(f.Currency)
		if currency == f.Currency {
			return &postedLine{}
		}
		if foreign[currency] == nil {
			foreign[currency] = &postedLine{Transaction: money.Zero(currency)}
		}
		return foreign[currency]
	}
	for i := range f.Lines {
		l := &f.Lines[i]
		rest.Minor -= l.Minor
		of(l).Transaction.Minor -= l.Transaction.Minor
		e.Lines = append(e.Lines, balanceLines(accounting.ByCode(l.Account), l, f.Currency)...)
	}
	for i := range f.Items {
		of(&f.Items[i]).Minor += f.Items[i].Minor
	}
	for _, currency := range slices.Sorted(maps.Keys(foreign)) {
		rest.Minor -= foreign[currency].Minor
		e.Lines = append(e.Lines, balanceLines(accounting.ByRole(accounting.RoleOpeningEquity), foreign[currency], f.Currency)...)
	}
	e.Lines = append(e.Lines, balanceLines(accounting.ByRole(accounting.RoleOpeningEquity), &rest, f.Currency)...)
	return e
}

// balanceLines are the lines that make a balance: one, or two where what is carried in base stands on the other side than the currency,
// and none for nothing.
func balanceLines(account accounting.AccountRef, l *postedLine, base money.Currency) []accounting.NewLine {
	currency := l.Transaction.Minor
	if l.currency(base) == base {
		currency = l.Minor
	}
	switch {
	case l.Minor == 0 && currency == 0:
		return nil
	case currency > 0 && l.Minor < 0 || currency < 0 && l.Minor > 0:
		worthless, alone := *l, *l
		worthless.Minor, alone.Transaction.Minor = 0, 0
		return []accounting.NewLine{line(account, &worthless, base), line(account, &alone, base)}
	}
	return []accounting.NewLine{line(account, l, base)}
}

// currency is what the line's amount is in.
func (l *postedLine) currency(base money.Currency) money.Currency {
	if l.Transaction.Currency == "" {
		return base
	}
	return l.Transaction.Currency
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
	on := line(accounting.ByCode(f.Line.Account), &f.Line, f.Currency)
	on.PartyID, on.Due, on.Dimensions = f.Line.PartyID, f.Line.Due, f.Line.Dimensions
	other := postedLine{Minor: -f.Line.Minor, Transaction: money.Amount{Minor: -f.Line.Transaction.Minor, Currency: f.Line.Transaction.Currency}}
	return accounting.NewEntry{Reference: f.Reference, Journal: accounting.JournalOpening, Kind: accounting.KindOpening, Date: f.Date,
		DocumentDate: f.DocumentDate, Memo: f.Memo,
		Lines: []accounting.NewLine{on, line(accounting.ByRole(accounting.RoleOpeningEquity), &other, f.Currency)}}
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
// entries: their documents stay where they were issued. One that does not balance in every currency, or moves the worth of a currency
// alone, becomes an exchange: that is the kind of what turns one currency into another.
func importedEntry(f *entryFact) accounting.NewEntry {
	kind := accounting.KindEntry
	switch f.Kind { //nolint:exhaustive // the others become plain entries
	case accounting.KindOpening, accounting.KindStock, accounting.KindTill, accounting.KindExchange, accounting.KindRounding:
		kind = f.Kind
	default:
		if f.exchanges() {
			kind = accounting.KindExchange
		}
	}
	e := accounting.NewEntry{Reference: f.Reference, Journal: f.Journal, Kind: kind, Date: f.Date, DocumentDate: f.DocumentDate, Memo: f.Memo,
		Lines: make([]accounting.NewLine, len(f.Lines))}
	for i, l := range f.Lines {
		e.Lines[i] = line(accounting.ByCode(l.Account), &l, f.Currency)
		e.Lines[i].PartyID, e.Lines[i].Due, e.Lines[i].Dimensions = l.PartyID, l.Due, l.Dimensions
	}
	return e
}

// exchanges reports that the lines do not balance in each foreign currency, or move a worth alone.
func (f *entryFact) exchanges() bool {
	sums := map[money.Currency]int64{}
	for i := range f.Lines {
		l := &f.Lines[i]
		if l.currency(f.Currency) == f.Currency {
			continue
		}
		if l.Transaction.Minor == 0 {
			return true
		}
		sums[l.Transaction.Currency] += l.Transaction.Minor
	}
	for _, left := range sums {
		if left != 0 {
			return true
		}
	}
	return false
}

// line puts an amount, and what it is worth in base, on the side that it belongs to.
func line(account accounting.AccountRef, l *postedLine, base money.Currency) accounting.NewLine {
	if l.currency(base) == base {
		return sided(account, money.Amount{Minor: l.Minor, Currency: base}, l.Minor < 0)
	}
	out := sided(account, l.Transaction, l.Transaction.Minor < 0 || l.Transaction.Minor == 0 && l.Minor < 0)
	out.Base = money.Amount{Minor: max(l.Minor, -l.Minor), Currency: base}
	return out
}

func sided(account accounting.AccountRef, a money.Amount, credit bool) accounting.NewLine {
	if a.Minor < 0 {
		a.Minor = -a.Minor
	}
	if credit {
		return accounting.CreditLine(account, a)
	}
	return accounting.DebitLine(account, a)
}
