package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
)

// What is booked for a line after the day of the report waits on that day, and so does what is on a statement that closes after it.
func TestTheReportIsOfItsDay(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		invoice := s.invoice("I-1", s.ann, "2026-01-02", "100")
		cheque := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-05", 10_000, "one"), line("2026-01-06", 300, "cheque"), line("2026-01-06", 77, "nobody's"))
		late := is(lines[0], bank.Part{ItemID: invoice.ID})
		late.Date = day("2026-02-10")
		s.reconcile(late, is(lines[1], bank.Part{EntryID: cheque.ID}))
		of := func(on string) bank.Report {
			r, err := s.bank.Report(s.ctx, s.account.ID, day(on))
			require.NoError(t, err)
			return r
		}
		before := of("2026-01-15") // the statement closes on the 31st
		require.Nil(t, before.LastStatement)
		require.Equal(t, int64(300), before.InLedger.Sum.Minor)
		require.Equal(t, cheque.ID, before.InLedger.Lines[0].EntryID)
		closing := of("2026-01-31")
		require.Equal(t, int64(2), closing.OnStatement.Count)
		require.Equal(t, int64(10_077), closing.OnStatement.Sum.Minor)
		require.Len(t, closing.OnStatement.Lines, 2)
		require.Zero(t, closing.InLedger.Count)
		after := of("2026-02-28")
		require.Equal(t, int64(77), after.OnStatement.Sum.Minor)
		require.Equal(t, after.StatementBalance.Minor-77, after.LedgerBalance.Minor)
		s.sound()
	})
}

// An opening entry in the books stands beside the first statement's opening balance.
func TestOpeningBalancesStandBesideEachOther(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.Post(s.ctx, []accounting.NewEntry{{Kind: accounting.KindOpening, Date: day("2026-01-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleBank), gbp(5_000)), accounting.CreditLine(accounting.ByRole(accounting.RoleOpeningEquity), gbp(5_000))}}})
		require.NoError(t, err)
		s.importing(s.statementOf("A", 5_000, line("2026-01-05", 10, "x")))
		r, err := s.bank.Report(s.ctx, s.account.ID, day("2026-01-31"))
		require.NoError(t, err)
		require.Equal(t, r.Opening, r.InLedger.Sum)
		require.Zero(t, r.Gaps.Minor)
		s.sound()
	})
}
