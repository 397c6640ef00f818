package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
)

func TestBankAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		good := bank.NewAccount{IBAN: "DE75 5121 0800 1245 1261 99", Number: "50880050/0194774600888", Name: "Savings", Currency: "EUR", Ledger: accounting.ByCode("1299")}
		_, err := s.bank.CreateAccount(s.ctx, good)
		require.Equal(t, "accounting.unknown_account", code(err))
		_, err = s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1299", Name: "Savings", Type: accounting.Asset, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		made, err := s.bank.CreateAccount(s.ctx, good)
		require.NoError(t, err)
		again, err := s.bank.CreateAccount(s.ctx, good)
		require.NoError(t, err)
		require.Equal(t, made, again, "a retry is one effect")

		for name, tc := range map[string]struct {
			change func(*bank.NewAccount)
			code   string
		}{
			"no number":                     {func(in *bank.NewAccount) { in.IBAN, in.Number = "", "" }, "bank.bad_input"},
			"check digits":                  {func(in *bank.NewAccount) { in.IBAN = "DE76512108001245126199" }, "bank.bad_input"},
			"no name":                       {func(in *bank.NewAccount) { in.Name = "" }, "bank.bad_input"},
			"two lines":                     {func(in *bank.NewAccount) { in.Name = "a\nb" }, "bank.bad_input"},
			"no currency":                   {func(in *bank.NewAccount) { in.Currency = "XXX" }, "bank.bad_input"},
			"income":                        {func(in *bank.NewAccount) { in.Ledger = accounting.ByRole(accounting.RoleSales) }, "bank.ledger_account"},
			"a control account":             {func(in *bank.NewAccount) { in.Ledger = accounting.ByRole(accounting.RoleReceivable) }, "bank.ledger_account"},
			"another name":                  {func(in *bank.NewAccount) { in.Name = "Spendings" }, "bank.number_taken"},
			"an account of the chart taken": {func(in *bank.NewAccount) { in.IBAN, in.Number = "", "77" }, "bank.number_taken"},
			"a number taken": {func(in *bank.NewAccount) {
				in.IBAN, in.Ledger = "", accounting.ByRole(accounting.RoleCash)
			}, "bank.number_taken"},
		} {
			t.Run(name, func(t *testing.T) {
				in := good
				tc.change(&in)
				_, err := s.bank.CreateAccount(s.ctx, in)
				require.Equal(t, tc.code, code(err), "%v", err)
			})
		}
		all, err := s.bank.Accounts(s.ctx)
		require.NoError(t, err)
		require.Len(t, all, 2)
	})
}
