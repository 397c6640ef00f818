-- What the database refuses of taxes, rules and drafts, whoever asks (docs/decisions/003).

-- +goose Up

-- Documents keep what they were issued under: of a tax only its name, its boxes and its use change.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_taxes() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.code, NEW.kind, NEW.reason, NEW.reason_code, NEW.account_id, NEW.claim_id, NEW.recoverable, NEW.due, NEW.relief_months, NEW.relief_source)
       IS DISTINCT FROM (OLD.code, OLD.kind, OLD.reason, OLD.reason_code, OLD.account_id, OLD.claim_id, OLD.recoverable, OLD.due, OLD.relief_months, OLD.relief_source) THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/how tax % is computed and booked never changes', OLD.code;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_taxes_guard BEFORE UPDATE ON erp.taxes FOR EACH ROW EXECUTE FUNCTION erp.guard_taxes();

-- A rule ends; what it said stands.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_tax_rules() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (to_jsonb(NEW) - 'valid_until') IS DISTINCT FROM (to_jsonb(OLD) - 'valid_until') THEN
        RAISE EXCEPTION 'erp/locked/accounting.issued_changed/a tax rule never changes but for its last day';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_tax_rules_guard BEFORE UPDATE ON erp.tax_rules FOR EACH ROW EXECUTE FUNCTION erp.guard_tax_rules();

-- A draft that became a document, or nothing, becomes nothing else. (Erasure may empty it in any state.)
-- +goose StatementBegin
CREATE FUNCTION erp.guard_document_drafts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.kind <> OLD.kind OR (OLD.state <> 'draft' AND (NEW.state, NEW.document_id) IS DISTINCT FROM (OLD.state, OLD.document_id)) THEN
        RAISE EXCEPTION 'erp/conflict/accounting.draft_state/the draft is % already', OLD.state;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_document_drafts_guard BEFORE UPDATE ON erp.document_drafts FOR EACH ROW EXECUTE FUNCTION erp.guard_document_drafts();
