package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Patient is what nobody looks at unseen.
type Patient struct {
	tenancy.Row
	Name   string `bun:"name" privacy:"identity,pseudonymise"`
	Visits int64  `bun:"visits"`
}

var clinic = tenancy.Module{
	Name: "clinic",
	Models: []*tenancy.Model{
		tenancy.Define[Patient](tenancy.Spec{Table: "clinic.patients", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "self", RecordReads: true}),
	},
	Migrations: fstest.MapFS{"50002_clinic.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA clinic;
CREATE TABLE clinic.patients (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    visits BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
`)}},
}

// ward is a tenant with three patients.
type ward struct {
	env      *tenancytest.Env
	ctx      context.Context //nolint:containedctx // the tenant's scope
	patients []*Patient
}

func eachWard(t *testing.T, fn func(t *testing.T, w *ward)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{library, clinic}}, func(t *testing.T, env *tenancytest.Env) {
		w := &ward{env: env, ctx: env.Tenant(t), patients: []*Patient{{Name: "Ada"}, {Name: "Bob"}, {Name: "Cyd"}}}
		require.NoError(t, env.DB.Tx(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, w.patients)
			return b.Run(ctx)
		}))
		fn(t, w)
	})
}

// looks are the events of reading so far, as "act rows", with the row where it was one.
func (w *ward) looks(t *testing.T) (out []string) {
	t.Helper()
	require.NoError(t, w.env.DB.Read(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		found, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("verb", "read"), tenancy.OrderBy("id"))
		for _, e := range found {
			require.Equal(t, "clinic.patients", e.Model)
			require.Equal(t, "tester", e.Actor)
			text := fmt.Sprintf("%s %d", e.Act, e.Rows)
			for i, p := range w.patients {
				if p.ID == e.RowID {
					text += fmt.Sprintf(" patient %d", i)
				}
			}
			out = append(out, text)
		}
		return err
	}))
	return out
}

var errNothing = errors.New("nothing comes of it")

// Every verb that reads tells of it, whatever becomes of the transaction.
func TestReadsOfMarkedModelsAreRecorded(t *testing.T) {
	type read func(ctx context.Context, tx *tenancy.Tx, w *ward) error
	reads := []struct {
		name string
		read read
		want string
	}{
		{"find", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			_, err := tenancy.Find[Patient](ctx, tx)
			return err
		}, "3"},
		{"find one", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			_, err := tenancy.Find[Patient](ctx, tx, tenancy.Eq("name", "Bob"))
			return err
		}, "1 patient 1"},
		{"get", func(ctx context.Context, tx *tenancy.Tx, w *ward) error {
			_, err := tenancy.Get[Patient](ctx, tx, w.patients[2].ID)
			return err
		}, "1 patient 2"},
		{"get in vain", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			_, err := tenancy.Get[Patient](ctx, tx, tenancy.NewID())
			require.True(t, tenancy.IsNotFound(err))
			return nil
		}, "0"},
		{"count", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			_, err := tenancy.Count[Patient](ctx, tx)
			return err
		}, "3"},
		{"exists", func(ctx context.Context, tx *tenancy.Tx, w *ward) error {
			_, err := tenancy.Exists[Patient](ctx, tx, tenancy.Eq("id", w.patients[0].ID))
			return err
		}, "1 patient 0"},
		{"stream", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			return tenancy.Stream(ctx, tx, func(*Patient) error { return nil })
		}, "3"},
		{"stream, broken off", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			err := tenancy.Stream(ctx, tx, func(*Patient) error { return errNothing }, tenancy.OrderBy("id"))
			require.ErrorIs(t, err, errNothing)
			return nil
		}, "1"},
		{"page", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			_, err := tenancy.Page[Patient](ctx, tx, tenancy.PageRequest{Limit: 2})
			return err
		}, "2"},
		{"load", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			var rows []Patient
			b := tx.Batch()
			tenancy.Load(b, &rows)
			return b.Run(ctx)
		}, "3"},
		{"load one", func(ctx context.Context, tx *tenancy.Tx, w *ward) error {
			var rows []Patient
			b := tx.Batch()
			tenancy.Load(b, &rows, tenancy.Eq("id", w.patients[1].ID))
			return b.Run(ctx)
		}, "1 patient 1"},
		{"report", func(ctx context.Context, tx *tenancy.Tx, _ *ward) error {
			_, err := tenancy.Report[string](ctx, tx, "SELECT p.name FROM {patients} AS p")
			return err
		}, "3"},
		{"verbs without types", func(ctx context.Context, tx *tenancy.Tx, w *ward) error {
			_, err := w.env.DB.Registry().Table("clinic.patients").Verbs().Find(ctx, tx)
			return err
		}, "3"},
	}
	ways := []struct {
		name string
		run  func(w *ward, act tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) error) error
	}{
		{"view", func(w *ward, act tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
			_, err := tenancy.View(w.ctx, w.env.DB, act, func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, fn(ctx, tx) })
			return err
		}},
		{"act", func(w *ward, act tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
			_, err := tenancy.Act(w.ctx, w.env.DB, act, func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, fn(ctx, tx) })
			return err
		}},
		{"act undone", func(w *ward, act tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
			_, err := tenancy.Act(w.ctx, w.env.DB, act, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
				return true, errors.Join(fn(ctx, tx), errNothing)
			})
			if errors.Is(err, errNothing) {
				return nil
			}
			return errors.Join(err, errNothing)
		}},
		{"dry run", func(w *ward, act tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
			_, err := w.env.DB.DryRun(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Act(ctx, w.env.DB, act, func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, fn(ctx, tx) })
				return err
			})
			return err
		}},
	}
	eachWard(t, func(t *testing.T, w *ward) {
		var want []string
		for i, r := range reads {
			for j, way := range ways {
				act := tenancy.Permission(fmt.Sprintf("clinic.read_%d_%d", i, j))
				require.NoError(t, way.run(w, act, func(ctx context.Context, tx *tenancy.Tx) error { return r.read(ctx, tx, w) }), "%s in %s", r.name, way.name)
				want = append(want, string(act)+" "+r.want)
				have := w.looks(t)
				require.Equal(t, want, have, "%s in %s", r.name, way.name)
			}
		}
	})
}

// A panic takes the result with it, but not that somebody looked.
func TestReadsAreRecordedThroughAPanic(t *testing.T) {
	eachWard(t, func(t *testing.T, w *ward) {
		require.Panics(t, func() {
			_ = w.env.DB.Read(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Find[Patient](ctx, tx)
				require.NoError(t, err)
				panic("lost")
			})
		})
		require.Equal(t, []string{" 3"}, w.looks(t))
	})
}

// Looking at many rows one by one leaves an event for each of the first hundred, and one for all the others.
func TestReadsAreToldTogether(t *testing.T) {
	eachWard(t, func(t *testing.T, w *ward) {
		more := make([]*Patient, 150)
		for i := range more {
			more[i] = &Patient{Name: "Dan"}
		}
		require.NoError(t, w.env.DB.Tx(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, more)
			return b.Run(ctx)
		}))
		require.NoError(t, w.env.DB.Read(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			for range 2 {
				for _, p := range more {
					if _, err := tenancy.Get[Patient](ctx, tx, p.ID); err != nil {
						return err
					}
				}
			}
			_, err := tenancy.Find[Patient](ctx, tx)
			return err
		}))
		looks := w.looks(t)
		require.Len(t, looks, 101)
		require.Equal(t, fmt.Sprintf(" %d", 2*50+153), looks[100])
	})
}

// Models that are not marked, imports, and the trail itself leave nothing; and a view that reads none of the marked ones
// costs no more than before.
func TestOtherReadsAreNotRecorded(t *testing.T) {
	eachWard(t, func(t *testing.T, w *ward) {
		sent := w.env.Count(t, func() {
			require.NoError(t, w.env.DB.Read(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Find[Book](ctx, tx)
				return err
			}))
		})
		require.Equal(t, 3, sent, "begin, select, commit")
		require.Empty(t, w.looks(t))
		marked := w.env.Count(t, func() {
			require.NoError(t, w.env.DB.Read(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Find[Patient](ctx, tx)
				return err
			}))
		})
		require.Equal(t, 6, marked, "and begin, insert, commit")
		made, err := w.env.DB.Tenants().Import(w.env.Platform(t), importing(""), "patients", func(ctx context.Context, i *tenancy.Importing) error {
			m := w.env.DB.Registry().Table("clinic.patients")
			if err := i.Put(ctx, m, []any{&Patient{Row: tenancy.Row{ID: uuid.New()}, Name: "Eve"}}); err != nil {
				return err
			}
			return i.Stream(ctx, m, func(any) error { return nil })
		})
		require.NoError(t, err)
		other := &ward{env: w.env, ctx: w.env.Enter(t, made.ID, "*")}
		require.Empty(t, other.looks(t))
	})
}

// A background job that only reads has entered with what it read.
func TestAJobThatReadsHasEntered(t *testing.T) {
	eachWard(t, func(t *testing.T, w *ward) {
		ctx, err := tenancy.SystemAt(w.ctx, w.env.DB, tenancy.ScopeOf(w.ctx).TenantID(), "clinic.look")
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, w.env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error { _, err := tenancy.Count[Patient](ctx, tx); return err }))
		}
		require.NoError(t, w.env.DB.Read(w.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			found, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("actor", "system:clinic.look"), tenancy.OrderBy("id"))
			require.Len(t, found, 3)
			require.Equal(t, []string{"tenancy.system", "", ""}, []string{found[0].Act, found[1].Act, found[2].Act})
			require.Equal(t, "read", found[2].Verb)
			return err
		}))
	})
}
