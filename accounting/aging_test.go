package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

func minors(of accounting.Aged) []int64 {
	out := make([]int64, 0, len(of.Buckets)+2)
	for _, a := range append(of.Buckets, of.Unallocated, of.Sum) {
		out = append(out, a.Minor)
	}
	return out
}

func TestAgedItems(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-09-01", "10"), invoice("I2", s.ann.ID, "2010-11-01", "20"), invoice("I3", s.ben.ID, "2010-12-01", "5"))
		s.post(claim("D", s.ben.ID, "2010-10-01", usd(100), gbp(64)))
		s.pay(received("P1", s.ann.ID, "2010-12-10", 1_500, part(v[0].ID, 1_000)))
		s.bill(aBill("B", "", s.ben.ID, "2010-12-01", "7"))
		query := func(asOf string) accounting.AgedItems {
			out, err := s.books.AgedItems(s.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: day(asOf)})
			require.NoError(t, err)
			require.Equal(t, s.on(asOf, accounting.ByRole(receivable)), out.Total.Sum.Minor, "equals the control account")
			return out
		}
		before := query("2010-12-09")
		require.Equal(t, []int64{0, 500, 2_000, 64, 1_000, 0, 3_564}, minors(before.Total))
		require.Equal(t, []string{"Ann Émile", "Ben & Sons", "Ben & Sons"}, []string{before.Parties[0].Name, before.Parties[1].Name, before.Parties[2].Name})
		require.Equal(t, []int64{0, 0, 0, 100, 0, 0, 100}, minors(before.Parties[2].Items))
		require.Equal(t, []int64{0, 0, 0, 64, 0, 0, 64}, minors(before.Parties[2].Base))
		require.Equal(t, []int64{0, 500, 2_000, 64, 0, -500, 2_064}, minors(query("2010-12-10").Total), "paid, and 5.00 on account")
		require.Equal(t, int64(1_000), query("2010-09-01").Total.Buckets[0].Minor, "not due on its day")

		owed, err := s.books.AgedItems(s.ctx, accounting.AgingQuery{Control: accounting.ControlPayable, AsOf: day("2010-12-31"), Buckets: []int{7, 14}})
		require.NoError(t, err)
		require.Equal(t, []int64{0, 0, 0, 700, 0, 700}, minors(owed.Total))
		for _, bad := range []accounting.AgingQuery{{AsOf: day("2010-12-31")}, {Control: accounting.ControlPayable}, {Control: "x", AsOf: day("2010-12-31")},
			{Control: accounting.ControlPayable, AsOf: day("2010-12-31"), Buckets: []int{30, 30}}, {Control: accounting.ControlPayable, AsOf: day("2010-12-31"), Buckets: []int{0}}} {
			_, err := s.books.AgedItems(s.ctx, bad)
			require.ErrorIs(t, err, accounting.ErrBadInput)
		}
	})
}

func TestStatementOfAccount(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-11-01", "10"), invoice("I2", s.ann.ID, "2010-12-05", "20"), invoice("I3", s.ben.ID, "2010-12-05", "5"))
		s.post(claim("D", s.ann.ID, "2010-12-08", usd(100), gbp(64)))
		s.pay(received("P1", s.ann.ID, "2010-12-10", 1_500, part(v[0].ID, 1_000), part(v[1].ID, 500)))
		s.pay(received("P2", s.ann.ID, "2011-01-10", 1_500, part(v[1].ID, 1_500)))
		st, err := s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: s.ann.ID, Control: accounting.ControlReceivable, From: day("2010-12-01"), To: day("2010-12-31")})
		require.NoError(t, err)
		require.Len(t, st.Accounts, 2)
		pounds, dollars := st.Accounts[0], st.Accounts[1]
		require.Equal(t, gbp(1_000), pounds.Opening)
		require.Equal(t, gbp(1_500), pounds.Closing)
		require.Len(t, pounds.Entries, 2)
		require.Equal(t, []string{"I2", "P1"}, []string{pounds.Entries[0].Reference, pounds.Entries[1].Reference})
		require.Equal(t, gbp(1_500), pounds.Entries[0].Open, "as of the last day, not of today")
		require.Equal(t, gbp(3_000), pounds.Entries[0].Balance)
		require.Equal(t, usd(0), dollars.Opening)
		require.Equal(t, "D", dollars.Entries[0].Reference)
		require.Equal(t, usd(100), dollars.Closing)
		_, err = s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: uuid.New(), Control: accounting.ControlReceivable, From: day("2010-12-01"), To: day("2010-12-31")})
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = s.books.StatementOfAccount(s.ctx, accounting.StatementQuery{PartyID: s.ann.ID, Control: accounting.ControlReceivable, From: day("2010-12-31"), To: day("2010-12-01")})
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}
