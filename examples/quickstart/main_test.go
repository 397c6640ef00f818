package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/internal/pgtest"
	"github.com/opsmatiq/erp/tenancy"
)

// december is real data that lies beside the checkout; without it the tests fail rather than pass unseen.
const december = "../../../shared/data/online-retail/2010-12.csv.gz"

func TestMain(m *testing.M) {
	killtest.Main(child)
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

// child is the program in a process that is to be killed.
func child(args []string, count func()) error {
	besideServer = os.Getenv(keyVariable)
	c, err := parse(args, os.Stderr)
	if err != nil {
		return err
	}
	smallBatches(c)
	c.onStatement = func(tenancy.Sent) { count() }
	if status := c.run(context.Background(), os.Stdout, os.Stderr); status != exitOK {
		return fmt.Errorf("it ended with status %d", status)
	}
	return nil
}
