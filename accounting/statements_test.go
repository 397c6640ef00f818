package accounting_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// year is a shop with a little of everything in it.
func year(s *shop) {
	move := func(on string, debit, credit accounting.Role, minor int64) accounting.NewEntry {
		return accounting.NewEntry{Date: day(on), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(debit), gbp(minor)), accounting.CreditLine(accounting.ByRole(credit), gbp(minor))}}
	}
	s.post(
		move("2010-01-01", accounting.RoleStock, accounting.RoleOpeningEquity, 100_000),
		move("2010-11-30", cash, sales, 2_000),
		move("2010-12-10", accounting.RoleCostOfGoodsSold, accounting.RoleStock, 1_500),
		move("2010-12-20", accounting.RoleFees, cash, 300),
		move("2011-01-10", cash, sales, 5_000),
	)
	s.issue(invoice("I1", s.ann.ID, "2010-12-05", "40.00"), invoice("I2", s.ben.ID, "2010-12-15", "10.00"))
	note := invoice("N1", s.ben.ID, "2010-12-16", "25.00")
	note.Kind = accounting.CreditNoteDocument
	s.issue(note)
	s.post(accounting.NewEntry{Date: day("2010-12-31"), Lines: []accounting.NewLine{ // a vendor that was paid too much
		{Account: accounting.ByRole(accounting.RolePayable), PartyID: s.ben.ID, Debit: gbp(70)}, accounting.CreditLine(accounting.ByRole(cash), gbp(70))}})
}

func TestTrialBalance(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		for _, row := range []struct {
			on    string
			total int64
		}{{"2010-01-01", 100_000}, {"2009-12-31", 0}, {"2010-11-29", 100_000}, {"2010-11-30", 102_000}, {"2010-12-04", 102_000}, {"2010-12-05", 106_000},
			{"2010-12-31", 104_500}, {"2011-12-31", 109_500}, {"2031-01-01", 109_500}} {
			tb, err := s.books.TrialBalance(s.ctx, day(row.on))
			require.NoError(t, err)
			require.Equal(t, gbp(row.total), tb.Debit, row.on)
			require.Equal(t, tb.Debit, tb.Credit, row.on)
		}
	})
}

func TestProfitAndLoss(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		pl, err := s.books.ProfitAndLoss(s.ctx, day("2010-12-01"), day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, gbp(2_500), pl.TotalIncome)
		require.Equal(t, gbp(1_500), pl.TotalCost)
		require.Equal(t, gbp(1_000), pl.GrossProfit)
		require.Equal(t, gbp(300), pl.TotalExpenses)
		require.Equal(t, gbp(700), pl.NetProfit)
		require.Equal(t, "4000", pl.Income[0].Code)
		for _, row := range []struct {
			from, to string
			net      int64
		}{{"2010-12-06", "2010-12-15", -500}, {"2010-12-05", "2010-12-05", 4_000}, {"2010-01-01", "2011-12-31", 7_700}, {"2010-11-15", "2010-12-09", 6_000},
			{"2011-02-01", "2011-02-02", 0}} {
			pl, err := s.books.ProfitAndLoss(s.ctx, day(row.from), day(row.to))
			require.NoError(t, err)
			require.Equal(t, gbp(row.net), pl.NetProfit, row.from)
		}
		_, err = s.books.ProfitAndLoss(s.ctx, day("2010-12-02"), day("2010-12-01"))
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}

func TestBalanceSheet(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		bs, err := s.books.BalanceSheet(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		named := map[string]money.Amount{}
		for _, lines := range [][]accounting.StatementLine{bs.Assets, bs.Liabilities, bs.Equity} {
			for _, l := range lines {
				named[l.Name] = l.Amount
			}
		}
		require.Equal(t, gbp(4_000), named["Trade debtors"], "Ben's credit of 15.00 is no negative claim")
		require.Equal(t, gbp(1_500), named["Customers in credit"])
		require.Equal(t, gbp(70), named["Vendors in debit"])
		require.Equal(t, gbp(0), named["Trade creditors"])
		require.Equal(t, gbp(2_700), named["Profit for the year"])
		require.Equal(t, 1, bs.CustomersInCredit)
		require.Equal(t, 1, bs.VendorsInDebit)
		require.Equal(t, gbp(98_500+1_630+4_000+70), bs.TotalAssets)
		require.Equal(t, gbp(1_500), bs.TotalLiabilities)
		require.Equal(t, bs.TotalAssets.Minor, bs.TotalLiabilities.Minor+bs.TotalEquity.Minor)

		bs, err = s.books.BalanceSheet(s.ctx, day("2010-12-15"))
		require.NoError(t, err)
		require.Zero(t, bs.CustomersInCredit, "the credit note came a day later")
		bs, err = s.books.BalanceSheet(s.ctx, day("2011-01-31"))
		require.NoError(t, err)
		require.Equal(t, gbp(5_000), bs.ProfitForYear)
		require.Equal(t, bs.TotalAssets.Minor, bs.TotalLiabilities.Minor+bs.TotalEquity.Minor)
		require.Equal(t, "Profits and losses of earlier years", bs.Equity[1].Name)
		require.Equal(t, gbp(2_700), bs.Equity[1].Amount)
		_, err = s.books.BalanceSheet(s.ctx, day("2040-01-01"))
		require.ErrorIs(t, err, accounting.ErrNoPeriod)
	})
}

func TestGeneralLedger(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		whole, err := s.books.GeneralLedger(s.ctx, accounting.ByRole(cash), day("2010-12-01"), day("2011-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, gbp(2_000), whole.Opening)
		require.Equal(t, gbp(6_630), whole.Closing)
		require.Len(t, whole.Lines, 3)
		require.Equal(t, gbp(300), whole.Lines[0].Credit)
		require.Equal(t, gbp(1_700), whole.Lines[0].Balance)
		require.Empty(t, whole.Next)
		var lines []accounting.LedgerLine
		page := tenancy.PageRequest{Limit: 1}
		opening := gbp(2_000)
		for {
			gl, err := s.books.GeneralLedger(s.ctx, accounting.ByRole(cash), day("2010-12-01"), day("2011-12-31"), page)
			require.NoError(t, err)
			require.Equal(t, opening, gl.Opening)
			lines, opening = append(lines, gl.Lines...), gl.Closing
			if page.After = gl.Next; gl.Next == "" {
				break
			}
		}
		require.Equal(t, whole.Lines, lines)
		receivable, err := s.books.GeneralLedger(s.ctx, accounting.ByRole(accounting.RoleReceivable), day("2010-12-05"), day("2010-12-05"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, s.ann.ID, receivable.Lines[0].PartyID)
		require.Equal(t, accounting.JournalSales, receivable.Lines[0].Journal)
		_, err = s.books.GeneralLedger(s.ctx, accounting.ByRole(cash), day("2010-12-01"), day("2011-12-31"), tenancy.PageRequest{After: "rubbish"})
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		s.bill(aBill("B1", "", s.ben.ID, "2010-12-01", "10"))
		s.taxes(s20)
		taxed := document(s, "1", "S20")
		taxed.Date = day("2010-12-31")
		s.issue(taxed)
		taxed.Kind = accounting.PrepaymentDocument
		s.issue(taxed)
		ahead := s.withNet(100, "S20")
		ahead.Kind, ahead.Lines[0].Account = accounting.PrepaymentBillDocument, accounting.AccountRef{}
		s.bill(ahead)
		s.sound()
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		for _, row := range []struct{ statement, check string }{
			{"UPDATE erp.account_balances SET debit_minor = debit_minor + 1", "balances equal the lines"},
			{"UPDATE erp.account_balances SET debit_minor = debit_minor - 1, transaction_minor = transaction_minor + 1 WHERE debit_minor > 0 AND", "balances equal the lines"},
			{"UPDATE erp.open_items SET open_minor = 0, open_base_minor = 0", "open items equal the control accounts"},
			{"UPDATE erp.number_series SET taken = taken + 1", "no gaps in legal numbers"},
			{"UPDATE erp.invoices SET credited_minor = 1 WHERE kind = 'invoice' AND", "documents equal their lines"},
			{"UPDATE erp.bills SET credited_minor = 1", "bills equal their lines"},
			{`INSERT INTO erp.tax_entries (tenant_id, id, source_model, source_id, party_id, entry_id, entry_date, tax_point, tax_id, kind, trade, side, rate, account_id,
				base_minor, base_currency, tax_minor, tax_currency, residual_minor, not_recoverable_minor, variance_minor, document_base_minor, document_tax_minor,
				document_not_recoverable_minor, document_currency, due, base_box, tax_box, recorded_at)
				SELECT tenant_id, source_id, 'erp.discounts', source_id, party_id, entry_id, entry_date, tax_point, tax_id, kind, trade, side, rate, account_id,
				0, base_currency, 1, tax_currency, 0, 0, 0, 0, 1, 0, document_currency, due, '', tax_box, recorded_at FROM erp.tax_entries WHERE`, "tax declared equals the ledger"},
			{"UPDATE erp.invoices SET deducted_minor = 1 WHERE kind = 'prepayment' AND", "prepayments are set off once"},
			{"UPDATE erp.bills SET deducted_minor = 1 WHERE kind = 'prepayment' AND", "prepayments are set off once"},
		} {
			statement := row.statement
			if !strings.HasSuffix(statement, " AND") && !strings.HasSuffix(statement, " WHERE") {
				statement += " WHERE"
			}
			_, err := owner.Exec(s.env.SQL(statement + " tenant_id = '" + tenant.String() + "'"))
			require.NoError(t, err)
			checks, err := s.books.Verify(s.ctx)
			require.NoError(t, err)
			failed := map[string]bool{}
			for _, c := range checks {
				failed[c.Name] = !c.OK
			}
			require.True(t, failed[row.check], row.check)
			require.False(t, failed["every entry balances"])
		}
	})
}

func TestTwoTenants(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		year(s)
		s.rules()
		s.taxes(accounting.NewTax{Code: "ALL", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S20"}}})
		taxed := document(s, "1", "S20")
		taxed.Date = day("2010-12-20")
		s.issue(taxed)
		v := s.issue(invoice("I9", s.ann.ID, "2010-12-20", "40.00"))[0]
		s.pay(received("P9", s.ann.ID, "2010-12-20", 1_000, part(v.ID, 1_000)))
		s.unallocate("2010-12-20", s.allocations(v.ID)[0].ID)
		e := transfer("", "2010-12-20", 5)
		s.post(e)
		s.setOffAndLost()
		bill := s.bill(aBill("B9", "9", s.ben.ID, "2010-12-20", "10"))[0]
		_, err := s.books.DraftInvoices(s.ctx, []accounting.NewInvoice{invoice("D9", s.ann.ID, "2010-12-20", "1")})
		require.NoError(t, err)
		s.analysed()
		s.post(takings("2010-12-20", 5, accounting.Dimensions{"shop": "york"}))
		s.dollarAccount(10_000, 6_400)
		s.rate(inDecember, "0.70")
		s.revalue(inDecember)
		intruder := newShop(t, s.env)
		require.NoError(t, s.setState("2010-05", accounting.PeriodLocked, accounting.JournalSales))
		s.lock("2010-04")
		s.reopen("2010-04")
		tenancytest.TwoTenants(t, s.env, s.ctx, intruder.ctx)

		// Through the service, another tenant's record and one that does not exist give the same answer.
		for _, id := range []uuid.UUID{v.ID, uuid.New()} {
			_, err := intruder.books.GetInvoice(intruder.ctx, id)
			require.ErrorIs(t, err, fault.NotFound)
			_, err = intruder.books.Pay(intruder.ctx, []accounting.NewPayment{received("", intruder.ann.ID, "2010-12-20", 5, part(id, 5))})
			require.ErrorIs(t, err, accounting.ErrUnknownItem)
		}
		for _, id := range []uuid.UUID{bill.ID, uuid.New()} {
			_, err := intruder.books.GetBill(intruder.ctx, id)
			require.ErrorIs(t, err, fault.NotFound)
			_, err = intruder.books.Bill(intruder.ctx, []accounting.NewBill{vendorCredit("", id, "2010-12-20", "1")})
			require.ErrorIs(t, err, accounting.ErrNotCreditable)
		}
		for _, party := range []uuid.UUID{s.ann.ID, uuid.New()} {
			_, err := intruder.books.Issue(intruder.ctx, []accounting.NewInvoice{invoice("", party, "2010-12-20", "1")})
			require.ErrorIs(t, err, accounting.ErrUnknownParty)
		}
		s.sound()
	})
}

// forged runs a statement as the tables' owner with the guard of its table taken away.
func forged(t *testing.T, s *shop, table, statement string) {
	t.Helper()
	owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
	statements := []string{"ALTER TABLE erp." + table + " DISABLE TRIGGER erp_" + table + "_guard", statement, "ALTER TABLE erp." + table + " ENABLE TRIGGER erp_" + table + "_guard"}
	if s.env.Name == "sqlite" {
		statements = []string{"DROP TRIGGER IF EXISTS erp_" + table + "_guard", statement} // the file is this tenant's alone
	}
	tx, err := owner.Begin()
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	for _, text := range statements {
		_, err := tx.Exec(s.env.SQL(text))
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
}

// What a document in a foreign currency is worth is held to its entry, its taxes and what it corrects.
func TestVerifyFindsWhatDocumentsAreWorth(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.rate("2010-12-01", "0.64")
		v := s.issue(inDollars(s, "10", "S20"))[0]
		s.issue(accounting.NewInvoice{Kind: accounting.CreditNoteDocument, CorrectsID: v.ID, Date: day("2010-12-02"),
			Lines: []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: price("1"), TaxCode: "S20"}}})
		s.bill(accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), Currency: "USD", Lines: []accounting.NewBillLine{{Account: accounting.ByCode("6100"), Net: usd(700), TaxCode: "S20"}}})
		s.sound()
		for _, row := range []struct{ table, set, back, check string }{
			{"invoices", "payable_base_minor = payable_base_minor + 1, net_base_minor = net_base_minor + 1", "payable_base_minor = payable_base_minor - 1, net_base_minor = net_base_minor - 1",
				"documents equal their lines"},
			{"bills", "payable_base_minor = payable_base_minor + 1, net_base_minor = net_base_minor + 1", "payable_base_minor = payable_base_minor - 1, net_base_minor = net_base_minor - 1",
				"bills equal their lines"},
			{"invoices", "tax_base_minor = tax_base_minor + 1, net_base_minor = net_base_minor - 1", "tax_base_minor = tax_base_minor - 1, net_base_minor = net_base_minor + 1",
				"tax declared equals the ledger"},
			{"invoices", "rate = CASE WHEN kind = 'credit_note' THEN '2' ELSE rate END", "rate = '0.64'", "documents equal their lines"},
		} {
			where := " WHERE tenant_id = '" + tenancy.ScopeOf(s.ctx).TenantID().String() + "'"
			forged(t, s, row.table, "UPDATE erp."+row.table+" SET "+row.set+where)
			checks, err := s.books.Verify(s.ctx)
			require.NoError(t, err)
			for _, c := range checks {
				require.Equal(t, c.Name != row.check, c.OK, "%s: %s", row.set, c.Name)
			}
			forged(t, s, row.table, "UPDATE erp."+row.table+" SET "+row.back+where)
			s.sound()
		}
	})
}
