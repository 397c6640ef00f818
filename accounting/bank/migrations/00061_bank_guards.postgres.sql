-- What the database refuses of statements and reconciliations, whoever asks (docs/decisions/003).

-- +goose Up

-- Statements and reconciliations stand on what an account was when they were made: nothing of it changes but its name.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_bank_accounts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'name') IS DISTINCT FROM (to_jsonb(OLD) - 'name') THEN
        RAISE EXCEPTION 'erp/locked/bank.statement_changed/the bank account % is tied to its numbers and its account of the chart', OLD.name;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bank_accounts_guard BEFORE UPDATE ON erp.bank_accounts FOR EACH ROW EXECUTE FUNCTION erp.guard_bank_accounts();

-- The account of the chart that stands for a bank account is cash, or the statement of cash flows would miss its money. Who ties it and who moves
-- it at once wait for each other at the row of the account.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_bank_cash() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.account_id FOR SHARE;
    IF EXISTS (SELECT 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.account_id AND a.cash_flow <> 'cash') THEN
        RAISE EXCEPTION 'erp/invalid/bank.ledger_account/the account that stands for a bank account is cash in the statement of cash flows';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bank_accounts_cash BEFORE INSERT ON erp.bank_accounts FOR EACH ROW EXECUTE FUNCTION erp.guard_bank_cash();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_cash_of_banks() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erp.bank_accounts b WHERE b.tenant_id = NEW.tenant_id AND b.account_id = NEW.id) THEN
        RAISE EXCEPTION 'erp/invalid/bank.ledger_account/account % stands for a bank account: it is cash in the statement of cash flows', NEW.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_accounts_cash_of_banks BEFORE UPDATE ON erp.accounts FOR EACH ROW
    WHEN (NEW.cash_flow <> 'cash' AND OLD.cash_flow = 'cash') EXECUTE FUNCTION erp.guard_cash_of_banks();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_bank_lines() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'party_id') IS DISTINCT FROM (to_jsonb(OLD) - 'party_id') THEN
        RAISE EXCEPTION 'erp/locked/bank.statement_changed/what a bank stated never changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bank_lines_guard BEFORE UPDATE ON erp.bank_lines FOR EACH ROW EXECUTE FUNCTION erp.guard_bank_lines();

-- A statement has as many lines as it says, of its account and currency, and they add up to what it says: the last line closes it.
-- Look-ups are a LATERAL with a LIMIT, for the plan is kept for the session (see 00011).
-- +goose StatementBegin
CREATE FUNCTION erp.guard_bank_statement() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    SELECT s.statement_id INTO bad
        FROM (SELECT n.tenant_id, n.statement_id, n.bank_account_id, n.amount_currency, max(n.line_no) AS last FROM added n
            GROUP BY n.tenant_id, n.statement_id, n.bank_account_id, n.amount_currency) s
        LEFT JOIN LATERAL (SELECT f.id FROM erp.bank_statements f WHERE f.tenant_id = s.tenant_id AND f.id = s.statement_id
            AND f.bank_account_id = s.bank_account_id AND f.opening_currency = s.amount_currency AND s.last <= f.line_count LIMIT 1) h ON true
        WHERE h.id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/locked/bank.statement_changed/a statement is recorded with all its lines, once';
    END IF;
    SELECT w.total INTO bad
        FROM (SELECT n.tenant_id, n.statement_id, max(n.line_no) AS last FROM added n GROUP BY n.tenant_id, n.statement_id) s
        CROSS JOIN LATERAL (SELECT f.sum_minor, f.line_count FROM erp.bank_statements f WHERE f.tenant_id = s.tenant_id AND f.id = s.statement_id
            AND s.last = f.line_count LIMIT 1) h
        CROSS JOIN LATERAL (SELECT count(*) AS lines, sum(l.amount_minor) AS total FROM erp.bank_lines l
            WHERE l.tenant_id = s.tenant_id AND l.statement_id = s.statement_id) w
        WHERE w.lines <> h.line_count OR w.total <> h.sum_minor LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/invalid/bank.unbalanced/the lines of a statement add up to %, which is not what it says', bad.total;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bank_lines_whole AFTER INSERT ON erp.bank_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_bank_statement();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_bank_reconciliations() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'active' - 'undone_at') IS DISTINCT FROM (to_jsonb(OLD) - 'active' - 'undone_at')
       OR (NOT OLD.active AND to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD)) THEN
        RAISE EXCEPTION 'erp/locked/bank.reconciliation_changed/a reconciliation is undone once, and nothing else of it changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bank_reconciliations_guard BEFORE UPDATE ON erp.bank_reconciliations FOR EACH ROW EXECUTE FUNCTION erp.guard_bank_reconciliations();
CREATE TRIGGER erp_bank_matches_guard BEFORE UPDATE ON erp.bank_matches FOR EACH ROW EXECUTE FUNCTION erp.guard_bank_reconciliations();
