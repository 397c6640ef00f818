-- The platform's journal only grows.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_platform_journal() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'erp/locked/tenancy.append_only/the platform''s journal is never changed or deleted';
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_platform_journal_guard BEFORE UPDATE OR DELETE ON erp_control.platform_journal
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_platform_journal();
CREATE TRIGGER erp_platform_journal_truncate BEFORE TRUNCATE ON erp_control.platform_journal
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_platform_journal();
