package tenancy_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// doomed is what a process is told that is to move a tenant and to be killed on the way.
type doomed struct {
	Control  string
	Postgres map[string]postgres.Engine
	SQLite   map[string]sqlite.Engine
	Tenant   uuid.UUID
	To       string
}

// run moves the tenant in this process, which has been started for that. It returns only if the move comes to its end first.
func (d doomed) run(count func()) error {
	ctx := context.Background()
	at := tenancy.Placements{Control: d.Control, At: map[string]tenancy.Placement{}}
	for name, eng := range d.Postgres {
		at.At[name] = tenancy.Placement{Engine: eng, Region: kinds[name].Region, Dedicated: kinds[name].Dedicated}
	}
	for name, eng := range d.SQLite {
		at.At[name] = tenancy.Placement{Engine: eng, Region: kinds[name].Region}
	}
	db, err := tenancy.Open(ctx, at, tenancy.Options{Modules: []tenancy.Module{library}, StateMaxAge: time.Millisecond, OnStatement: func(tenancy.Sent) { count() }})
	if err != nil {
		return err
	}
	tenancy.OnControl(db, func(context.Context) { count() })
	platform, err := db.EnterPlatform(ctx, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	_, err = db.Tenants().Move(platform, d.Tenant, d.To, "x")
	return err
}

// A process that moves a tenant is killed with kill -9 at points all along the way; another one goes on.
func TestAMoveWhoseProcessIsKilled(t *testing.T) {
	for control, route := range map[string][2]string{"shared": {"shared", "files"}, "files": {"files", "own"}} {
		t.Run(route[0]+" and "+route[1]+", control at "+control, func(t *testing.T) {
			f := fleet(t, control, tenancytest.Options{Clock: func() time.Time { return time.Now().Add(2 * time.Minute) }}) // no lease lasts so long
			d := doomed{Control: control, Postgres: map[string]postgres.Engine{}, SQLite: map[string]sqlite.Engine{}}
			for name, env := range f.At {
				switch eng := env.Engine.(type) {
				case postgres.Engine:
					d.Postgres[name] = eng
				case sqlite.Engine:
					d.SQLite[name] = eng
				}
			}
			made := filled(t, f, route[0])
			want := digests(t, f, made.ID)
			d.Tenant, d.To = made.ID, route[1]
			killed := 0
			for at := int64(2); ; at += killStride {
				died := killtest.Start(t, d, killtest.Kill{Before: at})
				require.LessOrEqual(t, len(crowd(t, f, made.ID)), 1, "statement %d", at)
				if !died {
					break
				}
				killed++
				if killed%2 == 0 {
					_, err := f.DB.Tenants().CompletePending(f.Control.Platform(t), 10)
					require.NoError(t, err)
				}
				move(t, f, made.ID, d.To)
				require.Equal(t, want, digests(t, f, made.ID), "statement %d", at)
				d.To = map[string]string{route[0]: route[1], route[1]: route[0]}[d.To]
			}
			require.Greater(t, killed, 2)
			onlyAt(t, f, made.ID, d.To)
			require.Equal(t, want, digests(t, f, made.ID))
		})
	}
}
