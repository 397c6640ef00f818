package retention

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// chain is a rule with those that it took the place of, the oldest first. It is known by the youngest one's id.
type chain []Rule

func (c chain) last() *Rule { return &c[len(c)-1] }

// Rules are the statutory rules with the host's, checked against each other.
type Rules struct{ chains []chain }

// NewRules adds a host's rules to the statutory ones. A duty of the host's holds beside the statutory ones, and the latest release counts: so it can lengthen and not shorten. To shorten, a rule replaces another
// and says by which law. Of limits the first to end counts, and none is lengthened. Errors: retention.bad_rule, retention.shortens.
func NewRules(host ...Rule) (*Rules, error) {
	const op = "retention.NewRules"
	all := statutory()
	for i := range all {
		all[i].Statutory = true
	}
	for _, r := range host {
		r.Statutory = false
		all = append(all, r)
	}
	byID := map[string]*Rule{}
	next := map[string]string{}
	for i := range all {
		r := &all[i]
		if err := r.check(op); err != nil {
			return nil, err
		}
		if byID[r.ID] != nil {
			return nil, ErrBadRule.New(op, "%s stands twice", r.ID)
		}
		byID[r.ID] = r
	}
	for i := range all {
		if all[i].Replaces == "" {
			continue
		}
		if err := replaces(op, &all[i], byID[all[i].Replaces]); err != nil {
			return nil, err
		}
		if next[all[i].Replaces] != "" {
			return nil, ErrBadRule.New(op, "%s is replaced twice", all[i].Replaces)
		}
		next[all[i].Replaces] = all[i].ID
	}
	out := &Rules{}
	for i := range all {
		if next[all[i].ID] != "" {
			continue
		}
		var c chain
		for r := &all[i]; r != nil; r = byID[r.Replaces] {
			c = append(chain{*r}, c...)
		}
		out.chains = append(out.chains, c)
	}
	slices.SortFunc(out.chains, func(a, b chain) int { return cmp.Compare(a.last().ID, b.last().ID) })
	return out, nil
}

// replaces holds a rule against the one that it takes the place of. Each begins later, so there is no circle.
func replaces(op string, r, before *Rule) error {
	switch {
	case before == nil:
		return ErrBadRule.New(op, "%s replaces %q, which is not there", r.ID, r.Replaces)
	case r.Kind != before.Kind || r.Class != before.Class || r.Jurisdiction != before.Jurisdiction || !slices.Equal(r.Tables, before.Tables):
		return ErrBadRule.New(op, "%s is of other records than %s, which it replaces", r.ID, before.ID)
	case !r.ValidFrom.After(before.ValidFrom):
		return ErrBadRule.New(op, "%s is not in force later than %s, which it replaces", r.ID, before.ID)
	case r.Kind == Limit && !r.Statutory && (r.Length.days() > before.Length.days() || r.Start != before.Start):
		return ErrBadRule.New(op, "%s would keep for longer than %s, which is a limit", r.ID, before.ID)
	case r.Kind == Duty && !r.Statutory && strings.TrimSpace(r.Shortens) == "" && (r.Length.days() < before.Length.days() || r.Start != before.Start || len(r.Suspended) < len(before.Suspended)):
		return ErrShortens.New(op, "%s would take the place of %s", r.ID, before.ID)
	}
	return nil
}

// All lists every rule, those that were replaced included, by id.
func (s *Rules) All() []Rule {
	var out []Rule
	for _, c := range s.chains {
		out = append(out, c...)
	}
	slices.SortFunc(out, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Of are the rules in force on a day for records of a class in a table ("" for none by name): those of the jurisdiction, and the general ones; general duties where the jurisdiction has no duty of its own for the
// class.
func (s *Rules) Of(jurisdiction string, class tenancy.RecordClass, in string, on date.Date) []Rule {
	var out []Rule
	for _, c := range s.of(jurisdiction, class, in) {
		for i := len(c) - 1; i >= 0; i-- {
			if i == 0 || !c[i].ValidFrom.After(on) {
				out = append(out, c[i])
				break
			}
		}
	}
	return out
}

func (s *Rules) of(jurisdiction string, class tenancy.RecordClass, in string) []chain {
	var out []chain
	own := false
	for _, c := range s.chains {
		r := c.last()
		if !r.of(class, in) || r.Jurisdiction != General && r.Jurisdiction != jurisdiction {
			continue
		}
		own = own || r.Jurisdiction != General && r.Kind == Duty && len(r.Tables) == 0
		out = append(out, c)
	}
	if own {
		out = slices.DeleteFunc(out, func(c chain) bool {
			return c.last().Jurisdiction == General && c.last().Kind == Duty && c.last().Statutory
		})
	}
	return out
}

// Words says for how long records of a class in a table are kept in a jurisdiction, and by which rules: the form of privacy.Options.Retention. "" where there is no rule.
func (s *Rules) Words(jurisdiction string, class tenancy.RecordClass, in string) string {
	var parts []string
	for _, c := range s.of(jurisdiction, class, in) {
		r := c.last()
		parts = append(parts, r.Words())
	}
	return strings.Join(parts, "; ")
}

// Words is the rule in a few words, such as "8 years from the end of the calendar year of drawing up (de.vouchers)".
func (r *Rule) Words() string {
	text := r.Length.String() + " from the " + string(r.Start)
	if r.Kind == Limit {
		text += " at most"
	}
	return text + " (" + r.ID + ")"
}

// String is such as "7 years 4 months".
func (l Length) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		unit string
	}{{l.Years, "year"}, {l.Months, "month"}, {l.Days, "day"}} {
		switch {
		case p.n == 1:
			parts = append(parts, "1 "+p.unit)
		case p.n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", p.n, p.unit))
		}
	}
	return strings.Join(parts, " ")
}
