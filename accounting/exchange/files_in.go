package exchange

import (
	"strings"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// files is an import that was read, before anything is known of the books it goes to but their currency.
type files struct {
	chart       []chartRow
	dimensions  []dimensionRow
	parties     []partyRow
	balances    []balanceRow
	items       []itemRow
	entries     []entryRow
	allocations []allocationIn

	hasBalances    bool
	hasAllocations bool
	opening        date.Date
	reference      string // of the opening entry
	base           money.Currency
}

type partyRow struct {
	accounting.NewParty
	line int
}

type balanceRow struct {
	account     string
	minor       int64
	transaction money.Amount
	line        int
}

type itemRow struct {
	itemFact
	party string
	line  int
}

type entryRow struct {
	entryFact
	name    string // what the file calls it
	parties []string
	lines   []int // of the file
}

type allocationIn struct {
	debit, credit         string // entries
	debitLine, creditLine int
	on                    date.Date
	amount                money.Amount
	undoes                date.Date // the day of the allocation that is undone; zero for one that is made
	line                  int
}

// readFiles reads what is given of an import.
func readFiles(in Import, base money.Currency, found *FilesError) (*files, error) {
	f := &files{opening: in.OpeningOn, reference: in.OpeningReference, base: base, hasBalances: in.Balances != nil, hasAllocations: in.Allocations != nil}
	if f.reference == "" {
		f.reference = DefaultOpeningReference
	}
	sheets := map[string]*sheetIn{}
	given := in.readers()
	for _, name := range fileNames {
		sheet, err := read(name, given[name], base, found)
		if err != nil {
			return nil, err
		}
		sheets[name] = sheet
	}
	f.chart = chartOf(sheets[chartFile])
	f.dimensions = dimensionsOf(sheets[dimensionsFile])
	f.parties = partiesOf(sheets[partiesFile])
	f.balances = balancesOf(sheets[balancesFile])
	f.items = itemsOf(sheets[openItemsFile], f.opening)
	f.entries = entriesOf(sheets[entriesFile])
	f.allocations = allocationsOf(sheets[allocationsFile])
	return f, nil
}

func partiesOf(s *sheetIn) []partyRow {
	s.once("reference")
	out := make([]partyRow, 0, len(s.rows))
	for _, r := range s.rows {
		p := accounting.NewParty{Reference: r.needs("reference"), Name: r.text("name"), Customer: r.flag("customer", false), Vendor: r.flag("vendor", false),
			Email: r.text("email"), Phone: r.text("phone"), Country: r.text("country"), TaxID: r.text("tax_id")}
		if a := r.text("address"); a != "" {
			p.Address = strings.Split(a, "\n")
		}
		r.checked(p.Check(), partyFields)
		out = append(out, partyRow{p, r.line})
	}
	return out
}

func balancesOf(s *sheetIn) []balanceRow {
	s.once("account", "currency")
	out := make([]balanceRow, 0, len(s.rows))
	for _, r := range s.rows {
		minor, transaction := r.posted(true)
		out = append(out, balanceRow{r.needs("account"), minor, transaction, r.line})
	}
	return out
}

func itemsOf(s *sheetIn, opening date.Date) []itemRow {
	s.once("reference")
	out := make([]itemRow, 0, len(s.rows))
	for _, r := range s.rows {
		on := r.postedLine()
		row := itemRow{line: r.line, party: r.needs("party"), itemFact: itemFact{Reference: r.needs("reference"), Date: opening,
			DocumentDate: r.day("document_date"), Memo: r.text("memo"), Currency: s.base,
			Line: on}}
		if row.DocumentDate.IsZero() {
			row.DocumentDate = opening
		}
		if e := itemEntry(&row.itemFact); !opening.IsZero() {
			r.checked(e.Check(), entryFields)
		}
		out = append(out, row)
	}
	return out
}

// postedLine is what a row says of one line.
func (r rowIn) postedLine() postedLine {
	minor, transaction := r.posted(false)
	r.sameSide(minor, transaction)
	return postedLine{Account: r.needs("account"), Minor: minor, Transaction: transaction, Due: r.day("due"), Dimensions: r.dimensions()}
}

// entriesOf gathers rows that stand together under one name. What belongs to the entry and not to its lines is taken from its first
// row; later rows leave it empty or say the same.
func entriesOf(s *sheetIn) []entryRow {
	var out []entryRow
	seen := map[string]int{}
	var head rowIn
	for _, r := range s.rows {
		name := r.needs("entry")
		if name == "" {
			continue
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			if first, twice := seen[name]; twice {
				s.found.add(s.file, r.line, "entry", ErrRepeated, "%.60q began on line %d and was ended by another entry", name, first)
				continue
			}
			seen[name], head = r.line, r
			out = append(out, entryOf(r, name))
		} else {
			r.agrees(head, "reference", "journal", "kind", "date", "document_date", "memo")
		}
		e := &out[len(out)-1]
		e.Lines = append(e.Lines, r.postedLine())
		e.parties, e.lines = append(e.parties, r.text("party")), append(e.lines, r.line)
	}
	references := make(map[string]int, len(out))
	for i := range out {
		if first, twice := references[out[i].Reference]; twice {
			s.found.add(s.file, out[i].lines[0], "reference", ErrRepeated, "%.60q stands on line %d already", out[i].Reference, first)
		}
		references[out[i].Reference] = out[i].lines[0]
	}
	return out
}

// entryOf reads what belongs to the whole entry.
func entryOf(r rowIn, name string) entryRow {
	e := entryRow{name: name, entryFact: entryFact{Reference: r.text("reference"), Journal: accounting.JournalCode(r.text("journal")),
		Kind: accounting.EntryKind(r.text("kind")), Date: r.day("date"), DocumentDate: r.day("document_date"), Memo: r.text("memo"), Currency: r.base}}
	if e.Reference == "" {
		e.Reference = name
	}
	if e.Journal == "" {
		e.Journal = accounting.JournalGeneral
	}
	if e.DocumentDate.IsZero() {
		e.DocumentDate = e.Date
	}
	if entry := importedEntry(&e.entryFact); !e.Date.IsZero() {
		r.checked(entry.Check(), entryFields)
	} else if r.text("date") == "" {
		r.needs("date")
	}
	return e
}

// agrees notes where a later row of an entry says otherwise than its first.
func (r rowIn) agrees(head rowIn, columns ...string) {
	for _, c := range columns {
		if text := r.text(c); text != "" && text != head.text(c) {
			r.bad(c, "%.40q is not what the entry's first row says (line %d)", text, head.line)
		}
	}
}

func allocationsOf(s *sheetIn) []allocationIn {
	out := make([]allocationIn, 0, len(s.rows))
	for _, r := range s.rows {
		a := allocationIn{debit: r.needs("debit_entry"), credit: r.needs("credit_entry"), debitLine: r.number("debit_line"), creditLine: r.number("credit_line"),
			on: r.day("date"), undoes: r.day("undoes"), line: r.line}
		if a.on.IsZero() && r.text("date") == "" {
			r.needs("date")
		}
		before := len(r.found.Problems)
		currency := money.Currency(r.text("currency"))
		if currency == "" {
			currency = s.base
		} else if !currency.Valid() {
			r.bad("currency", "%.40q is no currency", string(currency))
			currency = s.base
		}
		if a.amount = r.amount("amount", currency); a.amount.IsZero() && len(r.found.Problems) == before {
			r.bad("amount", "an allocation has an amount above zero")
		}
		out = append(out, a)
	}
	return out
}
