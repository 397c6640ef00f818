package sales

import (
	"errors"

	"github.com/opsmatiq/erp/tenancy"
)

// errRival says that a reference, unknown when the act began, was known to inventory or accounting by the time it got there.
var errRival = errors.New("the reference came into use during the act")

// againstRivals runs an act once more when a rival has just taken the same reference: now the act finds what the rival
// booked, and gives it back or says that it differs. Within a transaction of the caller's there is no second try, for the
// first has undone it.
func againstRivals[T any](act func() (T, error)) (T, error) {
	out, err := act()
	if !errors.Is(err, tenancy.ErrDuplicate) && !errors.Is(err, errRival) {
		return out, err
	}
	again, secondErr := act()
	if errors.Is(secondErr, tenancy.ErrTxDoomed) {
		return out, err
	}
	return again, secondErr
}
