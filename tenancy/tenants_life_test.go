package tenancy_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// shelf is a history of the library's: an author, his books, a receipt with its text.
type shelf struct {
	author  Author
	books   []*Book
	receipt Receipt
}

func newShelf() *shelf {
	s := &shelf{author: Author{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "Ada"}, receipt: Receipt{Row: tenancy.Row{ID: tenancy.NewID()}, Number: "R-1"}}
	for _, title := range []string{"One", "Two"} {
		b := novel(title)
		b.ID, b.AuthorID = tenancy.NewID(), s.author.ID
		s.books = append(s.books, b)
	}
	return s
}

// write puts the history into an import, in the order that the import gives.
func (s *shelf) write(ctx context.Context, i *tenancy.Importing) error {
	for _, m := range i.Models() {
		var rows []any
		switch m.Table {
		case "lib.authors":
			a := s.author
			rows = []any{&a}
		case "lib.books":
			for _, b := range s.books {
				c := *b
				rows = append(rows, &c)
			}
		case "lib.receipts":
			r := s.receipt
			rows = []any{&r}
		case "lib.receipt_texts":
			rows = []any{&ReceiptText{ReceiptID: s.receipt.ID, Payer: "Ada"}}
		case "erp.audit_events":
			rows = []any{&tenancy.Event{Row: tenancy.Row{ID: tenancy.NewID()}, OccurredAt: time.Unix(1, 0).UTC(), Actor: "long-ago", Act: "x"}}
		}
		if err := i.Put(ctx, m, rows); err != nil {
			return err
		}
	}
	return nil
}

func importing(reference string) tenancy.NewTenant {
	return tenancy.NewTenant{Name: "Imported", TimeZone: "Europe/London", Reference: reference}
}

// rowsOf counts a tenant's rows in every tenant table, as the tables' owner. A tenant without a file has none.
func rowsOf(t *testing.T, env *tenancytest.Env, tenant uuid.UUID) map[string]int {
	t.Helper()
	out := map[string]int{}
	if env.Dir() != "" {
		left, err := filepath.Glob(filepath.Join(env.Dir(), "tenants", tenant.String()+"*"))
		require.NoError(t, err)
		if len(left) == 0 {
			return out
		}
	}
	owner := env.Owner(t, tenant)
	defer func() { require.NoError(t, owner.Close()) }()
	for _, m := range env.DB.Registry().Models {
		var n int
		require.NoError(t, owner.QueryRow(env.SQL("SELECT count(*) FROM "+m.Table+" WHERE tenant_id = '"+tenant.String()+"'")).Scan(&n))
		if n > 0 {
			out[m.Table] = n
		}
	}
	return out
}

func TestImportMakesATenant(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		s := newShelf()
		platform := env.Platform(t)
		ref := tenancy.NewID().String()
		made, err := env.DB.Tenants().Import(platform, importing(ref), "archive-1", s.write)
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, made.State)
		require.Equal(t, map[string]int{"erp.tenant_gates": 1, "erp.audit_events": 1, "lib.authors": 1, "lib.books": 2, "lib.receipts": 1, "lib.receipt_texts": 1},
			rowsOf(t, env, made.ID), "no more than what was written")
		ctx := env.Enter(t, made.ID, "*")
		require.NoError(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b, err := tenancy.Get[Book](ctx, tx, s.books[0].ID)
			require.NoError(t, err)
			require.Equal(t, s.author.ID, b.AuthorID)
			return nil
		}))
		again, err := env.DB.Tenants().Import(platform, importing(ref), "archive-1", func(context.Context, *tenancy.Importing) error {
			t.Error("written twice")
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, made.ID, again.ID)
		_, err = env.DB.Tenants().Import(platform, importing(ref), "archive-2", s.write)
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		_, err = env.DB.Tenants().Create(platform, importing(ref))
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
	})
}

func TestImportThatIsRefusedLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		platform := env.Platform(t)
		neighbour := env.Tenant(t)
		enough := errors.New("enough")
		s := newShelf()
		for name, write := range map[string]func(ctx context.Context, i *tenancy.Importing) error{
			"an error after everything": func(ctx context.Context, i *tenancy.Importing) error { return errors.Join(s.write(ctx, i), enough) },
			"a row of another tenant": func(ctx context.Context, i *tenancy.Importing) error {
				a := &Author{Row: tenancy.Row{TenantID: tenancy.ScopeOf(neighbour).TenantID(), ID: tenancy.NewID()}, Name: "Eve"}
				return i.Put(ctx, env.DB.Registry().Table("lib.authors"), []any{a})
			},
			"a dangling reference": func(ctx context.Context, i *tenancy.Importing) error {
				b := novel("Lost")
				b.ID, b.AuthorID = tenancy.NewID(), tenancy.NewID()
				return i.Put(ctx, env.DB.Registry().Table("lib.books"), []any{b})
			},
			"a row twice": func(ctx context.Context, i *tenancy.Importing) error {
				return errors.Join(s.write(ctx, i), s.write(ctx, i))
			},
			"an own gate": func(ctx context.Context, i *tenancy.Importing) error {
				m := env.DB.Registry().Table("erp.tenant_gates")
				return i.Put(ctx, m, []any{m.Verbs().New()})
			},
			"a swallowed refusal": func(ctx context.Context, i *tenancy.Importing) error {
				_ = i.Put(ctx, env.DB.Registry().Table("lib.books"), []any{novel("Twin"), novel("Twin")})
				return nil
			},
			"a row of another type": func(ctx context.Context, i *tenancy.Importing) error {
				return i.Put(ctx, env.DB.Registry().Table("lib.books"), []any{&Author{}})
			},
			"the tenant's scope": func(ctx context.Context, _ *tenancy.Importing) error {
				return env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil })
			},
			"a neighbour's scope": func(context.Context, *tenancy.Importing) error {
				return env.DB.Tx(neighbour, func(context.Context, *tenancy.Tx) error { return nil })
			},
		} {
			ref := tenancy.NewID().String()
			var at uuid.UUID
			_, err := env.DB.Tenants().Import(platform, importing(ref), "a", func(ctx context.Context, i *tenancy.Importing) error {
				require.NoError(t, env.Control(t).QueryRow("SELECT id FROM "+control(env)+" WHERE reference = '"+ref+"'").Scan(&at))
				return write(ctx, i)
			})
			require.Error(t, err, name)
			require.Empty(t, rowsOf(t, env, at), name)
			gone, err := env.DB.Tenants().Get(platform, at)
			require.NoError(t, err)
			require.Equal(t, tenancy.StatePurged, gone.State, name)
			require.Empty(t, gone.Name+gone.Reference+gone.Placement, name)
			_, err = env.DB.Enter(context.Background(), at, "tester", nil)
			require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
			_, err = env.DB.Tenants().Import(platform, importing(ref), "a", s.write)
			require.NoError(t, err, "the reference is free again")
		}
	})
}

func control(env *tenancytest.Env) string {
	if env.Name == "sqlite" {
		return "erp_control_tenants"
	}
	return "erp_control.tenants"
}

// The door is the platform's, and opens on a tenant that is being imported and on no other.
func TestImportDoorIsNarrow(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		s := newShelf()
		tenant := env.Tenant(t)
		_, err := env.DB.Tenants().Import(tenant, importing(""), "a", s.write)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = env.DB.Tenants().Import(context.Background(), importing(""), "a", s.write)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = env.DB.Tenants().Import(env.Platform(t), importing(""), "", s.write)
		require.ErrorIs(t, err, tenancy.ErrBadInput)

		require.ErrorIs(t, tenancy.BeginImport(context.Background(), env.DB, tenancy.ScopeOf(tenant).TenantID()), tenancy.ErrTenantConflict,
			"the database itself refuses an import into a tenant in use")

		// A tenant whose control row says importing while its gate is open: the database refuses.
		ref := tenancy.NewID().String()
		made, err := env.DB.Tenants().Create(env.Platform(t), importing(ref))
		require.NoError(t, err)
		id := made.ID
		before := rowsOf(t, env, id)
		_, err = env.Control(t).Exec("UPDATE " + control(env) + " SET state = 'importing', archive = 'a' WHERE id = '" + id.String() + "'")
		require.NoError(t, err)
		var kept *tenancy.Importing
		_, err = env.DB.Tenants().Import(env.Platform(t), importing(ref), "a", func(ctx context.Context, i *tenancy.Importing) error {
			t.Error("the door opened on a tenant in use")
			return s.write(ctx, i)
		})
		require.NoError(t, err, "it is taken for an import that was cut short behind its end")
		require.Equal(t, before, rowsOf(t, env, id))

		// What was handed out cannot be kept.
		_, err = env.DB.Tenants().Import(env.Platform(t), importing(""), "a", func(ctx context.Context, i *tenancy.Importing) error { kept = i; return s.write(ctx, i) })
		require.NoError(t, err)
		require.ErrorIs(t, kept.Put(context.Background(), env.DB.Registry().Table("lib.authors"), []any{&Author{}}), tenancy.ErrTxEnded)
	})
}

// Nobody sees or enters a tenant while it is being imported, and an import that was cut short goes on or is cleared away.
func TestImportCutShort(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		platform := env.Platform(t)
		for name, fn := range map[string]func(t *testing.T, id uuid.UUID, ref string){
			"goes on": func(t *testing.T, id uuid.UUID, ref string) {
				made, err := env.DB.Tenants().Import(platform, importing(ref), "a", func(ctx context.Context, i *tenancy.Importing) error {
					fresh, err := i.Fresh(ctx)
					require.NoError(t, err)
					require.False(t, fresh, "what was committed is there")
					return nil
				})
				require.NoError(t, err)
				require.Equal(t, id, made.ID)
				require.Equal(t, tenancy.StateActive, made.State)
				require.Equal(t, 2, rowsOf(t, env, id)["lib.books"])
			},
			"is cleared away": func(t *testing.T, id uuid.UUID, _ string) {
				_, err := env.Control(t).Exec("UPDATE " + control(env) + " SET changed_at = '2020-01-01T00:00:00.000000Z' WHERE id = '" + id.String() + "'")
				require.NoError(t, err)
				for n := 1; n > 0; {
					n, err = env.DB.Tenants().CompletePending(platform, 10)
					require.NoError(t, err)
				}
				require.Empty(t, rowsOf(t, env, id))
			},
		} {
			t.Run(name, func(t *testing.T) {
				s := newShelf()
				ref := tenancy.NewID().String()
				made, err := env.DB.Tenants().Import(platform, importing(ref), "a", s.write)
				require.NoError(t, err)
				// As after a crash behind the commit: the gate and the row still say importing.
				if env.Name == "postgres" {
					_, err = env.Owner(t, made.ID).Exec("ALTER TABLE erp.tenant_gates DISABLE TRIGGER erp_tenant_gates_guard; UPDATE erp.tenant_gates SET state = 'importing' WHERE tenant_id = '" +
						made.ID.String() + "'; ALTER TABLE erp.tenant_gates ENABLE ALWAYS TRIGGER erp_tenant_gates_guard")
					require.NoError(t, err)
				} else {
					owner := env.Owner(t, made.ID)
					var text string
					require.NoError(t, owner.QueryRow("SELECT sql FROM sqlite_master WHERE name = 'erp_tenant_gates_move'").Scan(&text))
					for _, stmt := range []string{"DROP TRIGGER erp_tenant_gates_move", "UPDATE erp_tenant_gates SET state = 'importing'", text} {
						_, err = owner.Exec(stmt)
						require.NoError(t, err)
					}
				}
				_, err = env.Control(t).Exec("UPDATE " + control(env) + " SET state = 'importing' WHERE id = '" + made.ID.String() + "'")
				require.NoError(t, err)
				db, err := tenancy.Open(context.Background(), env.Engine, tenancy.Options{Modules: []tenancy.Module{library}})
				require.NoError(t, err)
				defer func() { require.NoError(t, db.Close()) }()
				_, err = db.Enter(context.Background(), made.ID, "tester", tenancy.Permissions{"*"})
				require.ErrorIs(t, err, tenancy.ErrTenantNotReady)
				fn(t, made.ID, ref)
			})
		}
	})
}

func TestPurge(t *testing.T) {
	now := time.Date(2026, 1, 10, 15, 0, 0, 0, time.UTC)
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{library}, Clock: func() time.Time { return now }}, func(t *testing.T, env *tenancytest.Env) {
		now = time.Date(2026, 1, 10, 15, 0, 0, 0, time.UTC)
		platform := env.Platform(t)
		tenants := env.DB.Tenants()
		gone, err := tenants.Import(platform, importing(""), "a", newShelf().write)
		require.NoError(t, err)
		stays, err := tenants.Import(platform, importing(""), "a", newShelf().write)
		require.NoError(t, err)
		ctx := env.Enter(t, gone.ID, "*")
		kept := rowsOf(t, env, stays.ID)

		_, err = tenants.Purge(platform, gone.ID, "no reason to")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "not cancelled")
		_, err = tenants.Cancel(ctx, gone.ID, "by itself")
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = tenants.Cancel(platform, gone.ID, " ")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		out, err := tenants.Cancel(platform, gone.ID, "they left")
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC), out.PurgeAfter, "30 full days of UTC: 11 January to 9 February")
		out, err = tenants.Cancel(platform, gone.ID, "again")
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC), out.PurgeAfter)
		require.ErrorIs(t, insertAuthor(ctx, env), tenancy.ErrClosed)
		_, err = tenants.Purge(platform, gone.ID, "too early")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)
		_, err = tenants.PurgeNow(platform, gone.ID, "too early", "")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		_, err = tenants.Resume(platform, gone.ID, "back")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)
		n, err := tenants.CompletePending(platform, 10)
		require.NoError(t, err)
		require.Zero(t, n, "not due")
		require.NotEmpty(t, rowsOf(t, env, gone.ID))

		now = time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC)
		n, err = tenants.CompletePending(platform, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Empty(t, rowsOf(t, env, gone.ID))
		require.Equal(t, kept, rowsOf(t, env, stays.ID), "the neighbour keeps all")
		out, err = tenants.Purge(platform, gone.ID, "again")
		require.NoError(t, err)
		require.Equal(t, tenancy.Tenant{ID: gone.ID, State: tenancy.StatePurged, CreatedAt: gone.CreatedAt, ChangedAt: now}, out)
		require.ErrorIs(t, env.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrUnknownTenant)

		_, err = tenants.Cancel(platform, stays.ID, "at once")
		require.NoError(t, err)
		out, err = tenants.PurgeNow(platform, stays.ID, "at once", "letter of 10 February, file 7")
		require.NoError(t, err)
		require.Equal(t, tenancy.StatePurged, out.State)
		require.Empty(t, rowsOf(t, env, stays.ID))
	})
}

// A purge is killed at every one of its statements in turn, and is completed by the next.
func TestPurgeKilledAnywhere(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: []tenancy.Module{library}})
	platform := env.Platform(t)
	for at := 1; ; at++ {
		made, err := env.DB.Tenants().Import(platform, importing(""), "a", newShelf().write)
		require.NoError(t, err)
		_, err = env.DB.Tenants().Cancel(platform, made.ID, "x")
		require.NoError(t, err)
		ctx, kill := context.WithCancel(platform)
		sent := 0
		env.Observe(t, func(tenancy.Sent) {
			if sent++; sent == at {
				kill()
			}
		})
		_, err = env.DB.Tenants().PurgeNow(ctx, made.ID, "x", "y")
		kill()
		if err == nil {
			require.Greater(t, at, 10)
			return
		}
		row, err := env.DB.Tenants().Get(platform, made.ID)
		require.NoError(t, err)
		require.Equal(t, tenancy.StatePurging, row.State)
		_, err = env.DB.Enter(context.Background(), made.ID, "tester", nil)
		require.ErrorIs(t, err, tenancy.ErrTenantNotReady)
		_, err = env.DB.Tenants().CompletePending(platform, 1000)
		require.NoError(t, err)
		require.Empty(t, rowsOf(t, env, made.ID))
	}
}

// A file that is in use is not taken from under its user.
func TestRacePurgeOfAFileInUse(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: []tenancy.Module{library}})
	platform, ctx := env.Platform(t), env.Tenant(t)
	id := tenancy.ScopeOf(ctx).TenantID()
	_, err := env.DB.Tenants().Cancel(platform, id, "x")
	require.NoError(t, err)
	purge := func() (err error) { // on a goroutine of its own: this one has a transaction open
		done := make(chan bool)
		go func() {
			defer close(done)
			_, err = env.DB.Tenants().PurgeNow(platform, id, "x", "y")
		}()
		<-done
		return err
	}
	require.ErrorIs(t, env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		require.ErrorIs(t, purge(), tenancy.ErrBusy)
		_, err := tenancy.Count[Author](ctx, tx)
		require.NoError(t, err, "a reader is left in peace")
		_, err = env.DB.Tenants().PurgeNow(platform, id, "x", "y")
		return err
	}), tenancy.ErrOuterContext)
	_, err = env.DB.Tenants().CompletePending(platform, 10)
	require.NoError(t, err)
	_, err = os.Stat(filepath.Join(env.Dir(), "tenants", id.String()+".db"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
