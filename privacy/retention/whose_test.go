package retention_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Complaint is about a patient whose own row may be gone.
type Complaint struct {
	tenancy.Row
	PersonID uuid.UUID `bun:"person_id"`
	MadeOn   date.Date `bun:"made_on"`
	Body     string    `bun:"body" privacy:"free-text,delete"`
}

// Remark says nowhere that it is about anybody.
type Remark struct {
	tenancy.Row
	AboutID uuid.UUID `bun:"about_id,nullzero"`
	MadeOn  date.Date `bun:"made_on"`
	Body    string    `bun:"body" privacy:"free-text,delete"`
}

func ombudsman() tenancy.Module {
	const text = `-- +goose Up
CREATE SCHEMA ombudsman;
CREATE TABLE ombudsman.complaints (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    made_on DATE NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE ombudsman.remarks (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    about_id UUID,
    made_on DATE NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
`
	return tenancy.Module{Name: "ombudsman", Migrations: fstest.MapFS{"50130_ombudsman.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{
		tenancy.Define[Complaint](tenancy.Spec{Table: "ombudsman.complaints", Class: tenancy.Letter, Subject: "person_id", Anybody: true, RetainFrom: "made_on"}),
		tenancy.Define[Remark](tenancy.Spec{Table: "ombudsman.remarks", Class: tenancy.Letter, RetainFrom: "made_on"})}}
}

// A legal hold on a person holds what an erasure of them finds: rows that name them without a foreign key as well.
func TestAHoldOnAPersonHoldsWhatNoForeignKeyLeadsFrom(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := noon("2026-01-01")
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: append(modules(), ombudsman()), Clock: func() time.Time { return now }})
			keep, err := retention.New(env.DB, options())
			require.NoError(t, err)
			p := &practice{env, keep, &now, env.Tenant(t)}
			who, other := &Patient{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "Ada Byron"}, &Patient{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "Bob Finch"}
			var complaints []*Complaint
			var remarks []*Remark
			for _, id := range []uuid.UUID{who.ID, other.ID, tenancy.NewID()} {
				complaints = append(complaints, &Complaint{Row: tenancy.Row{ID: tenancy.NewID()}, PersonID: id, MadeOn: day("2010-01-01"), Body: "x"})
				remarks = append(remarks, &Remark{Row: tenancy.Row{ID: tenancy.NewID()}, AboutID: id, MadeOn: day("2010-01-01"), Body: "x"})
			}
			p.do(t, func(b *tenancy.Batch) {
				tenancy.Put(b, []*Patient{who, other})
				tenancy.Put(b, complaints)
				tenancy.Put(b, remarks)
			})
			require.Equal(t, "free", p.until(t, "ombudsman.complaints", complaints[0].ID))
			_, err = p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "7 O 1/26", Ground: retention.ForClaim, Reason: "a claim", Table: "clinic.patients", Row: who.ID})
			require.NoError(t, err)
			for i, rule := range []string{retention.LegalHoldRule, "", ""} {
				require.Equal(t, rule, p.holds(t, "ombudsman.complaints", complaints[i].ID)[0].Rule)
				require.Equal(t, rule, p.holds(t, "ombudsman.remarks", remarks[i].ID)[0].Rule)
			}
			// A hold on what is about somebody is placed as on any record.
			_, err = p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "7 O 2/26", Ground: retention.ForClaim, Reason: "a claim", Table: "ombudsman.complaints", Row: complaints[2].ID})
			require.NoError(t, err, "the person's own row is gone")
			require.Equal(t, retention.LegalHoldRule, p.holds(t, "ombudsman.complaints", complaints[2].ID)[0].Rule)
		})
	}
}
