package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Fault implements tenancy.Store. What PostgreSQL says about a row's values (the detail of a refusal, the message of a
// failed conversion) goes into no fault: another tenant's unique key could stand in it.
func (s *store) Fault(op string, err error) error { return asFault(op, err) }

func asFault(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return tenancy.ErrNotFound.Wrap(op, err, "")
	case errors.Is(err, context.DeadlineExceeded):
		return tenancy.ErrBusy.Wrap(op, err, "the time allowed for this has run out")
	case errors.Is(err, context.Canceled):
		return tenancy.ErrDatabase.Wrap(op, err, "this was cancelled")
	}
	state, message, where := stateOf(err)
	if state == "" {
		return tenancy.ErrDatabase.Wrap(op, err, "")
	}
	cause := clean(err)
	if f := tenancy.RaisedFault(op, message, cause); f != nil {
		return f
	}
	if strings.Contains(message, `"erp.tenant"`) { // a policy could not be evaluated
		return tenancy.ErrWall.Wrap(op, cause, "no tenant is set")
	}
	def, detail := meaning(state)
	if where != "" && detail == "" {
		return def.Wrap(op, cause, "%s (%s)", def.Meaning, where)
	}
	return def.Wrap(op, cause, "%s", detail)
}

// meaning maps SQLSTATE to a fault; detail is "" for the definition's own words.
func meaning(state string) (def *fault.Definition, detail string) {
	switch state {
	case "23505", "23P01":
		return tenancy.ErrDuplicate, ""
	case "23503":
		return tenancy.ErrReference, ""
	case "23514", "23502":
		return tenancy.ErrRefusedValue, ""
	case "42501":
		return tenancy.ErrWall, ""
	case "25006":
		return tenancy.ErrReadOnly, ""
	case "25P02":
		return tenancy.ErrTxDoomed, ""
	case "57014": // one whose caller gave up does not come here
		return tenancy.ErrExhausted, "a statement took longer than it may"
	case "40001", "40P01", "55P03":
		return tenancy.ErrBusy, ""
	}
	switch state[:2] {
	case "22":
		return tenancy.ErrRefusedValue, ""
	case "53":
		return tenancy.ErrBusy, "the database has no room for more at the moment"
	}
	return tenancy.ErrDatabase, ""
}

// stateOf gives SQLSTATE, the message and the constraint or column that is spoken of, whatever driver the error is from.
func stateOf(err error) (state, message, where string) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		where = pg.ConstraintName
		if where == "" {
			where = pg.ColumnName
		}
		return pg.Code, pg.Message, where
	}
	var other interface { // lib/pq's, in a joined transaction
		error
		SQLState() string
	}
	if errors.As(err, &other) {
		return other.SQLState(), other.Error(), ""
	}
	return "", "", ""
}

// clean is the error without what may hold values of rows. Its message stays where it speaks of names only.
func clean(err error) error {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return nil
	}
	out := &pgconn.PgError{Severity: pg.Severity, Code: pg.Code, Message: pg.Message, SchemaName: pg.SchemaName, TableName: pg.TableName,
		ColumnName: pg.ColumnName, ConstraintName: pg.ConstraintName, DataTypeName: pg.DataTypeName, Routine: pg.Routine}
	if strings.HasPrefix(pg.Code, "22") {
		out.Message = "a value was refused"
	}
	return out
}

// Retryable implements tenancy.Store: serialization failures, deadlocks, tenants signed with a retired key or by a clock that has
// been set since, statements parsed before the schema was changed,
// and connections found dead before anything was sent on them.
func (s *store) Retryable(err error) bool {
	state, _, _ := stateOf(err)
	switch state {
	case "40001", "40P01", stateStaleKey, stateStaleClock:
		return true
	}
	return stalePlan(err) || pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// stalePlan reports a statement that was parsed before its table was changed, or is no longer known to the server.
func stalePlan(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "26000" || pg.Code == "0A000" && pg.Routine == "RevalidateCachedQuery")
}
