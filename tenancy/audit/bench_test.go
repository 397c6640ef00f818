package audit_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// benchEvents is how many events the benchmark seals.
const benchEvents = 50_000

// BenchmarkSeal seals the events of one tenant in passes of 500, as the background job does, everything synced to disk.
//
// Reported: events sealed a second, with a signature and a root handed over for each pass; the time of the last tenth of the
// passes beside that
// of the first; a pass that finds nothing, and one that seals a single event, behind so many; and events verified a
// second.
//
//	go test ./tenancy/audit -run '^$' -bench Seal -benchtime 1x
func BenchmarkSeal(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				benchSeal(b, name)
			}
		})
	}
}

// benchTenant is a tenant on an engine that keeps what is committed.
func benchTenant(b *testing.B, engine string, modules ...tenancy.Module) (*tenancy.DB, context.Context) {
	b.Helper()
	ctx := context.Background()
	var eng tenancy.Engine = sqlite.Engine{Dir: b.TempDir()}
	if engine == "postgres" {
		server, err := pgtest.Open(ctx, pgtest.Options{Durable: true})
		require.NoError(b, err)
		url, drop, err := server.CreateDatabase(ctx)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, drop(ctx)) })
		eng, err = postgres.Install(ctx, url, postgres.InstallOptions{})
		require.NoError(b, err)
	}
	db, err := tenancy.Open(ctx, eng, tenancy.Options{Modules: modules, Migrate: true})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, db.Close()) })
	platform, err := db.EnterPlatform(ctx, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	made, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Bench"})
	require.NoError(b, err)
	inside, err := db.Enter(ctx, made.ID, "bench", tenancy.Permissions{"*"})
	require.NoError(b, err)
	return db, inside
}

func benchSeal(b *testing.B, engine string) {
	b.Helper()
	db, ctx := benchTenant(b, engine, audit.Module(), notes)
	write := func(n int) {
		require.NoError(b, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			rows := make([]*Note, n)
			for i := range rows {
				rows[i] = new(Note)
			}
			batch := tx.Batch()
			tenancy.Put(batch, rows)
			return batch.Run(ctx)
		}))
	}
	for range benchEvents / 1000 {
		write(1000)
	}
	key := ed25519.NewKeyFromSeed(slices.Repeat([]byte{1}, ed25519.SeedSize))
	// With a slack of a second: all the events are of a few seconds, and a pass looks through those of the slack.
	s := audit.New(db, audit.Options{Key: func(context.Context) (ed25519.PrivateKey, error) { return key, nil }, Anchor: &witness{}, AnchorEvery: quick, Slack: time.Second, Bound: time.Hour})
	var passes []time.Duration
	for n := 500; n == 500; {
		began := time.Now()
		var err error
		n, err = s.Seal(ctx, 500)
		require.NoError(b, err)
		passes = append(passes, time.Since(began))
	}
	// As it is half a minute later, when nothing is left to look through behind the newest event.
	s = audit.New(db, audit.Options{Key: func(context.Context) (ed25519.PrivateKey, error) { return key, nil }, Anchor: &witness{}, AnchorEvery: quick, Slack: time.Millisecond})
	mean := func(of int, fn func()) float64 {
		var all time.Duration
		for range of {
			fn()
			began := time.Now()
			_, err := s.Seal(ctx, 500)
			require.NoError(b, err)
			all += time.Since(began)
		}
		return all.Seconds() * 1000 / float64(of)
	}
	sum := func(d []time.Duration) (all time.Duration) {
		for _, x := range d {
			all += x
		}
		return all
	}
	tenth := len(passes) / 10
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(benchEvents/sum(passes).Seconds(), "events/s")
	b.ReportMetric(sum(passes[len(passes)-1-tenth:len(passes)-1]).Seconds()/sum(passes[:tenth]).Seconds(), "last/first-tenth")
	b.ReportMetric(mean(50, func() {}), "ms/idle-pass")
	b.ReportMetric(mean(50, func() { write(1) }), "ms/pass-of-one")
	began := time.Now()
	v, err := s.Verify(ctx)
	require.NoError(b, err)
	require.Nil(b, v.Finding)
	b.ReportMetric(float64(v.Events)/time.Since(began).Seconds(), "verified/s")
}

// File is read under record, notes are not.
type File struct {
	tenancy.Row
	Text string `bun:"text" privacy:"free-text,delete"`
}

var archive = tenancy.Module{
	Name:   "files",
	Models: []*tenancy.Model{tenancy.Define[File](tenancy.Spec{Table: "app.files", Class: tenancy.Master, Controller: tenancy.ByHost, RecordReads: true})},
	Migrations: fstest.MapFS{"50002_files.sql": {Data: []byte(`-- +goose Up
CREATE TABLE app.files (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
`)}},
}

// BenchmarkRecordedRead gets one row in a view: of a model whose reads are recorded, beside one whose are not. Everything is
// synced to disk.
//
//	go test ./tenancy/audit -run '^$' -bench RecordedRead -benchtime 1x
func BenchmarkRecordedRead(b *testing.B) {
	for _, name := range []string{"sqlite", "postgres"} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				db, ctx := benchTenant(b, name, notes, archive)
				note, file := &Note{}, &File{}
				require.NoError(b, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					return errors.Join(tenancy.Insert(ctx, tx, note), tenancy.Insert(ctx, tx, file))
				}))
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(views[Note](b, db, ctx, note.ID), "ms/view")
				b.ReportMetric(views[File](b, db, ctx, file.ID), "ms/recorded-view")
			}
		})
	}
}

func views[T any](b *testing.B, db *tenancy.DB, ctx context.Context, id uuid.UUID) float64 {
	b.Helper()
	const views = 500
	began := time.Now()
	for range views {
		_, err := tenancy.View(ctx, db, "bench.look", func(ctx context.Context, tx *tenancy.Tx) (*T, error) { return tenancy.Get[T](ctx, tx, id) })
		require.NoError(b, err)
	}
	return time.Since(began).Seconds() * 1000 / views
}
