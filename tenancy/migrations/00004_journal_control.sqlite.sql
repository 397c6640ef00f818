-- The platform's journal only grows.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_control_platform_journal_update BEFORE UPDATE ON erp_control.platform_journal FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the journal of the platform is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_platform_journal_delete BEFORE DELETE ON erp_control.platform_journal FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the journal of the platform is never deleted');
END;
-- +goose StatementEnd
