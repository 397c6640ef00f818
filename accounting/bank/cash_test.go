package bank_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/internal/racetest"
)

// savings is an account of the chart that a second account at the bank is to stand on, at the place that accounts have by default.
func (s *shop) savings() (accounting.Account, bank.NewAccount) {
	s.t.Helper()
	a, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1015", Name: "Savings", Type: accounting.Asset})
	require.NoError(s.t, err)
	require.Equal(s.t, accounting.CashFlowOperating, a.CashFlow)
	return a, bank.NewAccount{Number: "S-1", Name: "Savings", Currency: "GBP", Ledger: accounting.ByID(a.ID)}
}

// moved puts an account at another place of the statement of cash flows.
func (s *shop) moved(a accounting.Account, to accounting.CashFlow) error {
	_, err := s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: a.ID, Name: a.Name, Active: true, CashFlow: to})
	return err
}

// The statement of cash flows has the money of every bank account: one of the chart that it would miss is refused, by name, and what a
// bank account stands on does not cease to be cash.
func TestEveryBankAccountIsCash(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		savings, in := s.savings()
		_, err := s.bank.CreateAccount(s.ctx, in)
		require.ErrorIs(t, err, bank.ErrLedgerAccount)
		require.ErrorContains(t, err, "account 1015 Savings is operating in the statement of cash flows")
		all, err := s.bank.Accounts(s.ctx)
		require.NoError(t, err)
		require.Len(t, all, 1, "nothing was made")
		require.NoError(t, s.moved(savings, accounting.CashFlowCash))
		_, err = s.bank.CreateAccount(s.ctx, in)
		require.NoError(t, err)

		s.invoice("A-1", s.ann, "2026-01-05", "30.00")
		lines := s.lines(line("2026-01-06", 3_000, "A-1"))
		s.reconcile(is(lines[0], bank.Part{PartyID: s.ann}))
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{{Date: day("2026-01-10"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByID(savings.ID), gbp(1_000)), accounting.CreditLine(accounting.ByRole(accounting.RoleBank), gbp(1_000))}}})
		require.NoError(t, err)
		for _, method := range []accounting.CashFlowMethod{accounting.CashFlowDirect, accounting.CashFlowIndirect} {
			c, err := s.books.CashFlow(s.ctx, method, day("2026-01-01"), day("2026-01-31"))
			require.NoError(t, err)
			require.Equal(t, []int64{3_000, 3_000}, []int64{c.Closing.Minor, c.FromOperating.Minor}, "what was put by has not flowed out")
			require.Len(t, c.Cash, 2)
		}
		require.ErrorIs(t, s.moved(savings, accounting.CashFlowOperating), bank.ErrLedgerAccount)
		require.NoError(t, s.moved(savings, ""), "renaming leaves it where it is")
	})
}

// Past the library the database refuses the same, of the owner and of the application.
func TestTheDatabaseKeepsBankAccountsCash(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		savings, _ := s.savings()
		eachRaw(t, s, func(t *testing.T, r *raw) {
			m := rows{r}
			to := func(id uuid.UUID, place string) string {
				return "UPDATE erp.accounts SET cash_flow = '" + place + "' WHERE tenant_id = '" + r.tenant.String() + "' AND id = '" + id.String() + "'"
			}
			tie := m.account("'9'", savings.ID.String())
			require.ErrorContains(t, r.try(tie), "bank.ledger_account")
			require.NoError(t, r.try(to(savings.ID, "cash"), to(savings.ID, "investing")), "while no bank account stands on it")
			require.NoError(t, r.try(to(savings.ID, "cash"), tie))
			require.ErrorContains(t, r.try(to(savings.ID, "cash"), tie, to(savings.ID, "operating")), "bank.ledger_account")
		})
	})
}

// One makes a bank account of an account while another moves it in the statement: whoever comes second is refused.
func TestRaceABankAccountIsCash(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		savings, in := s.savings()
		require.NoError(t, s.moved(savings, accounting.CashFlowCash))
		errs := racetest.Acts(func() error {
			return racetest.Insist(func() error { _, err := s.bank.CreateAccount(s.ctx, in); return err })
		}, func() error {
			return racetest.Insist(func() error { return s.moved(savings, accounting.CashFlowOperating) })
		})
		require.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
		require.ErrorIs(t, errors.Join(errs...), bank.ErrLedgerAccount)
		cash, err := s.books.GetAccount(s.ctx, accounting.ByID(savings.ID))
		require.NoError(t, err)
		tied, err := s.bank.Accounts(s.ctx)
		require.NoError(t, err)
		require.Equal(t, cash.CashFlow == accounting.CashFlowCash, len(tied) == 2)
	})
}
