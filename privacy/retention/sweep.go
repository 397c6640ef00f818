package retention

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Outcome is what a sweep did to rows, or why it did not.
type Outcome string

// The outcomes.
const (
	Removed   Outcome = "removed"   // the rows are gone, with their parts
	Erased    Outcome = "erased"    // what they say of persons is gone; figures, numbers and dates stay
	Cleared   Outcome = "cleared"   // nothing of a person is in them any more
	Kept      Outcome = "kept"      // a rule or a hold keeps them, until then at least
	Off       Outcome = "off"       // the tenant has not switched on a rule that they are under
	Immutable Outcome = "immutable" // rows of the table never change, and hold nothing that could be erased: they go with the tenant
)

// Swept is what a pass over all tables did so far.
type Swept struct {
	// Done says that the pass has come to its end; else call again.
	Done bool `json:"-"`
	// BeganAt and EndedAt are those of the pass.
	BeganAt time.Time `json:"-"`
	EndedAt time.Time `json:"-"`
	// Lines are sorted by table, outcome and rule.
	Lines []SweptLine `json:"lines"`
}

// SweptLine is what became of rows of a table, and of their parts.
type SweptLine struct {
	Table   string  `json:"table"`
	Outcome Outcome `json:"outcome"`
	// Rule is the rule or hold; of Off one that could be switched on.
	Rule string `json:"rule,omitempty"`
	// Rows is how many roots; parts are not counted. Of Off and Immutable it is how many have had their time by their own date, 0 where they have none.
	Rows int64 `json:"rows"`
	// Until is the first day on which one of them may go, where it is known.
	Until date.Date `json:"until,omitzero"`
}

// sweepRow is how far a tenant's sweep has come.
type sweepRow struct {
	tenancy.Row
	BeganAt   time.Time `bun:"began_at"`
	EndedAt   time.Time `bun:"ended_at,nullzero"`
	TableName string    `bun:"table_name" privacy:"none"`
	AfterID   uuid.UUID `bun:"after_id,nullzero"`
	Periods   string    `bun:"periods" privacy:"none"` // as JSON, as the pass found them
	Report    string    `bun:"report" privacy:"none"`  // as JSON
}

func (r *sweepRow) swept() (Swept, error) {
	out := Swept{Done: !r.EndedAt.IsZero(), BeganAt: r.BeganAt.UTC()}
	if out.Done {
		out.EndedAt = r.EndedAt.UTC()
	}
	if err := json.Unmarshal([]byte(r.Report), &out); err != nil {
		return Swept{}, fmt.Errorf("retention: %w", err)
	}
	return out, nil
}

// state is the tenant's one row, locked: two sweeps go one after the other.
func (s *Service) state(ctx context.Context, tx *tenancy.Tx) (*sweepRow, error) {
	id := tx.Scope().TenantID()
	row, err := tenancy.Lock[sweepRow](ctx, tx, id)
	if !tenancy.IsNotFound(err) {
		return row, err
	}
	row = &sweepRow{Row: tenancy.Row{ID: id}, BeganAt: tx.Now(), EndedAt: tx.Now()} // no pass yet, so no report
	return row, tenancy.Insert(ctx, tx, row)
}

// Sweep deletes what has had its time on the day of the transaction, and says what it did and why not. It goes through all tables in passes: one call looks at limit rows at most (1 to 10,000), in one transaction, and the
// next goes on where it stopped; when a pass is Done, the next call begins another. A row goes when its period and everything that holds it is over, and:
//
//   - the rule is one under which is always deleted (the access log), or the tenant has switched one on ([Service.Enable]) that the row is under, for each class in its aggregate;
//   - no restriction of its person stands (GDPR Art. 18(2): storage alone).
//
// While the platform has the whole tenant under a legal hold ([Options].Held) nothing is deleted at all, and nothing says why: whether the tenant may know is for the law to say.
//
// Rows that can be deleted, and that nothing refers to, are deleted with their parts. Of all others what their classes say of persons is erased, in companion rows under registered erasures, as by an erasure; what never
// changes stays until the tenant is purged. Nothing is deleted of what the database says is referred to.
//
// It is for a background job. Permission: retention.sweep. Errors: retention.bad_input, those of [Options], tenancy.duplicate (the very first sweep met another, and the transaction is the caller's: try again).
func (s *Service) Sweep(ctx context.Context, limit int) (Swept, error) {
	if s.opt.Held != nil && tenancy.ScopeOf(ctx).Can(PermSweep) {
		held, err := s.opt.Held(ctx, tenancy.ScopeOf(ctx).TenantID())
		if err != nil || held {
			return Swept{Done: true}, err
		}
	}
	return again(ctx, func() (Swept, error) {
		return tenancy.Act(ctx, s.db, PermSweep, func(ctx context.Context, tx *tenancy.Tx) (Swept, error) {
			if limit < 1 || limit > 10_000 {
				return Swept{}, ErrBadInput.New("retention.Sweep", "limit is between 1 and 10,000")
			}
			state, err := s.state(ctx, tx)
			if err != nil {
				return Swept{}, err
			}
			if !state.EndedAt.IsZero() {
				*state = sweepRow{Row: state.Row, BeganAt: tx.Now(), Report: "{}"}
			}
			w, err := s.sweeper(ctx, tx, state)
			if err != nil {
				return Swept{}, err
			}
			if err := w.run(ctx, limit); err != nil {
				return Swept{}, err
			}
			if err := w.save(ctx); err != nil {
				return Swept{}, err
			}
			return state.swept()
		})
	})
}

// Job is [Service.Sweep] for [tenancy.Job].Tenant: a bounded piece, and whether there is more.
func (s *Service) Job(ctx context.Context) (more bool, err error) {
	out, err := s.Sweep(ctx, pieceRows)
	return !out.Done, err
}

// pieceRows bounds a piece of the background job.
const pieceRows = 500

// LastSweep is the pass that is under way, or the last one. Permission: retention.read. Errors: tenancy.not_found (there was none).
func (s *Service) LastSweep(ctx context.Context) (Swept, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Swept, error) {
		row, err := tenancy.Get[sweepRow](ctx, tx, tx.Scope().TenantID())
		if err != nil {
			return Swept{}, err
		}
		if row.Report == "" {
			return Swept{}, tenancy.ErrNotFound.New("retention.LastSweep", "")
		}
		return row.swept()
	})
}

// sweeper is one call of a sweep.
type sweeper struct {
	*look
	tx    *tenancy.Tx
	on    map[string]bool
	state *sweepRow
	lines map[SweptLine]*SweptLine // by table, outcome and rule
}

func (s *Service) sweeper(ctx context.Context, tx *tenancy.Tx, state *sweepRow) (*sweeper, error) {
	periods, err := s.known(ctx, tx, state)
	if err != nil {
		return nil, err
	}
	own, err := s.newLook(ctx, tx, periods) // of its own: what only a sweep holds is nothing that others are told in this transaction
	if err != nil {
		return nil, err
	}
	closed, err := tx.Restricted(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range closed {
		if own.persons[r.ID] == nil {
			own.persons[r.ID] = &holdRow{Reference: r.Reference, Ground: restricted}
		}
	}
	w := &sweeper{look: own, tx: tx, state: state, lines: map[SweptLine]*SweptLine{}}
	if w.on, err = enabled(ctx, tx); err != nil {
		return nil, err
	}
	so, err := state.swept()
	for _, line := range so.Lines {
		w.add(line)
	}
	return w, err
}

// known are the accounting periods, looked up once a pass.
func (s *Service) known(ctx context.Context, tx *tenancy.Tx, state *sweepRow) (periods []Period, err error) {
	if state.Periods != "" {
		err := json.Unmarshal([]byte(state.Periods), &periods)
		return periods, err
	}
	if periods, err = s.periods(ctx, tx); err != nil {
		return nil, err
	}
	text, err := json.Marshal(periods)
	state.Periods = string(text)
	return periods, err
}

// add counts rows.
func (w *sweeper) add(line SweptLine) {
	key := SweptLine{Table: line.Table, Outcome: line.Outcome, Rule: line.Rule}
	at := w.lines[key]
	if at == nil {
		at = &key
		w.lines[key] = at
	}
	at.Rows += line.Rows
	if at.Until.IsZero() || !line.Until.IsZero() && line.Until.Before(at.Until) {
		at.Until = line.Until
	}
}

// save keeps how far it has come.
func (w *sweeper) save(ctx context.Context) error {
	var out Swept
	for _, line := range w.lines {
		out.Lines = append(out.Lines, *line)
	}
	slices.SortFunc(out.Lines, func(a, b SweptLine) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Rule, b.Rule))
	})
	text, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("retention: %w", err)
	}
	w.state.Report = string(text)
	return tenancy.Update(ctx, w.tx, w.state, "began_at", "ended_at", "table_name", "after_id", "periods", "report")
}

// run goes through the tables from where the state says.
func (w *sweeper) run(ctx context.Context, limit int) error {
	order := w.order()
	at := max(slices.IndexFunc(order, func(m *tenancy.Model) bool { return m.Table == w.state.TableName }), 0)
	for at < len(order) {
		if w.state.TableName != order[at].Table {
			w.state.TableName, w.state.AfterID = order[at].Table, uuid.Nil
		}
		looked, more, err := w.table(ctx, order[at], limit)
		if err != nil {
			return err
		}
		limit -= looked
		if !more {
			at++
			w.state.TableName, w.state.AfterID = "", uuid.Nil
			if at < len(order) {
				w.state.TableName = order[at].Table
			}
		}
		if limit <= 0 && at < len(order) {
			return nil
		}
	}
	w.state.EndedAt = w.tx.Now()
	return nil
}

// order are the roots that a rule can be of: what refers before what is referred to, as far as there is no circle.
func (w *sweeper) order() []*tenancy.Model {
	var out []*tenancy.Model
	seen := map[*tenancy.Model]bool{}
	var visit func(m *tenancy.Model)
	visit = func(m *tenancy.Model) {
		if seen[m] {
			return
		}
		seen[m] = true
		for _, r := range w.refs {
			if w.root(r.To) == m {
				visit(w.root(r.From))
			}
		}
		if m.Writes != tenancy.ReadOnly && !m.System && w.ruled(m) {
			out = append(out, m)
		}
	}
	for _, m := range w.reg.Models {
		visit(w.root(m))
	}
	return out
}

// ruled reports whether any rule is of the rows of a root.
func (w *sweeper) ruled(root *tenancy.Model) bool {
	return slices.ContainsFunc(w.classes(root), func(c tenancy.RecordClass) bool {
		if root.Derived && !slices.ContainsFunc(w.rules.of(w.jurisdiction, c, root.Table), func(c chain) bool { return c.last().Always }) {
			return false // what is computed from records goes with them
		}
		return (c != tenancy.Master || root.Subject != "") && len(w.rules.of(w.jurisdiction, c, root.Table)) > 0
	})
}

// off is a rule that would have to be switched on for the rows of a root to be swept; "" when all is on that is needed.
func (w *sweeper) off(root *tenancy.Model) string {
	for _, c := range w.classes(root) {
		chains := w.rules.of(w.jurisdiction, c, root.Table)
		if len(chains) > 0 && !slices.ContainsFunc(chains, func(c chain) bool { return c.last().Always || w.on[c.last().ID] }) {
			return chains[0].last().ID
		}
	}
	return ""
}

// latestDate is the latest date of a row of a root that may be free today, whatever holds it: release is monotone in it.
func (w *sweeper) latestDate(root *tenancy.Model) date.Date {
	last := latest(w.today, func(f Facts) (free date.Date) {
		for _, c := range w.classes(root) {
			if day, rule := w.rules.Release(w.jurisdiction, c, root.Table, f); rule.ID != "" && day.After(free) {
				free = day
			}
		}
		return free
	})
	if last.IsZero() {
		return date.Of(1, 1, 1)
	}
	return last
}
