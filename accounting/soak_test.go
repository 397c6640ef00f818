//go:build soak

package accounting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
)

// More histories, and every statement, so that a kill is seen at every stage and after the last.
const (
	histories              = 100
	killStride, killStages = 1, 9
)

// Killed by the clock, so also within a statement or a commit.
func TestLegalNumbersSurviveTheClock(t *testing.T) {
	eachKilled(t, func(t *testing.T, again func() *shop, want string) {
		stages, survived := map[int]bool{}, 0
		for after := 20 * time.Millisecond; survived < 5; after += 5 * time.Millisecond {
			s := again()
			if !killtest.Start(t, doomedTo(s), killtest.Kill{After: after}) {
				survived++
			}
			stages[s.goOn(want)] = true
		}
		require.GreaterOrEqual(t, len(stages), 4, "the kills came at different stages")
	})
}
