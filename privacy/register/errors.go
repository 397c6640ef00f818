package register

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package.
var (
	ErrBadInput       = fault.Define(fault.Invalid, "register.bad_input", "a field of the input is missing or malformed")
	ErrReferenceTaken = fault.Define(fault.Conflict, "register.reference_taken", "the reference was used before for something else")
	ErrNotPlatform    = fault.Define(fault.Forbidden, "register.not_platform", "the act is one of the platform's own tenant")
	ErrDated          = fault.Define(fault.Invalid, "register.dated", "what is entered is not dated to come, nor before what it follows on")
	ErrEnded          = fault.Define(fault.Conflict, "register.ended", "it has ended already")

	ErrPurpose    = fault.Define(fault.NotFound, "register.purpose", "the controller asks nobody's consent for such a purpose, or not in such a wording")
	ErrNotConsent = fault.Define(fault.Invalid, "register.not_consent", "what was done is no consent: it takes a clear act by which it is given, and nobody consents by using a service")
	ErrNoConsent  = fault.Define(fault.Forbidden, "register.no_consent", "the person has not consented, or has withdrawn it")

	ErrNoGround     = fault.Define(fault.Forbidden, "register.no_ground", "nothing is disclosed but to a processor under its contract, on a legal requirement, in a business transfer after notice, or with the person's consent")
	ErrNoContract   = fault.Define(fault.Forbidden, "register.no_contract", "the recipient has no contract as a processor on that day")
	ErrNoSafeguard  = fault.Define(fault.Forbidden, "register.no_safeguard", "nothing makes a transfer into that country lawful")
	ErrNotAdequate  = fault.Define(fault.Forbidden, "register.not_adequate", "no adequacy decision covers the country, or this recipient in it, on that day")
	ErrJurisdiction = fault.Define(fault.Forbidden, "register.jurisdiction", "the rules on transfers of the controller's country are not known here, or nobody stated the country")

	ErrNoticePeriod = fault.Define(fault.Conflict, "register.notice_period", "it was not announced, has not reached everybody, or the time that they have is not over")
	ErrObjected     = fault.Define(fault.Conflict, "register.objected", "the tenant objected, and nothing has come of it yet")
	ErrLastUpdated  = fault.Define(fault.Invalid, "register.last_updated", "the policy's text does not say the day on which it was last updated, or another than its version")

	ErrTransition = fault.Define(fault.Conflict, "register.transition", "the breach is not in a state in which that can be done")
	ErrLate       = fault.Define(fault.Invalid, "register.late", "who tells the authority later than 72 hours after becoming aware gives the reasons")
)
