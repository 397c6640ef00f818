-- A gate opens in one order only and goes with its tenant, whoever asks.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_tenant_gates_move BEFORE UPDATE ON erp.tenant_gates FOR EACH ROW
WHEN NEW.turn < OLD.turn OR NOT (OLD.state = NEW.state OR OLD.state = 'importing' AND NEW.state IN ('active', 'closed', 'purging')
    OR OLD.state = 'active' AND NEW.state IN ('closed', 'moving') OR OLD.state = 'closed' AND NEW.state IN ('active', 'moving', 'purging')
    OR OLD.state = 'moving' AND NEW.state IN ('active', 'closed', 'purging'))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.tenant_state/the gate does not move that way');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_tenant_gates_leave BEFORE DELETE ON erp.tenant_gates FOR EACH ROW WHEN OLD.state <> 'purging'
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a gate goes only with its purged tenant');
END;
-- +goose StatementEnd
