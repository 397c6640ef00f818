-- What the database refuses of statements and reconciliations, whoever asks (docs/decisions/003). INSERT OR REPLACE deletes without
-- firing delete triggers, so what would be replaced is refused before.

-- +goose Up

-- Statements and reconciliations stand on what an account was when they were made: nothing of it changes but its name.
-- +goose StatementBegin
CREATE TRIGGER erp_bank_accounts_guard BEFORE UPDATE ON erp.bank_accounts FOR EACH ROW
WHEN (NEW.tenant_id, NEW.id, NEW.currency, NEW.account_id, NEW.unnumbered, NEW.created_at) <> (OLD.tenant_id, OLD.id, OLD.currency, OLD.account_id, OLD.unnumbered, OLD.created_at)
  OR NEW.iban IS NOT OLD.iban OR NEW.number IS NOT OLD.number
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/bank.statement_changed/a bank account is tied to its numbers and its account of the chart');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_accounts_once BEFORE INSERT ON erp.bank_accounts FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bank_accounts a WHERE a.tenant_id = NEW.tenant_id
    AND (a.id = NEW.id OR a.account_id = NEW.account_id OR a.iban = NEW.iban OR a.number = NEW.number))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/bank.number_taken/another bank account has one of these numbers, or this account of the chart');
END;
-- +goose StatementEnd

-- The account of the chart that stands for a bank account is cash, or the statement of cash flows would miss its money.
-- +goose StatementBegin
CREATE TRIGGER erp_bank_accounts_cash BEFORE INSERT ON erp.bank_accounts FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.account_id AND a.cash_flow <> 'cash')
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/bank.ledger_account/the account that stands for a bank account is cash in the statement of cash flows');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_accounts_cash_of_banks BEFORE UPDATE ON erp.accounts FOR EACH ROW
WHEN NEW.cash_flow <> 'cash' AND OLD.cash_flow = 'cash'
  AND EXISTS (SELECT 1 FROM erp.bank_accounts b WHERE b.tenant_id = NEW.tenant_id AND b.account_id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/bank.ledger_account/the account stands for a bank account: it is cash in the statement of cash flows');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_lines_guard BEFORE UPDATE ON erp.bank_lines FOR EACH ROW
WHEN (NEW.tenant_id, NEW.id, NEW.bank_account_id, NEW.statement_id, NEW.line_no, NEW.booked_on, NEW.value_stated, NEW.amount_minor,
      NEW.amount_currency, NEW.foreign_minor, NEW.foreign_rate, NEW.reversal, NEW.code)
  <> (OLD.tenant_id, OLD.id, OLD.bank_account_id, OLD.statement_id, OLD.line_no, OLD.booked_on, OLD.value_stated, OLD.amount_minor,
      OLD.amount_currency, OLD.foreign_minor, OLD.foreign_rate, OLD.reversal, OLD.code)
  OR NEW.value_on IS NOT OLD.value_on OR NEW.foreign_currency IS NOT OLD.foreign_currency
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/bank.statement_changed/what a bank stated never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_statements_once BEFORE INSERT ON erp.bank_statements FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bank_statements s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.bank_statements s WHERE s.tenant_id = NEW.tenant_id AND s.bank_account_id = NEW.bank_account_id
      AND s.statement_id = NEW.statement_id AND s.sequence = NEW.sequence AND s.page = NEW.page)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/bank.statement_differs/the statement was imported before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_lines_once BEFORE INSERT ON erp.bank_lines FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bank_lines l WHERE l.tenant_id = NEW.tenant_id AND l.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.bank_lines l WHERE l.tenant_id = NEW.tenant_id AND l.statement_id = NEW.statement_id AND l.line_no = NEW.line_no)
  OR NOT EXISTS (SELECT 1 FROM erp.bank_statements s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.statement_id
      AND s.bank_account_id = NEW.bank_account_id AND s.opening_currency = NEW.amount_currency AND NEW.line_no <= s.line_count)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/bank.statement_changed/a statement is recorded with all its lines, once');
END;
-- +goose StatementEnd

-- The last line closes a statement: the others stand by then, and they add up.
-- +goose StatementBegin
CREATE TRIGGER erp_bank_lines_whole AFTER INSERT ON erp.bank_lines FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bank_statements s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.statement_id AND s.line_count = NEW.line_no)
BEGIN
    -- Here and not in the condition, which is weighed for every line.
    SELECT RAISE(ABORT, 'erp/invalid/bank.unbalanced/the lines of a statement do not add up to what it says')
        FROM erp.bank_statements s
        WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.statement_id
          AND ((SELECT count(*) FROM erp.bank_lines l WHERE l.tenant_id = NEW.tenant_id AND l.statement_id = NEW.statement_id) <> s.line_count
            OR (SELECT coalesce(sum(l.amount_minor), 0) FROM erp.bank_lines l WHERE l.tenant_id = NEW.tenant_id AND l.statement_id = NEW.statement_id) <> s.sum_minor);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_reconciliations_guard BEFORE UPDATE ON erp.bank_reconciliations FOR EACH ROW
WHEN NOT OLD.active AND (NEW.active OR NEW.undone_at IS NOT OLD.undone_at)
  OR (NEW.tenant_id, NEW.id, NEW.bank_account_id, NEW.line_id, NEW.fingerprint, NEW.reconciled_at)
  <> (OLD.tenant_id, OLD.id, OLD.bank_account_id, OLD.line_id, OLD.fingerprint, OLD.reconciled_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/bank.reconciliation_changed/a reconciliation is undone once, and nothing else of it changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_reconciliations_once BEFORE INSERT ON erp.bank_reconciliations FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bank_reconciliations r WHERE r.tenant_id = NEW.tenant_id AND (r.id = NEW.id OR r.line_id = NEW.line_id AND r.active AND NEW.active))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/bank.reconciled/the line is reconciled already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_matches_guard BEFORE UPDATE ON erp.bank_matches FOR EACH ROW
WHEN NOT OLD.active AND NEW.active OR NEW.payment_id IS NOT OLD.payment_id
  OR (NEW.tenant_id, NEW.reconciliation_id, NEW.match_no, NEW.entry_id, NEW.entry_line_no, NEW.origin, NEW.amount_minor, NEW.amount_currency)
  <> (OLD.tenant_id, OLD.reconciliation_id, OLD.match_no, OLD.entry_id, OLD.entry_line_no, OLD.origin, OLD.amount_minor, OLD.amount_currency)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/bank.reconciliation_changed/a reconciliation is undone once, and nothing else of it changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bank_matches_once BEFORE INSERT ON erp.bank_matches FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bank_matches m WHERE m.tenant_id = NEW.tenant_id
    AND (m.reconciliation_id = NEW.reconciliation_id AND m.match_no = NEW.match_no
      OR m.entry_id = NEW.entry_id AND m.entry_line_no = NEW.entry_line_no AND m.active AND NEW.active))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/bank.ledger_line_taken/the journal line is reconciled with another line');
END;
-- +goose StatementEnd
