package accounting_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// told prints the entries of an act with the tax that each declares.
func (s *shop) told(b *strings.Builder, what string, act func()) {
	s.t.Helper()
	seen := map[uuid.UUID]bool{}
	for _, e := range s.allEntries() {
		seen[e.ID] = true
	}
	act()
	b.WriteString(what + ":\n")
	for _, e := range s.allEntries() {
		if !seen[e.ID] {
			rows, err := s.books.TaxEntriesOf(s.ctx, e.ID)
			require.NoError(s.t, err)
			b.WriteString(s.booked(e.ID, rows))
		}
	}
}

// allEntries are the entries in the order in which they were posted.
func (s *shop) allEntries() []accounting.Entry {
	s.t.Helper()
	var out []accounting.Entry
	page := tenancy.PageRequest{}
	for {
		got, err := s.books.ListEntries(s.ctx, page)
		require.NoError(s.t, err)
		out = append(out, got.Items...)
		if page.After = got.Next; got.Next == "" {
			return out
		}
	}
}

// TestAdvanceGolden shows an auditor what advances, late supplies, vendors' own tax and bad debts book and declare.
func TestAdvanceGolden(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", modules)
	for name, story := range map[string]func(s *shop, tell func(what string, act func())){
		"prepayment": func(s *shop, tell func(string, func())) {
			var p accounting.Invoice
			tell("a prepayment is invoiced", func() { p = s.issue(prepayment(s, "100", "S20"))[0] })
			tell("and paid", func() { s.pay(received("", s.ann.ID, "2010-12-05", 12_000, part(p.ID, 12_000))) })
			tell("the final invoice", func() { s.issue(setsOff(document(s, "300", "S20"), "2010-12-20", p.ID)) })
		},
		"prepayment_bill": func(s *shop, tell func(string, func())) {
			var p accounting.Bill
			tell("a vendor's prepayment", func() {
				in := s.withNet(10_000, "H20")
				in.Kind, in.Lines[0].Account = accounting.PrepaymentBillDocument, accounting.AccountRef{}
				p = s.bill(in)[0]
			})
			tell("is paid", func() {
				s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: gbp(12_000), Allocate: []accounting.PaymentAllocation{part(p.ID, 12_000)}})
			})
			tell("the final bill", func() {
				in := s.withNet(30_000, "H20")
				in.Date, in.Prepaid = day("2010-12-20"), []accounting.NewDeduction{{PrepaymentID: p.ID}}
				s.bill(in)
			})
		},
		"prepayment_dollars": func(s *shop, tell func(string, func())) {
			s.rate("2010-12-01", "0.60")
			s.rate("2010-12-05", "0.70")
			s.rate("2010-12-20", "0.80")
			var p, v accounting.Invoice
			tell("a prepayment of 120.00 dollars is invoiced at 0.60", func() { p = s.issue(dollarsAhead(s, "100", "S20"))[0] })
			tell("and paid at 0.70", func() { s.dollarsIn("2010-12-05", p.ID, 12_000) })
			tell("the final invoice at 0.80", func() { v = s.issue(dollarsOff(s, "2010-12-20", []uuid.UUID{p.ID}, "300", "S20"))[0] })
			tell("which is credited altogether", func() { dollarsBack(s, v.ID, "2010-12-21", "300", "S20") })
		},
		"bad_debt_dollars": func(s *shop, tell func(string, func())) {
			s.rate("2010-12-01", "0.60")
			v := s.issue(inDollars(s, "100", "DE"))[0]
			var d accounting.BadDebt
			tell("120.00 dollars, invoiced at 0.60, are lost", func() { d = s.relieve(v.ID, "2010-12-05", 0) })
			s.rate("2010-12-20", "0.80")
			p := s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-12-20"), Amount: usd(6_000)})[0]
			tell("half of it is paid after all, at 0.80", func() { s.recover(d.ID, p.ID) })
		},
		"advance": func(s *shop, tell func(string, func())) {
			p := s.pay(received("", s.ann.ID, "2010-12-02", 12_000))[0]
			tell("tax is declared of a payment on account", func() {
				_, err := s.books.DeclareAdvances(s.ctx, []accounting.NewAdvance{{PaymentID: p.ID, Parts: []accounting.AdvancePart{{TaxCode: "S20", Amount: gbp(12_000)}}}})
				require.NoError(s.t, err)
			})
			v := s.issue(document(s, "300", "S20"))[0]
			tell("which is allocated to an invoice", func() {
				_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v.ID, CreditID: p.ID, Date: day("2010-12-20"), Amount: gbp(12_000)}})
				require.NoError(s.t, err)
			})
		},
		"supplied_later": func(s *shop, tell func(string, func())) {
			var v accounting.Invoice
			tell("an invoice of a supply to come", func() { v = s.issue(supplied(document(s, "100", "S20"), "2011-01-15"))[0] })
			tell("a quarter is paid before", func() { s.pay(received("", s.ann.ID, "2010-12-20", 3_000, part(v.ID, 3_000))) })
		},
		"vendors_figure": func(s *shop, tell func(string, func())) {
			_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 7, TaxTolerance: gbp(5)})
			require.NoError(s.t, err)
			tell("a vendor states 0.02 more than we compute", func() {
				in := s.withNet(10_001, "S20")
				in.Taxes = []accounting.StatedTax{{TaxCode: "S20", Tax: gbp(2_002)}}
				s.bill(in)
			})
		},
		"bad_debt": func(s *shop, tell func(string, func())) {
			for _, code := range []string{"UK", "DE", "C20"} {
				v := s.issue(document(s, "100", code))[0]
				var d accounting.BadDebt
				tell(code+": relief", func() { d = s.relieve(v.ID, "2011-06-01", 0) })
				p := s.pay(received("", s.ann.ID, "2011-07-01", 6_000))[0]
				tell(code+": half of it is paid after all", func() { s.recover(d.ID, p.ID) })
			}
		},
	} {
		s := newShop(t, env)
		half := s20
		half.Code, half.NotRecoverable = "H20", price("50")
		s.taxes(s20, half, c20, ukRelief, deRelief)
		var b strings.Builder
		story(s, func(what string, act func()) { s.told(&b, what, act) })
		path := filepath.Join("testdata", "tax_"+name+".golden")
		if flag.Lookup("update").Value.String() == "true" {
			require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err, "run with -update to write it")
		require.Equal(t, string(want), b.String(), name)
		s.sound()
	}
}
