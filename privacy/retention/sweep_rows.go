package retention

import (
	"context"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
)

// table treats the next rows of a root's table, at most limit; more: there may be others.
func (w *sweeper) table(ctx context.Context, root *tenancy.Model, limit int) (looked int, more bool, err error) {
	var due []tenancy.Option
	day := root.Column(root.RetainFrom)
	if day != nil {
		latest := w.latestDate(root)
		if day.Type == tenancy.Timestamp {
			due = append(due, tenancy.Lt(day.Name, latest.AddDays(2).Time())) // wherever the zone is
		} else {
			due = append(due, tenancy.Le(day.Name, latest))
		}
	}
	why := Outcome("")
	rule := w.off(root)
	switch {
	case rule != "":
		why = Off
	case !w.erasable(root) && root.Writes != tenancy.Mutable:
		why = Immutable
	}
	if why != "" {
		line := SweptLine{Table: root.Table, Outcome: why, Rule: rule}
		if day != nil {
			if line.Rows, err = root.Verbs().Count(ctx, w.tx, due...); err != nil {
				return 0, false, err
			}
		}
		if line.Rows > 0 || day == nil {
			w.add(line)
		}
		return 0, false, nil
	}
	key := rootKey(root)
	if key != nil {
		due = append(due, tenancy.OrderBy(key.Name))
		if w.state.AfterID != uuid.Nil {
			due = append(due, tenancy.Gt(key.Name, w.state.AfterID))
		}
	} else if day != nil {
		due = append(due, tenancy.OrderBy(day.Name))
	}
	rows, err := root.Verbs().Find(ctx, w.tx, append(due, tenancy.Limit(limit))...)
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	removed, err := w.rows(ctx, root, rows)
	if err != nil {
		return 0, false, err
	}
	if key != nil {
		w.state.AfterID = value[uuid.UUID](rows[len(rows)-1], key)
		return len(rows), len(rows) == limit, nil
	}
	return len(rows), len(rows) == limit && removed > 0, nil
}

// erasable reports whether something in a root or its parts can be erased.
func (w *sweeper) erasable(root *tenancy.Model) bool {
	return slices.ContainsFunc(w.family(root), func(m *tenancy.Model) bool { return slices.ContainsFunc(m.Columns, m.Erasable) })
}

// rows treats rows of a root, and says how many are gone.
func (w *sweeper) rows(ctx context.Context, root *tenancy.Model, rows []any) (int, error) {
	due, err := w.free(ctx, root, rows, true)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	if key := rootKey(root); key != nil && (root.Writes == tenancy.Mutable || root.Writes == tenancy.Keep) {
		// Nobody begins to refer to them, or holds them, meanwhile; and who has, since they were looked at, is seen.
		ids := make([]uuid.UUID, len(due))
		for i, row := range due {
			ids[i] = value[uuid.UUID](row, key)
		}
		locked, err := root.Verbs().Find(ctx, w.tx, tenancy.In(key.Name, ids), tenancy.ForUpdate())
		if err != nil {
			return 0, err
		}
		if due, err = w.free(ctx, root, locked, false); err != nil {
			return 0, err
		}
	}
	gone, stay, err := w.removable(ctx, root, due)
	if err != nil {
		return 0, err
	}
	if err := w.remove(ctx, root, gone); err != nil {
		return 0, err
	}
	return len(gone), w.erase(ctx, root, stay)
}

// free are the rows that nothing keeps; told: those that something does are counted.
func (w *sweeper) free(ctx context.Context, root *tenancy.Model, rows []any, told bool) ([]any, error) {
	verdicts, err := w.verdicts(ctx, w.tx, root, rows, all)
	if err != nil {
		return nil, err
	}
	var out []any
	for i := range rows {
		h := verdicts[i].held(w.today)
		switch {
		case h == Hold{}:
			out = append(out, rows[i])
		case told:
			w.add(SweptLine{Table: root.Table, Outcome: Kept, Rule: h.Rule, Rows: 1, Until: h.Until})
		}
	}
	return out, nil
}

// removable splits rows into those that can go and those that something refers to, or that are never deleted.
func (w *sweeper) removable(ctx context.Context, root *tenancy.Model, rows []any) (gone, stay []any, err error) {
	family := w.family(root)
	if slices.ContainsFunc(family, func(m *tenancy.Model) bool { return m.Writes != tenancy.Mutable }) {
		return nil, rows, nil
	}
	key := rootKey(root)
	if key == nil {
		return w.unreferred(ctx, root, rows)
	}
	at := map[uuid.UUID][]int{}
	for i, row := range rows {
		at[value[uuid.UUID](row, key)] = []int{i}
	}
	referred := map[int]bool{}
	for _, r := range w.refs {
		column := w.toRoot(r)
		if w.root(r.To) != root || w.root(r.From) == root && r.From != root {
			continue
		}
		if column < 0 { // by something else than an id: whoever it is that is referred to, none of these is deleted
			return nil, rows, nil
		}
		c := r.Columns[column]
		for part := range slices.Chunk(sortedIDs(at), chunk) {
			used, err := tenancy.Report[uuid.UUID](ctx, w.tx, "SELECT DISTINCT f."+c.Name+" FROM {"+r.From.Name()+"} AS f WHERE f."+c.Name+" IN (?)", tenancy.List(part)) //tenantlint:allow report the names are the registry's, of tables and columns; values are arguments
			if err != nil {
				return nil, nil, err
			}
			for _, id := range used {
				for _, i := range at[id] {
					referred[i] = true
				}
			}
		}
	}
	for i, row := range rows {
		if referred[i] {
			stay = append(stay, row)
		} else {
			gone = append(gone, row)
		}
	}
	return gone, stay, nil
}

// unreferred is removable for rows without an id: a day's, of which there are few.
func (w *sweeper) unreferred(ctx context.Context, root *tenancy.Model, rows []any) (gone, stay []any, err error) {
	for _, row := range rows {
		referred := false
		for _, r := range w.refs {
			if r.To != root || referred {
				continue
			}
			var by []tenancy.Option
			for i, c := range r.Columns {
				by = append(by, tenancy.Eq(c.Name, reflect.ValueOf(row).Elem().FieldByIndex(r.Targets[i].Index).Interface()))
			}
			if referred, err = r.From.Verbs().Exists(ctx, w.tx, by...); err != nil {
				return nil, nil, err
			}
		}
		if referred {
			stay = append(stay, row)
		} else {
			gone = append(gone, row)
		}
	}
	return gone, stay, nil
}

// remove deletes roots with their parts.
func (w *sweeper) remove(ctx context.Context, root *tenancy.Model, rows []any) error {
	if len(rows) == 0 {
		return nil
	}
	b := w.tx.Batch()
	for _, m := range w.family(root)[1:] {
		parts, err := w.parts(ctx, root, m, rows)
		if err != nil {
			return err
		}
		m.Verbs().Remove(b, parts)
	}
	root.Verbs().Remove(b, rows)
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.add(SweptLine{Table: root.Table, Outcome: Removed, Rule: w.ruleOf(root), Rows: int64(len(rows))})
	return nil
}

// ruleOf is the rule by which rows of a root go: one that is on.
func (w *sweeper) ruleOf(root *tenancy.Model) string {
	for _, c := range w.rules.of(w.jurisdiction, root.Class, root.Table) {
		if r := c.last(); r.Always || w.on[r.ID] {
			return r.ID
		}
	}
	return ""
}

// parts are the rows of a part of these roots.
func (w *sweeper) parts(ctx context.Context, root, m *tenancy.Model, rows []any) ([]any, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = value[uuid.UUID](row, rootKey(root))
	}
	var out []any
	for part := range slices.Chunk(ids, chunk) {
		found, err := m.Verbs().Find(ctx, w.tx, tenancy.In(m.Keys[1].Name, part))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// erase empties what the classes of the columns of roots and their parts say of persons.
func (w *sweeper) erase(ctx context.Context, root *tenancy.Model, rows []any) error {
	if len(rows) == 0 {
		return nil
	}
	touched := map[uuid.UUID]bool{}
	for _, m := range w.family(root) {
		if !slices.ContainsFunc(m.Columns, m.Erasable) {
			continue
		}
		these := rows
		if m != root {
			var err error
			if these, err = w.parts(ctx, root, m, rows); err != nil {
				return err
			}
		}
		if err := w.treat(ctx, m, these, touched); err != nil {
			return err
		}
	}
	for _, row := range rows {
		how := Cleared
		if key := rootKey(root); key != nil && touched[value[uuid.UUID](row, key)] {
			how = Erased
		}
		w.add(SweptLine{Table: root.Table, Outcome: how, Rule: w.ruleOf(root), Rows: 1})
	}
	return nil
}

// treat erases rows of one model, and notes the roots of which something was left to erase.
func (w *sweeper) treat(ctx context.Context, m *tenancy.Model, rows []any, touched map[uuid.UUID]bool) error {
	whose, err := people.Whose(ctx, w.tx, w.paths, m, rows)
	if err != nil {
		return err
	}
	var columns []string
	for _, c := range m.Columns {
		if m.Erasable(c) {
			columns = append(columns, c.Name)
		}
	}
	var changed []any
	for i, row := range rows {
		id := uuid.Nil
		if key := rootKey(m); key != nil {
			id = value[uuid.UUID](row, key)
		}
		of := id
		if len(whose[i]) > 0 {
			of = whose[i][0]
		}
		hit := false
		for _, c := range m.Columns {
			v := reflect.ValueOf(row).Elem().FieldByIndex(c.Index)
			if !m.Erasable(c) || v.IsZero() {
				continue
			}
			if to, _ := people.Replacement(c, v, people.Pseudonym(of)); !reflect.DeepEqual(v.Interface(), to.Interface()) {
				v.Set(to)
				hit = true
			}
		}
		if hit {
			changed = append(changed, row)
			touched[id] = true
		}
	}
	return w.tx.Erase(ctx, m, changed, columns...)
}
