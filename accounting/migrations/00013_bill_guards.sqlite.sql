-- What the database refuses of vendors' bills, whoever asks (docs/decisions/003). INSERT OR REPLACE deletes without firing
-- delete triggers, so what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_bills_guard BEFORE UPDATE ON erp.bills FOR EACH ROW
WHEN NEW.credited_minor < OLD.credited_minor OR NEW.deducted_minor < OLD.deducted_minor
  OR (NEW.tenant_id, NEW.id, NEW.kind, NEW.fingerprint, NEW.party_id, NEW.bill_date, NEW.tax_point, NEW.tax_included, NEW.tax_rounding, NEW.due_date, NEW.instalments, NEW.discount_percent,
      NEW.rate, NEW.rate_indirect, NEW.rate_source, NEW.net_base_minor, NEW.tax_base_minor, NEW.withheld_base_minor, NEW.prepaid_base_minor, NEW.payable_base_minor, NEW.conversion_minor,
      NEW.tax_residual_minor, NEW.rounding_minor, NEW.withheld_minor, NEW.withheld_currency, NEW.prepaid_minor, NEW.prepaid_currency, NEW.tax_variance_minor, NEW.payable_minor, NEW.payable_currency, NEW.net_minor, NEW.net_currency,
      NEW.tax_minor, NEW.tax_currency, NEW.gross_minor, NEW.gross_currency, NEW.recorded_at)
  <> (OLD.tenant_id, OLD.id, OLD.kind, OLD.fingerprint, OLD.party_id, OLD.bill_date, OLD.tax_point, OLD.tax_included, OLD.tax_rounding, OLD.due_date, OLD.instalments, OLD.discount_percent,
      OLD.rate, OLD.rate_indirect, OLD.rate_source, OLD.net_base_minor, OLD.tax_base_minor, OLD.withheld_base_minor, OLD.prepaid_base_minor, OLD.payable_base_minor, OLD.conversion_minor,
      OLD.tax_residual_minor, OLD.rounding_minor, OLD.withheld_minor, OLD.withheld_currency, OLD.prepaid_minor, OLD.prepaid_currency, OLD.tax_variance_minor, OLD.payable_minor, OLD.payable_currency, OLD.net_minor, OLD.net_currency,
      OLD.tax_minor, OLD.tax_currency, OLD.gross_minor, OLD.gross_currency, OLD.recorded_at)
  OR NEW.rate_on IS NOT OLD.rate_on OR NEW.dimension_set_id IS NOT OLD.dimension_set_id OR NEW.discount_until IS NOT OLD.discount_until OR NEW.reference IS NOT OLD.reference OR NEW.vendor_number IS NOT OLD.vendor_number OR NEW.corrects_id IS NOT OLD.corrects_id
  OR NEW.entry_id IS NOT OLD.entry_id
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/a recorded bill never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bills_once BEFORE INSERT ON erp.bills FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bills b WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/a recorded bill never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bills_reference_once BEFORE INSERT ON erp.bills FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bills b WHERE b.tenant_id = NEW.tenant_id AND b.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.reference_taken/the reference was used before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_bills_number_once BEFORE INSERT ON erp.bills FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.bills b WHERE b.tenant_id = NEW.tenant_id AND b.vendor_number = NEW.vendor_number
    AND b.party_id = NEW.party_id AND b.kind = NEW.kind)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.bill_taken/a document of this vendor with this number is recorded already');
END;
-- +goose StatementEnd
