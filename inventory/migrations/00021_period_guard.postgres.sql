-- A period is not locked while documents in it wait for their group's entry: it could never be made.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_unposted_groups() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erp.stock_documents d WHERE d.tenant_id = NEW.tenant_id AND d.group_id IS NOT NULL
        AND d.document_date BETWEEN NEW.starts_on AND NEW.ends_on
        AND NOT EXISTS (SELECT 1 FROM erp.stock_group_postings p WHERE p.tenant_id = d.tenant_id AND p.group_id = d.group_id AND p.posting_no = d.posting_no)) THEN
        RAISE EXCEPTION 'erp/conflict/inventory.group_unposted/goods moved in period % are still to be posted: close the tills first', NEW.name;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_periods_unposted_groups BEFORE UPDATE ON erp.periods FOR EACH ROW
    WHEN (NEW.state = 'locked' AND OLD.state <> 'locked') EXECUTE FUNCTION erp.guard_unposted_groups();

-- Goods move in no locked period, whether their document has an entry, waits for its group's, or is worth nothing.

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_stock_documents() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.document_date), max(n.document_date)) FROM added n GROUP BY n.tenant_id;
    PERFORM erp.refuse_locked(d.tenant_id, d.day, 'goods move in no locked period') FROM (SELECT DISTINCT n.tenant_id, n.document_date AS day FROM added n) d;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_stock_documents_dated AFTER INSERT ON erp.stock_documents
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_stock_documents();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dated_stock_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    PERFORM erp.hold_periods(n.tenant_id, min(n.move_date), max(n.move_date)) FROM added n GROUP BY n.tenant_id;
    PERFORM erp.refuse_locked(d.tenant_id, d.day, 'goods move in no locked period') FROM (SELECT DISTINCT n.tenant_id, n.move_date AS day FROM added n) d;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_stock_moves_dated AFTER INSERT ON erp.stock_moves
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dated_stock_moves();
