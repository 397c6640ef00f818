package register_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
)

// doomed is what a process is told that is to deliver an announcement and to be killed on the way.
type doomed struct{ doomtest.Database }

// run delivers in this process, which has been started for that.
func (d doomed) run(count func()) error {
	db, err := d.Open(modules(), count)
	if err != nil {
		return err
	}
	s, err := register.New(db, register.Options{Notify: func(context.Context, register.Notification) error { count(); return nil }})
	if err != nil {
		return err
	}
	jobs, err := db.Background(tenancy.BackgroundOptions{Logger: slog.New(slog.DiscardHandler), Jobs: []tenancy.Job{{Name: "register.deliver", Every: time.Second, Platform: func(ctx context.Context) (bool, error) {
		_, err := s.Deliver(ctx, 100)
		return false, err
	}}}})
	if err != nil {
		return err
	}
	out, err := jobs.Tick(context.Background(), d.Now)
	if err == nil && out.Failed+out.Ran != 1 {
		return fmt.Errorf("the job did not run: %+v", out)
	}
	return err
}

// A process that tells tenants of a breach is killed with kill -9 at points all along the way; another goes on, and each has one notice, one breach and one delivery.
func TestADeliveryWhoseProcessIsKilled(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		shops := []*shop{h.shop(), h.shop()}
		d := doomed{doomtest.Of(h.Env, h.clock())}
		killed := 0
		for at := int64(1); ; at += killStride {
			b, err := h.s.OpenBreach(h.platform, register.NewBreach{Reference: fmt.Sprint("B-", at), Role: register.AsProcessor, Facts: "a disk was stolen"})
			require.NoError(t, err)
			a, err := h.s.Announce(h.platform, register.NewAnnouncement{Reference: fmt.Sprint("A-", at), Kind: register.OfBreach, About: b.ID, Title: "A breach", Body: "A disk was stolen."})
			require.NoError(t, err)
			h.pass(time.Hour) // no lease lasts so long
			d.Now = h.clock()
			died := killtest.Start(t, d, killtest.Kill{Before: at})
			for _, s := range shops {
				notices, breaches := h.heard(s, a.ID, b.ID)
				require.LessOrEqual(t, notices, 1)
				require.Equal(t, notices, breaches, "the breach comes with its notice")
			}
			h.pass(time.Hour)
			require.Zero(t, h.deliver())
			for _, s := range shops {
				notices, breaches := h.heard(s, a.ID, b.ID)
				require.Equal(t, []int{1, 1}, []int{notices, breaches}, "statement %d", at)
			}
			reached, err := h.s.Deliveries(h.platform, a.ID, tenancy.PageRequest{})
			require.NoError(t, err)
			require.Len(t, reached.Items, 3, "statement %d", at)
			page, err := h.s.Breaches(h.platform, tenancy.PageRequest{Sort: "-id"})
			require.NoError(t, err)
			require.Len(t, page.Items[0].Steps, 2, "opened, and told, once")
			if !died {
				break
			}
			killed++
		}
		require.Greater(t, killed, 3)
	})
}

// heard counts a tenant's notices of an announcement, and its breaches that came with it.
func (h *house) heard(s *shop, announcement, about uuid.UUID) (notices, breaches int) {
	h.t.Helper()
	all, err := h.s.Notices(s.ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(h.t, err)
	for _, n := range all.Items {
		if n.AnnouncementID == announcement {
			notices++
		}
	}
	page, err := h.s.Breaches(s.ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(h.t, err)
	for _, b := range page.Items {
		if b.Reference == "notice:"+about.String() {
			breaches++
		}
	}
	return notices, breaches
}
