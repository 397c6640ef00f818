package audit

import (
	"context"
	"crypto/ed25519"
	"embed"
	"io/fs"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Service seals, verifies and reads the audit events that tenancy wrote. Its methods are safe for concurrent use; each needs
// a tenant's scope and the permission that its doc comment names.
type Service struct {
	db    *tenancy.DB
	opt   Options
	canon canon
	slice int // how many events a piece of a sweep looks at
	chunk int // how many Verify has in memory

	mu       sync.Mutex
	anchored map[uuid.UUID]kept      // what is known to have been kept last; guarded by mu
	swept    map[uuid.UUID]uuid.UUID // how far a sweep is; guarded by mu
	rung     map[ring]time.Time      // alarms that were raised lately; guarded by mu
}

// Options configures [New]. The zero value of each means its default.
type Options struct {
	// Key gives the Ed25519 key (RFC 8032) that signs roots. It is asked once for each pass that has something to sign, so it
	// may change at any time. Default: none; events are sealed, nothing is signed, and the alarm says so.
	Key func(ctx context.Context) (ed25519.PrivateKey, error)
	// Trusted are the public keys that signed before Key's did, and are still to be believed.
	Trusted []ed25519.PublicKey
	// Anchor is handed signed roots. Default: none, and then nobody notices when the end of the chain is cut off.
	Anchor tenancy.Anchor
	// AnchorEvery is the least time between two roots of a tenant that are handed to Anchor. Default 1 minute.
	AnchorEvery time.Duration
	// Bound is how long an event may wait for its seal, and a seal for its signature, before the alarm is raised and
	// [CheckLag] fails. Default 10 s.
	Bound time.Duration
	// Slack is how far behind the newest sealed event a pass looks for others: longer than any clock is wrong and any
	// commit takes. What is older still is found by [Service.Sweep]. Default 30 s.
	Slack time.Duration
	// Names resolves actors for [Service.List]: opaque ids to what people call them. Default: no names.
	Names Names
	// Logger is told of alarms, never with values. Default: [slog.Default].
	Logger *slog.Logger
	// OnAlarm, when set, is told of alarms too: once, and again after an hour while it lasts.
	OnAlarm func(ctx context.Context, a Alarm)
}

// Names gives the names of actors, which stand nowhere in the trail: what is known of them can change and be erased without
// touching it. Actors that it leaves out have none.
type Names func(ctx context.Context, actors []string) (map[string]string, error)

// New makes the service on an opened database whose modules include [Module].
func New(db *tenancy.DB, opt Options) *Service {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&opt.AnchorEvery, time.Minute}, {&opt.Bound, 10 * time.Second}, {&opt.Slack, 30 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	return &Service{db: db, opt: opt, slice: sweepSlice, chunk: verifyChunk, canon: canon{db.Registry().Of(reflect.TypeFor[tenancy.Event]())},
		anchored: map[uuid.UUID]kept{}, swept: map[uuid.UUID]uuid.UUID{}, rung: map[ring]time.Time{}}
}

// The permissions of this package's acts.
const (
	PermSeal    tenancy.Permission = "audit.seal"    // sealing, which a background job does
	PermVerify  tenancy.Permission = "audit.verify"  // recomputing the chain
	PermRead    tenancy.Permission = "audit.read"    // looking at who did what
	PermRestart tenancy.Permission = "audit.restart" // stating that the trail goes on from an earlier state, after a restore
	PermConsume tenancy.Permission = "audit.consume" // reading sealed events as a stream
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what audit brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "audit", Models: models, Migrations: files, Flows: []tenancy.Flow{
		{Name: "audit.anchor", About: "Signed digests of the trail go to the host's witness: they say nothing of what they are of.", Tables: []string{"erp.audit_roots"}},
		{Name: "audit.outbox", About: "Sealed events go to integrators that read them: acts and names of columns, never values.", Tables: []string{"erp.audit_events", "erp.audit_seals"}}}}
}

// models are all stored structs of this package.
var models = []*tenancy.Model{
	tenancy.Define[seal](tenancy.Spec{Table: "erp.audit_seals", Class: tenancy.Log, Writes: tenancy.AppendOnly, RetainFrom: "sealed_at",
		Derived: true, System: true, BySealer: true, Trail: true}),
	tenancy.Define[root](tenancy.Spec{Table: "erp.audit_roots", Class: tenancy.Log, Writes: tenancy.AppendOnly, RetainFrom: "signed_at",
		Derived: true, System: true, BySealer: true, Trail: true}),
	tenancy.Define[restart](tenancy.Spec{Table: "erp.audit_restarts", Class: tenancy.Log, Writes: tenancy.AppendOnly, RetainFrom: "stated_at"}),
	// No event tells of a cursor's moves: its reader would read of them, and move on.
	tenancy.Define[cursor](tenancy.Spec{Table: "erp.audit_cursors", Class: tenancy.Log, Writes: tenancy.Keep, Derived: true, Trail: true}),
}

// seal is an event's place in the tenant's chain.
type seal struct {
	tenancy.Owned
	Seq     int64     `bun:"seq,pk"` // 1, 2, 3 ...
	EventID uuid.UUID `bun:"event_id"`
	// Digest is SHA-256 in hexadecimal over the digest before, Seq, SealedAt and the event.
	Digest   string    `bun:"digest" privacy:"none"`
	SealedAt time.Time `bun:"sealed_at"`
}

// root is the chain up to a number, signed.
type root struct {
	tenancy.Owned
	Seq       int64     `bun:"seq,pk"`
	SignedFor uuid.UUID `bun:"signed_for,pk"` // the tenant's id when it was signed; an import gives it another
	Digest    string    `bun:"digest" privacy:"none"`
	PublicKey string    `bun:"public_key" privacy:"none"` // of the signer, in hexadecimal
	Signature string    `bun:"signature" privacy:"none"`  // in hexadecimal
	SignedAt  time.Time `bun:"signed_at"`
}

// cursor is how far a reader is.
type cursor struct {
	tenancy.Owned
	Consumer string    `bun:"consumer,pk" privacy:"none"`
	Seq      int64     `bun:"seq"`
	AckedAt  time.Time `bun:"acked_at"`
}
