package retention

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// lastUses fills in, for rows of master data, the day of the last record that refers to each; without any, the day on which the row was made. Where no table refers to theirs, nothing says whether they are in use.
func (l *look) lastUses(ctx context.Context, tx *tenancy.Tx, root *tenancy.Model, at map[uuid.UUID][]int, out []date.Date) error {
	ids := sortedIDs(at)
	known, undated := false, map[uuid.UUID]bool{}
	for _, r := range l.refs {
		column := l.toRoot(r)
		if l.root(r.To) != root || column < 0 || l.root(r.From) == root {
			continue
		}
		known = true
		used, err := l.used(ctx, tx, r, r.Columns[column], ids)
		if err != nil {
			return err
		}
		for id, day := range used {
			undated[id] = undated[id] || day.IsZero()
			for _, i := range at[id] {
				if day.After(out[i]) {
					out[i] = day
				}
			}
		}
	}
	for id, of := range at {
		for _, i := range of {
			switch {
			case undated[id]:
				out[i] = date.Date{}
			case known && out[i].IsZero():
				out[i] = madeOn(id, l.zone)
			}
		}
	}
	return nil
}

// used is the last day of the rows from which a reference leads to each of these, in one question: the database finds the last, for there may be many. A zero day: something refers, and has none.
func (l *look) used(ctx context.Context, tx *tenancy.Tx, r tenancy.Reference, c *tenancy.Column, ids []uuid.UUID) (map[uuid.UUID]date.Date, error) {
	dates, root := r.From, l.root(r.From)
	if r.From.RetainFrom == "" {
		dates = root
	}
	day := dates.Column(dates.RetainFrom)
	out := map[uuid.UUID]date.Date{}
	for part := range slices.Chunk(ids, chunk) {
		switch {
		case day == nil || day.Type != tenancy.Date && dates != r.From:
			rows, err := tenancy.Report[uuid.UUID](ctx, tx, "SELECT DISTINCT f."+c.Name+" FROM {"+r.From.Name()+"} AS f WHERE f."+c.Name+" IN (?)", tenancy.List(part)) //tenantlint:allow report the names are the registry's, of tables and columns; values are arguments
			if err != nil {
				return nil, err
			}
			for _, id := range rows {
				out[id] = date.Date{}
			}
		case day.Type == tenancy.Date:
			query := "SELECT f." + c.Name + " AS id, MAX(d." + day.Name + ") AS day FROM {" + r.From.Name() + "} AS f JOIN {" + dates.Name() + "} AS d ON d." + rootKey(dates).Name + " = f." + rootKey(r.From).Name + //tenantlint:allow report the names are the registry's, of tables and columns; values are arguments
				" WHERE f." + c.Name + " IN (?) GROUP BY f." + c.Name
			if dates == r.From {
				query = "SELECT f." + c.Name + " AS id, MAX(f." + day.Name + ") AS day FROM {" + r.From.Name() + "} AS f WHERE f." + c.Name + " IN (?) GROUP BY f." + c.Name
			}
			rows, err := tenancy.Report[struct {
				ID  uuid.UUID `bun:"id"`
				Day date.Date `bun:"day"`
			}](ctx, tx, query, tenancy.List(part))
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				out[row.ID] = row.Day
			}
		default: // few tables count from an instant
			err := dates.Verbs().Stream(ctx, tx, func(row any) error {
				id, d := value[uuid.UUID](row, c), l.dated(dates, row)
				if last, seen := out[id]; d.IsZero() || !seen || !last.IsZero() && d.After(last) { // one that is not over yet has no day, and nor have they all
					out[id] = d
				}
				return nil
			}, tenancy.In(c.Name, part))
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
