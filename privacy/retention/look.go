package retention

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// records are the classes whose rows hold what they refer to. Master data are no record by themselves: what they say of a person stands in the companion rows of the records.
var records = []tenancy.RecordClass{tenancy.Book, tenancy.Voucher, tenancy.Letter}

// look is what is known of a tenant in one transaction.
type look struct {
	rules        *Rules
	reg          *tenancy.Registry
	paths        *tenancy.Paths
	refs         []tenancy.Reference
	jurisdiction string
	periods      []Period
	today        date.Date
	zone         *time.Location
	spans        []holdRow // suspensions
	records      map[node]*holdRow
	persons      map[uuid.UUID]*holdRow
}

// node is a row of a root, or of a model that is nobody's part.
type node struct {
	m  *tenancy.Model
	id uuid.UUID
}

// memo is where a transaction keeps its look.
const memo = "retention.look"

func (s *Service) look(ctx context.Context, tx *tenancy.Tx) (*look, error) {
	return tenancy.Memo(tx, memo, func() (*look, error) {
		periods, err := s.periods(ctx, tx)
		if err != nil {
			return nil, err
		}
		return s.newLook(ctx, tx, periods)
	})
}

func (s *Service) newLook(ctx context.Context, tx *tenancy.Tx, periods []Period) (*look, error) {
	l := &look{rules: s.rules, reg: s.db.Registry(), periods: periods, today: tx.Today(), zone: tx.Scope().Zone(), records: map[node]*holdRow{}, persons: map[uuid.UUID]*holdRow{}}
	var err error
	if l.paths, err = tx.Paths(ctx); err != nil {
		return nil, err
	}
	l.refs = l.paths.References
	if l.jurisdiction, err = s.jurisdiction(ctx); err != nil {
		return nil, err
	}
	return l, l.holds(ctx, tx)
}

func (s *Service) periods(ctx context.Context, tx *tenancy.Tx) ([]Period, error) {
	if s.opt.Periods == nil {
		return nil, nil
	}
	return s.opt.Periods(ctx, tx)
}

func (s *Service) jurisdiction(ctx context.Context) (string, error) {
	if s.opt.Jurisdiction == nil {
		return General, nil
	}
	return s.opt.Jurisdiction(ctx)
}

// holds gathers what is under a hold: persons, records, and what those refer to.
func (l *look) holds(ctx context.Context, tx *tenancy.Tx) error {
	standing, err := standing(ctx, tx)
	if err != nil {
		return err
	}
	at := map[*tenancy.Model]map[uuid.UUID]*holdRow{}
	for i := range standing {
		h := &standing[i]
		m := l.reg.Table(h.TableName)
		switch {
		case h.TableName == "":
			l.spans = append(l.spans, *h)
			continue
		case m == nil: // of a module that the program has no more
			continue
		case m.Subject == "self":
			l.persons[h.RowID] = h
		}
		l.hold(at, node{m, h.RowID}, h)
	}
	for len(at) > 0 {
		next := map[*tenancy.Model]map[uuid.UUID]*holdRow{}
		for _, m := range modelsOf(at) {
			if err := l.forward(ctx, tx, m, at[m], next); err != nil {
				return err
			}
		}
		at = next
	}
	return nil
}

func (l *look) hold(at map[*tenancy.Model]map[uuid.UUID]*holdRow, n node, h *holdRow) {
	if l.records[n] != nil || n.id == uuid.Nil {
		return
	}
	l.records[n] = h
	if at[n.m] == nil {
		at[n.m] = map[uuid.UUID]*holdRow{}
	}
	at[n.m][n.id] = h
}

// forward holds what rows under a hold, and their parts, refer to.
func (l *look) forward(ctx context.Context, tx *tenancy.Tx, root *tenancy.Model, held map[uuid.UUID]*holdRow, next map[*tenancy.Model]map[uuid.UUID]*holdRow) error {
	for _, m := range l.family(root) {
		var out []tenancy.Reference
		for _, r := range l.refs {
			if r.From == m && l.root(r.To).Column("id") != nil {
				out = append(out, r)
			}
		}
		if len(out) == 0 {
			continue
		}
		key := rootKey(m)
		for part := range slices.Chunk(sortedIDs(held), chunk) {
			err := m.Verbs().Stream(ctx, tx, func(row any) error {
				h := held[value[uuid.UUID](row, key)]
				for _, r := range out {
					if i := l.toRoot(r); i >= 0 {
						l.hold(next, node{l.root(r.To), value[uuid.UUID](row, r.Columns[i])}, h)
					}
				}
				return nil
			}, tenancy.In(key.Name, part))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// chunk is how many ids one question names.
const chunk = 500

// root is what a model's rows are part of; itself, when of nothing.
func (l *look) root(m *tenancy.Model) *tenancy.Model {
	if m.PartOf != "" {
		return l.reg.Table(m.PartOf)
	}
	return m
}

// family is a root with its parts.
func (l *look) family(root *tenancy.Model) []*tenancy.Model {
	out := []*tenancy.Model{root}
	for _, m := range l.reg.Models {
		if m.PartOf == root.Table {
			out = append(out, m)
		}
	}
	return out
}

// classes are those of a root and its parts.
func (l *look) classes(root *tenancy.Model) []tenancy.RecordClass {
	var out []tenancy.RecordClass
	for _, m := range l.family(root) {
		if !slices.Contains(out, m.Class) {
			out = append(out, m.Class)
		}
	}
	return out
}

// record reports whether a root's rows are records that a rule keeps.
func (l *look) record(root *tenancy.Model) bool {
	return slices.ContainsFunc(l.classes(root), func(c tenancy.RecordClass) bool { return slices.Contains(records, c) })
}

// rootKey is the column by which a model's rows name their root: its own id, or the first of a part's key; nil: there is none.
func rootKey(m *tenancy.Model) *tenancy.Column {
	if m.PartOf != "" {
		return m.Keys[1]
	}
	if c := m.Column("id"); c != nil && c.Key {
		return c
	}
	return nil
}

// toRoot is which column of a reference leads to the root of what it refers to; -1: none does.
func (l *look) toRoot(r tenancy.Reference) int {
	key := rootKey(r.To)
	return slices.Index(r.Targets, key)
}

// facts are what a date's periods count from.
func (l *look) facts(d date.Date) Facts {
	f := Facts{Date: d}
	for _, p := range l.periods {
		if !d.Before(p.From) && !d.After(p.To) {
			f.PeriodEnd, f.LastEntry = p.To, p.LastEntry
		}
	}
	return f
}

// dated is the date of a row from which its period counts; zero: it has none.
func (l *look) dated(m *tenancy.Model, row any) date.Date {
	c := m.Column(m.RetainFrom)
	if c == nil {
		return date.Date{}
	}
	if c.Type == tenancy.Timestamp {
		if t := value[time.Time](row, c); !t.IsZero() {
			return date.In(t, l.zone)
		}
		return date.Date{}
	}
	if c.Type != tenancy.Date {
		return date.Date{}
	}
	return value[date.Date](row, c)
}
