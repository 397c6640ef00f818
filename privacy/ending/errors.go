package ending

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package.
var (
	ErrBadInput       = fault.Define(fault.Invalid, "ending.bad_input", "the input is not usable")
	ErrNotPlatform    = fault.Define(fault.Forbidden, "ending.not_platform", "the act is one of the platform's own tenant")
	ErrNoPlatform     = fault.Define(fault.Conflict, "ending.no_platform", "the platform has no tenant of its own in which it could be recorded")
	ErrNotEnded       = fault.Define(fault.Conflict, "ending.not_ended", "the tenant's service has not ended, or the tenant is gone")
	ErrNotTakenOut    = fault.Define(fault.Conflict, "ending.not_taken_out", "no archive was delivered or waived, and the 30 days are not over")
	ErrTermsChanged   = fault.Define(fault.Conflict, "ending.terms_changed", "the terms of the waiver are others by now: read them again")
	ErrReferenceTaken = fault.Define(fault.Conflict, "ending.reference_taken", "the reference belongs to another delivery")
	ErrUntold         = fault.Define(fault.Conflict, "ending.untold", "the owner could not be told")
	ErrSigner         = fault.Define(fault.Internal, "ending.signer", "the certificate could not be signed")
)
