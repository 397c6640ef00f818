-- What stands in kept rows and what is known by another key than its id, whoever asks (docs/decisions/003). INSERT OR REPLACE deletes what
-- stands in its way without firing a trigger against deletes, and what was refused as a change came in as a new row (measured: a number
-- given back, an account of another type, an open item of another amount). So what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_books_once BEFORE INSERT ON erp.books FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.books t WHERE t.tenant_id = NEW.tenant_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_accounts_once BEFORE INSERT ON erp.accounts FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.accounts t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.accounts t WHERE t.tenant_id = NEW.tenant_id AND t.code = NEW.code)
  OR EXISTS (SELECT 1 FROM erp.accounts t WHERE t.tenant_id = NEW.tenant_id AND t.role = NEW.role)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_journals_once BEFORE INSERT ON erp.journals FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.journals t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.journals t WHERE t.tenant_id = NEW.tenant_id AND t.code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_fiscal_years_once BEFORE INSERT ON erp.fiscal_years FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.fiscal_years t WHERE t.tenant_id = NEW.tenant_id AND t.starts_on = NEW.starts_on)
  OR EXISTS (SELECT 1 FROM erp.fiscal_years t WHERE t.tenant_id = NEW.tenant_id AND t.label = NEW.label)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- A series is begun and continued by one statement (INSERT ... ON CONFLICT DO UPDATE), which comes by here as well. So of its own id it is
-- asked afterwards: an update has not inserted, and what was replaced has lost numbers that documents bear.
-- +goose StatementBegin
CREATE TRIGGER erp_number_series_once BEFORE INSERT ON erp.number_series FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.number_series t WHERE t.tenant_id = NEW.tenant_id AND t.fiscal_year_id = NEW.fiscal_year_id AND t.code = NEW.code AND t.id <> NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_number_series_taken AFTER INSERT ON erp.number_series FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.invoices i WHERE i.tenant_id = NEW.tenant_id AND i.series_id = NEW.id AND i.seq > NEW.taken AND i.seq >= 1)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/accounting.backdated/a series of numbers only goes forward');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_taxes_once BEFORE INSERT ON erp.taxes FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.taxes t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.taxes t WHERE t.tenant_id = NEW.tenant_id AND t.code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_tax_rates_once BEFORE INSERT ON erp.tax_rates FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.tax_rates t WHERE t.tenant_id = NEW.tenant_id AND t.tax_id = NEW.tax_id AND t.valid_from = NEW.valid_from)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_tax_rules_once BEFORE INSERT ON erp.tax_rules FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.tax_rules t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_dimensions_once BEFORE INSERT ON erp.dimensions FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.dimensions t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.dimensions t WHERE t.tenant_id = NEW.tenant_id AND t.code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_dimension_values_once BEFORE INSERT ON erp.dimension_values FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.dimension_values t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.dimension_values t WHERE t.tenant_id = NEW.tenant_id AND t.dimension_id = NEW.dimension_id AND t.code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_document_drafts_once BEFORE INSERT ON erp.document_drafts FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.document_drafts t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.document_drafts t WHERE t.tenant_id = NEW.tenant_id AND t.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_payments_once BEFORE INSERT ON erp.payments FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.payments t WHERE t.tenant_id = NEW.tenant_id AND t.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_open_items_once BEFORE INSERT ON erp.open_items FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.open_items t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.open_items t WHERE t.tenant_id = NEW.tenant_id AND t.entry_id = NEW.entry_id AND t.line_no = NEW.line_no)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_exchange_rates_once BEFORE INSERT ON erp.exchange_rates FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.exchange_rates t WHERE t.tenant_id = NEW.tenant_id AND t.from_currency = NEW.from_currency AND t.to_currency = NEW.to_currency AND t.quoted_on = NEW.quoted_on AND t.revision = NEW.revision)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_revaluations_once BEFORE INSERT ON erp.revaluations FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.revaluations t WHERE t.tenant_id = NEW.tenant_id AND t.period_id = NEW.period_id AND t.seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- A combination of dimensions is made of codes, and lines name it: codes stay, and so does what it is made of.
-- +goose StatementBegin
CREATE TRIGGER erp_dimensions_guard BEFORE UPDATE ON erp.dimensions FOR EACH ROW WHEN NEW.code <> OLD.code
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/the code of a dimension never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_dimension_values_guard BEFORE UPDATE ON erp.dimension_values FOR EACH ROW WHEN NEW.code <> OLD.code OR NEW.dimension_id <> OLD.dimension_id
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/the code and the dimension of a value never change');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_dimension_set_values_whole BEFORE INSERT ON erp.dimension_set_values FOR EACH ROW
WHEN (SELECT COUNT(*) FROM erp.dimension_set_values v WHERE v.tenant_id = NEW.tenant_id AND v.set_id = NEW.set_id)
    >= (SELECT s.value_count FROM erp.dimension_sets s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.set_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.issued_changed/a combination of dimensions is recorded whole, once');
END;
-- +goose StatementEnd
