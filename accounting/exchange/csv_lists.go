package exchange

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The columns of the files that go out and come in. README.md says what each holds.
var (
	chartColumns      = []string{"code", "name", "type", "role", "control", "monetary", "cash_flow", "distribution", "dimensions", "active"}
	dimensionColumns  = []string{"dimension", "name", "value", "value_name", "active"}
	partyColumns      = []string{"reference", "name", "customer", "vendor", "email", "phone", "address", "country", "tax_id"}
	entryColumns      = []string{"entry", "reference", "journal", "kind", "date", "document_date", "memo", "line", "account", "party", "debit", "credit", "currency", "amount", "due"}
	openItemColumns   = []string{"reference", "account", "party", "document_date", "due", "debit", "credit", "currency", "amount", "memo"}
	balanceColumns    = []string{"account", "name", "type", "debit", "credit", "currency", "amount"}
	allocationColumns = []string{"debit_entry", "debit_line", "credit_entry", "credit_line", "date", "amount", "currency", "undoes"}
)

// WriteChart writes the chart of accounts as CSV, by code.
//
// Permission: exchange.export. Errors: accounting.books_not_open, and w's own.
func (s *Service) WriteChart(ctx context.Context, w io.Writer) error {
	return s.sheet(ctx, w, anyInput, chartColumns, func(ctx context.Context, tx *tenancy.Tx, out *sheet) error {
		around, err := s.scene(ctx, tx)
		if err != nil {
			return err
		}
		for i := range around.accounts {
			a := &around.accounts[i]
			out.text(a.Code).text(a.Name).plain(string(a.Type)).plain(string(a.Role)).plain(string(a.Control)).flag(a.Monetary).plain(string(a.CashFlow)).
				flag(a.Distribution).text(a.RequiredDimensions).flag(a.Active)
			if err := out.end(); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteParties writes all parties as CSV, in the order of their creation, with their contact data: the file is personal data. A party
// without a reference stands under its id. Memory is flat.
//
// Permission: exchange.export. Errors: w's own.
func (s *Service) WriteParties(ctx context.Context, w io.Writer) error {
	return s.sheet(ctx, w, anyInput, partyColumns, func(ctx context.Context, tx *tenancy.Tx, out *sheet) error {
		return tenancy.Stream(ctx, tx, func(p *accounting.Party) error {
			out.text(partyName(p.Reference, p.ID)).text(p.Name).flag(p.Customer).flag(p.Vendor).text(p.Email).text(p.Phone).text(p.Address).
				plain(p.Country).text(p.TaxID)
			return out.end()
		}, tenancy.OrderBy("id"))
	})
}

// WriteEntries writes the entries of a span as CSV, a row per line, in the order of posting. Memory is flat. What [Service.Import] reads
// again gives the same trial balance and, together with [Service.WriteAllocations], the same open items.
//
// Permission: exchange.export. Errors: exchange.bad_input, accounting.books_not_open, and w's own.
func (s *Service) WriteEntries(ctx context.Context, w io.Writer, span Span) error {
	const op = "exchange.WriteEntries"
	check := func() error {
		if span.Forward {
			return ErrBadInput.New(op, "balances are brought forward in plain-text journals only: take the trial balance and the open items")
		}
		return span.check(op)
	}
	return s.export(ctx, check, func(ctx context.Context, tx *tenancy.Tx) error {
		around, err := s.scene(ctx, tx)
		if err != nil {
			return err
		}
		out := newSheet(w, withDimensions(entryColumns, around.dimensions))
		err = walk(ctx, tx, span, around, func(r *record) error {
			for i := range r.Lines {
				l := &r.Lines[i]
				out.plain(r.ID.String()).text(r.Reference).plain(string(r.Journal)).plain(string(r.Kind)).day(r.EntryDate).day(r.DocumentDate).text(r.Memo).
					plain(strconv.FormatInt(l.No, 10)).text(around.codes[l.Account]).text(l.Party).sides(l.Amount).
					foreign(l.Transaction, around.books.Currency).day(l.Due).analysed(around.dimensions, l.Dimensions)
				if err := out.end(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		return out.close()
	})
}

// allocationRow is an allocation by the lines that its items keep.
type allocationRow struct {
	ID          uuid.UUID      `bun:"id"`
	DebitEntry  uuid.UUID      `bun:"debit_entry"`
	DebitLine   int64          `bun:"debit_line"`
	CreditEntry uuid.UUID      `bun:"credit_entry"`
	CreditLine  int64          `bun:"credit_line"`
	On          date.Date      `bun:"allocated_on"`
	Minor       int64          `bun:"amount_minor"`
	Currency    money.Currency `bun:"amount_currency"`
	Undoes      date.Date      `bun:"undoes"` // the day of the allocation that this one undoes
}

const allocationsSQL = `SELECT a.id, d.entry_id AS debit_entry, d.line_no AS debit_line, c.entry_id AS credit_entry, c.line_no AS credit_line,
	a.allocated_on, abs(a.amount_minor) AS amount_minor, a.amount_currency, u.allocated_on AS undoes
	FROM {allocations} AS a JOIN {open_items} AS d ON d.id = a.debit_id JOIN {open_items} AS c ON c.id = a.credit_id
	LEFT JOIN {allocations} AS u ON u.id = a.undoes_id
	WHERE a.id > ? ORDER BY a.id LIMIT ?`

// WriteAllocations writes which items were set off against which as CSV, in the order in which it was done, and what of it was undone: a row
// that undoes another has the day of that one. An item is named by the entry and line that opened it. Memory is flat.
//
// Permission: exchange.export. Errors: accounting.books_not_open, and w's own.
func (s *Service) WriteAllocations(ctx context.Context, w io.Writer) error {
	return s.sheet(ctx, w, anyInput, allocationColumns, func(ctx context.Context, tx *tenancy.Tx, out *sheet) error {
		if _, err := s.books.GetBooks(ctx); err != nil {
			return err
		}
		var after uuid.UUID
		for {
			page, err := tenancy.Report[allocationRow](ctx, tx, allocationsSQL, after, pageLines)
			if err != nil || len(page) == 0 {
				return err
			}
			after = page[len(page)-1].ID
			for _, a := range page {
				out.plain(a.DebitEntry.String()).plain(strconv.FormatInt(a.DebitLine, 10)).plain(a.CreditEntry.String()).
					plain(strconv.FormatInt(a.CreditLine, 10)).day(a.On).
					amount(money.Of(a.Minor, a.Currency)).plain(string(a.Currency)).day(a.Undoes)
				if err := out.end(); err != nil {
					return err
				}
			}
		}
	})
}

// WriteOpenItems writes what was unsettled at the end of a day as CSV, by due date, with what was open then. The reference is the item's
// id; the memo is the number of the document, or the entry's reference. The file can be taken over as opening items elsewhere. Memory grows with what is open.
//
// Permission: exchange.export. Errors: accounting.bad_input (no day), accounting.books_not_open, and w's own.
func (s *Service) WriteOpenItems(ctx context.Context, w io.Writer, asOf date.Date) error {
	return s.export(ctx, anyInput, func(ctx context.Context, tx *tenancy.Tx) error {
		around, err := s.scene(ctx, tx)
		if err != nil {
			return err
		}
		out := newSheet(w, withDimensions(openItemColumns, around.dimensions))
		open, err := s.books.OpenItems(ctx, asOf)
		if err != nil {
			return err
		}
		names := map[uuid.UUID]string{}
		for i := range open.Items {
			names[open.Items[i].PartyID] = ""
		}
		if err := nameParties(ctx, tx, names); err != nil {
			return err
		}
		for rest := open.Items; len(rest) > 0; {
			n := min(len(rest), accounting.MaxBatch)
			papers, err := papersOf(ctx, tx, rest[:n])
			if err != nil {
				return err
			}
			analysed, err := around.analysed(ctx, tx, rest[:n])
			if err != nil {
				return err
			}
			for i := range rest[:n] {
				o, paper := &rest[i], papers[rest[i].EntryID]
				out.plain(o.ID.String()).text(around.codes[o.AccountID]).text(names[o.PartyID]).day(paper.On).day(o.DueDate).
					sides(of(o.OpenBaseMinor, around.books)).foreign(o.Open(), around.books.Currency).text(paper.Number).analysed(around.dimensions, analysed[i])
				if err := out.end(); err != nil {
					return err
				}
			}
			rest = rest[n:]
		}
		return out.close()
	})
}

// analysed is what the lines that opened items are analysed by.
func (s *scene) analysed(ctx context.Context, tx *tenancy.Tx, items []accounting.OpenItem) ([]accounting.Dimensions, error) {
	out := make([]accounting.Dimensions, len(items))
	if len(s.dimensions) == 0 {
		return out, nil
	}
	entries := make([]uuid.UUID, len(items))
	for i := range items {
		entries[i] = items[i].EntryID
	}
	lines, err := tenancy.Find[accounting.Line](ctx, tx, tenancy.In("entry_id", entries), tenancy.NotNull("dimension_set_id"))
	if err != nil {
		return nil, err
	}
	at, sets := make(map[itemKey]uuid.UUID, len(lines)), make(map[uuid.UUID]bool, len(lines))
	for i := range lines {
		at[itemKey{lines[i].EntryID, lines[i].LineNo}], sets[lines[i].DimensionSetID] = lines[i].DimensionSetID, true
	}
	err = s.sets.learn(ctx, tx, sets)
	for i := range items {
		out[i] = s.sets[at[itemKey{items[i].EntryID, items[i].LineNo}]]
	}
	return out, err
}

// paper is what an item is called outside.
type paper struct {
	EntryID uuid.UUID `bun:"id"`
	On      date.Date `bun:"document_date"`
	Number  string    `bun:"number"`
}

func papersOf(ctx context.Context, tx *tenancy.Tx, items []accounting.OpenItem) (map[uuid.UUID]paper, error) {
	ids := make([]uuid.UUID, len(items))
	for i := range items {
		ids[i] = items[i].EntryID
	}
	rows, err := tenancy.Report[paper](ctx, tx, `SELECT e.id, e.document_date, COALESCE(i.number, b.vendor_number, e.reference, '') AS number
		FROM {journal_entries} AS e LEFT JOIN {invoices} AS i ON i.id = e.source_id LEFT JOIN {bills} AS b ON b.id = e.source_id
		WHERE e.id IN (?)`, tenancy.List(ids))
	out := make(map[uuid.UUID]paper, len(rows))
	for _, r := range rows {
		r.Number = strings.TrimSpace(r.Number)
		out[r.EntryID] = r
	}
	return out, err
}
