-- Which tax a supply bears, what was declared of each document, and documents in the making.

-- +goose Up

-- The rule of the lowest rank that covers a supply decides. "" in a column covers everything.
CREATE TABLE erp.tax_rules (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    rank BIGINT NOT NULL CHECK (rank BETWEEN 1 AND 9999),
    valid_from DATE NOT NULL,
    valid_until DATE,
    trade TEXT NOT NULL CHECK (trade IN ('', 'sale', 'purchase')),
    establishment TEXT NOT NULL,
    place TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('', 'business', 'consumer')),
    nature TEXT NOT NULL CHECK (nature IN ('', 'goods', 'services')),
    category TEXT NOT NULL,
    tax_id UUID NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_tax_rules_dates CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT erp_tax_rules_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id)
);

-- One row per document, tax, rate and side. A row is in a period through its entry's date.
CREATE TABLE erp.tax_entries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    source_model TEXT NOT NULL,
    source_id UUID NOT NULL,
    party_id UUID,
    entry_id UUID,
    entry_date DATE NOT NULL,
    tax_point DATE NOT NULL,
    tax_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('standard', 'reduced', 'zero', 'exempt', 'reverse_charge', 'intra_community', 'export', 'outside_scope', 'withholding')),
    trade TEXT NOT NULL CHECK (trade IN ('sale', 'purchase')),
    side TEXT NOT NULL CHECK (side IN ('owed', 'claimed')),
    rate decimal_text NOT NULL,
    account_id UUID NOT NULL,
    base_minor BIGINT NOT NULL,
    base_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    residual_minor BIGINT NOT NULL,
    not_recoverable_minor BIGINT NOT NULL,
    document_base_minor BIGINT NOT NULL,
    document_tax_minor BIGINT NOT NULL,
    document_not_recoverable_minor BIGINT NOT NULL,
    document_currency TEXT NOT NULL,
    dimension_set_id UUID,
    supply_set_id UUID,
    variance_minor BIGINT NOT NULL,
    due BOOLEAN NOT NULL,
    due_on DATE,
    base_box TEXT NOT NULL,
    tax_box TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_tax_entries_booked CHECK (entry_id IS NOT NULL OR tax_minor = 0),
    CONSTRAINT erp_tax_entries_not_due CHECK (due OR (base_box = '' AND tax_box = '')),
    CONSTRAINT erp_tax_entries_currency CHECK (tax_currency = base_currency
        AND (document_currency <> base_currency OR (document_base_minor = base_minor AND document_tax_minor = tax_minor
            AND document_not_recoverable_minor = not_recoverable_minor))),
    CONSTRAINT erp_tax_entries_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_tax_entries_supply FOREIGN KEY (tenant_id, supply_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_tax_entries_due_on CHECK (due_on IS NULL OR NOT due),
    CONSTRAINT erp_tax_entries_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_tax_entries_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_tax_entries_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id),
    CONSTRAINT erp_tax_entries_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id)
);
CREATE INDEX erp_tax_entries_date ON erp.tax_entries (tenant_id, entry_date) WHERE source_model <> '';
CREATE INDEX erp_tax_entries_source ON erp.tax_entries (tenant_id, source_id) WHERE source_model <> '';
CREATE INDEX erp_tax_entries_entry ON erp.tax_entries (tenant_id, entry_id) WHERE source_model <> '';

-- Drafts have no number and book nothing.
CREATE TABLE erp.document_drafts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'bill')),
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    party_id UUID,
    state TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'discarded')),
    document_id UUID,
    content TEXT NOT NULL,
    document_kind TEXT CHECK (document_kind IN ('bill', 'vendor_credit', 'vendor_debit', 'prepayment')),
    vendor_number TEXT COLLATE "C",
    document_date DATE,
    stated_minor BIGINT NOT NULL,
    stated_currency TEXT,
    tax_included BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_document_drafts_issued CHECK ((state = 'issued') = (document_id IS NOT NULL)),
    CONSTRAINT erp_document_drafts_content CHECK (state = 'draft' OR (content = '' AND document_kind IS NULL)),
    CONSTRAINT erp_document_drafts_stated CHECK ((stated_currency IS NULL) = (stated_minor = 0)
        AND (document_kind IS NOT NULL OR (vendor_number IS NULL AND document_date IS NULL AND stated_minor = 0))),
    CONSTRAINT erp_document_drafts_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id)
);
CREATE UNIQUE INDEX erp_document_drafts_reference ON erp.document_drafts (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_document_drafts_of ON erp.document_drafts (tenant_id, party_id) WHERE state = 'draft';
CREATE INDEX erp_document_drafts_open ON erp.document_drafts (tenant_id, changed_at, id) WHERE state = 'draft';
