package tenancy_test

import (
	"context"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

type Guest struct {
	tenancy.Row
	Name string `bun:"name" privacy:"identity,pseudonymise"`
}

type Stay struct {
	tenancy.Row
	GuestID uuid.UUID `bun:"guest_id,nullzero"`
	Kind    string    `bun:"kind" privacy:"none"`
}

type Extra struct {
	tenancy.Row
	StayID uuid.UUID `bun:"stay_id"`
}

// Note is about a guest whom no foreign key leads to, and a Reply about whom its note is.
type Note struct {
	tenancy.Row
	PersonID uuid.UUID `bun:"person_id"`
}

type Reply struct {
	tenancy.Row
	NoteID uuid.UUID `bun:"note_id"`
}

// Remark is about anybody, and Answer leads there.
type Remark struct {
	tenancy.Row
	OfID uuid.UUID `bun:"of_id,nullzero"`
}

type Answer struct {
	tenancy.Row
	RemarkID uuid.UUID `bun:"remark_id"`
}

// hotel has rows that lead to a person at once and by way of others, and some that are written whatever is restricted.
var hotel = tenancy.Module{
	Name: "hotel",
	Models: []*tenancy.Model{
		tenancy.Define[Guest](tenancy.Spec{Table: "hotel.guests", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "self"}),
		tenancy.Define[Stay](tenancy.Spec{Table: "hotel.stays", Class: tenancy.Voucher, Controller: tenancy.ByHost, Subject: "guest_id",
			StillBooks: tenancy.When(func(s *Stay) bool { return s.Kind == "refund" })}),
		tenancy.Define[Extra](tenancy.Spec{Table: "hotel.extras", Class: tenancy.Voucher, Controller: tenancy.ByHost, Subject: "stay_id"}),
		tenancy.Define[Note](tenancy.Spec{Table: "hotel.notes", Class: tenancy.Letter, Controller: tenancy.ByHost, Subject: "person_id", Anybody: true}),
		tenancy.Define[Reply](tenancy.Spec{Table: "hotel.replies", Class: tenancy.Letter, Controller: tenancy.ByHost, Subject: "note_id"}),
		tenancy.Define[Remark](tenancy.Spec{Table: "hotel.remarks", Class: tenancy.Letter, Controller: tenancy.ByHost, Subject: "of_id", Anybody: true}),
		tenancy.Define[Answer](tenancy.Spec{Table: "hotel.answers", Class: tenancy.Letter, Controller: tenancy.ByHost, Subject: "remark_id"}),
	},
	Migrations: fstest.MapFS{"50001_hotel.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA hotel;
CREATE TABLE hotel.remarks (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    of_id UUID,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE hotel.answers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    remark_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT hotel_answers_remark FOREIGN KEY (tenant_id, remark_id) REFERENCES hotel.remarks (tenant_id, id)
);
CREATE TABLE hotel.guests (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE hotel.stays (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    guest_id UUID,
    kind TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT hotel_stays_guest FOREIGN KEY (tenant_id, guest_id) REFERENCES hotel.guests (tenant_id, id)
);
CREATE TABLE hotel.extras (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    stay_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT hotel_extras_stay FOREIGN KEY (tenant_id, stay_id) REFERENCES hotel.stays (tenant_id, id)
);
CREATE TABLE hotel.notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE hotel.replies (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    note_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT hotel_replies_note FOREIGN KEY (tenant_id, note_id) REFERENCES hotel.notes (tenant_id, id)
);
`)}},
}

const permStay tenancy.Permission = "hotel.stay"

// What is of a person is refused without a foreign key that leads there, and so is what leads to it; rows about somebody else are not.
func TestRowsOfAPersonAreRestricted(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{hotel}}, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		ada, ben := &Guest{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "Ada"}, &Guest{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "Ben"}
		hers := &Note{Row: tenancy.Row{ID: tenancy.NewID()}, PersonID: ada.ID}
		note := func(person uuid.UUID) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Note{PersonID: person})
			})
		}
		reply := func(to uuid.UUID) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Reply{NoteID: to}) })
		}
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, []*Guest{ada, ben})
			tenancy.Put(b, []*Note{hers})
			return b.Run(ctx)
		}))
		require.NoError(t, reply(hers.ID))
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Restrict(ctx, ada.ID, tenancy.UnlawfulUse, "R-1")
		}))
		require.ErrorIs(t, note(ada.ID), tenancy.ErrRestricted)
		require.ErrorIs(t, reply(hers.ID), tenancy.ErrRestricted)
		require.NoError(t, note(ben.ID))
		require.NoError(t, note(tenancy.NewID()), "of somebody who is erased")
	})
}

// A model of persons names them by a column of their ids, and is nobody's part.
func TestWhatIsOfAPersonNamesThem(t *testing.T) {
	for name, spec := range map[string]tenancy.Spec{"by nothing": {}, "by itself": {Subject: "self"}} {
		spec.Table, spec.Class, spec.Anybody = "hotel.notes", tenancy.Letter, true
		require.Panics(t, func() { tenancy.Define[Note](spec) }, name)
	}
}

// act runs fn as an act of the hotel.
func act(env *tenancytest.Env, ctx context.Context, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
	_, err := tenancy.Act(ctx, env.DB, permStay, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) { return struct{}{}, fn(ctx, tx) })
	return err
}

func TestRestriction(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{hotel}}, func(t *testing.T, env *tenancytest.Env) {
		ctx, neighbour := env.Tenant(t), env.Tenant(t)
		ada, ben := &Guest{Name: "Ada"}, &Guest{Name: "Ben"}
		hers := &Stay{Kind: "night"}
		put := func(ctx context.Context, row any) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				switch r := row.(type) {
				case *Guest:
					return tenancy.Insert(ctx, tx, r)
				case *Stay:
					return tenancy.Insert(ctx, tx, r)
				case *Extra:
					b := tx.Batch()
					tenancy.Put(b, []*Extra{r})
					return b.Hold(ctx)
				}
				return nil
			})
		}
		rename := func(ctx context.Context, g *Guest) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Update(ctx, tx, g, "name") })
		}
		require.NoError(t, put(ctx, ada))
		require.NoError(t, put(ctx, ben))
		hers.GuestID = ada.ID
		require.NoError(t, put(ctx, hers))
		twin := &Guest{Row: tenancy.Row{ID: ada.ID}, Name: "the neighbour's"}
		require.NoError(t, put(neighbour, twin), "ids are each tenant's own")
		restrict := func(ctx context.Context, person uuid.UUID, g tenancy.Ground) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tx.Restrict(ctx, person, g, "R-1") })
		}
		require.ErrorIs(t, restrict(ctx, tenancy.NewID(), tenancy.AccuracyContested), tenancy.ErrNotFound)
		require.ErrorIs(t, restrict(ctx, ada.ID, "whim"), tenancy.ErrBadInput)
		require.NoError(t, restrict(ctx, ada.ID, tenancy.AccuracyContested))
		require.NoError(t, restrict(ctx, ada.ID, tenancy.ObjectionPending))

		counts := func() (n [3]int64) {
			require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
				if n[0], err = tenancy.Count[Guest](ctx, tx); err == nil {
					if n[1], err = tenancy.Count[Stay](ctx, tx); err == nil {
						n[2], err = tenancy.Count[Extra](ctx, tx)
					}
				}
				return err
			}))
			return n
		}
		before := counts()
		for what, err := range map[string]error{
			"a row that leads to her":          put(ctx, &Stay{GuestID: ada.ID, Kind: "night"}),
			"one that does by way of another":  put(ctx, &Extra{StayID: hers.ID}),
			"her own row":                      rename(ctx, &Guest{Row: ada.Row, Name: "Ada L."}),
			"among others":                     act(env, ctx, many(&Stay{GuestID: ben.ID, Kind: "night"}, &Stay{GuestID: ada.ID, Kind: "night"})),
			"without the leave of an act":      act(env, ctx, despite(env, tenancy.Despite("whim"), &Stay{GuestID: ada.ID, Kind: "night"})),
			"in a scope that may not overrule": act(env, env.Enter(t, tenancy.ScopeOf(ctx).TenantID(), permStay), despite(env, tenancy.ForClaims, &Stay{GuestID: ada.ID, Kind: "night"})),
		} {
			require.Error(t, err, what)
			if what != "without the leave of an act" && what != "in a scope that may not overrule" {
				require.ErrorIs(t, err, tenancy.ErrRestricted, what)
				require.Equal(t, fault.Restricted, fault.KindOf(err), what)
			}
		}
		require.Equal(t, before, counts(), "what was refused wrote nothing")
		require.NoError(t, put(ctx, &Stay{GuestID: ada.ID, Kind: "refund"}), "what still books")
		require.NoError(t, put(ctx, &Stay{GuestID: ben.ID, Kind: "night"}), "somebody else")
		require.NoError(t, put(ctx, &Stay{Kind: "night"}), "nobody")
		require.NoError(t, put(neighbour, &Stay{GuestID: ada.ID, Kind: "night"}), "the tenant next door")
		require.NoError(t, act(env, ctx, despite(env, tenancy.ForClaims, &Stay{GuestID: ada.ID, Kind: "night"})))
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			all, err := tx.Restricted(ctx)
			require.NoError(t, err)
			require.Len(t, all, 1)
			require.Equal(t, tenancy.ObjectionPending, all[0].Ground)
			none, err := tx.Restricted(ctx, ben.ID)
			require.Empty(t, none)
			if err != nil {
				return err
			}
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("columns", "despite:claims"))
			require.Len(t, events, 1, "that it was overruled is on record")
			return err
		}))
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tx.Unrestrict(ctx, ada.ID))
			return tx.Unrestrict(ctx, ada.ID)
		}))
		require.NoError(t, put(ctx, &Extra{StayID: hers.ID}))
		require.NoError(t, rename(ctx, &Guest{Row: ada.Row, Name: "Ada L."}))
	})
}

func many(stays ...*Stay) func(ctx context.Context, tx *tenancy.Tx) error {
	return func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		tenancy.Put(b, stays)
		return b.Run(ctx)
	}
}

func despite(env *tenancytest.Env, why tenancy.Despite, s *Stay) func(ctx context.Context, tx *tenancy.Tx) error {
	return func(ctx context.Context, tx *tenancy.Tx) error {
		if err := tx.DespiteRestriction(why); err != nil {
			return err
		}
		return tenancy.Insert(ctx, tx, s)
	}
}

// Whoever is at it when somebody is restricted has either written before, or is refused.
func TestRaceARestrictionIsSeenByWhoeverComesAfter(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{hotel}}, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		for range 10 {
			guest := &Guest{Name: "Ada"}
			require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, guest) }))
			var both sync.WaitGroup
			var written, restricted error
			at := make(chan int64, 1)
			both.Go(func() {
				written = act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					return tenancy.Insert(ctx, tx, &Stay{GuestID: guest.ID, Kind: "night"})
				})
			})
			both.Go(func() {
				restricted = act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					if err := tx.Restrict(ctx, guest.ID, tenancy.UnlawfulUse, "R"); err != nil {
						return err
					}
					n, err := tenancy.Count[Stay](ctx, tx, tenancy.Eq("guest_id", guest.ID))
					at <- n
					return err
				})
			})
			both.Wait()
			require.NoError(t, restricted)
			n := <-at
			if written == nil {
				require.EqualValues(t, 1, n, "written before, so seen by who restricted")
			} else {
				require.ErrorIs(t, written, tenancy.ErrRestricted)
			}
		}
	})
}

// A row can be about anybody, by the id of their own row and without a foreign key: it is refused as any other, and so is what leads there.
func TestARowAboutAnybody(t *testing.T) {
	require.Panics(t, func() {
		tenancy.Define[Remark](tenancy.Spec{Table: "hotel.others", Class: tenancy.Letter, Anybody: true})
	}, "without a column")
	require.Panics(t, func() {
		tenancy.Define[Stay](tenancy.Spec{Table: "hotel.others", Class: tenancy.Letter, Subject: "kind", Anybody: true})
	}, "of another type")
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{hotel}}, func(t *testing.T, env *tenancytest.Env) {
		ctx, neighbour := env.Tenant(t), env.Tenant(t)
		ada, ben := &Guest{Name: "Ada"}, &Guest{Name: "Ben"}
		before := &Remark{}
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, []*Guest{ada, ben})
			if err := b.Run(ctx); err != nil {
				return err
			}
			if err := tx.LockPersons(ctx, ben.ID, ada.ID, ben.ID); err != nil {
				return err
			}
			before.OfID = ada.ID
			tenancy.Put(b, []*Remark{before, {OfID: ben.ID}, {}})
			return b.Run(ctx)
		}))
		lock := func(ctx context.Context, ids ...uuid.UUID) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tx.LockPersons(ctx, ids...) })
		}
		require.NoError(t, lock(ctx))
		require.ErrorIs(t, lock(ctx, ada.ID, tenancy.NewID()), tenancy.ErrNotFound)
		require.ErrorIs(t, lock(neighbour, ada.ID), tenancy.ErrNotFound, "the tenant next door")
		require.NoError(t, act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Restrict(ctx, ada.ID, tenancy.AccuracyContested, "R-1")
		}))
		put := func(row *Remark) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, row) })
		}
		require.ErrorIs(t, put(&Remark{OfID: ada.ID}), tenancy.ErrRestricted)
		require.NoError(t, put(&Remark{OfID: ben.ID}))
		require.NoError(t, put(&Remark{}), "about nobody")
		answer := func(to uuid.UUID) error {
			return act(env, ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Answer{RemarkID: to}) })
		}
		require.ErrorIs(t, answer(before.ID), tenancy.ErrRestricted)
	})
}
