package retention_test

import (
	"context"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomed.run)
	laws.Default(histories)
	os.Exit(tenancytest.Main(m))
}

// The models of these tests are a clinic's: persons, bills with companion rows, bookings that refer to bills, letters that can be deleted, and the lines of a log.

type Patient struct {
	tenancy.Row
	Name  string `bun:"name" privacy:"identity,pseudonymise"`
	Email string `bun:"email,nullzero" privacy:"contact,delete,sealed"`
}

// Card is a patient's, and has no date.
type Card struct {
	tenancy.Row
	PatientID uuid.UUID `bun:"patient_id"`
}

type Bill struct {
	tenancy.Row
	PatientID uuid.UUID `bun:"patient_id,nullzero"`
	Day       date.Date `bun:"day"`
	FeeMinor  int64     `bun:"fee_minor"`
	Corrects  uuid.UUID `bun:"corrects_id,nullzero"`
}

type BillText struct {
	tenancy.Owned
	BillID uuid.UUID `bun:"bill_id,pk"`
	Payer  string    `bun:"payer" privacy:"identity,pseudonymise"`
	Notes  string    `bun:"notes" privacy:"free-text,delete,sealed"`
}

// Booking is of a book, and may refer to its voucher.
type Booking struct {
	tenancy.Row
	Day    date.Date `bun:"day,nullzero"`
	BillID uuid.UUID `bun:"bill_id,nullzero"`
}

type Letter struct {
	tenancy.Row
	PatientID uuid.UUID `bun:"patient_id,nullzero"`
	SentAt    time.Time `bun:"sent_at"`
	Body      string    `bun:"body" privacy:"free-text,delete"`
}

// Page is a part of a letter.
type Page struct {
	tenancy.Owned
	LetterID uuid.UUID `bun:"letter_id,pk"`
	No       int64     `bun:"no,pk"`
	Text     string    `bun:"text" privacy:"free-text,delete"`
}

// Visitor is a line of a log, by day.
type Visitor struct {
	tenancy.Owned
	Day   date.Date `bun:"day,pk"`
	Seq   int64     `bun:"seq,pk"`
	Badge string    `bun:"badge" privacy:"identity,delete"`
}

const clinicSQL = `-- +goose Up
CREATE SCHEMA clinic;
CREATE TABLE clinic.patients (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE clinic.cards (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    patient_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_cards_patient FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id)
);
CREATE TABLE clinic.bills (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    patient_id UUID,
    day DATE NOT NULL,
    fee_minor BIGINT NOT NULL,
    corrects_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_bills_patient FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id),
    CONSTRAINT clinic_bills_corrects FOREIGN KEY (tenant_id, corrects_id) REFERENCES clinic.bills (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE TABLE clinic.bill_texts (
    tenant_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    payer TEXT NOT NULL,
    notes TEXT NOT NULL,
    PRIMARY KEY (tenant_id, bill_id),
    CONSTRAINT clinic_bill_texts_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES clinic.bills (tenant_id, id)
);
CREATE TABLE clinic.bookings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    day DATE,
    bill_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_bookings_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES clinic.bills (tenant_id, id)
);
CREATE TABLE clinic.letters (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    patient_id UUID,
    sent_at TIMESTAMPTZ NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT clinic_letters_patient FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id)
);
CREATE TABLE clinic.pages (
    tenant_id UUID NOT NULL,
    letter_id UUID NOT NULL,
    no BIGINT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (tenant_id, letter_id, no),
    CONSTRAINT clinic_pages_letter FOREIGN KEY (tenant_id, letter_id) REFERENCES clinic.letters (tenant_id, id)
);
CREATE TABLE clinic.visitors (
    tenant_id UUID NOT NULL,
    day DATE NOT NULL,
    seq BIGINT NOT NULL,
    badge TEXT NOT NULL,
    PRIMARY KEY (tenant_id, day, seq)
);
`

func clinic() tenancy.Module {
	return tenancy.Module{Name: "clinic", Migrations: fstest.MapFS{"50100_clinic.sql": {Data: []byte(clinicSQL)}}, Models: []*tenancy.Model{
		tenancy.Define[Patient](tenancy.Spec{Table: "clinic.patients", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[Card](tenancy.Spec{Table: "clinic.cards", Class: tenancy.Master, Subject: "patient_id"}),
		tenancy.Define[Bill](tenancy.Spec{Table: "clinic.bills", Class: tenancy.Voucher, Subject: "patient_id", RetainFrom: "day", Writes: tenancy.AppendOnly}),
		tenancy.Define[BillText](tenancy.Spec{Table: "clinic.bill_texts", Class: tenancy.Voucher, Subject: "bill_id", Writes: tenancy.Companion, PartOf: "clinic.bills"}),
		tenancy.Define[Booking](tenancy.Spec{Table: "clinic.bookings", Class: tenancy.Book, RetainFrom: "day", Writes: tenancy.AppendOnly}),
		tenancy.Define[Letter](tenancy.Spec{Table: "clinic.letters", Class: tenancy.Letter, Subject: "patient_id", RetainFrom: "sent_at"}),
		tenancy.Define[Page](tenancy.Spec{Table: "clinic.pages", Class: tenancy.Letter, Subject: "letter_id", PartOf: "clinic.letters"}),
		tenancy.Define[Visitor](tenancy.Spec{Table: "clinic.visitors", Class: tenancy.Log, RetainFrom: "day"}),
	}}
}

func modules() []tenancy.Module { return []tenancy.Module{retention.Module(), clinic()} }

// visitors are kept for a month.
var visitors = retention.Rule{ID: "clinic.visitors", Kind: retention.Limit, Class: tenancy.Log, Tables: []string{"clinic.visitors"}, Start: retention.OnDate, Length: retention.Length{Months: 1},
	Always: true, Source: "house rules", ValidFrom: date.Of(2000, 1, 1)}

// practice is a tenant in Germany whose clock is the test's.
type practice struct {
	*tenancytest.Env
	keep *retention.Service
	now  *time.Time
	ctx  context.Context //nolint:containedctx // the tenant's scope, for the length of a test
}

func noon(day string) time.Time { return date.Must(day).Time().Add(12 * time.Hour) }

func options() retention.Options {
	return retention.Options{Rules: []retention.Rule{visitors}, Jurisdiction: func(context.Context) (string, error) { return "DE", nil },
		Periods: func(context.Context, *tenancy.Tx) (all []retention.Period, err error) {
			for year := 2000; year < 2030; year++ {
				all = append(all, retention.Period{From: date.Of(year, 1, 1), To: date.Of(year, 12, 31)})
			}
			return all, nil
		}}
}

func each(t *testing.T, today string, fn func(t *testing.T, p *practice)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := noon(today)
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
			keep, err := retention.New(env.DB, options())
			require.NoError(t, err)
			fn(t, &practice{env, keep, &now, env.Tenant(t)})
		})
	}
}

// do writes rows in an act.
func (p *practice) do(t testing.TB, fill func(b *tenancy.Batch)) {
	t.Helper()
	require.NoError(t, p.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		fill(b)
		return b.Run(ctx)
	}))
}

// bill writes a bill with its text, and its patient.
func bill(ctx context.Context, db *tenancy.DB, payer string, on date.Date) (uuid.UUID, error) {
	who := &Patient{Row: tenancy.Row{ID: tenancy.NewID()}, Name: payer, Email: "p@example.org"}
	b := &Bill{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: who.ID, Day: on, FeeMinor: 100}
	err := db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		batch := tx.Batch()
		tenancy.Put(batch, []*Patient{who})
		tenancy.Put(batch, []*Bill{b})
		tenancy.Put(batch, []*BillText{{BillID: b.ID, Payer: payer, Notes: "owes " + payer}})
		return batch.Run(ctx)
	})
	return b.ID, err
}

func (p *practice) bill(t testing.TB, payer, on string) uuid.UUID {
	t.Helper()
	id, err := bill(p.ctx, p.DB, payer, date.Must(on))
	require.NoError(t, err)
	return id
}

// find reads rows.
func find[T any](t testing.TB, p *practice, opts ...tenancy.Option) []T {
	t.Helper()
	var out []T
	require.NoError(t, p.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		out, err = tenancy.Find[T](ctx, tx, opts...)
		return err
	}))
	return out
}

// payer is what a bill still says of who pays.
func (p *practice) payer(t testing.TB, id uuid.UUID) string {
	t.Helper()
	return find[BillText](t, p, tenancy.Eq("bill_id", id))[0].Payer
}

func (p *practice) enable(t testing.TB, rules ...string) {
	t.Helper()
	for _, r := range rules {
		_, err := p.keep.Enable(p.ctx, r, "on "+r)
		require.NoError(t, err)
	}
}

// sweep sweeps a whole pass, so many rows at a time.
func (p *practice) sweep(t testing.TB, limit int) retention.Swept {
	t.Helper()
	for range 1000 {
		out, err := p.keep.Sweep(p.ctx, limit)
		require.NoError(t, err)
		if out.Done {
			return out
		}
	}
	require.Fail(t, "a pass does not come to its end")
	return retention.Swept{}
}

// counts are a report's rows, by "table outcome rule".
func counts(s retention.Swept) map[string]int64 {
	out := map[string]int64{}
	for _, l := range s.Lines {
		key := l.Table + " " + string(l.Outcome)
		if l.Rule != "" {
			key += " " + l.Rule
		}
		out[key] = l.Rows
	}
	return out
}

// until is when a record may go: a day, "free", or "" where it is not known.
func (p *practice) until(t testing.TB, table string, id uuid.UUID) string {
	t.Helper()
	out, err := p.keep.Releases(p.ctx, table, id)
	require.NoError(t, err)
	if (out[0].Hold == retention.Hold{}) {
		return "free"
	}
	return out[0].Hold.Until.String()
}
