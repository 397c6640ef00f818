package pgtest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func setting(t *testing.T, conn *pgx.Conn, name string) string {
	t.Helper()
	var value string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT current_setting($1)", name).Scan(&value))
	return value
}

func TestStartIsOncePerProcess(t *testing.T) {
	require.Same(t, pgtest.Start(t), pgtest.Start(t))
}

func TestTwoDatabasesAreSeparate(t *testing.T) {
	s := pgtest.Start(t)
	a, b := connect(t, s.NewDatabase(t)), connect(t, s.NewDatabase(t))
	_, err := a.Exec(t.Context(), "CREATE TABLE only_in_a (n INT)")
	require.NoError(t, err)
	var there *string
	require.NoError(t, b.QueryRow(t.Context(), "SELECT to_regclass('only_in_a')::text").Scan(&there))
	require.Nil(t, there)
}

func TestADatabaseIsUTF8WithByteOrder(t *testing.T) {
	conn := connect(t, pgtest.Start(t).NewDatabase(t))
	require.Equal(t, "UTF8", setting(t, conn, "server_encoding"))
	var collation string
	require.NoError(t, conn.QueryRow(t.Context(),
		"SELECT datcollate FROM pg_database WHERE datname = current_database()").Scan(&collation))
	require.Equal(t, "C", collation)
}

func TestADatabaseIsDroppedWithItsTest(t *testing.T) {
	s := pgtest.Start(t)
	var url string
	t.Run("inner", func(t *testing.T) {
		url = s.NewDatabase(t)
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		require.NoError(t, conn.Ping(t.Context())) // left open on purpose: the drop must not wait for it
	})
	_, err := pgx.Connect(t.Context(), url)
	require.ErrorContains(t, err, "does not exist")
}

func TestLoginAsAnotherRole(t *testing.T) {
	url := pgtest.Start(t).NewDatabase(t)
	super := connect(t, url)
	const role = "pgtest_login_role"
	_, err := super.Exec(t.Context(), "CREATE ROLE "+role+" LOGIN PASSWORD 'p@ss/word'")
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = super.Exec(context.Background(), "DROP ROLE "+role) })

	as, err := pgtest.Login(url, role, "p@ss/word")
	require.NoError(t, err)
	var user string
	require.NoError(t, connect(t, as).QueryRow(t.Context(), "SELECT current_user").Scan(&user))
	require.Equal(t, role, user)
}

func TestDurableIsASecondCluster(t *testing.T) {
	quick := pgtest.Start(t)
	durable, err := pgtest.Open(t.Context(), pgtest.Options{Durable: true})
	require.NoError(t, err)
	if os.Getenv("ERP_TEST_POSTGRES") != "" {
		return // somebody else's server has somebody else's settings
	}
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		require.Equal(t, "off", setting(t, connect(t, quick.URL("postgres")), name))
		require.Equal(t, "on", setting(t, connect(t, durable.URL("postgres")), name))
	}
	require.Empty(t, setting(t, connect(t, durable.URL("postgres")), "listen_addresses"))
}

// A child process plays a test binary in the following tests: this binary, told by the environment which part to play.
const partVariable = "ERP_PGTEST_PART"

func child(t *testing.T, part string, environment ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPart$") // #nosec G204 -- this very binary
	cmd.Env = append(os.Environ(), append(environment, partVariable+"="+part)...)
	return cmd
}

// TestPart does nothing unless another test of this file started it.
func TestPart(t *testing.T) {
	switch os.Getenv(partVariable) {
	case "start":
		_ = pgtest.Start(t)
	case "die":
		fmt.Println("URL", pgtest.Start(t).URL("postgres"))
		os.Exit(7) // as a panic, a timeout or a kill would: Run's end is never reached
	}
}

func TestAnOrphanDoesNotOutliveItsParent(t *testing.T) {
	if os.Getenv("ERP_TEST_POSTGRES") != "" {
		return // nothing of ours to orphan
	}
	out, err := child(t, "die").Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 7, exit.ExitCode())
	_, rest, found := strings.Cut(string(out), "URL ")
	require.True(t, found)
	url, _, _ := strings.Cut(rest, "\n")
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err != nil
	}, 10*time.Second, 20*time.Millisecond)
}

func TestTroubleIsOneClearLine(t *testing.T) {
	for name, c := range map[string]struct{ given, says string }{
		"not a URL":      {"host=somewhere password=secret", "pgtest: ERP_TEST_POSTGRES is not a postgres:// URL"},
		"nobody answers": {"postgres://u:secret@/x?host=/nonexistent", "pgtest: ERP_TEST_POSTGRES: failed to connect"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := child(t, "start", "ERP_TEST_POSTGRES="+c.given).CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), c.says)
			require.NotContains(t, string(out), "secret")
			require.NotContains(t, string(out), "SKIP")
		})
	}
}

type runner func() int

func (r runner) Run() int { return r() }

// recorder is a TB that is no test.
type recorder struct{ bytes.Buffer }

func (*recorder) Helper()                     {}
func (*recorder) Cleanup(func())              {}
func (r *recorder) Fatalf(f string, a ...any) { fmt.Fprintf(r, f, a...) }

// TestRunStops comes last in the file and stops the cluster the tests above shared; another Start would start anew.
func TestRunStops(t *testing.T) {
	url := pgtest.Start(t).URL("postgres")
	require.Equal(t, 3, pgtest.Run(runner(func() int { return 3 })))
	if os.Getenv("ERP_TEST_POSTGRES") != "" {
		return
	}
	_, err := pgx.Connect(t.Context(), url)
	require.Error(t, err)

	var tb recorder
	again := pgtest.Start(&tb)
	require.Empty(t, tb.String())
	require.NotEqual(t, url, again.URL("postgres"))
}
