package bank_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/tenancy"
)

// try runs statements past the library in one transaction, as the tables' owner or in the application's role, commits, and gives the
// first refusal.
func try(s *shop, db *sql.DB, asApp bool, statements ...string) error {
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if asApp {
		for _, set := range []string{"SELECT set_config('erp.tenant', erp.sign('" + tenancy.ScopeOf(s.ctx).TenantID().String() + "'), true)", "SET LOCAL ROLE erp_app"} {
			if _, err := tx.ExecContext(ctx, set); err != nil {
				return err
			}
		}
	}
	for _, st := range statements {
		if _, err := tx.ExecContext(ctx, s.env.SQL(st)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// What the code refuses the database refuses as well, its owner's statements included.
func TestGuards(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		entry := s.transfer("2026-01-04", 300)
		lines := s.lines(line("2026-01-05", 300, "cash"), line("2026-01-06", 300, "more"))
		done := s.reconcile(is(lines[0], bank.Part{EntryID: entry.ID}))[0]
		undone := s.reconcile(is(lines[1], fees(300)))[0]
		_, err := s.bank.Unreconcile(s.ctx, []bank.Undo{{ReconciliationID: undone.ID, Reason: "wrong"}})
		require.NoError(t, err)
		tenant, st := tenancy.ScopeOf(s.ctx).TenantID(), lines[0].StatementID
		lineRow := func(id uuid.UUID, statement uuid.UUID, no int, minor int) string {
			return fmt.Sprintf(`INSERT INTO erp.bank_lines (tenant_id, id, bank_account_id, statement_id, line_no, booked_on, value_stated, amount_minor, amount_currency,
				reversal, code) VALUES ('%s', '%s', '%s', '%s', %d, '2026-01-05', '', %d, 'GBP', FALSE, '')`, tenant, id, s.account.ID, statement, no, minor)
		}
		statementRow := func(id uuid.UUID, name string, lines, sum, difference, closing int) string {
			return fmt.Sprintf(`INSERT INTO erp.bank_statements (tenant_id, id, bank_account_id, format, statement_id, sequence, sequence_no, page, fingerprint, opening_on,
				opening_minor, opening_currency, closing_on, closing_minor, closing_currency, sum_minor, sum_currency, difference_minor, difference_currency, accepted, line_count,
				notes, imported_at) VALUES ('%s', '%s', '%s', 'csv', '%s', '', 0, 0, 'x', '2026-01-01', 0, 'GBP', '2026-01-31', %d, 'GBP', %d, 'GBP', %d, 'GBP', FALSE, %d,
				'', '2026-02-01T00:00:00.000000Z')`, tenant, id, s.account.ID, name, closing, sum, difference, lines)
		}
		match := func(reconciliation uuid.UUID, no int, entry uuid.UUID) string {
			return fmt.Sprintf(`INSERT INTO erp.bank_matches (tenant_id, reconciliation_id, match_no, entry_id, entry_line_no, origin, amount_minor, amount_currency, active)
				VALUES ('%s', '%s', %d, '%s', 1, 'existing', 300, 'GBP', TRUE)`, tenant, reconciliation, no, entry)
		}
		fresh := uuid.New()
		cases := map[string][]string{
			"a changed amount":            {fmt.Sprintf("UPDATE erp.bank_lines SET amount_minor = 1 WHERE id = '%s'", lines[0].ID)},
			"a changed day":               {fmt.Sprintf("UPDATE erp.bank_lines SET booked_on = '2026-01-09' WHERE id = '%s'", lines[0].ID)},
			"a changed statement":         {fmt.Sprintf("UPDATE erp.bank_statements SET closing_minor = 1, sum_minor = 1 WHERE id = '%s'", st)},
			"a line taken away":           {fmt.Sprintf("DELETE FROM erp.bank_lines WHERE id = '%s'", lines[1].ID)},
			"a statement taken away":      {fmt.Sprintf("DELETE FROM erp.bank_statements WHERE id = '%s'", st)},
			"a text changed":              {fmt.Sprintf("UPDATE erp.bank_line_texts SET remittance = '' WHERE line_id = '%s'", lines[0].ID)},
			"a line added":                {lineRow(uuid.New(), st, 3, 1)},
			"a statement of a taken name": {statementRow(uuid.New(), "S-I", 0, 0, 0, 0)},
			"one that does not add up":    {statementRow(uuid.New(), "X", 0, 0, 0, 5)},
			"one that nobody accepted":    {statementRow(uuid.New(), "X", 0, 0, 5, 5)},
			"lines that do not add up":    {statementRow(fresh, "X", 2, 5, 0, 5), lineRow(uuid.New(), fresh, 1, 2), lineRow(uuid.New(), fresh, 2, 2)},
			"a second reconciliation": {fmt.Sprintf(`INSERT INTO erp.bank_reconciliations (tenant_id, id, bank_account_id, line_id, fingerprint, active, reconciled_at)
				VALUES ('%s', '%s', '%s', '%s', 'x', TRUE, '2026-02-01T00:00:00.000000Z')`, tenant, uuid.New(), s.account.ID, lines[0].ID)},
			"a journal line matched twice":   {match(done.ID, 2, entry.ID)},
			"a match changed":                {fmt.Sprintf("UPDATE erp.bank_matches SET amount_minor = 1 WHERE reconciliation_id = '%s'", done.ID)},
			"a reconciliation changed":       {fmt.Sprintf("UPDATE erp.bank_reconciliations SET fingerprint = 'y' WHERE id = '%s'", done.ID)},
			"a reconciliation brought back":  {fmt.Sprintf("UPDATE erp.bank_reconciliations SET active = TRUE, undone_at = NULL WHERE id = '%s'", undone.ID)},
			"a reconciliation half undone":   {fmt.Sprintf("UPDATE erp.bank_reconciliations SET active = FALSE WHERE id = '%s'", done.ID)},
			"a reconciliation taken away":    {fmt.Sprintf("DELETE FROM erp.bank_matches WHERE reconciliation_id = '%s'", done.ID)},
			"an account of the chart shared": {fmt.Sprintf(`INSERT INTO erp.bank_accounts (tenant_id, id, number, name, currency, account_id, unnumbered, created_at) VALUES ('%s', '%s', '9', 'x', 'GBP', '%s', FALSE, '2026-02-01T00:00:00.000000Z')`, tenant, uuid.New(), s.account.AccountID)},
		}
		db := s.env.Owner(t, tenant)
		for _, asApp := range []bool{false, true} {
			if asApp && s.env.Name == "sqlite" {
				continue // a file has no roles: whoever opens it is its owner
			}
			for name, statements := range cases {
				require.Error(t, try(s, db, asApp, statements...), "%s, as the application: %v", name, asApp)
			}
		}
		s.sound()
		id := uuid.New() // what is refused above is refused for its fault: the same without it goes through
		require.NoError(t, try(s, db, false, statementRow(id, "Y", 2, 4, 0, 4), lineRow(uuid.New(), id, 1, 2), lineRow(uuid.New(), id, 2, 2)))
		s.sound()
	})
}
