package postgres

import (
	"context"
	"database/sql"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// hostTable gives the fixture's scoped login a table of the host's own.
func (f *fixture) hostTable(t *testing.T) {
	t.Helper()
	app, _ := loginNames(f.databaseName(t))
	f.exec(t, "CREATE TABLE public.orders (id int PRIMARY KEY, note text)", "GRANT SELECT, INSERT, UPDATE ON public.orders TO "+quote(app))
}

func (f *fixture) databaseName(t *testing.T) (name string) {
	t.Helper()
	require.NoError(t, f.admin(t).QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name))
	return name
}

func (f *fixture) orders(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, f.admin(t).QueryRowContext(t.Context(), "SELECT count(*) FROM public.orders").Scan(&n))
	return n
}

// stands asserts that the session is the tenant's: it can write for it and sees nothing else.
func stands(t *testing.T, s tenancy.Session, tenant uuid.UUID, code string) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, code))}))
	var role, setting, path string
	require.NoError(t, s.Conn().QueryRowContext(ctx, "SELECT current_user::text, erp.current_tenant()::text, current_setting('search_path')").Scan(&role, &setting, &path))
	require.Equal(t, [3]string{appRole, tenant.String(), "pg_catalog, pg_temp"}, [3]string{role, setting, path})
}

func TestHostWorksInTheSameTransaction(t *testing.T) {
	f := newFixture(t)
	f.hostTable(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	s := f.session(t, tenant, false)
	stands(t, s, tenant, "before")
	require.NoError(t, s.Host(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ($1, $2)", 1, "first") // by the login's own search path
		require.NoError(t, err)
		var setting string
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT current_setting('erp.tenant') FROM orders").Scan(&setting))
		require.Empty(t, setting)
		return nil
	}))
	stands(t, s, tenant, "after")
	require.Zero(t, f.orders(t), "not yet committed")
	require.NoError(t, s.Commit(ctx, nil))
	require.Equal(t, 1, f.orders(t))

	s = f.session(t, tenant, false)
	require.NoError(t, s.Host(ctx, func(tx *sql.Tx) error { // the first word of the session
		_, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES (2, 'second')")
		return err
	}))
	require.NoError(t, s.Rollback(ctx))
	require.Equal(t, 1, f.orders(t))
}

func TestHostSeesNothingOfOurs(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	s := f.session(t, tenant, false)
	stands(t, s, tenant, "ours")
	err := s.Host(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "SELECT * FROM testmod.things")
		return err
	})
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
	stands(t, s, tenant, "and on it goes")
}

// Whatever the host's function does to the settings, and however it is left, the session is the tenant's again; and when
// it is over nothing of it is on the connection.
func TestHostCannotLeaveItsMark(t *testing.T) {
	f := newFixture(t)
	f.counted(t)
	f.hostTable(t)
	mine, other := f.tenant(t), f.tenant(t)
	ctx := t.Context()
	for name, setting := range map[string]string{
		"role": "SET ROLE " + appRole, "local role": "SET LOCAL ROLE " + appRole, "tenant": "SET erp.tenant = '" + other.String() + "'",
		"local tenant": "SET LOCAL erp.tenant = '" + other.String() + "'", "path": "SET search_path = public", "temporary table": "CREATE TEMP TABLE left_over (id int)",
		"lock": "SELECT pg_advisory_lock(42)", "listening": "LISTEN something", "prepared statement": "PREPARE left_over AS SELECT 1", "cursor": "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
		"its own savepoint": "SAVEPOINT erp_host", "open statement": "SELECT 1",
	} {
		for _, leave := range []string{"returns", "fails", "panics"} {
			s := f.session(t, mine, false)
			act := func() {
				_ = s.Host(ctx, func(tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, setting)
					require.NoError(t, err, name)
					rows, err := tx.QueryContext(ctx, "SELECT generate_series(1, 5)") //nolint:sqlclosecheck,rowserrcheck // left open
					require.NoError(t, err)
					require.True(t, rows.Next())
					switch leave {
					case "fails":
						return errCaptured
					case "panics":
						panic(errCaptured)
					}
					return nil
				})
			}
			if leave == "panics" {
				require.Panics(t, act)
			} else {
				act()
			}
			stands(t, s, mine, name+" "+leave)
			require.NoError(t, s.Commit(ctx, nil), name)

			next := f.session(t, mine, false)
			require.NoError(t, next.use(func(c *conn) error {
				var state [4]string
				err := c.std.Conn().QueryRow(ctx, `SELECT current_user, coalesce(current_setting('erp.tenant', true), ''), current_setting('search_path'),
					concat(to_regclass('pg_temp.left_over'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
						(SELECT count(*) FROM pg_listening_channels()), (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), (SELECT count(*) FROM pg_cursors WHERE is_holdable))`).Scan(&state[0], &state[1], &state[2], &state[3])
				require.NoError(t, err)
				require.Equal(t, [4]string{c.std.Conn().Config().User, "", `"$user", public`, "0000"}, state, name+" "+leave)
				return nil
			}))
			require.NoError(t, next.Rollback(ctx))
		}
	}
}

func TestHostMayNotEndTheTransaction(t *testing.T) {
	f := newFixture(t)
	f.hostTable(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	run := func(text string) func(tx *sql.Tx) error {
		return func(tx *sql.Tx) error {
			_, _ = tx.ExecContext(ctx, "INSERT INTO orders VALUES (7, 'x')")
			_, _ = tx.ExecContext(ctx, text)
			return nil
		}
	}
	for name, fn := range map[string]func(tx *sql.Tx) error{
		"Commit":   func(tx *sql.Tx) error { return tx.Commit() },
		"Rollback": func(tx *sql.Tx) error { return tx.Rollback() },
		"swallowed Commit": func(tx *sql.Tx) error {
			_ = tx.Commit()
			return nil
		},
		"commit": run("commit"), "END": run("END;"), "ABORT": run("/* now */ ABORT"), "ROLLBACK": run("ROLLBACK"), "BEGIN": run("BEGIN"),
		"behind another": run("SELECT ';' ; COMMIT"), "behind a dollar quote": run("DO $x$ BEGIN NULL; END $x$; COMMIT"),
		"and again": run("COMMIT AND CHAIN"), "two phases": run("PREPARE TRANSACTION 'x'"), "our savepoint": run("RELEASE SAVEPOINT erp_host"),
		"by query": func(tx *sql.Tx) error {
			_, _ = tx.QueryContext(ctx, "COMMIT") //nolint:sqlclosecheck,rowserrcheck // it fails
			return nil
		},
		"by prepared statement": func(tx *sql.Tx) error {
			_, _ = tx.PrepareContext(ctx, "COMMIT") //nolint:sqlclosecheck // it fails
			return nil
		},
	} {
		s := f.session(t, tenant, false)
		stands(t, s, tenant, name)
		require.ErrorIs(t, s.Host(ctx, fn), tenancy.ErrHostEndedTx, name)
		require.ErrorIs(t, s.Commit(ctx, nil), tenancy.ErrHostEndedTx, name)
		require.ErrorIs(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))}), tenancy.ErrHostEndedTx, name)
		require.NoError(t, s.Rollback(ctx), name)
		require.Zero(t, f.orders(t), name)
	}
	var got []thing
	s := f.session(t, tenant, true)
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, &got)}))
	require.Empty(t, got)
}

func TestHostHandleAndSessionKeepApart(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	s := f.session(t, tenant, false)
	var escaped *sql.Tx
	require.NoError(t, s.Host(ctx, func(tx *sql.Tx) error {
		escaped = tx
		err := s.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))})
		require.ErrorIs(t, err, ErrStatement, "not under the host's role")
		_, err = s.Conn().ExecContext(ctx, "SELECT 1")
		require.ErrorIs(t, err, ErrStatement)
		require.ErrorIs(t, s.Host(ctx, func(*sql.Tx) error { return nil }), ErrStatement)
		return nil
	}))
	_, err := escaped.ExecContext(ctx, "SELECT 1")
	require.ErrorIs(t, err, sql.ErrTxDone)
	stands(t, s, tenant, "still")

	err = s.Host(ctx, func(tx *sql.Tx) error {
		_, _ = tx.ExecContext(ctx, "SELECT 1 / 0")
		return nil
	})
	require.ErrorIs(t, err, tenancy.ErrTxDoomed, "a failure that the host's function keeps to itself")

	s = f.session(t, tenant, false)
	short, cancel := context.WithCancel(ctx)
	err = s.Host(short, func(*sql.Tx) error { cancel(); return nil })
	require.NoError(t, err, "the way back does not hang on the caller's context")
	stands(t, s, tenant, "after the context ended")
}

func TestHostRole(t *testing.T) {
	f := newFixture(t)
	app, _ := loginNames(f.databaseName(t))
	role := app + "_host"
	f.exec(t, "CREATE ROLE "+quote(role), "GRANT "+quote(role)+" TO "+quote(app), "CREATE TABLE public.orders (id int)", "GRANT INSERT ON public.orders TO "+quote(role))
	f.roles = append(f.roles, role)
	f.eng.HostRole = role
	f.store = f.open(t, false)
	tenant := f.tenant(t)
	ctx := t.Context()
	s := f.session(t, tenant, false)
	require.NoError(t, s.Host(ctx, func(tx *sql.Tx) error {
		var user string
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT current_user").Scan(&user))
		require.Equal(t, role, user)
		_, err := tx.ExecContext(ctx, "INSERT INTO public.orders VALUES (1)")
		return err
	}))
	stands(t, s, tenant, "x")
	require.NoError(t, s.Commit(ctx, nil))
}
