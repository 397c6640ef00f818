-- What stands in kept rows of an ending, whoever asks. A notice is told once, or not at all; a deletion is certified and completed once,
-- and its facts stay what they were before the first row went; of a delivery nothing changes but that its root is emptied. INSERT OR
-- REPLACE deletes what stands in its way without firing a trigger against deletes, so what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_ending_notices_guard BEFORE UPDATE ON erp.ending_notices FOR EACH ROW
WHEN OLD.outcome <> '' OR NEW.id <> OLD.id OR NEW.of_tenant <> OLD.of_tenant OR NEW.ends_at <> OLD.ends_at OR NEW.kind <> OLD.kind OR NEW.day <> OLD.day OR NEW.due_at <> OLD.due_at
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/what became of a notice never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_ending_notices_replaced BEFORE INSERT ON erp.ending_notices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.ending_notices t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.ending_notices t WHERE t.tenant_id = NEW.tenant_id AND t.of_tenant = NEW.of_tenant AND t.ends_at = NEW.ends_at AND t.kind = NEW.kind AND t.day = NEW.day)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_ending_deliveries_guard BEFORE UPDATE ON erp.ending_deliveries FOR EACH ROW
WHEN NEW.root NOT IN ('', OLD.root) OR NEW.id <> OLD.id OR NEW.of_tenant <> OLD.of_tenant OR NEW.ends_at <> OLD.ends_at OR NEW.reference <> OLD.reference OR NEW.bytes <> OLD.bytes
    OR NEW.delivered_at <> OLD.delivered_at OR NEW.delivered_to <> OLD.delivered_to OR NEW.recorded_by <> OLD.recorded_by
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a delivery never changes, but that its root is emptied');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_ending_deliveries_replaced BEFORE INSERT ON erp.ending_deliveries FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.ending_deliveries t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.ending_deliveries t WHERE t.tenant_id = NEW.tenant_id AND t.of_tenant = NEW.of_tenant AND t.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_deletions_guard BEFORE UPDATE ON erp.deletions FOR EACH ROW
WHEN NEW.id <> OLD.id OR NEW.of_tenant <> OLD.of_tenant OR NEW.ends_at <> OLD.ends_at OR NEW.begun_at <> OLD.begun_at OR NEW.facts <> OLD.facts
    OR OLD.certified_at IS NOT NULL AND NEW.certified_at IS NOT OLD.certified_at OR OLD.completed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the facts of a deletion never change, and it is certified and completed once');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_deletions_replaced BEFORE INSERT ON erp.deletions FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.deletions t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.deletions t WHERE t.tenant_id = NEW.tenant_id AND t.of_tenant = NEW.of_tenant)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd
