package retention

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/opsmatiq/erp/tenancy"
)

// switchRow is an act: a rule was switched on or off. Of those of a rule the one with the highest number counts.
type switchRow struct {
	tenancy.Row
	Seq        int64     `bun:"seq"`
	Rule       string    `bun:"rule" privacy:"none"`
	Enabled    bool      `bun:"enabled"`
	Reference  string    `bun:"reference" privacy:"none"`
	SwitchedAt time.Time `bun:"switched_at"`
	SwitchedBy string    `bun:"switched_by" privacy:"none"`
}

// Switch is how a rule was switched.
type Switch struct {
	Rule      string
	Enabled   bool
	Reference string
	At        time.Time
	// By is the opaque id of who did it.
	By string
	// Replayed says that the reference had been used before for the same, and nothing was done now.
	Replayed bool
}

func (r *switchRow) was() Switch {
	return Switch{Rule: r.Rule, Enabled: r.Enabled, Reference: r.Reference, At: r.SwitchedAt.UTC(), By: r.SwitchedBy}
}

// Enable has [Service.Sweep] delete, from now on, what has had its time under a rule: business data of an active tenant are not deleted otherwise. It says which records may go, and
// all rules and holds together still say when. A rule that took another's place is switched on by its own id.
//
// The same reference again is the same act. Permission: retention.switch. Errors: retention.bad_input, retention.unknown_rule (or one under which is always deleted, or not of the
// controller's jurisdiction), retention.reference_taken, tenancy.duplicate (somebody switched in this very moment, and the transaction is the caller's: try again).
func (s *Service) Enable(ctx context.Context, rule, reference string) (Switch, error) {
	return s.turn(ctx, rule, true, reference)
}

// Disable takes [Service.Enable] back: from now on nothing is deleted under the rule. Permission and errors are Enable's.
func (s *Service) Disable(ctx context.Context, rule, reference string) (Switch, error) {
	return s.turn(ctx, rule, false, reference)
}

func (s *Service) turn(ctx context.Context, rule string, on bool, reference string) (Switch, error) {
	const op = "retention.Enable"
	return again(ctx, func() (Switch, error) {
		return tenancy.Act(ctx, s.db, PermSwitch, func(ctx context.Context, tx *tenancy.Tx) (Switch, error) {
			if !fits(reference, 200) {
				return Switch{}, ErrBadInput.New(op, "a reference has 1 to 200 characters")
			}
			done, err := tenancy.First[switchRow](ctx, tx, tenancy.Eq("reference", reference))
			switch {
			case err == nil && (done.Rule != rule || done.Enabled != on):
				return Switch{}, ErrReferenceTaken.New(op, "%q", reference)
			case err == nil:
				out := done.was()
				out.Replayed = true
				return out, nil
			case !tenancy.IsNotFound(err):
				return Switch{}, err
			}
			jurisdiction, err := s.jurisdiction(ctx)
			if err != nil {
				return Switch{}, err
			}
			if on && !s.rules.switched(jurisdiction, rule) || !on && !s.rules.known(rule) {
				return Switch{}, ErrUnknownRule.New(op, "%.60q, for a controller in %q", rule, jurisdiction)
			}
			last, err := tenancy.First[switchRow](ctx, tx, tenancy.OrderBy("-seq"))
			if err != nil && !tenancy.IsNotFound(err) {
				return Switch{}, err
			}
			row := &switchRow{Seq: 1, Rule: rule, Enabled: on, Reference: reference, SwitchedAt: tx.Now(), SwitchedBy: tx.Scope().Actor()}
			if last != nil {
				row.Seq = last.Seq + 1
			}
			return row.was(), tenancy.Insert(ctx, tx, row)
		})
	})
}

// switched reports whether a rule can be switched on by a controller in a jurisdiction.
func (s *Rules) switched(jurisdiction, id string) bool {
	i := slices.IndexFunc(s.chains, func(c chain) bool { return c.last().ID == id && !c.last().Always && c.last().By == "" })
	return i >= 0 && slices.ContainsFunc(s.of(jurisdiction, s.chains[i].last().Class, first(s.chains[i].last().Tables)), func(c chain) bool { return c.last().ID == id })
}

// known reports whether there is, or was, a rule.
func (s *Rules) known(id string) bool {
	return slices.ContainsFunc(s.All(), func(r Rule) bool { return r.ID == id })
}

// Switches lists all that was switched, the latest first. Permission: retention.read.
func (s *Service) Switches(ctx context.Context) ([]Switch, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Switch, error) {
		rows, err := tenancy.Find[switchRow](ctx, tx, tenancy.OrderBy("-seq"))
		out := make([]Switch, len(rows))
		for i := range rows {
			out[i] = rows[i].was()
		}
		return out, err
	})
}

// enabled are the rules that are switched on.
func enabled(ctx context.Context, tx *tenancy.Tx) (map[string]bool, error) {
	rows, err := tenancy.Find[switchRow](ctx, tx, tenancy.OrderBy("seq"))
	out := map[string]bool{}
	for _, r := range rows {
		out[r.Rule] = r.Enabled
	}
	return out, err
}

// attempts is how often an act is tried whose number, or whose reference, somebody else took first.
const attempts = 16

// again runs fn until it did not lose to a rival. Inside a caller's transaction there is no second attempt: what failed has doomed it.
func again[T any](ctx context.Context, fn func() (T, error)) (out T, err error) {
	for range attempts {
		if out, err = fn(); !errors.Is(err, tenancy.ErrDuplicate) || ctx.Err() != nil {
			return out, err
		}
	}
	return out, err
}

// fits reports whether a text says something, in so many characters at most.
func fits(text string, most int) bool {
	return strings.TrimSpace(text) != "" && utf8.RuneCountInString(text) <= most
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}
