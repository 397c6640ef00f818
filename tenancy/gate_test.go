package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func insertAuthor(ctx context.Context, env *tenancytest.Env) error {
	return env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		return tenancy.Insert(ctx, tx, &Author{Name: "x"})
	})
}

// What the code of this process knows of the tenant is not asked here: the control data say all along that it is active.
func TestTheDatabaseItselfRefusesWritesBehindAClosedGate(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		quiet := context.Background()
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		require.NoError(t, insertAuthor(ctx, env))
		require.NoError(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GateClosed, 5))
		before := rowsOf(t, env, id)
		require.ErrorIs(t, insertAuthor(ctx, env), tenancy.ErrClosed)
		require.Equal(t, before, rowsOf(t, env, id))
		env.Enter(t, id, "*") // an event that tells of no row
		before["erp.audit_events"]++
		require.Equal(t, before, rowsOf(t, env, id))

		require.NoError(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GateActive, 4), "overtaken: no error, and nothing moved")
		require.ErrorIs(t, insertAuthor(ctx, env), tenancy.ErrClosed)
		require.NoError(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GateActive, 6))
		require.NoError(t, insertAuthor(ctx, env))

		require.NoError(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GateClosed, 7))
		require.NoError(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GatePurging, 8))
		require.ErrorIs(t, insertAuthor(ctx, env), tenancy.ErrClosed)
		_, err := env.DB.Enter(quiet, id, "tester", nil)
		require.ErrorIs(t, err, tenancy.ErrClosed, "while its rows are going not even an entering is written: it would stay behind")
		require.ErrorIs(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GateActive, 9), tenancy.ErrTenantConflict)
		_, err = env.Owner(t, id).Exec(env.SQL("DELETE FROM erp.tenant_gates WHERE tenant_id = '" + id.String() + "'"))
		require.NoError(t, err)
		err = insertAuthor(ctx, env) // the database's refusal, or that of whoever has asked it whether the tenant is there
		require.True(t, errors.Is(err, tenancy.ErrClosed) || errors.Is(err, tenancy.ErrPlacement), "no gate, no write: %v", err)
		require.ErrorIs(t, tenancy.MoveGate(quiet, env.DB, id, tenancy.GateClosed, 9), tenancy.ErrTenantConflict)
	})
}

// Of events, a closed gate lets those through that tell of no write: the owner of a closed tenant is on record as well.
func TestEventsThatTellOfNoWritePassAClosedGate(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		quiet := context.Background()
		id := tenantOf(env.Tenant(t))
		conn, err := env.Owner(t, id).Conn(quiet)
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		event := func(verb string) error { // a copy of one that is there, whatever columns it has
			for _, text := range []string{
				"CREATE TEMPORARY TABLE another AS SELECT * FROM erp.audit_events WHERE tenant_id = '" + id.String() + "' LIMIT 1",
				"UPDATE another SET id = '" + tenancy.NewID().String() + "', verb = '" + verb + "'",
				"INSERT INTO erp.audit_events SELECT * FROM another",
				"DROP TABLE another",
			} {
				if _, failed := conn.ExecContext(quiet, env.SQL(text)); failed != nil {
					err = failed
				}
			}
			failed := err
			err = nil
			return failed
		}
		for turn, at := range []struct {
			gate  tenancy.Gate
			verbs map[string]bool
		}{
			{tenancy.GateActive, map[string]bool{"": true, "read": true, "insert": true, "update": true, "delete": true, "accrue": true}},
			{tenancy.GateClosed, map[string]bool{"": true, "read": true, "insert": false, "update": false, "delete": false, "accrue": false}},
			{tenancy.GatePurging, map[string]bool{"": false, "read": false, "insert": false}},
		} {
			require.NoError(t, tenancy.MoveGate(quiet, env.DB, id, at.gate, int64(turn)))
			for verb, passes := range at.verbs {
				if err := event(verb); passes {
					require.NoError(t, err, "%s, %q", at.gate, verb)
				} else {
					require.ErrorContains(t, err, "tenancy.closed", "%s, %q", at.gate, verb)
				}
			}
		}
	})
}

// Whoever writes while the gate closes has committed before it has closed, or never commits.
func TestRaceAGateOutlastsItsLastWriter(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		owner, count := env.Owner(t, id), env.SQL("SELECT COUNT(*) FROM lib.authors WHERE tenant_id = '"+id.String()+"'")
		authors := func() (n int) {
			require.NoError(t, owner.QueryRow(count).Scan(&n))
			return n
		}
		closed := make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					after := false
					select {
					case <-closed:
						after = true
					default:
					}
					err := insertAuthor(ctx, env)
					if after {
						require.ErrorIs(t, err, tenancy.ErrClosed)
						return
					}
					if err != nil {
						require.ErrorIs(t, err, tenancy.ErrClosed)
					}
				}
			})
		}
		for turn := int64(1); turn < 20; turn++ {
			to := []tenancy.Gate{tenancy.GateActive, tenancy.GateClosed}[turn%2]
			require.NoError(t, tenancy.MoveGate(context.Background(), env.DB, id, to, turn))
			if to == tenancy.GateClosed {
				before := authors()
				for range 20 {
					require.Equal(t, before, authors(), fmt.Sprint("turn ", turn))
				}
			}
		}
		close(closed)
		wg.Wait()
	})
}
