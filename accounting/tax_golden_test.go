package accounting_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// booked prints an entry and what it declares, as a bookkeeper writes it.
func (s *shop) booked(entry uuid.UUID, taxes []accounting.TaxEntry) string {
	s.t.Helper()
	e, err := s.books.GetEntry(s.ctx, entry)
	require.NoError(s.t, err)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, journal %s\n", e.EntryDate, e.Kind, e.Journal)
	for _, l := range e.Lines {
		a, err := s.books.GetAccount(s.ctx, accounting.ByID(l.AccountID))
		require.NoError(s.t, err)
		side := [2]string{l.Amount.String(), ""}
		if l.Amount.Minor < 0 {
			side = [2]string{"", gbp(-l.Amount.Minor).String()}
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %s %-40s %10s %10s", a.Code, a.Name, side[0], side[1]), " ") + "\n")
	}
	for _, t := range taxes {
		fmt.Fprintf(&b, "  %s %s%% %s (%s), base %s, tax %s", t.Kind, t.Rate, t.Side, t.Kind.Category(), t.Base, t.Tax)
		if t.NotRecoverableMinor != 0 {
			fmt.Fprintf(&b, ", not recoverable %s", gbp(t.NotRecoverableMinor))
		}
		if t.ResidualMinor != 0 {
			fmt.Fprintf(&b, ", residual %s", gbp(t.ResidualMinor))
		}
		if t.VarianceMinor != 0 {
			fmt.Fprintf(&b, ", stated by the vendor %s", gbp(t.VarianceMinor))
		}
		fmt.Fprintf(&b, ", boxes %q %q", t.BaseBox, t.TaxBox)
		if !t.Due {
			b.WriteString(", not yet due")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// TestTaxGolden shows an auditor what each kind of tax books and declares, on a sale and on a purchase.
func TestTaxGolden(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", modules)
	s := newShop(t, env)
	r := s20.Rates
	boxes := accounting.TaxBoxes{SaleBase: "sale", SaleTax: "output", PurchaseBase: "purchase", PurchaseTax: "input", SelfBase: "self", SelfTax: "self-tax"}
	s.taxes(
		accounting.NewTax{Code: "standard", Rates: r, Boxes: boxes}, accounting.NewTax{Code: "reduced", Kind: accounting.TaxReduced, Rates: []accounting.NewTaxRate{rate("2000-01-01", "5")}, Boxes: boxes},
		accounting.NewTax{Code: "partly_recoverable", Rates: r, Boxes: boxes, NotRecoverable: price("60")},
		accounting.NewTax{Code: "on_payment", Rates: r, Boxes: boxes, Due: accounting.TaxDueOnPayment},
		accounting.NewTax{Code: "zero", Kind: accounting.TaxZero, Reason: "r", Boxes: boxes}, accounting.NewTax{Code: "exempt", Kind: accounting.TaxExempt, Reason: "r", Boxes: boxes},
		accounting.NewTax{Code: "reverse_charge", Kind: accounting.TaxReverseCharge, Reason: "r", Rates: r, Boxes: boxes},
		accounting.NewTax{Code: "intra_community", Kind: accounting.TaxIntraCommunity, Reason: "r", Rates: r, Boxes: boxes, NotRecoverable: price("25")},
		accounting.NewTax{Code: "export", Kind: accounting.TaxExport, Reason: "r", Boxes: boxes}, accounting.NewTax{Code: "outside_scope", Kind: accounting.TaxOutsideScope, Reason: "r", Boxes: boxes},
		accounting.NewTax{Code: "withholding", Kind: accounting.TaxWithholding, Rates: r, Boxes: boxes},
		accounting.NewTax{Code: "compound", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "reduced"}, {Code: "standard", OnEarlier: true}, {Code: "withholding"}}},
	)
	list, err := s.books.ListTaxes(s.ctx)
	require.NoError(t, err)
	require.Len(t, list, 12)
	for _, tax := range list {
		var b strings.Builder
		v := s.issue(document(s, "99.99", tax.Code, "0.01", tax.Code))[0]
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		b.WriteString("sold: " + s.booked(v.EntryID, d.Taxes))
		in := document(s, "0.13", tax.Code, "0.13", tax.Code, "0.13", tax.Code)
		in.TaxIncluded, in.TaxRounding = true, accounting.RoundPerDocument
		w := s.issue(in)[0]
		d, err = s.books.GetInvoice(s.ctx, w.ID)
		require.NoError(t, err)
		b.WriteString("sold, tax included and rounded per document: " + s.booked(w.EntryID, d.Taxes))
		bill := s.bill(s.withNet(10_001, tax.Code))[0]
		x, err := s.books.GetBill(s.ctx, bill.ID)
		require.NoError(t, err)
		b.WriteString("bought: " + s.booked(bill.EntryID, x.Taxes))
		path := filepath.Join("testdata", "tax_"+tax.Code+".golden")
		if flag.Lookup("update").Value.String() == "true" {
			require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err, "run with -update to write it")
		require.Equal(t, string(want), b.String(), tax.Code)
	}
	s.sound()
}
