package pos

import (
	"errors"

	"github.com/opsmatiq/erp/tenancy"
)

// againstRivals runs an act once more when a rival has just taken the same key: now the act finds what the rival wrote, and
// gives it back or says that it differs. Within a transaction of the caller's there is no second try, for the first has
// undone it.
func againstRivals[T any](act func() (T, error)) (T, error) {
	out, err := act()
	if !errors.Is(err, tenancy.ErrDuplicate) {
		return out, err
	}
	again, secondErr := act()
	if errors.Is(secondErr, tenancy.ErrTxDoomed) {
		return out, err
	}
	return again, secondErr
}
