-- A period is not locked for good while documents in it wait for their group's entry: it could never be made.

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
