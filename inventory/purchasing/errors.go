package purchasing

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. What is refused has changed nothing. Besides these, acts return those of inventory (stock)
// and of accounting (documents, periods, parties).
var (
	// ErrBadInput: a field of the input is missing or malformed; the detail names it.
	ErrBadInput = fault.Define(fault.Invalid, "purchasing.bad_input", "a field of the input is missing or malformed")
	// ErrTooMany: a batch is larger than one act takes.
	ErrTooMany = fault.Define(fault.Invalid, "purchasing.too_many", "this is more than one act takes; split it")
	// ErrReferenceTaken: the reference was used before with other content.
	ErrReferenceTaken = fault.Define(fault.Conflict, "purchasing.reference_taken", "the reference was used before with other content")
	// ErrUnknownProduct: no product of this tenant has the id.
	ErrUnknownProduct = fault.Define(fault.NotFound, "purchasing.unknown_product", "there is no such product")
	// ErrNotVendor: the party does not exist or is no vendor.
	ErrNotVendor = fault.Define(fault.Invalid, "purchasing.not_vendor", "there is no such vendor")
	// ErrUnknownOrder: there is no such order, or the order has no such line.
	ErrUnknownOrder = fault.Define(fault.NotFound, "purchasing.unknown_order", "there is no such order, or line of it")
	// ErrUnknownReceipt: there is no such receipt, or the receipt has no such line.
	ErrUnknownReceipt = fault.Define(fault.NotFound, "purchasing.unknown_receipt", "there is no such receipt, or line of it")
	// ErrWrongVendor: a bill is for orders of another vendor.
	ErrWrongVendor = fault.Define(fault.Invalid, "purchasing.wrong_vendor", "the order was placed with another vendor")
	// ErrOverReceived: more would come, or be cancelled, than is still to come.
	ErrOverReceived = fault.Define(fault.Conflict, "purchasing.over_received", "this is more than is still to come")
	// ErrOverBilled: more would be billed than came and was neither billed nor sent back.
	ErrOverBilled = fault.Define(fault.Conflict, "purchasing.over_billed", "more would be billed than was received and not billed yet")
	// ErrOverReturned: more would go back than came.
	ErrOverReturned = fault.Define(fault.Conflict, "purchasing.over_returned", "more would go back than was received")
	// ErrOverCredited: more would be credited than was billed and sent back.
	ErrOverCredited = fault.Define(fault.Conflict, "purchasing.over_credited", "more would be credited than was billed and sent back")
)
