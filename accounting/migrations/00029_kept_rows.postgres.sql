-- What stands in kept rows, whoever asks (docs/decisions/003).

-- +goose Up

-- A combination of dimensions is made of codes, and lines name it: codes stay, and so does what it is made of.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_dimensions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'name' - 'active') IS DISTINCT FROM (to_jsonb(OLD) - 'name' - 'active') THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/of % only name and use change', OLD.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_dimensions_guard BEFORE UPDATE ON erp.dimensions FOR EACH ROW EXECUTE FUNCTION erp.guard_dimensions();
CREATE TRIGGER erp_dimension_values_guard BEFORE UPDATE ON erp.dimension_values FOR EACH ROW EXECUTE FUNCTION erp.guard_dimensions();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_dimension_sets() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM (SELECT DISTINCT n.tenant_id, n.set_id FROM added n) n
        CROSS JOIN LATERAL (SELECT s.value_count FROM erp.dimension_sets s WHERE s.tenant_id = n.tenant_id AND s.id = n.set_id LIMIT 1) s
        CROSS JOIN LATERAL (SELECT count(*) AS there FROM erp.dimension_set_values v WHERE v.tenant_id = n.tenant_id AND v.set_id = n.set_id) v
        WHERE v.there > s.value_count) THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/a combination of dimensions is recorded whole, once';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_dimension_set_values_whole AFTER INSERT ON erp.dimension_set_values
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_dimension_sets();
