-- What the database refuses of prepayments that are set off, and of bad debts, whoever asks (docs/decisions/003).

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

-- A prepayment is set off in its own currency.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_invoice_prepayments() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added n JOIN erp.invoices d ON d.tenant_id = n.tenant_id AND d.id IN (n.invoice_id, n.prepayment_id) WHERE d.gross_currency <> n.gross_currency) THEN
        RAISE EXCEPTION 'erp/invalid/accounting.wrong_currency/a prepayment is set off in its own currency';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_invoice_prepayments_currency AFTER INSERT ON erp.invoice_prepayments
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_invoice_prepayments();

-- A prepayment is set off in its own currency.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_bill_prepayments() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added n JOIN erp.bills d ON d.tenant_id = n.tenant_id AND d.id IN (n.bill_id, n.prepayment_id) WHERE d.gross_currency <> n.gross_currency) THEN
        RAISE EXCEPTION 'erp/invalid/accounting.wrong_currency/a prepayment is set off in its own currency';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bill_prepayments_currency AFTER INSERT ON erp.bill_prepayments
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_bill_prepayments();
