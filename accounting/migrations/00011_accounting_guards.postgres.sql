-- What the database refuses, whoever asks (docs/decisions/003). Each function counts what is as it must be and refuses
-- the rest, so that rows it cannot see are refused as well.
--
-- The plans of these functions are kept for the session, and one made while a table was nearly empty would read all of it
-- for ever after (measured: batches slowed down with the ledger). So every look-up is a LATERAL with a LIMIT, which can
-- only be an index scan per row, and sequential scans are off.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_journal_entries() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    -- Closing a period updates its row: whoever comes second waits here, and then sees what the first one did.
    PERFORM 1 FROM erp.periods p
        WHERE (p.tenant_id, p.id) IN (SELECT n.tenant_id, n.period_id FROM added n)
        ORDER BY p.tenant_id, p.id FOR SHARE;
    SELECT n.entry_date, n.lock_exception, p.id, coalesce(k.name, p.name) AS name, coalesce(k.state, p.state) AS state INTO bad
        FROM added n
        LEFT JOIN LATERAL (SELECT * FROM erp.periods f WHERE f.tenant_id = n.tenant_id AND f.id = n.period_id
            AND n.entry_date BETWEEN f.starts_on AND f.ends_on LIMIT 1) p ON true
        LEFT JOIN LATERAL (SELECT * FROM erp.tenant_gates f WHERE f.tenant_id = n.tenant_id LIMIT 1) g ON true
        -- A journal may be locked more tightly: for good up to the end of a period, softly in one.
        LEFT JOIN LATERAL (SELECT f.state, q.name FROM erp.journal_locks f JOIN erp.periods q ON q.tenant_id = f.tenant_id AND q.id = f.period_id
            WHERE f.tenant_id = n.tenant_id AND f.journal_id = n.journal_id
              AND ((f.state = 'locked' AND q.ends_on >= n.entry_date) OR (f.state = 'soft_locked' AND q.id = p.id AND NOT n.lock_exception))
            ORDER BY f.state, q.starts_on LIMIT 1) k ON p.state <> 'locked'
        WHERE p.id IS NULL
           OR (coalesce(g.state, '') <> 'importing' AND (p.state = 'locked' OR (p.state = 'soft_locked' AND NOT n.lock_exception) OR k.state IS NOT NULL))
        LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF bad.id IS NULL THEN
        RAISE EXCEPTION 'erp/invalid/accounting.no_period/the date % lies outside the period of its entry', bad.entry_date;
    ELSIF bad.state = 'locked' THEN
        RAISE EXCEPTION 'erp/locked/accounting.period_locked/period % is locked', bad.name;
    END IF;
    RAISE EXCEPTION 'erp/locked/accounting.period_soft_locked/period % is soft-locked: a reason is needed', bad.name;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_journal_entries_guard AFTER INSERT ON erp.journal_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_journal_entries();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_journal_lines() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
    pieces boolean; -- an entry whose lines came in several statements closes here
BEGIN
    -- Every line belongs to an entry, of its date, and is one of as many as the entry says. An entry all of whose lines
    -- came in this statement, as they do but for a bulk import, is weighed without touching the table again.
    SELECT e.id, s.lines, s.total, e.line_count INTO bad
        FROM (SELECT n.tenant_id, n.entry_id, count(*) AS lines, sum(n.amount_minor) AS total, max(n.line_no) AS last,
                     min(n.entry_date) AS first_date, max(n.entry_date) AS last_date, count(DISTINCT n.amount_currency) AS currencies
                FROM added n GROUP BY n.tenant_id, n.entry_id) s
        LEFT JOIN LATERAL (SELECT f.id, f.line_count FROM erp.journal_entries f WHERE f.tenant_id = s.tenant_id AND f.id = s.entry_id
            AND f.entry_date = s.first_date AND f.entry_date = s.last_date AND s.last <= f.line_count LIMIT 1) e ON true
        WHERE e.id IS NULL OR s.currencies <> 1 OR (s.lines = e.line_count AND s.total <> 0)
        LIMIT 1;
    IF FOUND AND bad.id IS NULL THEN
        RAISE EXCEPTION 'erp/conflict/accounting.entry_incomplete/an entry and all its lines are recorded together, once, and of one date';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'erp/invalid/accounting.entry_unbalanced/debits and credits differ by % minor units', bad.total;
    END IF;
    -- The last line closes an entry whose lines came in several statements: the others must stand already. Line numbers are
    -- unique, so nothing can be added to an entry that has its last line.
    SELECT w.lines, w.total, e.line_count, (w.lines <> e.line_count OR w.total <> 0 OR w.currencies <> 1) AS wrong INTO bad
        FROM (SELECT n.tenant_id, n.entry_id, count(*) AS lines, max(n.line_no) AS last FROM added n GROUP BY n.tenant_id, n.entry_id) s
        CROSS JOIN LATERAL (SELECT f.line_count FROM erp.journal_entries f WHERE f.tenant_id = s.tenant_id AND f.id = s.entry_id
            AND s.last = f.line_count AND s.lines < f.line_count LIMIT 1) e
        CROSS JOIN LATERAL (SELECT count(*) AS lines, sum(l.amount_minor) AS total, count(DISTINCT l.amount_currency) AS currencies
            FROM erp.journal_lines l WHERE l.tenant_id = s.tenant_id AND l.entry_id = s.entry_id) w
        ORDER BY wrong DESC
        LIMIT 1;
    pieces := FOUND;
    IF pieces AND bad.wrong AND bad.lines <> bad.line_count THEN
        RAISE EXCEPTION 'erp/conflict/accounting.entry_incomplete/the last of % lines came, and only % stand', bad.line_count, bad.lines;
    ELSIF pieces AND bad.wrong THEN
        RAISE EXCEPTION 'erp/invalid/accounting.entry_unbalanced/debits and credits differ by % minor units', bad.total;
    END IF;
    -- An entry balances in each foreign currency as well, unless it is of a kind that turns one into another, or reverses one
    -- of these. Most statements have whole entries without a foreign line, and stop here.
    PERFORM 1 FROM added n WHERE n.transaction_currency <> n.amount_currency LIMIT 1;
    IF NOT FOUND AND NOT pieces THEN
        RETURN NULL;
    END IF;
    SELECT w.currency, w.total INTO bad
        FROM (SELECT n.tenant_id, n.entry_id, max(n.line_no) AS last FROM added n GROUP BY n.tenant_id, n.entry_id) s
        CROSS JOIN LATERAL (SELECT f.kind, f.reverses_id FROM erp.journal_entries f WHERE f.tenant_id = s.tenant_id AND f.id = s.entry_id
            AND s.last = f.line_count LIMIT 1) e
        CROSS JOIN LATERAL (SELECT l.transaction_currency AS currency, sum(l.transaction_minor) AS total
            FROM erp.journal_lines l WHERE l.tenant_id = s.tenant_id AND l.entry_id = s.entry_id AND l.transaction_currency <> l.amount_currency
            GROUP BY l.transaction_currency) w
        WHERE w.total <> 0 AND e.kind NOT IN ('exchange', 'revaluation', 'realised', 'rounding')
          AND NOT EXISTS (SELECT 1 FROM erp.journal_entries r WHERE r.tenant_id = s.tenant_id AND r.id = e.reverses_id AND e.kind = 'reversal'
            AND r.kind IN ('exchange', 'revaluation', 'realised', 'rounding'))
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/invalid/accounting.entry_unbalanced/debits and credits in % differ by % minor units', bad.currency, bad.total;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_journal_lines_guard AFTER INSERT ON erp.journal_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_journal_lines();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_number_series() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.taken < OLD.taken OR NEW.last_date < OLD.last_date OR (NEW.last_date IS NULL AND OLD.last_date IS NOT NULL)
       OR (NEW.code, NEW.fiscal_year_id) IS DISTINCT FROM (OLD.code, OLD.fiscal_year_id) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.backdated/a series of numbers only goes forward';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_number_series_guard BEFORE UPDATE ON erp.number_series FOR EACH ROW EXECUTE FUNCTION erp.guard_number_series();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_invoices() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'credited_minor' - 'deducted_minor') IS DISTINCT FROM (to_jsonb(OLD) - 'credited_minor' - 'deducted_minor')
       OR NEW.credited_minor < OLD.credited_minor OR NEW.deducted_minor < OLD.deducted_minor THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/document % is issued and never changes', OLD.number;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_invoices_guard BEFORE UPDATE ON erp.invoices FOR EACH ROW EXECUTE FUNCTION erp.guard_invoices();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_open_items() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    settled record;
BEGIN
    IF (to_jsonb(NEW) - 'open_minor' - 'open_base_minor' - 'reopened_on') IS DISTINCT FROM (to_jsonb(OLD) - 'open_minor' - 'open_base_minor' - 'reopened_on') THEN
        RAISE EXCEPTION 'erp/conflict/accounting.over_allocated/of an open item nothing changes but what is open';
    END IF;
    IF abs(NEW.open_minor) <= abs(OLD.open_minor) AND abs(NEW.open_base_minor) <= abs(OLD.open_base_minor) AND NEW.reopened_on IS NOT DISTINCT FROM OLD.reopened_on THEN
        RETURN NEW;
    END IF;
    -- It opens again by what allocations that were undone had taken, and by nothing else.
    SELECT coalesce(sum(a.minor), 0) AS minor, coalesce(sum(a.base), 0) AS base, max(a.reopened_on) AS reopened_on INTO settled FROM (
        SELECT d.amount_minor AS minor, d.debit_base_minor AS base, CASE WHEN d.undoes_id IS NOT NULL THEN d.allocated_on END AS reopened_on
            FROM erp.allocations d WHERE d.tenant_id = NEW.tenant_id AND d.debit_id = NEW.id
        UNION ALL
        SELECT -c.amount_minor, -c.credit_base_minor, CASE WHEN c.undoes_id IS NOT NULL THEN c.allocated_on END
            FROM erp.allocations c WHERE c.tenant_id = NEW.tenant_id AND c.credit_id = NEW.id) a;
    IF NEW.open_minor <> NEW.original_minor - settled.minor OR NEW.open_base_minor <> NEW.base_minor - settled.base
       OR NEW.reopened_on IS DISTINCT FROM settled.reopened_on THEN
        RAISE EXCEPTION 'erp/conflict/accounting.over_allocated/an open item moves towards zero, but for allocations that are undone';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_open_items_guard BEFORE UPDATE ON erp.open_items FOR EACH ROW EXECUTE FUNCTION erp.guard_open_items();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_accounts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.code, NEW.type, NEW.control) IS DISTINCT FROM (OLD.code, OLD.type, OLD.control) THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/code, type and control of account % never change', OLD.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_accounts_guard BEFORE UPDATE ON erp.accounts FOR EACH ROW EXECUTE FUNCTION erp.guard_accounts();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_books() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.currency <> OLD.currency THEN
        RAISE EXCEPTION 'erp/conflict/accounting.books_differ/the base currency never changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_books_guard BEFORE UPDATE ON erp.books FOR EACH ROW EXECUTE FUNCTION erp.guard_books();
