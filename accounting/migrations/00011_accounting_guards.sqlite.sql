-- What the database refuses, whoever asks (docs/decisions/003). SQLite has row triggers only, so the last line of an entry
-- is where its sum is looked at. INSERT OR REPLACE deletes without firing delete triggers, so what would be replaced is
-- refused before. (seq >= 1 always holds: it is stated because the index is on rows where it does.)

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_journal_entries_once BEFORE INSERT ON erp.journal_entries FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.reverses_id = NEW.reverses_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.already_reversed/the entry is recorded or reversed already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journal_entries_reference_once BEFORE INSERT ON erp.journal_entries FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.reference_taken/the reference was used before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journal_entries_guard BEFORE INSERT ON erp.journal_entries FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.no_period/the date lies outside the period of its entry')
    WHERE NOT EXISTS (SELECT 1 FROM erp.periods p
        WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.period_id AND NEW.entry_date BETWEEN p.starts_on AND p.ends_on);
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked')
    FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.ends_on >= NEW.entry_date AND p.state = 'locked'
        AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing');
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_soft_locked/the period is soft-locked: a reason is needed')
    FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.period_id AND p.state = 'soft_locked' AND NOT NEW.lock_exception
        AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing');
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked for the journal')
    FROM erp.journal_locks k JOIN erp.periods p ON p.tenant_id = k.tenant_id AND p.id = k.period_id
    WHERE k.tenant_id = NEW.tenant_id AND k.journal_id = NEW.journal_id AND k.state = 'locked' AND p.ends_on >= NEW.entry_date
        AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing');
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_soft_locked/the period is soft-locked for the journal: a reason is needed')
    FROM erp.journal_locks k WHERE k.tenant_id = NEW.tenant_id AND k.journal_id = NEW.journal_id AND k.period_id = NEW.period_id
        AND k.state = 'soft_locked' AND NOT NEW.lock_exception
        AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journal_lines_guard BEFORE INSERT ON erp.journal_lines FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.entry_incomplete/an entry and all its lines are recorded together, once, and of one date')
    WHERE NOT EXISTS (SELECT 1 FROM erp.journal_entries e
            WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id AND e.entry_date = NEW.entry_date AND NEW.line_no <= e.line_count)
       OR EXISTS (SELECT 1 FROM erp.journal_lines l WHERE l.tenant_id = NEW.tenant_id AND l.entry_id = NEW.entry_id AND l.line_no = NEW.line_no);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journal_lines_balance AFTER INSERT ON erp.journal_lines FOR EACH ROW
WHEN NEW.line_no = (SELECT e.line_count FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.entry_incomplete/the last line came before all the others')
    WHERE (SELECT COUNT(*) FROM erp.journal_lines l WHERE l.tenant_id = NEW.tenant_id AND l.entry_id = NEW.entry_id) <> NEW.line_no;
    SELECT RAISE(ABORT, 'erp/invalid/accounting.entry_unbalanced/debits and credits differ')
    WHERE (SELECT SUM(l.amount_minor) <> 0 OR COUNT(DISTINCT l.amount_currency) <> 1
        FROM erp.journal_lines l WHERE l.tenant_id = NEW.tenant_id AND l.entry_id = NEW.entry_id);
    SELECT RAISE(ABORT, 'erp/invalid/accounting.entry_unbalanced/debits and credits in a foreign currency differ')
    WHERE EXISTS (SELECT 1 FROM erp.journal_lines l
            WHERE l.tenant_id = NEW.tenant_id AND l.entry_id = NEW.entry_id AND l.transaction_currency <> l.amount_currency
            GROUP BY l.transaction_currency HAVING SUM(l.transaction_minor) <> 0)
      AND NOT EXISTS (SELECT 1 FROM erp.journal_entries e LEFT JOIN erp.journal_entries r ON r.tenant_id = e.tenant_id AND r.id = e.reverses_id
            WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id
              AND (e.kind IN ('exchange', 'revaluation', 'realised', 'rounding')
                OR (e.kind = 'reversal' AND r.kind IN ('exchange', 'revaluation', 'realised', 'rounding'))));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_number_series_guard BEFORE UPDATE ON erp.number_series FOR EACH ROW
WHEN NEW.taken < OLD.taken OR NEW.last_date < OLD.last_date OR (NEW.last_date IS NULL AND OLD.last_date IS NOT NULL)
    OR NEW.code <> OLD.code OR NEW.fiscal_year_id <> OLD.fiscal_year_id
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.backdated/a series of numbers only goes forward');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_invoices_guard BEFORE UPDATE ON erp.invoices FOR EACH ROW
WHEN NEW.credited_minor < OLD.credited_minor OR NEW.deducted_minor < OLD.deducted_minor
  OR (NEW.tenant_id, NEW.id, NEW.kind, NEW.series_id, NEW.seq, NEW.number, NEW.fingerprint, NEW.invoice_date, NEW.tax_point, NEW.tax_included, NEW.tax_rounding, NEW.due_date, NEW.instalments, NEW.discount_percent,
      NEW.rate, NEW.rate_indirect, NEW.rate_source, NEW.net_base_minor, NEW.tax_base_minor, NEW.withheld_base_minor, NEW.prepaid_base_minor, NEW.payable_base_minor, NEW.conversion_minor,
      NEW.tax_residual_minor, NEW.rounding_minor, NEW.withheld_minor, NEW.withheld_currency, NEW.prepaid_minor, NEW.prepaid_currency, NEW.payable_minor, NEW.payable_currency, NEW.net_minor,
      NEW.net_currency, NEW.tax_minor, NEW.tax_currency, NEW.gross_minor, NEW.gross_currency, NEW.issued_at)
  <> (OLD.tenant_id, OLD.id, OLD.kind, OLD.series_id, OLD.seq, OLD.number, OLD.fingerprint, OLD.invoice_date, OLD.tax_point, OLD.tax_included, OLD.tax_rounding, OLD.due_date, OLD.instalments, OLD.discount_percent,
      OLD.rate, OLD.rate_indirect, OLD.rate_source, OLD.net_base_minor, OLD.tax_base_minor, OLD.withheld_base_minor, OLD.prepaid_base_minor, OLD.payable_base_minor, OLD.conversion_minor,
      OLD.tax_residual_minor, OLD.rounding_minor, OLD.withheld_minor, OLD.withheld_currency, OLD.prepaid_minor, OLD.prepaid_currency, OLD.payable_minor, OLD.payable_currency, OLD.net_minor,
      OLD.net_currency, OLD.tax_minor, OLD.tax_currency, OLD.gross_minor, OLD.gross_currency, OLD.issued_at)
  OR NEW.rate_on IS NOT OLD.rate_on OR NEW.dimension_set_id IS NOT OLD.dimension_set_id OR NEW.discount_until IS NOT OLD.discount_until OR NEW.reference IS NOT OLD.reference OR NEW.party_id IS NOT OLD.party_id OR NEW.corrects_id IS NOT OLD.corrects_id
  OR NEW.settled_by_id IS NOT OLD.settled_by_id OR NEW.entry_id IS NOT OLD.entry_id
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/the document is issued and never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_invoices_once BEFORE INSERT ON erp.invoices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.invoices i WHERE i.tenant_id = NEW.tenant_id AND i.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.invoices i WHERE i.tenant_id = NEW.tenant_id AND i.series_id = NEW.series_id AND i.seq = NEW.seq AND i.seq >= 1)
  OR EXISTS (SELECT 1 FROM erp.invoices i WHERE i.tenant_id = NEW.tenant_id AND i.number = NEW.number AND i.seq >= 1)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/the document is issued and never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_invoices_reference_once BEFORE INSERT ON erp.invoices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.invoices i WHERE i.tenant_id = NEW.tenant_id AND i.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.reference_taken/the reference was used before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_open_items_guard BEFORE UPDATE ON erp.open_items FOR EACH ROW
WHEN (NEW.tenant_id, NEW.id, NEW.party_id, NEW.account_id, NEW.entry_id, NEW.line_no, NEW.kind, NEW.item_date, NEW.due_date, NEW.original_minor,
      NEW.original_currency, NEW.base_minor)
  <> (OLD.tenant_id, OLD.id, OLD.party_id, OLD.account_id, OLD.entry_id, OLD.line_no, OLD.kind, OLD.item_date, OLD.due_date, OLD.original_minor,
      OLD.original_currency, OLD.base_minor)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.over_allocated/of an open item nothing changes but what is open');
END;
-- +goose StatementEnd

-- It opens again by what allocations that were undone had taken, and by nothing else.
-- +goose StatementBegin
CREATE TRIGGER erp_open_items_reopened BEFORE UPDATE ON erp.open_items FOR EACH ROW
WHEN abs(NEW.open_minor) > abs(OLD.open_minor) OR abs(NEW.open_base_minor) > abs(OLD.open_base_minor) OR NEW.reopened_on IS NOT OLD.reopened_on
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.over_allocated/an open item moves towards zero, but for allocations that are undone')
    FROM (SELECT COALESCE(SUM(a.minor), 0) AS minor, COALESCE(SUM(a.base), 0) AS base, MAX(a.reopened_on) AS reopened_on FROM (
        SELECT d.amount_minor AS minor, d.debit_base_minor AS base, CASE WHEN d.undoes_id IS NOT NULL THEN d.allocated_on END AS reopened_on
            FROM erp.allocations d WHERE d.tenant_id = NEW.tenant_id AND d.debit_id = NEW.id
        UNION ALL
        SELECT -c.amount_minor, -c.credit_base_minor, CASE WHEN c.undoes_id IS NOT NULL THEN c.allocated_on END
            FROM erp.allocations c WHERE c.tenant_id = NEW.tenant_id AND c.credit_id = NEW.id) a) s
    WHERE NEW.open_minor <> NEW.original_minor - s.minor OR NEW.open_base_minor <> NEW.base_minor - s.base OR NEW.reopened_on IS NOT s.reopened_on;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_accounts_guard BEFORE UPDATE ON erp.accounts FOR EACH ROW
WHEN NEW.code <> OLD.code OR NEW.type <> OLD.type OR NEW.control IS NOT OLD.control
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/code, type and control of an account never change');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_books_guard BEFORE UPDATE ON erp.books FOR EACH ROW WHEN NEW.currency <> OLD.currency
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.books_differ/the base currency never changes');
END;
-- +goose StatementEnd
