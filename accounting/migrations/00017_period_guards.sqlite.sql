-- What the database refuses about periods, whoever asks (docs/decisions/014): writing at or before a hard lock, and lifting one
-- without the reopening of two persons. While the tenant's gate is importing, history may be inserted.

-- Row by row it cannot be told whether the locked periods will be the first ones in the end. So every other trigger asks for a lock
-- at or after the day, and not only on it.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_periods_guard BEFORE UPDATE ON erp.periods FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the dates of a period never change')
    WHERE (NEW.fiscal_year_id, NEW.seq, NEW.name, NEW.starts_on, NEW.ends_on) <> (OLD.fiscal_year_id, OLD.seq, OLD.name, OLD.starts_on, OLD.ends_on);
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the state of a period is not set in the past') WHERE NEW.changed_at < OLD.changed_at;
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/a period is locked with its closing figures, the last of a year by closing the year')
    WHERE NEW.state = 'locked' AND OLD.state <> 'locked' AND NOT EXISTS (SELECT 1 FROM erp.period_closings c
        WHERE c.tenant_id = NEW.tenant_id AND c.period_id = NEW.id AND c.superseded_by_id IS NULL AND (c.kind = 'year' OR NEW.seq <> 12));
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the period is locked')
    WHERE OLD.state = 'locked' AND NEW.state = 'locked' AND NEW.changed_at <> OLD.changed_at;
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the period is locked: two persons open it again')
    WHERE OLD.state = 'locked' AND NEW.state <> 'locked' AND (EXISTS (SELECT 1 FROM erp.period_closings c
            WHERE c.tenant_id = OLD.tenant_id AND c.period_id = OLD.id AND c.superseded_by_id IS NULL)
        OR NOT EXISTS (SELECT 1 FROM erp.period_reopenings r JOIN erp.periods p ON p.tenant_id = r.tenant_id AND p.id = r.period_id
        WHERE r.tenant_id = OLD.tenant_id AND r.journal_id IS NULL AND p.starts_on <= OLD.starts_on AND r.asked_at >= OLD.changed_at AND r.approved_at IS NOT NULL));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_periods_once BEFORE INSERT ON erp.periods FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND (p.id = NEW.id
    OR (p.starts_on <= NEW.ends_on AND p.ends_on >= NEW.starts_on) OR (p.fiscal_year_id = NEW.fiscal_year_id AND p.seq = NEW.seq)))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the period exists, and periods do not overlap');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_periods_added BEFORE INSERT ON erp.periods FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing') AND (NEW.state = 'locked'
    OR EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.starts_on > NEW.starts_on))
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/nothing is open before a locked period, and no period begins locked');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journal_locks_guard BEFORE UPDATE ON erp.journal_locks FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/a lock is not set in the past') WHERE NEW.changed_at < OLD.changed_at;
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the journal is locked: two persons open it again')
    WHERE OLD.state = 'locked' AND (NEW.state <> 'locked' OR NEW.changed_at <> OLD.changed_at) AND (NEW.state = 'locked'
        OR NOT EXISTS (SELECT 1 FROM erp.period_reopenings r JOIN erp.periods p ON p.tenant_id = r.tenant_id AND p.id = r.period_id
        WHERE r.tenant_id = OLD.tenant_id AND r.journal_id = OLD.journal_id AND p.starts_on <= (SELECT q.starts_on FROM erp.periods q WHERE q.tenant_id = OLD.tenant_id AND q.id = OLD.period_id) AND r.asked_at >= OLD.changed_at AND r.approved_at IS NOT NULL));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journal_locks_once BEFORE INSERT ON erp.journal_locks FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.journal_locks k WHERE k.tenant_id = NEW.tenant_id AND k.journal_id = NEW.journal_id AND k.period_id = NEW.period_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the lock exists');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_period_reopenings_asked BEFORE INSERT ON erp.period_reopenings FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.period_reopenings r WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.id)
  OR NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing') AND (NEW.approved_by IS NOT NULL OR julianday(NEW.expires_at) > julianday(NEW.asked_at) + 7.00001)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.reopening_state/a reopening is asked for first, for seven days at most');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_period_reopenings_approved BEFORE UPDATE ON erp.period_reopenings FOR EACH ROW
WHEN (NEW.period_id, NEW.asked_by, NEW.asked_at, NEW.expires_at) <> (OLD.period_id, OLD.asked_by, OLD.asked_at, OLD.expires_at)
  OR NEW.journal_id IS NOT OLD.journal_id
  OR OLD.approved_by IS NOT NULL AND (NEW.approved_by IS NOT OLD.approved_by OR NEW.approved_at IS NOT OLD.approved_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.reopening_state/a reopening is approved once, and nothing else of it changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_period_closings_once BEFORE INSERT ON erp.period_closings FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.period_closings c WHERE c.tenant_id = NEW.tenant_id
    AND (c.id = NEW.id OR (c.period_id = NEW.period_id AND c.superseded_by_id IS NULL AND NEW.superseded_by_id IS NULL)))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/the period is closed already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_period_closings_guard BEFORE UPDATE ON erp.period_closings FOR EACH ROW
WHEN (NEW.period_id, NEW.kind, NEW.root, NEW.debit_minor, NEW.debit_currency, NEW.profit_minor, NEW.profit_currency, NEW.closed_by, NEW.closed_at)
  <> (OLD.period_id, OLD.kind, OLD.root, OLD.debit_minor, OLD.debit_currency, OLD.profit_minor, OLD.profit_currency, OLD.closed_by, OLD.closed_at)
  OR NEW.entry_id IS NOT OLD.entry_id
  OR (NEW.superseded_by_id IS NOT OLD.superseded_by_id OR NEW.superseded_at IS NOT OLD.superseded_at) AND (OLD.superseded_by_id IS NOT NULL
    OR NOT EXISTS (SELECT 1 FROM erp.period_reopenings r
        JOIN erp.periods p ON p.tenant_id = r.tenant_id AND p.id = r.period_id
        JOIN erp.periods c ON c.tenant_id = r.tenant_id AND c.id = OLD.period_id
        WHERE r.tenant_id = OLD.tenant_id AND r.id = NEW.superseded_by_id AND r.journal_id IS NULL AND r.approved_at IS NOT NULL
          AND p.starts_on <= c.starts_on AND r.asked_at >= OLD.closed_at))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.period_state/what was closed is superseded by an approved reopening, once, and nothing else of it changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_account_balances_added BEFORE INSERT ON erp.account_balances FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods q
    JOIN erp.periods p ON p.tenant_id = q.tenant_id AND p.state = 'locked' AND p.starts_on >= q.starts_on
    WHERE q.tenant_id = NEW.tenant_id AND q.id = NEW.period_id) AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_account_balances_changed BEFORE UPDATE ON erp.account_balances FOR EACH ROW
WHEN (NEW.debit_minor <> OLD.debit_minor OR NEW.credit_minor <> OLD.credit_minor) AND EXISTS (SELECT 1 FROM erp.periods q
    JOIN erp.periods p ON p.tenant_id = q.tenant_id AND p.state = 'locked' AND p.starts_on >= q.starts_on
    WHERE q.tenant_id = NEW.tenant_id AND q.id = NEW.period_id) AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked');
END;
-- +goose StatementEnd

-- Documents and settlements keep to the locks as entries do. A document dated in a locked period is late: its own entry stands
-- in a later one.

-- +goose StatementBegin
CREATE TRIGGER erp_invoices_dated BEFORE INSERT ON erp.invoices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.invoice_date)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
    AND NOT EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id AND e.late AND e.source_id = NEW.id
        AND e.entry_date > NEW.invoice_date)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: no document is dated there');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bills_dated BEFORE INSERT ON erp.bills FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.bill_date)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
    AND NOT EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id AND e.late AND e.source_id = NEW.id
        AND e.entry_date > NEW.bill_date)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: no document is dated there');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_payments_dated BEFORE INSERT ON erp.payments FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.payment_date)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
    AND NOT EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id AND e.late AND e.source_id = NEW.id
        AND e.entry_date > NEW.payment_date)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: no payment is dated there');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_open_items_dated BEFORE INSERT ON erp.open_items FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.item_date)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: no item is dated there');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_allocations_dated BEFORE INSERT ON erp.allocations FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.allocated_on)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: nothing is settled there');
END;
-- +goose StatementEnd
