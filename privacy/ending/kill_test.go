package ending_test

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/tenancy"
)

// doomed is what a process is told that is to purge a tenant, or to do another piece of background work, and to be killed on the way.
type doomed struct {
	doomtest.Database
	Tenant uuid.UUID
	// Work is "" (to purge), "tell" or "complete". Heard is the file in which each notice leaves its id when the owner is told.
	Work, Heard string
}

// counted is a register of backups that counts when it is asked.
type counted struct{ count func() }

// LastExpiry implements ending.Backups.
func (c counted) LastExpiry(context.Context, uuid.UUID) (time.Time, int, error) {
	c.count()
	return time.Time{}, 0, nil
}

// run purges in this process, which was started for that. It returns only if the purge comes to its end first.
func (d doomed) run(count func()) error {
	db, err := d.Open(modules, count)
	if err != nil {
		return err
	}
	end, err := ending.New(db, ending.Options{Notify: d.note(count), Privacy: privacy.New(db, privacy.Options{}), Logger: slog.New(slog.DiscardHandler), Backups: counted{count},
		Signer: func(context.Context) (crypto.Signer, error) { count(); return keyOf("first"), nil }})
	if err != nil {
		return err
	}
	platform, err := db.EnterPlatform(context.Background(), "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	switch d.Work {
	case "tell":
		_, err = end.Tell(platform, 100)
	case "complete":
		_, err = end.Complete(platform, 100)
	default:
		_, err = db.Tenants().Purge(platform, d.Tenant, "its time is over")
	}
	return err
}

// note tells an owner by a line in a file; the process may die before and behind it.
func (d doomed) note(count func()) func(context.Context, ending.Notice) error {
	if d.Heard == "" {
		return nil
	}
	return func(_ context.Context, n ending.Notice) error {
		count()
		file, err := os.OpenFile(d.Heard, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(file, "%s %s\n", n.TenantID, n.ID)
		count()
		return errors.Join(err, file.Close())
	}
}

// doom is what a process of the world's is told.
func (w *world) doom(work string) doomed {
	return doomed{Database: doomtest.Of(w.Env, w.now), Work: work}
}

// A process that reminds owners is killed with kill -9 at points all along the way; another goes on. Each owner has heard of the day, and if twice then under one id; the reminder is on record as told, once.
func TestRemindersWhoseProcessIsKilled(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		killed, before, behind := 0, 0, 0
		for at := int64(1); ; at += workStride {
			owner := w.shop(t)
			left := w.cancel(t, owner)
			w.now = left.PurgeAfter.AddDate(0, 0, -16) // full day 15
			w.heard()
			d := w.doom("tell")
			d.Heard = filepath.Join(t.TempDir(), "heard")
			died := killtest.Start(t, d, killtest.Kill{Before: at})
			ids := map[string]bool{}
			text, _ := os.ReadFile(d.Heard)
			for line := range strings.Lines(string(text)) {
				ids[strings.Fields(line)[1]] = true
			}
			there := len(ids)
			w.tick(t)
			here := 0
			for _, n := range w.told {
				require.EqualValues(t, 15, n.Day, "statement %d", at)
				ids[n.ID] = true
				here++
			}
			require.Len(t, ids, 1, "statement %d: one notice, however often it is told", at)
			if died && there == 0 {
				before++
			}
			if there == 1 && here == 1 {
				behind++
			}
			w.heard()
			w.tick(t)
			require.Empty(t, w.heard(), "statement %d: and then no more", at)
			open, err := w.end.Untold(w.inside(t), tenancy.PageRequest{})
			require.NoError(t, err)
			for _, u := range open.Items { // those of day 1 were overtaken
				require.False(t, u.TenantID == tenantOf(owner) && u.Day == 15, "statement %d", at)
			}
			_, err = w.DB.Life().UndoCancel(owner, "we stay")
			require.NoError(t, err)
			if !died {
				break
			}
			killed++
		}
		require.Greater(t, killed, 3)
		require.Positive(t, before, "some died before the owner was told")
		require.Positive(t, behind, "and one behind that, before it was on record")
	})
}

// A process that completes a certificate is killed with kill -9 at points all along the way; another goes on: in the end there is one completion of what was certified, and the former owner has it once.
func TestACompletionWhoseProcessIsKilled(t *testing.T) {
	eachWorld(t, start, func(w *world, opt *ending.Options) {
		w.backups = &oneBackup{}
		opt.Backups = w.backups
	}, func(t *testing.T, w *world) {
		killed, pending := 0, 0
		for at := int64(1); ; at += workStride {
			owner := w.shop(t)
			id := tenantOf(owner)
			left := w.cancel(t, owner)
			*w.backups = oneBackup{left: 1, expires: left.PurgeAfter.AddDate(0, 0, 20)}
			w.at(t, left.PurgeAfter)
			w.now = left.PurgeAfter.AddDate(0, 0, 21)
			w.heard()
			*w.backups = oneBackup{}
			died := killtest.Start(t, w.doom("complete"), killtest.Kill{Before: at})
			if _, completion := w.papers(t, id); completion == nil {
				pending++
			}
			w.tick(t)
			cert, completion := w.papers(t, id)
			require.True(t, completion.Completes(*cert), "statement %d", at)
			require.Equal(t, []string{"completion 0"}, w.heard(), "statement %d", at)
			list, err := w.end.Certificates(w.inside(t), id)
			require.NoError(t, err)
			require.Len(t, list, 2, "statement %d", at)
			if !died {
				break
			}
			killed++
		}
		require.Greater(t, killed, 3)
		require.Greater(t, pending, 3)
	})
}

// A process that purges is killed with kill -9 at points all along the way, before and behind the first deletion and the certificate. Another one goes on: in the end there is one
// certificate, which says what there was before the first row went.
func TestAPurgeWhoseProcessIsKilled(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		d := w.doom("")
		killed, begun := 0, 0
		for at := int64(2); ; at += killStride {
			owner := w.shop(t)
			d.Tenant = tenantOf(owner)
			left := w.cancel(t, owner)
			_, err := w.end.TakeOut(owner, new(bytes.Buffer))
			require.NoError(t, err)
			w.now, d.Now = left.PurgeAfter, left.PurgeAfter
			died := killtest.Start(t, d, killtest.Kill{Before: at})
			list, err := w.end.Deletions(w.inside(t), tenancy.PageRequest{})
			require.NoError(t, err)
			for _, l := range list.Items {
				if l.TenantID == d.Tenant && l.CertifiedAt.IsZero() {
					begun++
				}
			}
			w.tick(t)
			cert, _ := w.papers(t, d.Tenant)
			require.NotNil(t, cert, "statement %d", at)
			require.EqualValues(t, 3, rows(cert.Deletion, "shelf.notes"), "statement %d", at)
			require.True(t, cert.Deletion.TakenOut.Whole, "statement %d", at)
			require.Equal(t, left.PurgeAfter, cert.Deletion.Erased.BeganAt)
			var told int
			for _, n := range w.told {
				if n.TenantID == d.Tenant && n.Kind == ending.NoticeCertificate {
					told++
				}
			}
			require.Equal(t, 1, told, "statement %d", at)
			if !died {
				break
			}
			killed++
		}
		require.Greater(t, killed, 3)
		require.Positive(t, begun, "some died between the facts and the certificate")
	})
}
