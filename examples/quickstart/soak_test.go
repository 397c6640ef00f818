//go:build soak

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/examples/quickstart/retail/retailgen"
	"github.com/opsmatiq/erp/internal/killtest"
)

// The size of the whole real data set: every check holds, and a document costs at the end what it cost at the beginning.
func TestFullYear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "year.csv")
	out, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, retailgen.Write(out, retailgen.FullYear))
	require.NoError(t, out.Close())
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			db, err := openDatabase(t.Context(), newDB(t, engine))
			require.NoError(t, err)
			suite, err := erp.Open(t.Context(), db.engine, erp.Options{Migrate: true, Dir: db.dir})
			require.NoError(t, err)
			defer func() { require.NoError(t, suite.Close()) }()
			file, err := retail.Open(path)
			require.NoError(t, err)
			defer func() { require.NoError(t, file.Close()) }()
			var at []time.Time // of each batch
			outcome, figures, err := (&config{cost: "average"}).importFile(t.Context(), suite, file, func(int64, int64) { at = append(at, time.Now()) })
			require.NoError(t, err)
			require.True(t, figures.AllOK())
			require.EqualValues(t, 541_909, outcome.Survey.Lines)
			tenth := len(at) / 10
			first, last := at[tenth].Sub(at[0]), at[len(at)-1].Sub(at[len(at)-1-tenth])
			t.Logf("the first tenth took %s, the last %s", first, last)
			require.Less(t, last, 2*first, "the cost of a document must not grow with the ledger")
		})
	}
}

// Killed by the clock, so also where no statement of a tenant is under way: while the database is made, or a tenant.
func TestKilledByTheClock(t *testing.T) {
	path := writeFile(t, small(t))
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			want := bookAs(t, smallBatches, exitOK, "-in", path, "-db", newDB(t, engine))
			survived := 0
			for after := 5 * time.Millisecond; survived < 3; after += 15 * time.Millisecond {
				t.Run(fmt.Sprint(after), func(t *testing.T) {
					db := newDB(t, engine)
					if !killtest.Start(t, []string{"-in", path, "-db", db}, killtest.Kill{After: after}) {
						survived++
					}
					require.Equal(t, want.figures(), bookAs(t, smallBatches, exitOK, "-in", path, "-db", db).figures())
				})
			}
		})
	}
}

// killPoints are all there are.
func killPoints(_ string, statements int64) []int64 {
	var out []int64
	for at := int64(1); at <= statements; at++ {
		out = append(out, at)
	}
	return out
}

// booksDecember books the real month in every way.
func booksDecember(_ string, _, _ bool) bool { return true }
