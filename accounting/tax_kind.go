package accounting

// TaxKind is how a tax code treats a supply.
type TaxKind string

// The kinds. Behind each stands its category of the invoice standard (EN 16931-1:2017, UNTDID 5305).
const (
	TaxStandard       TaxKind = "standard"        // S: charged at the standard rate
	TaxReduced        TaxKind = "reduced"         // S: charged at a reduced rate
	TaxZero           TaxKind = "zero"            // Z: taxable at zero per cent
	TaxExempt         TaxKind = "exempt"          // E: exempt
	TaxReverseCharge  TaxKind = "reverse_charge"  // AE: the buyer owes the tax (Directive 2006/112/EC, Art. 194 to 199)
	TaxIntraCommunity TaxKind = "intra_community" // K: supplied to another member state (Art. 138), acquired from one (Art. 20)
	TaxExport         TaxKind = "export"          // G: leaves the community (Art. 146)
	TaxOutsideScope   TaxKind = "outside_scope"   // O: not subject to this tax
	TaxWithholding    TaxKind = "withholding"     // none: the payer keeps it back from the seller and owes it to the state
	TaxGroup          TaxKind = "group"           // several taxes under one code
)

// TaxDue is when the tax of a document is due.
type TaxDue string

// When tax is due.
const (
	// TaxDueAtTaxPoint: on the day of the supply (Directive 2006/112/EC, Art. 63); of what is paid before, on payment (Art. 65). Tax
	// of a document that is issued before the supply waits for that day.
	TaxDueAtTaxPoint TaxDue = "tax_point"
	// TaxDueOnIssue: when the document is issued, though the supply or the payment comes later (Art. 66(a); VATA 1994, s. 6(4)).
	TaxDueOnIssue TaxDue = "issue"
	// TaxDueOnPayment: as the document is paid, in proportion (cash accounting: Art. 66(b), Art. 167a).
	TaxDueOnPayment TaxDue = "payment"
)

// Trade says on which side of a trade the books stand.
type Trade string

// The trades.
const (
	Sale     Trade = "sale"
	Purchase Trade = "purchase"
)

// TaxSide says whether tax is owed to the state or claimed from it.
type TaxSide string

// The sides.
const (
	TaxOwed    TaxSide = "owed"
	TaxClaimed TaxSide = "claimed"
)

// Valid reports whether the kind is one of those above.
func (k TaxKind) Valid() bool {
	switch k {
	case TaxStandard, TaxReduced, TaxZero, TaxExempt, TaxReverseCharge, TaxIntraCommunity, TaxExport, TaxOutsideScope, TaxWithholding, TaxGroup:
		return true
	}
	return false
}

// Category is the code of EN 16931 (BT-118, BT-151); "" of a withholding and of a group, which have none.
func (k TaxKind) Category() string {
	switch k { //nolint:exhaustive // the others have none
	case TaxStandard, TaxReduced:
		return "S"
	case TaxZero:
		return "Z"
	case TaxExempt:
		return "E"
	case TaxReverseCharge:
		return "AE"
	case TaxIntraCommunity:
		return "K"
	case TaxExport:
		return "G"
	case TaxOutsideScope:
		return "O"
	}
	return ""
}

// reasonCode is the code of the VATEX list that goes with the kind of itself.
func (k TaxKind) reasonCode() string {
	switch k { //nolint:exhaustive // the others' reasons differ from case to case
	case TaxReverseCharge:
		return "VATEX-EU-AE"
	case TaxIntraCommunity:
		return "VATEX-EU-IC"
	case TaxExport:
		return "VATEX-EU-G"
	case TaxOutsideScope:
		return "VATEX-EU-O"
	}
	return ""
}

// charged reports whether the seller adds the tax to the price.
func (k TaxKind) charged() bool { return k == TaxStandard || k == TaxReduced }

// selfAssessed reports whether a buyer owes and claims the tax himself.
func (k TaxKind) selfAssessed() bool { return k == TaxReverseCharge || k == TaxIntraCommunity }

// rated reports whether the kind has rates above zero.
func (k TaxKind) rated() bool { return k.charged() || k.selfAssessed() || k == TaxWithholding }

// reasoned reports whether the kind charges no tax and must say why.
func (k TaxKind) reasoned() bool { return !k.charged() && k != TaxWithholding && k != TaxGroup }
