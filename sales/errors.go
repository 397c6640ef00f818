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

	// ErrUnknownQuotation: no quotation of this tenant has the reference.
	ErrUnknownQuotation = fault.Define(fault.NotFound, "sales.unknown_quotation", "there is no such quotation")
	// ErrUnknownOrder: no order of this tenant has the reference, or the order has no such line.
	ErrUnknownOrder = fault.Define(fault.NotFound, "sales.unknown_order", "there is no such order, or it has no such line")
	// ErrUnknownFulfilment: no delivery, or no invoice, of an order has the reference.
	ErrUnknownFulfilment = fault.Define(fault.NotFound, "sales.unknown_fulfilment", "there is no such delivery or invoice of an order to take back")
	// ErrWrongState: the state of the quotation or order does not allow the act; see transitions.go.
	ErrWrongState = fault.Define(fault.Conflict, "sales.wrong_state", "the state of the quotation or order does not allow this")
	// ErrQuotationExpired: the quotation is accepted after its last day.
	ErrQuotationExpired = fault.Define(fault.Conflict, "sales.quotation_expired", "the quotation is no longer valid")
	// ErrNotDeliverable: a line that is not about goods is to be delivered.
	ErrNotDeliverable = fault.Define(fault.Invalid, "sales.not_deliverable", "only goods are delivered; other lines are only charged")
	// ErrNothingLeft: an act on all that is left of an order finds nothing left.
	ErrNothingLeft = fault.Define(fault.Conflict, "sales.nothing_left", "nothing is left of the order for this act")
	// ErrOverDelivered: more would be delivered than was ordered and not cancelled.
	ErrOverDelivered = fault.Define(fault.Conflict, "sales.over_delivered", "more would be delivered than was ordered")
	// ErrOverInvoiced: more would be charged than was ordered and neither cancelled nor returned.
	ErrOverInvoiced = fault.Define(fault.Conflict, "sales.over_invoiced", "more would be charged than was ordered")
	// ErrOverCancelled: more would be cancelled than is neither delivered nor charged.
	ErrOverCancelled = fault.Define(fault.Conflict, "sales.over_cancelled", "more would be cancelled than is neither delivered nor charged")
	// ErrOverReturned: more would come back than was delivered, less what came back already.
	ErrOverReturned = fault.Define(fault.Conflict, "sales.over_returned", "more would come back than was delivered")
)
