package pos

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. What is refused has changed nothing, and no receipt's number is used up. Besides these, acts
// return those of inventory (products, stock) and of accounting (accounts, taxes, periods, numbers).
var (
	// ErrBadInput: a field of the input is missing or malformed; the detail names it.
	ErrBadInput = fault.Define(fault.Invalid, "pos.bad_input", "a field of the input is missing or malformed")
	// ErrTooMany: a batch is larger than one act takes.
	ErrTooMany = fault.Define(fault.Invalid, "pos.too_many", "this is more than one act takes; split it")
	// ErrAmountLimit: an amount is beyond what a till holds (999,999,999,999 minor units).
	ErrAmountLimit = fault.Define(fault.Invalid, "pos.amount_limit", "the amount is larger than a till holds")
	// ErrUnknownProduct: no product of this tenant has the id.
	ErrUnknownProduct = fault.Define(fault.NotFound, "pos.unknown_product", "there is no such product")
	// ErrUnknownTicket: what is refunded or voided does not exist, or has no such line.
	ErrUnknownTicket = fault.Define(fault.NotFound, "pos.unknown_ticket", "there is no such ticket")
	// ErrReferenceTaken: the reference was used before with other content.
	ErrReferenceTaken = fault.Define(fault.Conflict, "pos.reference_taken", "the reference was used before with other content")
	// ErrCodeTaken: a register with this code exists and says otherwise.
	ErrCodeTaken = fault.Define(fault.Conflict, "pos.code_taken", "the code is taken")

	// ErrCashAccount: the account of a drawer is no cash in the statement of cash flows. The database refuses it as well, and that the account of a
	// drawer ceases to be cash.
	ErrCashAccount = fault.Define(fault.Invalid, "pos.cash_account", "the account of a drawer is cash in the statement of cash flows")

	// ErrSessionOpen: the register has a session that is not closed. The database refuses a second one as well.
	ErrSessionOpen = fault.Define(fault.Conflict, "pos.session_open", "the register has an open session: close it first")
	// ErrSessionClosed: the session is closed. The database refuses tickets and cash moves in it as well.
	ErrSessionClosed = fault.Define(fault.Conflict, "pos.session_closed", "the session is closed")
	// ErrSessionExpired: the session was open for too long; it can only be closed.
	ErrSessionExpired = fault.Define(fault.Conflict, "pos.session_expired", "the session was open for too long: close it and open another")
	// ErrFinal: a ticket or a closed session never changes. Raised by the database alone.
	ErrFinal = fault.Define(fault.Locked, "pos.final", "a ticket or a closed session never changes")

	// ErrUnderpaid: the payments do not cover the ticket.
	ErrUnderpaid = fault.Define(fault.Invalid, "pos.underpaid", "the payments do not cover the ticket")
	// ErrOverpaid: more is charged to cards than is due, or cash is tendered where none is due: change is given on cash alone.
	ErrOverpaid = fault.Define(fault.Invalid, "pos.overpaid", "more would be paid than is due")
	// ErrNegativeTotal: the lines of a ticket sum to less than zero.
	ErrNegativeTotal = fault.Define(fault.Invalid, "pos.negative_total", "the ticket's total is below zero: refund what comes back")
	// ErrOverRefunded: more would come back than was sold, in quantity or in money. The database refuses it as well.
	ErrOverRefunded = fault.Define(fault.Conflict, "pos.over_refunded", "more would be refunded than was sold")
	// ErrNotRefundable: what would be refunded is no sale.
	ErrNotRefundable = fault.Define(fault.Invalid, "pos.not_refundable", "only a sale is refunded")
	// ErrNotVoidable: a ticket is voided once, in the session that it was made in, if nothing of it was refunded.
	ErrNotVoidable = fault.Define(fault.Conflict, "pos.not_voidable", "the ticket cannot be voided: refund it")

	// ErrSigner: the fiscal signer failed or gave no usable signature, so there is no receipt.
	ErrSigner = fault.Define(fault.Exhausted, "pos.signer", "the fiscal signer did not sign the receipt")
	// ErrBadSignature: a signature is not of this receipt.
	ErrBadSignature = fault.Define(fault.Conflict, "pos.bad_signature", "the signature is not of this receipt")
)
