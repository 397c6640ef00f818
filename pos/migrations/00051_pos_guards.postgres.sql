-- What the database refuses at the till, whoever asks: tickets and cash moves of a session that is not open, changes of what
-- is final, sessions that go backwards. While the tenant's gate is importing, history may be inserted.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_till_open() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    found_session record;
BEGIN
    -- Closing a session updates its row: whoever comes second waits here, and then sees what the first one did.
    PERFORM 1 FROM erp.till_sessions s
        WHERE (s.tenant_id, s.id) IN (SELECT n.tenant_id, n.session_id FROM added n)
        ORDER BY s.tenant_id, s.id FOR SHARE;
    SELECT n.session_id INTO found_session
        FROM (SELECT DISTINCT a.tenant_id, a.session_id FROM added a) n
        LEFT JOIN LATERAL (SELECT * FROM erp.till_sessions f WHERE f.tenant_id = n.tenant_id AND f.id = n.session_id AND f.state = 'open' LIMIT 1) s ON true
        LEFT JOIN LATERAL (SELECT * FROM erp.tenant_gates f WHERE f.tenant_id = n.tenant_id LIMIT 1) g ON true
        WHERE s.id IS NULL AND coalesce(g.state, '') <> 'importing'
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/conflict/pos.session_closed/the session is not open';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_tickets_open AFTER INSERT ON erp.tickets
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_till_open();
CREATE TRIGGER erp_cash_moves_open AFTER INSERT ON erp.cash_moves
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_till_open();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_till_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'state') IS DISTINCT FROM (to_jsonb(OLD) - 'state')
       OR (OLD.state = 'closed' AND NEW.state <> 'closed') OR (OLD.state = 'expired' AND NEW.state = 'open') THEN
        RAISE EXCEPTION 'erp/locked/pos.final/a session goes from open over expired to closed, and nothing else of it changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_till_sessions_guard BEFORE UPDATE ON erp.till_sessions FOR EACH ROW EXECUTE FUNCTION erp.guard_till_sessions();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_tickets() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'refunded_minor') IS DISTINCT FROM (to_jsonb(OLD) - 'refunded_minor') OR NEW.refunded_minor < OLD.refunded_minor THEN
        RAISE EXCEPTION 'erp/locked/pos.final/ticket % is final', OLD.number;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_tickets_guard BEFORE UPDATE ON erp.tickets FOR EACH ROW EXECUTE FUNCTION erp.guard_tickets();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_ticket_lines() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - ARRAY['refunded', 'refunded_gross_minor', 'refunded_tax_minor'])
       IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['refunded', 'refunded_gross_minor', 'refunded_tax_minor']) OR NEW.refunded < OLD.refunded THEN
        RAISE EXCEPTION 'erp/locked/pos.final/a line of a ticket is final';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_ticket_lines_guard BEFORE UPDATE ON erp.ticket_lines FOR EACH ROW EXECUTE FUNCTION erp.guard_ticket_lines();

-- A period is not locked while a till of it, or of one before, is still to be closed: its entry could never be made.

-- +goose StatementBegin
CREATE FUNCTION erp.guard_unclosed_tills() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erp.till_sessions s WHERE s.tenant_id = NEW.tenant_id AND s.state <> 'closed' AND s.business_date <= NEW.ends_on) THEN
        RAISE EXCEPTION 'erp/conflict/pos.session_open/a till of period % or before is still open: close it first', NEW.name;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_periods_unclosed_tills BEFORE UPDATE ON erp.periods FOR EACH ROW
    WHEN (NEW.state = 'locked' AND OLD.state <> 'locked') EXECUTE FUNCTION erp.guard_unclosed_tills();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_till_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.business_date), max(n.business_date)) FROM added n GROUP BY n.tenant_id;
    PERFORM erp.refuse_locked(d.tenant_id, d.day, 'no till is opened there') FROM (SELECT DISTINCT n.tenant_id, n.business_date AS day FROM added n) d;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_till_sessions_dated AFTER INSERT ON erp.till_sessions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_till_sessions();

-- The account of a drawer is cash, or the statement of cash flows would miss its money. Who ties it and who moves it at once wait for each other
-- at the row of the account.

-- +goose StatementBegin
CREATE FUNCTION erp.guard_drawer_cash() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.cash_account_id FOR SHARE;
    IF EXISTS (SELECT 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.cash_account_id AND a.cash_flow <> 'cash') THEN
        RAISE EXCEPTION 'erp/invalid/pos.cash_account/the account of a drawer is cash in the statement of cash flows';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_registers_drawer BEFORE INSERT OR UPDATE OF cash_account_id ON erp.registers FOR EACH ROW EXECUTE FUNCTION erp.guard_drawer_cash();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_cash_of_drawers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erp.registers r WHERE r.tenant_id = NEW.tenant_id AND r.cash_account_id = NEW.id) THEN
        RAISE EXCEPTION 'erp/invalid/pos.cash_account/account % is that of a drawer: it is cash in the statement of cash flows', NEW.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_accounts_cash_of_drawers BEFORE UPDATE ON erp.accounts FOR EACH ROW
    WHEN (NEW.cash_flow <> 'cash' AND OLD.cash_flow = 'cash') EXECUTE FUNCTION erp.guard_cash_of_drawers();
