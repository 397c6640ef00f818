package bank_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/tenancy"
)

// raw is a connection past the library, as the tables' owner or, on PostgreSQL, in the application's role.
type raw struct {
	s      *shop
	db     *sql.DB
	tenant uuid.UUID
	asApp  bool
}

// eachRaw runs fn as everyone who can reach the tables, with a shop that all of them share.
func eachRaw(t *testing.T, s *shop, fn func(t *testing.T, r *raw)) {
	t.Helper()
	tenant := tenancy.ScopeOf(s.ctx).TenantID()
	for _, asApp := range []bool{false, true} {
		if asApp && s.env.Name == "sqlite" {
			continue // a file has no roles: whoever opens it is its owner
		}
		t.Run(map[bool]string{false: "owner", true: "application"}[asApp], func(t *testing.T) {
			fn(t, &raw{s: s, db: s.env.Owner(t, tenant), tenant: tenant, asApp: asApp})
		})
	}
}

// try runs statements in one transaction and gives the first refusal; the last check is the commit's, and nothing stays.
func (r *raw) try(statements ...string) error {
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
	return nil
}

// change gives a statement for each column of a table but some, which changes it in the rows of a condition.
func (r *raw) change(table, where string, but ...string) map[string]string {
	t := r.s.t
	rows, err := r.db.Query(r.s.env.SQL("SELECT * FROM " + table + " WHERE 1 = 0"))
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	types, err := rows.ColumnTypes()
	require.NoError(t, err)
	require.NoError(t, rows.Err())
	out := map[string]string{}
	for _, c := range types {
		if !slices.Contains(but, c.Name()) {
			out[table+"."+c.Name()] = fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", table, c.Name(), bookstest.OtherValue(c.Name(), c.DatabaseTypeName()), where)
		}
	}
	require.NotEmpty(t, out)
	return out
}

// rows makes rows of the bank's tables as somebody with raw access would.
type rows struct{ r *raw }

func (m rows) statement(id uuid.UUID, name string, lines, sum, difference, closing int, changes ...string) string {
	row := fmt.Sprintf(`INSERT INTO erp.bank_statements (tenant_id, id, bank_account_id, format, statement_id, sequence, sequence_no, page, fingerprint, opening_on,
		opening_minor, opening_currency, closing_on, closing_minor, closing_currency, sum_minor, sum_currency, difference_minor, difference_currency, accepted, line_count,
		notes, imported_at) VALUES ('%s', '%s', '%s', 'csv', '%s', '', 0, 0, 'x', '2026-01-01', 0, 'GBP', '2026-01-31', %d, 'GBP', %d, 'GBP', %d, 'GBP', FALSE, %d,
		'', '2026-02-01T00:00:00.000000Z')`, m.r.tenant, id, m.r.s.account.ID, name, closing, sum, difference, lines)
	return changed(m.r.s.t, row, changes)
}

func (m rows) line(id, statement uuid.UUID, no, minor int, changes ...string) string {
	row := fmt.Sprintf(`INSERT INTO erp.bank_lines (tenant_id, id, bank_account_id, statement_id, line_no, booked_on, value_stated, amount_minor, amount_currency,
		foreign_minor, foreign_currency, foreign_rate, reversal, code) VALUES ('%s', '%s', '%s', '%s', %d, '2026-01-05', '', %d, 'GBP', 0, NULL, '0', FALSE, '')`, m.r.tenant, id, m.r.s.account.ID, statement, no, minor)
	return changed(m.r.s.t, row, changes)
}

func (m rows) reconciliation(id, line uuid.UUID, active string, changes ...string) string {
	row := fmt.Sprintf(`INSERT INTO erp.bank_reconciliations (tenant_id, id, bank_account_id, line_id, fingerprint, active, reconciled_at)
		VALUES ('%s', '%s', '%s', '%s', 'x', %s, '2026-02-01T00:00:00.000000Z')`, m.r.tenant, id, m.r.s.account.ID, line, active)
	return changed(m.r.s.t, row, changes)
}

func (m rows) match(reconciliation uuid.UUID, no int, entry uuid.UUID, entryLine int, changes ...string) string {
	row := fmt.Sprintf(`INSERT INTO erp.bank_matches (tenant_id, reconciliation_id, match_no, entry_id, entry_line_no, origin, amount_minor, amount_currency, active)
		VALUES ('%s', '%s', %d, '%s', %d, 'existing', 300, 'GBP', TRUE)`, m.r.tenant, reconciliation, no, entry, entryLine)
	return changed(m.r.s.t, row, changes)
}

func (m rows) account(number, ledger string, changes ...string) string {
	row := fmt.Sprintf(`INSERT INTO erp.bank_accounts (tenant_id, id, number, name, currency, account_id, unnumbered, created_at)
		VALUES ('%s', '%s', %s, 'x', 'GBP', '%s', FALSE, '2026-02-01T00:00:00.000000Z')`, m.r.tenant, uuid.New(), number, ledger)
	return changed(m.r.s.t, row, changes)
}

// changed replaces within a row that is good, pair by pair; what is to be replaced must be there.
func changed(t testing.TB, row string, pairs []string) string {
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, row, pairs[i])
		row = strings.Replace(row, pairs[i], pairs[i+1], 1)
	}
	return row
}

// attack is what is tried past the library, and the code of the refusal, or a word of it.
type attack struct {
	name, code string
	statements []string
}

// What the code refuses the database refuses as well, of its owner and of the application, and each for its own fault: the same
// without it goes through.
func TestGuards(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		entry := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-05", 300, "cash"), line("2026-01-06", 300, "more"))
		done := s.reconcile(is(lines[0], bank.Part{EntryID: entry.ID}))[0]
		undone := s.reconcile(is(lines[1], fees(300)))[0]
		_, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: undone.ID, Reason: "wrong"}})
		require.NoError(t, err)
		free, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1297", Name: "Free", Type: accounting.Asset, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		second, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1296", Name: "Free too", Type: accounting.Asset, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		other := s.transfer("2026-01-07", 300)
		st, ledger := lines[0].StatementID, free.ID.String()
		eachRaw(t, s, func(t *testing.T, r *raw) {
			m, id, one, two := rows{r}, uuid.New(), uuid.New(), uuid.New()
			good := [][]string{
				{m.statement(id, "Y", 2, 4, 0, 4), m.line(one, id, 1, 2), m.line(two, id, 2, 2)},
				{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 1, 4, "0, NULL, '0'", "5, 'USD', '0.8'")},
				{m.statement(id, "Y", 0, 0, 0, 0)}, {m.statement(id, "Y", 0, 0, 5, 5, "FALSE, 0", "TRUE, 0")},
				{m.statement(id, "S-I", 0, 0, 0, 0, "0, 0, 'x'", "0, 1, 'x'")},
				{m.reconciliation(id, lines[1].ID, "TRUE"), m.match(id, 1, other.ID, 1)}, {m.match(done.ID, 2, other.ID, 1)},
				{m.account("'9'", ledger), m.account("'8'", second.ID.String())}, {m.account("NULL", ledger, ", number,", ", iban,", "NULL", "'DE75512108001245126199'")},
			}
			for _, statements := range good {
				require.NoError(t, r.try(statements...), "the attacks below prove nothing unless this works")
			}
			attacks := []attack{
				{"a line taken away", "", []string{fmt.Sprintf("DELETE FROM erp.bank_lines WHERE id = '%s'", lines[1].ID)}},
				{"a statement taken away", "", []string{fmt.Sprintf("DELETE FROM erp.bank_statements WHERE id = '%s'", st)}},
				{"a reconciliation taken away", "", []string{fmt.Sprintf("DELETE FROM erp.bank_reconciliations WHERE id = '%s'", undone.ID)}},
				{"a match taken away", "", []string{fmt.Sprintf("DELETE FROM erp.bank_matches WHERE reconciliation_id = '%s'", done.ID)}},
				{"a text changed", "append_only", []string{fmt.Sprintf("UPDATE erp.bank_line_texts SET remittance = '' WHERE line_id = '%s'", lines[0].ID)}},
				{"a line added", "bank.statement_changed", []string{m.line(uuid.New(), st, 3, 1)}},
				{"a line of no statement", "", []string{m.line(one, id, 1, 2)}},
				{"a line of another currency", "bank.statement_changed", []string{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 1, 4, "GBP", "EUR")}},
				{"an amount in no other currency", "lines_foreign", []string{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 1, 4, "0, NULL", "5, NULL")}},
				{"another currency without an amount", "lines_foreign", []string{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 1, 4, "0, NULL", "0, 'USD'")}},
				{"its own currency as another", "lines_foreign", []string{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 1, 4, "0, NULL", "5, 'GBP'")}},
				{"another currency the other way", "lines_foreign", []string{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 1, 4, "0, NULL", "-5, 'USD'")}},
				{"a line number zero", "line_no", []string{m.statement(id, "Y", 1, 4, 0, 4), m.line(one, id, 0, 4)}},
				{"the same place twice", "", []string{m.statement(id, "Y", 3, 4, 0, 4), m.line(one, id, 1, 2), m.line(two, id, 1, 2)}},
				{"a statement of a taken name", "", []string{m.statement(id, "S-I", 0, 0, 0, 0)}},
				{"one that does not add up", "statements_sum", []string{m.statement(id, "X", 0, 0, 0, 5)}},
				{"a sum of no lines", "statements_empty", []string{m.statement(id, "X", 0, 5, 0, 5)}},
				{"one that nobody accepted", "statements_accepted", []string{m.statement(id, "X", 0, 0, 5, 5)}},
				{"two currencies", "statements_currency", []string{m.statement(id, "X", 0, 0, 0, 0, "'GBP', 0", "'EUR', 0")}},
				{"a format that is none", "format", []string{m.statement(id, "X", 0, 0, 0, 0, "'csv'", "'pdf'")}},
				{"a page below zero", "page", []string{m.statement(id, "X", 0, 0, 0, 0, "0, 0, 'x'", "0, -1, 'x'")}},
				{"fewer lines than none", "line_count", []string{m.statement(id, "X", -1, 0, 0, 0)}},
				{"lines that do not add up", "bank.unbalanced", []string{m.statement(id, "X", 2, 5, 0, 5), m.line(one, id, 1, 2), m.line(two, id, 2, 2)}},
				{"the last line before the first", "bank.unbalanced", []string{m.statement(id, "X", 2, 4, 0, 4), m.line(two, id, 2, 4)}},
				{"a second reconciliation", "", []string{m.reconciliation(id, lines[0].ID, "TRUE")}},
				{"one that is born undone", "reconciliations_undone", []string{m.reconciliation(id, lines[1].ID, "FALSE")}},
				{"a journal line matched twice", "", []string{m.match(done.ID, 2, entry.ID, 1)}},
				{"a match in the place of another", "", []string{m.match(done.ID, 1, other.ID, 1)}},
				{"a match number zero", "match_no", []string{m.match(done.ID, 0, other.ID, 1)}},
				{"a match from nowhere", "origin", []string{m.match(done.ID, 2, other.ID, 1, "existing", "heaven")}},
				{"a reconciliation brought back", "bank.reconciliation_changed", []string{fmt.Sprintf("UPDATE erp.bank_reconciliations SET active = TRUE, undone_at = NULL WHERE id = '%s'", undone.ID)}},
				{"a reconciliation undone again", "bank.reconciliation_changed", []string{fmt.Sprintf("UPDATE erp.bank_reconciliations SET undone_at = '2026-03-01T00:00:00.000000Z' WHERE id = '%s'", undone.ID)}},
				{"a reconciliation half undone", "reconciliations_undone", []string{fmt.Sprintf("UPDATE erp.bank_reconciliations SET active = FALSE WHERE id = '%s'", done.ID)}},
				{"a match brought back", "bank.reconciliation_changed", []string{fmt.Sprintf("UPDATE erp.bank_matches SET active = TRUE WHERE reconciliation_id = '%s'", undone.ID)}},
				{"an account of the chart shared", "", []string{m.account("'9'", s.account.AccountID.String())}},
				{"an account without a number", "accounts_named", []string{m.account("NULL", ledger)}},
				{"an IBAN that another has", "", []string{m.account("NULL", ledger, ", number,", ", iban,", "NULL", "'GB82WEST12345698765432'")}},
				{"a number that another has", "", []string{m.account("'9'", ledger), m.account("'9'", second.ID.String())}},
			}
			for _, a := range append(attacks, r.replacing(entry.ID, lines, done)...) {
				err := r.try(a.statements...)
				require.Error(t, err, a.name)
				require.ErrorContains(t, err, a.code, a.name)
				require.NotContains(t, err.Error(), "syntax", a.name)
			}
			for table, but := range map[string][]string{"erp.bank_accounts": {"name"}, "erp.bank_statements": nil, "erp.bank_lines": {"party_id"}, "erp.bank_reconciliations": {"active", "undone_at"}, "erp.bank_matches": {"active"}} {
				for name, statement := range r.change(table, fmt.Sprintf("tenant_id = '%s'", r.tenant), but...) {
					err := r.try(statement)
					require.Error(t, err, name)
					require.Regexp(t, "erp/locked/|permission denied", err.Error(), name)
				}
			}
		})
		s.sound()
	})
}

// replacing are attempts to overwrite: INSERT OR REPLACE deletes without firing triggers.
func (r *raw) replacing(entry uuid.UUID, lines []bank.StatementLine, done bank.Reconciliation) []attack {
	if r.s.env.Name != "sqlite" {
		return nil
	}
	m, st := rows{r}, lines[0].StatementID
	replace := func(row string) []string { return []string{strings.Replace(row, "INSERT", "INSERT OR REPLACE", 1)} }
	return []attack{
		{"an account replaced by ledger", "bank.number_taken", replace(m.account("'9'", r.s.account.AccountID.String()))},
		{"an account replaced by IBAN", "bank.number_taken", replace(m.account("NULL", lines[0].ID.String(), ", number,", ", iban,", "NULL", "'GB82WEST12345698765432'"))},
		{"a statement replaced by id", "erp/conflict/", replace(m.statement(st, "Z", 0, 0, 0, 0))},
		{"a statement replaced by name", "bank.statement_differs", replace(m.statement(uuid.New(), "S-I", 0, 0, 0, 0))},
		{"a line replaced by id", "bank.statement_changed", replace(m.line(lines[0].ID, st, 1, 300))},
		{"a line replaced by place", "bank.statement_changed", replace(m.line(uuid.New(), st, 2, 300))},
		{"a reconciliation replaced by id", "bank.reconciled", replace(m.reconciliation(done.ID, lines[1].ID, "TRUE"))},
		{"a reconciliation replaced by line", "bank.reconciled", replace(m.reconciliation(uuid.New(), lines[0].ID, "TRUE"))},
		{"a match replaced by number", "bank.ledger_line_taken", replace(m.match(done.ID, 1, entry, 2))},
		{"a match replaced by journal line", "bank.ledger_line_taken", replace(m.match(done.ID, 2, entry, 1))},
	}
}

// Statements and reconciliations know two doors past what never changes, as the books do: the purge of a tenant whose gate is purging,
// and the replacement of a companion row under a registered erasure. Each is tried with a condition that is forged, expired or another
// tenant's, as the owner and in the application's role.
func TestDoorsOpenForTheirOwnConditionOnly(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		st := s.statementOf("A", 0, line("2026-01-05", 300, "rent of Ann"), line("2026-01-06", 5, "other"))
		st.Closing.Amount.Minor++
		accepted, err := s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{st}, AcceptUnbalanced: "because"})
		require.NoError(t, err)
		lines, err := s.bank.Lines(s.ctx, accepted[0].Statement.ID)
		require.NoError(t, err)
		tied := s.reconcile(is(lines[0], bank.Part{PartyID: s.ann}))[0]
		_, err = s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: tied.ID, Reason: "it was Ben's"}})
		require.NoError(t, err)
		other := newShop(t, s.env, "GBP")
		theirs := tenancy.ScopeOf(other.ctx).TenantID()
		eachRaw(t, s, func(t *testing.T, r *raw) {
			where := " WHERE tenant_id = '" + r.tenant.String() + "'"
			erasure := func(tenant uuid.UUID, table string, row uuid.UUID, state string) string {
				return fmt.Sprintf("INSERT INTO erp.erasures (tenant_id, id, table_name, row_id, state, registered_at) VALUES ('%s', '%s', 'erp' || '.%s', '%s', '%s', '2026-05-01T00:00:00.000000Z')",
					tenant, tenancy.NewID(), table, row, state)
			}
			for _, c := range []struct {
				table, key, column string
				row                uuid.UUID
			}{
				{"bank_line_texts", "line_id", "remittance", lines[0].ID}, {"bank_statement_texts", "statement_id", "reason", accepted[0].Statement.ID},
				{"bank_reconciliation_texts", "reconciliation_id", "reason", tied.ID},
			} {
				blank := fmt.Sprintf("UPDATE erp.%s SET %s = ''%s AND %s = '%s'", c.table, c.column, where, c.key, c.row)
				require.NoError(t, r.try(erasure(r.tenant, c.table, c.row, "registered"), blank), "the attacks below prove nothing unless this works")
				for name, statements := range map[string][]string{
					"none registered":   {blank},
					"done":              {erasure(r.tenant, c.table, c.row, "done"), blank},
					"of another row":    {erasure(r.tenant, c.table, lines[1].ID, "registered"), blank},
					"of another table":  {erasure(r.tenant, "bank_lines", c.row, "registered"), blank},
					"of another tenant": {erasure(theirs, c.table, c.row, "registered"), blank},
				} {
					require.Error(t, r.try(statements...), "%s: %s", c.table, name)
				}
			}
			line := fmt.Sprintf("UPDATE erp.bank_lines SET amount_minor = 1%s AND id = '%s'", where, lines[0].ID)
			require.ErrorContains(t, r.try(erasure(r.tenant, "bank_lines", lines[0].ID, "registered"), line), "bank.statement_changed", "an erasure is of texts, not of figures")
			wipe := []string{"DELETE FROM erp.bank_matches" + where, "DELETE FROM erp.bank_reconciliation_texts" + where, "DELETE FROM erp.bank_reconciliations" + where,
				"DELETE FROM erp.bank_line_texts" + where, "DELETE FROM erp.bank_lines" + where, "DELETE FROM erp.bank_statement_texts" + where, "DELETE FROM erp.bank_statements" + where}
			gate := func(tenant uuid.UUID, state string) string {
				return fmt.Sprintf("UPDATE erp.tenant_gates SET state = '%s' WHERE tenant_id = '%s'", state, tenant)
			}
			for _, one := range wipe {
				notDeleted(t, r.try(one))
				require.Error(t, r.try(gate(r.tenant, "importing"), one), "a forged gate")
				if r.asApp {
					continue
				}
				notDeleted(t, r.try(append(r.forceGate(r.tenant, "importing"), one)...))
				notDeleted(t, r.try(append(r.forceGate(r.tenant, "purging"), gate(r.tenant, "active"), one)...)) // one that has closed again
				if s.env.Name == "postgres" {                                                                    // a file holds one tenant
					notDeleted(t, r.try(append(r.forceGate(theirs, "purging"), one)...))
				}
			}
			if !r.asApp {
				require.NoError(t, r.try(append(r.forceGate(r.tenant, "purging"), wipe...)...), "with its own condition it opens")
			}
		})
		s.sound()
	})
}

// notDeleted requires that a deletion is refused: by the guard, or, of what something stands on, by PostgreSQL's keys, which are asked first.
func notDeleted(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	require.Regexp(t, "tenancy.append_only|violates foreign key", err.Error())
}

// forceGate takes the gate's own guards down, within a transaction that is rolled back.
func (r *raw) forceGate(tenant uuid.UUID, state string) []string {
	t := r.s.t
	out := []string{"ALTER TABLE erp.tenant_gates DISABLE TRIGGER USER"}
	if r.s.env.Name == "sqlite" {
		out = nil
		rows, err := r.db.Query("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'erp_tenant_gates'")
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			out = append(out, "DROP TRIGGER "+name)
		}
		require.NoError(t, rows.Err())
	}
	return append(out, fmt.Sprintf("UPDATE erp.tenant_gates SET state = '%s' WHERE tenant_id = '%s'", state, tenant))
}
