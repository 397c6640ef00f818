package privacy_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// doomed is what a process is told that is to erase somebody and to be killed on the way.
type doomed struct {
	Postgres *postgres.Engine
	SQLite   *sqlite.Engine
	Keys     local.Keys
	Tenant   uuid.UUID
	Erasure  privacy.Erasure
}

// run erases in this process, which has been started for that. It returns only if the erasure comes to its end first.
func (d doomed) run(count func()) error {
	ctx := context.Background()
	var eng tenancy.Engine = d.SQLite
	if d.Postgres != nil {
		eng = d.Postgres
	}
	db, err := tenancy.Open(ctx, eng, tenancy.Options{Modules: modules(), Keys: d.Keys, OnStatement: func(tenancy.Sent) { count() }})
	if err != nil {
		return err
	}
	inside, err := db.Enter(ctx, d.Tenant, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	s := privacy.New(db, privacy.Options{})
	if _, err := s.Erase(inside, d.Erasure); err != nil {
		return err
	}
	for more := true; more && err == nil; {
		more, err = s.FinishErasures(inside)
	}
	return err
}

// killStride is how many statements lie between two points at which a process is killed.
const killStride = 4

// A process that erases somebody is killed with kill -9 at points all along the way; another one goes on, and it ends the same.
func TestAnErasureWhoseProcessIsKilled(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		d := doomed{Keys: env.Keys}
		switch eng := env.Engine.(type) {
		case postgres.Engine:
			d.Postgres = &eng
		case sqlite.Engine:
			d.SQLite = &eng
		}
		want := openPractice(t, env)
		whole, err := s.Erase(want.ctx, erasure(want, "E-1"))
		require.NoError(t, err)
		killed, before := 0, 0
		for at := int64(1); ; at += killStride {
			p := openPractice(t, env)
			d.Tenant, d.Erasure = tenancy.ScopeOf(p.ctx).TenantID(), erasure(p, "E-1")
			died := killtest.Start(t, d, killtest.Kill{Before: at})
			report, err := s.Erase(p.ctx, d.Erasure)
			require.NoError(t, err, "statement %d", at)
			if !report.Replayed {
				before++ // nothing of it was there
			}
			pass(t, s, p.ctx)
			require.Equal(t, whole.Lines, report.Lines, "statement %d", at)
			after := everything(t, s, p.ctx)
			for _, c := range canaries {
				require.NotContains(t, after, c, "statement %d", at)
			}
			for _, l := range report.Lines {
				require.NotEqual(t, int64(0), l.Rows)
			}
			if !died {
				break
			}
			killed++
		}
		require.Greater(t, killed, 5)
		require.Positive(t, before)
		require.Less(t, before, killed, "some died after the commit")
	})
}
