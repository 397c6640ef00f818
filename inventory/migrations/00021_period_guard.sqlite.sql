-- A period is not locked while documents in it wait for their group's entry: it could never be made.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_periods_unposted_groups BEFORE UPDATE ON erp_periods FOR EACH ROW
WHEN NEW.state = 'locked' AND OLD.state <> 'locked' AND EXISTS (SELECT 1 FROM erp_stock_documents AS d WHERE d.tenant_id = NEW.tenant_id AND d.group_id IS NOT NULL
    AND d.document_date BETWEEN NEW.starts_on AND NEW.ends_on
    AND NOT EXISTS (SELECT 1 FROM erp_stock_group_postings AS p WHERE p.tenant_id = d.tenant_id AND p.group_id = d.group_id AND p.posting_no = d.posting_no))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/inventory.group_unposted/goods moved in the period are still to be posted: close the tills first');
END;
-- +goose StatementEnd

-- Goods move in no locked period, whether their document has an entry, waits for its group's, or is worth nothing.

-- +goose StatementBegin
CREATE TRIGGER erp_stock_documents_dated BEFORE INSERT ON erp_stock_documents FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp_periods AS p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.document_date)
    AND NOT EXISTS (SELECT 1 FROM erp_tenant_gates AS g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: goods move in no locked period');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_stock_moves_dated BEFORE INSERT ON erp_stock_moves FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp_periods AS p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.move_date)
    AND NOT EXISTS (SELECT 1 FROM erp_tenant_gates AS g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: goods move in no locked period');
END;
-- +goose StatementEnd
