package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// by is what an account has by combination of dimensions in an entry, in minor units.
func (s *shop) by(entry uuid.UUID, account accounting.AccountRef) map[string]int64 {
	s.t.Helper()
	a, err := s.books.GetAccount(s.ctx, account)
	require.NoError(s.t, err)
	e, err := s.books.GetEntry(s.ctx, entry)
	require.NoError(s.t, err)
	out := map[string]int64{}
	for _, l := range e.Lines {
		if l.AccountID == a.ID {
			out[fmt.Sprint(map[string]string(l.Dimensions))] += l.Amount.Minor
		}
	}
	return out
}

func TestDimensionsOfDocuments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		s.analysed()
		s.rate("2010-12-01", "0.5")
		for _, cur := range []money.Currency{"GBP", "USD"} {
			in := document(s, "10", "S20", "20", "S20", "5", "", "1", "")
			in.Currency, in.Dimensions = cur, accounting.Dimensions{"shop": "york"}
			in.Lines[1].Dimensions = accounting.Dimensions{"cost_centre": "10"}
			in.Lines[2].Dimensions = accounting.Dimensions{"shop": "leeds", "cost_centre": "10"}
			in.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Amount: money.Of(200, cur)}, TaxCode: "S20", Dimensions: accounting.Dimensions{"shop": "leeds"}}}
			v := s.issue(in)[0]
			half := int64(1)
			if cur == "USD" {
				half = 2
			}
			require.Equal(t, map[string]int64{"map[shop:york]": -1_100 / half, "map[cost_centre:10 shop:york]": -2_000 / half, "map[cost_centre:10 shop:leeds]": -500 / half,
				"map[shop:leeds]": 200 / half}, s.by(v.EntryID, accounting.ByRole(sales)))
			require.Equal(t, map[string]int64{"map[]": -560 / half}, s.by(v.EntryID, accounting.ByRole(accounting.RoleTax)), "taxes are not analysed")
			require.Equal(t, map[string]int64{"map[]": 3_960 / half}, s.by(v.EntryID, accounting.ByRole(receivable)))
			d, err := s.books.GetInvoice(s.ctx, v.ID)
			require.NoError(t, err)
			require.Equal(t, accounting.Dimensions{"shop": "york"}, d.Dimensions)
			require.Equal(t, accounting.Dimensions{"shop": "york", "cost_centre": "10"}, d.Lines[1].Dimensions)
			require.Equal(t, accounting.Dimensions{"shop": "leeds"}, d.Lines[4].Dimensions)
		}
		pl, err := s.books.ProfitAndLoss(s.ctx, day("2010-12-01"), day("2010-12-31"), accounting.Slice{Dimension: "shop", Values: []string{"leeds"}})
		require.NoError(t, err)
		require.Equal(t, int64(450), pl.NetProfit.Minor)
		s.sound()
	})
}

// An account that requires dimensions gets them from the line, from the document, or the document is refused by name; and so does the
// account of discounts.
func TestDimensionsThatDocumentsNeed(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(c20)
		s.analysed()
		before := s.issue(invoice("I0", s.ann.ID, "2010-12-01", "7"))[0]
		for _, role := range []accounting.Role{sales, accounting.RoleFees, accounting.RoleDiscountGiven, accounting.RoleCash} {
			_, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(role), []string{"shop"})
			require.NoError(t, err)
		}
		in := document(s, "100", "C20", "5", "")
		in.Lines[0].Dimensions = accounting.Dimensions{"shop": "york"}
		refused := func(want error, where string) {
			t.Helper()
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, where)
		}
		refused(accounting.ErrDimensionNeeded, "document 1: line 2: a line on 4000 Sales of goods names the dimension shop")
		in.Lines[1].Dimensions = accounting.Dimensions{"shop": "mars"}
		refused(accounting.ErrUnknownDimension, "document 1: line 2: ")
		in.Lines[1].Dimensions = accounting.Dimensions{"shop": "leeds"}
		in.Dimensions = accounting.Dimensions{"shop": "leeds"}
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}
		v := s.issue(in)[0]
		for _, role := range []accounting.Role{accounting.RoleTaxNotDue, accounting.RoleTax} { // what acts derive never waits for a dimension
			_, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(role), []string{"shop"})
			require.ErrorIs(t, err, accounting.ErrRoleType)
		}

		_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-10")}})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		_, err = s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: v.ID, Date: day("2010-12-10"), Dimensions: accounting.Dimensions{"shop": "york"}}})
		require.NoError(t, err)
		s.pay(received("", s.ann.ID, "2010-12-10", v.Payable.Minor-250, part(v.ID, v.Payable.Minor-250)))
		trial, err := s.books.TrialBalanceBy(s.ctx, "shop", day("2010-12-31"))
		require.NoError(t, err)
		for _, g := range trial {
			for _, l := range g.Report.Lines {
				require.False(t, l.Role == accounting.RoleTaxNotDue && l.Debit != l.Credit, "nothing waits in %s", g.Value)
			}
		}

		cashed := document(s, "3", "")
		cashed.Lines[0].Dimensions, cashed.SettledBy = accounting.Dimensions{"shop": "york"}, accounting.ByRole(cash)
		in = cashed
		refused(accounting.ErrDimensionNeeded, "document 1: a line on ")
		in.Dimensions = accounting.Dimensions{"shop": "york"}
		w := s.issue(in)[0]
		require.Equal(t, map[string]int64{"map[shop:york]": 300}, s.by(w.EntryID, accounting.ByRole(cash)))

		// What was booked before is taken back as it was booked.
		_, err = s.books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "Closed", Inactive: true}})
		require.NoError(t, err)
		old, err := s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: before.ID, Date: day("2010-12-20"), Reason: "test"}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"map[]": 700}, s.by(old[0].EntryID, accounting.ByRole(sales)))

		_, err = s.books.Bill(s.ctx, []accounting.NewBill{{PartyID: s.ben.ID, Date: day("2010-12-01"), Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(5)}}}})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		b := s.bill(accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), Dimensions: accounting.Dimensions{"shop": "leeds"},
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(5)}}})[0]
		back, err := s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-20"), Reason: "test"}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"map[shop:leeds]": -5}, s.by(back[0].EntryID, accounting.ByRole(accounting.RoleFees)))
		s.sound()
	})
}

// A retry with other dimensions is other content; and a batch with dimensions costs the same, however large.
func TestDimensionsOfDocumentsAreContent(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		in := invoice("I1", s.ann.ID, "2010-12-01", "7")
		in.Lines[0].Dimensions = accounting.Dimensions{"shop": "york"}
		s.issue(in)
		require.True(t, s.issue(in)[0].Replayed)
		in.Lines[0].Dimensions = accounting.Dimensions{"shop": "leeds"}
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		in.Reference = ""
		s.issue(in)
		batch := func(n int) []accounting.NewInvoice {
			out := make([]accounting.NewInvoice, n)
			for i := range out {
				out[i] = invoice("", s.ann.ID, "2010-12-01", "1")
				out[i].Dimensions = accounting.Dimensions{"shop": []string{"york", "leeds"}[i%2]}
			}
			return out
		}
		require.Equal(t, s.env.Count(t, func() { s.issue(batch(1)...) }), s.env.Count(t, func() { s.issue(batch(20)...) }))
	})
}
