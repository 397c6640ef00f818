package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
)

// both does two things at once.
func both(one, other func() error) (errs [2]error) {
	var wg sync.WaitGroup
	for i, fn := range []func() error{one, other} {
		wg.Go(func() { errs[i] = fn() })
	}
	wg.Wait()
	return errs
}

// Two operators restore a tenant at once, from one backup or from two: it is there once, whole, and who was erased is erased.
func TestRaceTwoRestorations(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		first := v.backup(t, p.ctx)
		second := v.backup(t, p.ctx)
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		erased := v.name(t, id, p.ada.ID)
		for round := range 4 {
			v.lose(t, id)
			platform, from := v.platform(t), []tenancy.Backup{first, second}
			restore := func(b tenancy.Backup) func() error {
				return func() error { _, err := v.s.Restore(platform, v.restoration(b)); return err }
			}
			errs := both(restore(first), restore(from[round%2]))
			for _, err := range errs {
				require.True(t, err == nil || errors.Is(err, tenancy.ErrTenantConflict) || errors.Is(err, tenancy.ErrBusy) || errors.Is(err, tenancy.ErrPlacement), "%v", err)
			}
			now, err := v.db.Tenants().Get(platform, id)
			require.NoError(t, err)
			if now.State == tenancy.StateRestoring { // each was in the other's way: whoever calls again brings it to its end
				v.restore(t, first)
			}
			require.Equal(t, erased, v.name(t, id, p.ada.ID), "%v", errs)
			d, err := v.s.Digest(v.enter(t, id))
			require.NoError(t, err)
			for _, f := range d.Files {
				require.True(t, f.Table != "clinic.visits" || f.Rows == 4, "%d", f.Rows)
			}
		}
	})
}

// Erasures are committed while the ledger is being settled: each is done in both databases, or in neither.
func TestRaceErasuresAndTheirSettling(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		people := make([]*Patient, 12)
		for i := range people {
			people[i] = &Patient{Name: fmt.Sprint("Patient ", i), Referrer: p.bob.ID}
		}
		visits := make([]*Visit, len(people))
		require.NoError(t, v.db.Tx(v.enter(t, id), func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			for i, person := range people { // so that their rows stay
				person.ID = tenancy.NewID()
				visits[i] = &Visit{PatientID: person.ID, Day: p.visits[0].Day, At: p.visits[0].At}
			}
			tenancy.Put(b, people)
			tenancy.Put(b, visits)
			return b.Run(ctx)
		}))
		inside, settling := v.enter(t, id), v.enter(t, id)
		done := map[uuid.UUID]error{}
		late := march.Add(time.Hour) // as if each had taken long
		errs := both(func() error {
			for i, person := range people {
				_, err := v.s.Erase(inside, privacy.Erasure{PersonID: person.ID, Reference: fmt.Sprint("R-", i), Reason: "GDPR Art. 17"})
				done[person.ID] = err
			}
			return nil
		}, func() error {
			for range 40 {
				if _, err := v.db.Ledger().Settle(settling, late, 100); err != nil && !errors.Is(err, tenancy.ErrDuplicate) && !errors.Is(err, tenancy.ErrBusy) {
					return err
				}
			}
			return nil
		})
		require.Equal(t, [2]error{}, errs)
		_, err := v.db.Ledger().Settle(settling, late, 100)
		require.NoError(t, err)
		states := map[string]int{}
		for _, s := range v.entries(t, id) {
			states[s]++
		}
		committed := 0
		for person, err := range done {
			if err == nil {
				committed++
				require.Regexp(t, "^erased ", v.name(t, id, person))
			} else {
				require.ErrorIs(t, err, tenancy.ErrDuplicate)
				require.Regexp(t, "^Patient ", v.name(t, id, person))
			}
		}
		require.Equal(t, committed, states["done"])
		require.Zero(t, states["intended"])
	})
}

// Two processes take a backup, and two clear away, at once.
func TestRaceBackupsAndPruning(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		one, other := v.enter(t, id), v.enter(t, id)
		take := func(ctx context.Context) func() error {
			return func() error { _, err := v.s.Backup(ctx); return err }
		}
		require.Equal(t, [2]error{}, both(take(one), take(other)))
		*v.now = march.AddDate(0, 0, 89)
		platform := v.platform(t)
		prune := func() error { _, err := v.s.PruneBackups(platform, 10); return err }
		require.Equal(t, [2]error{}, both(prune, prune))
		require.Empty(t, v.files(t))
		of, err := v.s.BackupsOf(platform, id, time.Time{}, 10)
		require.NoError(t, err)
		require.Len(t, of, 2)
		for _, b := range of {
			require.Equal(t, tenancy.BackupDestroyed, b.State)
		}
	})
}
