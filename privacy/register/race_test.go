package register_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
)

// Several put a version in force at once: under one reference it is one act, under several one wins, and of two versions the later one is in force at the end, whichever came first.
func TestRaceTwoTakeEffect(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		for round := range 4 {
			one := h.version(h.platform, 3*round+1, false)
			for _, err := range racetest.Together(3, func(int) error {
				_, err := h.s.TakeEffect(h.platform, fmt.Sprint("same-", round), one.ID)
				return err
			}) {
				require.NoError(t, err)
			}
			two, three := h.version(h.platform, 3*round+2, false), h.version(h.platform, 3*round+3, false)
			errs := racetest.Together(4, func(i int) error {
				_, err := h.s.TakeEffect(h.platform, fmt.Sprintf("own-%d-%d", round, i), []register.PolicyVersion{two, three}[i%2].ID)
				return err
			})
			for _, err := range errs {
				if err != nil {
					require.ErrorIs(t, err, register.ErrBadInput, "it is in force, or another that is behind it")
				}
			}
			now, err := h.s.Policy(h.platform)
			require.NoError(t, err)
			require.Equal(t, three.ID, now.ID)
		}
		var effects, places int
		require.NoError(t, h.Owner(t, h.own).QueryRow("SELECT count(*), count(DISTINCT seq) FROM "+h.SQL("erp.policy_effects")).Scan(&effects, &places))
		require.Equal(t, effects, places, "each has a place of its own")
	})
}

// Several enter steps of a breach at once: each is made in the state that it needs, none is lost or made twice, and of several who close it one does.
func TestRaceTwoBreachSteps(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		for round := range 4 {
			b := h.breach(s.ctx, fmt.Sprint("B-", round), march)
			kinds := []register.StepKind{register.RiskAssessed, register.RiskAssessed, register.AuthorityTold, register.AuthorityTold}
			for i, err := range racetest.Together(len(kinds), func(i int) error {
				_, err := h.step(s.ctx, fmt.Sprintf("S-%d-%d", round, i/2), b, kinds[i], func(in *register.NewStep) { // two of each are one
					if in.Kind == register.RiskAssessed {
						in.Risk = register.RiskUnlikely
					}
				})
				return err
			}) {
				require.NoError(t, err, "%d", i)
			}
			won := 0
			for _, err := range racetest.Together(3, func(i int) error {
				_, err := h.step(s.ctx, fmt.Sprintf("E-%d-%d", round, i), b, register.BreachEnded, nil)
				return err
			}) {
				if err == nil {
					won++
					continue
				}
				require.ErrorIs(t, err, register.ErrTransition)
			}
			require.Equal(t, 1, won)
			page, err := h.s.Breaches(s.ctx, tenancy.PageRequest{Sort: "-id"})
			require.NoError(t, err)
			got := page.Items[0]
			require.Equal(t, b.ID, got.ID)
			require.Len(t, got.Steps, len(b.Steps)+3)
		}
	})
}
