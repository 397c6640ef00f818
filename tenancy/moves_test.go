package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// filled makes a tenant with a row in each of the library's tables.
func filled(t *testing.T, f *tenancytest.Fleet, placement string) tenancy.Tenant {
	t.Helper()
	made := settle(t, f, placement)
	ctx := f.Control.Enter(t, made.ID, "*")
	require.NoError(t, f.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		ada := &Author{Name: "Ada \u00e9 \"'"}
		require.NoError(t, tenancy.Insert(ctx, tx, ada))
		b := tx.Batch()
		for i := range 3 {
			book := novel(fmt.Sprintf("Book %d", i))
			book.ID, book.AuthorID = tenancy.NewID(), ada.ID
			tenancy.Put(b, []*Book{book})
			tenancy.Accrue(b, []*Tally{{BookID: book.ID, Year: 2026, Loans: int64(i)}}, "loans")
		}
		r := &Receipt{Row: tenancy.Row{ID: tenancy.NewID()}, Number: "R-1"}
		tenancy.Put(b, []*Receipt{r})
		tenancy.Put(b, []*ReceiptText{{ReceiptID: r.ID, Payer: "Ada"}})
		return b.Run(ctx)
	}))
	return made
}

// digests are the sums of a tenant's models, but for the trail, which grows by looking.
func digests(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID) map[string]string {
	t.Helper()
	out := map[string]string{}
	ctx, err := f.DB.Enter(context.Background(), tenant, "auditor", nil)
	require.NoError(t, err)
	require.NoError(t, f.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range f.DB.Registry().Models {
			sum := tenancy.NewRecords(m, io.Discard)
			var order []string
			for _, k := range m.Keys[1:] {
				order = append(order, k.Name)
			}
			require.NoError(t, m.Verbs().Stream(ctx, tx, sum.Add, tenancy.OrderBy(order...)), m.Table)
			if !m.System && m.Writes != tenancy.ReadOnly {
				out[m.Table] = fmt.Sprint(sum.Rows, sum.Sum())
			}
		}
		return nil
	}))
	return out
}

// events are the ids of a tenant's events.
func events(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID) []uuid.UUID {
	t.Helper()
	ctx, err := f.DB.Enter(context.Background(), tenant, "auditor", nil)
	require.NoError(t, err)
	var out []uuid.UUID
	require.NoError(t, f.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		return tenancy.Stream(ctx, tx, func(e *tenancy.Event) error { out = append(out, e.ID); return nil }, tenancy.OrderBy("id"))
	}))
	return out
}

func move(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID, to string) {
	t.Helper()
	moved, err := f.DB.Tenants().Move(f.Control.Platform(t), tenant, to, "it grows")
	require.NoError(t, err)
	require.Equal(t, to, moved.Placement)
	onlyAt(t, f, tenant, to)
}

// onlyAt holds that a tenant has something at one placement and nothing at the others.
func onlyAt(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID, placement string) {
	t.Helper()
	for name, env := range f.At {
		require.Equal(t, name == placement, len(env.Holds(t, tenant)) > 0, "of the tenant at %s: %v", name, env.Holds(t, tenant))
	}
}

// From each kind of place to each other, and back to where it began.
func TestATenantMovesFromPlaceToPlace(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		neighbour := filled(t, f, "shared")
		others := digests(t, f, neighbour.ID)
		made := filled(t, f, "shared")
		want, trail := digests(t, f, made.ID), events(t, f, made.ID)
		for _, table := range []string{"lib.authors", "lib.books", "lib.receipts", "lib.receipt_texts", "lib.tallies"} {
			require.NotContains(t, want[table], "0 ", "%s is empty: what was not there cannot have moved", table)
		}
		ctx := f.Control.Enter(t, made.ID, "*")
		for _, to := range []string{"files", "own", "shared"} {
			move(t, f, made.ID, to)
			require.Equal(t, want, digests(t, f, made.ID), to)
			require.Subset(t, events(t, f, made.ID), trail, "the trail went along")
			// A scope that was entered before goes on, and what is written comes along the next time.
			require.NoError(t, f.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Author{Name: "written at " + to})
			}))
			want = digests(t, f, made.ID)
		}
		require.Equal(t, others, digests(t, f, neighbour.ID), "the neighbour's are as they were")
		occupy(t, f) // the dedicated place is free again
		moved, err := f.DB.Tenants().Move(f.Control.Platform(t), made.ID, "shared", "again")
		require.NoError(t, err, "moving it to where it is changes nothing")
		require.Equal(t, tenancy.StateActive, moved.State)
		open, err := f.DB.Tenants().Moves(f.Control.Platform(t), 10)
		require.NoError(t, err)
		require.Empty(t, open)
		var lines int
		require.NoError(t, f.Control.Control(t).QueryRow("SELECT count(*) FROM "+journalTable(f.Control)+" WHERE act = 'tenancy.move' AND tenant_id = '"+made.ID.String()+"'").Scan(&lines))
		require.Equal(t, 12, lines, "four of each move")
	})
}

func journalTable(env *tenancytest.Env) string {
	if env.Name == "sqlite" {
		return "erp_control_platform_journal"
	}
	return "erp_control.platform_journal"
}

// A tenant that was closed is closed at its new place, for the database as well.
func TestAClosedTenantMovesAndStaysClosed(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		platform := f.Control.Platform(t)
		tenants := f.DB.Tenants()
		for name, how := range map[tenancy.State]func(context.Context, uuid.UUID, string) (tenancy.Tenant, error){
			tenancy.StateSuspended: tenants.Suspend, tenancy.StateCancelled: tenants.Cancel,
		} {
			made := filled(t, f, "shared")
			before, err := how(platform, made.ID, "x")
			require.NoError(t, err)
			moved, err := tenants.Move(platform, made.ID, "files", "x")
			require.NoError(t, err)
			require.Equal(t, name, moved.State)
			require.Equal(t, before.PurgeAfter.UTC(), moved.PurgeAfter.UTC())
			gate, err := tenancy.GateAt(platform, f.DB, "files", made.ID)
			require.NoError(t, err)
			require.Equal(t, tenancy.GateClosed, gate)
			onlyAt(t, f, made.ID, "files")
		}
	})
}

func TestMovesThatAreRefused(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		platform, tenants := f.Control.Platform(t), f.DB.Tenants()
		made := filled(t, f, "shared")
		want := digests(t, f, made.ID)
		elsewhere := occupy(t, f)
		reader, err := f.DB.EnterPlatform(context.Background(), "reader", tenancy.Permissions{tenancy.PermReadTenants})
		require.NoError(t, err)
		gone := settle(t, f, "files")
		depart(t, f, gone.ID)
		ctx := f.Control.Enter(t, made.ID, "*")
		for name, c := range map[string]struct {
			why error
			do  func() (tenancy.Tenant, error)
		}{
			"by the tenant":         {tenancy.ErrNotPlatform, func() (tenancy.Tenant, error) { return tenants.Move(ctx, made.ID, "files", "x") }},
			"by nobody":             {tenancy.ErrNotPlatform, func() (tenancy.Tenant, error) { return tenants.Move(context.Background(), made.ID, "files", "x") }},
			"by who may not":        {tenancy.ErrForbidden, func() (tenancy.Tenant, error) { return tenants.Move(reader, made.ID, "files", "x") }},
			"without reason":        {tenancy.ErrBadInput, func() (tenancy.Tenant, error) { return tenants.Move(platform, made.ID, "files", " ") }},
			"nobody":                {tenancy.ErrNotFound, func() (tenancy.Tenant, error) { return tenants.Move(platform, tenancy.NewID(), "files", "x") }},
			"to nowhere":            {tenancy.ErrPlacement, func() (tenancy.Tenant, error) { return tenants.Move(platform, made.ID, "nowhere", "x") }},
			"to no name":            {tenancy.ErrPlacement, func() (tenancy.Tenant, error) { return tenants.Move(platform, made.ID, "", "x") }},
			"to no region":          {tenancy.ErrRegion, func() (tenancy.Tenant, error) { return tenants.Move(platform, made.ID, "demo", "x") }},
			"to another's":          {tenancy.ErrDedicated, func() (tenancy.Tenant, error) { return tenants.Move(platform, made.ID, "own", "x") }},
			"a purged one":          {tenancy.ErrTenantConflict, func() (tenancy.Tenant, error) { return tenants.Move(platform, gone.ID, "shared", "x") }},
			"abandoning nothing":    {tenancy.ErrTenantConflict, func() (tenancy.Tenant, error) { return tenants.AbandonMove(platform, made.ID, "x") }},
			"abandoning as reader":  {tenancy.ErrForbidden, func() (tenancy.Tenant, error) { return tenants.AbandonMove(reader, made.ID, "x") }},
			"abandoning sans words": {tenancy.ErrBadInput, func() (tenancy.Tenant, error) { return tenants.AbandonMove(platform, made.ID, "") }},
			"within a transaction": {tenancy.ErrOuterContext, func() (out tenancy.Tenant, err error) {
				err = f.DB.Tx(ctx, func(context.Context, *tenancy.Tx) error {
					out, err = tenants.Move(platform, made.ID, "files", "x")
					return err
				})
				return out, err
			}},
		} {
			_, err := c.do()
			require.ErrorIs(t, err, c.why, name)
		}
		_, err = tenants.Moves(ctx, 10)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		require.Equal(t, want, digests(t, f, made.ID), "it is in use where it was")
		onlyAt(t, f, made.ID, "shared")
		onlyAt(t, f, elsewhere.ID, "own")
	})
}

// What is at the new place already is neither overwritten nor deleted: it may be the better copy.
func TestAMoveFindsNothingAtItsEnd(t *testing.T) {
	f := threePlaces(t, "shared")
	made := filled(t, f, "files")
	old, err := os.ReadFile(filepath.Join(f.At["files"].Dir(), "tenants", made.ID.String()+".db"))
	require.NoError(t, err)
	move(t, f, made.ID, "shared")
	path := filepath.Join(f.At["files"].Dir(), "tenants", made.ID.String()+".db")
	require.NoError(t, os.WriteFile(path, old, 0o600)) // somebody has put a backup back
	_, err = f.DB.Tenants().Move(f.Control.Platform(t), made.ID, "files", "back")
	require.ErrorIs(t, err, tenancy.ErrPlacement)
	require.FileExists(t, path)
	_, err = f.DB.Enter(context.Background(), made.ID, "tester", nil)
	require.NoError(t, err, "it is in use where it was")
}

// What would stay behind is refused before anything is done.
func TestATenantWithMoreThanItsModelsDoesNotMove(t *testing.T) {
	f := threePlaces(t, "shared")
	made := filled(t, f, "files")
	want := digests(t, f, made.ID)
	_, err := f.At["files"].Owner(t, made.ID).Exec("CREATE TABLE crm_calls (note TEXT)")
	require.NoError(t, err)
	_, err = f.DB.Tenants().Move(f.Control.Platform(t), made.ID, "shared", "x")
	require.ErrorIs(t, err, tenancy.ErrNotMovable)
	require.ErrorContains(t, err, "crm_calls")
	require.Equal(t, want, digests(t, f, made.ID))
	onlyAt(t, f, made.ID, "files")
}

// What the new place refuses, or gives back otherwise, is given up: the tenant is in use where it was.
func TestAMoveThatCannotSucceedIsGivenUp(t *testing.T) {
	f := fleet(t, "files", tenancytest.Options{})
	made := filled(t, f, "files")
	want := digests(t, f, made.ID)
	owner := f.At["own"].Owner(t, made.ID)
	for name, c := range map[string]struct {
		do, undo string
		why      error
	}{
		"refused": {"ALTER TABLE lib.books ADD CONSTRAINT small CHECK (pages < 1)", "ALTER TABLE lib.books DROP CONSTRAINT small", tenancy.ErrRefusedValue},
		"changed": {"CREATE FUNCTION lib.spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.pages = NEW.pages + 1; RETURN NEW; END'; " +
			"CREATE TRIGGER spoil BEFORE INSERT ON lib.books FOR EACH ROW EXECUTE FUNCTION lib.spoil()", "DROP TRIGGER spoil ON lib.books; DROP FUNCTION lib.spoil", tenancy.ErrMoveDiffers},
		"lost": {"CREATE FUNCTION lib.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; " +
			"CREATE TRIGGER lose BEFORE INSERT ON lib.receipt_texts FOR EACH ROW EXECUTE FUNCTION lib.lose()", "DROP TRIGGER lose ON lib.receipt_texts; DROP FUNCTION lib.lose", tenancy.ErrMoveDiffers},
	} {
		_, err := owner.Exec(c.do)
		require.NoError(t, err)
		_, err = f.DB.Tenants().Move(f.Control.Platform(t), made.ID, "own", "x")
		require.ErrorIs(t, err, c.why, name)
		onlyAt(t, f, made.ID, "files")
		require.Equal(t, want, digests(t, f, made.ID), name)
		_, err = owner.Exec(c.undo)
		require.NoError(t, err)
	}
	settle(t, f, "own") // nothing of it is kept there
}

// crowd is how many placements have an open gate for the tenant: never two.
func crowd(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID) (open []string) {
	t.Helper()
	for name := range f.At {
		gate, err := tenancy.GateAt(context.Background(), f.DB, name, tenant)
		require.NoError(t, err)
		if gate == tenancy.GateActive {
			open = append(open, name)
		}
	}
	return open
}

var errKilled = errors.New("killed")

// A move is killed at every statement in turn, by an ended context or by a panic, and is completed by the same call or by the
// background; and at no time are there two copies in use.
func TestAMoveKilledAnywhere(t *testing.T) {
	routes := []struct{ control, from, to string }{{"shared", "shared", "files"}, {"files", "files", "own"}} // and back, in turn
	for n, route := range routes {
		t.Run(route.from+" to "+route.to+", control at "+route.control, func(t *testing.T) {
			clock := time.Now()
			f := fleet(t, route.control, tenancytest.Options{Clock: func() time.Time { return clock }})
			var strike func(control bool)
			hit := func(control bool) {
				if strike != nil {
					strike(control)
				}
			}
			tenancy.OnControl(f.DB, func(context.Context) { hit(true) })
			f.Control.Observe(t, func(tenancy.Sent) { hit(false) })
			platform, tenants := f.Control.Platform(t), f.DB.Tenants()
			made := filled(t, f, route.from)
			want := digests(t, f, made.ID)
			from, to := route.from, route.to
			for at := 1; ; at += moveStride {
				ctx, cancel := context.WithCancel(platform)
				sent := 0
				strike = func(control bool) {
					if sent++; sent == at {
						if control && (at+n)%2 == 0 { // database/sql does not outlive a panic within a statement
							panic(errKilled)
						}
						cancel()
					}
				}
				err := func() (err error) {
					defer func() {
						if p := recover(); p != nil {
							require.Equal(t, errKilled, p)
							err = errKilled
						}
					}()
					_, err = tenants.Move(ctx, made.ID, to, "x")
					return err
				}()
				strike = nil
				cancel()
				require.LessOrEqual(t, len(crowd(t, f, made.ID)), 1, "statement %d", at)
				row, getErr := tenants.Get(platform, made.ID)
				require.NoError(t, getErr)
				if row.State == tenancy.StateActive {
					require.Equal(t, []string{row.Placement}, crowd(t, f, made.ID), "in use where the platform says")
				} else {
					_, enterErr := f.DB.Enter(context.Background(), made.ID, "tester", nil)
					require.ErrorIs(t, enterErr, tenancy.ErrTenantNotReady, "statement %d", at)
				}
				if err == nil && sent < at {
					require.Greater(t, at, 30)
					require.Equal(t, want, digests(t, f, made.ID))
					return
				}
				clock = clock.Add(2 * time.Minute) // nobody gave the lease back
				if at%3 == 0 {
					_, err = tenants.CompletePending(platform, 100)
					require.NoError(t, err, "statement %d", at)
				}
				moved, err := tenants.Move(platform, made.ID, to, "x")
				require.NoError(t, err, "statement %d", at)
				require.Equal(t, tenancy.StateActive, moved.State)
				require.Equal(t, to, moved.Placement)
				onlyAt(t, f, made.ID, to)
				require.Equal(t, want, digests(t, f, made.ID), "statement %d", at)
				from, to = to, from
			}
		})
	}
}

// Behind a moving gate the database takes nothing, not even who entered: it would be lost with the old copy.
func TestNothingIsWrittenBehindAMovingGate(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		require.NoError(t, insertAuthor(ctx, env))
		require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, tenancy.GateMoving, 5))
		before := rowsOf(t, env, id)
		refused := func(err error) {
			require.True(t, errors.Is(err, tenancy.ErrClosed) || errors.Is(err, tenancy.ErrPlacement), "%v", err)
			require.Equal(t, before, rowsOf(t, env, id))
		}
		refused(insertAuthor(ctx, env))
		_, err := env.DB.Enter(context.Background(), id, "tester", tenancy.Permissions{"*"})
		refused(err)
		_, err = env.Owner(t, id).Exec(env.SQL("INSERT INTO erp.audit_events (tenant_id, id, occurred_at, actor, act, verb, model, columns, row_count) VALUES ('" + id.String() + "', '" +
			tenancy.NewID().String() + "', '2026-01-01T00:00:00.000000Z', 'x', 'x', '', '', '', 0)"))
		require.ErrorContains(t, err, "tenancy.closed", "whoever asks")
		require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, tenancy.GateActive, 4), "overtaken")
		_, err = env.Owner(t, id).Exec(env.SQL("UPDATE erp.tenant_gates SET state = 'importing', turn = 9 WHERE tenant_id = '" + id.String() + "'"))
		require.ErrorContains(t, err, "tenancy.tenant_state")
		require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, tenancy.GateActive, 6))
		require.Eventually(t, func() bool { return insertAuthor(ctx, env) == nil }, 10*time.Second, time.Millisecond)
	})
}
