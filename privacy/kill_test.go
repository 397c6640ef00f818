package privacy_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// doomedErasure is what a process is told that is to erase somebody and to be killed on the way.
type doomedErasure struct {
	doomtest.Database // with Now it is the instant at which the process goes on with what was held, instead of erasing
	Tenant            uuid.UUID
	Erasure           privacy.Erasure
}

// run erases in this process, which has been started for that. It returns only if the erasure comes to its end first.
func (d doomedErasure) run(count func()) error {
	db, err := d.Open(modules(), count)
	if err != nil {
		return err
	}
	inside, err := db.Enter(context.Background(), d.Tenant, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	s := privacy.New(db, privacy.Options{Holds: (&law{visits: killEnd}).holds})
	if d.Now.IsZero() {
		if _, err := s.Erase(inside, d.Erasure); err != nil {
			return err
		}
	}
	for more := true; more && err == nil; {
		more, err = s.FinishErasures(inside)
	}
	return err
}

// killEnd is until when records of visits are held in these tests.
var killEnd = date.Of(2034, 1, 1)

// A process that erases somebody, or goes on when a hold has ended, is killed with kill -9 at points all along the way; another one goes on, and it ends the same.
func TestAnErasureWhoseProcessIsKilled(t *testing.T) {
	start := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for _, engine := range tenancytest.Engines {
		for _, later := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, later %t", engine, later), func(t *testing.T) {
				now := start
				env := tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
				env.CloseAfter(t)
				s := privacy.New(env.DB, privacy.Options{Holds: (&law{visits: killEnd}).holds})
				d := doomedErasure{Database: doomtest.Of(env, time.Time{})}
				want := openPractice(t, env)
				whole, err := s.Erase(want.ctx, erasure(want, "E-1"))
				require.NoError(t, err)
				killed, before := 0, 0
				for at := int64(1); ; at += erasureStride {
					now = start
					p := openPractice(t, env)
					d.Tenant, d.Erasure, d.Now = tenancy.ScopeOf(p.ctx).TenantID(), erasure(p, "E-1"), time.Time{}
					if later {
						_, err := s.Erase(p.ctx, d.Erasure)
						require.NoError(t, err)
						pass(t, s, p.ctx)
						d.Now = killEnd.Time()
					}
					died := startDoomed(t, "erasure", d, killtest.Kill{Before: at})
					report, err := s.Erase(p.ctx, d.Erasure)
					require.NoError(t, err, "statement %d", at)
					require.Equal(t, whole.Lines, report.Lines, "statement %d", at)
					pass(t, s, p.ctx)
					now = killEnd.Time()
					if pass(t, s, p.ctx) > 0 {
						before++
					}
					after := everything(t, s, p.ctx)
					for _, c := range canaries {
						require.NotContains(t, after, c, "statement %d", at)
					}
					left, err := s.PendingErasures(p.ctx, 10)
					require.NoError(t, err)
					require.Empty(t, left, "statement %d", at)
					if !died {
						break
					}
					killed++
				}
				require.Greater(t, killed, 5)
				require.Positive(t, before)
			})
		}
	}
}
