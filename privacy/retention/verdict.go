package retention

import (
	"bytes"
	"cmp"
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// verdict is until when a row is kept: the latest over all rules and holds.
type verdict struct {
	free date.Date // the first day on which it may go; zero with a rule or a hold: not known
	rule Rule      // that ends last; zero: none is of it
	hold *holdRow  // that stands
	why  string
}

// LegalHoldRule is what stands as the rule where a legal hold keeps a record.
const LegalHoldRule = "legal_hold"

// restricted is why a sweep leaves a person alone.
const restricted Ground = "restriction"

// held is what keeps the row on a day; zero: nothing does.
func (v *verdict) held(today date.Date) Hold {
	switch {
	case v.hold != nil && v.hold.Ground == restricted:
		return Hold{Rule: string(restricted), Source: v.hold.Reference, Why: "the person's data are restricted (GDPR Art. 18(2)), " + v.hold.Reference}
	case v.hold != nil && (v.hold.Ground == OpenAssessment || v.hold.Ground == OpenEnquiry):
		return Hold{Rule: v.rule.ID, Source: v.hold.Reference, Why: "suspended: " + string(v.hold.Ground) + " open, " + v.hold.Reference}
	case v.hold != nil:
		return Hold{Rule: LegalHoldRule, Source: v.hold.Reference, Why: "legal hold: " + string(v.hold.Ground) + ", " + v.hold.Reference}
	case v.rule.ID == "":
		return Hold{}
	case v.free.IsZero():
		return Hold{Rule: v.rule.ID, Source: v.rule.Source, Why: "nothing says since when: " + v.why}
	case v.free.After(today):
		return Hold{Rule: v.rule.ID, Source: v.rule.Source, Until: v.free, Why: v.why}
	}
	return Hold{}
}

// later takes the verdict that keeps for longer.
func (v *verdict) later(o verdict) {
	if o.hold != nil && v.hold == nil {
		v.hold = o.hold
		if v.rule.ID == "" {
			v.rule = o.rule
		}
	}
	switch {
	case o.rule.ID == "" || v.rule.ID != "" && v.free.IsZero():
	case v.rule.ID == "" || o.free.IsZero() || o.free.After(v.free):
		v.free, v.rule, v.why = o.free, o.rule, o.why
	}
}

func duties(k Kind) bool { return k == Duty }
func all(Kind) bool      { return true }

// verdicts judges rows of a model, pointers to its struct.
func (l *look) verdicts(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any, kinds func(Kind) bool) ([]verdict, error) {
	out := make([]verdict, len(rows))
	root := l.root(m)
	at := map[uuid.UUID][]int{}
	if key := rootKey(m); key != nil {
		for i, row := range rows {
			id := value[uuid.UUID](row, key)
			at[id] = append(at[id], i)
		}
	}
	dates, err := l.dates(ctx, tx, m, rows, at)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		out[i] = l.own(root, dates[i], kinds)
	}
	if l.record(root) {
		if err := l.referring(ctx, tx, root, at, out, kinds); err != nil {
			return nil, err
		}
	}
	for id, of := range at {
		for _, i := range of {
			if h := l.records[node{root, id}]; h != nil {
				out[i].hold = h
			}
		}
	}
	if len(l.persons) == 0 {
		return out, nil
	}
	whose, err := people.Whose(ctx, tx, l.paths, m, rows)
	if err != nil {
		return nil, err
	}
	for i, of := range whose {
		for _, id := range of {
			if h := l.persons[id]; h != nil {
				out[i].hold = h
			}
		}
	}
	return out, nil
}

// own is the verdict on a row of a root by its own date.
func (l *look) own(root *tenancy.Model, d date.Date, kinds func(Kind) bool) verdict {
	var out verdict
	f := l.facts(d)
	for _, class := range l.classes(root) {
		if class == tenancy.Master && root.Subject == "" { // a product is nobody
			continue
		}
		free, rule := l.rules.release(l.jurisdiction, class, root.Table, f, kinds)
		if rule.ID == "" {
			continue
		}
		v := verdict{free: free, rule: rule, why: root.Table + ", " + rule.Words()}
		if !d.IsZero() {
			v.why += " of " + d.String()
		}
		v.hold = l.suspended(class, root.Table, d, kinds)
		out.later(v)
	}
	return out
}

// suspended is the suspension under which a record of a day is.
func (l *look) suspended(class tenancy.RecordClass, in string, d date.Date, kinds func(Kind) bool) *holdRow {
	for i, h := range l.spans {
		if d.Before(h.FromDay) || d.After(h.ToDay) {
			continue
		}
		for _, c := range l.rules.of(l.jurisdiction, class, in) {
			if r := c.last(); kinds(r.Kind) && slices.Contains(r.Suspended, h.Ground) {
				return &l.spans[i]
			}
		}
	}
	return nil
}

// dates are those from which the rows' periods count: of the root, or of the row itself, or of the last use.
func (l *look) dates(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any, at map[uuid.UUID][]int) ([]date.Date, error) {
	out := make([]date.Date, len(rows))
	root := l.root(m)
	if root.Class == tenancy.Master {
		for i, row := range rows {
			out[i] = l.dated(m, row)
		}
		return out, l.lastUses(ctx, tx, root, at, out)
	}
	if m == root || root.RetainFrom == "" {
		for i, row := range rows {
			out[i] = l.dated(m, row)
		}
		return out, nil
	}
	dates, err := l.rootDates(ctx, tx, root, sortedIDs(at))
	for id, of := range at {
		for _, i := range of {
			out[i] = dates[id]
		}
	}
	return out, err
}

// rootDates are the dates of roots by their ids.
func (l *look) rootDates(ctx context.Context, tx *tenancy.Tx, root *tenancy.Model, ids []uuid.UUID) (map[uuid.UUID]date.Date, error) {
	out := map[uuid.UUID]date.Date{}
	if root.RetainFrom == "" {
		return out, nil
	}
	key := rootKey(root)
	for part := range slices.Chunk(ids, chunk) {
		err := root.Verbs().Stream(ctx, tx, func(row any) error {
			out[value[uuid.UUID](row, key)] = l.dated(root, row)
			return nil
		}, tenancy.In(key.Name, part))
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// referring has rows kept for as long as records that refer to them, and those that refer to these.
func (l *look) referring(ctx context.Context, tx *tenancy.Tx, root *tenancy.Model, at map[uuid.UUID][]int, out []verdict, kinds func(Kind) bool) error {
	seen := map[node]map[int]bool{}
	front := map[*tenancy.Model]map[uuid.UUID][]int{root: at}
	for id, of := range at {
		mark(seen, node{root, id}, of)
	}
	for len(front) > 0 {
		next := map[*tenancy.Model]map[uuid.UUID][]int{}
		for _, to := range modelsOf(front) {
			for _, r := range l.refs {
				from := l.root(r.From)
				column := l.toRoot(r)
				if l.root(r.To) != to || column < 0 || rootKey(from) == nil || r.From.Derived || !l.record(from) { // what is computed from records is none
					continue
				}
				found, err := l.edges(ctx, tx, r, column, front[to])
				if err != nil {
					return err
				}
				for id, of := range found {
					if fresh := mark(seen, node{from, id}, of); len(fresh) > 0 {
						if next[from] == nil {
							next[from] = map[uuid.UUID][]int{}
						}
						next[from][id] = append(next[from][id], fresh...)
					}
				}
			}
		}
		for _, from := range modelsOf(next) {
			dates, err := l.rootDates(ctx, tx, from, sortedIDs(next[from]))
			if err != nil {
				return err
			}
			for id, of := range next[from] {
				v := l.own(from, dates[id], kinds)
				for _, i := range of {
					out[i].later(v)
				}
			}
		}
		front = next
	}
	return nil
}

// edges are the roots from which a reference leads to rows, with what those stand for.
func (l *look) edges(ctx context.Context, tx *tenancy.Tx, r tenancy.Reference, column int, to map[uuid.UUID][]int) (map[uuid.UUID][]int, error) {
	out := map[uuid.UUID][]int{}
	key, c := rootKey(r.From), r.Columns[column]
	for part := range slices.Chunk(sortedIDs(to), chunk) {
		err := r.From.Verbs().Stream(ctx, tx, func(row any) error {
			id := value[uuid.UUID](row, key)
			out[id] = append(out[id], to[value[uuid.UUID](row, c)]...)
			return nil
		}, tenancy.In(c.Name, part))
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mark notes that a node stands for some rows, and gives those for which it did not before.
func mark(seen map[node]map[int]bool, n node, of []int) (fresh []int) {
	if seen[n] == nil {
		seen[n] = map[int]bool{}
	}
	for _, i := range of {
		if !seen[n][i] {
			seen[n][i] = true
			fresh = append(fresh, i)
		}
	}
	return fresh
}

// modelsOf are the keys of a map, by table.
func modelsOf[V any](m map[*tenancy.Model]V) []*tenancy.Model {
	var out []*tenancy.Model
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *tenancy.Model) int { return cmp.Compare(a.Table, b.Table) })
	return out
}

func sortedIDs[V any](m map[uuid.UUID]V) []uuid.UUID {
	var out []uuid.UUID
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// value reads a column of a row.
func value[T any](row any, c *tenancy.Column) T {
	v, _ := reflect.ValueOf(row).Elem().FieldByIndex(c.Index).Interface().(T)
	return v
}

// madeOn is the day on which an id of version 7 was made; zero for others.
func madeOn(id uuid.UUID, zone *time.Location) date.Date {
	if id.Version() != 7 {
		return date.Date{}
	}
	sec, nsec := id.Time().UnixTime()
	return date.In(time.Unix(sec, nsec), zone)
}
