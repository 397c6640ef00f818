package tenancy // want package:"."

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

type (
	Row   struct{ TenantID, ID string }
	Owned struct{ TenantID string }
	Spec  struct{ Table, PartOf string }
	Model struct{ Spec }
	Scope struct{ n int }
	DB    struct{ store Store }
	Tx    struct{ session Session }

	Tenants struct{ db *DB }

	Engine interface {
		Name() string
		Open(ctx context.Context) (Store, error)
	}
	Store interface {
		Control() *bun.DB
		Session(ctx context.Context, tenant string) (Session, error)
	}
	Session interface{ DB() *bun.DB }
)

var gate = Define[Row](Spec{Table: "erp.tenant_gates"})

func Define[T any](spec Spec) *Model { return &Model{spec} }

func Report[T any](ctx context.Context, tx *Tx, query string, args ...any) ([]T, error) {
	return nil, nil
}

func Insert[T any](ctx context.Context, tx *Tx, row *T) error { return nil }

func Act[T any](ctx context.Context, db *DB, act string, fn func(context.Context, *Tx) (T, error)) (T, error) {
	return fn(ctx, nil)
}

func View[T any](ctx context.Context, db *DB, act string, fn func(context.Context, *Tx) (T, error)) (T, error) {
	return fn(ctx, nil)
}

func ScopeOf(ctx context.Context) Scope { return Scope{} }

func (Scope) Attach(ctx context.Context) context.Context { return ctx }

func Open(ctx context.Context, eng Engine) (*DB, error) {
	store, err := eng.Open(ctx)
	_ = store.Control()
	return &DB{store}, err
}

func (db *DB) Tx(ctx context.Context, fn func(context.Context, *Tx) error) error   { return nil }
func (db *DB) Read(ctx context.Context, fn func(context.Context, *Tx) error) error { return nil }
func (db *DB) Join(ctx context.Context, host *sql.Tx, fn func(context.Context, *Tx) error) error {
	return nil
}
func (db *DB) Enter(ctx context.Context, tenant string) (context.Context, error) { return ctx, nil }
func (db *DB) System(ctx context.Context, tenant, job string) (context.Context, error) {
	return ctx, nil
}
func (db *DB) Tenants() *Tenants { return &Tenants{db} }

func (t *Tenants) Get(ctx context.Context, tenant string) (string, error) { return "", nil }

func (tx *Tx) Host(ctx context.Context, fn func(*sql.Tx) error) error { return nil }
func (tx *Tx) AfterCommit(fn func(context.Context))                   {}
