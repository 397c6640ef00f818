-- What the database refuses of vendors' bills, whoever asks (docs/decisions/003).

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_bills() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'credited_minor' - 'deducted_minor') IS DISTINCT FROM (to_jsonb(OLD) - 'credited_minor' - 'deducted_minor')
       OR NEW.credited_minor < OLD.credited_minor OR NEW.deducted_minor < OLD.deducted_minor THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/a recorded bill never changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bills_guard BEFORE UPDATE ON erp.bills FOR EACH ROW EXECUTE FUNCTION erp.guard_bills();
