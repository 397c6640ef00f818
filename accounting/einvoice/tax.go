package einvoice

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// Category is a tax category of UNTDID 5305, as far as EN 16931 admits it.
type Category string

// The categories. B (split payment, an Italian domestic rule) is not done and refused by BR-CL-17 and BR-CL-18.
const (
	StandardRated  Category = "S"  // rated, at whatever rate
	ZeroRated      Category = "Z"  // rated at zero
	Exempt         Category = "E"  // exempt, with a reason
	ReverseCharge  Category = "AE" // the buyer owes the tax
	IntraCommunity Category = "K"  // supply of goods to another member state
	Export         Category = "G"  // export outside the EU
	NotSubject     Category = "O"  // outside the scope of the tax; it has no rate
	CanaryIslands  Category = "L"  // IGIC
	CeutaMelilla   Category = "M"  // IPSI
)

// Tax is a category and its rate: BT-151 and BT-152 of a line, BT-95 and BT-96 or BT-102 and BT-103 of an allowance or
// charge, BT-118 and BT-119 of the breakdown.
type Tax struct {
	Category Category
	Rate     decimal.NullDecimal // in percent: 20 is 20 %. Not stated for [NotSubject], zero where nothing is owed
}

// Rated is the standard category at a rate in percent.
func Rated(percent decimal.Decimal) Tax {
	return Tax{Category: StandardRated, Rate: decimal.NewNullDecimal(percent)}
}

// Untaxed is a category under which the seller owes nothing: rate zero, or no rate for [NotSubject].
func Untaxed(c Category) Tax {
	if c == NotSubject {
		return Tax{Category: c}
	}
	return Tax{Category: c, Rate: decimal.NewNullDecimal(decimal.Zero)}
}

// String names the breakdown that a tax belongs into: 20 and 20.00 are one rate, none and 0 are not. A rate that cannot be
// calculated with has a breakdown of its own, for whoever refuses it.
func (t Tax) String() string {
	switch {
	case !t.Rate.Valid:
		return string(t.Category)
	case !bounded(t.Rate.Decimal):
		return string(t.Category) + " ?"
	}
	return string(t.Category) + " " + canonical(t.Rate.Decimal).String()
}

// TaxBreakdown is BG-23: what is taxed under one category and rate. For [Calculate] it is also where the reasons of an
// exemption are put in.
type TaxBreakdown struct {
	Tax        Tax          // BT-118, BT-119
	Taxable    money.Amount // BT-116
	Amount     money.Amount // BT-117
	Reason     string       // BT-120, why no tax is owed
	ReasonCode string       // BT-121 of the VATEX list, such as "VATEX-EU-AE"
}

// reasonCodes are the VATEX codes that mean no more than their category does (CEF VATEX code list).
var reasonCodes = map[Category]string{
	ReverseCharge: "VATEX-EU-AE", IntraCommunity: "VATEX-EU-IC", Export: "VATEX-EU-G", NotSubject: "VATEX-EU-O",
}

// Totals is BG-22.
type Totals struct {
	LineNet          money.Amount // BT-106, the sum of BT-131
	Allowances       money.Amount // BT-107; stated where there are any
	Charges          money.Amount // BT-108; stated where there are any
	WithoutTax       money.Amount // BT-109
	Tax              money.Amount // BT-110
	TaxInTaxCurrency money.Amount // BT-111, in BT-6; never computed here, for the document has no rate of exchange
	WithTax          money.Amount // BT-112
	Prepaid          money.Amount // BT-113
	Rounding         money.Amount // BT-114
	Payable          money.Amount // BT-115
}
