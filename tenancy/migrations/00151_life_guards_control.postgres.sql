-- A tenant under a legal hold is not purged, whoever asks, and a hold is not placed on one that is going. A hold is released once,
-- and stays on record.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_tenants() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state IN ('purging', 'purged') AND EXISTS (SELECT FROM erp_control.legal_holds AS h WHERE h.tenant_id = NEW.id AND h.released_at IS NULL) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.legal_hold/the tenant is under a legal hold';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_tenants_guard BEFORE UPDATE ON erp_control.tenants FOR EACH ROW EXECUTE FUNCTION erp_control.guard_tenants();

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_legal_holds() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tenant_state text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT t.state INTO tenant_state FROM erp_control.tenants AS t WHERE t.id = NEW.tenant_id FOR UPDATE;
        IF tenant_state IN ('purging', 'purged') THEN
            RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/the tenant is %', tenant_state;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.released_at IS NULL
        AND (NEW.id, NEW.tenant_id, NEW.reference, NEW.reason, NEW.placed_at, NEW.placed_by) = (OLD.id, OLD.tenant_id, OLD.reference, OLD.reason, OLD.placed_at, OLD.placed_by) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'erp/locked/tenancy.append_only/a legal hold is released once, and neither changed nor deleted';
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_legal_holds_guard BEFORE INSERT OR UPDATE OR DELETE ON erp_control.legal_holds
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_legal_holds();

-- +goose StatementBegin
CREATE FUNCTION erp_control.refuse_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'erp/locked/tenancy.append_only/legal holds are never deleted';
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_legal_holds_truncate BEFORE TRUNCATE ON erp_control.legal_holds FOR EACH STATEMENT EXECUTE FUNCTION erp_control.refuse_truncate();
