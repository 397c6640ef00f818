package einvoice_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Each example becomes a bill whose lines add up, with the variance where quantity x price is another figure.
func TestExamplesBecomeBills(t *testing.T) {
	for name, c := range map[string]struct {
		vendor, number, net, tax, payable string
		lines                             int
		variances                         map[string]string
	}{
		"example1":    {"De Koksmaat", "12115118", "229.60", "20.73", "250.33", 20, map[string]string{"20": "-219.96"}},
		"example2":    {"Salescompany ltd.", "TOSL108", "1436.50", "365.28", "801.78", 7, map[string]string{"1": "-1273.00"}},
		"example3":    {"SubscriptionSeller", "TOSL108", "1700.00", "305.00", "2005.00", 3, map[string]string{"1": "-800.00", "2": "-800.00"}},
		"example5":    {"SellerCompany", "TOSL110", "4000.00", "675.00", "2337.50", 5, nil},
		"example7":    {"The Sellercompany Incorporated", "INVOICE_test_7", "3200.00", "0.00", "3200.00", 2, nil},
		"creditnote1": {"My Supplier Company", "018304 / 28865", "100.11", "0.00", "100.11", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readUBL(example(t, name))
			require.NoError(t, err)
			bill, err := got.Bill()
			require.NoError(t, err)
			require.Empty(t, bill.Findings)
			require.Equal(t, c.number, bill.Number)
			require.Equal(t, name == "creditnote1", bill.Credit)
			require.Equal(t, []string{c.net, c.tax, c.payable}, []string{bill.Net.String(), bill.Tax.String(), bill.Payable.String()})
			require.Len(t, bill.Lines, c.lines)
			addsUp(t, bill)
			var variances map[string]string
			for _, l := range bill.Lines {
				if !l.Variance.IsZero() {
					if variances == nil {
						variances = map[string]string{}
					}
					variances[l.ID] = l.Variance.String()
				}
			}
			require.Equal(t, c.variances, variances)
			require.Equal(t, c.vendor, bill.Vendor.Name)
		})
	}
}

// addsUp holds a bill to its own sums.
func addsUp(t require.TestingT, b einvoice.Bill) {
	sum := func(amounts ...money.Amount) money.Amount {
		total, err := money.SumIn(b.Currency, amounts...)
		require.NoError(t, err)
		return total
	}
	net := sum()
	for _, l := range b.Lines {
		net = sum(net, l.Net)
	}
	tax := sum()
	for _, g := range b.Taxes {
		tax = sum(tax, g.Amount)
	}
	require.Equal(t, b.Net, net)
	require.Equal(t, b.Tax, tax)
	require.Equal(t, b.Gross, sum(net, tax))
	require.Equal(t, sum(b.Gross, b.Rounding), sum(b.Payable, b.Prepaid))
}

func TestBillsHaveWhatABookerNeeds(t *testing.T) {
	doc := calculated(t, everything())
	doc.Lines[0].Net.Minor += 5 // the vendor's own figure
	doc.Totals = einvoice.Totals{Prepaid: doc.Totals.Prepaid, Rounding: doc.Totals.Rounding, TaxInTaxCurrency: doc.Totals.TaxInTaxCurrency}
	doc.Breakdown = nil
	doc = calculated(t, doc)
	bill, err := einvoice.Received{Document: doc}.Bill()
	require.NoError(t, err)
	require.Equal(t, "PO-9", bill.Order)
	require.Equal(t, "C-9", bill.Contract)
	require.Equal(t, "Factor AB", bill.Payee.Name)
	require.Equal(t, date.Must("2026-03-30"), bill.TaxPoint, "the delivery, as the code says")
	require.Equal(t, "296.40 SEK", bill.TaxDeclared.Format())
	require.Equal(t, []einvoice.Preceding{{Number: "INV-1"}, {Number: "INV-2", IssueDate: date.Must("2026-01-31")}}, bill.Corrects)
	first, freight := bill.Lines[0], bill.Lines[4]
	require.Equal(t, "0.05", first.Variance.String())
	require.Equal(t, "5001", first.Account)
	require.Equal(t, einvoice.BilledCharge, freight.Kind)
	require.Equal(t, "12.00", freight.Net.String())
	require.Equal(t, money.Amount{}, freight.Variance)
	addsUp(t, bill)
}

// A price for many is a price for one where that is exact.
func TestUnitPrices(t *testing.T) {
	doc := calculated(t, baseQuantity())
	bill, err := einvoice.Received{Document: doc}.Bill()
	require.NoError(t, err)
	require.True(t, dec("0.011995").Equal(bill.Lines[0].UnitPrice.Decimal))
	require.Equal(t, decimal.NullDecimal{}, bill.Lines[1].UnitPrice, "7 for 3 is no decimal")
}

func TestWhatIsNoBill(t *testing.T) {
	selfBilled := calculated(t, base())
	selfBilled.Type = einvoice.SelfBilledInvoice
	_, err := einvoice.Received{Document: selfBilled}.Bill()
	require.ErrorIs(t, err, einvoice.ErrNotABill)
	_, err = einvoice.WriteUBL(selfBilled)
	require.NoError(t, err, "it is written all the same")

	for _, b := range breaches {
		if b.of != "" {
			continue
		}
		doc := calculated(t, everything())
		b.wreck(&doc)
		bill, err := einvoice.Received{Document: doc}.Bill()
		if err != nil { // what does not add up is refused, by the rule
			require.ErrorIs(t, err, einvoice.ErrInvalid)
			var broken *einvoice.ValidationError
			require.ErrorAs(t, err, &broken)
			require.NotEmpty(t, broken.Findings)
			continue
		}
		addsUp(t, bill) // what does add up is a bill, with what is wrong beside it
		require.Contains(t, bill.Findings.Rules(), b.rule)
	}
}

func TestTaxPointOfABill(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*einvoice.Document)
		want string
	}{
		"none stated: the issue date":  {func(*einvoice.Document) {}, "2026-03-31"},
		"a date":                       {func(d *einvoice.Document) { d.TaxPointDate = date.Must("2026-02-01") }, "2026-02-01"},
		"code 3, the issue date":       {func(d *einvoice.Document) { d.TaxPointCode = "3" }, "2026-03-31"},
		"code 35, the delivery":        {func(d *einvoice.Document) { d.TaxPointCode, d.Delivery = "35", intraCommunity().Delivery }, "2026-03-30"},
		"code 35 without one":          {func(d *einvoice.Document) { d.TaxPointCode = "35" }, ""},
		"code 432, the day of payment": {func(d *einvoice.Document) { d.TaxPointCode = "432" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc := base()
			c.set(&doc)
			bill, err := einvoice.Received{Document: calculated(t, doc)}.Bill()
			require.NoError(t, err)
			require.Equal(t, c.want, bill.TaxPoint.String())
		})
	}
}
