package privacy_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A ferry has rows that lead to people in every way that there is, of which some have no id of their own.

type passenger struct {
	tenancy.Row
	Name    string    `bun:"name" privacy:"identity,pseudonymise"`
	Account uuid.UUID `bun:"account_id"`
}

type ticket struct {
	tenancy.Row
	PassengerID uuid.UUID `bun:"passenger_id"`
	Cabin       string    `bun:"cabin" privacy:"contact,delete"`
}

type coupon struct {
	tenancy.Owned
	TicketID uuid.UUID `bun:"ticket_id,pk"`
	No       int64     `bun:"no,pk"`
	Note     string    `bun:"note" privacy:"free-text,delete"`
}

// claim outlasts the passenger: no foreign key leads there.
type claim struct {
	tenancy.Owned
	VoyageID uuid.UUID `bun:"voyage_id,pk"`
	No       int64     `bun:"no,pk"`
	PersonID uuid.UUID `bun:"person_id"`
	Wants    string    `bun:"wants" privacy:"contact,delete"`
}

// sighting says nowhere that it is about anybody.
type sighting struct {
	tenancy.Row
	SeenID uuid.UUID `bun:"seen_id,nullzero"`
	WithID uuid.UUID `bun:"with_id,nullzero"`
	Wore   string    `bun:"wore" privacy:"contact,delete"`
}

type swipe struct {
	tenancy.Owned
	Day   int64  `bun:"day,pk"`
	No    int64  `bun:"no,pk"`
	Actor string `bun:"actor" privacy:"none"`
	Door  string `bun:"door" privacy:"behaviour,delete"`
}

func ferry() tenancy.Module {
	const text = `-- +goose Up
CREATE SCHEMA ferry;
CREATE TABLE ferry.passengers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    account_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE ferry.tickets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    passenger_id UUID NOT NULL,
    cabin TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT ferry_tickets_passenger FOREIGN KEY (tenant_id, passenger_id) REFERENCES ferry.passengers (tenant_id, id)
);
CREATE TABLE ferry.coupons (
    tenant_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    no BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, no)
);
CREATE TABLE ferry.claims (
    tenant_id UUID NOT NULL,
    voyage_id UUID NOT NULL,
    no BIGINT NOT NULL,
    person_id UUID NOT NULL,
    wants TEXT NOT NULL,
    PRIMARY KEY (tenant_id, voyage_id, no)
);
CREATE TABLE ferry.sightings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    seen_id UUID,
    with_id UUID,
    wore TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE ferry.swipes (
    tenant_id UUID NOT NULL,
    day BIGINT NOT NULL,
    no BIGINT NOT NULL,
    actor TEXT NOT NULL,
    door TEXT NOT NULL,
    PRIMARY KEY (tenant_id, day, no)
);
`
	return tenancy.Module{Name: "ferry", Migrations: fstest.MapFS{"50120_ferry.sql": {Data: []byte(text)}}, Models: []*tenancy.Model{
		tenancy.Define[passenger](tenancy.Spec{Table: "ferry.passengers", Class: tenancy.Master, Subject: "self", User: "account_id"}),
		tenancy.Define[ticket](tenancy.Spec{Table: "ferry.tickets", Class: tenancy.Letter, Subject: "passenger_id"}),
		tenancy.Define[coupon](tenancy.Spec{Table: "ferry.coupons", Class: tenancy.Letter, Subject: "ticket_id", PartOf: "ferry.tickets"}),
		tenancy.Define[claim](tenancy.Spec{Table: "ferry.claims", Class: tenancy.Letter, Subject: "person_id", Anybody: true}),
		tenancy.Define[sighting](tenancy.Spec{Table: "ferry.sightings", Class: tenancy.Log}),
		tenancy.Define[swipe](tenancy.Spec{Table: "ferry.swipes", Class: tenancy.Log, Subject: "actor"})}}
}

// crossing is a tenant in which two passengers have two rows of every kind, on the same voyage; every text is a canary of whose it is.
func crossing(t *testing.T, env *tenancytest.Env) (ctx context.Context, ada, bob *passenger) {
	t.Helper()
	ctx, voyage := env.Tenant(t), tenancy.NewID()
	ada, bob = &passenger{Name: "ada canary 0", Account: tenancy.NewID()}, &passenger{Name: "bob canary 0", Account: tenancy.NewID()}
	require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for i, p := range []*passenger{ada, bob} {
			p.ID = tenancy.NewID()
			name := strings.Fields(p.Name)[0]
			say := func(n int) string { return fmt.Sprintf("%s canary %d", name, n) }
			tickets := []*ticket{{PassengerID: p.ID, Cabin: say(1)}, {PassengerID: p.ID, Cabin: say(2)}}
			b := tx.Batch()
			tenancy.Put(b, []*passenger{p})
			tenancy.Put(b, tickets)
			if err := b.Run(ctx); err != nil {
				return err
			}
			tenancy.Put(b, []*coupon{{TicketID: tickets[0].ID, No: 1, Note: say(3)}, {TicketID: tickets[1].ID, No: 1, Note: say(4)}})
			tenancy.Put(b, []*claim{{VoyageID: voyage, No: int64(i), PersonID: p.ID, Wants: say(5)}, {VoyageID: tenancy.NewID(), No: 9, PersonID: p.ID, Wants: say(6)}})
			tenancy.Put(b, []*sighting{{SeenID: p.ID, WithID: p.ID, Wore: say(7)}, {WithID: p.ID, Wore: say(8)}})
			tenancy.Put(b, []*swipe{{Day: 1, No: int64(i), Actor: tenancy.UserActor(p.Account), Door: say(9)}, {Day: 2, No: int64(i), Actor: tenancy.UserActor(p.Account), Door: say(10)}})
			if err := b.Run(ctx); err != nil {
				return err
			}
		}
		return nil
	}))
	return ctx, ada, bob
}

var aCanary = regexp.MustCompile(`(ada|bob) canary \d+`)

func canariesIn(text string) []string {
	out := aCanary.FindAllString(text, -1)
	slices.Sort(out)
	return slices.Compact(out)
}

// A search, a copy, a preview, an erasure and a correction see the same rows of somebody, in whichever way these lead there, and nobody else's.
func TestEverybodyWalksTheSameWay(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{privacy.Module(), ferry()}}, func(t *testing.T, env *tenancytest.Env) {
		s := privacy.New(env.DB, privacy.Options{})
		ctx, ada, bob := crossing(t, env)
		before := canariesIn(everything(t, s, ctx))
		require.Len(t, before, 22)
		rows := map[string]int64{"ferry.passengers": 1, "ferry.tickets": 2, "ferry.coupons": 2, "ferry.claims": 2, "ferry.sightings": 2, "ferry.swipes": 2}

		found, err := s.Find(ctx, privacy.Query{PersonID: ada.ID})
		require.NoError(t, err)
		about := map[string]int64{}
		for _, table := range found.Tables {
			about[table.Table] = table.About
		}
		require.Equal(t, rows, about)

		there, m := copyOf(t, s, ctx, privacy.SubjectCopy{PersonID: ada.ID})
		copied := map[string]int64{}
		for _, f := range m.Files {
			copied[f.Table] = f.Rows
		}
		require.Equal(t, rows, copied)
		require.Equal(t, before[:11], canariesIn(text(there)), "hers and nobody else's")

		_, err = s.Correct(ctx, privacy.Correction{PersonID: ada.ID, Reference: "C-1", Changes: []privacy.Change{{Table: "ferry.sightings", RowID: seenAt(t, env, ctx, bob.ID), Column: "wore", To: "x"}}})
		require.ErrorIs(t, err, tenancy.ErrNotFound, "somebody else's")
		_, err = s.Correct(ctx, privacy.Correction{PersonID: ada.ID, Reference: "C-1", Changes: []privacy.Change{{Table: "ferry.sightings", RowID: seenAt(t, env, ctx, ada.ID), Column: "wore", To: "ada canary 77"}}})
		require.NoError(t, err)

		plan, err := s.PreviewErasure(ctx, ada.ID)
		require.NoError(t, err)
		report, err := s.Erase(ctx, privacy.Erasure{PersonID: ada.ID, Reference: "E-1", Reason: "asked"})
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines)
		erased := map[string]int64{}
		for _, l := range report.Lines {
			if strings.HasPrefix(l.Table, "ferry.") {
				erased[l.Table] = l.Rows
			}
		}
		require.Equal(t, rows, erased)
		require.True(t, report.Complete())
		require.Equal(t, before[11:], canariesIn(everything(t, s, ctx)), "and nobody else's is")
	})
}

// seenAt is the id of the first row in which somebody was seen.
func seenAt(t *testing.T, env *tenancytest.Env, ctx context.Context, seen uuid.UUID) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		rows, err := tenancy.Find[sighting](ctx, tx, tenancy.Eq("seen_id", seen))
		if err == nil {
			id = rows[0].ID
		}
		return err
	}))
	return id
}
