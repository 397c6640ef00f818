-- What the database refuses of documents in foreign currencies, whoever asks (docs/decisions/003).

-- +goose Up

-- A document in the base currency is its own worth; one in another has a rate. What corrects a document is in that one's currency.
-- +goose StatementBegin
CREATE TRIGGER erp_invoices_currency_guard BEFORE INSERT ON erp.invoices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.books b WHERE b.tenant_id = NEW.tenant_id AND (NEW.rate_on IS NULL) <> (NEW.gross_currency = b.currency))
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.wrong_currency/a document in a foreign currency has a rate, and one in the base currency none');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bills_currency_guard BEFORE INSERT ON erp.bills FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.books b WHERE b.tenant_id = NEW.tenant_id AND (NEW.rate_on IS NULL) <> (NEW.gross_currency = b.currency))
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.wrong_currency/a document in a foreign currency has a rate, and one in the base currency none');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_invoices_corrects_guard BEFORE INSERT ON erp.invoices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.invoices c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.corrects_id AND c.gross_currency <> NEW.gross_currency)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.wrong_currency/a document is corrected in its own currency');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bills_corrects_guard BEFORE INSERT ON erp.bills FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bills c WHERE c.tenant_id = NEW.tenant_id AND c.id = NEW.corrects_id AND c.gross_currency <> NEW.gross_currency)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.wrong_currency/a document is corrected in its own currency');
END;
-- +goose StatementEnd
