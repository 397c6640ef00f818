-- What undoes an allocation is its mirror image, once, and not before it. What is settled again after that is settled from that
-- day on: so on no day more of an item is settled than there is. (INSERT OR REPLACE deletes without firing delete triggers, so
-- what would be replaced is refused before.)

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_allocations_once BEFORE INSERT ON erp.allocations FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.allocations a WHERE a.tenant_id = NEW.tenant_id AND a.undoes_id = NEW.undoes_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.already_unallocated/the allocation is undone already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_allocations_reference_once BEFORE INSERT ON erp.allocations FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.allocations a WHERE a.tenant_id = NEW.tenant_id AND a.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.reference_taken/the reference was used before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_allocations_mirrored BEFORE INSERT ON erp.allocations FOR EACH ROW
WHEN NEW.undoes_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erp.allocations a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.undoes_id AND a.undoes_id IS NULL
    AND (a.party_id, a.debit_id, a.credit_id, a.amount_currency) = (NEW.party_id, NEW.debit_id, NEW.credit_id, NEW.amount_currency)
    AND (a.amount_minor, a.debit_base_minor, a.credit_base_minor) = (-NEW.amount_minor, -NEW.debit_base_minor, -NEW.credit_base_minor)
    AND a.allocated_on <= NEW.allocated_on)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.over_allocated/an allocation is undone as it was made, and not before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_allocations_reopened BEFORE INSERT ON erp.allocations FOR EACH ROW
WHEN NEW.undoes_id IS NULL
    AND EXISTS (SELECT 1 FROM erp.open_items i WHERE i.tenant_id = NEW.tenant_id AND i.id IN (NEW.debit_id, NEW.credit_id) AND i.reopened_on > NEW.allocated_on)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.over_allocated/the item was settled until later');
END;
-- +goose StatementEnd
