package ending_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomed.run)
	os.Exit(tenancytest.Main(m))
}

// note is a host's own model: a person and what is written about it.
type note struct {
	tenancy.Row
	Author string `bun:"author" privacy:"identity,pseudonymise"`
	Phone  string `bun:"phone" privacy:"contact,delete,sealed"`
}

var shelf = tenancy.Module{Name: "shelf",
	Models: []*tenancy.Model{tenancy.Define[note](tenancy.Spec{Table: "shelf.notes", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "self"})},
	Migrations: fstest.MapFS{"50001_shelf.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA shelf;
CREATE TABLE shelf.notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    author TEXT NOT NULL,
    phone TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
`)}},
}

var modules = []tenancy.Module{privacy.Module(), ending.Module(), shelf}

// fill leaves n notes in the tenant of a scope.
func fill(db *tenancy.DB, ctx context.Context, n int) {
	err := db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		rows := make([]*note, n)
		for i := range rows {
			rows[i] = &note{Author: fmt.Sprintf("Author %d", i), Phone: fmt.Sprintf("+94 11 %07d", i)}
		}
		b := tx.Batch()
		tenancy.Put(b, rows)
		return b.Run(ctx)
	})
	if err != nil {
		panic(err)
	}
}

// keyOf makes a signing key of a name, the same each time.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// world is a platform with a clock of its own.
type world struct {
	*tenancytest.Env
	end *ending.Service
	now time.Time
	own tenancy.Tenant

	mu        sync.Mutex // guards what follows
	told      []ending.Notice
	escalated []ending.Untold
	deaf      error // what telling ends in
	signer    ed25519.PrivateKey
	backups   *oneBackup
}

// start is the evening of the last day of a month; of 2026 unless a test says otherwise.
var start = time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)

// eachWorld runs fn on both engines.
func eachWorld(t *testing.T, at time.Time, change func(w *world, opt *ending.Options), fn func(t *testing.T, w *world)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) { fn(t, newWorld(t, engine, at, change)) })
	}
}

func newWorld(t testing.TB, engine string, at time.Time, change func(w *world, opt *ending.Options)) *world {
	t.Helper()
	w := newBare(t, engine, at)
	var err error
	w.own, err = w.DB.Tenants().Create(w.Platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
	require.NoError(t, err)
	w.end = w.service(t, w.DB, change)
	return w
}

// newBare is a world whose platform has no tenant of its own.
func newBare(t testing.TB, engine string, at time.Time) *world {
	t.Helper()
	w := &world{now: at, signer: keyOf("first")}
	w.Env = tenancytest.Open(t, engine, tenancytest.Options{Modules: modules, Clock: func() time.Time { return w.now }})
	w.end = w.service(t, w.DB, nil)
	return w
}

// service is the room on a database, which may be another process's.
func (w *world) service(t testing.TB, db *tenancy.DB, change func(w *world, opt *ending.Options)) *ending.Service {
	t.Helper()
	opt := w.options(db)
	if change != nil {
		change(w, &opt)
	}
	end, err := ending.New(db, opt)
	require.NoError(t, err)
	return end
}

// options are those of a test that says nothing else.
func (w *world) options(db *tenancy.DB) ending.Options {
	return ending.Options{Privacy: privacy.New(db, privacy.Options{}), Logger: slog.New(slog.DiscardHandler),
		Signer: func(context.Context) (crypto.Signer, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.signer == nil {
				return nil, errors.New("the signer is out of reach")
			}
			return w.signer, nil
		},
		Notify: func(_ context.Context, n ending.Notice) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.deaf == nil {
				w.told = append(w.told, n)
			}
			return w.deaf
		},
		Escalate: func(_ context.Context, u ending.Untold) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.escalated = append(w.escalated, u)
		},
	}
}

// shop is a tenant in Colombo with three notes, entered by its owner.
func (w *world) shop(t *testing.T) context.Context {
	t.Helper()
	made, err := w.DB.Tenants().Create(w.Platform(t), tenancy.NewTenant{Name: "Kade Tea", TimeZone: "Asia/Colombo"})
	require.NoError(t, err)
	owner := w.Enter(t, made.ID, tenancy.AllPermissions)
	fill(w.DB, owner, 3)
	return owner
}

func (w *world) cancel(t testing.TB, owner context.Context) tenancy.Standing {
	t.Helper()
	at, err := w.DB.Life().Cancel(owner, "we close")
	require.NoError(t, err)
	return at
}

// inside is the platform's own tenant.
func (w *world) inside(t *testing.T) context.Context {
	t.Helper()
	return w.Enter(t, w.own.ID, ending.PermRead, ending.PermDeliver)
}

// tick does the room's background work and the purges that are due, at the world's instant.
func (w *world) tick(t *testing.T) {
	t.Helper()
	platform := w.Platform(t)
	_, err := w.end.Tell(platform, 100)
	require.NoError(t, err)
	_, err = w.DB.Tenants().CompletePending(platform, 100)
	require.NoError(t, err)
	_, err = w.end.Certify(platform, 100)
	require.NoError(t, err)
	_, err = w.end.Complete(platform, 100)
	require.NoError(t, err)
	_, err = w.end.Tell(platform, 100)
	require.NoError(t, err)
}

// at goes on to an instant and ticks there.
func (w *world) at(t *testing.T, at time.Time) {
	t.Helper()
	w.now = at
	w.tick(t)
}

// heard is what was told since it was asked last, as "reminder 15".
func (w *world) heard() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, n := range w.told {
		out = append(out, fmt.Sprintf("%s %d", n.Kind, n.Day))
	}
	w.told = nil
	return out
}

// papers are the certificate of a tenant and its completion, verified; nil where there is none.
func (w *world) papers(t *testing.T, of uuid.UUID) (cert, completion *certificate.Signed) {
	t.Helper()
	list, err := w.end.Certificates(w.inside(t), of)
	require.NoError(t, err)
	keys, err := w.end.PublicKeys(w.inside(t))
	require.NoError(t, err)
	trusted := make([]ed25519.PublicKey, len(keys))
	for i, k := range keys {
		trusted[i] = k.Key
	}
	for _, c := range list {
		signed, err := certificate.Verify(c.File, trusted...)
		require.NoError(t, err)
		if c.Kind == certificate.KindDeletion {
			cert = &signed
		} else {
			completion = &signed
		}
	}
	return cert, completion
}

// rows is how many rows of a table a certificate counts.
func rows(d *certificate.Deletion, table string) int64 {
	for _, t := range d.Erased.Tables {
		if t.Name == table {
			return t.Rows
		}
	}
	return -1
}

// day is a midnight of UTC in the year of start.
func day(month time.Month, d int) time.Time { return time.Date(2026, month, d, 0, 0, 0, 0, time.UTC) }

func tenantOf(ctx context.Context) uuid.UUID { return tenancy.ScopeOf(ctx).TenantID() }
