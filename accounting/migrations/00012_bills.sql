-- What vendors claim: their bills and credits, with lines and texts, as erp.invoices is for what we claim.

-- +goose Up

-- 00013 lets nothing of a recorded bill change but credited_minor. (gross_minor >= 0 always holds: see the head of 00010.)
CREATE TABLE erp.bills (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bill', 'vendor_credit', 'vendor_debit', 'prepayment')),
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    vendor_number TEXT COLLATE "C",
    party_id UUID NOT NULL,
    bill_date DATE NOT NULL,
    tax_point DATE NOT NULL,
    tax_included BOOLEAN NOT NULL,
    tax_rounding TEXT NOT NULL CHECK (tax_rounding IN ('line', 'document')),
    due_date DATE NOT NULL,
    instalments BIGINT NOT NULL CHECK (instalments BETWEEN 1 AND 24),
    discount_percent decimal_text NOT NULL,
    discount_until DATE,
    corrects_id UUID,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    gross_minor BIGINT NOT NULL CHECK (gross_minor BETWEEN 0 AND 999999999999999),
    gross_currency TEXT NOT NULL,
    tax_residual_minor BIGINT NOT NULL,
    rounding_minor BIGINT NOT NULL,
    withheld_minor BIGINT NOT NULL,
    withheld_currency TEXT NOT NULL,
    prepaid_minor BIGINT NOT NULL CHECK (prepaid_minor >= 0),
    prepaid_currency TEXT NOT NULL,
    payable_minor BIGINT NOT NULL CHECK (payable_minor >= 0),
    payable_currency TEXT NOT NULL,
    rate decimal_text NOT NULL,
    rate_indirect BOOLEAN NOT NULL,
    rate_on DATE,
    rate_source TEXT NOT NULL,
    net_base_minor BIGINT NOT NULL,
    tax_base_minor BIGINT NOT NULL,
    withheld_base_minor BIGINT NOT NULL,
    prepaid_base_minor BIGINT NOT NULL CHECK (prepaid_base_minor >= 0 AND (prepaid_base_minor = 0 OR prepaid_minor > 0)),
    payable_base_minor BIGINT NOT NULL CHECK (payable_base_minor BETWEEN 0 AND 999999999999999),
    conversion_minor BIGINT NOT NULL,
    dimension_set_id UUID,
    tax_variance_minor BIGINT NOT NULL,
    credited_minor BIGINT NOT NULL,
    deducted_minor BIGINT NOT NULL,
    entry_id UUID,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_bills_sum CHECK (net_minor + tax_minor = gross_minor AND payable_minor + withheld_minor + prepaid_minor = gross_minor),
    CONSTRAINT erp_bills_rounding CHECK (rounding_minor = CASE WHEN tax_included THEN -tax_residual_minor ELSE 0 END),
    CONSTRAINT erp_bills_currency CHECK (net_currency = gross_currency AND tax_currency = gross_currency AND withheld_currency = gross_currency
        AND payable_currency = gross_currency),
    CONSTRAINT erp_bills_worth CHECK (net_base_minor + tax_base_minor + conversion_minor = payable_base_minor + withheld_base_minor + prepaid_base_minor),
    CONSTRAINT erp_bills_in_base CHECK (rate_on IS NOT NULL OR (rate_source = '' AND NOT rate_indirect AND conversion_minor = 0 AND net_base_minor = net_minor
        AND tax_base_minor = tax_minor AND withheld_base_minor = withheld_minor AND prepaid_base_minor = prepaid_minor AND payable_base_minor = payable_minor)),
    CONSTRAINT erp_bills_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_bills_credited CHECK (credited_minor BETWEEN 0 AND gross_minor),
    CONSTRAINT erp_bills_deducted CHECK (deducted_minor >= 0 AND credited_minor + deducted_minor <= gross_minor AND (deducted_minor = 0 OR kind = 'prepayment') AND (prepaid_minor = 0 OR kind = 'bill')),
    CONSTRAINT erp_bills_due CHECK (due_date >= bill_date),
    CONSTRAINT erp_bills_corrects CHECK (kind IN ('vendor_credit', 'vendor_debit') OR corrects_id IS NULL),
    CONSTRAINT erp_bills_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_bills_corrected FOREIGN KEY (tenant_id, corrects_id) REFERENCES erp.bills (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_bills_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);
CREATE UNIQUE INDEX erp_bills_reference ON erp.bills (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX erp_bills_number ON erp.bills (tenant_id, vendor_number, party_id, kind) WHERE vendor_number IS NOT NULL;
CREATE INDEX erp_bills_corrects ON erp.bills (tenant_id, corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX erp_bills_party ON erp.bills (tenant_id, party_id, bill_date) WHERE gross_minor >= 0;
CREATE INDEX erp_bills_date ON erp.bills (tenant_id, bill_date, id) WHERE gross_minor >= 0;

CREATE TABLE erp.bill_lines (
    tenant_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('item', 'discount', 'charge')),
    account_id UUID NOT NULL,
    quantity BIGINT NOT NULL,
    unit_price decimal_text NOT NULL,
    discount_minor BIGINT NOT NULL,
    charge_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_id UUID,
    tax_rate decimal_text NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    not_recoverable_minor BIGINT NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, bill_id, line_no),
    CONSTRAINT erp_bill_lines_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES erp.bills (tenant_id, id),
    CONSTRAINT erp_bill_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_bill_lines_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_bill_lines_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id)
);

CREATE TABLE erp.bill_texts (
    tenant_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    party_name TEXT NOT NULL,
    party_address TEXT NOT NULL,
    party_country TEXT NOT NULL,
    party_tax_id TEXT NOT NULL,
    own_name TEXT NOT NULL,
    own_address TEXT NOT NULL,
    own_country TEXT NOT NULL,
    own_tax_id TEXT NOT NULL,
    note TEXT NOT NULL,
    line_texts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, bill_id),
    CONSTRAINT erp_bill_texts_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES erp.bills (tenant_id, id)
);
