-- What stands in kept rows of an ending, whoever asks. A notice is told once, or not at all; a deletion is certified and completed once,
-- and its facts stay what they were before the first row went; of a delivery nothing changes but that its root is emptied.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_ending_notices() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.outcome <> '' OR (to_jsonb(NEW) - 'outcome' - 'told_at' - 'attempts' - 'try_at' - 'failure') IS DISTINCT FROM (to_jsonb(OLD) - 'outcome' - 'told_at' - 'attempts' - 'try_at' - 'failure') THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/what became of a notice never changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER erp_ending_notices_guard BEFORE UPDATE ON erp.ending_notices FOR EACH ROW EXECUTE FUNCTION erp.guard_ending_notices();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_ending_deliveries() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.root NOT IN ('', OLD.root) OR (to_jsonb(NEW) - 'root') IS DISTINCT FROM (to_jsonb(OLD) - 'root') THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/a delivery never changes, but that its root is emptied';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER erp_ending_deliveries_guard BEFORE UPDATE ON erp.ending_deliveries FOR EACH ROW EXECUTE FUNCTION erp.guard_ending_deliveries();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_deletions() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'certified_at' - 'completed_at' - 'look_at') IS DISTINCT FROM (to_jsonb(OLD) - 'certified_at' - 'completed_at' - 'look_at')
        OR (OLD.certified_at IS NOT NULL AND NEW.certified_at IS DISTINCT FROM OLD.certified_at) OR OLD.completed_at IS NOT NULL THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/the facts of a deletion never change, and it is certified and completed once';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER erp_deletions_guard BEFORE UPDATE ON erp.deletions FOR EACH ROW EXECUTE FUNCTION erp.guard_deletions();
