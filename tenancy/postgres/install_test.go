package postgres

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
)

// Installers and migrators of one database and of several start at the same moment; roles belong to the whole cluster.
func TestRaceInstallAtOnce(t *testing.T) {
	reg := registry(t, testModule())
	var all errgroup.Group
	for range 3 {
		f := &fixture{}
		f.newDatabase(t)
		for range 3 {
			all.Go(func() error {
				e, err := Install(t.Context(), f.url, InstallOptions{})
				if err != nil {
					return err
				}
				s, err := e.Open(t.Context(), reg, tenancy.EngineOptions{Migrate: true})
				if err != nil {
					return err
				}
				return s.Close()
			})
		}
	}
	require.NoError(t, all.Wait())
}

// The narrow moment of the above, held open: the role exists, but the one who makes it has not committed yet.
func TestRaceInstallMeetsAnother(t *testing.T) {
	f := &fixture{}
	f.newDatabase(t)
	ctx := t.Context()
	name := "met_" + f.databaseName(t)
	f.roles = append(f.roles, name)
	rival, err := f.admin(t).BeginTx(ctx, nil)
	require.NoError(t, err)
	_, err = rival.ExecContext(ctx, createRole(name, "NOLOGIN"))
	require.NoError(t, err)
	conn, err := pgx.Connect(ctx, f.url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	done := make(chan error, 1)
	go func() { done <- patiently(ctx, conn, createRole(name, "NOLOGIN")) }()
	require.Eventually(t, func() bool {
		var waiting bool
		err := f.admin(t).QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock')", conn.PgConn().PID()).Scan(&waiting)
		return err == nil && waiting
	}, waitFor, tick)
	require.NoError(t, rival.Commit())
	require.NoError(t, <-done)
}

// A run may end anywhere. Here it ends after each of its statements in turn, and the next one completes it.
func TestInstallCompletesWhatWasBegun(t *testing.T) {
	f := &fixture{reg: registry(t, testModule()), sent: &sentLog{}}
	f.newDatabase(t)
	app, control := loginNames(f.databaseName(t))
	seal := sealLogin(f.databaseName(t))
	all := installStatements(f.databaseName(t), app, control, seal)
	for n := range all {
		f.exec(t, all[:n]...)
		e, err := Install(t.Context(), f.url, InstallOptions{})
		require.NoError(t, err)
		again, err := Install(t.Context(), f.url, InstallOptions{})
		require.NoError(t, err)
		require.Equal(t, e, again)
		f.exec(t, "DROP OWNED BY "+quote(app)+", "+quote(control)+", "+quote(seal), "DROP ROLE "+quote(app), "DROP ROLE "+quote(control), "DROP ROLE "+quote(seal))
	}
}

// Under a server that asks for passwords, every process with the admin's URL arrives at the same ones.
func TestInstallWithPasswords(t *testing.T) {
	f := &fixture{reg: registry(t, testModule()), sent: &sentLog{}}
	f.newDatabase(t)
	ctx := t.Context()
	name := f.databaseName(t)
	boss := "boss_" + name
	f.roles = append(f.roles, boss)
	f.exec(t, "CREATE ROLE "+quote(boss)+" SUPERUSER LOGIN PASSWORD 'correct horse'")
	f.askForPasswords(t, name)

	_, err := Install(ctx, f.as(t, boss), InstallOptions{})
	require.ErrorIs(t, err, ErrConnect)

	config, err := parseDSN("url", f.url)
	require.NoError(t, err)
	admin := addressOf(config, boss, "correct horse")
	e, err := Install(ctx, admin, InstallOptions{})
	require.NoError(t, err)
	again, err := Install(ctx, admin, InstallOptions{})
	require.NoError(t, err)
	require.Equal(t, e, again)
	u, err := url.Parse(e.DSN)
	require.NoError(t, err)
	password, _ := u.User.Password()
	require.Len(t, password, 43)
	require.NotContains(t, fmt.Sprintf("%v %+v %s", e, e, e), password)
	require.NotContains(t, e.DSN, "horse")

	_, err = Install(ctx, admin, InstallOptions{Secret: "another"}) // the passwords follow the secret
	require.NoError(t, err)
	_, err = pgx.Connect(ctx, e.DSN)
	require.Error(t, err)
	again, err = Install(ctx, admin, InstallOptions{})
	require.NoError(t, err)
	f.eng = again
	f.store = f.open(t, true)
	tenant := f.tenant(t)
	stands(t, f.session(t, tenant, false), tenant, "x")
}

// askForPasswords makes the throw-away server ask for passwords in one database. A given server is left as it is: it
// asks already, or it does not and the test proves less.
func (f *fixture) askForPasswords(t *testing.T, database string) {
	t.Helper()
	if os.Getenv("ERP_TEST_POSTGRES") != "" {
		return
	}
	var path, rules string
	db := f.admin(t)
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT current_setting('hba_file'), pg_read_file(current_setting('hba_file'))").Scan(&path, &rules))
	put := func(rules string) {
		server, err := pgx.Connect(context.Background(), pgtest.Start(t).URL("postgres"))
		require.NoError(t, err)
		defer func() { _ = server.Close(context.Background()) }()
		text := quoteText(strings.ReplaceAll(strings.TrimSpace(rules), "\t", " "))
		_, err = server.Exec(context.Background(), "COPY (SELECT unnest(string_to_array("+text+", E'\\n'))) TO "+quoteText(path))
		require.NoError(t, err)
		_, err = server.Exec(context.Background(), "SELECT pg_reload_conf()")
		require.NoError(t, err)
	}
	t.Cleanup(func() { put(rules) })
	put("local " + database + " postgres trust\nlocal " + database + " all scram-sha-256\n" + rules)
	require.Eventually(t, func() bool { // the reload is not awaited
		_, err := pgx.Connect(context.Background(), f.as(t, "boss_"+database))
		return err != nil
	}, waitFor, tick)
}

func TestInstallRefusals(t *testing.T) {
	ctx := t.Context()
	_, err := Install(ctx, "", InstallOptions{})
	require.ErrorIs(t, err, ErrConfiguration)
	_, err = Install(ctx, "postgres://x:secret@[", InstallOptions{})
	require.ErrorIs(t, err, ErrConfiguration)
	require.NotContains(t, err.Error(), "secret")
	_, err = Install(ctx, "postgres://x:secret@/x?host=/nowhere", InstallOptions{})
	require.ErrorIs(t, err, ErrConnect)
	require.NotContains(t, err.Error(), "secret")
	for _, opts := range []InstallOptions{{AppLogin: "one"}, {AppLogin: "one", ControlLogin: "two"}, {AppLogin: "one", ControlLogin: "two", SealLogin: "one"}} {
		_, err = Install(ctx, "postgres://x@/x?host=/nowhere", opts)
		require.ErrorIs(t, err, ErrConfiguration, opts)
	}
	a, b := loginNames(strings.Repeat("x", 63))
	c, _ := loginNames(strings.Repeat("x", 62) + "y")
	require.LessOrEqual(t, len(b), maxName)
	require.NotEqual(t, a, c)
}
