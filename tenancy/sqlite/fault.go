package sqlite

import (
	"context"
	"errors"
	"strings"

	msqlite "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Fault implements tenancy.Store.
func (s *store) Fault(op string, err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return tenancy.ErrBusy.Wrap(op, err, "the time allowed for this has run out")
	case errors.Is(err, context.Canceled):
		return tenancy.ErrDatabase.Wrap(op, err, "this was cancelled")
	}
	var se *msqlite.Error
	if !errors.As(err, &se) {
		return tenancy.ErrDatabase.Wrap(op, err, "")
	}
	switch se.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return tenancy.ErrDuplicate.Wrap(op, err, "")
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return tenancy.ErrReference.Wrap(op, err, "")
	case lib.SQLITE_CONSTRAINT_CHECK, lib.SQLITE_CONSTRAINT_NOTNULL, lib.SQLITE_CONSTRAINT_DATATYPE, lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH:
		return tenancy.ErrRefusedValue.Wrap(op, err, "")
	case lib.SQLITE_CONSTRAINT_TRIGGER:
		if raised := tenancy.RaisedFault(op, se.Error(), err); raised != nil {
			return raised
		}
	}
	switch {
	case isBusy(err):
		return tenancy.ErrBusy.Wrap(op, err, "")
	case se.Code()&0xff == lib.SQLITE_INTERRUPT:
		return tenancy.ErrDatabase.Wrap(op, err, "the act was cut short")
	}
	if strings.Contains(se.Error(), "integer overflow") {
		return tenancy.ErrRefusedValue.Wrap(op, err, "a sum is too large")
	}
	return tenancy.ErrDatabase.Wrap(op, err, "")
}

// isBusy says whether somebody else has locked what was wanted.
func isBusy(err error) bool {
	var se *msqlite.Error
	return errors.As(err, &se) && (se.Code()&0xff == lib.SQLITE_BUSY || se.Code()&0xff == lib.SQLITE_LOCKED)
}

// Retryable implements tenancy.Store. SQLite's writers wait for each other before they read, so none meets a conflict.
func (s *store) Retryable(error) bool { return false }
