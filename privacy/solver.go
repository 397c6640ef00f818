package privacy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// solver decides for every field that is about a person, or names them: delete, pseudonymise, or hold. It does so in the same way whether it acts or only says
// what would be done. docs/decisions/020-erasure-solver.md says why.
type solver struct {
	finder
	s       *Service
	acts    bool
	row     any // the person's own; nil when it is gone
	known   known
	removed bool
	oneWord bool // a name that is one word was taken out of a text about somebody else
	waiting bool // a text that names the person, and is about somebody else, is held
	lines   map[ErasureLine]int64
	texts   []NamedText // to be looked at beforehand
}

// newSolver finds the person. row is nil when nobody has the id.
func (s *Service) newSolver(ctx context.Context, tx *tenancy.Tx, person uuid.UUID, acts bool) (*solver, error) {
	who, err := personOf(ctx, tx, person, acts)
	if err != nil {
		return nil, err
	}
	paths, err := pathsOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	finder, err := s.finderOf(ctx, tx, paths, who)
	if err != nil {
		return nil, err
	}
	return &solver{finder: finder, s: s, acts: acts, row: who.Row, lines: map[ErasureLine]int64{}, known: newKnown(person)}, nil
}

// person is whom the erasure is about.
func (e *solver) person() tenancy.Person { return tenancy.Person{Model: e.Self, ID: e.ID, Row: e.row} }

// solve goes through everything.
func (e *solver) solve(ctx context.Context) error {
	for _, step := range []func(context.Context) error{e.learn, e.linked, e.own, e.unlinked} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// personal are the models with personal columns. What erasures themselves still have to search for is not searched.
func (e *solver) personal() []*tenancy.Model {
	return slices.DeleteFunc(slices.Clone(e.Registry.Models), func(m *tenancy.Model) bool {
		return m.Table == wordsTable || !slices.ContainsFunc(m.Columns, func(c *tenancy.Column) bool { return c.Privacy.Personal() })
	})
}

// learn gathers what the person was known by, in all their rows, before any of it is gone.
func (e *solver) learn(ctx context.Context) error {
	if e.row != nil {
		e.known.add(e.Self, e.row)
	}
	for _, m := range e.personal() {
		if m == e.Self {
			continue
		}
		err := e.Batches(ctx, m, func(rows []any) error {
			for _, r := range rows {
				e.known.add(m, r)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	e.known.compile()
	return nil
}

// linked treats the rows that lead to the person.
func (e *solver) linked(ctx context.Context) error {
	for _, m := range e.personal() {
		if m == e.Self {
			continue
		}
		if err := e.Batches(ctx, m, func(rows []any) error { return e.treat(ctx, m, rows) }); err != nil {
			return err
		}
	}
	return nil
}

// own removes the person's own row when nothing refers to it and nothing holds it, and treats it otherwise.
func (e *solver) own(ctx context.Context) error {
	if e.row == nil {
		return nil
	}
	referred, err := e.Referred(ctx)
	if err != nil {
		return err
	}
	held, err := e.s.holds(ctx, e.Tx, e.Self, []any{e.row})
	if err != nil {
		return err
	}
	waits := slices.ContainsFunc(e.Self.Columns, func(c *tenancy.Column) bool {
		_, waits := e.waits(e.Self, c, held[0])
		return waits && !value(e.row, c).IsZero()
	})
	if referred || waits || held[0] != (Hold{}) || e.Self.Writes != tenancy.Mutable {
		return e.treat(ctx, e.Self, []any{e.row})
	}
	for _, c := range e.Self.Columns {
		if c.Privacy.Personal() && !value(e.row, c).IsZero() {
			e.count(e.Self, c, Deleted, Hold{Why: "nothing refers to the row, so it is gone"})
		}
	}
	e.removed = true
	if !e.acts {
		return nil
	}
	b := e.Tx.Batch()
	e.Self.Verbs().Remove(b, []any{e.row})
	return b.Run(ctx)
}

// waits says whether a column of a row under a hold is left as it is, and for what.
//
// A record is kept as it is: what the law asks for is the invoice as it was sent (AO section 147(1) Nr. 2 to 4a, UStG section 14b(1)), and
// not its figures alone. What is apart from it, and what nothing holds, does not wait. A hold without a known end is about everything: a court asks for what there is.
func (e *solver) waits(m *tenancy.Model, c *tenancy.Column, h Hold) (Hold, bool) {
	switch {
	case !c.Privacy.Personal():
		return Hold{}, false
	case !m.Erasable(c):
		return cmp.Or(h, Hold{Why: "rows of the table never change; it goes with the tenant"}), true
	case h != (Hold{}) && (!c.Privacy.Apart || h.Until.IsZero()):
		return h, true
	case c.Privacy.Erasure == tenancy.EraseKeep && e.s.opt.Holds == nil:
		return Hold{Why: "its class keeps it, and no rule is known"}, true
	}
	return Hold{}, false
}

// treat does to rows about the person what is decided of their columns.
func (e *solver) treat(ctx context.Context, m *tenancy.Model, rows []any) error {
	for part := range slices.Chunk(rows, chunk) {
		held, err := e.s.holds(ctx, e.Tx, m, part)
		if err != nil {
			return err
		}
		var changed []any
		columns := map[string]bool{}
		for i, row := range part {
			if e.settle(m, row, held[i], columns) {
				changed = append(changed, row)
			}
		}
		if err := e.write(ctx, m, changed, columns); err != nil {
			return err
		}
	}
	return nil
}

func (e *solver) write(ctx context.Context, m *tenancy.Model, rows []any, columns map[string]bool) error {
	if !e.acts || len(rows) == 0 {
		return nil
	}
	names := make([]string, 0, len(columns))
	for _, c := range m.Columns {
		if columns[c.Name] {
			names = append(names, c.Name)
		}
	}
	return e.Tx.Erase(ctx, m, rows, names...)
}

// settle alters a row and says whether it did; columns gets the names of what it altered.
func (e *solver) settle(m *tenancy.Model, row any, h Hold, columns map[string]bool) bool {
	touched := false
	for _, c := range m.Columns {
		if !c.Privacy.Personal() {
			continue
		}
		v := value(row, c)
		how, to := e.replacement(c, v)
		if v.IsZero() || reflect.DeepEqual(v.Interface(), to.Interface()) {
			continue // nothing stands there, or it was erased before
		}
		if by, waits := e.waits(m, c, h); waits {
			e.count(m, c, Held, by)
			continue
		}
		why := "its class, " + string(c.Privacy.Category) + "," + string(c.Privacy.Erasure)
		if c.Privacy.Erasure == tenancy.EraseKeep {
			why = "nothing holds it any more"
		}
		e.count(m, c, how, Hold{Why: why})
		v.Set(to)
		touched, columns[c.Name] = true, true
	}
	return touched
}

// replacement is what takes a value's place, and what that is called.
func (e *solver) replacement(c *tenancy.Column, v reflect.Value) (Treatment, reflect.Value) {
	to, pseudonymised := people.Replacement(c, v, e.known.pseudonym)
	if pseudonymised {
		return Pseudonymised, to
	}
	return Deleted, to
}

// unlinked takes what the person was known by out of free text that is about somebody else, and out of all text that is about nobody.
func (e *solver) unlinked(ctx context.Context) error {
	if e.known.pattern == nil {
		return nil
	}
	for _, m := range e.personal() {
		texts := searched(m)
		if len(texts) == 0 {
			continue
		}
		theirs, err := e.Theirs(ctx, m)
		if err != nil {
			return err
		}
		var hits []any
		err = m.Verbs().Stream(ctx, e.Tx, func(row any) error {
			if !theirs(row) && slices.ContainsFunc(texts, func(c *tenancy.Column) bool { return e.known.in(field[string](row, c)) }) {
				hit := reflect.New(m.Type)
				hit.Elem().Set(reflect.ValueOf(row).Elem())
				hits = append(hits, hit.Interface())
			}
			return nil
		})
		if err != nil {
			return err
		}
		for part := range slices.Chunk(hits, chunk) {
			if err := e.redact(ctx, m, texts, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// searched are the columns in which somebody may be named who is not whom the row is about.
func searched(m *tenancy.Model) []*tenancy.Column {
	var out []*tenancy.Column
	for _, c := range m.Columns {
		if c.Type != tenancy.Text || !m.Erasable(c) {
			continue
		}
		switch c.Privacy.Category { //nolint:exhaustive // in the others nobody is named
		case tenancy.FreeText, tenancy.Identity, tenancy.Contact, tenancy.Financial:
			out = append(out, c)
		}
	}
	return out
}

// maxTexts is how many texts a preview shows.
const maxTexts = 100

// redact treats rows that name the person. No law asks that a record names somebody whom it is not about, so a rule of retention does not hold the name; what
// has no known end does: a legal hold is about the record as it is.
func (e *solver) redact(ctx context.Context, m *tenancy.Model, texts []*tenancy.Column, rows []any) error {
	held, err := e.s.holds(ctx, e.Tx, m, rows)
	if err != nil {
		return err
	}
	nobodys, err := people.Nobodys(ctx, e.Tx, e.Paths, m, rows)
	if err != nil {
		return err
	}
	var changed []any
	columns := map[string]bool{}
	for i, row := range rows {
		touched := false
		for _, c := range texts {
			before := field[string](row, c)
			keeps := c.Privacy.Erasure == tenancy.EraseKeep
			if (keeps || c.Privacy.Category != tenancy.FreeText) && !nobodys[i] {
				continue // somebody's own name or address, who is called the same
			}
			after := e.known.redact(before)
			switch {
			case after == before:
			case keeps:
				e.count(m, c, Named, Hold{Why: "the record is about nobody, and has to say whom it names: it is redacted by an act of its own"})
			case held[i] != (Hold{}) && held[i].Until.IsZero():
				e.count(m, c, Held, held[i])
				e.waiting = true
			default:
				e.count(m, c, Redacted, Hold{Why: "the text names the person"})
				e.oneWord = e.oneWord || e.known.byOneWord(before)
				if !e.acts && len(e.texts) < maxTexts {
					e.texts = append(e.texts, NamedText{Table: m.Table, Column: c.Name, Text: before, Becomes: after})
				}
				value(row, c).SetString(after)
				touched, columns[c.Name] = true, true
			}
		}
		if touched {
			changed = append(changed, row)
		}
	}
	return e.write(ctx, m, changed, columns)
}

func (e *solver) count(m *tenancy.Model, c *tenancy.Column, how Treatment, by Hold) {
	e.lines[ErasureLine{Table: m.Table, Column: c.Name, Category: c.Privacy.Category, Treatment: how, Why: by.Why, Rule: by.Rule, Source: by.Source, Until: by.Until}]++
}

// report is what was decided.
func (e *solver) report(today date.Date) ErasureReport {
	out := ErasureReport{PersonID: e.ID, Removed: e.removed}
	for line, n := range e.lines {
		line.Rows = n
		out.Lines = append(out.Lines, line)
		if line.Treatment == Held {
			out.DueOn = sooner(out.DueOn, dueOn(line.Until, today))
		}
	}
	slices.SortFunc(out.Lines, func(a, b ErasureLine) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Column, b.Column), strings.Compare(string(a.Treatment), string(b.Treatment)),
			a.Until.Compare(b.Until), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Source, b.Source), strings.Compare(a.Why, b.Why))
	})
	return out
}

// words are what is still to be searched for, as JSON; "" when nothing is.
func (e *solver) words() (string, error) {
	if !e.waiting {
		return "", nil
	}
	list := make([]string, 0, len(e.known.values))
	for v := range e.known.values {
		list = append(list, v)
	}
	slices.Sort(list)
	text, err := json.Marshal(list)
	if err != nil {
		return "", fmt.Errorf("privacy: %w", err)
	}
	return string(text), nil
}

// value is a column of a row, for setting.
func value(row any, c *tenancy.Column) reflect.Value {
	return reflect.ValueOf(row).Elem().FieldByIndex(c.Index)
}
