package register_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomed.run)
	laws.Default(histories)
	os.Exit(tenancytest.Main(m))
}

// The models of these tests are a host's own, a library's: its readers, what they borrowed, and a newsletter that needs their consent.

type Reader struct {
	tenancy.Row
	Name string `bun:"name" privacy:"identity,delete"`
}

type Loan struct {
	tenancy.Row
	ReaderID uuid.UUID `bun:"reader_id"`
	Title    string    `bun:"title" privacy:"none"`
}

type Letter struct {
	tenancy.Row
	ReaderID uuid.UUID `bun:"reader_id"`
	Body     string    `bun:"body" privacy:"free-text,delete"`
}

type Newsletter struct {
	tenancy.Row
	ReaderID uuid.UUID `bun:"reader_id"`
}

func library() tenancy.Module {
	const text = `-- +goose Up
CREATE SCHEMA lib;
CREATE TABLE lib.readers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE lib.loans (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reader_id UUID NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT lib_loans_reader FOREIGN KEY (tenant_id, reader_id) REFERENCES lib.readers (tenant_id, id)
);
CREATE TABLE lib.letters (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reader_id UUID NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT lib_letters_reader FOREIGN KEY (tenant_id, reader_id) REFERENCES lib.readers (tenant_id, id)
);
CREATE TABLE lib.newsletters (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reader_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT lib_newsletters_reader FOREIGN KEY (tenant_id, reader_id) REFERENCES lib.readers (tenant_id, id)
);
`
	return tenancy.Module{Name: "library", Subjects: map[string]string{"lib.readers": "readers"}, Migrations: fstest.MapFS{"50100_library.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{
		tenancy.Define[Reader](tenancy.Spec{Table: "lib.readers", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[Loan](tenancy.Spec{Table: "lib.loans", Class: tenancy.Voucher, Subject: "reader_id"}),
		tenancy.Define[Letter](tenancy.Spec{Table: "lib.letters", Class: tenancy.Letter, Subject: "reader_id", RecordReads: true}),
		tenancy.Define[Newsletter](tenancy.Spec{Table: "lib.newsletters", Class: tenancy.Letter, Subject: "reader_id", Purpose: tenancy.Communicate, Basis: tenancy.OnConsent}),
	}}
}

func modules() []tenancy.Module {
	return []tenancy.Module{privacy.Module(), register.Module(), library()}
}

var march = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// house is a database of its own with a clock, the registers, and a platform with a tenant of its own.
type house struct {
	*tenancytest.Env
	t        *testing.T
	s        *register.Service
	mu       sync.Mutex
	now      time.Time
	home     string                  // the controllers' country
	told     []register.Notification // by Notify
	deaf     map[uuid.UUID]bool      // whom Notify cannot tell
	platform context.Context         //nolint:containedctx // the platform's own tenant
	own      uuid.UUID
	jobs     *tenancy.Background
}

// each runs a test of tenants on each engine: all such tests share a database, each with tenants of its own and a clock that is set back.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := houses[engine]
			if h == nil {
				h = newHouse(t, engine, register.Options{})
				houses[engine] = h
			}
			h.t, h.now, h.home, h.told, h.deaf = t, march, "DE", nil, map[uuid.UUID]bool{}
			fn(t, h)
		})
	}
}

var houses = map[string]*house{}

// eachAlone runs a test of the platform on a database of its own of each engine: what it announces goes to every tenant there.
func eachAlone(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) { fn(t, newHouse(t, engine, register.Options{})) })
	}
}

// eachOf runs a test of a case on each engine for the first, and on SQLite alone for the others: what differs between them is the calendar.
func eachOf[T any](t *testing.T, cases []T, fn func(t *testing.T, h *house, c T)) {
	t.Helper()
	for i, c := range cases {
		if i == 0 {
			eachAlone(t, func(t *testing.T, h *house) { fn(t, h, c) })
			continue
		}
		t.Run(fmt.Sprint(c), func(t *testing.T) { fn(t, newHouse(t, "sqlite", register.Options{}), c) })
	}
}

func newHouse(t *testing.T, engine string, opt register.Options) *house {
	t.Helper()
	h := &house{t: t, now: march, home: "DE", deaf: map[uuid.UUID]bool{}}
	h.Env = tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: h.clock, StateMaxAge: time.Nanosecond})
	if opt.Jurisdiction == nil {
		opt.Jurisdiction = func(context.Context) (string, error) { return h.home, nil }
	}
	if opt.Notify == nil {
		opt.Notify = h.notify
	}
	var err error
	h.s, err = register.New(h.DB, opt)
	require.NoError(t, err)
	own, err := h.DB.Tenants().Create(h.Platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
	require.NoError(t, err)
	h.own, h.platform = own.ID, h.Enter(t, own.ID, "register.*", "privacy.*")
	h.jobs, err = h.DB.Background(tenancy.BackgroundOptions{Logger: slog.New(slog.DiscardHandler), Jobs: []tenancy.Job{{Name: "register.deliver", Every: time.Second, Platform: func(ctx context.Context) (bool, error) {
		_, err := h.s.Deliver(ctx, 100)
		return false, err
	}}}})
	require.NoError(t, err)
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) set(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = at
}

func (h *house) pass(d time.Duration) { h.set(h.clock().Add(d)) }

type deafError struct{}

func (deafError) Error() string { return "the mailbox is full" }

func (h *house) notify(_ context.Context, n register.Notification) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deaf[n.TenantID] {
		return deafError{}
	}
	h.told = append(h.told, n)
	return nil
}

// deliver has the job run once, and says how many runs failed.
func (h *house) deliver() int {
	h.t.Helper()
	h.pass(time.Second)
	out, err := h.jobs.Tick(h.t.Context(), h.clock())
	require.NoError(h.t, err)
	return out.Failed
}

// shop is a tenant with two readers.
type shop struct {
	ctx      context.Context //nolint:containedctx // the tenant's scope, for the length of a test
	id       uuid.UUID
	ada, bob uuid.UUID
}

func (h *house) shop() *shop {
	h.t.Helper()
	ctx := h.Tenant(h.t)
	s := &shop{ctx: ctx, id: tenancy.ScopeOf(ctx).TenantID(), ada: tenancy.NewID(), bob: tenancy.NewID()}
	h.write(ctx, func(b *tenancy.Batch) {
		tenancy.Put(b, []*Reader{{Row: tenancy.Row{ID: s.ada}, Name: "Ada Canary"}, {Row: tenancy.Row{ID: s.bob}, Name: "Bob Finch"}})
	})
	return s
}

func (h *house) write(ctx context.Context, fill func(b *tenancy.Batch)) {
	h.t.Helper()
	require.NoError(h.t, h.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		fill(b)
		return b.Run(ctx)
	}))
}

var proof = strings.Repeat("ab", 32)

func only[T any](t *testing.T, all []T, err error) T {
	t.Helper()
	require.NoError(t, err)
	require.Len(t, all, 1)
	return all[0]
}

func (h *house) recipient(ctx context.Context, reference, name string, role register.Role, where string) register.Recipient {
	h.t.Helper()
	all, err := h.s.AddRecipients(ctx, []register.NewRecipient{{Reference: reference, Name: name, Contact: "1 Road", Role: role, Country: where}})
	return only(h.t, all, err)
}

func (h *house) processor(ctx context.Context, reference string, of uuid.UUID) register.Processor {
	h.t.Helper()
	all, err := h.s.AddProcessors(ctx, []register.NewProcessor{{Reference: reference, RecipientID: of, Service: "hosting", Contract: "safe 1", ContractHash: proof, Confidential: true,
		From: date.Must("2026-01-01")}})
	return only(h.t, all, err)
}
