-- A version of a key goes one way only, and its row stays.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_control_tenant_keys_move BEFORE UPDATE ON erp_control.tenant_keys FOR EACH ROW
WHEN OLD.tenant_id <> NEW.tenant_id OR OLD.version <> NEW.version OR OLD.created_at <> NEW.created_at
    OR NOT (OLD.state = NEW.state OR OLD.state = 'active' AND NEW.state = 'retiring' OR OLD.state = 'retiring' AND NEW.state = 'retired'
        OR OLD.state <> 'destroyed' AND NEW.state = 'destroyed')
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.tenant_state/a key does not go that way');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_tenant_keys_delete BEFORE DELETE ON erp_control.tenant_keys FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the row of a key is never deleted');
END;
-- +goose StatementEnd
