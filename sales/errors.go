package sales

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. What is refused has changed nothing. Besides these, acts return those of inventory (stock)
// and of accounting (documents, periods, parties).
var (
	// ErrBadInput: a field of the input is missing or malformed; the detail names it.
	ErrBadInput = fault.Define(fault.Invalid, "sales.bad_input", "a field of the input is missing or malformed")
	// ErrTooMany: a batch is larger than one act takes.
	ErrTooMany = fault.Define(fault.Invalid, "sales.too_many", "this is more than one act takes; split it")
	// ErrUnknownProduct: no product of this tenant has the id.
	ErrUnknownProduct = fault.Define(fault.NotFound, "sales.unknown_product", "there is no such product")
	// ErrUnknownSale: a credit names a sale, or a line of one, that does not exist.
	ErrUnknownSale = fault.Define(fault.NotFound, "sales.unknown_sale", "there is no such sale to credit")
	// ErrNotCreditable: a credit does not fit the sale it names: another customer, another product, or no sale at all.
	ErrNotCreditable = fault.Define(fault.Invalid, "sales.not_creditable", "the credit does not fit the sale it names")
	// ErrOverCredited: more would be credited than was sold, less what has been credited already.
	ErrOverCredited = fault.Define(fault.Conflict, "sales.over_credited", "more would be credited than was sold")
	// ErrReferenceTaken: the reference was used before with other content.
	ErrReferenceTaken = fault.Define(fault.Conflict, "sales.reference_taken", "the reference was used before with other content")
)
