package tenancytest

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// write runs a batch as the intruder and commits it.
func (w *Walled) write(fill func(b *tenancy.Batch)) error {
	return w.tx(func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		fill(b)
		return b.Run(ctx)
	})
}

// theirs is the victim's box, as the intruder would write it.
func (w *Walled) theirs() *box {
	return &box{Row: tenancy.Row{TenantID: w.foreign.tenant, ID: w.foreign.box}, OwnerID: w.foreign.owner, Title: "taken", Content: "taken", Weight: 9}
}

// bare is theirs without the tenant, which the store then fills in.
func (w *Walled) bare() *box {
	b := w.theirs()
	b.TenantID = uuid.Nil
	return b
}

// writeAssaults change, add or remove what is the victim's, or learn from what a write answers.
var writeAssaults = []Assault{
	{
		Name: "insert as another",
		Unwalled: func(n *Naive) any { // the body says whose it is
			return n.try("INSERT INTO naive_labels VALUES (?, ?, ?, 'planted')", uuid.NewString(), n.victim.tenant, n.victim.box)
		},
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) {
				tenancy.Put(b, []*owner{{Row: tenancy.Row{TenantID: w.foreign.tenant}, Name: "planted"}})
			})
		},
		Refused: []*fault.Definition{tenancy.ErrForeignRow},
	},
	{
		Name: "insert as another, injected", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any {
			return n.try("INSERT INTO naive_owners VALUES (?, ?, 'planted')", uuid.NewString(), n.victim.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			return w.inject().all(fmt.Sprintf("INSERT INTO attacked.owners (tenant_id, id, name) VALUES ('%s', '%s', 'planted')", w.foreign.tenant, uuid.New()),
				fmt.Sprintf("INSERT INTO erp.audit_events (tenant_id, id, occurred_at, actor, act, verb, model, columns, row_count) VALUES ('%s', '%s', now(), 'user:1', 'x', '', '', '', 0)", w.foreign.tenant, uuid.New())), nil
		},
		Own: true,
	},
	{
		Name: "mixed bulk",
		Unwalled: func(n *Naive) any { // the first row was looked at
			return n.try("INSERT INTO naive_labels VALUES (?, ?, ?, 'mine'), (?, ?, ?, 'planted')", uuid.NewString(), n.intruder.tenant, n.intruder.box, uuid.NewString(), n.victim.tenant, n.victim.box)
		},
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) {
				tenancy.Put(b, []*owner{{Name: "mine"}, {Name: "mine"}, {Row: tenancy.Row{TenantID: w.foreign.tenant}, Name: "planted"}})
			})
		},
		Refused: []*fault.Definition{tenancy.ErrForeignRow},
	},
	{
		Name: "moving a row's tenant",
		Unwalled: func(n *Naive) any { // measured: an UPDATE by model moves a row
			b := naiveBox{ID: n.victim.box, TenantID: n.intruder.tenant, OwnerID: n.intruder.owner, Title: "taken", Content: "taken"}
			_, err := n.db.NewUpdate().Model(&b).WherePK().Exec(n.me())
			return err
		},
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) { tenancy.Set(b, []*box{w.bare()}, "tenant_id", "title") })
		},
		Refused: []*fault.Definition{tenancy.ErrBadQuery},
	},
	{
		Name: "moving a row's tenant, injected", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { return n.try("UPDATE naive_boxes SET tenant_id = ?", n.intruder.tenant) },
		Walled: func(w *Walled) (any, error) {
			return w.inject().all(fmt.Sprintf("UPDATE attacked.owners SET tenant_id = '%s'", w.own.tenant),
				fmt.Sprintf("UPDATE attacked.boxes SET tenant_id = '%s' WHERE tenant_id = '%s'", w.foreign.tenant, w.own.tenant)), nil
		},
		Own: true,
	},
	{
		Name: "update by another's id",
		Unwalled: func(n *Naive) any {
			return n.try("UPDATE naive_boxes SET content = 'taken' WHERE id = ?", n.victim.box)
		},
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) { tenancy.Set(b, []*box{w.bare()}, "content") })
		},
		Refused: []*fault.Definition{tenancy.ErrNotFound},
	},
	{
		Name: "upsert on another's key",
		Unwalled: func(n *Naive) any { // measured: ON CONFLICT DO UPDATE overwrites whatever has the key
			return n.try("INSERT INTO naive_boxes VALUES (?, ?, ?, 'taken', 'taken', 1, 0) ON CONFLICT (id) DO UPDATE SET content = 'taken'", n.victim.box, n.intruder.tenant, n.intruder.owner)
		},
		Walled: func(w *Walled) (any, error) { // the key is the intruder's own with the same id: it is made, and the victim's stays
			err := w.write(func(b *tenancy.Batch) {
				tenancy.Put(b, []*owner{{Row: tenancy.Row{ID: w.foreign.owner}, Name: "mine"}})
				tenancy.Put(b, []*box{{Row: tenancy.Row{ID: w.foreign.box}, OwnerID: w.foreign.owner, Title: "mine"}})
				tenancy.Accrue(b, []*label{{BoxID: w.foreign.box, Text: w.Secret, Count: 7}}, "count")
			})
			if err != nil {
				return nil, err
			}
			return w.read(func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				all, err := tenancy.Find[label](ctx, tx, tenancy.Eq("count", int64(8))) // 1 and 7, if the victim's had been added to
				return says(len(all) > 0, w.Secret), err
			})
		},
	},
	{
		Name: "MERGE", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any {
			return n.try("MERGE INTO naive_boxes AS b USING (SELECT 1) AS x ON true WHEN MATCHED THEN UPDATE SET content = 'taken'")
		},
		Walled: func(w *Walled) (any, error) {
			return w.inject().all("MERGE INTO attacked.owners AS o USING (SELECT 1) AS x ON o.tenant_id = '"+w.foreign.tenant.String()+"' WHEN MATCHED THEN UPDATE SET name = 'taken'",
				"MERGE INTO attacked.owners AS o USING (SELECT 1) AS x ON o.tenant_id = '"+w.foreign.tenant.String()+"' WHEN NOT MATCHED THEN INSERT VALUES ('"+w.foreign.tenant.String()+"', gen_random_uuid(), 'planted')"), nil
		},
		Own: true,
	},
	{
		Name: "foreign key to another's row",
		Unwalled: func(n *Naive) any { // it proves that the row exists, and ties it down
			out := n.try("INSERT INTO naive_boxes VALUES (?, ?, ?, 'mine', '', 1, 0)", uuid.NewString(), n.intruder.tenant, n.victim.owner)
			_, failed := out.(error)
			return says(!failed, n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) { tenancy.Put(b, []*box{{OwnerID: w.foreign.owner, Title: "mine"}}) })
		},
		Refused: []*fault.Definition{tenancy.ErrReference},
	},
	{
		Name: "unique-key oracle",
		Unwalled: func(n *Naive) any { // a title that is taken exists somewhere
			_, taken := n.try("INSERT INTO naive_boxes VALUES (?, ?, ?, ?, '', 1, 0)", uuid.NewString(), n.intruder.tenant, n.intruder.owner, n.Secret).(error)
			return says(taken, n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			err := w.write(func(b *tenancy.Batch) {
				tenancy.Put(b, []*owner{{Row: tenancy.Row{ID: w.foreign.owner}, Name: "mine"}})
				tenancy.Put(b, []*box{{Row: tenancy.Row{ID: w.foreign.box}, OwnerID: w.foreign.owner, Title: w.Secret}})
			})
			return says(err != nil, w.Secret), err
		},
	},
	{
		Name: "equal answer for missing and foreign",
		Unwalled: func(n *Naive) any {
			answer := func(id string) string { // "403 for what is not yours, 404 for what is not there"
				var b naiveBox
				if n.db.NewSelect().Model(&b).Where("id = ?", id).Scan(context.Background()) != nil {
					return "404"
				}
				return "403"
			}
			return says(answer(n.victim.box) != answer(uuid.NewString()), n.Secret)
		},
		Walled: func(w *Walled) (any, error) {
			answers := func(id uuid.UUID) string {
				out := ""
				for _, act := range []func(ctx context.Context, tx *tenancy.Tx) error{
					func(ctx context.Context, tx *tenancy.Tx) error { _, err := tenancy.Get[box](ctx, tx, id); return err },
					func(ctx context.Context, tx *tenancy.Tx) error { _, err := tenancy.Lock[box](ctx, tx, id); return err },
					func(ctx context.Context, tx *tenancy.Tx) error {
						return tenancy.Update(ctx, tx, &box{Row: tenancy.Row{ID: id}}, "content")
					},
					func(ctx context.Context, tx *tenancy.Tx) error {
						return tenancy.Delete(ctx, tx, &box{Row: tenancy.Row{ID: id}})
					},
					func(ctx context.Context, tx *tenancy.Tx) error {
						return tenancy.Insert(ctx, tx, &receipt{BoxID: id, Text: "x"})
					},
				} {
					out += show(w.tx(act)) + "\n"
				}
				return out
			}
			foreign, missing := answers(w.foreign.box), answers(tenancy.NewID())
			require.Contains(w.TB, foreign, "not_found")
			return says(foreign != missing, w.Secret), nil
		},
	},
	{
		Name:     "delete by another's id",
		Unwalled: func(n *Naive) any { return n.try("DELETE FROM naive_boxes WHERE id = ?", n.victim.box) },
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) {
				tenancy.Remove(b, []*label{{BoxID: w.foreign.box, Text: w.Secret}})
			})
		},
		Refused: []*fault.Definition{tenancy.ErrNotFound},
	},
	{
		Name: "delete everything, injected", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { return n.try("DELETE FROM naive_boxes") },
		Walled: func(w *Walled) (any, error) {
			return w.inject().all("DELETE FROM attacked.labels", "DELETE FROM attacked.receipts", "DELETE FROM erp.audit_events", "DELETE FROM erp.tenant_gates",
				"DELETE FROM attacked.labels WHERE tenant_id = '"+w.foreign.tenant.String()+"'"), nil
		},
		Own: true,
	},
	{
		Name: "TRUNCATE", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { return n.try("TRUNCATE naive_boxes") },
		Walled: func(w *Walled) (any, error) {
			return w.inject().all("TRUNCATE attacked.labels", "TRUNCATE attacked.boxes CASCADE", "TRUNCATE erp.audit_events"), nil
		},
		Own: true,
	},
	{
		Name: "changing what is recorded",
		Unwalled: func(n *Naive) any {
			return n.try("UPDATE naive_receipts SET text = 'changed'")
		},
		Walled: func(w *Walled) (any, error) {
			return nil, w.write(func(b *tenancy.Batch) {
				tenancy.Set(b, []*receipt{{Row: tenancy.Row{ID: w.own.receiptID}, Text: "changed"}}, "text")
			})
		},
		Refused: []*fault.Definition{tenancy.ErrAppendOnly},
	},
	{
		Name: "sequence gap revealing volume",
		Unwalled: func(n *Naive) any { // one counter for all: what the others do shows in the gaps
			next := func(tenant, owner string) string {
				n.must("INSERT INTO naive_boxes VALUES (?, ?, ?, ?, '', 1, (SELECT max(number) + 1 FROM naive_boxes))", uuid.NewString(), tenant, owner, uuid.NewString())
				return fmt.Sprint(n.try("SELECT max(number) FROM naive_boxes WHERE tenant_id = ?", tenant))
			}
			before := next(n.intruder.tenant, n.intruder.owner)
			alone := next(n.intruder.tenant, n.intruder.owner)
			next(n.victim.tenant, n.victim.owner)
			return says(before != alone && len(alone) > 0, n.Secret)
		},
		Walled: func(w *Walled) (any, error) { // ids are random below the millisecond, and there is no counter that tenants share
			seen := []any{}
			for _, m := range w.Env.DB.Registry().Models {
				for _, c := range m.Columns {
					if c.Type == tenancy.BigInt && c.Key && len(m.Keys) == 2 {
						seen = append(seen, m.Table+"."+c.Name)
					}
				}
			}
			if w.Env.Name == "postgres" {
				rows, err := w.Env.Owner(w.TB, w.own.tenant).Query("SELECT schemaname || '.' || sequencename FROM pg_sequences WHERE schemaname IN ('erp', 'attacked')")
				require.NoError(w.TB, err)
				shared, err := lines(rows)
				require.NoError(w.TB, err)
				return says(len(shared) > 0, w.Secret), nil
			}
			return seen, nil
		},
	},
}
