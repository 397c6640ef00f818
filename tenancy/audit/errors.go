package audit

import "github.com/opsmatiq/erp/tenancy/fault"

// The errors of this package.
var (
	ErrBadInput = fault.Define(fault.Invalid, "audit.bad_input", "a field of the input is missing or malformed")
	ErrGap      = fault.Define(fault.Internal, "audit.gap", "a sealed event or its seal is missing; Verify says which")
	ErrBroken   = fault.Define(fault.Internal, "audit.broken", "the chain contradicts what was signed or kept of it; Verify says where")
	ErrLate     = fault.Define(fault.Exhausted, "audit.late", "events wait for their seals longer than they should")
	ErrAnchor   = fault.Define(fault.Internal, "audit.anchor", "the anchor does not take roots, or does not give them back")
	ErrKey      = fault.Define(fault.Internal, "audit.key", "there is no key to sign roots with")
)
