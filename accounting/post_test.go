package accounting_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func TestPost(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		out := s.post(transfer("A1", "2010-12-01", 1000), transfer("", "2011-01-15", 250))
		require.Len(t, out, 2)
		require.NotEqual(t, uuid.Nil, out[0].ID)
		require.False(t, out[0].Replayed)
		require.Equal(t, int64(1250), s.balance(accounting.RoleCash))
		require.Equal(t, int64(-1250), s.balance(accounting.RoleSales))

		e, err := s.books.GetEntry(s.ctx, out[0].ID)
		require.NoError(t, err)
		require.Equal(t, accounting.JournalGeneral, e.Journal)
		require.Equal(t, "takings", e.Memo)
		require.Len(t, e.Lines, 2)
		require.Equal(t, gbp(1000), e.Lines[0].Amount)
		require.Equal(t, gbp(-1000), e.Lines[1].Amount)
		s.sound()
	})
}

func TestPostReplays(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first := s.post(transfer("A1", "2010-12-01", 1000))[0]
		again := transfer("A1", "2010-12-01", 1000)
		again.Memo = "other words" // free text is no content
		again.Journal, again.Kind, again.DocumentDate = accounting.JournalGeneral, accounting.KindEntry, day("2010-12-01")
		out := s.post(transfer("A2", "2010-12-02", 1), again, transfer("A2", "2010-12-02", 1))
		require.False(t, out[0].Replayed)
		require.True(t, out[1].Replayed)
		require.Equal(t, first.ID, out[1].ID)
		require.True(t, out[2].Replayed)
		require.Equal(t, out[0].ID, out[2].ID)
		require.Equal(t, int64(1001), s.balance(accounting.RoleCash))

		_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("A3", "2010-12-02", 1), transfer("A1", "2010-12-01", 999)})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{transfer("A4", "2010-12-02", 1), transfer("A4", "2010-12-02", 2)})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		require.Equal(t, int64(1001), s.balance(accounting.RoleCash))
		s.sound()
	})
}

func TestPostRefuses(t *testing.T) {
	cash, sales := accounting.ByRole(accounting.RoleCash), accounting.ByRole(accounting.RoleSales)
	lines := func(l ...accounting.NewLine) func(*accounting.NewEntry) {
		return func(e *accounting.NewEntry) { e.Lines = l }
	}
	usd := money.Of(100, "USD")
	table := []struct {
		name   string
		change func(*accounting.NewEntry)
		want   error
	}{
		{"unbalanced", lines(accounting.DebitLine(cash, gbp(100)), accounting.CreditLine(sales, gbp(99))), accounting.ErrUnbalanced},
		{"one line", lines(accounting.DebitLine(cash, gbp(100))), accounting.ErrBadInput},
		{"no line", lines(), accounting.ErrBadInput},
		{"zero amount", lines(accounting.DebitLine(cash, gbp(0)), accounting.CreditLine(sales, gbp(0))), accounting.ErrBadInput},
		{"negative amount", lines(accounting.DebitLine(cash, gbp(-100)), accounting.CreditLine(sales, gbp(-100))), accounting.ErrBadInput},
		{"both sides", lines(accounting.NewLine{Account: cash, Debit: gbp(1), Credit: gbp(1)}, accounting.CreditLine(sales, gbp(1))), accounting.ErrBadInput},
		{"no rate", lines(accounting.DebitLine(cash, usd), accounting.CreditLine(sales, usd)), accounting.ErrNoRate},
		{"wrong currency", lines(worth(accounting.DebitLine(cash, usd), usd), worth(accounting.CreditLine(sales, usd), usd)), accounting.ErrWrongCurrency},
		{"pounds worth other pounds", lines(worth(accounting.DebitLine(cash, gbp(5)), gbp(6)), accounting.CreditLine(sales, gbp(5))), accounting.ErrBadInput},
		{"worth less than nothing", lines(worth(accounting.DebitLine(cash, usd), gbp(-6)), accounting.CreditLine(sales, gbp(5))), accounting.ErrBadInput},
		{"worth too much", lines(worth(accounting.DebitLine(cash, usd), gbp(1e15)), worth(accounting.CreditLine(sales, usd), gbp(1e15))), accounting.ErrAmountLimit},
		{"unbalanced in dollars", lines(worth(accounting.DebitLine(cash, usd), gbp(60)), accounting.CreditLine(sales, gbp(60))), accounting.ErrUnbalanced},
		{"no such currency", lines(accounting.DebitLine(cash, money.Amount{Minor: 1, Currency: "XYZ"}), accounting.CreditLine(sales, money.Amount{Minor: 1, Currency: "XYZ"})), accounting.ErrWrongCurrency},
		{"unknown dimension", func(e *accounting.NewEntry) { e.Lines[0].Dimensions = accounting.Dimensions{"shop": "york"} }, accounting.ErrUnknownDimension},
		{"no currency", lines(accounting.DebitLine(cash, money.Amount{Minor: 5}), accounting.CreditLine(sales, money.Amount{Minor: 5})), accounting.ErrWrongCurrency},
		{"too large", lines(accounting.DebitLine(cash, gbp(1e15)), accounting.CreditLine(sales, gbp(1e15))), accounting.ErrAmountLimit},
		{"too large together", lines(accounting.DebitLine(cash, gbp(6e14)), accounting.DebitLine(cash, gbp(6e14)),
			accounting.CreditLine(sales, gbp(6e14)), accounting.CreditLine(sales, gbp(6e14))), accounting.ErrAmountLimit},
		{"unknown account", lines(accounting.DebitLine(accounting.ByCode("9999"), gbp(1)), accounting.CreditLine(sales, gbp(1))), accounting.ErrUnknownAccount},
		{"no account", lines(accounting.DebitLine(accounting.AccountRef{}, gbp(1)), accounting.CreditLine(sales, gbp(1))), accounting.ErrUnknownAccount},
		{"strange account", lines(accounting.DebitLine(accounting.ByID(uuid.New()), gbp(1)), accounting.CreditLine(sales, gbp(1))), accounting.ErrUnknownAccount},
		{"control account without party", lines(accounting.DebitLine(accounting.ByRole(accounting.RoleReceivable), gbp(1)),
			accounting.CreditLine(sales, gbp(1))), accounting.ErrUnknownParty},
		{"unknown party", lines(accounting.NewLine{Account: cash, PartyID: uuid.New(), Debit: gbp(1)}, accounting.CreditLine(sales, gbp(1))), accounting.ErrUnknownParty},
		{"unknown journal", func(e *accounting.NewEntry) { e.Journal = "XX" }, accounting.ErrUnknownJournal},
		{"no date", func(e *accounting.NewEntry) { e.Date = date.Date{} }, accounting.ErrBadInput},
		{"no such year", func(e *accounting.NewEntry) { e.Date = day("2012-01-01") }, accounting.ErrNoPeriod},
		{"kind of ours", func(e *accounting.NewEntry) { e.Kind = accounting.KindInvoice }, accounting.ErrBadInput},
		{"half a source", func(e *accounting.NewEntry) { e.Source.Model = "x" }, accounting.ErrBadInput},
		{"reference with blanks", func(e *accounting.NewEntry) { e.Reference = " x" }, accounting.ErrBadInput},
		{"memo with a NUL", func(e *accounting.NewEntry) { e.Memo = "a\x00b" }, accounting.ErrBadInput},
	}
	each(t, func(t *testing.T, s *shop) {
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) {
				bad := transfer("bad", "2010-12-01", 100)
				row.change(&bad)
				_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("good", "2010-12-01", 100), bad})
				require.ErrorIs(t, err, row.want)
			})
		}
		require.Zero(t, s.balance(accounting.RoleCash))
		found, err := s.books.EntriesByReference(s.ctx, []string{"good", "bad"})
		require.NoError(t, err)
		require.Empty(t, found)
		s.sound()
	})
}

// The kept balances have an end: what would pass it is refused, and changes nothing.
func TestBalancesDoNotOverflow(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		batch := make([]accounting.NewEntry, accounting.MaxBatch)
		for i := range batch {
			batch[i] = transfer("", "2010-12-01", 999_999_999_999_999)
			batch[i].Memo = ""
		}
		s.post(batch...)
		s.post(batch...)
		s.post(batch...) // 3,000 short of the end
		_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("", "2010-12-01", 3_001)})
		require.ErrorIs(t, err, fault.Invalid)
		s.post(transfer("", "2010-12-01", 3_000))
		tb, err := s.books.TrialBalance(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, tb.Debit, tb.Credit)
		s.sound()
	})
}

func TestListEntries(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		posted := s.post(transfer("", "2010-12-02", 1), transfer("", "2010-12-01", 2))
		page, err := s.books.ListEntries(s.ctx, tenancy.PageRequest{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, posted[:1], page.Items)
		page, err = s.books.ListEntries(s.ctx, tenancy.PageRequest{Sort: "entry_date"})
		require.NoError(t, err)
		require.Equal(t, []accounting.Entry{posted[1], posted[0]}, page.Items)
	})
}

func TestAccountRefAsText(t *testing.T) {
	var lines []accounting.NewInvoiceLine
	require.NoError(t, json.Unmarshal([]byte(`[{"Quantity":"1.5","UnitPrice":"2","Account":"code:4100"},{"Account":""}]`), &lines))
	require.Equal(t, accounting.ByCode("4100"), lines[0].Account)
	require.True(t, lines[1].Account.IsZero())
	for _, bad := range []string{"4100", "code:", "name:x"} {
		var ref accounting.AccountRef
		require.ErrorIs(t, ref.UnmarshalText([]byte(bad)), accounting.ErrBadInput)
	}
}

func TestPostCostsTheSameForAnyNumber(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		batch := func(prefix string, n int) []accounting.NewEntry {
			in := make([]accounting.NewEntry, n)
			for i := range in {
				in[i] = transfer(fmt.Sprint(prefix, i), "2010-12-01", int64(i+1))
				in[i].Lines[0] = accounting.NewLine{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: s.ann.ID, Debit: in[i].Lines[0].Debit}
			}
			return in
		}
		s.post(batch("first", 1)...) // reads the settings, which are kept
		one := s.env.Count(t, func() { s.post(batch("a", 1)...) })
		many := s.env.Count(t, func() { s.post(batch("b", 200)...) })
		require.Equal(t, one, many)
		s.sound()
	})
}

func TestReverse(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		claim := transfer("A1", "2010-12-01", 1000)
		claim.Lines[0] = accounting.NewLine{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: s.ann.ID, Debit: gbp(1000)}
		posted := s.post(claim, transfer("A2", "2010-12-01", 500))
		require.Len(t, s.open("2010-12-31"), 1)

		out, err := s.books.Reverse(s.ctx, []accounting.Reversal{
			{EntryID: posted[0].ID, Date: day("2011-01-01"), Reason: "wrong customer"}, {EntryID: posted[1].ID, Date: day("2010-12-01"), Reason: "twice"}})
		require.NoError(t, err)
		require.Equal(t, posted[0].ID, out[0].ReversesID)
		for _, role := range []accounting.Role{accounting.RoleCash, accounting.RoleSales, accounting.RoleReceivable} {
			require.Zero(t, s.balance(role), role)
		}
		require.Len(t, s.open("2010-12-31"), 1, "the reversal is dated a day later")
		require.Empty(t, s.open("2011-01-01"))
		e, err := s.books.GetEntry(s.ctx, out[0].ID)
		require.NoError(t, err)
		require.Equal(t, "wrong customer", e.Reason)

		refused := []struct {
			in   accounting.Reversal
			want error
		}{
			{accounting.Reversal{EntryID: posted[0].ID, Date: day("2011-01-01"), Reason: "again"}, accounting.ErrAlreadyReversed},
			{accounting.Reversal{EntryID: uuid.New(), Date: day("2011-01-01"), Reason: "none"}, fault.NotFound},
			{accounting.Reversal{EntryID: out[0].ID, Date: day("2010-12-31"), Reason: "before"}, accounting.ErrBadInput},
			{accounting.Reversal{EntryID: out[0].ID, Date: day("2011-01-31")}, accounting.ErrBadInput},
		}
		for _, r := range refused {
			_, err := s.books.Reverse(s.ctx, []accounting.Reversal{r.in})
			require.ErrorIs(t, err, r.want)
		}
		document := s.issue(invoice("I1", s.ann.ID, "2010-12-05", "9.99"))[0]
		_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: document.EntryID, Date: day("2010-12-06"), Reason: "no"}})
		require.ErrorIs(t, err, accounting.ErrEntryOfDocument)
		s.sound()
	})
}

// worth states what a line's amount is worth in base.
func worth(l accounting.NewLine, base money.Amount) accounting.NewLine {
	l.Base = base
	return l
}
