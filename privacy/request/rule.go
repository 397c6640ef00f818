package request

import (
	"slices"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Period is a length of time by the calendar. The day from which it runs is not counted (Regulation (EEC, Euratom) No 1182/71, Art. 3(1)): one month from 31 January ends
// with the last day of February, thirty days from the first with the thirty-first.
type Period struct {
	Months, Days int
	// WorkingDays counts Monday to Friday without holidays, and stands alone.
	WorkingDays int
}

// IsZero reports whether there is no period.
func (p Period) IsZero() bool { return p == Period{} }

// Effect is what waiting for something does to the law's clock.
type Effect string

// The effects.
const (
	RunsOn   Effect = ""         // nothing
	Pauses   Effect = "pauses"   // the days of waiting are not counted
	Restarts Effect = "restarts" // the period runs from the day on which what was waited for came
)

// Rule says by when a request is answered, in a jurisdiction, from a day on.
type Rule struct {
	// Region is "EU", "GB", "US-CA", [General], or whatever a host's own rules call theirs.
	Region string
	// Kinds are what it is for.
	Kinds []Kind
	// ValidFrom is the first day of receipt that it is for. Of several rules the latest counts.
	ValidFrom date.Date
	// Answer is within what the law wants an answer. Zero: it sets no period, and the policy's clock runs alone.
	Answer Period
	// Extension is by how much that can be extended, once. Zero: not at all.
	Extension Period
	// Acknowledge is within what the receipt is confirmed. Zero: the law does not ask for it.
	Acknowledge Period
	// Rolls says that a period that would end on a Saturday, a Sunday or a holiday ends with the working day that follows.
	Rolls bool
	// Waits says what waiting does. What is not in it runs on.
	Waits map[Cause]Effect
	// Source is the law, the article and what was made of it.
	Source string
}

// General is the jurisdiction of requests that no law sets a period for: the policy's clock runs alone. It is said on purpose, and never assumed of a country
// whose rules are not here.
const General = "general"

// Rules are the rules of the library: dated data, never changed, only added to.
func Rules() []Rule { return slices.Clone(rules) }

// regionOf is the region whose rules hold in a jurisdiction.
func regionOf(jurisdiction string) string {
	if since, ok := memberStates[jurisdiction]; ok && !since.IsZero() {
		return regionEU
	}
	return jurisdiction
}

// ruleFor finds the rule of a jurisdiction for a kind that was received on a day.
func ruleFor(own []Rule, op, jurisdiction string, kind Kind, received date.Date) (Rule, error) {
	region := regionOf(jurisdiction)
	var best *Rule
	for _, set := range [][]Rule{own, rules} {
		for i := range set {
			r := &set[i]
			if r.Region != jurisdiction && r.Region != region || !slices.Contains(r.Kinds, kind) || r.ValidFrom.After(received) {
				continue
			}
			if best == nil || r.ValidFrom.After(best.ValidFrom) {
				best = r
			}
		}
	}
	if best == nil || best.Region == regionEU && memberStates[jurisdiction].After(received) {
		return Rule{}, ErrNoRule.New(op, "jurisdiction %q, kind %s, received on %s: state %q to have the policy's clock alone, or bring a rule (Options.Rules)", jurisdiction, kind, received, General)
	}
	return *best, nil
}
