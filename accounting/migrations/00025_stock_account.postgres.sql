-- The account with the role stock, once inventory keeps it (books.stock_kept): its balance is what the goods on hand are worth, so
-- nothing but their movements is booked to it, the role stays where it is, and the account stays kept.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_stock_lines() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    -- One look-up per statement; most have no line on the account but those of stock, and stop here.
    SELECT a.code INTO bad
        FROM (SELECT DISTINCT n.tenant_id FROM added n) t
        CROSS JOIN LATERAL (SELECT f.id, f.code FROM erp.accounts f WHERE f.tenant_id = t.tenant_id AND f.role = 'stock' LIMIT 1) a
        JOIN added n ON n.tenant_id = t.tenant_id AND n.account_id = a.id
        CROSS JOIN LATERAL (SELECT 1 FROM erp.journal_entries f WHERE f.tenant_id = n.tenant_id AND f.id = n.entry_id AND f.kind <> 'stock' LIMIT 1) e
        LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- Keeping the account changes the books' row and then looks at the balance: whoever comes second waits, and sees what the first one did.
    PERFORM 1 FROM erp.books b WHERE b.tenant_id IN (SELECT n.tenant_id FROM added n) ORDER BY b.tenant_id FOR SHARE;
    SELECT a.code INTO bad
        FROM (SELECT DISTINCT n.tenant_id FROM added n) t
        CROSS JOIN LATERAL (SELECT 1 FROM erp.books f WHERE f.tenant_id = t.tenant_id AND f.stock_kept LIMIT 1) b
        CROSS JOIN LATERAL (SELECT f.id, f.code FROM erp.accounts f WHERE f.tenant_id = t.tenant_id AND f.role = 'stock' LIMIT 1) a
        JOIN added n ON n.tenant_id = t.tenant_id AND n.account_id = a.id
        CROSS JOIN LATERAL (SELECT 1 FROM erp.journal_entries f WHERE f.tenant_id = n.tenant_id AND f.id = n.entry_id AND f.kind <> 'stock' LIMIT 1) e
        LEFT JOIN LATERAL (SELECT f.state FROM erp.tenant_gates f WHERE f.tenant_id = t.tenant_id LIMIT 1) g ON true
        WHERE coalesce(g.state, '') <> 'importing'
        LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'erp/invalid/accounting.control_account/account % is a control account: the movements of goods alone are booked to it', bad.code;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_journal_lines_stock_guard AFTER INSERT ON erp.journal_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_stock_lines();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_stock_account() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.role = 'stock' AND NEW.role IS DISTINCT FROM 'stock'
       AND EXISTS (SELECT 1 FROM erp.books b WHERE b.tenant_id = OLD.tenant_id AND b.stock_kept) THEN
        RAISE EXCEPTION 'erp/invalid/accounting.control_account/account % keeps the role stock: goods stand on it', OLD.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_accounts_stock_guard BEFORE UPDATE ON erp.accounts FOR EACH ROW EXECUTE FUNCTION erp.guard_stock_account();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_stock_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.stock_kept AND NOT NEW.stock_kept THEN
        RAISE EXCEPTION 'erp/invalid/accounting.control_account/the stock account stays a control account';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_books_stock_guard BEFORE UPDATE ON erp.books FOR EACH ROW EXECUTE FUNCTION erp.guard_stock_kept();
