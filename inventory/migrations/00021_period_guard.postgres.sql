-- A period is not locked for good while documents in it wait for their group's entry: it could never be made.

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
