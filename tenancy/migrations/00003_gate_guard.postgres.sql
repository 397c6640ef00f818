-- A gate opens in one order only and goes with its tenant, whoever asks.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_tenant_gates() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'purging' THEN
            RAISE EXCEPTION 'erp/locked/tenancy.append_only/a gate goes only with its purged tenant';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('importing', 'active'), ('importing', 'closed'), ('importing', 'purging'),
        ('active', 'closed'), ('closed', 'active'), ('closed', 'purging'), ('active', 'moving'), ('closed', 'moving'), ('moving', 'active'),
        ('moving', 'closed'), ('moving', 'purging')) THEN
        RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/a gate does not go from % to %', OLD.state, NEW.state;
    END IF;
    IF NEW.turn < OLD.turn THEN
        RAISE EXCEPTION 'erp/conflict/tenancy.tenant_state/a gate is not moved by a decision that was overtaken';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_tenant_gates_guard BEFORE UPDATE OR DELETE ON erp.tenant_gates FOR EACH ROW EXECUTE FUNCTION erp.guard_tenant_gates();
