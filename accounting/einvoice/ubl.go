package einvoice

import "strings"

// The limits of a file that is read. None is near what a document needs; they bound what a stranger's file can cost.
const (
	MaxBytes      = 20 << 20 // of the whole file, attachments included
	MaxLines      = 10_000   // lines, as many as a bill takes
	MaxBreakdowns = 1_000    // tax breakdowns
	maxDepth      = 32       // of elements in elements; UBL needs 8
	maxElements   = 500_000
	maxNumber     = 60 // characters of a number
)

// The namespaces of UBL 2.1 (OASIS, 4 November 2013; ISO/IEC 19845:2015).
const (
	nsInvoice    = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	nsCreditNote = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2" //nolint:gosec // a namespace, no credential
	nsAggregate  = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	nsBasic      = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
)

// The document type codes of UNTDID 1001 that tell apart what UBL keeps in one element.
const (
	typeObject  = "130" // an invoiced object (BT-18, BT-128)
	typeProject = "50"  // a project (BT-11), where a credit note has no element for it
)

// The tax schemes of party and category: the tax that EN 16931 is about, and any other.
const (
	schemeVAT   = "VAT"
	schemeLocal = "LOC"
)

// Unknown is an element of a file that nothing here understands, or that stands where none is expected.
type Unknown struct {
	Path string // such as "Invoice/cac:InvoiceLine[3]/cac:Delivery"
	Text string // what it says, where it has no elements of its own; at most 200 characters
	// Money says that it changes what is owed, or may: it has an amount, a percentage, a tax or an allowance in it, or it
	// says that the document is only a copy.
	Money bool
}

// moneyElements change what is owed even where no amount stands in them.
var moneyElements = strings.Fields(`AllowanceCharge TaxTotal WithholdingTaxTotal TaxSubtotal TaxCategory ClassifiedTaxCategory
	LegalMonetaryTotal InvoiceLine CreditNoteLine SubInvoiceLine SubCreditNoteLine Price PrepaidPayment CopyIndicator
	InvoicedQuantity CreditedQuantity BaseQuantity`)
