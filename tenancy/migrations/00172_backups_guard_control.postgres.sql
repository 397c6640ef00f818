-- A backup goes one way, and its row stays; so does an entry of the erasure ledger. No backup of a tenant is begun once its purge has.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_backups() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'taking' OR EXISTS (SELECT FROM erp_control.tenants AS t WHERE t.id = NEW.tenant_id AND t.state IN ('purging', 'purged')) THEN
            RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/a backup begins before its first byte, and not when its tenant is going';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/the row of a backup is never deleted';
    END IF;
    IF (OLD.id, OLD.tenant_id, OLD.place, OLD.recipients, OLD.begun_by, OLD.begun_micros, OLD.expires_micros)
        IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.place, NEW.recipients, NEW.begun_by, NEW.begun_micros, NEW.expires_micros) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/what was said of a backup when it began is never changed';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('taking', 'kept'), ('taking', 'destroyed'), ('kept', 'destroyed'))
        OR OLD.key_destroyed_micros > 0 AND OLD.key_destroyed_micros <> NEW.key_destroyed_micros
        OR OLD.state <> 'taking' AND (OLD.kept_micros, OLD.size_bytes, OLD.sha256, OLD.root) IS DISTINCT FROM (NEW.kept_micros, NEW.size_bytes, NEW.sha256, NEW.root)
        OR OLD.state = 'destroyed' AND (OLD.destroyed_micros, OLD.destroyed_by) IS DISTINCT FROM (NEW.destroyed_micros, NEW.destroyed_by) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/a backup does not go back, and what is known of it stays';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_erasure_ledger() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/an entry of the erasure ledger is never deleted';
    END IF;
    IF OLD.state <> 'intended' OR NEW.state = 'intended'
        OR (OLD.id, OLD.tenant_id, OLD.kind, OLD.table_name, OLD.row_id, OLD.ground, OLD.entered_micros, OLD.from_day, OLD.to_day)
            IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.kind, NEW.table_name, NEW.row_id, NEW.ground, NEW.entered_micros, NEW.from_day, NEW.to_day) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/an entry of the erasure ledger is settled once, and never changed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_backups_guard BEFORE INSERT OR UPDATE OR DELETE ON erp_control.backups
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_backups();
CREATE TRIGGER erp_backups_truncate BEFORE TRUNCATE ON erp_control.backups
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_backups();
CREATE TRIGGER erp_erasure_ledger_guard BEFORE UPDATE OR DELETE ON erp_control.erasure_ledger
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_erasure_ledger();
CREATE TRIGGER erp_erasure_ledger_truncate BEFORE TRUNCATE ON erp_control.erasure_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_erasure_ledger();
