package accounting_test

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// germanRate is the standard rate of Germany, whose bad debts give relief as soon as they cannot be collected.
var germanRate = accounting.NewTax{Code: "DE19", Name: "Umsatzsteuer 19 %",
	Rates:  []accounting.NewTaxRate{{From: date.Of(2007, 1, 1), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"}},
	Boxes:  accounting.TaxBoxes{SaleBase: "Kz81", SaleTax: "Kz81-tax", PurchaseTax: "Kz66"},
	Relief: accounting.NewTaxRelief{Source: "UStG § 17 Abs. 2 Nr. 1"}}

func line(text, price, code string) []accounting.NewInvoiceLine {
	return []accounting.NewInvoiceLine{{Description: text, Quantity: must(money.Units(1)), UnitPrice: decimal.RequireFromString(price), TaxCode: code}}
}

func moneyIn(party accounting.Party, on date.Date, amount string, of ...accounting.Invoice) accounting.NewPayment {
	p := accounting.NewPayment{PartyID: party.ID, Direction: accounting.MoneyIn, Date: on, Amount: pounds(amount)}
	for _, v := range of {
		p.Allocate = append(p.Allocate, accounting.PaymentAllocation{InvoiceID: v.ID, Amount: p.Amount})
	}
	return p
}

// A kitchen is paid a third in advance: that is taxed when it is paid, and the final invoice sets it off.
func ExampleService_Issue_prepayment() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, germanRate))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	ahead := must(books.Issue(ctx, []accounting.NewInvoice{{Kind: accounting.PrepaymentDocument, PartyID: ann.ID, Date: date.Of(2010, 3, 1),
		Lines: line("Kitchen, payment on account", "1000", "DE19")}}))[0]
	final := accounting.NewInvoice{PartyID: ann.ID, Date: date.Of(2010, 4, 30), Lines: line("Kitchen, delivered", "3000", "DE19"),
		Prepaid: []accounting.NewDeduction{{PrepaymentID: ahead.ID}}}
	_, err := books.Issue(ctx, []accounting.NewInvoice{final})
	fmt.Println(fault.CodeOf(err)) // nobody has paid it yet
	must(books.Pay(ctx, []accounting.NewPayment{moneyIn(ann, date.Of(2010, 3, 10), "1190.00", ahead)}))
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{final}))[0]
	fmt.Println("total", invoice.Gross, "prepaid", invoice.Prepaid, "to pay", invoice.Payable)

	months := []accounting.Span{{From: date.Of(2010, 3, 1), To: date.Of(2010, 3, 31)}, {From: date.Of(2010, 4, 1), To: date.Of(2010, 4, 30)}}
	for _, box := range must(books.CompareTaxReports(ctx, months)).Boxes {
		fmt.Println(box.Box, box.Amounts)
	}
	// Output:
	// accounting.over_deducted
	// total 3570.00 prepaid 1190.00 to pay 2380.00
	// Kz81 [1000.00 2000.00]
	// Kz81-tax [190.00 380.00]
}

// A third is paid in dollars beforehand: that part of the supply has the rate of the day on which it was paid, in the tax and in the revenue, and the
// rest that of the delivery. Nothing is gained or lost by it.
func ExampleService_Issue_prepaymentInDollars() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, germanRate))
	for on, rate := range map[date.Date]string{date.Of(2010, 3, 1): "0.60", date.Of(2010, 3, 10): "0.70", date.Of(2010, 4, 30): "0.80"} {
		must(books.SetRates(ctx, []accounting.NewExchangeRate{{From: "USD", To: "GBP", On: on, Rate: decimal.RequireFromString(rate), Source: "ECB"}}))
	}
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	ahead := must(books.Issue(ctx, []accounting.NewInvoice{{Kind: accounting.PrepaymentDocument, PartyID: ann.ID, Date: date.Of(2010, 3, 1), Currency: "USD",
		Lines: line("Kitchen, payment on account", "1000", "DE19")}}))[0]
	must(books.Pay(ctx, []accounting.NewPayment{{PartyID: ann.ID, Direction: accounting.MoneyIn, Date: date.Of(2010, 3, 10), Amount: ahead.Payable,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: ahead.ID, Amount: ahead.Payable}}}}))
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 4, 30), Currency: "USD", Lines: line("Kitchen, delivered", "3000", "DE19"),
		Prepaid: []accounting.NewDeduction{{PrepaymentID: ahead.ID}}}}))[0]
	worth := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	fmt.Println("prepaid", invoice.Prepaid, "worth", worth(invoice.PrepaidBaseMinor), "to pay", invoice.Payable, "worth", worth(invoice.PayableBaseMinor))
	fmt.Println("net", worth(invoice.NetBaseMinor), "tax", worth(invoice.TaxBaseMinor))

	months := []accounting.Span{{From: date.Of(2010, 3, 1), To: date.Of(2010, 3, 31)}, {From: date.Of(2010, 4, 1), To: date.Of(2010, 4, 30)}}
	for _, box := range must(books.CompareTaxReports(ctx, months)).Boxes {
		fmt.Println(box.Box, box.Amounts)
	}
	fmt.Println("gained", must(books.Balance(ctx, accounting.ByRole(accounting.RoleExchangeGain), date.Of(2010, 4, 30))))
	// Output:
	// prepaid 1190.00 worth 833.00 to pay 2380.00 worth 1904.00
	// net 2300.00 tax 437.00
	// Kz81 [700.00 1600.00]
	// Kz81-tax [133.00 304.00]
	// gained 0.00
}

// A customer pays before there is any document. What it is for is the tenant's to say; then the tax is due on receipt.
func ExampleService_DeclareAdvances() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, germanRate))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	paid := must(books.Pay(ctx, []accounting.NewPayment{moneyIn(ann, date.Of(2010, 3, 10), "119.00")}))[0]
	must(books.DeclareAdvances(ctx, []accounting.NewAdvance{{PaymentID: paid.ID, Parts: []accounting.AdvancePart{{TaxCode: "DE19", Amount: pounds("119.00")}}}}))
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 4, 1), Lines: line("Lamp", "300", "DE19")}}))[0]
	must(books.Allocate(ctx, []accounting.NewAllocation{{DebitID: invoice.ID, CreditID: paid.ID, Date: date.Of(2010, 4, 1), Amount: paid.Amount}}))
	for month := time.March; month <= time.April; month++ {
		from := date.Of(2010, month, 1)
		report := must(books.TaxReport(ctx, from, from.AddMonths(1).AddDays(-1)))
		for _, o := range report.Origins {
			fmt.Println(month, o.Source, o.Base, o.Tax)
		}
	}
	// Output:
	// March erp.advances 100.00 19.00
	// April erp.advances -100.00 -19.00
	// April erp.invoices 300.00 57.00
}

// Invoiced in December, delivered in January: the tax is January's, but for what is paid before.
func ExampleTaxDue_supply() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.AddFiscalYear(ctx, date.Of(2011, 1, 1)))
	must(books.CreateTax(ctx, germanRate))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 12, 15), TaxPoint: date.Of(2011, 1, 10), Lines: line("Lamp", "100", "DE19")}}))[0]
	must(books.Pay(ctx, []accounting.NewPayment{moneyIn(ann, date.Of(2010, 12, 20), "29.75", invoice)}))
	months := []accounting.Span{{From: date.Of(2010, 12, 1), To: date.Of(2010, 12, 31)}, {From: date.Of(2011, 1, 1), To: date.Of(2011, 1, 31)}}
	c := must(books.CompareTaxReports(ctx, months))
	fmt.Println("declared", c.Net)
	for _, r := range c.Reports {
		for _, f := range r.NotDue {
			fmt.Println("waits at the end of", r.To, f.Tax)
		}
	}
	// Output:
	// declared [4.75 14.25]
	// waits at the end of 2010-12-31 14.25
}

// A vendor rounds otherwise: what his invoice states is what is deducted, within the books' tolerance.
func ExampleStatedTax() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.CreateTax(ctx, germanRate))
	ben := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ben & Sons", Vendor: true}}))[0]
	in := accounting.NewBill{PartyID: ben.ID, Date: date.Of(2010, 3, 1), Taxes: []accounting.StatedTax{{TaxCode: "DE19", Tax: pounds("19.01")}},
		Lines: []accounting.NewBillLine{{Description: "Paper", Account: accounting.ByRole(accounting.RoleFees), Net: pounds("100.00"), TaxCode: "DE19"}}}
	_, err := books.Bill(ctx, []accounting.NewBill{in})
	fmt.Println(err)
	must(books.UpdateBooks(ctx, accounting.BooksChange{RateMaxAgeDays: accounting.DefaultRateMaxAgeDays, TaxTolerance: pounds("0.05")}))
	bill := must(books.Bill(ctx, []accounting.NewBill{in}))[0]
	fmt.Println(bill.Gross, bill.Tax, bill.TaxVarianceMinor)
	// Output:
	// accounting.Bill: document 1: Taxes: the vendor states 19.01 of DE19 and we compute 19.00, and the tolerance is 0.00 (TaxTolerance, which UpdateBooks sets) (accounting.tax_variance)
	// 119.01 19.01 1
}

// A customer is insolvent: the tax is had back. A year later the administrator pays a part, and tax on that is due again.
func ExampleService_RelieveBadDebts() {
	ctx, books, done := exampleBooks()
	defer done()
	must(books.AddFiscalYear(ctx, date.Of(2011, 1, 1)))
	must(books.CreateTax(ctx, germanRate))
	ann := must(books.CreateParties(ctx, []accounting.NewParty{{Name: "Ann Example", Customer: true}}))[0]
	invoice := must(books.Issue(ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: date.Of(2010, 3, 1), Lines: line("Lamps", "100", "DE19")}}))[0]
	lost := must(books.RelieveBadDebts(ctx, []accounting.NewBadDebt{{InvoiceID: invoice.ID, Date: date.Of(2010, 9, 1), Reason: "insolvency opened on 30 August"}}))[0]
	fmt.Println("lost", lost.Amount, "of which tax", lost.Tax)
	paid := must(books.Pay(ctx, []accounting.NewPayment{moneyIn(ann, date.Of(2011, 9, 1), "11.90")}))[0]
	must(books.RecoverBadDebts(ctx, []accounting.NewRecovery{{BadDebtID: lost.ID, PaymentID: paid.ID}}))
	years := []accounting.Span{{From: date.Of(2010, 1, 1), To: date.Of(2010, 12, 31)}, {From: date.Of(2011, 1, 1), To: date.Of(2011, 12, 31)}}
	fmt.Println("tax", must(books.CompareTaxReports(ctx, years)).Net)
	fmt.Println("loss", must(books.Balance(ctx, accounting.ByRole(accounting.RoleBadDebt), date.Of(2011, 12, 31))))
	// Output:
	// lost 119.00 of which tax 19.00
	// tax [0.00 1.90]
	// loss 90.00
}
