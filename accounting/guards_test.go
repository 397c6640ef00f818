package accounting_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// raw is a connection past the library, as the tables' owner or, on PostgreSQL, in the application's role.
type raw struct {
	s      *shop
	db     *sql.DB
	tenant uuid.UUID
	asApp  bool
}

// eachRaw runs fn as everyone who can reach the tables: the owner on both engines, and the application's role.
func eachRaw(t *testing.T, fn func(t *testing.T, r *raw)) {
	t.Helper()
	each(t, func(t *testing.T, s *shop) {
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		for _, asApp := range []bool{false, true} {
			if asApp && s.env.Name == "sqlite" {
				continue // a file has no roles: whoever opens it is its owner
			}
			t.Run(map[bool]string{false: "owner", true: "application"}[asApp], func(t *testing.T) {
				fn(t, &raw{s: s, db: s.env.Owner(t, tenant), tenant: tenant, asApp: asApp})
			})
		}
	})
}

// try runs statements in one transaction and commits, and gives the first refusal.
func (r *raw) try(statements ...string) error { return r.run(true, statements) }

// rehearse is try without the commit.
func (r *raw) rehearse(statements ...string) error { return r.run(false, statements) }

func (r *raw) run(commit bool, statements []string) error {
	ctx := context.Background()
	tx, err := r.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if r.asApp {
		for _, set := range []string{"SELECT set_config('erp.tenant', erp.sign('" + r.tenant.String() + "'), true)", "SET LOCAL ROLE erp_app"} {
			if _, err := tx.ExecContext(ctx, set); err != nil {
				return err
			}
		}
	}
	for _, st := range statements {
		if _, err := tx.ExecContext(ctx, r.s.env.SQL(st)); err != nil {
			return err
		}
	}
	if !commit {
		return nil
	}
	return tx.Commit()
}

func (r *raw) account(role accounting.Role) string {
	r.s.t.Helper()
	a, err := r.s.books.GetAccount(r.s.ctx, accounting.ByRole(role))
	require.NoError(r.s.t, err)
	return a.ID.String()
}

func (r *raw) period(name string) string {
	r.s.t.Helper()
	all, err := r.s.books.Periods(r.s.ctx)
	require.NoError(r.s.t, err)
	for _, p := range all {
		if p.Name == name {
			return p.ID.String()
		}
	}
	r.s.t.Fatalf("no period %s", name)
	return ""
}

func (r *raw) journal() string {
	r.s.t.Helper()
	all, err := r.s.books.ListJournals(r.s.ctx)
	require.NoError(r.s.t, err)
	return all[0].ID.String()
}

// header writes an entry's header; extra changes columns: "entry_date=2010-11-30".
func (r *raw) header(id, period string, extra ...string) string {
	columns := []string{"tenant_id", "id", "journal_id", "period_id", "entry_date", "document_date", "kind", "fingerprint", "line_count", "lock_exception", "late", "source_model", "posted_at"}
	values := map[string]string{"tenant_id": r.tenant.String(), "id": id, "journal_id": r.journal(), "period_id": r.period(period),
		"entry_date": "2010-12-01", "document_date": "2010-12-01", "kind": "entry", "fingerprint": "x", "line_count": "2", "lock_exception": "false", "late": "false",
		"source_model": "", "posted_at": "2010-12-01T00:00:00.000000Z"}
	for _, e := range extra {
		k, v, _ := strings.Cut(e, "=")
		if _, ok := values[k]; !ok {
			columns = append(columns, k)
		}
		values[k] = v
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		switch c {
		case "line_count", "lock_exception", "late":
			out[i] = values[c]
		default:
			out[i] = "'" + values[c] + "'"
		}
	}
	return "INSERT INTO erp.journal_entries (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(out, ", ") + ")"
}

// line is one row for lines.
func (r *raw) line(entry string, no int, role accounting.Role, minor int64, on string) string {
	return r.foreign(entry, no, role, minor, on, minor, "GBP")
}

// foreign is line of an amount in another currency.
func (r *raw) foreign(entry string, no int, role accounting.Role, minor int64, on string, transaction int64, currency string) string {
	return fmt.Sprintf("('%s', '%s', %d, '%s', '%s', %d, 'GBP', %d, '%s')", r.tenant, entry, no, r.account(role), on, minor, transaction, currency)
}

func lines(rows ...string) string {
	return "INSERT INTO erp.journal_lines (tenant_id, entry_id, line_no, account_id, entry_date, amount_minor, amount_currency, transaction_minor, transaction_currency) VALUES " + strings.Join(rows, ", ")
}

// refused requires a refusal that names the code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	require.Error(t, err)
	require.Contains(t, err.Error(), code)
}

const cash, sales = accounting.RoleCash, accounting.RoleSales

func TestDatabaseTakesAWholeEntry(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		id := tenancy.NewID().String()
		require.NoError(t, r.try(r.header(id, "2010-12"), lines(r.line(id, 1, cash, 5, "2010-12-01"), r.line(id, 2, sales, -5, "2010-12-01"))),
			"the attacks below prove nothing unless this works")
		id = tenancy.NewID().String()
		require.NoError(t, r.try(r.header(id, "2010-12"), lines(r.line(id, 1, cash, 5, "2010-12-01")), lines(r.line(id, 2, sales, -5, "2010-12-01"))),
			"the lines may come in several statements, the last one last")
	})
}

func TestDatabaseRefusesBadEntries(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		id := tenancy.NewID().String()
		good := func(no int, minor int64) string { return r.line(id, no, cash, minor, "2010-12-01") }
		table := []struct {
			name       string
			statements []string
			code       string
		}{
			{"unbalanced", []string{r.header(id, "2010-12"), lines(good(1, 5), good(2, -4))}, "accounting.entry_unbalanced"},
			{"unbalanced in two statements", []string{r.header(id, "2010-12"), lines(good(1, 5)), lines(good(2, -4))}, "accounting.entry_unbalanced"},
			{"lines without a header", []string{lines(good(1, 5), good(2, -5))}, "accounting.entry_incomplete"},
			{"lines before their header", []string{lines(good(1, 5), good(2, -5)), r.header(id, "2010-12")}, "accounting.entry_incomplete"},
			{"a header without lines", []string{r.header(id, "2010-12")}, ""},
			{"fewer lines than stated", []string{r.header(id, "2010-12", "line_count=3"), lines(good(1, 5), good(2, -5))}, ""},
			{"more lines than stated", []string{r.header(id, "2010-12"), lines(good(1, 5), good(2, -5), good(3, 1))}, "accounting.entry_incomplete"},
			{"the last line first", []string{r.header(id, "2010-12"), lines(good(2, -5)), lines(good(1, 5))}, "accounting.entry_incomplete"},
			{"line zero", []string{r.header(id, "2010-12"), lines(good(0, 5), good(1, -5), good(2, 1))}, ""},
			{"a line of another date", []string{r.header(id, "2010-12"), lines(good(1, 5), r.line(id, 2, sales, -5, "2010-12-02"))}, "accounting.entry_incomplete"},
			{"a date outside the period", []string{r.header(id, "2010-11"), lines(good(1, 5), good(2, -5))}, "accounting.no_period"},
			{"one line", []string{r.header(id, "2010-12", "line_count=1"), lines(good(1, 5))}, ""},
			{"a line of nothing", []string{r.header(id, "2010-12"), lines(good(1, 0), good(2, 0))}, ""},
			{"another currency", []string{r.header(id, "2010-12"), lines(good(1, 5), strings.Replace(good(2, -5), "GBP", "USD", 1))}, "accounting.entry_unbalanced"},
		}
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) { refused(t, r.try(row.statements...), row.code) })
		}
		r.s.sound()
	})
}

// Each foreign currency of an entry sums to zero, unless its kind turns one currency into another; base and transaction agree.
func TestDatabaseWeighsForeignCurrencies(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		id := tenancy.NewID().String()
		usd := func(no int, minor, transaction int64) string {
			return r.foreign(id, no, cash, minor, "2010-12-01", transaction, "USD")
		}
		require.NoError(t, r.rehearse(r.header(id, "2010-12"), lines(usd(1, 5, 8), usd(2, -5, -8))))
		require.NoError(t, r.rehearse(r.header(id, "2010-12"), lines(usd(1, 5, 0), r.line(id, 2, cash, -5, "2010-12-01"))), "in base alone")
		for _, kind := range []string{"exchange", "revaluation", "realised", "rounding"} {
			require.NoError(t, r.rehearse(r.header(id, "2010-12", "kind="+kind), lines(usd(1, 5, 8), r.line(id, 2, cash, -5, "2010-12-01"))), kind)
		}
		table := []struct {
			name       string
			statements []string
			code       string
		}{
			{"unbalanced in dollars", []string{r.header(id, "2010-12"), lines(usd(1, 5, 8), usd(2, -5, -7))}, "accounting.entry_unbalanced"},
			{"dollars for pounds", []string{r.header(id, "2010-12"), lines(usd(1, 5, 8), r.line(id, 2, cash, -5, "2010-12-01"))}, "accounting.entry_unbalanced"},
			{"unbalanced in two statements", []string{r.header(id, "2010-12"), lines(usd(1, 5, 8)), lines(usd(2, -5, -7))}, "accounting.entry_unbalanced"},
			{"dollars for pounds in two statements", []string{r.header(id, "2010-12"), lines(usd(1, 5, 8)), lines(r.line(id, 2, cash, -5, "2010-12-01"))}, "accounting.entry_unbalanced"},
			{"unbalanced in base", []string{r.header(id, "2010-12", "kind=exchange"), lines(usd(1, 5, 8), usd(2, -4, -8))}, "accounting.entry_unbalanced"},
			{"a reversal of nothing", []string{r.header(id, "2010-12", "kind=reversal"), lines(usd(1, 5, 8), usd(2, -5, -7))}, "accounting.entry_unbalanced"},
			{"pounds that differ from pounds", []string{r.header(id, "2010-12"), lines(r.foreign(id, 1, cash, 5, "2010-12-01", 6, "GBP"),
				r.foreign(id, 2, cash, -5, "2010-12-01", -6, "GBP"))}, ""},
			{"a debit that is a credit", []string{r.header(id, "2010-12"), lines(usd(1, 5, -8), usd(2, -5, 8))}, ""},
			{"nothing of anything", []string{r.header(id, "2010-12"), lines(usd(1, 0, 0), usd(2, 0, 0))}, ""},
		}
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) { refused(t, r.try(row.statements...), row.code) })
		}
		r.s.sound()
	})
}

func TestDatabaseRefusesChanges(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		e := r.s.post(transfer("", "2010-12-01", 100))[0]
		v := r.s.issue(invoice("", r.s.ann.ID, "2010-12-01", "10"))[0]
		bill := r.s.bill(aBill("", "", r.s.ben.ID, "2010-12-01", "10"))[0].ID.String()
		id := e.ID.String()
		where := fmt.Sprintf(" WHERE tenant_id = '%s' AND ", r.tenant)
		table := []struct {
			name, statement, code string
		}{
			{"a line added later", lines(r.line(id, 3, cash, 5, "2010-12-01")), "accounting.entry_incomplete"},
			{"two lines added later", lines(r.line(id, 3, cash, 5, "2010-12-01"), r.line(id, 4, cash, -5, "2010-12-01")), "accounting.entry_incomplete"},
			{"a line changed", "UPDATE erp.journal_lines SET amount_minor = 1" + where + "entry_id = '" + id + "'", ""},
			{"a line moved", "UPDATE erp.journal_lines SET entry_date = '2010-11-01'" + where + "entry_id = '" + id + "'", ""},
			{"a line deleted", "DELETE FROM erp.journal_lines" + where + "entry_id = '" + id + "'", ""},
			{"a header changed", "UPDATE erp.journal_entries SET line_count = 1" + where + "id = '" + id + "'", ""},
			{"a header deleted", "DELETE FROM erp.journal_entries" + where + "id = '" + id + "'", ""},
			{"an invoice changed", "UPDATE erp.invoices SET gross_minor = 1, net_minor = 1" + where + "id = '" + v.ID.String() + "'", "accounting.issued_changed"},
			{"an invoice paid by decree", "UPDATE erp.invoices SET settled_by_id = '" + r.account(cash) + "'" + where + "id = '" + v.ID.String() + "'", "accounting.issued_changed"},
			{"an invoice over-credited", "UPDATE erp.invoices SET credited_minor = 1001" + where + "id = '" + v.ID.String() + "'", ""},
			{"an invoice deleted", "DELETE FROM erp.invoices" + where + "id = '" + v.ID.String() + "'", ""},
			{"an invoice line changed", "UPDATE erp.invoice_lines SET net_minor = 1" + where + "invoice_id = '" + v.ID.String() + "'", ""},
			{"an invoice text changed", "UPDATE erp.invoice_texts SET note = 'x'" + where + "invoice_id = '" + v.ID.String() + "'", ""},
			{"a bill changed", "UPDATE erp.bills SET gross_minor = 1, net_minor = 1" + where + "id = '" + bill + "'", "accounting.issued_changed"},
			{"a bill of another number", "UPDATE erp.bills SET vendor_number = 'V-2'" + where + "id = '" + bill + "'", "accounting.issued_changed"},
			{"a bill over-credited", "UPDATE erp.bills SET credited_minor = 1001" + where + "id = '" + bill + "'", ""},
			{"a bill deleted", "DELETE FROM erp.bills" + where + "id = '" + bill + "'", ""},
			{"a bill line changed", "UPDATE erp.bill_lines SET net_minor = 1" + where + "bill_id = '" + bill + "'", ""},
			{"a bill text changed", "UPDATE erp.bill_texts SET note = 'x'" + where + "bill_id = '" + bill + "'", ""},
			{"an open item over-allocated", "UPDATE erp.open_items SET open_minor = -1" + where + "id = '" + v.ID.String() + "'", ""},
			{"an open item enlarged", "UPDATE erp.open_items SET original_minor = 5000, open_minor = 5000" + where + "id = '" + v.ID.String() + "'", "accounting.over_allocated"},
			{"an open item worth more", "UPDATE erp.open_items SET base_minor = 5000, open_base_minor = 5000" + where + "id = '" + v.ID.String() + "'", "accounting.over_allocated"},
			{"an open item settled but for its worth", "UPDATE erp.open_items SET open_minor = 0" + where + "id = '" + v.ID.String() + "'", ""},
			{"a number given back", "UPDATE erp.number_series SET taken = 0" + where + "taken > 0", "accounting.backdated"},
			{"an account of another type", "UPDATE erp.accounts SET type = 'equity'" + where + "id = '" + r.account(cash) + "'", "accounting.issued_changed"},
			{"another currency", "UPDATE erp.books SET currency = 'EUR'" + where + "1 = 1", "accounting.books_differ"},
		}
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) { refused(t, r.try(row.statement), row.code) })
		}
		if r.s.env.Name == "sqlite" {
			for name, statement := range map[string]string{
				"a line replaced":          strings.Replace(lines(r.line(id, 1, cash, 7, "2010-12-01")), "INSERT", "INSERT OR REPLACE", 1),
				"a last line replaced":     strings.Replace(lines(r.line(id, 2, cash, -100, "2010-12-01")), "INSERT", "INSERT OR REPLACE", 1),
				"a header replaced":        strings.Replace(r.header(id, "2010-12"), "INSERT", "INSERT OR REPLACE", 1),
				"an insert that overrules": lines(r.line(id, 1, cash, 7, "2010-12-01")) + " ON CONFLICT DO UPDATE SET amount_minor = 7",
			} {
				t.Run(name, func(t *testing.T) { refused(t, r.try(statement), "") })
			}
		}
		r.s.sound()
	})
}

func TestDatabaseRefusesLockedPeriods(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		set := func(name string, state accounting.PeriodState) {
			t.Helper()
			_, err := r.s.books.SetPeriodState(r.s.ctx, accounting.SetPeriod{PeriodID: uuid.MustParse(r.period(name)), State: state, Reason: "test"})
			require.NoError(t, err)
		}
		entry := func(on string, extra ...string) []string {
			id := tenancy.NewID().String()
			return []string{r.header(id, on[:7], append(extra, "entry_date="+on)...), lines(r.line(id, 1, cash, 5, on), r.line(id, 2, sales, -5, on))}
		}
		set("2010-10", accounting.PeriodSoftLocked)
		refused(t, r.try(entry("2010-10-05")...), "accounting.period_soft_locked")
		require.NoError(t, r.try(entry("2010-10-05", "lock_exception=true")...))
		set("2010-10", accounting.PeriodOpen)
		require.NoError(t, r.try(entry("2010-10-05")...))
		if r.asApp {
			return // what follows cannot be taken back, and both attackers share the shop
		}
		set("2010-09", accounting.PeriodLocked)
		refused(t, r.try(entry("2010-09-05")...), "accounting.period_locked")
		refused(t, r.try(entry("2010-09-05", "lock_exception=true")...), "accounting.period_locked")
		refused(t, r.try("UPDATE erp.periods SET state = 'open' WHERE tenant_id = '"+r.tenant.String()+"' AND name = '2010-09'"), "accounting.period_state")
		refused(t, r.try("UPDATE erp.periods SET ends_on = '2010-10-02' WHERE tenant_id = '"+r.tenant.String()+"' AND name = '2010-09'"), "accounting.period_state")
		_, err := r.s.books.SetPeriodState(r.s.ctx, accounting.SetPeriod{PeriodID: uuid.MustParse(r.period("2010-09")), State: accounting.PeriodOpen, Reason: "please"})
		require.ErrorIs(t, err, accounting.ErrPeriodState)

		// The one door: history may be brought into locked periods while the tenant is importing, and must balance even then. A
		// tenant is importing only before it is ever active, so the owner has to force the gate here.
		require.NoError(t, r.rehearse(append(r.forceGate("importing"), entry("2010-09-05")...)...))
		id := tenancy.NewID().String()
		refused(t, r.rehearse(append(r.forceGate("importing"), r.header(id, "2010-09", "entry_date=2010-09-05"),
			lines(r.line(id, 1, cash, 5, "2010-09-05"), r.line(id, 2, sales, -4, "2010-09-05")))...), "accounting.entry_unbalanced")
		refused(t, r.try(entry("2010-09-05")...), "accounting.period_locked")
	})
}

// forceGate takes the gate's own guards down, within a transaction that is rolled back.
func (r *raw) forceGate(state string) []string {
	r.s.t.Helper()
	out := []string{"ALTER TABLE erp.tenant_gates DISABLE TRIGGER USER"}
	if r.s.env.Name == "sqlite" {
		out = nil
		rows, err := r.db.Query("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'erp_tenant_gates'")
		require.NoError(r.s.t, err)
		defer func() { require.NoError(r.s.t, rows.Close()) }()
		for rows.Next() {
			var name string
			require.NoError(r.s.t, rows.Scan(&name))
			out = append(out, "DROP TRIGGER "+name)
		}
		require.NoError(r.s.t, rows.Err())
	}
	return append(out, "UPDATE erp.tenant_gates SET state = '"+state+"' WHERE tenant_id = '"+r.tenant.String()+"'")
}

// copyOf inserts a copy of a row with other values.
func (r *raw) copyOf(table, id string, others map[string]string) string {
	r.s.t.Helper()
	for _, m := range r.s.env.DB.Registry().Models {
		if m.Table != table {
			continue
		}
		var names, values []string
		for _, c := range m.Columns {
			value, ok := others[c.Name]
			if !ok {
				value = c.Name
			}
			names, values = append(names, c.Name), append(values, value)
		}
		return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE tenant_id = '%s' AND id = '%s'", table, strings.Join(names, ", "), strings.Join(values, ", "), table, r.tenant, id)
	}
	r.s.t.Fatalf("no table %s", table)
	return ""
}

// What a document is worth follows from its rate, and neither from nothing, nor changes.
func TestGuardDocumentCurrencies(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		r.s.rate("2010-12-01", "0.64")
		v := r.s.issue(inDollars(r.s, "10", ""), document(r.s, "10", ""))
		b := r.s.bill(accounting.NewBill{PartyID: r.s.ben.ID, Date: day("2010-12-01"), Currency: "USD",
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: usd(500)}}})[0]
		next := map[string]string{"id": "'" + uuid.NewString() + "'", "seq": "99", "number": "'X-99'", "reference": "NULL", "vendor_number": "NULL"}
		with := func(pairs ...string) map[string]string {
			out := maps.Clone(next)
			for i := 0; i < len(pairs); i += 2 {
				out[pairs[i]] = pairs[i+1]
			}
			return out
		}
		euros := []string{"net_currency", "'EUR'", "tax_currency", "'EUR'", "gross_currency", "'EUR'", "withheld_currency", "'EUR'", "payable_currency", "'EUR'"}
		pounds := []string{"net_currency", "'GBP'", "tax_currency", "'GBP'", "gross_currency", "'GBP'", "withheld_currency", "'GBP'", "payable_currency", "'GBP'"}
		for name, row := range map[string]struct{ statement, code string }{
			"an invoice in two currencies":        {r.copyOf("erp.invoices", v[0].ID.String(), with("net_currency", "'EUR'")), ""},
			"an invoice that is worth otherwise":  {r.copyOf("erp.invoices", v[0].ID.String(), with("payable_base_minor", "1")), ""},
			"an invoice in base, worth otherwise": {r.copyOf("erp.invoices", v[1].ID.String(), with("net_base_minor", "1", "payable_base_minor", "1")), ""},
			"an invoice in base with a rate":      {r.copyOf("erp.invoices", v[0].ID.String(), with(pounds...)), "accounting.wrong_currency"},
			"a foreign invoice without a rate":    {r.copyOf("erp.invoices", v[1].ID.String(), with(euros...)), "accounting.wrong_currency"},
			"a foreign bill without a rate": {r.copyOf("erp.bills", b.ID.String(), with("rate_on", "NULL", "rate_source", "''", "net_base_minor", "net_minor",
				"payable_base_minor", "payable_minor")), "accounting.wrong_currency"},
			"a credit in another currency":           {r.copyOf("erp.invoices", v[0].ID.String(), with(append(euros, "kind", "'credit_note'", "corrects_id", "id")...)), "accounting.wrong_currency"},
			"a credit of a bill in another currency": {r.copyOf("erp.bills", b.ID.String(), with(append(euros, "kind", "'vendor_credit'", "corrects_id", "id")...)), "accounting.wrong_currency"},
			"another rate":                           {fmt.Sprintf("UPDATE erp.invoices SET rate = '2' WHERE tenant_id = '%s' AND id = '%s'", r.tenant, v[0].ID), "accounting.issued_changed"},
			"another worth":                          {fmt.Sprintf("UPDATE erp.bills SET payable_base_minor = 1, net_base_minor = 1 WHERE tenant_id = '%s' AND id = '%s'", r.tenant, b.ID), "accounting.issued_changed"},
			"another day":                            {fmt.Sprintf("UPDATE erp.invoices SET rate_on = '2010-11-01' WHERE tenant_id = '%s' AND id = '%s'", r.tenant, v[0].ID), "accounting.issued_changed"},
		} {
			t.Run(name, func(t *testing.T) { refused(t, r.try(row.statement), row.code) })
		}
		require.NoError(t, r.rehearse(r.copyOf("erp.invoices", v[0].ID.String(), next)), "only what is wrong is refused")
		r.s.sound()
	})
}
