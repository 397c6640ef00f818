-- A tenant under a legal hold is not purged, whoever asks, and a hold is not placed on one that is going. A hold is released once,
-- and stays on record.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_control_tenants_guard BEFORE UPDATE ON erp_control.tenants FOR EACH ROW
WHEN NEW.state IN ('purging', 'purged') AND EXISTS (SELECT 1 FROM erp_control.legal_holds AS h WHERE h.tenant_id = NEW.id AND h.released_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.legal_hold/the tenant is under a legal hold');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_legal_holds_insert BEFORE INSERT ON erp_control.legal_holds FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp_control.tenants AS t WHERE t.id = NEW.tenant_id AND t.state IN ('purging', 'purged'))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.tenant_state/the tenant is being purged, or was');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_legal_holds_update BEFORE UPDATE ON erp_control.legal_holds FOR EACH ROW
WHEN OLD.released_at IS NOT NULL OR OLD.id <> NEW.id OR OLD.tenant_id <> NEW.tenant_id OR OLD.reference <> NEW.reference OR OLD.reason <> NEW.reason
    OR OLD.placed_at <> NEW.placed_at OR OLD.placed_by <> NEW.placed_by
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a legal hold is released once, and never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_legal_holds_delete BEFORE DELETE ON erp_control.legal_holds FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a legal hold is never deleted');
END;
-- +goose StatementEnd
