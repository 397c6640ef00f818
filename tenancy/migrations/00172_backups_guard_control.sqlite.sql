-- A backup goes one way, and its row stays; so does an entry of the erasure ledger. No backup of a tenant is begun once its purge has.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_control_backups_begin BEFORE INSERT ON erp_control.backups FOR EACH ROW
WHEN NEW.state <> 'taking' OR EXISTS (SELECT 1 FROM erp_control.tenants AS t WHERE t.id = NEW.tenant_id AND t.state IN ('purging', 'purged'))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.tenant_state/a backup begins before its first byte, and not when its tenant is going');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_backups_begun BEFORE UPDATE OF id, tenant_id, place, recipients, begun_by, begun_micros, expires_micros ON erp_control.backups FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/what was said of a backup when it began is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_backups_move BEFORE UPDATE ON erp_control.backups FOR EACH ROW
WHEN NOT (OLD.state = NEW.state OR OLD.state = 'taking' AND NEW.state = 'kept' OR OLD.state <> 'destroyed' AND NEW.state = 'destroyed')
    OR OLD.key_destroyed_micros > 0 AND OLD.key_destroyed_micros <> NEW.key_destroyed_micros
    OR OLD.state <> 'taking' AND (OLD.kept_micros <> NEW.kept_micros OR OLD.size_bytes <> NEW.size_bytes OR OLD.sha256 <> NEW.sha256 OR OLD.root <> NEW.root)
    OR OLD.state = 'destroyed' AND (OLD.destroyed_micros <> NEW.destroyed_micros OR OLD.destroyed_by <> NEW.destroyed_by)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a backup does not go back, and what is known of it stays');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_backups_delete BEFORE DELETE ON erp_control.backups FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the row of a backup is never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_erasure_ledger_move BEFORE UPDATE ON erp_control.erasure_ledger FOR EACH ROW
WHEN OLD.state <> 'intended' OR NEW.state = 'intended' OR OLD.id <> NEW.id OR OLD.tenant_id <> NEW.tenant_id OR OLD.table_name <> NEW.table_name OR OLD.row_id <> NEW.row_id
    OR OLD.kind <> NEW.kind OR OLD.ground <> NEW.ground OR OLD.entered_micros <> NEW.entered_micros OR OLD.from_day <> NEW.from_day OR OLD.to_day <> NEW.to_day
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/an entry of the erasure ledger is settled once, and never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_erasure_ledger_delete BEFORE DELETE ON erp_control.erasure_ledger FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/an entry of the erasure ledger is never deleted');
END;
-- +goose StatementEnd
