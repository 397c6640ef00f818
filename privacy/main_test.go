package privacy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomedJob.run) // returns in the test process itself
	os.Exit(tenancytest.Main(m))
}

// doomedJob is what a process is told that is to do something of one kind and to be killed on the way.
type doomedJob struct {
	Kind string
	Job  json.RawMessage
}

// doomedKinds are the kinds, each with what it does until then.
var doomedKinds = map[string]func(job json.RawMessage, count func()) error{"export": doomedTo(doomedExport.run), "erasure": doomedTo(doomedErasure.run), "backup": doomedTo(doomedBackup.run)}

func doomedTo[T any](run func(job T, count func()) error) func(json.RawMessage, func()) error {
	return func(text json.RawMessage, count func()) error {
		var job T
		if err := json.Unmarshal(text, &job); err != nil {
			return err
		}
		return run(job, count)
	}
}

func (d doomedJob) run(count func()) error { return doomedKinds[d.Kind](d.Job, count) }

// startDoomed starts such a process.
func startDoomed(t *testing.T, kind string, job any, kill killtest.Kill) (killed bool) {
	t.Helper()
	text, err := json.Marshal(job)
	require.NoError(t, err)
	return killtest.Start(t, doomedJob{kind, text}, kill)
}

// The models of these tests are a host's own, a clinic's, with one of everything that a model can be. What the library's own
// domains make of privacy is tested over the whole suite, in the root folder.

type Patient struct {
	tenancy.Row
	Name     string    `bun:"name" privacy:"identity,pseudonymise"`
	Email    string    `bun:"email,nullzero" privacy:"contact,delete,sealed"`
	Address  string    `bun:"address" privacy:"contact,delete,sealed"`
	Born     date.Date `bun:"born,nullzero" privacy:"identity,delete"`
	Premium  int64     `bun:"premium" privacy:"financial,delete"`
	Insurer  string    `bun:"insurer" privacy:"financial,keep"`
	Referrer uuid.UUID `bun:"referrer_id,nullzero"`
	Account  uuid.UUID `bun:"account_id,nullzero"`
}

type Visit struct {
	tenancy.Row
	PatientID uuid.UUID       `bun:"patient_id,nullzero"`
	Fee       decimal.Decimal `bun:"fee"`
	Paid      bool            `bun:"paid"`
	Day       date.Date       `bun:"day"`
	At        time.Time       `bun:"at"`
	SeenAt    time.Time       `bun:"seen_at,nullzero"`
	Units     int64           `bun:"units,nullzero"`
	FollowsID uuid.UUID       `bun:"follows_id,nullzero"`
}

// VisitText is named by no foreign key: its root is its visit's.
type VisitText struct {
	tenancy.Owned
	VisitID uuid.UUID `bun:"visit_id,pk"`
	Payer   string    `bun:"payer" privacy:"identity,pseudonymise"`
	Notes   string    `bun:"notes" privacy:"free-text,delete,sealed,apart"`
}

// Notice holds free text that leads to nobody.
type Notice struct {
	tenancy.Row
	Code string `bun:"code" privacy:"none"`
	Body string `bun:"body" privacy:"free-text,delete"`
}

type Ward struct {
	tenancy.Owned
	Year  int64 `bun:"year,pk"`
	Seq   int64 `bun:"seq,pk"`
	Beds  int64 `bun:"beds"`
	Total int64 `bun:"total"`
}

func clinic() tenancy.Module {
	const text = `-- +goose Up
CREATE SCHEMA clinic;
CREATE TABLE clinic.patients (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    address TEXT NOT NULL,
    born DATE,
    premium BIGINT NOT NULL,
    insurer TEXT NOT NULL,
    referrer_id UUID,
    account_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_patients_referrer FOREIGN KEY (tenant_id, referrer_id) REFERENCES clinic.patients (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX clinic_patients_referrer ON clinic.patients (tenant_id, referrer_id);
CREATE TABLE clinic.visits (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    patient_id UUID,
    fee decimal_text NOT NULL,
    paid BOOLEAN NOT NULL,
    day DATE NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ,
    units BIGINT,
    follows_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_visits_patient FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id),
    CONSTRAINT clinic_visits_follows FOREIGN KEY (tenant_id, follows_id) REFERENCES clinic.visits (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX clinic_visits_follows ON clinic.visits (tenant_id, follows_id);
CREATE TABLE clinic.visit_texts (
    tenant_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    payer TEXT NOT NULL,
    notes TEXT NOT NULL,
    PRIMARY KEY (tenant_id, visit_id)
);
CREATE TABLE clinic.notices (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE clinic.wards (
    tenant_id UUID NOT NULL,
    year BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    beds BIGINT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, year, seq)
);
`
	return tenancy.Module{Name: "clinic", Subjects: map[string]string{"clinic.patients": "patients"}, Migrations: fstest.MapFS{"50100_clinic.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{
		tenancy.Define[Patient](tenancy.Spec{Table: "clinic.patients", Class: tenancy.Master, Subject: "self", User: "account_id"}),
		tenancy.Define[Visit](tenancy.Spec{Table: "clinic.visits", Class: tenancy.Voucher, Subject: "patient_id", Writes: tenancy.AppendOnly}),
		tenancy.Define[VisitText](tenancy.Spec{Table: "clinic.visit_texts", Class: tenancy.Voucher, Subject: "visit_id", Writes: tenancy.Companion,
			PartOf: "clinic.visits"}),
		tenancy.Define[Notice](tenancy.Spec{Table: "clinic.notices", Class: tenancy.Letter}),
		tenancy.Define[Ward](tenancy.Spec{Table: "clinic.wards", Class: tenancy.Book, Derived: true}),
	}}
}

func modules() []tenancy.Module { return []tenancy.Module{privacy.Module(), clinic()} }

func each(t *testing.T, fn func(t *testing.T, env *tenancytest.Env, s *privacy.Service)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: modules()}, func(t *testing.T, env *tenancytest.Env) {
		fn(t, env, privacy.New(env.DB, privacy.Options{}))
	})
}

// practice is a tenant with rows of every kind.
type practice struct {
	ctx      context.Context //nolint:containedctx // the tenant's scope, for the length of a test
	ada, bob Patient
	visits   []*Visit
	texts    []*VisitText
	// corrected is the record of a correction of Ada's, in the tests that make one.
	corrected uuid.UUID
}

const awkward = "line one\nline \"two\" \\ tab\t bell\x07 <&> ünïcödé \u2028 🙂"

func openPractice(t *testing.T, env *tenancytest.Env) *practice {
	t.Helper()
	p := &practice{ctx: env.Tenant(t)}
	p.ada = Patient{Name: "Ada Canary-Byron", Email: "ada.canary@example.org", Address: "12 Canary Row\nLondon", Born: date.Of(1815, 12, 10), Premium: 7, Insurer: "Lloyd's"}
	p.bob = Patient{Name: "Bob Finch", Address: "1 Elm Street"}
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		// The first patient is referred by the second: a reference forward in the order of the key.
		p.ada.ID, p.bob.ID = tenancy.NewID(), tenancy.NewID()
		b := tx.Batch()
		tenancy.Put(b, []*Patient{&p.bob})
		p.ada.Referrer = p.bob.ID
		tenancy.Put(b, []*Patient{&p.ada})
		for i, patient := range []uuid.UUID{p.ada.ID, p.ada.ID, p.bob.ID, uuid.Nil} {
			v := &Visit{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: patient, Fee: decimal.New(int64(110+i), -2), Paid: i%2 == 0, Day: date.Of(2026, 3, 4+i), At: at}
			if i > 0 {
				v.SeenAt, v.Units = at.Add(time.Microsecond), int64(-i)
			}
			p.visits = append(p.visits, v)
			p.texts = append(p.texts, &VisitText{VisitID: v.ID, Payer: []string{"Ada Canary-Byron", "Lady Ada Lovelace", "Bob Finch", ""}[i], Notes: awkward})
		}
		p.visits[0].FollowsID = p.visits[3].ID // forward in the order of the key
		p.texts[2].Notes = "came with ADA canary-byron, of 12 Canary Row"
		tenancy.Put(b, []*Visit{p.visits[3]})
		tenancy.Put(b, p.visits[:3])
		tenancy.Put(b, p.texts)
		tenancy.Put(b, []*Notice{{Code: "N-1", Body: "call ada.canary@example.org"}, {Code: "N-2", Body: "the lift is out of order"}})
		tenancy.Put(b, []*Ward{{Year: 2025, Seq: 10, Beds: 4, Total: 1}, {Year: 2025, Seq: 2, Beds: 1}, {Year: 2026, Seq: 1}})
		return b.Run(ctx)
	}))
	return p
}

func export(t *testing.T, s *privacy.Service, ctx context.Context) ([]byte, privacy.Manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := s.Export(ctx, &out)
	require.NoError(t, err)
	return out.Bytes(), m
}

func files(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		out[f.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return out
}
