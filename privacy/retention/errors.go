package retention

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package.
var (
	ErrBadInput       = fault.Define(fault.Invalid, "retention.bad_input", "a field of the input is missing or malformed")
	ErrBadRule        = fault.Define(fault.Invalid, "retention.bad_rule", "a rule of retention is not whole, or contradicts another")
	ErrShortens       = fault.Define(fault.Conflict, "retention.shortens", "the rule would shorten a statutory period in silence: it has to say by which law")
	ErrUnknownRule    = fault.Define(fault.NotFound, "retention.unknown_rule", "there is no such rule, none that is switched on and off, or none of the controller's jurisdiction")
	ErrReferenceTaken = fault.Define(fault.Conflict, "retention.reference_taken", "the reference belongs to another act")
	ErrReleased       = fault.Define(fault.Conflict, "retention.released", "the hold has been released")
)
