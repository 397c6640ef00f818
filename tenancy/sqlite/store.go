package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	placement  = "sqlite:file"
	tenantsDir = "tenants"
	controlDB  = "control.db"
)

type fileKey = uuid.UUID

// file is a tenant's open file.
type file struct {
	tenant uuid.UUID
	is     os.FileInfo // what was there when it was opened
	db     *sql.DB
	bun    *bun.DB
	writer chan struct{} // the one writer's turn; whoever waits for it holds no connection. It guards wrote and began
	wrote  time.Time     // when the last one ended
	began  time.Time     // since when writers have followed each other without a gap
	seats  chan struct{} // of sessions: one connection more than these can hold is for looking at the gate
	users  int
	used   uint64 // when it was last taken, by the store's own count
}

const (
	gapAfter = 250 * time.Millisecond
	gap      = 4 * time.Millisecond // longer than another process takes between two looks
)

// leaveAGap lets other processes in: whoever has written without a pause for a quarter of a second waits a moment.
func (f *file) leaveAGap() {
	now := time.Now()
	if now.Sub(f.wrote) < gap {
		if now.Sub(f.began) < gapAfter {
			return
		}
		time.Sleep(gap)
	}
	f.began = time.Now()
}

type store struct {
	engine      Engine
	reg         *tenancy.Registry
	onStatement func(tenancy.Sent)
	migrate     bool
	dialect     dialect
	control     *bun.DB
	template    string // path of the migrated template
	digest      string // of the template's schema: every tenant's file must have the same

	mu   sync.Mutex
	open map[fileKey]*file
	turn uint64
}

// Control implements tenancy.Store.
func (s *store) Control() *bun.DB { return s.control }

// Sessions implements tenancy.Store: each tenant has connections of its own to its file.
func (s *store) Sessions() int { return 0 }

// Dialect implements tenancy.Store.
func (s *store) Dialect() schema.Dialect { return s.dialect }

// TableName implements tenancy.Store.
func (s *store) TableName(table string) string { return `"` + tableName(table) + `"` }

// Placement implements tenancy.Store.
func (s *store) Placement() string { return placement }

// Links implements tenancy.Store: there is none, the database is in the process.
func (*store) Links(context.Context) ([]tenancy.Link, error) {
	return []tenancy.Link{{Login: "file", Local: true}}, nil
}

// Close implements tenancy.Store.
func (s *store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for k, f := range s.open {
		errs = append(errs, f.db.Close())
		delete(s.open, k)
	}
	if s.control != nil {
		errs = append(errs, s.control.Close())
	}
	return errors.Join(errs...)
}

// Session implements tenancy.Store.
func (s *store) Session(ctx context.Context, on tenancy.SessionOptions) (tenancy.Session, error) {
	f, err := s.take(ctx, on.Tenant)
	if err != nil {
		return nil, err
	}
	return &session{store: s, file: f, readOnly: on.ReadOnly, duty: on.Duty, timeout: on.StatementTimeout}, nil
}

// Join implements tenancy.Store.
func (s *store) Join(context.Context, tenancy.SessionOptions, *sql.Tx) (tenancy.Session, error) {
	return nil, tenancy.ErrJoinUnsupported.New("tenancy.Join", "SQLite tenants live in files of their own; use Tx.Host instead")
}

// PutGrant implements tenancy.Store: the file is the wall, and no SQL of ours runs outside Go, which looks at the grant.
func (s *store) PutGrant(context.Context, tenancy.StoredGrant) error { return nil }

// EndGrant implements tenancy.Store.
func (s *store) EndGrant(context.Context, uuid.UUID) error { return nil }

// take finds or opens a tenant's file and marks it as in use.
func (s *store) take(ctx context.Context, tenant uuid.UUID) (*file, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	path := s.path(tenant)
	is, err := os.Stat(path)
	if err != nil {
		return nil, errors.Join(tenancy.ErrPlacement.New("sqlite.Session", "the tenant's file is missing"), s.drop(tenant))
	}
	if f := s.open[tenant]; f != nil && os.SameFile(f.is, is) {
		f.users++
		f.used = s.turn
		return f, nil
	}
	// Another process may have taken the file away and brought another: the tenant has moved from here and back.
	if err := s.drop(tenant); err != nil {
		return nil, err
	}
	if len(s.open) >= s.engine.MaxOpen {
		if err := s.closeIdle(); err != nil {
			return nil, err
		}
	}
	db, err := s.openTenant(ctx, path)
	if err != nil {
		return nil, err
	}
	f := &file{tenant: tenant, is: is, db: db, bun: bun.NewDB(db, s.dialect), writer: make(chan struct{}, 1), seats: make(chan struct{}, sessionsPerFile), users: 1, used: s.turn}
	s.open[tenant] = f
	return f, nil
}

func (s *store) release(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.users--; f.users == 0 && s.open[f.tenant] != f {
		_ = f.db.Close() // its file was taken away meanwhile
	}
}

// drop forgets an open file that is not the tenant's any more. Whoever uses it closes it.
func (s *store) drop(tenant uuid.UUID) error {
	f := s.open[tenant]
	delete(s.open, tenant)
	if f == nil || f.users > 0 {
		return nil
	}
	return f.db.Close()
}

// closeIdle makes room by closing the file that has been idle for longest.
func (s *store) closeIdle() error {
	var oldest *file
	for _, f := range s.open {
		if f.users == 0 && (oldest == nil || f.used < oldest.used) {
			oldest = f
		}
	}
	if oldest == nil {
		return tenancy.ErrBusy.New("sqlite.Session", "%d tenants' files are open and in use, which is the limit", len(s.open))
	}
	delete(s.open, oldest.tenant)
	return oldest.db.Close()
}

func (s *store) path(tenant uuid.UUID) string {
	return filepath.Join(s.engine.Dir, tenantsDir, tenant.String()+".db")
}

// Provision implements tenancy.Store: it copies the template, opens the gate in the copy, and gives it its name last, so
// that a file with a tenant's name is always whole.
func (s *store) Provision(ctx context.Context, tenant uuid.UUID, gate tenancy.Gate) error {
	const op = "sqlite.Provision"
	unlock, err := s.lock(ctx) // of all processes: two that make one tenant's file must not overwrite each other
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(s.path(tenant)); err == nil {
		return nil
	}
	data, err := os.ReadFile(s.template)
	if err != nil {
		return tenancy.ErrDatabase.Wrap(op, err, "the template cannot be read")
	}
	draft := s.path(tenant) + ".new"
	for _, leftover := range []string{draft, draft + "-wal", draft + "-shm"} {
		_ = os.Remove(leftover)
	}
	if err := os.WriteFile(draft, data, 0o600); err != nil { //nolint:gosec // the path is the host's directory and a UUID
		return tenancy.ErrDatabase.Wrap(op, err, "the tenant's file cannot be written")
	}
	db, err := s.engine.openFile(draft)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "INSERT INTO erp_tenant_gates (tenant_id, state, turn) VALUES (?, ?, 0)", tenant.String(), string(gate))
	if err = errors.Join(err, db.Close()); err != nil { // the last close folds the log into the file
		return err
	}
	return os.Rename(draft, s.path(tenant))
}

// Same implements tenancy.Store: two paths may lead to one directory.
func (s *store) Same(_ context.Context, other tenancy.Store) (bool, error) {
	o, ok := other.(*store)
	if !ok {
		return false, nil
	}
	ours, err := os.Stat(s.engine.Dir)
	if err != nil {
		return false, err
	}
	theirs, err := os.Stat(o.engine.Dir)
	return err == nil && os.SameFile(ours, theirs), err
}

// Strays implements tenancy.Store.
func (s *store) Strays(ctx context.Context, tenant uuid.UUID) ([]string, error) {
	const op = "sqlite.Strays"
	f, err := s.take(ctx, tenant)
	if err != nil {
		return nil, err
	}
	defer s.release(f)
	known := map[string]bool{versionTable: true}
	for _, m := range s.reg.Models {
		known[tableName(m.Table)] = true
	}
	c := &catalogue{ctx: ctx, db: f.db, reg: s.reg}
	var out []string
	for _, r := range c.query(1, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY name") {
		if !known[r[0]] {
			out = append(out, r[0])
		}
	}
	return out, s.Fault(op, c.err)
}
