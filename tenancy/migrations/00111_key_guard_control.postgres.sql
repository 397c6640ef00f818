-- A version of a key goes one way only, and its row stays.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_tenant_keys() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/the row of a key is never deleted';
    END IF;
    IF OLD.tenant_id <> NEW.tenant_id OR OLD.version <> NEW.version OR OLD.created_at <> NEW.created_at
        OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('active', 'retiring'), ('retiring', 'retired'),
            ('active', 'destroyed'), ('retiring', 'destroyed'), ('retired', 'destroyed'))
    THEN
        RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/a key does not go from % to %', OLD.state, NEW.state;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_tenant_keys_guard BEFORE UPDATE OR DELETE ON erp_control.tenant_keys
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_tenant_keys();
CREATE TRIGGER erp_tenant_keys_truncate BEFORE TRUNCATE ON erp_control.tenant_keys
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_tenant_keys();
