package usage

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package.
var (
	ErrBadInput = fault.Define(fault.Invalid, "usage.bad_input", "the input is not usable")
	ErrFeature  = fault.Define(fault.Invalid, "usage.feature", "the feature is not on the program's list")
)
