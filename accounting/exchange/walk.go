package exchange

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The walk reads so many entries, and of those so many lines, at a time: memory is flat however long the journal is. One entry may
// have more lines (accounting.MaxLines); it is read alone then.
const (
	pageEntries = 500
	pageLines   = 5_000
)

// record is an entry as it leaves.
type record struct {
	accounting.Entry
	Journal accounting.JournalCode
	Memo    string
	Lines   []recordLine
}

// recordLine is one line of it.
type recordLine struct {
	No      int64
	Account uuid.UUID
	Party   string // what stands for the party outside: see partyName
	Amount  money.Amount
	// Transaction is the amount in the currency of the transaction.
	Transaction money.Amount
	Dimensions  accounting.Dimensions
	Due         date.Date // of its open item; zero where there is none
}

// partyName is what a party is called in files: its reference, or its id where it has none. Never its name.
func partyName(reference string, id uuid.UUID) string {
	if reference != "" {
		return reference
	}
	return id.String()
}

// walk hands over the entries of a span in the order in which they were posted, which is the order of their ids.
func walk(ctx context.Context, tx *tenancy.Tx, span Span, around *scene, give func(*record) error) error {
	opts := []tenancy.Option{tenancy.OrderBy("id"), tenancy.Limit(pageEntries)}
	if !span.From.IsZero() {
		opts = append(opts, tenancy.Ge("entry_date", span.From))
	}
	if !span.To.IsZero() {
		opts = append(opts, tenancy.Le("entry_date", span.To))
	}
	var after uuid.UUID
	for {
		page, err := tenancy.Find[accounting.Entry](ctx, tx, append(opts, tenancy.Gt("id", after))...)
		if err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].ID
		for rest := page; len(rest) > 0; {
			n := few(rest)
			records, err := complete(ctx, tx, rest[:n], around)
			if err != nil {
				return err
			}
			for i := range records {
				if err := give(&records[i]); err != nil {
					return err
				}
			}
			rest = rest[n:]
		}
	}
}

// few is how many of the entries have no more than pageLines together; at least one.
func few(entries []accounting.Entry) int {
	n, lines := 1, entries[0].LineCount
	for ; n < len(entries); n++ {
		if lines += entries[n].LineCount; lines > pageLines {
			break
		}
	}
	return n
}

// complete reads what belongs to entries: five reads, however many they are.
func complete(ctx context.Context, tx *tenancy.Tx, entries []accounting.Entry, around *scene) ([]record, error) {
	ids, at := make([]uuid.UUID, len(entries)), make(map[uuid.UUID]int, len(entries))
	out := make([]record, len(entries))
	for i := range entries {
		ids[i], at[entries[i].ID] = entries[i].ID, i
		out[i] = record{Entry: entries[i], Journal: around.journals[entries[i].JournalID]}
	}
	var lines []accounting.Line
	var texts []accounting.EntryText
	var items []accounting.OpenItem
	b := tx.Batch()
	tenancy.Load(b, &lines, tenancy.In("entry_id", ids), tenancy.OrderBy("entry_id", "line_no"))
	tenancy.Load(b, &texts, tenancy.In("entry_id", ids))
	tenancy.Load(b, &items, tenancy.In("entry_id", ids))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	names, err := partyNames(ctx, tx, lines)
	if err != nil {
		return nil, err
	}
	sets := map[uuid.UUID]bool{}
	for i := range lines {
		sets[lines[i].DimensionSetID] = true
	}
	if err := around.sets.learn(ctx, tx, sets); err != nil {
		return nil, err
	}
	for i := range lines {
		l := &lines[i]
		r := &out[at[l.EntryID]]
		r.Lines = append(r.Lines, recordLine{No: l.LineNo, Account: l.AccountID, Party: names[l.PartyID], Amount: l.Amount,
			Transaction: l.Transaction, Dimensions: around.sets[l.DimensionSetID]})
	}
	for i := range texts {
		out[at[texts[i].EntryID]].Memo = texts[i].Memo
	}
	for i := range items {
		out[at[items[i].EntryID]].Lines[items[i].LineNo-1].Due = items[i].DueDate
	}
	return out, nil
}

// nameRow is a party's reference, without what is sealed.
type nameRow struct {
	ID        uuid.UUID `bun:"id"`
	Reference string    `bun:"reference"`
}

func partyNames(ctx context.Context, tx *tenancy.Tx, lines []accounting.Line) (map[uuid.UUID]string, error) {
	names := map[uuid.UUID]string{}
	for i := range lines {
		if lines[i].PartyID != uuid.Nil {
			names[lines[i].PartyID] = ""
		}
	}
	return names, nameParties(ctx, tx, names)
}

// nameParties fills in what the parties are called in files.
func nameParties(ctx context.Context, tx *tenancy.Tx, names map[uuid.UUID]string) error {
	if len(names) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(names))
	for id := range names {
		ids = append(ids, id)
	}
	for len(ids) > 0 {
		n := min(len(ids), accounting.MaxBatch)
		rows, err := tenancy.Report[nameRow](ctx, tx, `SELECT id, COALESCE(reference, '') AS reference FROM {parties} AS p WHERE id IN (?)`,
			tenancy.List(ids[:n]))
		if err != nil {
			return err
		}
		for _, r := range rows {
			names[r.ID] = partyName(r.Reference, r.ID)
		}
		ids = ids[n:]
	}
	return nil
}

// scene is what stands around a journal: the settings that are few.
type scene struct {
	books    accounting.Books
	accounts []accounting.Account // by code
	codes    map[uuid.UUID]string
	journals map[uuid.UUID]accounting.JournalCode
	begins   date.Date // of the first fiscal year

	dimensions []string // their codes, in order
	sets       dimensionSets
	currencies []money.Currency  // all that were ever posted in, the books' own first
	tags       map[string]string // of dimensions, in the format that is written
}

func (s *Service) scene(ctx context.Context, tx *tenancy.Tx) (*scene, error) {
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	years, err := s.books.FiscalYears(ctx)
	if err != nil {
		return nil, err
	}
	journals, err := s.books.ListJournals(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := tenancy.Find[accounting.Account](ctx, tx, tenancy.OrderBy("code"))
	if err != nil {
		return nil, err
	}
	dimensions, err := s.books.ListDimensions(ctx)
	if err != nil {
		return nil, err
	}
	out := &scene{sets: dimensionSets{}, books: books, accounts: accounts, codes: map[uuid.UUID]string{}, journals: map[uuid.UUID]accounting.JournalCode{}, begins: years[0].StartsOn}
	for i := range accounts {
		out.codes[accounts[i].ID] = accounts[i].Code
	}
	if out.currencies, err = currenciesOf(ctx, tx, books.Currency); err != nil {
		return nil, err
	}
	for i := range dimensions {
		out.dimensions = append(out.dimensions, dimensions[i].Code)
	}
	for _, j := range journals {
		out.journals[j.ID] = j.Code
	}
	return out, nil
}
