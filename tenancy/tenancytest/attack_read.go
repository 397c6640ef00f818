package tenancytest

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// read runs fn in a reading transaction of the intruder's.
func (w *Walled) read(fn func(ctx context.Context, tx *tenancy.Tx) (any, error)) (seen any, err error) {
	err = w.Env.DB.Read(w.Intruder, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		seen, err = fn(ctx, tx)
		return err
	})
	return seen, err
}

// says turns an oracle's answer into something to see: yes is the secret that was guessed.
func says(yes bool, secret string) any {
	if yes {
		return secret
	}
	return "no"
}

// readAssaults ask the store's own verbs for what is the victim's.
var readAssaults = []Assault{
	{
		Name: "get by another's id",
		Unwalled: func(n *Naive) any {
			b := naiveBox{ID: n.victim.box}
			_ = n.db.NewSelect().Model(&b).WherePK().Scan(context.Background()) // "the id is enough, ids are unique"
			return b
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				return tenancy.Get[box](ctx, tx, w.foreign.box)
			})
		},
		Refused: []*fault.Definition{tenancy.ErrNotFound},
	},
	{
		Name:     "list",
		Unwalled: func(n *Naive) any { return n.try("SELECT * FROM naive_labels") }, // the one model whose hook was forgotten
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) { return tenancy.Find[label](ctx, tx) })
		},
		Own: true,
	},
	{
		Name: "count",
		Unwalled: func(n *Naive) any { // measured: bun's hooks do not run for Count
			c, err := n.db.NewSelect().Model((*naiveBox)(nil)).Where("id = ?", n.victim.box).Count(n.me())
			require.NoError(n.TB, err)
			return says(c == 1, n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				c, err := tenancy.Count[box](ctx, tx, tenancy.Eq("id", w.foreign.box))
				return says(c > 0, w.Secret), err
			})
		},
	},
	{
		Name: "exists",
		Unwalled: func(n *Naive) any {
			ok, err := n.db.NewSelect().Model((*naiveBox)(nil)).Where("title = ?", n.Secret).Exists(n.me())
			require.NoError(n.TB, err)
			return says(ok, n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				ok, err := tenancy.Exists[box](ctx, tx, tenancy.Eq("title", w.Secret))
				return says(ok, w.Secret), err
			})
		},
	},
	{
		Name: "page cursor",
		Unwalled: func(n *Naive) any { // the cursor is the last row, tenant and all
			return n.try("SELECT * FROM naive_boxes WHERE (tenant_id, id) >= (?, ?) ORDER BY tenant_id, id LIMIT 50", n.victim.tenant, "")
		},
		Walled: func(w *Walled) (any, error) {
			var cursor string
			require.NoError(w.TB, w.Env.DB.Tx(w.Victim, func(ctx context.Context, tx *tenancy.Tx) error { // the victim's own cursor, taken from it
				require.NoError(w.TB, tenancy.Insert(ctx, tx, &box{OwnerID: w.foreign.owner, Title: "second " + w.Secret, Content: w.Secret}))
				page, err := tenancy.Page[box](ctx, tx, tenancy.PageRequest{Limit: 1, Sort: "title"})
				require.NotEmpty(w.TB, page.Next)
				cursor = page.Next
				require.NoError(w.TB, err)
				return tenancy.Delete(ctx, tx, &box{Row: tenancy.Row{ID: lastBox(ctx, w.TB, tx, "second "+w.Secret)}})
			}))
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				var all [][]box
				for _, sort := range []string{"title", "-title"} {
					page, err := tenancy.Page[box](ctx, tx, tenancy.PageRequest{After: cursor, Sort: sort})
					if err != nil {
						return nil, err
					}
					all = append(all, page.Items)
				}
				return all, nil
			})
		},
	},
	{
		Name: "sort and filter oracle",
		Unwalled: func(n *Naive) any { // "sort by" goes into the text
			var out []naiveBox
			by := fmt.Sprintf("CASE WHEN (SELECT count(*) FROM naive_boxes WHERE title = '%s') = 1 THEN title ELSE 'x' END", n.Secret)
			_ = n.db.NewSelect().Model(&out).OrderExpr(by).Scan(n.me())
			c := n.try("SELECT 1 FROM naive_boxes WHERE tenant_id = ? AND "+"(SELECT count(*) FROM naive_boxes WHERE title = '"+n.Secret+"') = 1"+" ", n.intruder.tenant)
			return says(fmt.Sprint(c) != "[]", n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				oracle := fmt.Sprintf("(SELECT content FROM attacked.boxes WHERE title = '%s')", w.Secret)
				for _, opt := range []tenancy.Option{tenancy.OrderBy(oracle), tenancy.Eq(oracle, "x"), tenancy.Gt("tenant_id", w.foreign.tenant.String())} {
					if _, err := tenancy.Find[box](ctx, tx, opt); err == nil {
						return w.Secret, nil
					}
				}
				_, err := tenancy.Page[box](ctx, tx, tenancy.PageRequest{Sort: oracle})
				if err == nil {
					return w.Secret, nil
				}
				c, err := tenancy.Count[box](ctx, tx, tenancy.Ge("title", w.Secret), tenancy.Le("title", w.Secret))
				return says(c > 0, w.Secret), err
			})
		},
	},
	{
		Name: "OR escape",
		Unwalled: func(n *Naive) any { // measured: .Where(a).WhereOr(b) swallows the predicate wherever it stands
			var out []naiveBox
			_ = n.db.NewSelect().Model(&out).Where("weight > ?", 0).WhereOr("weight = ?", 1).Scan(n.me())
			return out
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				return tenancy.Report[string](ctx, tx, "SELECT b.content FROM {boxes} AS b WHERE b.weight > 5 OR b.weight = 1 OR b.tenant_id = ?", w.foreign.tenant)
			})
		},
		Own: true,
	},
	{
		Name: "a value that becomes SQL",
		Unwalled: func(n *Naive) any {
			return n.try("SELECT * FROM naive_boxes WHERE tenant_id = '" + n.intruder.tenant + "' AND title = '" + "x' OR '1' = '1" + "'")
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				var all []any
				for _, v := range []string{"x' OR '1' = '1", `x\' OR 1 = 1 -- `, "x'; SET LOCAL erp.tenant = '" + w.foreign.tenant.String() + "'; SELECT '", "?", "') OR ('1' = '1", "$1"} {
					found, err := tenancy.Find[box](ctx, tx, tenancy.Eq("title", v))
					if err != nil {
						return nil, err
					}
					reported, err := tenancy.Report[string](ctx, tx, "SELECT b.content FROM {boxes} AS b WHERE b.title = ?", v)
					if err != nil {
						return nil, err
					}
					all = append(all, found, reported)
				}
				return all, nil
			})
		},
	},
	{
		Name: "join",
		Unwalled: func(n *Naive) any {
			return n.try("SELECT o.name FROM naive_boxes AS b JOIN naive_owners AS o ON o.tenant_id <> b.tenant_id WHERE b.tenant_id = ?", n.intruder.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				return tenancy.Report[string](ctx, tx, `SELECT o.name FROM {boxes} AS b LEFT JOIN {owners} AS o ON o.tenant_id <> b.tenant_id OR o.id = b.owner_id`)
			})
		},
		Own: true,
	},
	{
		Name: "has-many",
		Unwalled: func(n *Naive) any { // the children carry no tenant's predicate: the parent had one
			n.must("UPDATE naive_labels SET box_id = ? WHERE tenant_id = ?", n.intruder.box, n.victim.tenant)
			var out []naiveBox
			_ = n.db.NewSelect().Model(&out).Relation("Labels").Scan(n.me())
			if len(out) == 0 || len(out[0].Labels) == 0 {
				return "nothing"
			}
			seen := ""
			for _, l := range out[0].Labels {
				seen += l.Text
			}
			return seen
		},
		Walled: func(w *Walled) (any, error) {
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				return tenancy.Find[label](ctx, tx, tenancy.In("box_id", []uuid.UUID{w.own.box, w.foreign.box}))
			})
		},
		Own: true,
	},
}

// lastBox is the id of the box with the title.
func lastBox(ctx context.Context, tb require.TestingT, tx *tenancy.Tx, title string) uuid.UUID {
	b, err := tenancy.First[box](ctx, tx, tenancy.Eq("title", title))
	require.NoError(tb, err)
	return b.ID
}
