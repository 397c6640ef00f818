package audit

import "github.com/opsmatiq/erp/tenancy/fault"

// The errors of this package.
var (
	ErrNothingLost    = fault.Define(fault.Conflict, "audit.nothing_lost", "the anchor having more than the chain is not the one thing that is wrong")
	ErrNoAnchor       = fault.Define(fault.Conflict, "audit.no_anchor", "there is no anchor")
	ErrReferenceTaken = fault.Define(fault.Conflict, "audit.reference_taken", "the reference belongs to another restart")

	ErrBadInput = fault.Define(fault.Invalid, "audit.bad_input", "a field of the input is missing or malformed")
	ErrGap      = fault.Define(fault.Internal, "audit.gap", "a sealed event or its seal is missing; Verify says which")
	ErrBroken   = fault.Define(fault.Internal, "audit.broken", "the chain contradicts what was signed or kept of it; Verify says where")
	ErrLate     = fault.Define(fault.Exhausted, "audit.late", "events wait for their seals longer than they should")
	ErrAnchor   = fault.Define(fault.Internal, "audit.anchor", "the anchor does not take roots, or does not give them back")
	ErrKey      = fault.Define(fault.Internal, "audit.key", "there is no key to sign roots with")
)
