-- Prepayments that final documents set off, and debts that were written off with relief of their tax.

-- +goose Up

CREATE TABLE erp.invoice_prepayments (
    tenant_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    prepayment_id UUID NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    gross_minor BIGINT NOT NULL CHECK (gross_minor > 0),
    gross_currency TEXT NOT NULL,
    base_minor BIGINT NOT NULL CHECK (base_minor >= 0),
    tax_base_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, prepayment_id),
    CONSTRAINT erp_invoice_prepayments_sum CHECK (net_minor + tax_minor = gross_minor AND net_currency = gross_currency AND tax_currency = gross_currency),
    CONSTRAINT erp_invoice_prepayments_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES erp.invoices (tenant_id, id),
    CONSTRAINT erp_invoice_prepayments_prepayment FOREIGN KEY (tenant_id, prepayment_id) REFERENCES erp.invoices (tenant_id, id)
);
CREATE INDEX erp_invoice_prepayments_used ON erp.invoice_prepayments (tenant_id, prepayment_id) WHERE gross_minor > 0;

CREATE TABLE erp.bill_prepayments (
    tenant_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    prepayment_id UUID NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    gross_minor BIGINT NOT NULL CHECK (gross_minor > 0),
    gross_currency TEXT NOT NULL,
    base_minor BIGINT NOT NULL CHECK (base_minor >= 0),
    tax_base_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, bill_id, prepayment_id),
    CONSTRAINT erp_bill_prepayments_sum CHECK (net_minor + tax_minor = gross_minor AND net_currency = gross_currency AND tax_currency = gross_currency),
    CONSTRAINT erp_bill_prepayments_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES erp.bills (tenant_id, id),
    CONSTRAINT erp_bill_prepayments_prepayment FOREIGN KEY (tenant_id, prepayment_id) REFERENCES erp.bills (tenant_id, id)
);
CREATE INDEX erp_bill_prepayments_used ON erp.bill_prepayments (tenant_id, prepayment_id) WHERE gross_minor > 0;

-- 00027 lets nothing of a debt change but recovered_minor.
CREATE TABLE erp.bad_debts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    invoice_id UUID NOT NULL,
    party_id UUID NOT NULL,
    relieved_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor BETWEEN 1 AND 999999999999999),
    amount_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    base_minor BIGINT NOT NULL CHECK (base_minor >= 0),
    tax_base_minor BIGINT NOT NULL,
    recovered_minor BIGINT NOT NULL,
    account_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_bad_debts_recovered CHECK (recovered_minor BETWEEN 0 AND amount_minor),
    CONSTRAINT erp_bad_debts_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES erp.invoices (tenant_id, id),
    CONSTRAINT erp_bad_debts_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_bad_debts_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_bad_debts_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);
CREATE UNIQUE INDEX erp_bad_debts_reference ON erp.bad_debts (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_bad_debts_invoice_id ON erp.bad_debts (tenant_id, invoice_id) WHERE amount_minor > 0;
