package ending_test

import (
	"bytes"
	"context"
	"crypto"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// doomed is what a process is told that is to purge a tenant and to be killed on the way.
type doomed struct {
	Postgres *postgres.Engine
	SQLite   *sqlite.Engine
	Keys     local.Keys
	Now      time.Time
	Tenant   uuid.UUID
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
	ctx := context.Background()
	var eng tenancy.Engine
	if d.Postgres != nil {
		eng = *d.Postgres
	} else {
		eng = *d.SQLite
	}
	db, err := tenancy.Open(ctx, eng, tenancy.Options{Modules: modules, Keys: d.Keys, Clock: func() time.Time { return d.Now }, OnStatement: func(tenancy.Sent) { count() }})
	if err != nil {
		return err
	}
	_, err = ending.New(db, ending.Options{Privacy: privacy.New(db, privacy.Options{}), Logger: slog.New(slog.DiscardHandler), Backups: counted{count},
		Signer: func(context.Context) (crypto.Signer, error) { count(); return keyOf("first"), nil }})
	if err != nil {
		return err
	}
	platform, err := db.EnterPlatform(ctx, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	_, err = db.Tenants().Purge(platform, d.Tenant, "its time is over")
	return err
}

// A process that purges is killed with kill -9 at points all along the way, before and behind the first deletion and the certificate. Another one goes on: in the end there is one
// certificate, which says what there was before the first row went.
func TestAPurgeWhoseProcessIsKilled(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		d := doomed{Keys: w.Keys}
		switch eng := w.Engine.(type) {
		case postgres.Engine:
			d.Postgres = &eng
		case sqlite.Engine:
			d.SQLite = &eng
		}
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
