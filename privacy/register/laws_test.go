package register_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
)

// Whatever people do, and in which order it is entered: the last that was taken counts, none is dated before the one ahead of it, and the numbers have no gap.
func TestConsentsAreAChain(t *testing.T) {
	h := newHouse(t, "sqlite", register.Options{})
	rapid.Check(t, func(r *rapid.T) {
		s := h.shop()
		h.newsletter(s.ctx)
		begin, n := h.clock(), 0
		state := map[uuid.UUID]register.ConsentState{}
		last := map[uuid.UUID]time.Time{}
		for range rapid.IntRange(1, 8).Draw(r, "acts") {
			h.pass(time.Duration(rapid.IntRange(0, 90).Draw(r, "minutes")) * time.Minute)
			who := rapid.SampledFrom([]uuid.UUID{s.ada, s.bob}).Draw(r, "who")
			at := begin.Add(time.Duration(rapid.IntRange(-10, 700).Draw(r, "at")) * time.Minute)
			give := rapid.Bool().Draw(r, "give")
			n++
			var err error
			if give {
				in := s.consents(fmt.Sprint(n), who)
				in.At = at
				_, err = h.s.RecordConsents(s.ctx, []register.NewConsent{in})
			} else {
				in := s.withdraws(fmt.Sprint(n), who)
				in.At = at
				_, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{in})
			}
			datable := !at.After(h.clock()) && !at.Before(last[who]) && (!give || !at.Before(begin))
			switch {
			case !give && state[who] != register.Given:
				require.Error(r, err)
			case !datable:
				require.ErrorIs(r, err, register.ErrDated)
			default:
				require.NoError(r, err)
				last[who] = at
				state[who] = map[bool]register.ConsentState{true: register.Given, false: register.Withdrawn}[give]
			}
			for _, p := range []uuid.UUID{s.ada, s.bob} {
				got, err := h.s.Consented(s.ctx, p, "newsletter")
				require.NoError(r, err)
				require.Equal(r, state[p] == register.Given, got)
			}
		}
		for _, p := range []uuid.UUID{s.ada, s.bob} {
			all, err := h.s.Consents(s.ctx, p, tenancy.PageRequest{})
			require.NoError(r, err)
			for i, c := range all.Items {
				require.EqualValues(r, i+1, c.Seq)
				require.True(r, i == 0 || !c.At.Before(all.Items[i-1].At))
			}
		}
	})
}

// Whatever is done about a breach, in whichever order: what the program takes the database takes, a breach is closed with nothing left to do, and nothing is done behind that.
func TestABreachNeverSkipsAStep(t *testing.T) {
	kinds := []register.StepKind{register.BreachFact, register.BreachMeasure, register.RiskAssessed, register.AuthorityTold, register.PersonsTold, register.PersonsExcused, register.ControllersTold,
		register.BreachEnded}
	h := newHouse(t, "sqlite", register.Options{})
	s := h.shop()
	n := 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		b := h.breach(s.ctx, fmt.Sprint("B-", n), h.clock())
		for i := range rapid.IntRange(1, 10).Draw(r, "steps") {
			before := b
			got, err := h.step(s.ctx, fmt.Sprint("S-", n, "-", i), b, rapid.SampledFrom(kinds).Draw(r, "kind"), func(in *register.NewStep) {
				switch in.Kind {
				case register.RiskAssessed:
					in.Risk = rapid.SampledFrom([]register.Risk{register.RiskUnlikely, register.RiskThere, register.RiskHigh}).Draw(r, "risk")
				case register.PersonsExcused:
					in.Letter = "b"
				}
			})
			if err != nil {
				require.True(r, errors.Is(err, register.ErrTransition), "%v", err)
				continue
			}
			b = got
			require.Len(r, b.Steps, len(before.Steps)+1)
			require.NotEqual(r, register.BreachClosed, before.State)
			require.False(r, before.State != register.BreachOpen && b.State == register.BreachOpen, "back to open")
			require.False(r, before.State == register.BreachNotified && b.State == register.BreachAssessed, "what was notified stays so")
			if b.State == register.BreachClosed {
				require.NotEmpty(r, b.Risk)
				require.False(r, b.Risk != register.RiskUnlikely && b.AuthorityToldAt.IsZero())
				require.False(r, b.Risk == register.RiskHigh && b.PersonsToldAt.IsZero() && b.PersonsExcused == "")
			}
		}
	})
}
