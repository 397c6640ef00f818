package request_test

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomed.run)
	os.Exit(tenancytest.Main(m))
}

// The models of these tests are a host's own, a clinic's.

type Patient struct {
	tenancy.Row
	Name    string    `bun:"name" privacy:"identity,pseudonymise"`
	NameKey string    `bun:"name_key" privacy:"identity,pseudonymise"`
	Email   string    `bun:"email" privacy:"contact,delete,sealed"`
	Born    date.Date `bun:"born,nullzero" privacy:"identity,delete"`
	PIN     string    `bun:"pin" privacy:"credential,delete"`
	Premium int64     `bun:"premium" privacy:"financial,delete"`
	Ward    string    `bun:"ward" privacy:"none"`
}

// Visit never changes; its text is replaced under an erasure alone.
type Visit struct {
	tenancy.Row
	PatientID uuid.UUID `bun:"patient_id"`
	Doctor    string    `bun:"doctor" privacy:"identity,keep"`
}

type VisitText struct {
	tenancy.Owned
	VisitID uuid.UUID `bun:"visit_id,pk"`
	Payer   string    `bun:"payer" privacy:"identity,pseudonymise"`
	Notes   string    `bun:"notes" privacy:"free-text,delete,sealed"`
}

func clinic() tenancy.Module {
	const text = `-- +goose Up
CREATE SCHEMA clinic;
CREATE TABLE clinic.patients (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    born DATE,
    pin TEXT NOT NULL,
    premium BIGINT NOT NULL,
    ward TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE clinic.visits (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    doctor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_visits_patient FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id)
);
CREATE TABLE clinic.visit_texts (
    tenant_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    payer TEXT NOT NULL,
    notes TEXT NOT NULL,
    PRIMARY KEY (tenant_id, visit_id),
    CONSTRAINT clinic_visit_texts_visit FOREIGN KEY (tenant_id, visit_id) REFERENCES clinic.visits (tenant_id, id)
);
`
	return tenancy.Module{Name: "clinic", Subjects: map[string]string{"clinic.patients": "patients"}, Migrations: fstest.MapFS{"50100_clinic.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{
		tenancy.Define[Patient](tenancy.Spec{Table: "clinic.patients", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[Visit](tenancy.Spec{Table: "clinic.visits", Class: tenancy.Voucher, Subject: "patient_id", Writes: tenancy.AppendOnly}),
		tenancy.Define[VisitText](tenancy.Spec{Table: "clinic.visit_texts", Class: tenancy.Voucher, Subject: "visit_id", Writes: tenancy.Companion, PartOf: "clinic.visits"}),
	}}
}

func modules() []tenancy.Module {
	return []tenancy.Module{privacy.Module(), request.Module(), clinic()}
}

// clock is set by tests, and stands still otherwise.
type clock struct{ micros atomic.Int64 }

func (c *clock) now() time.Time { return time.UnixMicro(c.micros.Load()).UTC() }

func (c *clock) set(text string) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	c.micros.Store(t.UnixMicro())
}

// desk is where requests come in, at a clinic of London.
type desk struct {
	*tenancytest.Env
	*clock
	ctx        context.Context //nolint:containedctx // the tenant's scope, for the length of a test
	s          *request.Service
	data       *privacy.Service
	recipients map[uuid.UUID][]request.Recipient
	told       []request.Due
	tellErr    error
}

const started = "2026-03-02T09:00:00Z" // a Monday

// eachDesk opens a desk on each engine, with a clock of its own that says started.
func eachDesk(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) { fn(t, openDesk(t, engine)) })
	}
}

func openDesk(t *testing.T, engine string) *desk {
	t.Helper()
	d := &desk{clock: &clock{}, recipients: map[uuid.UUID][]request.Recipient{}}
	d.set(started)
	d.Env = tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: d.now})
	t.Cleanup(func() { _ = d.DB.Close() })
	d.serve(t, request.Options{})
	d.ctx = d.Tenant(t)
	return d
}

// serve makes the services anew, with options of a test's own beside the desk's.
func (d *desk) serve(t *testing.T, opt request.Options) {
	t.Helper()
	d.data = privacy.New(d.DB, privacy.Options{Follows: map[string]func(row any) ([]string, error){"clinic.patients": func(row any) ([]string, error) {
		p, ok := row.(*Patient)
		require.True(t, ok)
		p.NameKey = strings.ToLower(p.Name)
		return []string{"name_key"}, nil
	}}})
	opt.Recipients = func(ctx context.Context, person uuid.UUID) ([]request.Recipient, error) {
		require.NotEqual(t, uuid.Nil, tenancy.ScopeOf(ctx).TenantID())
		return d.recipients[person], nil
	}
	opt.Tell = func(_ context.Context, due []request.Due) error {
		if d.tellErr == nil {
			d.told = append(d.told, due...)
		}
		return d.tellErr
	}
	var err error
	d.s, err = request.New(d.DB, d.data, opt)
	require.NoError(t, err)
}

// admit makes a patient with a visit.
func (d *desk) admit(t *testing.T, name string) (p *Patient, v *Visit) {
	t.Helper()
	p = &Patient{Row: tenancy.Row{ID: tenancy.NewID()}, Name: name, NameKey: strings.ToLower(name), Email: strings.ReplaceAll(strings.ToLower(name), " ", ".") + "@example.org", Born: date.Of(1990, 2, 3), PIN: "1234", Premium: 5, Ward: "A"}
	v = &Visit{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: p.ID, Doctor: "Dr Kept"}
	require.NoError(t, d.DB.Tx(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		tenancy.Put(b, []*Patient{p})
		tenancy.Put(b, []*Visit{v})
		tenancy.Put(b, []*VisitText{{VisitID: v.ID, Payer: name, Notes: name + " came"}})
		return b.Run(ctx)
	}))
	return p, v
}

var ada = request.Requester{Name: "Ada Canary", Email: "ada.canary@example.org", Phone: "+44 20 7946 0000", Address: "12 Row\nLondon"}

// ask is a request of Ada's, as it was received at the present instant.
func (d *desk) ask(reference string, kind request.Kind) request.NewRequest {
	return request.NewRequest{Reference: reference, Kind: kind, Channel: request.Email, ReceivedAt: d.now(), Jurisdiction: "DE", From: ada, Ask: "Please, says Ada Canary"}
}

func (d *desk) receive(t *testing.T, in request.NewRequest) request.Request {
	t.Helper()
	r, err := d.s.Receive(d.ctx, in)
	require.NoError(t, err)
	return r
}

// act is an act on a request, with a reference that says what it is, by letter and with a reason.
func act(r, reference string) request.Act {
	return request.Act{Request: r, Reference: reference, Channel: request.Letter, Note: "because of " + reference}
}

// about receives a request about a patient.
func (d *desk) about(t *testing.T, reference string, kind request.Kind, person uuid.UUID) request.Request {
	t.Helper()
	in := d.ask(reference, kind)
	in.Person = person
	return d.receive(t, in)
}

var delivered = request.NewDelivery{SHA256: strings.Repeat("0a", 32), SizeBytes: 17}

func (d *desk) answer(r string, outcome request.Outcome) error {
	_, err := d.s.Answer(d.ctx, request.NewAnswer{Act: act(r, "answer"), Outcome: outcome})
	return err
}

func (d *desk) stands(t *testing.T, reference string) request.Request {
	t.Helper()
	f, err := d.s.Open(d.ctx, reference)
	require.NoError(t, err)
	return f.Request
}

var privacyController = privacy.Controller{Name: "The Clinic Ltd", Contact: "12 Row, London", Jurisdiction: "GB"}

func day(text string) date.Date { return date.Must(text) }
