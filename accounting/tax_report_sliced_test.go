package accounting_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// told is a tax report, but for the ledger, as named figures.
func told(r *accounting.TaxReport) map[string]int64 {
	out := map[string]int64{}
	for _, b := range r.Boxes {
		out["box "+b.Box] += b.Amount.Minor
	}
	for section, figures := range map[string][]accounting.TaxFigure{"tax ": r.Taxes, "not due ": r.NotDue} {
		for _, f := range figures {
			name := fmt.Sprint(section, f.Code, f.Trade, f.Side, f.Rate)
			out[name+" base"] += f.Base.Minor
			out[name] += f.Tax.Minor
			out[name+" cost"] += f.NotRecoverable.Minor
		}
	}
	for _, o := range r.Origins {
		out[fmt.Sprint(o.Source, o.Trade, o.Side, " base")] += o.Base.Minor
		out[fmt.Sprint(o.Source, o.Trade, o.Side)] += o.Tax.Minor
	}
	return nonZero(out)
}

// taxSlices requires the tax of 2010 by a dimension to sum to the whole, and each to be what the slice of its value says.
func (s *shop) taxSlices(t require.TestingT, dimension string) {
	first, last := day("2010-01-01"), day("2010-12-31")
	whole, err := s.books.TaxReport(s.ctx, first, last)
	require.NoError(t, err)
	groups, err := s.books.TaxReportBy(s.ctx, dimension, first, last)
	require.NoError(t, err)
	sum := map[string]int64{}
	for _, g := range groups {
		require.Empty(t, g.Report.Accounts)
		slice, err := s.books.TaxReport(s.ctx, first, last, accounting.Slice{Dimension: dimension, Values: []string{g.Value}})
		require.NoError(t, err)
		require.Equal(t, g.Report, slice)
		for name, minor := range told(&g.Report) {
			sum[name] += minor
		}
	}
	require.Equal(t, told(&whole), nonZero(sum))
}

// taxIn are the boxes of 2010 of one shop.
func (s *shop) taxIn(value string) map[string]int64 {
	s.t.Helper()
	r, err := s.books.TaxReport(s.ctx, day("2010-01-01"), day("2010-12-31"), accounting.Slice{Dimension: "shop", Values: []string{value}})
	require.NoError(s.t, err)
	out := map[string]int64{}
	for _, b := range r.Boxes {
		out[b.Box] = b.Amount.Minor
	}
	return nonZero(out)
}

// A tax is analysed by what the lines share that it is on, else by the document's own dimensions; and what becomes of it stays there:
// credits, discounts, what is paid, what is set off.
func TestTaxReportOfSlices(t *testing.T) {
	york, leeds := accounting.Dimensions{"shop": "york"}, accounting.Dimensions{"shop": "leeds"}
	for _, cur := range []money.Currency{"GBP", "USD"} {
		t.Run(string(cur), func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				s.taxes(s20, c20)
				s.analysed()
				s.rate("2010-12-01", "0.5")
				worth := func(minor int64) int64 {
					if cur == "USD" {
						return minor / 2
					}
					return minor
				}
				issue := func(document accounting.Dimensions, lines ...accounting.Dimensions) accounting.Invoice {
					in := accounting.NewInvoice{PartyID: s.ann.ID, Date: day("2010-12-01"), Currency: cur, Dimensions: document}
					for _, of := range lines {
						in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(1), UnitPrice: price("10"), TaxCode: "S20", Dimensions: of})
					}
					in.Terms.Discount = accounting.EarlyDiscount{Percent: price("10"), Until: day("2010-12-11")}
					return s.issue(in)[0]
				}
				uniform := issue(leeds, york, york)
				require.Equal(t, map[string]int64{"6": worth(2_000), "1": worth(400)}, s.taxIn("york"))
				mixed := issue(leeds, york, nil)
				require.Equal(t, map[string]int64{"6": worth(2_000), "1": worth(400)}, s.taxIn("leeds"), "lines that differ leave it to the document")
				issue(nil, york, leeds)
				require.Equal(t, map[string]int64{"6": worth(2_000), "1": worth(400)}, s.taxIn(""))
				s.taxSlices(t, "shop")

				_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: uniform.ID, Date: day("2010-12-02"), Dimensions: leeds}})
				require.NoError(t, err)
				require.Equal(t, map[string]int64{"6": worth(1_800), "1": worth(360)}, s.taxIn("york"), "the tax of a discount stays with the sale")
				_, err = s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: mixed.ID, Date: day("2010-12-02"), Reason: "test"}})
				require.NoError(t, err)
				require.Empty(t, s.taxIn("leeds"))
				_, err = s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: uniform.ID, Date: day("2010-12-03"), Reason: "test"}})
				require.NoError(t, err)
				require.Empty(t, s.taxIn("york"))
				s.taxSlices(t, "shop")

				waits := accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), Currency: cur, Dimensions: leeds,
					Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: money.Of(1_000, cur), TaxCode: "C20"}}}
				b := s.bill(waits)[0]
				slice := accounting.Slice{Dimension: "shop", Values: []string{"leeds"}}
				r, err := s.books.TaxReport(s.ctx, day("2010-12-01"), day("2010-12-31"), slice)
				require.NoError(t, err)
				require.Equal(t, worth(200), r.NotDue[0].Tax.Minor)
				s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: money.Of(600, cur), Allocate: []accounting.PaymentAllocation{{InvoiceID: b.ID, Amount: money.Of(600, cur)}}})
				require.Equal(t, map[string]int64{"7": worth(500), "4": worth(100)}, s.taxIn("leeds"))
				c, err := s.books.CompareTaxReports(s.ctx, []accounting.Span{{From: day("2010-12-01"), To: day("2010-12-04")}, {From: day("2010-12-05"), To: day("2010-12-31")}}, slice)
				require.NoError(t, err)
				require.Equal(t, []money.Amount{gbp(0), gbp(-worth(100))}, c.Net)
				s.taxSlices(t, "shop")
				s.sound()
			})
		})
	}
}

// What a prepayment declared is set off where it was declared, whatever the final document is analysed by.
func TestTaxOfPrepaymentsOfSlices(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.analysed()
		pre := invoice("", s.ann.ID, "2010-12-01", "100")
		pre.Kind, pre.Lines[0].TaxCode, pre.Dimensions = accounting.PrepaymentDocument, "S20", accounting.Dimensions{"shop": "york"}
		p := s.issue(pre)[0]
		s.pay(received("", s.ann.ID, "2010-12-02", 12_000, part(p.ID, 12_000)))
		require.Equal(t, map[string]int64{"6": 10_000, "1": 2_000}, s.taxIn("york"))
		final := invoice("", s.ann.ID, "2010-12-03", "150")
		final.Lines[0].TaxCode, final.Dimensions, final.Prepaid = "S20", accounting.Dimensions{"shop": "leeds"}, []accounting.NewDeduction{{PrepaymentID: p.ID}}
		s.issue(final)
		require.Empty(t, s.taxIn("york"))
		require.Equal(t, map[string]int64{"6": 15_000, "1": 3_000}, s.taxIn("leeds"))
		s.taxSlices(t, "shop")
		s.sound()
	})
}

// Tax that another domain posts is analysed by what its income shares.
func TestTaxDeclaredOfSlices(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.analysed()
		taxes, err := s.books.ListTaxes(s.ctx)
		require.NoError(t, err)
		for _, at := range []struct{ first, second, want string }{{"york", "york", "york"}, {"york", "leeds", ""}} {
			e := s.post(accounting.NewEntry{Date: day("2010-12-01"), Lines: []accounting.NewLine{accounting.DebitLine(accounting.ByRole(cash), gbp(360)),
				accounting.CreditLine(accounting.ByID(taxes[0].AccountID), gbp(60)),
				{Account: accounting.ByRole(sales), Credit: gbp(100), Dimensions: accounting.Dimensions{"shop": at.first}},
				{Account: accounting.ByRole(sales), Credit: gbp(200), Dimensions: accounting.Dimensions{"shop": at.second}}}})[0]
			_, err := s.books.DeclareTaxes(s.ctx, []accounting.TaxDeclaration{{EntryID: e.ID, TaxID: taxes[0].ID, Base: gbp(300), Tax: gbp(60)}})
			require.NoError(t, err)
			require.Equal(t, map[string]int64{"6": 300, "1": 60}, s.taxIn(at.want))
		}
		_, err = s.books.TaxReport(s.ctx, day("2010-12-01"), day("2010-12-31"), accounting.Slice{Dimension: "shop", Values: []string{"mars"}})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		_, err = s.books.TaxReportBy(s.ctx, "shop", day("2010-12-31"), day("2010-12-01"))
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}
