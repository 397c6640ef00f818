package accounting_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// itemsSlice: the open items, ages and statements of account of slices that make the whole are those of the whole.
func (h *trade) itemsSlice(on date.Date) {
	aged := func(of ...accounting.Slice) accounting.AgedItems {
		out, err := h.books.AgedItems(h.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: on, Slices: of})
		require.NoError(h.rt, err)
		return out
	}
	statement := func(of ...accounting.Slice) (closing, entries int64) {
		out, err := h.books.StatementOfAccount(h.ctx, accounting.StatementQuery{PartyID: h.ann.ID, Control: accounting.ControlReceivable, From: day("2010-10-15"), To: day("2010-12-31"), Slices: of})
		require.NoError(h.rt, err)
		for _, a := range out.Accounts {
			closing += a.Closing.Minor
			entries += int64(len(a.Entries))
		}
		return closing, entries
	}
	whole, err := h.books.OpenItems(h.ctx, on)
	require.NoError(h.rt, err)
	closing, entries := statement()
	total := aged().Total.Sum.Minor
	var ids []uuid.UUID
	for _, value := range []string{"york", "leeds", ""} {
		slice := accounting.Slice{Dimension: "shop", Values: []string{value}}
		part, err := h.books.OpenItems(h.ctx, on, slice)
		require.NoError(h.rt, err)
		for _, o := range part.Items {
			ids = append(ids, o.ID)
			entry, err := h.books.GetEntry(h.ctx, o.EntryID)
			require.NoError(h.rt, err)
			require.Equal(h.rt, value, entry.Lines[o.LineNo-1].Dimensions["shop"])
		}
		total -= aged(slice).Total.Sum.Minor
		c, n := statement(slice)
		closing, entries = closing-c, entries-n
	}
	require.Len(h.rt, ids, len(whole.Items))
	for _, o := range whole.Items {
		require.Contains(h.rt, ids, o.ID)
	}
	require.Zero(h.rt, total)
	require.Zero(h.rt, closing)
	require.Zero(h.rt, entries)
}

// TestJournalReport: a journal's pages hold all its entries in the order of posting, each once, and of slices the lines that are in them.
func TestJournalReport(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		york := accounting.Dimensions{"shop": "york", "cost_centre": "10"}
		made := s.post(takings("2010-12-03", 100, york), takings("2010-12-02", 20, nil), takings("2010-12-01", 3, accounting.Dimensions{"shop": "leeds"}), takings("2011-01-01", 7, york))
		s.issue(invoice("I1", s.ann.ID, "2010-12-05", "40.00"))
		read := func(journal accounting.JournalCode, of ...accounting.Slice) (ids []uuid.UUID, lines int, debit, credit int64) {
			page := tenancy.PageRequest{Limit: 2}
			for {
				r, err := s.books.JournalReport(s.ctx, journal, day("2010-12-01"), day("2010-12-31"), page, of...)
				require.NoError(t, err)
				require.LessOrEqual(t, len(r.Entries), 2)
				for _, e := range r.Entries {
					ids = append(ids, e.ID)
					lines += len(e.Lines)
					require.Equal(t, journal, e.Journal)
				}
				debit, credit = debit+r.Debit.Minor, credit+r.Credit.Minor
				if page.After = r.Next; r.Next == "" {
					return ids, lines, debit, credit
				}
			}
		}
		ids, lines, debit, credit := read(accounting.JournalGeneral)
		require.Equal(t, []uuid.UUID{made[0].ID, made[1].ID, made[2].ID}, ids, "in the order of posting")
		require.Equal(t, []int64{6, 123, 123}, []int64{int64(lines), debit, credit})
		ids, lines, debit, credit = read(accounting.JournalGeneral, accounting.Slice{Dimension: "shop", Values: []string{"york"}})
		require.Equal(t, []uuid.UUID{made[0].ID}, ids)
		require.Equal(t, []int64{1, 0, 100}, []int64{int64(lines), debit, credit})
		ids, lines, _, _ = read(accounting.JournalGeneral, accounting.Slice{Dimension: "shop", Values: []string{"leeds", ""}}, accounting.Slice{Dimension: "cost_centre", Values: []string{""}})
		require.Len(t, ids, 3)
		require.Equal(t, 5, lines)
		all, err := s.books.JournalReport(s.ctx, "", day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, all.Entries, 4)
		require.Equal(t, accounting.JournalSales, all.Entries[3].Journal)
		require.Equal(t, york, all.Entries[0].Lines[1].Dimensions)
		require.Equal(t, "takings", all.Entries[0].Memo)
		for _, bad := range []func() error{
			func() error {
				_, err := s.books.JournalReport(s.ctx, "NONE", day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
				return err
			},
			func() error {
				_, err := s.books.JournalReport(s.ctx, "", day("2010-12-02"), day("2010-12-01"), tenancy.PageRequest{})
				return err
			},
			func() error {
				_, err := s.books.JournalReport(s.ctx, "", day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{After: "x"})
				return err
			},
		} {
			require.Error(t, bad())
		}
	})
}

// TestCompareTrialBalances: columns are the trial balances.
func TestCompareTrialBalances(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		days := []date.Date{day("2010-12-31"), day("2010-11-30")}
		c, err := s.books.CompareTrialBalances(s.ctx, days)
		require.NoError(t, err)
		for i, on := range days {
			tb, err := s.books.TrialBalance(s.ctx, on)
			require.NoError(t, err)
			require.Zero(t, c.Sections[0].Totals[i].Minor)
			for _, l := range tb.Lines {
				at := slices.IndexFunc(c.Sections[0].Lines, func(x accounting.ComparativeLine) bool { return x.AccountID == l.AccountID })
				require.Equal(t, l.Debit.Minor-l.Credit.Minor, c.Sections[0].Lines[at].Amounts[i].Minor)
			}
		}
	})
}
