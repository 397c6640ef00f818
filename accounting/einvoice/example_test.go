package einvoice_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/tenancy/date"
)

// An invoice: what was agreed goes in, Calculate does the sums.
func ExampleWriteUBL() {
	doc := einvoice.Document{
		Number: "2026-0042", IssueDate: date.Of(2026, 3, 31), DueDate: date.Of(2026, 4, 30),
		Type: einvoice.CommercialInvoice, Currency: "EUR",
		Seller: einvoice.Party{Name: "Lindgren Tools AB", TaxID: "SE556000000001", Address: &einvoice.Address{City: "Malmö", Country: "SE"}},
		Buyer:  einvoice.Party{Name: "Möbel & Holz GmbH", TaxID: "DE123456789", Address: &einvoice.Address{City: "Köln", Country: "DE"}},
		Lines: []einvoice.Line{{
			ID: "1", Quantity: einvoice.Dec("12.5"), Unit: "HUR", Item: einvoice.Item{Name: "Sharpening"},
			Price: einvoice.Price{Net: einvoice.Dec("61.99")}, Tax: einvoice.Rated(decimal.NewFromInt(25)),
		}},
	}
	if err := einvoice.Calculate(&doc); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.Lines[0].Net, doc.Totals.Tax, doc.Totals.Payable)

	file, err := einvoice.WriteUBL(doc)
	fmt.Println(strings.Contains(string(file), `<cbc:PayableAmount currencyID="EUR">968.60</cbc:PayableAmount>`), err)
	// Output:
	// 774.88 193.72 968.60
	// true <nil>
}

// What would not validate is not written, and the refusal says which rules it breaks.
func ExampleValidationError() {
	doc := base()
	if err := einvoice.Calculate(&doc); err != nil {
		fmt.Println(err)
		return
	}
	doc.Totals.Payable = eur("100.00")
	doc.Lines[1].Tax = einvoice.Untaxed(einvoice.ReverseCharge)

	_, err := einvoice.WriteUBL(doc)
	fmt.Println(errors.Is(err, einvoice.ErrInvalid))
	var broken *einvoice.ValidationError
	if errors.As(err, &broken) {
		for _, f := range broken.Findings {
			fmt.Println(f)
		}
	}
	// Output:
	// true
	// BR-CO-16: the amount due (BT-115) is 100.00 and must be 145.51
	// BR-S-08: tax breakdown S 6: the taxable amount (BT-116) is 20.00 and must be 0.00
	// BR-AE-01: something is reverse charge (AE), and there is no breakdown of it
}

// A vendor's bill: what it says, what is odd about it, and what is to be booked.
func ExampleReadUBL() {
	file, err := os.ReadFile("testdata/allowances_and_charges.xml")
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := einvoice.ReadUBL(bytes.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(einvoice.Validate(got.Document)), "findings,", len(got.NotUnderstood), "elements not understood")

	bill, err := got.Bill()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bill.Vendor.Name, bill.Number, bill.IssueDate, bill.Due)
	for _, l := range bill.Lines {
		fmt.Printf("%-9s %-10s %6s %s %s\n", l.Kind, l.Description, l.Net, l.Tax.Category, l.Tax.Rate.Decimal)
	}
	fmt.Println(bill.Net, bill.Tax, bill.Payable.Format())
	// Output:
	// 0 findings, 0 elements not understood
	// Lindgren Tools AB INV-2026-0001 2026-03-31 2026-04-30
	// line      Plane iron  91.00 S 25
	// line      Handbook    20.00 S 6
	// allowance Campaign    -5.00 S 25
	// allowance 100         -0.50 S 6
	// charge    Freight     12.00 S 25
	// 117.50 25.67 143.17 EUR
}

// Prices of a shop include the tax, those of an electronic invoice do not.
func ExampleTakeTaxOut() {
	doc := base()
	doc.Lines = []einvoice.Line{line("1", "Pencil", "1", "0.03", einvoice.Rated(decimal.NewFromInt(20)))}
	doc, err := einvoice.TakeTaxOut(doc)
	t := doc.Totals
	fmt.Println(t.WithoutTax, "+", t.Tax, "rounded by", t.Rounding, "is", t.Payable, err)
	// Output: 0.03 + 0.01 rounded by -0.01 is 0.03 <nil>
}
