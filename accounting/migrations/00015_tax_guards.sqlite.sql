-- What the database refuses of taxes, rules and drafts, whoever asks (docs/decisions/003).

-- +goose Up

-- Documents keep what they were issued under: of a tax only its name, its boxes and its use change.
-- +goose StatementBegin
CREATE TRIGGER erp_taxes_guard BEFORE UPDATE ON erp.taxes FOR EACH ROW
WHEN (NEW.tenant_id, NEW.id, NEW.code, NEW.kind, NEW.reason, NEW.reason_code, NEW.account_id, NEW.claim_id, NEW.recoverable, NEW.due, NEW.relief_months, NEW.relief_source)
  <> (OLD.tenant_id, OLD.id, OLD.code, OLD.kind, OLD.reason, OLD.reason_code, OLD.account_id, OLD.claim_id, OLD.recoverable, OLD.due, OLD.relief_months, OLD.relief_source)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/how a tax is computed and booked never changes');
END;
-- +goose StatementEnd

-- A rule ends; what it said stands.
-- +goose StatementBegin
CREATE TRIGGER erp_tax_rules_guard BEFORE UPDATE ON erp.tax_rules FOR EACH ROW
WHEN (NEW.tenant_id, NEW.id, NEW.name, NEW.rank, NEW.valid_from, NEW.trade, NEW.establishment, NEW.place, NEW.status, NEW.nature, NEW.category, NEW.tax_id, NEW.source)
  <> (OLD.tenant_id, OLD.id, OLD.name, OLD.rank, OLD.valid_from, OLD.trade, OLD.establishment, OLD.place, OLD.status, OLD.nature, OLD.category, OLD.tax_id, OLD.source)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/a tax rule never changes but for its last day');
END;
-- +goose StatementEnd

-- A draft that became a document, or nothing, becomes nothing else. (Erasure may empty it in any state.)
-- +goose StatementBegin
CREATE TRIGGER erp_document_drafts_guard BEFORE UPDATE ON erp.document_drafts FOR EACH ROW
WHEN NEW.kind <> OLD.kind OR (OLD.state <> 'draft' AND (NEW.state <> OLD.state OR NEW.document_id IS NOT OLD.document_id))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.draft_state/the draft is issued or discarded already');
END;
-- +goose StatementEnd
