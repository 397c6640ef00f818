package tenancy_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// hostTable makes a table of the host's own, outside every registered schema, as a host's own migrations would.
func hostTable(t *testing.T, ctx context.Context, env *tenancytest.Env) func() int {
	t.Helper()
	owner := env.Owner(t, tenancy.ScopeOf(ctx).TenantID())
	_, err := owner.Exec("CREATE TABLE IF NOT EXISTS crm_notes (tenant TEXT NOT NULL, note TEXT NOT NULL)")
	require.NoError(t, err)
	if env.Name == "postgres" {
		_, err = owner.Exec("GRANT SELECT, INSERT ON crm_notes TO PUBLIC")
		require.NoError(t, err)
	}
	return func() (n int) {
		require.NoError(t, owner.QueryRow("SELECT COUNT(*) FROM crm_notes WHERE tenant = '"+tenancy.ScopeOf(ctx).TenantID().String()+"'").Scan(&n))
		return n
	}
}

func note(ctx context.Context) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO crm_notes (tenant, note) VALUES ('"+tenancy.ScopeOf(ctx).TenantID().String()+"', 'called')")
		return err
	}
}

func TestHostsTableInTheSameAct(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		notes := hostTable(t, ctx, env)
		act := func(first, last error) error {
			return env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				require.NoError(t, tenancy.Insert(ctx, tx, novel("Before "+t.Name())))
				if first != nil {
					return first
				}
				if err := tx.Host(ctx, note(ctx)); err != nil {
					return err
				}
				n, err := tenancy.Count[Book](ctx, tx) // the scope is back after the host's work
				require.NoError(t, err)
				require.EqualValues(t, 1, n)
				return last
			})
		}
		require.ErrorIs(t, act(nil, errOops), errOops, "ours fails after the host's work")
		require.Zero(t, notes())
		require.Zero(t, countBooks(t, ctx, env))
		require.NoError(t, act(nil, nil))
		require.Equal(t, 1, notes())
		require.EqualValues(t, 1, countBooks(t, ctx, env))
	})
}

func TestHostsFailureUndoesOurs(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		notes := hostTable(t, ctx, env)
		for name, fail := range map[string]func(*sql.Tx) error{
			"error": func(tx *sql.Tx) error {
				require.NoError(t, note(ctx)(tx))
				return errOops
			},
			"sql":      func(tx *sql.Tx) error { _, err := tx.Exec("INSERT INTO nowhere VALUES (1)"); return err },
			"commit":   func(tx *sql.Tx) error { require.NoError(t, note(ctx)(tx)); return tx.Commit() },
			"rollback": func(tx *sql.Tx) error { return tx.Rollback() },
			"commit, denied": func(tx *sql.Tx) error {
				require.NoError(t, note(ctx)(tx))
				_ = tx.Commit()
				return nil
			},
		} {
			err := env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				require.NoError(t, tenancy.Insert(ctx, tx, novel(name)))
				_ = tx.Host(ctx, fail)
				return nil // swallowed, and yet the whole is undone
			})
			require.ErrorIs(t, err, tenancy.ErrTxDoomed, name)
			require.Zero(t, notes(), name)
			require.Zero(t, countBooks(t, ctx, env), name)
		}
		require.Panics(t, func() {
			_ = env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tx.Host(ctx, func(*sql.Tx) error { panic("boom") })
			})
		})
		addBooks(t, ctx, env, novel("After all that"))
		require.EqualValues(t, 1, countBooks(t, ctx, env))
	})
}

func TestTheStoreIsNotUsedFromWithinTheHostsFunction(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		require.Error(t, env.DB.Tx(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Host(ctx, func(*sql.Tx) error {
				_, err := tenancy.Count[Book](ctx, tx)
				require.ErrorIs(t, err, tenancy.ErrInHost)
				return err
			})
		}))
	})
}

func TestJoin(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		if env.Name == "sqlite" {
			host := env.Owner(t, tenancy.ScopeOf(ctx).TenantID())
			tx, err := host.Begin()
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback()) }()
			require.ErrorIs(t, env.DB.Join(ctx, tx, func(context.Context, *tenancy.Tx) error { return nil }), tenancy.ErrJoinUnsupported)
			return
		}
		notes := hostTable(t, ctx, env)
		host := env.Owner(t, tenancy.ScopeOf(ctx).TenantID())
		role := func(tx *sql.Tx) (s string) {
			require.NoError(t, tx.QueryRow("SELECT current_user || '|' || COALESCE(current_setting('erp.tenant', true), '')").Scan(&s))
			return s
		}
		join := func(inner error, commit bool) error {
			tx, err := host.Begin()
			require.NoError(t, err)
			require.NoError(t, note(ctx)(tx))
			before := role(tx)
			err = env.DB.Join(ctx, tx, func(ctx context.Context, etx *tenancy.Tx) error {
				require.NoError(t, tenancy.Insert(ctx, etx, novel("Joined")))
				n, err := tenancy.Count[Book](ctx, etx)
				require.NoError(t, err)
				require.EqualValues(t, 1, n)
				return inner
			})
			require.Equal(t, before, role(tx), "role and tenant are the host's again")
			if commit {
				require.NoError(t, tx.Commit())
			} else {
				require.NoError(t, tx.Rollback())
			}
			return err
		}
		require.ErrorIs(t, join(errOops, true), errOops)
		require.Equal(t, 1, notes(), "the host's part stands, ours is undone")
		require.Zero(t, countBooks(t, ctx, env))
		require.NoError(t, join(nil, false))
		require.Equal(t, 1, notes(), "the host undoes both")
		require.Zero(t, countBooks(t, ctx, env))
		require.NoError(t, join(nil, true))
		require.Equal(t, 2, notes())
		require.EqualValues(t, 1, countBooks(t, ctx, env))
		require.ErrorIs(t, env.DB.Join(ctx, nil, nil), tenancy.ErrBadInput)
	})
}
