package sqlite

import (
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

type trigger struct{ name, text string }

// triggers are generated from what a model says may happen to its rows. They hold against anyone who writes to the file
// with SQLite, and they are part of the schema that every tenant's file is held against.
func triggers(m *tenancy.Model) []trigger {
	table := tableName(m.Table)
	purging := "(SELECT state FROM erp_tenant_gates WHERE tenant_id = OLD.tenant_id) IS NOT 'purging'"
	refuse := "SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/what is recorded in " + m.Name() + " is not changed or deleted')"
	guard := func(suffix, event, when, then string) trigger {
		name := triggerName(m, suffix)
		if when != "" {
			when = " WHEN " + when
		}
		return trigger{name, fmt.Sprintf("CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW%s BEGIN %s; END", name, event, table, when, then)}
	}
	var moved []string
	for _, k := range m.Keys {
		moved = append(moved, "OLD."+k.Name+" IS NOT NEW."+k.Name)
	}
	key := guard("key", "UPDATE", strings.Join(moved, " OR "), "SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a key of "+m.Name()+" is not changed')")
	noDelete := guard("delete", "DELETE", purging, refuse)
	// INSERT OR REPLACE deletes what stands in its way without firing the trigger against deletes, so it is stopped here.
	var same []string
	for _, k := range m.Keys {
		same = append(same, k.Name+" = NEW."+k.Name)
	}
	// A row can also be named by its rowid, which is -1 here when the statement does not say one. Rows that are kept may be
	// added to (INSERT ... ON CONFLICT DO UPDATE fires the same trigger), so of them only the rowid is refused.
	byRow := "NEW.rowid IS NOT -1 AND EXISTS (SELECT 1 FROM " + table + " WHERE rowid = NEW.rowid)"
	exists := "SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already')"
	once := guard("once", "INSERT", "EXISTS (SELECT 1 FROM "+table+" WHERE "+strings.Join(same, " AND ")+") OR "+byRow, exists)
	switch m.Writes {
	case tenancy.AppendOnly:
		if m.Table == "erp.audit_events" { // no write without its event, so none without a gate that is open for it
			open := "EXISTS (SELECT 1 FROM erp_tenant_gates AS g WHERE g.tenant_id = NEW.tenant_id AND (g.state IN ('active', 'importing') OR g.state = 'closed' AND NEW.verb IN ('', 'read')))"
			closed := "SELECT RAISE(ABORT, 'erp/locked/tenancy.closed/the tenant is closed: nothing is written for it')"
			return []trigger{once, guard("update", "UPDATE", "", refuse), noDelete, guard("closed", "INSERT", "NOT "+open, closed)}
		}
		return []trigger{once, guard("update", "UPDATE", "", refuse), noDelete}
	case tenancy.Companion:
		id := rowKey(m)
		erasing := "NOT EXISTS (SELECT 1 FROM erp_erasures AS e WHERE e.tenant_id = OLD.tenant_id AND e.table_name = '" + m.Table +
			"' AND e.row_id = OLD." + id + " AND e.state = 'registered')"
		return []trigger{once, key, guard("update", "UPDATE", erasing, refuse), noDelete}
	case tenancy.Keep:
		return []trigger{guard("once", "INSERT", byRow, exists), key, noDelete}
	case tenancy.Mutable, tenancy.ReadOnly:
	}
	return []trigger{key}
}

// suffixes of the names of generated triggers.
var suffixes = []string{"key", "update", "delete", "once", "closed"}

func triggerName(m *tenancy.Model, suffix string) string {
	return tableName(m.Table) + "_generated_" + suffix
}

// rowKey is the column by which an erasure names a row.
func rowKey(m *tenancy.Model) string {
	if m.Column("id") != nil {
		return "id"
	}
	return m.Keys[1].Name
}
