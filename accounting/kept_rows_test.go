package accounting_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
)

// furnished gives the shop a row in each table of the books.
func (s *shop) furnished() {
	s.t.Helper()
	s.rules()
	s.analysed()
	s.rate("2010-12-30", "0.70")
	s.dollarAccount(10_000, 6_400)
	s.post(takings("2010-12-01", 100, accounting.Dimensions{"shop": "york"}))
	taxed := document(s, "10", "S20")
	taxed.Reference = "I-1"
	issued := s.issue(taxed)[0]
	s.bill(aBill("B-1", "V-1", s.ben.ID, "2010-12-01", "10"))
	s.pay(received("P-1", s.ann.ID, "2010-12-02", 400, part(issued.ID, 400)))
	s.pay(received("P-2", s.ann.ID, "2010-12-02", 100))
	items, err := s.books.OpenItems(s.ctx, day("2010-12-31"))
	require.NoError(s.t, err)
	advance := items.Items[slices.IndexFunc(items.Items, func(o accounting.OpenItem) bool { return o.OpenMinor == -100 })]
	set, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{Reference: "A-1", DebitID: issued.ID, CreditID: advance.ID, Amount: gbp(100), Date: day("2010-12-03")}})
	require.NoError(s.t, err)
	_, err = s.books.Unallocate(s.ctx, []accounting.Unallocation{{Reference: "U-1", AllocationID: set[0].ID, Date: day("2010-12-04"), Reason: "wrong"}})
	require.NoError(s.t, err)
	_, err = s.books.DraftInvoices(s.ctx, []accounting.NewInvoice{invoice("D-1", s.ann.ID, "2010-12-01", "1")})
	require.NoError(s.t, err)
	s.revalue(inDecember)
	_, err = s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: s.post(transfer("E-1", "2010-12-03", 5))[0].ID, Date: day("2010-12-04"), Reason: "wrong"}})
	require.NoError(s.t, err)
	s.lock("2010-01")
	s.reopen("2010-01")
	s.lock("2010-01")
	require.NoError(s.t, s.setState("2010-02", accounting.PeriodSoftLocked, accounting.JournalSales))
}

// columns are those of a table, with the types that they are declared to have.
func (r *raw) columns(table string) (names, types []string) {
	t := r.s.t
	rows, err := r.db.Query(r.s.env.SQL("SELECT * FROM " + table + " WHERE 1 = 0"))
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	all, err := rows.ColumnTypes()
	require.NoError(t, err)
	require.NoError(t, rows.Err())
	for _, c := range all {
		names, types = append(names, c.Name()), append(types, c.DatabaseTypeName())
	}
	return names, types
}

// kept says of each table what of a row may change, past the library as well; of what is settings it says what may not.
var kept = map[string]struct{ may, never []string }{
	"erp.books":                {never: []string{"currency"}},
	"erp.accounts":             {never: []string{"code", "type", "control"}},
	"erp.number_series":        {never: []string{"code", "fiscal_year_id"}},
	"erp.taxes":                {never: []string{"code", "kind", "reason", "reason_code", "account_id", "claim_id", "recoverable", "due"}},
	"erp.periods":              {never: []string{"fiscal_year_id", "seq", "name", "starts_on", "ends_on"}},
	"erp.period_reopenings":    {may: []string{"reason"}},
	"erp.document_drafts":      {never: []string{"kind"}},
	"erp.tax_rules":            {may: []string{"valid_until"}},
	"erp.dimensions":           {never: []string{"code"}},
	"erp.dimension_values":     {never: []string{"code", "dimension_id"}},
	"erp.invoices":             {may: []string{"credited_minor", "deducted_minor"}},
	"erp.bills":                {may: []string{"credited_minor", "deducted_minor"}},
	"erp.open_items":           {may: []string{"open_minor", "open_base_minor"}},
	"erp.period_closings":      {},
	"erp.fiscal_years":         {},
	"erp.journals":             {never: []string{"tenant_id"}},
	"erp.journal_locks":        {never: []string{"tenant_id", "journal_id", "period_id"}},
	"erp.tax_rates":            {},
	"erp.dimension_sets":       {},
	"erp.dimension_set_values": {},
	"erp.journal_entries":      {},
	"erp.journal_lines":        {},
	"erp.entry_texts":          {},
	"erp.invoice_lines":        {},
	"erp.invoice_texts":        {},
	"erp.bill_lines":           {},
	"erp.bill_texts":           {},
	"erp.payments":             {},
	"erp.allocations":          {},
	"erp.allocation_texts":     {},
	"erp.tax_entries":          {},
	"erp.exchange_rates":       {},
	"erp.revaluations":         {},
	"erp.revaluation_lines":    {},
}

// Column by column, what the books keep stays, whoever writes; and no row of them is deleted.
func TestDatabaseRefusesEachChange(t *testing.T) {
	shops := map[*shop]bool{}
	eachRaw(t, func(t *testing.T, r *raw) {
		if !shops[r.s] { // both attackers share the shop
			r.s.furnished()
			shops[r.s] = true
		}
		mine := fmt.Sprintf(" WHERE tenant_id = '%s'", r.tenant)
		for table, rule := range kept {
			names, types := r.columns(table)
			for i, column := range names {
				if slices.Contains(rule.may, column) || rule.never != nil && !slices.Contains(rule.never, column) {
					continue
				}
				err := r.rehearse("UPDATE " + table + " SET " + column + " = " + bookstest.OtherValue(column, types[i]) + mine)
				require.Error(t, err, "%s.%s", table, column)
				require.Regexp(t, "erp/(locked|conflict)/|permission denied", err.Error(), "%s.%s", table, column)
			}
			err := r.rehearse("DELETE FROM " + table + mine)
			require.Error(t, err, table)
			require.Regexp(t, "tenancy.append_only|permission denied|violates foreign key", err.Error(), table)
		}
		require.NoError(t, r.rehearse("UPDATE erp.dimensions SET name = 'x', active = false"+mine, "UPDATE erp.dimension_values SET name = 'x', active = false"+mine))
		require.NoError(t, r.rehearse("UPDATE erp.invoices SET credited_minor = 1"+mine, "UPDATE erp.bills SET credited_minor = 1"+mine))
		refused(t, r.rehearse("UPDATE erp.invoices SET credited_minor = 2"+mine, "UPDATE erp.invoices SET credited_minor = 1"+mine), "accounting.issued_changed")
		refused(t, r.rehearse("UPDATE erp.bills SET credited_minor = 2"+mine, "UPDATE erp.bills SET credited_minor = 1"+mine), "accounting.issued_changed")
		refused(t, r.rehearse("UPDATE erp.open_items SET open_base_minor = open_base_minor / 2"+mine+" AND open_minor > 1", "UPDATE erp.open_items SET open_base_minor = open_base_minor * 2 - 1"+mine+" AND open_minor > 1"), "accounting.over_allocated")
		refused(t, r.rehearse("UPDATE erp.open_items SET open_minor = open_minor / 2"+mine+" AND open_minor > 1", "UPDATE erp.open_items SET open_minor = open_minor * 2 - 1"+mine+" AND open_minor > 1"), "accounting.over_allocated")
		r.s.sound()
	})
}

// A combination of dimensions that lines name takes no further values: they would be analysed by what nobody posted.
func TestDatabaseKeepsCombinationsOfDimensions(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		if list, err := r.s.books.ListDimensions(r.s.ctx); err != nil || len(list) == 0 {
			r.s.analysed()
			r.s.post(takings("2010-12-01", 100, accounting.Dimensions{"shop": "york"}))
		}
		value := func(set, code string) string {
			return fmt.Sprintf("INSERT INTO erp.dimension_set_values (tenant_id, set_id, dimension_id, value_id) SELECT s.tenant_id, s.id, v.dimension_id, v.id "+
				"FROM erp.dimension_sets s, erp.dimension_values v WHERE s.tenant_id = '%s' AND v.tenant_id = '%[1]s' AND v.code = '%s'%s", r.tenant, code, set)
		}
		id := uuid.NewString()
		set := "INSERT INTO erp.dimension_sets (tenant_id, id, value_count, created_at) VALUES ('" + r.tenant.String() + "', '" + id + "', %d, '2010-12-01T00:00:00.000000Z')"
		own := " AND s.id = '" + id + "'"
		require.NoError(t, r.rehearse(fmt.Sprintf(set, 2), value(own, "10"), value(own, "york")), "the attacks below prove nothing unless this works")
		refused(t, r.rehearse(value("", "10")), "accounting.issued_changed")
		refused(t, r.rehearse(fmt.Sprintf(set, 1), value(own, "10"), value(own, "york")), "accounting.issued_changed")
		refused(t, r.rehearse(fmt.Sprintf(set, 0)), "value_count")
	})
}

// INSERT OR REPLACE deletes what stands in its way without firing a trigger: by the id, and by every other key that a table knows.
func TestDatabaseRefusesReplacements(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		if r.s.env.Name != "sqlite" {
			return // a statement of SQLite's own
		}
		r.s.furnished()
		for _, m := range r.s.env.DB.Registry().Models {
			if _, ok := kept[m.Table]; !ok {
				continue
			}
			names, types := r.columns(m.Table)
			keys, others := r.uniqueKeys(r.s.env.SQL(m.Table)), map[string]bool{}
			for _, key := range keys {
				for _, column := range key.columns {
					others[column] = true
				}
			}
			for _, key := range keys {
				if m.Table == "erp.number_series" && slices.Contains(key.columns, "id") {
					continue // below
				}
				from := slices.Clone(names)
				for i, column := range names { // nothing but this key stands in the way
					if others[column] && !slices.Contains(key.columns, column) {
						from[i] = bookstest.OtherValue(column, types[i])
					}
				}
				where := " WHERE tenant_id = '" + r.tenant.String() + "' AND " + key.of
				var there int
				require.NoError(t, r.db.QueryRow(r.s.env.SQL("SELECT COUNT(*) FROM "+m.Table+where)).Scan(&there))
				require.NotZero(t, there, "%s has no row to attack by %v", m.Table, key.columns)
				err := r.rehearse("INSERT OR REPLACE INTO " + m.Table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(from, ", ") + " FROM " + m.Table + where + " ORDER BY rowid DESC LIMIT 1")
				require.Error(t, err, "%s by %v", m.Table, key.columns)
				require.Contains(t, err.Error(), "erp/", "%s by %v", m.Table, key.columns)
			}
		}
		series := "INSERT OR REPLACE INTO erp.number_series (tenant_id, id, code, fiscal_year_id, taken, last_date) SELECT tenant_id, id, code, fiscal_year_id, taken - 1, NULL FROM erp.number_series" +
			r.where() + "taken > 0"
		refused(t, r.rehearse(series), "accounting.backdated")
		r.s.sound()
	})
}

// uniqueKey is a key of a table of SQLite, and which rows it is of.
type uniqueKey struct {
	columns []string
	of      string
}

// uniqueKeys are those of a table, its primary key among them.
func (r *raw) uniqueKeys(table string) []uniqueKey {
	t := r.s.t
	rows, err := r.db.Query("SELECT i.name, c.name, coalesce(m.sql, '') FROM pragma_index_list('" + table + "') AS i, pragma_index_info(i.name) AS c " +
		"LEFT JOIN sqlite_master AS m ON m.name = i.name WHERE i.\"unique\" ORDER BY i.name, c.seqno")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var out []uniqueKey
	last := ""
	for rows.Next() {
		var index, column, text string
		require.NoError(t, rows.Scan(&index, &column, &text))
		if index != last {
			_, of, partial := strings.Cut(text, " WHERE ")
			if !partial {
				of = "1 = 1"
			}
			out, last = append(out, uniqueKey{of: of}), index
		}
		key := &out[len(out)-1]
		key.columns = append(key.columns, column)
		key.of += " AND " + column + " IS NOT NULL"
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, out, table)
	return out
}
