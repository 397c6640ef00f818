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
	switch se.Code() & 0xff {
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return tenancy.ErrBusy.Wrap(op, err, "")
	case lib.SQLITE_INTERRUPT:
		return tenancy.ErrDatabase.Wrap(op, err, "the act was cut short")
	}
	if strings.Contains(se.Error(), "integer overflow") {
		return tenancy.ErrRefusedValue.Wrap(op, err, "a sum is too large")
	}
	return tenancy.ErrDatabase.Wrap(op, err, "")
}

// Retryable implements tenancy.Store. SQLite's writers wait for each other before they read, so none meets a conflict.
func (s *store) Retryable(error) bool { return false }
