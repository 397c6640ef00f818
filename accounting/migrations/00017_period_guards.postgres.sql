-- What the database refuses about periods, whoever asks (docs/decisions/014): writing at or before a hard lock, and lifting one
-- without the reopening of two persons. While the tenant's gate is importing, history may be inserted.

-- +goose Up

-- The name of the locked period that a day lies in, or before which it lies; null when there is none. Locked periods are the first ones
-- (erp_periods_order), so it is enough to look at the one that the day lies in, or at the first of all.
-- +goose StatementBegin
CREATE FUNCTION erp.locked_on(tenant UUID, day DATE) RETURNS TEXT LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    p record;
BEGIN
    SELECT q.name, q.state INTO p FROM erp.periods q WHERE q.tenant_id = tenant AND q.starts_on <= day ORDER BY q.starts_on DESC LIMIT 1;
    IF NOT FOUND THEN
        SELECT q.name, q.state INTO p FROM erp.periods q WHERE q.tenant_id = tenant ORDER BY q.starts_on LIMIT 1;
    END IF;
    IF p.state = 'locked' AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = tenant AND g.state = 'importing') THEN
        RETURN p.name;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- The door past a hard lock: somebody asked for this period or an earlier one to be opened again after it was locked, and
-- somebody else approved.
-- +goose StatementBegin
CREATE FUNCTION erp.reopened(tenant UUID, journal UUID, starts DATE, locked_at TIMESTAMPTZ) RETURNS BOOLEAN LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM erp.period_reopenings r JOIN erp.periods p ON p.tenant_id = r.tenant_id AND p.id = r.period_id
        WHERE r.tenant_id = tenant AND r.journal_id IS NOT DISTINCT FROM journal AND p.starts_on <= starts
          AND r.asked_at >= locked_at AND r.approved_at IS NOT NULL);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp.guard_periods() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    standing TEXT;
BEGIN
    IF (NEW.fiscal_year_id, NEW.seq, NEW.name, NEW.starts_on, NEW.ends_on) IS DISTINCT FROM (OLD.fiscal_year_id, OLD.seq, OLD.name, OLD.starts_on, OLD.ends_on) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/the dates of a period never change';
    ELSIF NEW.changed_at < OLD.changed_at THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/the state of period % is not set in the past', OLD.name;
    END IF;
    SELECT c.kind INTO standing FROM erp.period_closings c WHERE c.tenant_id = NEW.tenant_id AND c.period_id = NEW.id AND c.superseded_by_id IS NULL;
    IF NEW.state = 'locked' AND OLD.state <> 'locked' AND (standing IS NULL OR (NEW.seq = 12 AND standing <> 'year')) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/period % is locked with its closing figures, the last of a year by closing the year', OLD.name;
    ELSIF OLD.state <> 'locked' OR (to_jsonb(NEW) - 'reason') = (to_jsonb(OLD) - 'reason') THEN
        RETURN NEW;
    ELSIF NEW.state = 'locked' THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/period % is locked', OLD.name;
    ELSIF standing IS NOT NULL OR NOT erp.reopened(OLD.tenant_id, NULL, OLD.starts_on, OLD.changed_at) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/period % is locked: two persons open it again', OLD.name;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_periods_guard BEFORE UPDATE ON erp.periods FOR EACH ROW EXECUTE FUNCTION erp.guard_periods();

-- Locked periods are the first ones, without a gap, and periods do not overlap: a lock holds for all that is before it.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_periods_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM fresh n JOIN erp.periods p ON p.tenant_id = n.tenant_id AND p.id <> n.id
        WHERE NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = n.tenant_id AND g.state = 'importing')
          AND ((n.state = 'locked' AND p.state <> 'locked' AND p.starts_on < n.starts_on)
            OR (n.state <> 'locked' AND p.state = 'locked' AND p.starts_on > n.starts_on))) THEN
        RAISE EXCEPTION 'erp/locked/accounting.period_locked/nothing is open before a locked period';
    ELSIF TG_OP = 'INSERT' AND EXISTS (SELECT 1 FROM fresh n WHERE n.state = 'locked'
        AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = n.tenant_id AND g.state = 'importing')) THEN
        RAISE EXCEPTION 'erp/locked/accounting.period_locked/no period begins locked';
    ELSIF TG_OP = 'INSERT' AND EXISTS (SELECT 1 FROM fresh n JOIN erp.periods p ON p.tenant_id = n.tenant_id AND p.id <> n.id
        WHERE p.starts_on <= n.ends_on AND p.ends_on >= n.starts_on) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/periods do not overlap';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_periods_order AFTER UPDATE ON erp.periods
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_periods_order();
CREATE TRIGGER erp_periods_added AFTER INSERT ON erp.periods
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_periods_order();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_journal_locks() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    starts DATE;
BEGIN
    -- Postings hold the period: whoever comes second waits here, and then sees what the first one did.
    SELECT p.starts_on INTO starts FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.period_id FOR NO KEY UPDATE;
    IF TG_OP = 'INSERT' OR OLD.state <> 'locked' OR (to_jsonb(NEW) - 'reason') = (to_jsonb(OLD) - 'reason') THEN
        IF TG_OP = 'UPDATE' AND NEW.changed_at < OLD.changed_at THEN
            RAISE EXCEPTION 'erp/conflict/accounting.period_state/a lock is not set in the past';
        END IF;
        RETURN NEW;
    ELSIF NEW.state = 'locked' OR NEW.changed_at < OLD.changed_at OR NOT erp.reopened(OLD.tenant_id, OLD.journal_id, starts, OLD.changed_at) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/the journal is locked: two persons open it again';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_journal_locks_guard BEFORE INSERT OR UPDATE ON erp.journal_locks FOR EACH ROW EXECUTE FUNCTION erp.guard_journal_locks();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_period_reopenings() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF (NEW.approved_by IS NOT NULL OR NEW.expires_at > NEW.asked_at + INTERVAL '7 days')
           AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing') THEN
            RAISE EXCEPTION 'erp/conflict/accounting.reopening_state/a reopening is asked for first, for seven days at most';
        END IF;
    ELSIF (to_jsonb(NEW) - 'reason' - 'approved_by' - 'approved_at') IS DISTINCT FROM (to_jsonb(OLD) - 'reason' - 'approved_by' - 'approved_at')
       OR (OLD.approved_by IS NOT NULL AND (NEW.approved_by, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by, OLD.approved_at)) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.reopening_state/a reopening is approved once, and nothing else of it changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_period_reopenings_guard BEFORE INSERT OR UPDATE ON erp.period_reopenings FOR EACH ROW EXECUTE FUNCTION erp.guard_period_reopenings();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_period_closings() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    ELSIF (to_jsonb(NEW) - 'superseded_by_id' - 'superseded_at') IS DISTINCT FROM (to_jsonb(OLD) - 'superseded_by_id' - 'superseded_at')
       OR OLD.superseded_by_id IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM erp.period_reopenings r
            JOIN erp.periods p ON p.tenant_id = r.tenant_id AND p.id = r.period_id
            JOIN erp.periods c ON c.tenant_id = r.tenant_id AND c.id = OLD.period_id
            WHERE r.tenant_id = OLD.tenant_id AND r.id = NEW.superseded_by_id AND r.journal_id IS NULL AND r.approved_at IS NOT NULL
              AND p.starts_on <= c.starts_on AND r.asked_at >= OLD.closed_at) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.period_state/what was closed is superseded by an approved reopening, once, and nothing else of it changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_period_closings_guard BEFORE UPDATE ON erp.period_closings FOR EACH ROW EXECUTE FUNCTION erp.guard_period_closings();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_balances() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.name INTO bad
        FROM (SELECT DISTINCT f.tenant_id, f.period_id FROM fresh f) n
        CROSS JOIN LATERAL (SELECT q.name FROM erp.periods q WHERE q.tenant_id = n.tenant_id AND q.id = n.period_id AND q.state = 'locked' LIMIT 1) p
        WHERE NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = n.tenant_id AND g.state = 'importing')
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/locked/accounting.period_locked/period % is locked', bad.name;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_account_balances_added AFTER INSERT ON erp.account_balances
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_balances();
-- +goose StatementBegin
CREATE FUNCTION erp.guard_changed_balances() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    SELECT p.name INTO bad
        FROM (SELECT DISTINCT f.tenant_id, f.period_id FROM fresh f) n
        CROSS JOIN LATERAL (SELECT q.name FROM erp.periods q WHERE q.tenant_id = n.tenant_id AND q.id = n.period_id AND q.state = 'locked' LIMIT 1) p
        LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL; -- as for all that is posted: the rest need not be asked
    END IF;
    SELECT p.name INTO bad
        FROM (SELECT f.* FROM fresh f EXCEPT SELECT t.* FROM stale t) n
        JOIN erp.periods p ON p.tenant_id = n.tenant_id AND p.id = n.period_id
        WHERE p.state = 'locked' AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = n.tenant_id AND g.state = 'importing')
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/locked/accounting.period_locked/period % is locked', bad.name;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_account_balances_changed AFTER UPDATE ON erp.account_balances
    REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_changed_balances();

-- Documents and settlements keep to the locks as entries do. A document dated in a locked period is late: its own entry stands
-- in a later one. What has no entry holds its period itself: whoever locks it waits for this, or this for that.

-- +goose StatementBegin
CREATE FUNCTION erp.hold_periods(tenant UUID, first DATE, last DATE) RETURNS VOID LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM erp.periods p WHERE p.tenant_id = tenant AND p.starts_on <= last AND p.ends_on >= first ORDER BY p.tenant_id, p.id FOR SHARE;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp.refuse_locked(tenant UUID, day DATE, what TEXT) RETURNS VOID LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    locked TEXT := erp.locked_on(tenant, day);
BEGIN
    IF locked IS NOT NULL THEN
        RAISE EXCEPTION 'erp/locked/accounting.period_locked/period % is locked: %', locked, what;
    END IF;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_invoices() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.invoice_date), max(n.invoice_date)) FROM added n WHERE n.entry_id IS NULL GROUP BY n.tenant_id;
    IF NOT EXISTS (SELECT 1 FROM (SELECT DISTINCT n.tenant_id, n.invoice_date AS day FROM added n) d WHERE erp.locked_on(d.tenant_id, d.day) IS NOT NULL) THEN
        RETURN NULL; -- as for nearly all: which entry is late need not be asked
    END IF;
    PERFORM erp.refuse_locked(n.tenant_id, n.invoice_date, 'no document is dated there') FROM added n
        LEFT JOIN LATERAL (SELECT 1 AS there FROM erp.journal_entries e WHERE e.tenant_id = n.tenant_id AND e.id = n.entry_id
            AND e.late AND e.source_id = n.id AND e.entry_date > n.invoice_date LIMIT 1) l ON true
        WHERE l.there IS NULL;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_invoices_dated AFTER INSERT ON erp.invoices
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_invoices();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_bills() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.bill_date), max(n.bill_date)) FROM added n WHERE n.entry_id IS NULL GROUP BY n.tenant_id;
    IF NOT EXISTS (SELECT 1 FROM (SELECT DISTINCT n.tenant_id, n.bill_date AS day FROM added n) d WHERE erp.locked_on(d.tenant_id, d.day) IS NOT NULL) THEN
        RETURN NULL; -- as for nearly all: which entry is late need not be asked
    END IF;
    PERFORM erp.refuse_locked(n.tenant_id, n.bill_date, 'no document is dated there') FROM added n
        LEFT JOIN LATERAL (SELECT 1 AS there FROM erp.journal_entries e WHERE e.tenant_id = n.tenant_id AND e.id = n.entry_id
            AND e.late AND e.source_id = n.id AND e.entry_date > n.bill_date LIMIT 1) l ON true
        WHERE l.there IS NULL;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bills_dated AFTER INSERT ON erp.bills
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_bills();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_payments() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.payment_date), max(n.payment_date)) FROM added n WHERE n.entry_id IS NULL GROUP BY n.tenant_id;
    IF NOT EXISTS (SELECT 1 FROM (SELECT DISTINCT n.tenant_id, n.payment_date AS day FROM added n) d WHERE erp.locked_on(d.tenant_id, d.day) IS NOT NULL) THEN
        RETURN NULL; -- as for nearly all: which entry is late need not be asked
    END IF;
    PERFORM erp.refuse_locked(n.tenant_id, n.payment_date, 'no payment is dated there') FROM added n
        LEFT JOIN LATERAL (SELECT 1 AS there FROM erp.journal_entries e WHERE e.tenant_id = n.tenant_id AND e.id = n.entry_id
            AND e.late AND e.source_id = n.id AND e.entry_date > n.payment_date LIMIT 1) l ON true
        WHERE l.there IS NULL;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_payments_dated AFTER INSERT ON erp.payments
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_payments();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_open_items() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.item_date), max(n.item_date)) FROM added n GROUP BY n.tenant_id;
    PERFORM erp.refuse_locked(d.tenant_id, d.day, 'no item is dated there') FROM (SELECT DISTINCT n.tenant_id, n.item_date AS day FROM added n) d;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_open_items_dated AFTER INSERT ON erp.open_items
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_open_items();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_allocations() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.allocated_on), max(n.allocated_on)) FROM added n GROUP BY n.tenant_id;
    PERFORM erp.refuse_locked(d.tenant_id, d.day, 'nothing is settled there') FROM (SELECT DISTINCT n.tenant_id, n.allocated_on AS day FROM added n) d;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_allocations_dated AFTER INSERT ON erp.allocations
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_allocations();
