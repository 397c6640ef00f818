package register

import "slices"

// BreachState is where a breach stands.
type BreachState string

// The states of a breach.
const (
	BreachOpen     BreachState = "open"     // somebody became aware of it
	BreachAssessed BreachState = "assessed" // what risk it is to people was decided
	BreachNotified BreachState = "notified" // the authority was told; of a processor's, the controllers
	BreachClosed   BreachState = "closed"   // nothing is left to do
)

// StepKind is what was done about a breach.
type StepKind string

// The steps.
const (
	BreachOpened    StepKind = "opened"           // by [Service.OpenBreach] and [Service.Deliver] alone
	BreachFact      StepKind = "fact"             // what happened, and its effects (GDPR Art. 33(5))
	BreachMeasure   StepKind = "measure"          // what was done against it (likewise)
	RiskAssessed    StepKind = "assessed"         // what risk it is, again where it is seen otherwise
	AuthorityTold   StepKind = "authority_told"   // Art. 33(1), and in phases (4)
	PersonsTold     StepKind = "persons_told"     // Art. 34(1)
	PersonsExcused  StepKind = "persons_excused"  // Art. 34(3): why they need not be
	ControllersTold StepKind = "controllers_told" // Art. 33(2): by the processor
	BreachEnded     StepKind = "closed"
)

// transitions say, for each step, in which states it can be done and which state follows: a step that is not here leaves the state as it is, and is done in any but the last.
var transitions = map[StepKind]struct {
	from []BreachState
	to   BreachState
}{
	RiskAssessed:    {[]BreachState{BreachOpen, BreachAssessed, BreachNotified}, BreachAssessed},
	AuthorityTold:   {[]BreachState{BreachOpen, BreachAssessed, BreachNotified}, BreachNotified},
	ControllersTold: {[]BreachState{BreachOpen, BreachAssessed, BreachNotified}, BreachNotified},
	BreachEnded:     {[]BreachState{BreachAssessed, BreachNotified}, BreachClosed},
}

// steps are those that a caller can do.
var steps = []StepKind{BreachFact, BreachMeasure, RiskAssessed, AuthorityTold, PersonsTold, PersonsExcused, ControllersTold, BreachEnded}

// follows is the state behind a step; "" where it cannot be done. What was notified stays so, however the risk is seen later.
func follows(state BreachState, k StepKind) BreachState {
	if !slices.Contains(steps, k) || state == BreachClosed {
		return ""
	}
	t, ok := transitions[k]
	switch {
	case !ok:
		return state
	case !slices.Contains(t.from, state):
		return ""
	case state == BreachNotified && t.to == BreachAssessed:
		return state
	}
	return t.to
}
