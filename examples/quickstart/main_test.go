package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
)

// december is real data that lies beside the checkout; without it the tests fail rather than pass unseen.
const december = "../../../shared/data/online-retail/2010-12.csv.gz"

func TestMain(m *testing.M) {
	if dies := os.Getenv(childVariable); dies != "" {
		besideServer = os.Getenv(keyVariable)
		os.Exit(child(dies))
	}
	dir, err := os.MkdirTemp("", "erp-quickstart-test-")
	if err != nil {
		panic(err)
	}
	besideServer = dir
	_ = os.Setenv(keyVariable, dir) // so that the programs that are killed and run again have one master key
	status := pgtest.Run(m)
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// keyVariable tells a child where the master key is.
const keyVariable = "QUICKSTART_KEYS"

var engines = []string{"sqlite", "postgres"}

// newDB is a fresh place for books, as -db takes it.
func newDB(t *testing.T, engine string) string {
	t.Helper()
	if engine == "postgres" {
		return pgtest.Start(t).NewDatabase(t)
	}
	return filepath.Join(t.TempDir(), "books")
}

// program runs the program in this process.
func program(t *testing.T, change func(*config), args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	c, parsed := parse(args, &err)
	require.NoError(t, parsed, err.String())
	if change != nil {
		change(c)
	}
	status = c.run(t.Context(), &out, &err)
	return status, out.String(), err.String()
}

// book runs the program with -json and gives what it printed.
func book(t *testing.T, wanted int, args ...string) *result {
	t.Helper()
	return bookAs(t, nil, wanted, args...)
}

func bookAs(t *testing.T, change func(*config), wanted int, args ...string) *result {
	t.Helper()
	status, stdout, stderr := program(t, change, append(args, "-json")...)
	require.Equal(t, wanted, status, "%s%s", stderr, stdout)
	var r result
	d := json.NewDecoder(bytes.NewReader([]byte(stdout)))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&r))
	require.Empty(t, stderr)
	for _, c := range r.Checks {
		require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
	}
	return &r
}

// figures are what two runs must agree on.
func (r *result) figures() result {
	f := *r
	f.AlreadyBooked, f.SecondsElapsed = 0, ""
	return f
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.csv")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// childVariable makes the test binary the program itself, which kills itself before statement number N.
const childVariable = "QUICKSTART_DIES_BEFORE"

func child(dies string) int {
	at, err := strconv.ParseInt(dies, 10, 64)
	if err != nil {
		panic(err)
	}
	c, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		return exitFailed
	}
	c.batchDocuments = killBatch
	c.onStatement = countTo(at, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	return c.run(context.Background(), os.Stdout, os.Stderr)
}

func countTo(at int64, then func()) func(tenancy.Sent) {
	var n atomic.Int64
	return func(tenancy.Sent) {
		if n.Add(1) == at {
			then()
		}
	}
}

// dieBefore runs the program in a process of its own that is killed before a statement, and makes sure that it was.
func dieBefore(t *testing.T, statement int64, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"="+strconv.FormatInt(statement, 10))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.True(t, errors.As(err, &exit), "it was to die before statement %d and did not: %v %s", statement, err, out)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "%v %s", err, out)
}
