-- What the database refuses of bad debts, whoever asks (docs/decisions/003).

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_bad_debts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'recovered_minor') IS DISTINCT FROM (to_jsonb(OLD) - 'recovered_minor') OR NEW.recovered_minor < OLD.recovered_minor THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/a debt that was written off never changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bad_debts_guard BEFORE UPDATE ON erp.bad_debts FOR EACH ROW EXECUTE FUNCTION erp.guard_bad_debts();
