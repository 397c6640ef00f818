package control

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Entry is a line of the platform's journal. It never holds personal values: actors are opaque ids, reasons are codes or
// the platform's own words.
type Entry struct {
	Actor    string
	Act      string
	TenantID uuid.UUID // zero: no tenant's
	Reason   string
}

// Entering says how a credential enters: as whom, with which permissions, and until when.
type Entering struct {
	Tenant      uuid.UUID
	Actor       string
	Permissions []string
	Expires     time.Time
	// Act is what the entering is recorded as in the tenant's trail; "" records nothing, where what the credential was given
	// for has been recorded.
	Act string
}

// Package tenancy sets these, each for a *tenancy.DB.
var (
	// Journal leaves a line in the platform's journal, in the transaction of idb.
	Journal func(ctx context.Context, db any, idb bun.IDB, e Entry) error
	// Enter is the door for credentials: as DB.Enter, and the scope ends when the credential does.
	Enter func(ctx context.Context, db any, in Entering) (context.Context, error)
	// EnterPlatform is DB.EnterPlatform with an end.
	EnterPlatform func(ctx context.Context, db any, in Entering) (context.Context, error)
	// Record leaves an event of the running act in the tenant's trail, about a row of the control database. tx is a
	// *tenancy.Tx. An act that gives somebody something is refused by a tenant that is closed.
	Record func(tx any, table string, row uuid.UUID, gives bool) error
	// At is the instant of a context's platform scope: the clock's, or a tick's.
	At func(ctx context.Context, db any) time.Time
)
