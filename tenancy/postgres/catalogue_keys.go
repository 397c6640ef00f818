package postgres

import (
	"context"
	"strings"
)

// constraints: the primary key is the model's; every key and reference starts with the tenant, on both sides, and
// references lead from model to model and carry nothing away with them.
func (a *auditor) constraints(ctx context.Context) error {
	keyed := map[uint32]bool{}
	err := a.ask(ctx, `SELECT k.conrelid, k.conname, k.contype::text, k.convalidated, k.confrelid,
			coalesce((SELECT string_agg(c.attname, ',' ORDER BY o.n) FROM unnest(k.conkey) WITH ORDINALITY o(num, n)
				JOIN pg_attribute c ON c.attrelid = k.conrelid AND c.attnum = o.num), ''),
			coalesce((SELECT string_agg(c.attname, ',' ORDER BY o.n) FROM unnest(k.confkey) WITH ORDINALITY o(num, n)
				JOIN pg_attribute c ON c.attrelid = k.confrelid AND c.attnum = o.num), ''),
			k.confdeltype::text, k.confupdtype::text
		FROM pg_constraint k WHERE k.conrelid IN ($TABLES) OR (k.contype = 'f' AND k.confrelid IN ($TABLES))`,
		func(scan func(...any) error) error {
			var table, target uint32
			var name, kind, columns, targets, onDelete, onUpdate string
			var valid bool
			if err := scan(&table, &name, &kind, &valid, &target, &columns, &targets, &onDelete, &onUpdate); err != nil {
				return err
			}
			m := a.model(table)
			if m == nil {
				a.problem("constraint %s: a table without a model refers to %s", name, a.model(target).Table)
				return nil
			}
			if !valid {
				a.problem("constraint %s of %s is not validated", name, m.Table)
			}
			switch kind {
			case "p":
				keyed[table] = true
				if want := strings.ReplaceAll(columnNames(m.Keys), ", ", ","); columns != want {
					a.problem("the primary key of %s is (%s), not (%s)", m.Table, columns, want)
				}
			case "u", "x":
				a.startsWithTenant(columns, "constraint "+name+" of "+m.Table)
			case "f":
				a.startsWithTenant(columns, "constraint "+name+" of "+m.Table)
				a.startsWithTenant(targets, "constraint "+name+" of "+m.Table+", where it leads,")
				if a.model(target) == nil {
					a.problem("constraint %s of %s leads to a table without a model", name, m.Table)
				}
				if !strings.Contains("ar", onDelete) || !strings.Contains("ar", onUpdate) { // NO ACTION or RESTRICT
					a.problem("constraint %s of %s cascades", name, m.Table)
				}
			}
			return nil
		})
	for _, r := range a.tables {
		if !keyed[r.oid] {
			a.problem("table %s has no primary key", r.model.Table)
		}
	}
	return err
}

func (a *auditor) startsWithTenant(columns, what string) {
	if columns != "tenant_id" && !strings.HasPrefix(columns, "tenant_id,") {
		a.problem("%s does not start with tenant_id", what)
	}
}

// indexes: a unique index, with a constraint or without, tells tenants apart; else one could feel for another's keys. An
// invalid one holds nothing.
func (a *auditor) indexes(ctx context.Context) error {
	return a.ask(ctx, `SELECT i.indrelid, x.relname, coalesce(c.attname, ''), i.indisvalid AND i.indisready FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
		LEFT JOIN pg_attribute c ON c.attrelid = i.indrelid AND c.attnum = i.indkey[0]
		WHERE i.indrelid IN ($TABLES) AND (i.indisunique OR i.indisexclusion)`, func(scan func(...any) error) error {
		var table uint32
		var name, first string
		var valid bool
		if err := scan(&table, &name, &first, &valid); err != nil {
			return err
		}
		a.startsWithTenant(first, "unique index "+name+" of "+a.model(table).Table)
		if !valid {
			a.problem("unique index %s of %s is invalid", name, a.model(table).Table)
		}
		return nil
	})
}
