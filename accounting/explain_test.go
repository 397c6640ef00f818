package accounting_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Whatever is sold or bought, under whatever taxes and however rounded: each line of the ledger is the sum of the steps that explain it,
// each line of the document is told of once, and nothing is left over but on the accounts where totals and roundings belong.
func TestLawEveryFigureIsExplained(t *testing.T) {
	onEngines(t, func(rt *rapid.T, s *shop) {
		in := aDocument(rt, s)
		if rapid.Bool().Draw(rt, "credited") {
			in.Kind = accounting.CreditNoteDocument
		}
		s.issue(in)
		bill := accounting.NewBill{PartyID: s.ben.ID, VendorNumber: "V1", Date: in.Date, TaxIncluded: in.TaxIncluded, TaxRounding: in.TaxRounding, Currency: in.Currency, Rate: in.Rate}
		for _, l := range in.Lines {
			bill.Lines = append(bill.Lines, accounting.NewBillLine{Account: accounting.ByCode("6100"), Quantity: l.Quantity, UnitPrice: l.UnitPrice, Discount: l.Discount, TaxCode: l.TaxCode,
				Dimensions: l.Dimensions})
		}
		if rapid.Bool().Draw(rt, "credit") {
			bill.Kind = accounting.VendorCreditDocument
		}
		s.bill(bill)
		posted, err := s.books.TrialBalance(s.ctx, day("2010-12-31")) // the others have no figure to explain
		require.NoError(rt, err)
		told := 0
		for _, p := range posted.Lines {
			a, err := s.books.GetAccount(s.ctx, accounting.ByID(p.AccountID))
			require.NoError(rt, err)
			got, err := s.books.Explain(s.ctx, accounting.ByID(a.ID), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{Limit: 100})
			require.NoError(rt, err)
			require.Len(rt, got.Reasons, len(got.Lines))
			for i, l := range got.Lines {
				r := got.Reasons[i]
				require.NotEmpty(rt, r.Document)
				var sum int64
				for _, step := range r.Steps {
					sum += step.Amount.Minor
					switch step.Kind {
					case accounting.StepLine:
						told++
						if step.Exact.Valid && step.DiscountMinor == 0 && step.ChargeMinor == 0 && !in.TaxIncluded && step.Amount.Minor != 0 {
							credit := in.Kind == accounting.CreditNoteDocument // income stands on the debit side of a credit note
							if a.Type == accounting.Expense {
								credit = bill.Kind != accounting.VendorCreditDocument
							}
							require.Equal(rt, credit, step.Amount.Minor > 0, "%s %s", a.Code, a.Name)
						}
					case accounting.StepWhole:
						require.NotEqual(rt, accounting.NoControl, a.Control, "%s %s", a.Code, a.Name)
					case accounting.StepRounding:
						require.Equal(rt, accounting.RoleRounding, a.Role)
					case accounting.StepTax:
						require.NotEmpty(rt, step.TaxCode)
						if a.Type == accounting.Liability && len(step.Lines) > 0 { // what is owed is the whole tax, and not what of it can be claimed
							lines := step.ResidualMinor
							if step.ResidualMinor != 0 && step.Base.Minor < 0 {
								lines = -lines
							}
							for _, of := range step.Lines {
								lines += of.Amount.Minor
							}
							of := step.Amount.Minor
							if step.Stated.Currency != "" { // of a document in a foreign currency, the lines are in it
								of = step.Stated.Minor
							}
							require.Equal(rt, max(of, -of), max(lines, -lines), "%s %s", a.Code, a.Name)
						}
						if !step.Rate.IsZero() {
							require.NotEmpty(rt, step.RateSource)
						}
					case accounting.StepConversion:
						require.NotEmpty(rt, r.RateSource)
					case accounting.StepNotRecoverable:
					}
				}
				require.Equal(rt, l.Debit.Minor-l.Credit.Minor, sum, "%s %s", a.Code, a.Name)
			}
		}
		require.LessOrEqual(rt, told, len(in.Lines)+len(bill.Lines))
	})
}

func TestExplainAFigure(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		lamp := invoice("I1", s.ann.ID, "2010-12-01", "12.345")
		lamp.Lines[0].Quantity, lamp.Lines[0].TaxCode = units(3), s20.Code
		v := s.issue(lamp)[0]
		s.post(transfer("", "2010-12-02", 500))
		got, err := s.books.Explain(s.ctx, accounting.ByRole(accounting.RoleSales), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, got.Reasons, 2)
		require.Equal(t, v.Number, got.Reasons[0].Document)
		require.Equal(t, accounting.Source{Model: "erp.invoices", ID: v.ID}, got.Reasons[0].Source)
		step := got.Reasons[0].Steps[0]
		require.Equal(t, "37.035", step.Exact.Decimal.String())
		require.Equal(t, gbp(-3704), step.Amount, "half up")
		require.Empty(t, got.Reasons[1].Steps, "somebody posted it")
		require.True(t, got.Reasons[1].Source == accounting.Source{})

		tax, err := s.books.Explain(s.ctx, accounting.ByRole(accounting.RoleTax), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
		require.NoError(t, err)
		step = tax.Reasons[0].Steps[0]
		require.Equal(t, "7.408", step.Exact.Decimal.String())
		require.Equal(t, gbp(-741), step.Amount)
		require.Equal(t, s20.Rates[0].Source, step.RateSource)
		statements := s.env.Count(t, func() {
			_, err := s.books.Explain(s.ctx, accounting.ByRole(accounting.RoleSales), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
			require.NoError(t, err)
		})
		for range 5 {
			lamp.Reference += "x"
			s.issue(lamp)
		}
		require.Equal(t, statements, s.env.Count(t, func() {
			_, err := s.books.Explain(s.ctx, accounting.ByRole(accounting.RoleSales), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
			require.NoError(t, err)
		}))
	})
}

// Tax that is rounded line by line is explained line by line, and so is what a price including tax loses to it.
func TestExplainTaxOfLines(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		explain := func(role accounting.Role) []accounting.Reason {
			got, err := s.books.Explain(s.ctx, accounting.ByRole(role), day("2010-12-01"), day("2010-12-31"), tenancy.PageRequest{})
			require.NoError(t, err)
			return got.Reasons
		}
		s.issue(document(s, "0.03", "S20", "0.03", "S20", "0.03", "S20"))
		step := explain(accounting.RoleTax)[0].Steps[0]
		require.Equal(t, []string{"0.018", "0"}, []string{step.Exact.Decimal.String(), fmt.Sprint(step.ResidualMinor)})
		require.Equal(t, gbp(-3), step.Amount)
		require.Len(t, step.Lines, 3)
		for i, l := range step.Lines {
			require.Equal(t, []any{int64(i + 1), gbp(3), "0.006", gbp(1)}, []any{l.LineNo, l.Stated, l.Exact.String(), l.Amount})
		}
		in := document(s, "0.05", "S20", "0.05", "S20")
		in.TaxIncluded, in.TaxRounding = true, accounting.RoundPerDocument
		s.issue(in)
		line := explain(sales)[1].Steps[0]
		require.Equal(t, []any{"0.05", int64(1), gbp(-4)}, []any{line.Exact.Decimal.String(), line.IncludedTaxMinor, line.Amount})
		step = explain(accounting.RoleTax)[1].Steps[0]
		require.Equal(t, gbp(-2), step.Amount)
		require.True(t, step.Exact.Decimal.Round(4).Equal(price("0.0167")), step.Exact.Decimal.String())
		require.Equal(t, []any{2, gbp(5), gbp(1)}, []any{len(step.Lines), step.Lines[0].Stated, step.Lines[0].Amount})

		s.bill(s.withNet(1000, "S20"))
		require.Equal(t, gbp(200), explain(accounting.RoleInputTax)[0].Steps[0].Lines[0].Amount)
	})
}
