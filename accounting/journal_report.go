package accounting

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// JournalReport is a page of a journal, the book of first entry: its entries over a span of days with their lines, in the order of
// posting, which is the order in which they are numbered where law wants numbers.
type JournalReport struct {
	Journal  JournalCode // "" for all of them
	From, To date.Date
	Entries  []JournalEntry
	// Debit and Credit are the sums of the lines of this page in base; they differ for slices alone.
	Debit, Credit money.Amount
	Next          string // hand to the next page request; "" when this is the last page
}

// JournalEntry is an entry as the journal shows it.
type JournalEntry struct {
	Entry
	Journal JournalCode
	Memo    string
	Lines   []Line // in order; of slices only those that are in them
}

// JournalReport gives a page of a journal, or with "" of all of them, from one day to another, both included, by entry date; of slices
// where some are given, and then only entries that have lines in them. The page's Sort is not used, its limit counts entries: 50
// unless it says otherwise, at most 500. A page costs the same few statements.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_journal, accounting.unknown_dimension,
// accounting.books_not_open.
func (s *Service) JournalReport(ctx context.Context, journal JournalCode, from, to date.Date, page tenancy.PageRequest, slices ...Slice) (JournalReport, error) {
	return Statements{s, time.Time{}}.JournalReport(ctx, journal, from, to, page, slices...)
}

// JournalReport is [Service.JournalReport] as the books said then.
func (v Statements) JournalReport(ctx context.Context, journal JournalCode, from, to date.Date, page tenancy.PageRequest, slices ...Slice) (JournalReport, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (JournalReport, error) {
		const op = "accounting.JournalReport"
		if from.IsZero() || to.Before(from) {
			return JournalReport{}, ErrBadInput.New(op, "From and To are needed, the first and the last day of the span, and To is not before From")
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return JournalReport{}, err
		}
		in, err := cutOf(ctx, tx, op, slices)
		if err != nil {
			return JournalReport{}, err
		}
		var after uuid.UUID
		if page.After != "" {
			if after, err = uuid.Parse(page.After); err != nil {
				return JournalReport{}, ErrBadInput.New(op, "the page cursor is not one of this journal's")
			}
		}
		out := JournalReport{Journal: journal, From: from, To: to, Debit: money.Zero(set.books.Currency), Credit: money.Zero(set.books.Currency)}
		ids, err := journalPage(ctx, tx, op, set, &out, page.Limit, after, in)
		if err != nil || len(ids) == 0 {
			return out, err
		}
		return out, fillJournal(ctx, tx, set, &out, ids, in)
	})
}

// journalPage finds the entries of a page.
func journalPage(ctx context.Context, tx *tenancy.Tx, op string, set *setup, out *JournalReport, limit int, after uuid.UUID, in *cut) ([]uuid.UUID, error) {
	if limit = min(max(limit, 0), 500); limit == 0 {
		limit = 50
	}
	args := []any{after, out.From, out.To, set.knownUntil()}
	of, sliced := "", ""
	if out.Journal != "" {
		j, err := set.journal(op, "", out.Journal)
		if err != nil {
			return nil, err
		}
		of, args = " AND e.journal_id = ?", append(args, j.ID)
	}
	if in != nil {
		where, more := in.where("l.dimension_set_id")
		sliced, args = " AND EXISTS (SELECT 1 FROM {journal_lines} AS l WHERE l.entry_id = e.id"+where+")", append(args, more...)
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT e.id FROM {journal_entries} AS e
		WHERE e.id > ? AND e.entry_date >= ? AND e.entry_date <= ? AND e.posted_at <= ?`+of+sliced+` ORDER BY e.id LIMIT ?`, append(args, limit+1)...)
	if len(ids) > limit {
		ids = ids[:limit]
		out.Next = ids[limit-1].String()
	}
	return ids, err
}

// fillJournal reads what belongs to the entries of a page.
func fillJournal(ctx context.Context, tx *tenancy.Tx, set *setup, out *JournalReport, ids []uuid.UUID, in *cut) error {
	var entries []Entry
	var lines []Line
	var texts []EntryText
	b := tx.Batch()
	tenancy.Load(b, &entries, tenancy.In("id", ids))
	tenancy.Load(b, &lines, tenancy.In("entry_id", ids), tenancy.OrderBy("entry_id", "line_no"))
	tenancy.Load(b, &texts, tenancy.In("entry_id", ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	if err := nameDimensions(ctx, tx, lines); err != nil {
		return err
	}
	kept, err := in.lines(ctx, tx, lines)
	if err != nil {
		return err
	}
	out.Entries = make([]JournalEntry, len(ids))
	for i := range entries {
		at := slices.Index(ids, entries[i].ID)
		out.Entries[at] = JournalEntry{Entry: entries[i], Journal: set.journalCode(entries[i].JournalID)}
	}
	for _, t := range texts {
		out.Entries[slices.Index(ids, t.EntryID)].Memo = t.Memo
	}
	for i := range kept {
		l := &kept[i]
		e := &out.Entries[slices.Index(ids, l.EntryID)]
		e.Lines = append(e.Lines, *l)
		if l.Amount.Minor > 0 {
			out.Debit.Minor += l.Amount.Minor
		} else {
			out.Credit.Minor -= l.Amount.Minor
		}
	}
	return nil
}

// lines keeps those that are in the cut.
func (c *cut) lines(ctx context.Context, tx *tenancy.Tx, of []Line) ([]Line, error) {
	if c == nil {
		return of, nil
	}
	values := make(map[uuid.UUID]map[uuid.UUID]uuid.UUID) // by set and dimension
	var sets []uuid.UUID
	for i := range of {
		sets = append(sets, of[i].DimensionSetID)
	}
	rows, err := tenancy.Find[dimensionSetValue](ctx, tx, tenancy.In("set_id", unique(sets)))
	for _, r := range rows {
		if values[r.SetID] == nil {
			values[r.SetID] = map[uuid.UUID]uuid.UUID{}
		}
		values[r.SetID][r.DimensionID] = r.ValueID
	}
	return slices.DeleteFunc(of, func(l Line) bool {
		return slices.ContainsFunc(c.parts, func(p cutPart) bool {
			value, there := values[l.DimensionSetID][p.dimension]
			return there && !slices.Contains(p.values, value) || !there && !p.unset
		})
	}), err
}
