package einvoice

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. All are of kind invalid: the input cannot be worked with, and nothing was changed. Besides
// these, acts return those of accounting/money (overflow).
var (
	// ErrBadXML: the bytes are not well-formed XML in UTF-8, or bring a document type declaration along.
	ErrBadXML = fault.Define(fault.Invalid, "einvoice.bad_xml", "this is not XML that can be read")
	// ErrTooLarge: the file, its depth, the number of its elements or of its lines is beyond the limits.
	ErrTooLarge = fault.Define(fault.Invalid, "einvoice.too_large", "the document is larger than what is read")
	// ErrNotUBL: the root element is neither Invoice nor CreditNote of UBL 2.
	ErrNotUBL = fault.Define(fault.Invalid, "einvoice.not_ubl", "this is neither an invoice nor a credit note in UBL")
	// ErrBadValue: the text of an element is not what its place asks for; the detail says where.
	ErrBadValue = fault.Define(fault.Invalid, "einvoice.bad_value", "a value of the document cannot be read")
	// ErrMixedCurrency: an amount is not in the document's currency.
	ErrMixedCurrency = fault.Define(fault.Invalid, "einvoice.mixed_currency", "an amount is not in the document's currency")
	// ErrNotCalculable: a line has neither a net amount nor what it could be computed from.
	ErrNotCalculable = fault.Define(fault.Invalid, "einvoice.not_calculable", "a figure that is needed is missing")
	// ErrInclusive: prices including tax are not taken apart where there are allowances, charges or prices per line besides.
	ErrInclusive = fault.Define(fault.Invalid, "einvoice.inclusive_not_supported", "tax cannot be taken out of these prices")
	// ErrInvalid: the document breaks rules of EN 16931; the cause is a [ValidationError].
	ErrInvalid = fault.Define(fault.Invalid, "einvoice.invalid", "the document would not validate")
	// ErrNotInUBL: the document has something that UBL 2.1 has no place for in this kind of document.
	ErrNotInUBL = fault.Define(fault.Invalid, "einvoice.not_in_ubl", "UBL has no place for this")
	// ErrNotUnderstood: the file has elements that change what is owed and that nothing here understands.
	ErrNotUnderstood = fault.Define(fault.Invalid, "einvoice.not_understood", "the document has amounts that are not understood")
	// ErrNotABill: the document is self-billed: its buyer issued it, so it is no bill of a vendor.
	ErrNotABill = fault.Define(fault.Invalid, "einvoice.not_a_bill", "this document is not a vendor's bill")
)
