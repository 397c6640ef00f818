package postgres

import (
	"context"
	"database/sql"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// purgeChunk is how many rows one transaction of a purge deletes: few enough not to hold locks and log for long.
const purgeChunk = 5_000

// purgeAttempts bounds how often a purge goes on after an error that another attempt may not meet.
const purgeAttempts = 8

// Gate implements tenancy.Store.
func (s *store) Gate(ctx context.Context, tenant uuid.UUID) (tenancy.Gate, error) {
	const op = "postgres.Gate"
	var state sql.NullString
	err := s.control.DB.QueryRowContext(ctx, "SELECT erp.gate_state($1::uuid)", tenant.String()).Scan(&state)
	return tenancy.Gate(state.String), asFault(op, err)
}

// MoveGate implements tenancy.Store.
func (s *store) MoveGate(ctx context.Context, tenant uuid.UUID, to tenancy.Gate, turn int64) error {
	const op = "postgres.MoveGate"
	state, err := s.Gate(ctx, tenant)
	if err == nil && state == "" { // set_gate would make one
		err = tenancy.ErrTenantConflict.New(op, "the tenant has no gate")
	}
	if err != nil {
		return asFault(op, err)
	}
	return s.setGate(ctx, op, tenant, to, turn)
}

// Scrub implements tenancy.Store: the space is the server's, and no session of ours may VACUUM.
func (s *store) Scrub(context.Context, uuid.UUID) error { return nil }

// ScrubControl implements tenancy.Store, as Scrub does.
func (s *store) ScrubControl(context.Context) error { return nil }

func (s *store) setGate(ctx context.Context, op string, tenant uuid.UUID, to tenancy.Gate, turn int64) error {
	_, err := s.control.DB.ExecContext(ctx, "SELECT erp.set_gate($1::uuid, $2, $3)", tenant.String(), string(to), turn)
	return asFault(op, err)
}

// Purge implements tenancy.Store. Rows go as the application role, in the tenant's own scope: no power is needed that a
// session does not have, and the triggers ask the gate for every statement. Nothing is written behind us: a gate that is
// closed has outlasted its last writer, and without a gate nobody writes. It goes last, so a tenant without one has nothing
// left.
func (s *store) Purge(ctx context.Context, tenant uuid.UUID, models []*tenancy.Model) error {
	const op = "postgres.Purge"
	state, err := s.Gate(ctx, tenant)
	if err != nil || state == "" {
		return asFault(op, err)
	}
	if err := s.setGate(ctx, op, tenant, tenancy.GatePurging, math.MaxInt64); err != nil {
		if left, again := s.Gate(ctx, tenant); again == nil && left == "" {
			return nil // another purger has come to the end meanwhile
		}
		return err
	}
	refs, err := s.References(ctx)
	if err != nil {
		return err
	}
	for { // until a whole pass finds nothing
		var gone int64
		for _, m := range models {
			n, err := s.purgeTable(ctx, tenant, m, refs)
			if err != nil {
				return asFault(op, err)
			}
			gone += n
		}
		if gone == 0 {
			break
		}
	}
	_, err = s.control.DB.ExecContext(ctx, "SELECT erp.drop_gate($1::uuid)", tenant.String())
	return asFault(op, err)
}

// purgeTable deletes a tenant's rows of one table, chunk by chunk.
func (s *store) purgeTable(ctx context.Context, tenant uuid.UUID, m *tenancy.Model, refs []tenancy.TableReference) (int64, error) {
	var gone int64
	text, all := purgeSQL(m, refs)
	for failures := 0; ; {
		n, err := s.purgeRows(ctx, tenant, text)
		if err == nil && n == 0 && all != "" { // what is left points at itself in a circle
			n, err = s.purgeRows(ctx, tenant, all)
		}
		gone += n
		if err != nil && s.Retryable(err) && failures < purgeAttempts {
			failures++
			continue
		}
		if err != nil || n == 0 {
			return gone, err
		}
	}
}

func (s *store) purgeRows(ctx context.Context, tenant uuid.UUID, text string) (n int64, err error) {
	session, err := s.Session(ctx, tenancy.SessionOptions{Tenant: tenant})
	if err != nil {
		return 0, err
	}
	defer func() {
		if back := session.Rollback(context.WithoutCancel(ctx)); err == nil {
			err = back
		}
	}()
	// A transaction that was begun before the gate closed cannot commit what it writes, but it may still hold rows.
	if _, err := session.Conn().ExecContext(ctx, "SELECT pg_catalog.set_config('lock_timeout', '20s', true)"); err != nil {
		return 0, err
	}
	res, err := session.Conn().ExecContext(ctx, text, tenant.String())
	if err != nil {
		return 0, err
	}
	if n, err = res.RowsAffected(); err != nil {
		return 0, err
	}
	return n, session.Commit(ctx, nil)
}

// purgeSQL deletes a chunk of a table. Rows of a table that points at itself go when nothing points at them any more; all is
// the statement for what that never reaches.
func purgeSQL(m *tenancy.Model, refs []tenancy.TableReference) (chunk, all string) {
	t := quoteTable(m.Table)
	free := ""
	for _, r := range refs {
		if r.From != m.Table || r.To != m.Table {
			continue
		}
		free += " AND NOT EXISTS (SELECT FROM " + t + " AS c WHERE true"
		for i, c := range r.Columns {
			free += " AND c." + quote(c) + " = r." + quote(r.Targets[i])
		}
		free += ")"
		all = "DELETE FROM " + t + " AS d WHERE d.tenant_id = $1::uuid"
	}
	chunk = "DELETE FROM " + t + " AS d WHERE d.tenant_id = $1::uuid AND d.ctid = ANY (ARRAY(SELECT r.ctid FROM " + t +
		" AS r WHERE r.tenant_id = $1::uuid" + free + " LIMIT " + strconv.Itoa(purgeChunk) + "))"
	return chunk, all
}

// References implements tenancy.Store.
func (s *store) References(ctx context.Context) (out []tenancy.TableReference, err error) {
	names := []string{"''"}
	for _, t := range s.tables {
		names = append(names, quoteText(t))
	}
	list := strings.Join(names, ", ")
	columns := func(side string) string {
		return `(SELECT string_agg(c.attname, ',' ORDER BY o.n) FROM unnest(k.con` + side + `key) WITH ORDINALITY o(num, n)
			JOIN pg_attribute c ON c.attrelid = k.con` + map[string]string{"": "relid", "f": "frelid"}[side] + ` AND c.attnum = o.num)`
	}
	//nolint:gosec // names are of our registered tables, quoted
	rows, err := s.control.DB.QueryContext(ctx, `SELECT fs.nspname || '.' || f.relname, ts.nspname || '.' || t.relname, `+columns("")+`, `+columns("f")+`
		FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_namespace fs ON fs.oid = f.relnamespace
			JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace ts ON ts.oid = t.relnamespace
		WHERE k.contype = 'f' AND fs.nspname || '.' || f.relname IN (`+list+`) AND ts.nspname || '.' || t.relname IN (`+list+`) ORDER BY 1, 2, 3`)
	if err != nil {
		return nil, asFault("postgres.References", err)
	}
	err = each(rows, func(scan func(...any) error) error {
		var from, to, columns, targets string
		if err := scan(&from, &to, &columns, &targets); err != nil {
			return err
		}
		out = append(out, tenancy.TableReference{From: from, To: to, Columns: strings.Split(columns, ","), Targets: strings.Split(targets, ",")})
		return nil
	})
	return out, asFault("postgres.References", err)
}

// Import implements tenancy.Session.
func (s *session) Import(ctx context.Context) error {
	return s.use(func(c *conn) error {
		if err := c.usable(); err != nil {
			return err
		}
		t := trip{c: c}
		if err := t.begin(ctx); err != nil {
			return err
		}
		t.plain("SELECT erp.begin_import()")
		t.plain("SET CONSTRAINTS ALL DEFERRED")
		return t.run(ctx)
	})
}

// Import implements tenancy.Session.
func (j *joined) Import(context.Context) error {
	return tenancy.ErrJoinUnsupported.New("postgres.Import", "an import is a transaction of its own")
}

// Alone implements tenancy.Session: the gate's row is everybody's who writes for the tenant.
func (s *session) Alone(ctx context.Context) error {
	return s.use(func(c *conn) error {
		if err := c.usable(); err != nil {
			return err
		}
		t := trip{c: c}
		if err := t.begin(ctx); err != nil {
			return err
		}
		t.plain("SELECT erp.hold_gate()")
		return t.run(ctx)
	})
}

// Alone implements tenancy.Session.
func (j *joined) Alone(context.Context) error {
	return tenancy.ErrJoinUnsupported.New("postgres.Alone", "a host's transaction keeps nobody out")
}
