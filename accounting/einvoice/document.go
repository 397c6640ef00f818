package einvoice

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Specification is the identifier of plain EN 16931, the default of [Document.Specification].
const Specification = "urn:cen.eu:en16931:2017"

// Document is an invoice or credit note in the terms of EN 16931-1:2017. BT is the standard's business term, BG its group of
// terms. What is empty is not stated: a zero [money.Amount] has no currency and differs from nothing owed.
//
// Amounts are in the document's currency, with [Totals.TaxInTaxCurrency] the one exception; those of a credit note are
// positive where they are credited. All text is without white space at its ends.
type Document struct {
	Number        string         // BT-1, the legal number
	IssueDate     date.Date      // BT-2
	Type          TypeCode       // BT-3; it also decides between Invoice and CreditNote
	Currency      money.Currency // BT-5
	TaxCurrency   money.Currency // BT-6, the currency tax is declared in, where that is another
	TaxPointDate  date.Date      // BT-7; either this or BT-8
	TaxPointCode  string         // BT-8 of UNTDID 2005: 3 issue, 35 delivery, 432 payment
	DueDate       date.Date      // BT-9
	Notes         []Note         // BG-1
	ProcessType   string         // BT-23, such as "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
	Specification string         // BT-24; Calculate fills in [Specification]

	BuyerReference   string             // BT-10
	Project          string             // BT-11
	Contract         string             // BT-12
	PurchaseOrder    string             // BT-13, the buyer's order
	SalesOrder       string             // BT-14, the seller's order; UBL carries it only beside BT-13
	ReceivingAdvice  string             // BT-15
	DespatchAdvice   string             // BT-16
	Tender           string             // BT-17, tender or lot
	InvoicedObject   Identifier         // BT-18, such as a meter or a subscription
	AccountingCost   string             // BT-19, where the buyer books it
	Preceding        []Preceding        // BG-3
	Seller           Party              // BG-4
	Buyer            Party              // BG-7
	Payee            *Payee             // BG-10, where somebody else than the seller is to be paid
	Representative   *TaxRepresentative // BG-11
	Delivery         *Delivery          // BG-13
	Period           *Period            // BG-14
	PaymentMeans     []PaymentMeans     // BG-16, once for each account; see there
	PaymentTerms     string             // BT-20
	AllowanceCharges []AllowanceCharge  // BG-20 and BG-21
	Breakdown        []TaxBreakdown     // BG-23, one for each category and rate
	Totals           Totals             // BG-22
	Attachments      []Attachment       // BG-24
	Lines            []Line             // BG-25
}

// Note is BG-1: free text about the whole document.
type Note struct {
	Subject string // BT-21 of UNTDID 4451, such as "AAI"; optional
	Text    string // BT-22
}

// Identifier is an identifier and the scheme it is of: an ISO 6523 code such as "0088" (a GLN), or what the term says.
type Identifier struct {
	ID     string
	Scheme string
}

// IsZero reports whether there is no identifier.
func (i Identifier) IsZero() bool { return i == Identifier{} }

// Preceding is BG-3: a document that this one corrects or follows.
type Preceding struct {
	Number    string    // BT-25
	IssueDate date.Date // BT-26
}

// Period is BG-14 or, of a line, BG-26.
type Period struct {
	Start date.Date // BT-73, BT-134
	End   date.Date // BT-74, BT-135
}

// Delivery is BG-13: where and when it was delivered.
type Delivery struct {
	Name     string     // BT-70, of the deliver-to party
	Location Identifier // BT-71
	Date     date.Date  // BT-72
	Address  *Address   // BG-15: BT-75 to BT-80
}

// Attachment is BG-24: a supporting document.
type Attachment struct {
	ID          string // BT-122
	Description string // BT-123
	URL         string // BT-124
	Content     []byte // BT-125
	MIME        string // of BT-125; EN 16931 admits six, see BR-CL-24
	Filename    string // of BT-125
}

// Line is BG-25.
type Line struct {
	ID               string              // BT-126
	Note             string              // BT-127
	Object           Identifier          // BT-128
	Quantity         decimal.NullDecimal // BT-129
	Unit             string              // BT-130 of UN/ECE Recommendation 20 and 21: "C62" is one, "HUR" an hour
	Net              money.Amount        // BT-131: quantity x net price / base quantity, less allowances, plus charges
	OrderLine        string              // BT-132
	AccountingCost   string              // BT-133
	Period           *Period             // BG-26
	AllowanceCharges []AllowanceCharge   // BG-27 and BG-28; without a tax of their own
	Price            Price               // BG-29
	Tax              Tax                 // BG-30
	Item             Item                // BG-31
}

// Price is BG-29. Prices are without tax and may have any number of decimals; [TakeTaxOut] turns those with tax into such.
type Price struct {
	Net      decimal.NullDecimal // BT-146, after the discount; Calculate fills it in from BT-148 and BT-147
	Discount decimal.NullDecimal // BT-147
	Gross    decimal.NullDecimal // BT-148, before the discount
	Base     decimal.NullDecimal // BT-149: the price is for so many units; not stated is 1
	BaseUnit string              // BT-150; the same as BT-130
}

// Item is BG-31.
type Item struct {
	Name        string           // BT-153
	Description string           // BT-154
	SellerID    string           // BT-155
	BuyerID     string           // BT-156
	StandardID  Identifier       // BT-157
	Classes     []Classification // BT-158
	Origin      string           // BT-159, a country
	Attributes  []Attribute      // BG-32
}

// Classification is BT-158: a code of a list, such as a CPV or UNSPSC code.
type Classification struct {
	Code    string
	List    string // of UNTDID 7143
	Version string // of the list
}

// Attribute is BG-32: a property of an item.
type Attribute struct {
	Name  string // BT-160
	Value string // BT-161
}

// AllowanceCharge takes something off a document or line (BG-20, BG-27), or puts something on it (BG-21, BG-28).
type AllowanceCharge struct {
	Charge     bool
	Amount     money.Amount        // BT-92, BT-99; BT-136, BT-141; positive
	Base       money.Amount        // BT-93, BT-100; BT-137, BT-142
	Percent    decimal.NullDecimal // BT-94, BT-101; BT-138, BT-143
	Tax        Tax                 // BT-95 and BT-96, BT-102 and BT-103; of the document's own only
	Reason     string              // BT-97, BT-104; BT-139, BT-144
	ReasonCode string              // BT-98 of UNTDID 5189, BT-105 of UNTDID 7161; BT-140, BT-145
}

// Dec is a stated decimal, for prices and quantities. It panics on what is no number, as decimal.RequireFromString does: for
// constants and tests.
func Dec(s string) decimal.NullDecimal { return decimal.NewNullDecimal(decimal.RequireFromString(s)) }
