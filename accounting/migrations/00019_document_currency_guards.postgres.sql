-- What the database refuses of documents in foreign currencies, whoever asks (docs/decisions/003).

-- +goose Up

-- A document in the base currency is its own worth; one in another has a rate. What corrects a document is in that one's currency.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_document_currency() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added n JOIN erp.books b ON b.tenant_id = n.tenant_id WHERE (n.rate_on IS NULL) <> (n.gross_currency = b.currency)) THEN
        RAISE EXCEPTION 'erp/invalid/accounting.wrong_currency/a document in a foreign currency has a rate, and one in the base currency none';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_invoices_currency_guard AFTER INSERT ON erp.invoices
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_document_currency();
CREATE TRIGGER erp_bills_currency_guard AFTER INSERT ON erp.bills
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_document_currency();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_invoice_corrects() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added n JOIN erp.invoices c ON c.tenant_id = n.tenant_id AND c.id = n.corrects_id WHERE n.gross_currency <> c.gross_currency) THEN
        RAISE EXCEPTION 'erp/invalid/accounting.wrong_currency/a document is corrected in its own currency';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_invoices_corrects_guard AFTER INSERT ON erp.invoices
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_invoice_corrects();

-- +goose StatementBegin
CREATE FUNCTION erp.guard_bill_corrects() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added n JOIN erp.bills c ON c.tenant_id = n.tenant_id AND c.id = n.corrects_id WHERE n.gross_currency <> c.gross_currency) THEN
        RAISE EXCEPTION 'erp/invalid/accounting.wrong_currency/a document is corrected in its own currency';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_bills_corrects_guard AFTER INSERT ON erp.bills
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION erp.guard_bill_corrects();
