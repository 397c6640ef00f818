-- What reconciling a line set off against each other, besides what it had paid: so that it can be undone with the reconciliation.

-- +goose Up

CREATE TABLE erp.bank_settlements (
    tenant_id UUID NOT NULL,
    reconciliation_id UUID NOT NULL,
    allocation_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, reconciliation_id, allocation_id),
    CONSTRAINT erp_bank_settlements_once UNIQUE (tenant_id, allocation_id),
    CONSTRAINT erp_bank_settlements_of FOREIGN KEY (tenant_id, reconciliation_id) REFERENCES erp.bank_reconciliations (tenant_id, id),
    CONSTRAINT erp_bank_settlements_allocation FOREIGN KEY (tenant_id, allocation_id) REFERENCES erp.allocations (tenant_id, id)
);
