package einvoice

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Bill is a vendor's document as its receiver books it: who, when, how much, and lines that add up to it.
type Bill struct {
	Credit      bool      // a credit note: amounts are positive where they are credited
	InAdvance   bool      // a prepayment invoice (BT-3: 386)
	Number      string    // the vendor's number (BT-1)
	IssueDate   date.Date // BT-2
	TaxPoint    date.Date // BT-7, or what BT-8 says; else the issue date. Zero where it is the day of payment, or no day is stated
	Due         date.Date // BT-9; zero where only terms are stated
	Terms       string    // BT-20
	Currency    money.Currency
	Vendor      Party       // BG-4, the seller
	Payee       *Payee      // who is to be paid, where that is another
	Corrects    []Preceding // BG-3
	Order       string      // BT-13, the receiver's own order
	Contract    string      // BT-12
	Lines       []BillLine  // the document's lines, then its allowances and charges
	Taxes       []TaxBreakdown
	Net         money.Amount // BT-109, the sum of the lines
	Tax         money.Amount // BT-110, the sum of the taxes; what the lines' own taxes come to may differ by a rounding
	TaxDeclared money.Amount // BT-111, in the tax currency
	Gross       money.Amount // BT-112 = Net + Tax
	Prepaid     money.Amount // BT-113
	Rounding    money.Amount // BT-114
	Payable     money.Amount // BT-115 = Gross - Prepaid + Rounding
	// Findings are the rules that the document breaks all the same. None of them is about its sums.
	Findings Findings
	// NotUnderstood is what was not understood and does not change money.
	NotUnderstood []Unknown
}

// BillLine is one line of a bill.
type BillLine struct {
	Kind        BillLineKind
	ID          string // BT-126; "" of an allowance or charge
	Description string
	Quantity    decimal.NullDecimal // BT-129
	Unit        string
	UnitPrice   decimal.NullDecimal // BT-146 for one unit; not stated where a base quantity does not divide it exactly
	Net         money.Amount        // as stated, whatever quantity x price is; an allowance is negative
	Tax         Tax
	Account     string // BT-133, where the receiver asked the vendor to book it
	// Variance is Net less quantity x price: not set where they agree, or where there is no price.
	Variance money.Amount
}

// BillLineKind tells what a bill's line was in the document.
type BillLineKind string

// The kinds.
const (
	BilledLine      BillLineKind = "line"
	BilledAllowance BillLineKind = "allowance"
	BilledCharge    BillLineKind = "charge"
)

// sums are the rules that a document breaks when it does not add up. Such a one cannot be booked as it stands.
var sums = strings.Fields(`BT-5 BR-05 BR-12 BR-13 BR-14 BR-15 BR-16 BR-24 BR-31 BR-36 BR-45 BR-46
	BR-CO-10 BR-CO-11 BR-CO-12 BR-CO-13 BR-CO-14 BR-CO-15 BR-CO-16`)

// Bill is the document as its receiver books it. Nothing of it is recalculated; it is refused where it does not add up.
//
// Errors: einvoice.not_a_bill (the buyer issued it), einvoice.not_understood (elements that change what is owed),
// einvoice.invalid (amounts that are missing or do not add up; the cause is a [ValidationError]), money.overflow.
func (r Received) Bill() (Bill, error) {
	const op = "einvoice.Bill"
	doc := r.Document
	if doc.Type.SelfBilled() {
		return Bill{}, ErrNotABill.New(op, "documents of type %s are issued by the buyer", doc.Type)
	}
	var paths []string
	for _, u := range r.NotUnderstood {
		if u.Money {
			paths = append(paths, u.Path)
		}
	}
	if len(paths) > 0 {
		return Bill{}, ErrNotUnderstood.New(op, "not understood: %s", shortenedTo(strings.Join(paths, ", "), 500))
	}
	findings := Validate(doc)
	var wrong Findings
	for _, f := range findings {
		if slices.Contains(sums, f.Rule) {
			wrong = append(wrong, f)
		}
	}
	if err := wrong.refused(op); err != nil {
		return Bill{}, err
	}
	t, cur := doc.Totals, doc.Currency
	bill := Bill{
		Credit: doc.Type.IsCredit(), InAdvance: doc.Type == PrepaymentInvoice, Number: doc.Number, IssueDate: doc.IssueDate, TaxPoint: doc.taxPoint(), Due: doc.DueDate,
		Terms: doc.PaymentTerms, Currency: cur, Vendor: doc.Seller, Payee: doc.Payee, Corrects: doc.Preceding,
		Order: doc.PurchaseOrder, Contract: doc.Contract, Taxes: doc.Breakdown,
		Net: t.WithoutTax, Tax: or(t.Tax, cur), TaxDeclared: t.TaxInTaxCurrency, Gross: t.WithTax,
		Prepaid: or(t.Prepaid, cur), Rounding: or(t.Rounding, cur), Payable: t.Payable,
		Findings: findings, NotUnderstood: r.NotUnderstood,
	}
	var err error
	bill.Lines, err = billLines(doc)
	return bill, err
}

// taxPoint is the day on which the tax became due, as far as the document knows it. The codes are those of UNTDID 2005 as the
// syntax binding restricts them (BR-CL-06).
func (d *Document) taxPoint() date.Date {
	switch {
	case !d.TaxPointDate.IsZero():
		return d.TaxPointDate
	case d.TaxPointCode == "" || d.TaxPointCode == "3": // the issue date
		return d.IssueDate
	case d.TaxPointCode == "35" && d.Delivery != nil: // the actual delivery date
		return d.Delivery.Date
	}
	return date.Date{} // 432, the day of payment, is not known yet
}

func billLines(doc Document) ([]BillLine, error) {
	variance := map[int]money.Amount{}
	for _, v := range Variances(doc) {
		variance[v.Line] = v.Difference
	}
	var lines []BillLine
	for n, l := range doc.Lines {
		lines = append(lines, BillLine{
			Kind: BilledLine, ID: l.ID, Description: l.Item.Name, Quantity: l.Quantity, Unit: l.Unit, UnitPrice: l.Price.each(),
			Net: l.Net, Tax: l.Tax, Account: l.AccountingCost, Variance: variance[n],
		})
	}
	for _, a := range doc.AllowanceCharges {
		net, err := adjusted(money.Zero(doc.Currency), []AllowanceCharge{a})
		if err != nil {
			return nil, err
		}
		line := BillLine{Kind: BilledAllowance, Description: a.Reason, Net: net, Tax: a.Tax}
		if a.Charge {
			line.Kind = BilledCharge
		}
		if line.Description == "" {
			line.Description = a.ReasonCode
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// each is the net price of one unit, where that is an exact decimal.
func (p Price) each() decimal.NullDecimal {
	if !p.Net.Valid || !p.Base.Valid {
		return p.Net
	}
	if p.Base.Decimal.IsZero() || !bounded(p.Net.Decimal) || !bounded(p.Base.Decimal) {
		return decimal.NullDecimal{}
	}
	price, rest := p.Net.Decimal.QuoRem(p.Base.Decimal, pricePlaces)
	if !rest.IsZero() {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(canonical(price))
}
