package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// process is another process of the program on the same placements.
func process(t *testing.T, f *tenancytest.Fleet, opt tenancytest.Options) (*tenancy.DB, context.Context) {
	t.Helper()
	opt.Modules = []tenancy.Module{library}
	if opt.StateMaxAge == 0 {
		opt.StateMaxAge = time.Millisecond
	}
	db := f.Open(t, opt)
	platform, err := db.EnterPlatform(context.Background(), "elsewhere", tenancy.Permissions{"*"})
	require.NoError(t, err)
	return db, platform
}

func authors(ctx context.Context, db *tenancy.DB) (n int64, err error) {
	err = db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		n, err = tenancy.Count[Author](ctx, tx)
		return err
	})
	return n, err
}

// Two processes move a tenant at once, to and fro, while a third one and the background are at it, and clerks in both go on
// writing and reading. No acknowledged write is lost, nobody ever reads less than there is, and there are never two copies in use.
func TestRaceTwoMoversAndWorkInFlight(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		other, elsewhere := process(t, f, tenancytest.Options{})
		platform := f.Control.Platform(t)
		made := settle(t, f, "shared")
		var written, refused atomic.Int64
		var stop atomic.Bool
		var clerks sync.WaitGroup
		for n, db := range []*tenancy.DB{f.DB, other, f.DB, other} {
			ctx, err := db.Enter(context.Background(), made.ID, "clerk", tenancy.Permissions{"*"})
			require.NoError(t, err)
			clerks.Go(func() {
				for !stop.Load() {
					before := written.Load()
					var err error
					if n < 2 {
						err = db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "x"}) })
						if err == nil {
							written.Add(1)
						}
					} else {
						var seen int64
						if seen, err = authors(ctx, db); err == nil && seen < before {
							t.Errorf("read %d rows where %d were committed", seen, before)
						}
					}
					if err != nil {
						refused.Add(1)
						typed := errors.Is(err, fault.Unscoped) || errors.Is(err, tenancy.ErrClosed) || errors.Is(err, tenancy.ErrPlacement) || errors.Is(err, tenancy.ErrBusy)
						if !typed {
							t.Errorf("%v: %v", err, errors.Unwrap(err))
						}
					}
				}
			})
		}
		for round, to := range []string{"files", "shared", "files"} {
			var movers sync.WaitGroup
			results := make(chan error, 3)
			movers.Go(func() { _, err := f.DB.Tenants().Move(platform, made.ID, to, "x"); results <- err })
			movers.Go(func() { _, err := other.Tenants().Move(elsewhere, made.ID, to, "x"); results <- err })
			movers.Go(func() { _, err := other.Tenants().CompletePending(elsewhere, 10); results <- err })
			movers.Wait()
			close(results)
			for err := range results {
				if err != nil {
					require.ErrorIs(t, err, fault.Exhausted, "somebody else is at it, or uses the old file")
				}
			}
			require.LessOrEqual(t, len(crowd(t, f, made.ID)), 1)
			at := written.Load()
			require.Eventually(t, func() bool { return written.Load() > at+3 }, 60*time.Second, time.Millisecond, "round %d: it is in use at its new place", round)
		}
		stop.Store(true)
		clerks.Wait()
		require.Positive(t, refused.Load())
		require.Eventually(t, func() bool {
			_, err := f.DB.Tenants().CompletePending(platform, 10)
			require.True(t, err == nil || errors.Is(err, tenancy.ErrBusy), "%v", err)
			open, err := f.DB.Tenants().Moves(platform, 10)
			return err == nil && len(open) == 0
		}, 30*time.Second, time.Millisecond)
		seen, err := authors(f.Control.Enter(t, made.ID, "*"), f.DB)
		require.NoError(t, err)
		require.Equal(t, written.Load(), seen)
		onlyAt(t, f, made.ID, "files")
		clearUp(t, f, made.ID)
	})
}

func clearUp(t *testing.T, f *tenancytest.Fleet, tenant uuid.UUID) {
	t.Helper()
	depart(t, f, tenant)
	for _, env := range f.At {
		require.Empty(t, env.Holds(t, tenant))
	}
}

// A process that has not noticed yet, and has the old place at hand, never takes what is left there for the tenant.
func TestRaceAProcessThatHasNotNoticedTheMove(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		other, _ := process(t, f, tenancytest.Options{StateMaxAge: 300 * time.Millisecond})
		made := filled(t, f, "files")
		late, err := other.Enter(context.Background(), made.ID, "late", tenancy.Permissions{"*"})
		require.NoError(t, err)
		var stop atomic.Bool
		var reader sync.WaitGroup
		reader.Go(func() {
			for !stop.Load() {
				if n, err := authors(late, other); err == nil && n == 0 {
					t.Error("an empty answer")
				}
			}
		})
		// And one that began before, and reads only now.
		began, go_ := make(chan struct{}), make(chan struct{})
		var slow sync.WaitGroup
		slow.Go(func() {
			err := other.Read(late, func(ctx context.Context, tx *tenancy.Tx) error {
				close(began)
				<-go_
				_, err := tenancy.Count[Author](ctx, tx)
				return err
			})
			if err == nil {
				t.Error("what was read after the move counts as of before")
			}
		})
		<-began
		for _, to := range []string{"shared", "files"} { // back again, in a new file under the old name
			require.Eventually(t, func() bool {
				_, err := f.DB.Tenants().Move(f.Control.Platform(t), made.ID, to, "x")
				return err == nil
			}, 30*time.Second, time.Millisecond)
			ctx := f.Control.Enter(t, made.ID, "*")
			require.NoError(t, f.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Insert(ctx, tx, &Author{Name: "at " + to})
			}))
		}
		stop.Store(true)
		reader.Wait()
		close(go_)
		slow.Wait()
		var seen int64
		require.Eventually(t, func() bool { seen, err = authors(late, other); return err == nil }, 10*time.Second, time.Millisecond)
		require.EqualValues(t, 3, seen, "it reads the new file, not the one that it had open")
		require.NoError(t, other.Tx(late, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Author{Name: "late"}) }))
		seen, err = authors(f.Control.Enter(t, made.ID, "*"), f.DB)
		require.NoError(t, err)
		require.EqualValues(t, 4, seen)
	})
}

// A file that is in use is not taken from under its user: the tenant has moved, and the old copy goes later. Until then it does
// not move on, and it is not purged without it.
func TestRaceAnOldCopyThatIsInUse(t *testing.T) {
	f := threePlaces(t, "shared")
	platform, tenants := f.Control.Platform(t), f.DB.Tenants()
	for name, after := range map[string]func(t *testing.T, id uuid.UUID){
		"completed later": func(t *testing.T, id uuid.UUID) {
			n, err := tenants.CompletePending(platform, 10)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			onlyAt(t, f, id, "shared")
		},
		"the same call": func(t *testing.T, id uuid.UUID) { move(t, f, id, "shared") },
		"moved back":    func(t *testing.T, id uuid.UUID) { move(t, f, id, "files") },
		"purged": func(t *testing.T, id uuid.UUID) {
			clearUp(t, f, id)
			open, err := tenants.Moves(platform, 10)
			require.NoError(t, err)
			require.Empty(t, open)
		},
	} {
		t.Run(name, func(t *testing.T) {
			made := filled(t, f, "files")
			ctx := f.Control.Enter(t, made.ID, "*")
			reading, go_ := make(chan struct{}), make(chan struct{})
			var reader sync.WaitGroup
			reader.Go(func() {
				err := f.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					_, err := tenancy.Count[Author](ctx, tx)
					close(reading)
					<-go_
					return err
				})
				if !errors.Is(err, tenancy.ErrPlacement) {
					t.Errorf("%v: %v", err, errors.Unwrap(err))
				}
			})
			<-reading
			moved, err := tenants.Move(platform, made.ID, "shared", "x")
			require.ErrorIs(t, err, tenancy.ErrBusy)
			require.Equal(t, "shared", moved.Placement)
			require.Equal(t, tenancy.StateActive, moved.State)
			require.Equal(t, []string{"shared"}, crowd(t, f, made.ID))
			open, err := tenants.Moves(platform, 10)
			require.NoError(t, err)
			require.Len(t, open, 1)
			require.Equal(t, tenancy.Move{TenantID: made.ID, From: "files", To: "shared", Step: tenancy.MoveOpened, BeganAt: open[0].BeganAt, ChangedAt: open[0].ChangedAt}, open[0])
			_, err = tenants.Move(platform, made.ID, "files", "back")
			require.ErrorIs(t, err, tenancy.ErrBusy)
			_, err = tenants.AbandonMove(platform, made.ID, "x")
			require.ErrorIs(t, err, tenancy.ErrTenantConflict, "it has arrived")
			_, err = tenants.CompletePending(platform, 10)
			require.ErrorIs(t, err, tenancy.ErrBusy)
			close(go_)
			reader.Wait()
			after(t, made.ID)
		})
	}
}

// A move is given up while somebody is at it, or when nobody is any more.
func TestRaceAMoveIsAbandoned(t *testing.T) {
	eachControl(t, func(t *testing.T, f *tenancytest.Fleet) {
		platform, tenants := f.Control.Platform(t), f.DB.Tenants()
		rival, elsewhere := process(t, f, tenancytest.Options{})
		made := filled(t, f, "files")
		want := digests(t, f, made.ID)
		for _, alive := range []bool{true, false} {
			ctx, kill := context.WithCancel(platform)
			var once sync.Once
			var abandoned error
			f.Control.Observe(t, func(s tenancy.Sent) {
				if s.Verb != "insert" || s.Table != "lib.books" {
					return
				}
				once.Do(func() {
					if !alive {
						kill()
						return
					}
					var wait sync.WaitGroup
					wait.Go(func() { _, abandoned = rival.Tenants().AbandonMove(elsewhere, made.ID, "changed their minds") })
					wait.Wait()
				})
			})
			_, err := tenants.Move(ctx, made.ID, "shared", "x")
			kill()
			require.Error(t, err)
			if alive {
				require.ErrorIs(t, abandoned, tenancy.ErrBusy, "whoever is at it gives it up")
			} else {
				now, err := tenants.Get(platform, made.ID)
				require.NoError(t, err)
				require.Equal(t, tenancy.StateMoving, now.State)
				_, err = tenants.Move(platform, made.ID, "own", "elsewhere")
				require.ErrorIs(t, err, tenancy.ErrTenantConflict, "it is on its way to another place")
				for _, refused := range []func() (tenancy.Tenant, error){
					func() (tenancy.Tenant, error) { return tenants.Suspend(platform, made.ID, "x") },
					func() (tenancy.Tenant, error) { return tenants.Cancel(platform, made.ID, "x") },
					func() (tenancy.Tenant, error) { return tenants.PurgeNow(platform, made.ID, "x", "y") },
				} {
					_, err := refused()
					require.ErrorIs(t, err, tenancy.ErrTenantConflict)
				}
				_, err = rival.Tenants().AbandonMove(elsewhere, made.ID, "changed their minds")
				require.NoError(t, err)
				_, err = rival.Tenants().AbandonMove(elsewhere, made.ID, "changed their minds")
				require.ErrorIs(t, err, tenancy.ErrTenantConflict, "there is nothing to give up any more")
			}
			now, err := tenants.Get(platform, made.ID)
			require.NoError(t, err)
			require.Equal(t, tenancy.StateActive, now.State)
			require.Equal(t, "files", now.Placement)
			onlyAt(t, f, made.ID, "files")
			require.Equal(t, []string{"files"}, crowd(t, f, made.ID))
			require.Equal(t, want, digests(t, f, made.ID))
		}
		move(t, f, made.ID, "shared") // and it can be moved still
		require.Equal(t, want, digests(t, f, made.ID))
	})
}

// Tenants that cross each other's way do not wait for each other's connections.
func TestRaceMovesThatCross(t *testing.T) {
	f := tenancytest.Placements(t, tenancytest.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond}, "a", "", map[string]tenancytest.At{
		"a": {Engine: "postgres", Bound: 1}, "b": {Engine: "postgres", Bound: 1},
	})
	platform := f.Control.Platform(t)
	var movers sync.WaitGroup
	for n := range 6 {
		from, to := "a", "b"
		if n%2 == 0 {
			from, to = to, from
		}
		made, err := f.DB.Tenants().Create(platform, tenancy.NewTenant{Name: fmt.Sprint(n), Placement: from})
		require.NoError(t, err)
		movers.Go(func() {
			for _, next := range []string{to, from, to} {
				if _, err := f.DB.Tenants().Move(platform, made.ID, next, "x"); err != nil {
					t.Errorf("%v: %v", err, errors.Unwrap(err))
				}
			}
		})
	}
	movers.Wait()
}

// A process that lacks the placement does not give the move up for that: another one has it.
func TestAMoveWaitsForAProcessThatHasThePlacement(t *testing.T) {
	f := threePlaces(t, "shared")
	platform, tenants := f.Control.Platform(t), f.DB.Tenants()
	made := filled(t, f, "shared")
	want := digests(t, f, made.ID)
	ctx, kill := context.WithCancel(platform)
	defer kill()
	f.Control.Observe(t, func(s tenancy.Sent) {
		if s.Verb == "insert" {
			kill()
		}
	})
	_, err := tenants.Move(ctx, made.ID, "files", "x")
	require.Error(t, err)
	fewer := tenancy.Placements{Control: "shared", At: map[string]tenancy.Placement{"shared": f.Engine.At["shared"]}}
	db, err := tenancy.Open(context.Background(), fewer, tenancy.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	elsewhere, err := db.EnterPlatform(context.Background(), "elsewhere", tenancy.Permissions{"*"})
	require.NoError(t, err)
	_, err = db.Tenants().CompletePending(elsewhere, 10)
	require.ErrorIs(t, err, tenancy.ErrPlacement)
	_, err = db.Tenants().AbandonMove(elsewhere, made.ID, "x")
	require.ErrorIs(t, err, tenancy.ErrPlacement, "nor can it clear away what may be there")
	open, err := tenants.Moves(platform, 10)
	require.NoError(t, err)
	require.Len(t, open, 1)
	_, err = tenants.CompletePending(platform, 10)
	require.NoError(t, err)
	onlyAt(t, f, made.ID, "shared")
	require.Equal(t, want, digests(t, f, made.ID))
	move(t, f, made.ID, "files")
}
