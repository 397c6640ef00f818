package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Gate implements tenancy.Store.
func (s *store) Gate(ctx context.Context, tenant uuid.UUID) (tenancy.Gate, error) {
	const op = "sqlite.Gate"
	if _, err := os.Stat(s.path(tenant)); errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	f, err := s.take(ctx, tenant)
	if err != nil {
		return "", err
	}
	defer s.release(f)
	var state string
	err = f.db.QueryRowContext(ctx, "SELECT state FROM erp_tenant_gates WHERE tenant_id = ?", tenant.String()).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return tenancy.Gate(state), s.Fault(op, err)
}

// MoveGate implements tenancy.Store. The gate is moved by a writer, and a file has one at a time: whoever found the gate open
// has ended by then.
func (s *store) MoveGate(ctx context.Context, tenant uuid.UUID, to tenancy.Gate, turn int64) error {
	const op = "sqlite.MoveGate"
	f, err := s.take(ctx, tenant)
	if err != nil {
		return err
	}
	defer s.release(f)
	wait := time.NewTimer(gatePatience)
	defer wait.Stop()
	select { // the turn among this process's writers; other processes' are waited for by SQLite
	case f.writer <- struct{}{}:
	case <-ctx.Done():
		return s.Fault(op, ctx.Err())
	case <-wait.C:
		return tenancy.ErrBusy.New(op, "a transaction of the tenant's has been open for too long")
	}
	defer func() { <-f.writer }()
	return s.Fault(op, moveGate(ctx, f.db, tenant, to, turn))
}

// gatePatience bounds how long a gate that moves waits for this process's writer.
const gatePatience = 20 * time.Second

// moveGate asks the file's own guard, unless the decision was overtaken.
func moveGate(ctx context.Context, db *sql.DB, tenant uuid.UUID, to tenancy.Gate, turn int64) error {
	res, err := db.ExecContext(ctx, "UPDATE erp_tenant_gates SET state = ?, turn = ? WHERE tenant_id = ? AND turn <= ?", string(to), turn, tenant.String(), turn)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	var there int
	err = db.QueryRowContext(ctx, "SELECT 1 FROM erp_tenant_gates WHERE tenant_id = ?", tenant.String()).Scan(&there)
	if errors.Is(err, sql.ErrNoRows) {
		return errNoGate
	}
	return err
}

var errNoGate = tenancy.ErrTenantConflict.New("sqlite.MoveGate", "the tenant has no gate")

// Purge implements tenancy.Store: the tenant's file goes, with its log. The gate is moved first, for a process that has the
// file open still. While somebody here uses the file it is refused with tenancy.busy; the purge is completed later.
func (s *store) Purge(ctx context.Context, tenant uuid.UUID, _ []*tenancy.Model) error {
	const op = "sqlite.Purge"
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s.mu.Lock() // nobody opens the file meanwhile
	defer s.mu.Unlock()
	if f := s.open[tenant]; f != nil {
		if f.users > 0 {
			return tenancy.ErrBusy.New(op, "the tenant's file is in use")
		}
		delete(s.open, tenant)
		if err := f.db.Close(); err != nil {
			return err
		}
	}
	path := s.path(tenant)
	if _, err := os.Stat(path); err == nil {
		if err := s.closeGate(ctx, path, tenant); err != nil {
			return s.Fault(op, err)
		}
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".new", path + ".new-wal", path + ".new-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return tenancy.ErrDatabase.Wrap(op, err, "the tenant's file cannot be removed")
		}
	}
	return nil
}

func (s *store) closeGate(ctx context.Context, path string, tenant uuid.UUID) error {
	db, err := s.engine.openThere(path)
	if err != nil {
		return err
	}
	err = moveGate(ctx, db, tenant, tenancy.GatePurging, math.MaxInt64)
	if errors.Is(err, errNoGate) {
		err = nil // a file without a gate has nobody to keep out
	}
	return errors.Join(err, db.Close())
}

// References implements tenancy.Store: those of the template, which every tenant's file is held against.
func (s *store) References(ctx context.Context) ([]tenancy.TableReference, error) {
	const op = "sqlite.References"
	db, err := s.engine.openFile(s.template)
	if err != nil {
		return nil, s.Fault(op, err)
	}
	defer func() { _ = db.Close() }()
	c := &catalogue{ctx: ctx, db: db, reg: s.reg}
	tables := map[string]string{}
	for _, m := range s.reg.Models {
		tables[tableName(m.Table)] = m.Table
	}
	var out []tenancy.TableReference
	for _, m := range s.reg.Models {
		last := ""
		for _, r := range c.query(4, `SELECT id, "table", "from", COALESCE("to", "from") FROM pragma_foreign_key_list(?) ORDER BY id, seq`, tableName(m.Table)) {
			if r[0] != last {
				out = append(out, tenancy.TableReference{From: m.Table, To: tables[strings.ToLower(r[1])]})
				last = r[0]
			}
			ref := &out[len(out)-1]
			ref.Columns, ref.Targets = append(ref.Columns, r[2]), append(ref.Targets, r[3])
		}
	}
	return out, s.Fault(op, c.err)
}

// Import implements tenancy.Session. The transaction has the file to itself, so the gate stays as it is.
func (s *session) Import(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	var state string
	err := s.tx.QueryRowContext(ctx, "SELECT state FROM erp_tenant_gates").Scan(&state)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if state != string(tenancy.GateImporting) {
		return tenancy.ErrTenantConflict.New("sqlite.Import", "the tenant is not being imported")
	}
	_, err = s.tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = ON") // until the transaction ends
	return err
}

// Alone implements tenancy.Session: a file has one writer at a time.
func (s *session) Alone(ctx context.Context) error { return s.begin(ctx) }
