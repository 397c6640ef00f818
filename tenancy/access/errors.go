package access

import "github.com/opsmatiq/erp/tenancy/fault"

// The errors of this package. Those of the door itself are tenancy's.
var (
	ErrBadInput        = fault.Define(fault.Invalid, "access.bad_input", "a field of the input is missing or malformed")
	ErrNoCredential    = fault.Define(fault.Unscoped, "access.no_credential", "this needs a session or an API key that is valid")
	ErrBadCredentials  = fault.Define(fault.Unscoped, "access.bad_credentials", "e-mail, password or code are not right")
	ErrCodeNeeded      = fault.Define(fault.Unscoped, "access.code_needed", "the password is right: a code of the second factor is needed as well")
	ErrThrottled       = fault.Define(fault.Exhausted, "access.throttled", "too many attempts: try again later")
	ErrUserSuspended   = fault.Define(fault.Forbidden, "access.user_suspended", "the account is suspended")
	ErrWrongTenant     = fault.Define(fault.Forbidden, "access.wrong_tenant", "the credential is not for this tenant")
	ErrNoTenant        = fault.Define(fault.Forbidden, "access.no_tenant", "the session has chosen no tenant yet")
	ErrNotMember       = fault.Define(fault.Forbidden, "access.not_member", "this account is no member of the tenant")
	ErrNeedsFactor     = fault.Define(fault.Forbidden, "access.second_factor_required", "this needs a second factor: set it up first")
	ErrFactorPresent   = fault.Define(fault.Conflict, "access.second_factor_present", "a second factor is set up already")
	ErrNoFactor        = fault.Define(fault.Conflict, "access.no_second_factor", "there is no second factor to confirm or to use")
	ErrBadPassword     = fault.Define(fault.Invalid, "access.bad_password", "the password is too short, too long or too common")
	ErrBadToken        = fault.Define(fault.Invalid, "access.bad_token", "the link is not valid: it was used, has expired, or never was")
	ErrUnknownRole     = fault.Define(fault.Invalid, "access.unknown_role", "there is no such role")
	ErrGrantsMore      = fault.Define(fault.Forbidden, "access.grants_more", "nobody grants or takes more than they hold")
	ErrLastOwner       = fault.Define(fault.Conflict, "access.last_owner", "a tenant keeps at least one active owner")
	ErrHasMembers      = fault.Define(fault.Conflict, "access.has_members", "the tenant has members: its owners invite the others")
	ErrIsMember        = fault.Define(fault.Conflict, "access.is_member", "this person is a member already")
	ErrEmailTaken      = fault.Define(fault.Conflict, "access.email_taken", "another account has this e-mail address")
	ErrHasMemberships  = fault.Define(fault.Conflict, "access.has_memberships", "the account still belongs to tenants")
	ErrCrossOrigin     = fault.Define(fault.Forbidden, "access.cross_origin", "the request comes from another site")
	ErrLimit           = fault.Define(fault.Exhausted, "access.limit", "there are as many of these as one may have")
	ErrMail            = fault.Define(fault.Internal, "access.mail", "the message could not be sent")
	ErrWrongCredential = fault.Define(fault.Forbidden, "access.wrong_credential", "this cannot be done with this kind of credential")
)
