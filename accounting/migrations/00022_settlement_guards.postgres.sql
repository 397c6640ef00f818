-- What undoes an allocation is its mirror image, once (a unique index), and not before it. What is settled again after that is
-- settled from that day on: so on no day more of an item is settled than there is.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_allocations() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    bad record;
BEGIN
    SELECT n.id, o.reopened_on INTO bad FROM added n
        LEFT JOIN LATERAL (SELECT 1 AS there FROM erp.allocations a WHERE a.tenant_id = n.tenant_id AND a.id = n.undoes_id AND a.undoes_id IS NULL
            AND (a.party_id, a.debit_id, a.credit_id, a.amount_currency) = (n.party_id, n.debit_id, n.credit_id, n.amount_currency)
            AND (a.amount_minor, a.debit_base_minor, a.credit_base_minor) = (-n.amount_minor, -n.debit_base_minor, -n.credit_base_minor)
            AND a.allocated_on <= n.allocated_on LIMIT 1) u ON true
        LEFT JOIN LATERAL (SELECT i.reopened_on FROM erp.open_items i WHERE i.tenant_id = n.tenant_id AND i.id = n.debit_id
            AND i.reopened_on > n.allocated_on AND n.undoes_id IS NULL LIMIT 1) d ON true
        LEFT JOIN LATERAL (SELECT i.reopened_on FROM erp.open_items i WHERE i.tenant_id = n.tenant_id AND i.id = n.credit_id
            AND i.reopened_on > n.allocated_on AND n.undoes_id IS NULL LIMIT 1) c ON true
        LEFT JOIN LATERAL (SELECT f.state FROM erp.tenant_gates f WHERE f.tenant_id = n.tenant_id LIMIT 1) g ON true
        CROSS JOIN LATERAL (SELECT coalesce(d.reopened_on, c.reopened_on) AS reopened_on) o
        WHERE (n.undoes_id IS NOT NULL AND u.there IS NULL) OR (o.reopened_on IS NOT NULL AND coalesce(g.state, '') <> 'importing')
        LIMIT 1;
    IF FOUND AND bad.reopened_on IS NULL THEN
        RAISE EXCEPTION 'erp/conflict/accounting.over_allocated/an allocation is undone as it was made, and not before';
    ELSIF FOUND THEN
        RAISE EXCEPTION 'erp/conflict/accounting.over_allocated/the item was settled until %', bad.reopened_on;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_allocations_guard AFTER INSERT ON erp.allocations
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_allocations();
