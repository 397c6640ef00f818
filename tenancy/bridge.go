package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/internal/control"
)

func init() { // what package access may do with the door, and hosts may not
	control.Journal = func(ctx context.Context, db any, idb bun.IDB, e control.Entry) error {
		return bridged(db).Tenants().journal(ctx, idb, &journalRow{Actor: e.Actor, Act: e.Act, TenantID: e.TenantID, Reason: e.Reason})
	}
	control.Enter = func(ctx context.Context, db any, in control.Entering) (context.Context, error) {
		return bridged(db).enter(ctx, in.Tenant, &scope{actor: in.Actor, perms: permissionsOf(in.Permissions), expires: in.Expires}, Permission(in.Act))
	}
	control.EnterPlatform = func(ctx context.Context, db any, in control.Entering) (context.Context, error) {
		inside, err := bridged(db).EnterPlatform(ctx, in.Actor, permissionsOf(in.Permissions))
		if err != nil {
			return nil, err
		}
		ScopeOf(inside).s.expires = in.Expires
		return inside, nil
	}
	control.Record = func(of any, table string, row uuid.UUID, gives bool) error {
		const op = "tenancy.Record"
		tx, _ := of.(*Tx)
		if err := tx.usable(op); err != nil {
			return err
		}
		switch {
		case tx.readOnly:
			return ErrReadOnly.New(op, "")
		case gives && tx.closed: // its owner may revoke a key, and that is told; no more are made
			return ErrClosed.New(op, "")
		}
		tx.wrote = tx.wrote || gives // so that it is asked again before the commit
		if len(tx.acts) == 0 {
			return ErrUnrecorded.New(op, "no act is running")
		}
		tx.record("", "", table, row, "")
		return nil
	}
	control.At = func(ctx context.Context, db any) time.Time { return bridged(db).Tenants().now(ctx) }
}

func bridged(of any) *DB {
	db, ok := of.(*DB)
	if !ok {
		panic("tenancy: the control database is that of a *tenancy.DB")
	}
	return db
}

func permissionsOf(names []string) Permissions {
	out := make(Permissions, len(names))
	for i, n := range names {
		out[i] = Permission(n)
	}
	return out
}
