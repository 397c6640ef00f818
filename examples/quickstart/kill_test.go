package main

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/tenancy"
)

// killBatch is how many documents a transaction of the kill test has: few, so that there are many transactions.
const killBatch = 9

func smallBatches(c *config) { c.batchDocuments = killBatch }

// Killed at any moment and run again, the program ends with the figures of a run left alone. The moments are chosen by
// counting statements: each is a crash between two of them, be it inside a transaction, before its commit or after.
func TestKilledAndRunAgain(t *testing.T) {
	path := writeFile(t, small(t))
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var statements atomic.Int64
			want := bookAs(t, func(c *config) {
				smallBatches(c)
				c.onStatement = func(tenancy.Sent) { statements.Add(1) }
			}, exitOK, "-in", path, "-db", newDB(t, engine))
			seen := map[int64]bool{}
			for _, at := range killPoints(engine, statements.Load()) {
				t.Run(fmt.Sprint(at), func(t *testing.T) {
					db := newDB(t, engine)
					require.True(t, killtest.Start(t, []string{"-in", path, "-db", db}, killtest.Kill{Before: at}))
					got := bookAs(t, smallBatches, exitOK, "-in", path, "-db", db)
					require.Equal(t, want.figures(), got.figures())
					seen[got.AlreadyBooked] = true
				})
			}
			require.Greater(t, len(seen), 2, "the kills came at different stages")
		})
	}
}

func countTo(at int64, then func()) func(tenancy.Sent) {
	var n atomic.Int64
	return func(tenancy.Sent) {
		if n.Add(1) == at {
			then()
		}
	}
}
