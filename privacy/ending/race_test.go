package ending_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/tenancy"
)

// rival is the same platform in another process.
func (w *world) rival(t *testing.T) (*tenancy.DB, *ending.Service, context.Context) {
	t.Helper()
	db, err := tenancy.Open(context.Background(), w.Engine, tenancy.Options{Modules: modules, Keys: w.Keys, Clock: func() time.Time { return w.now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	platform, err := db.EnterPlatform(context.Background(), "elsewhere", tenancy.Permissions{"*"})
	require.NoError(t, err)
	return db, w.service(t, db, nil), platform
}

// Two purgers at once, of two processes, and two who certify: one certificate, of everything.
func TestRaceTwoPurgersGiveOneCertificate(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		other, end, theirs := w.rival(t)
		ours := w.Platform(t)
		for range 4 {
			owner := w.shop(t)
			id := tenantOf(owner)
			left := w.cancel(t, owner)
			w.now = left.PurgeAfter
			var wg sync.WaitGroup
			for _, act := range []func() error{
				func() error { _, err := w.DB.Tenants().Purge(ours, id, "a"); return err },
				func() error { _, err := other.Tenants().Purge(theirs, id, "b"); return err },
				func() error { _, err := w.end.Certify(ours, 10); return err },
				func() error { _, err := end.Certify(theirs, 10); return err },
			} {
				wg.Go(func() {
					for {
						err := act()
						if err == nil {
							return
						}
						// A file that somebody reads or has just taken away: try again.
						if w.Name != "sqlite" {
							require.NoError(t, err)
						}
					}
				})
			}
			wg.Wait()
			w.tick(t)
			list, err := w.end.Certificates(w.inside(t), id)
			require.NoError(t, err)
			require.Len(t, list, 1)
			cert, _ := w.papers(t, id)
			require.EqualValues(t, 3, rows(cert.Deletion, "shelf.notes"))
			require.NotEmpty(t, cert.Deletion.Erased.Root)
		}
	})
}

// Two who tell at once plan each notice once; who loses tells nothing that has an outcome.
func TestRaceTwoTell(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		_, end, theirs := w.rival(t)
		ours := w.Platform(t)
		for range 3 {
			w.cancel(t, w.shop(t))
		}
		w.now = day(2, 15)
		var wg sync.WaitGroup
		wg.Go(func() { _, err := w.end.Tell(ours, 100); require.NoError(t, err) })
		wg.Go(func() { _, err := end.Tell(theirs, 100); require.NoError(t, err) })
		wg.Wait()
		w.tick(t)
		ids := map[string]bool{}
		for _, n := range w.told {
			require.EqualValues(t, 15, n.Day)
			ids[n.ID] = true
		}
		require.Len(t, ids, 3, "a notice has one id, however often it is told")
	})
}

// Two who complete at once, of two processes: one completion, which the former owner hears of once.
func TestRaceTwoComplete(t *testing.T) {
	with := func(w *world, opt *ending.Options) {
		if w.backups == nil {
			w.backups = &oneBackup{}
		}
		opt.Backups = w.backups
	}
	eachWorld(t, start, with, func(t *testing.T, w *world) {
		other, _, theirs := w.rival(t)
		end := w.service(t, other, with)
		ours := w.Platform(t)
		for range 3 {
			owner := w.shop(t)
			id := tenantOf(owner)
			left := w.cancel(t, owner)
			*w.backups = oneBackup{left: 1, expires: left.PurgeAfter.AddDate(0, 0, 20)}
			w.at(t, left.PurgeAfter)
			w.now = left.PurgeAfter.AddDate(0, 0, 21)
			*w.backups = oneBackup{}
			w.heard()
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { _, err := w.end.Complete(ours, 100); require.NoError(t, err) })
				wg.Go(func() { _, err := end.Complete(theirs, 100); require.NoError(t, err) })
			}
			wg.Wait()
			w.tick(t)
			require.Equal(t, []string{"completion 0"}, w.heard())
			list, err := w.end.Certificates(w.inside(t), id)
			require.NoError(t, err)
			require.Len(t, list, 2)
			cert, completion := w.papers(t, id)
			require.True(t, completion.Completes(*cert))
		}
	})
}

// Two who waive at once have waived once; an undo beside an early purge either comes first or is refused.
func TestRaceWaiversAndAnUndo(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		for range 4 {
			owner := w.shop(t)
			id := tenantOf(owner)
			w.cancel(t, owner)
			terms, err := w.end.Terms(owner)
			require.NoError(t, err)
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { _, err := w.end.Waive(owner, terms.Digest); require.NoError(t, err) })
			}
			wg.Wait()
			list, err := w.end.Waivers(w.inside(t), id)
			require.NoError(t, err)
			require.Len(t, list, 1)
			var undo, purge error
			wg.Go(func() { _, undo = w.DB.Life().UndoCancel(owner, "we stay") })
			wg.Go(func() { _, purge = w.DB.Tenants().PurgeNow(w.Platform(t), id, "they asked", "letter") })
			wg.Wait()
			if undo == nil {
				require.ErrorIs(t, purge, tenancy.ErrTenantConflict)
				_, err = w.end.Outlook(owner)
				require.ErrorIs(t, err, ending.ErrNotEnded)
				require.NoError(t, w.DB.Read(owner, func(ctx context.Context, tx *tenancy.Tx) error {
					n, err := tenancy.Count[note](ctx, tx)
					require.EqualValues(t, 3, n)
					return err
				}))
			} else {
				require.NoError(t, purge)
				cert, _ := w.papers(t, id)
				require.NotNil(t, cert)
			}
			w.now = w.now.Add(time.Hour)
		}
	})
}
