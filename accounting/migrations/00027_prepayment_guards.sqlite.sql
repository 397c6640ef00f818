-- What the database refuses of prepayments that are set off, and of bad debts, whoever asks (docs/decisions/003). INSERT OR REPLACE deletes without firing delete
-- triggers, so what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_bad_debts_guard BEFORE UPDATE ON erp.bad_debts FOR EACH ROW
WHEN NEW.recovered_minor < OLD.recovered_minor
  OR (NEW.tenant_id, NEW.id, NEW.fingerprint, NEW.invoice_id, NEW.party_id, NEW.relieved_on, NEW.amount_minor, NEW.amount_currency, NEW.tax_minor, NEW.tax_currency, NEW.base_minor, NEW.tax_base_minor,
      NEW.account_id, NEW.entry_id, NEW.recorded_at)
  <> (OLD.tenant_id, OLD.id, OLD.fingerprint, OLD.invoice_id, OLD.party_id, OLD.relieved_on, OLD.amount_minor, OLD.amount_currency, OLD.tax_minor, OLD.tax_currency, OLD.base_minor, OLD.tax_base_minor,
      OLD.account_id, OLD.entry_id, OLD.recorded_at)
  OR NEW.reference IS NOT OLD.reference
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/a debt that was written off never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bad_debts_once BEFORE INSERT ON erp.bad_debts FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bad_debts d WHERE d.tenant_id = NEW.tenant_id AND d.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.bad_debts d WHERE d.tenant_id = NEW.tenant_id AND d.reference = NEW.reference AND d.reference IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/a debt that was written off never changes');
END;
-- +goose StatementEnd

-- A prepayment is set off in its own currency.
-- +goose StatementBegin
CREATE TRIGGER erp_invoice_prepayments_currency BEFORE INSERT ON erp.invoice_prepayments FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.invoices d WHERE d.tenant_id = NEW.tenant_id AND d.id IN (NEW.invoice_id, NEW.prepayment_id) AND d.gross_currency <> NEW.gross_currency)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.wrong_currency/a prepayment is set off in its own currency');
END;
-- +goose StatementEnd

-- A prepayment is set off in its own currency.
-- +goose StatementBegin
CREATE TRIGGER erp_bill_prepayments_currency BEFORE INSERT ON erp.bill_prepayments FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bills d WHERE d.tenant_id = NEW.tenant_id AND d.id IN (NEW.bill_id, NEW.prepayment_id) AND d.gross_currency <> NEW.gross_currency)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.wrong_currency/a prepayment is set off in its own currency');
END;
-- +goose StatementEnd
