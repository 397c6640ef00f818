-- What the database refuses of bad debts, whoever asks (docs/decisions/003). INSERT OR REPLACE deletes without firing delete
-- triggers, so what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_bad_debts_guard BEFORE UPDATE ON erp.bad_debts FOR EACH ROW
WHEN NEW.recovered_minor < OLD.recovered_minor
  OR (NEW.tenant_id, NEW.id, NEW.fingerprint, NEW.invoice_id, NEW.party_id, NEW.relieved_on, NEW.amount_minor, NEW.amount_currency, NEW.tax_minor, NEW.tax_currency,
      NEW.account_id, NEW.entry_id, NEW.recorded_at)
  <> (OLD.tenant_id, OLD.id, OLD.fingerprint, OLD.invoice_id, OLD.party_id, OLD.relieved_on, OLD.amount_minor, OLD.amount_currency, OLD.tax_minor, OLD.tax_currency,
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
