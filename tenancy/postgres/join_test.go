package postgres

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
)

// hostLogin is a host's own connection: its login, its search path, its tables, and membership in erp_app.
func (f *fixture) hostLogin(t *testing.T, member bool) *sql.DB {
	t.Helper()
	name := "host_" + f.databaseName(t)
	f.exec(t, "CREATE ROLE "+quote(name)+" LOGIN NOINHERIT", "CREATE ROLE "+quote(name+"_r"), "GRANT "+quote(name+"_r")+" TO "+quote(name),
		"CREATE SCHEMA host", "CREATE TABLE host.orders (id int)", "GRANT USAGE ON SCHEMA host TO "+quote(name+"_r"), "GRANT ALL ON host.orders TO "+quote(name+"_r"))
	if member {
		f.exec(t, "GRANT "+appRole+" TO "+quote(name))
	}
	f.roles = append(f.roles, name, name+"_r")
	dsn, err := pgtest.Login(f.url, name, "")
	require.NoError(t, err)
	db := f.connect(t, dsn)
	db.SetMaxOpenConns(1)
	for _, text := range []string{"SET ROLE " + quote(name+"_r"), "SET erp.tenant = 'the host''s own'", "SET search_path = host, public"} {
		_, err := db.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
	return db
}

func settingsOf(t *testing.T, q querier) (s settings) {
	t.Helper()
	require.NoError(t, q.QueryRowContext(t.Context(), "SELECT current_setting('role'), current_setting('erp.tenant'), current_setting('search_path')").Scan(&s.role, &s.tenant, &s.searchPath))
	return s
}

func TestJoinWorksInTheHostsTransaction(t *testing.T) {
	f := newFixture(t)
	db := f.hostLogin(t, true)
	tenant := f.tenant(t)
	ctx := t.Context()
	outside := settingsOf(t, db)
	for _, commits := range []bool{true, false} {
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "INSERT INTO orders VALUES (1)")
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "SET LOCAL erp.tenant = 'for now'")
		require.NoError(t, err)
		before := settingsOf(t, tx)

		s, err := f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant}, tx)
		require.NoError(t, err)
		require.True(t, s.(*joined).pgx)
		want := oddThings(tenant)
		var got []thing
		require.NoError(t, s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, want...), read(things, tenant, &got)}))
		sameThings(t, want, got)
		var viaBun []tally
		require.NoError(t, s.DB().NewSelect().Conn(s.Conn()).Model(&viaBun).ModelTableExpr(`testmod.tallies AS "tally"`).Scan(ctx))
		require.NoError(t, s.Commit(ctx, []*tenancy.Statement{write(tenancy.VerbAccrue, tallies, tenant, []string{"total"}, &tally{ThingID: want[0].ID, Year: 1, Total: 5})}))
		require.Equal(t, before, settingsOf(t, tx))
		require.NoError(t, s.Rollback(ctx), "after a commit it does nothing")
		_, err = tx.ExecContext(ctx, "INSERT INTO orders VALUES (2)")
		require.NoError(t, err)
		if commits {
			require.NoError(t, tx.Commit())
		} else {
			require.NoError(t, tx.Rollback())
		}
		require.Equal(t, outside, settingsOf(t, db))

		var tallied []tally
		require.NoError(t, f.session(t, tenant, true).Run(ctx, []*tenancy.Statement{read(tallies, tenant, &tallied)}))
		var orders int
		require.NoError(t, f.admin(t).QueryRowContext(ctx, "SELECT count(*) FROM host.orders").Scan(&orders))
		require.Equal(t, map[bool][2]int{true: {1, 2}, false: {0, 0}}[commits], [2]int{len(tallied), orders})
		f.exec(t, "DELETE FROM testmod.things", "DELETE FROM testmod.tallies", "DELETE FROM host.orders")
	}
}

// However our part ends, the host's transaction goes on as it was.
func TestJoinRestoresOnEveryExit(t *testing.T) {
	f := newFixture(t)
	db := f.hostLogin(t, true)
	tenant, other := f.tenant(t), f.tenant(t)
	ctx := t.Context()
	for name, trouble := range map[string]func(s tenancy.Session){
		"left alone": func(tenancy.Session) {},
		"refused row": func(s tenancy.Session) {
			err := s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "forbidden"))})
			require.ErrorIs(t, asFault("test", err), tenancy.ErrAppendOnly)
			require.Error(t, s.Commit(ctx, nil))
		},
		"other tenant's text": func(s tenancy.Session) {
			_, err := s.Conn().ExecContext(ctx, "INSERT INTO testmod.tallies VALUES ('"+other.String()+"', '"+other.String()+"', 1, 1)")
			require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
		},
		"two statements": func(s tenancy.Session) {
			_, err := s.Conn().ExecContext(ctx, "SELECT 1; SET LOCAL erp.tenant = '"+other.String()+"'")
			require.ErrorIs(t, err, ErrStatement)
		},
		"cancelled": func(s tenancy.Session) {
			done, cancel := context.WithCancel(ctx)
			cancel()
			require.Error(t, s.Run(done, []*tenancy.Statement{read(things, tenant, new([]thing))}))
		},
		"panic in a row": func(s tenancy.Session) {
			require.NoError(t, s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "x"))}))
			st := read(things, tenant, new([]thing))
			st.Row = func(func(...any) error) error { panic("in a row") }
			require.Panics(t, func() { _ = s.Run(ctx, []*tenancy.Statement{st}) })
		},
		"failing host function": func(s tenancy.Session) {
			require.ErrorIs(t, s.Host(ctx, func(tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES (3)")
				require.NoError(t, err)
				return errCaptured
			}), errCaptured)
		},
	} {
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "INSERT INTO orders VALUES (1)")
		require.NoError(t, err)
		before := settingsOf(t, tx)
		s, err := f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant}, tx)
		require.NoError(t, err, name)
		trouble(s)
		require.NoError(t, s.Rollback(ctx), name)
		require.Equal(t, before, settingsOf(t, tx), name)
		var orders int
		require.NoError(t, tx.QueryRowContext(ctx, "SELECT count(*) FROM orders").Scan(&orders), name)
		require.Equal(t, 1, orders, name)
		require.NoError(t, tx.Rollback())
	}
	var got []thing
	require.NoError(t, f.session(t, tenant, true).Run(ctx, []*tenancy.Statement{read(things, tenant, &got)}))
	require.Empty(t, got)
}

func TestHostInsideJoin(t *testing.T) {
	f := newFixture(t)
	db := f.hostLogin(t, true)
	tenant := f.tenant(t)
	ctx := t.Context()
	tx, err := db.BeginTx(ctx, nil)
	require.NoError(t, err)
	before := settingsOf(t, tx)
	s, err := f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant}, tx)
	require.NoError(t, err)
	for _, leave := range []string{"returns", "fails", "panics"} {
		act := func() {
			_ = s.Host(ctx, func(given *sql.Tx) error {
				require.Same(t, tx, given)
				require.Equal(t, before, settingsOf(t, given))
				require.ErrorIs(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))}), ErrStatement)
				_, err := given.ExecContext(ctx, "SET search_path = public; SET erp.tenant = 'x'; RESET ROLE")
				require.NoError(t, err)
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
		stands(t, s, tenant, leave)
	}
	require.NoError(t, s.Commit(ctx, nil))
	require.Equal(t, before, settingsOf(t, tx))
	require.NoError(t, tx.Commit())

	tx, err = db.BeginTx(ctx, nil)
	require.NoError(t, err)
	s, err = f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant}, tx)
	require.NoError(t, err)
	require.ErrorIs(t, s.Host(ctx, func(tx *sql.Tx) error { return tx.Rollback() }), tenancy.ErrHostEndedTx)
	require.NoError(t, s.Rollback(ctx), "there is nothing left to undo")
}

func TestJoinRefusals(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	refused := func(db *sql.DB, want error) {
		t.Helper()
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		before := settingsOf(t, tx)
		_, err = f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant}, tx)
		require.ErrorIs(t, err, want)
		require.Equal(t, before, settingsOf(t, tx), "the host's transaction is as it was")
		require.NoError(t, tx.Rollback())
	}
	db := f.hostLogin(t, false)
	refused(db, ErrNotMember)

	elsewhere := f.connect(t, pgtest.Start(t).NewDatabase(t))
	elsewhere.SetMaxOpenConns(1)
	_, err := elsewhere.ExecContext(ctx, "SET erp.tenant = ''")
	require.NoError(t, err)
	refused(elsewhere, ErrOtherDatabase)

	// A restart changes what a server is known by; ours is asked again before anybody is refused.
	f.store.at.started = "before the restart"
	ours := f.admin(t)
	tx, err := ours.BeginTx(ctx, nil)
	require.NoError(t, err)
	s, err := f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant}, tx)
	require.NoError(t, err)
	require.NoError(t, s.Rollback(ctx))
	require.NoError(t, tx.Rollback())
}
