package request

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package.
var (
	ErrBadInput       = fault.Define(fault.Invalid, "request.bad_input", "a field of the input is missing or malformed")
	ErrFuture         = fault.Define(fault.Invalid, "request.future", "an instant that is stated to have been lies in the future")
	ErrNoRule         = fault.Define(fault.Invalid, "request.no_rule", "there is no rule here by when a request of this kind is answered in this jurisdiction")
	ErrUnknown        = fault.Define(fault.NotFound, "request.unknown", "there is no such request")
	ErrReferenceTaken = fault.Define(fault.Conflict, "request.reference_taken", "the reference belongs to another request, or to another act on it")
	ErrWrongState     = fault.Define(fault.Conflict, "request.wrong_state", "the state of the request does not allow this")
	ErrTooLate        = fault.Define(fault.Conflict, "request.too_late", "the day by which this could be done has passed")
	ErrExtended       = fault.Define(fault.Conflict, "request.extended", "the period cannot be extended, or was extended before")
	ErrNoPerson       = fault.Define(fault.Conflict, "request.no_person", "it is not known yet whose data the request is about, or it was said otherwise before")
	ErrNotDone        = fault.Define(fault.Conflict, "request.not_done", "the answer says what was not done")
	ErrNotAnnounced   = fault.Define(fault.Conflict, "request.not_announced", "the person is told before a restriction is lifted")
	ErrNotObjectable  = fault.Define(fault.Conflict, "request.not_objectionable", "nothing is done for this purpose on legitimate interests, which alone can be objected to")
	ErrObjected       = fault.Define(fault.Conflict, "request.objected", "the person has objected to this purpose already")
	ErrKnownAs        = fault.Define(fault.Invalid, "request.known_as", "there are recipients to tell, so it must be said by what they know the person")
	ErrForwarded      = fault.Define(fault.Conflict, "request.forwarded", "this part of the request was forwarded before")
	ErrNotForwardable = fault.Define(fault.Forbidden, "request.not_forwardable", "a request is forwarded from the platform to a tenant, or from a tenant to the platform")
	ErrStillOpen      = fault.Define(fault.Conflict, "request.still_open", "who waits for an answer must be reachable")
	ErrChanged        = fault.Define(fault.Locked, "request.changed", "what was recorded of a request never changes")
	ErrNoFinder       = fault.Define(fault.Internal, "request.no_finder", "the program was opened without anything that finds people")
)
