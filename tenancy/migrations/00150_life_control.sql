-- What the platform agreed with its customers, and what keeps a tenant's data from being purged. Both outlast the tenant. Never a
-- number of a payment card: whatever text is written here is read for one first.

-- +goose Up
CREATE TABLE erp_control.contracts (
    tenant_id UUID NOT NULL,
    organisation TEXT NOT NULL,
    reference TEXT NOT NULL,
    plan TEXT NOT NULL,
    administrator_name TEXT NOT NULL,
    administrator_email TEXT NOT NULL,
    billing_name TEXT NOT NULL,
    billing_email TEXT NOT NULL,
    since DATE NOT NULL,
    until DATE,
    ends_at TIMESTAMPTZ,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT erp_contracts_tenant FOREIGN KEY (tenant_id) REFERENCES erp_control.tenants (id)
);

CREATE TABLE erp_control.legal_holds (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    reference TEXT NOT NULL,
    reason TEXT NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL,
    placed_by TEXT NOT NULL,
    released_at TIMESTAMPTZ,
    released_by TEXT,
    release_reason TEXT,
    PRIMARY KEY (id),
    CONSTRAINT erp_legal_holds_tenant FOREIGN KEY (tenant_id) REFERENCES erp_control.tenants (id)
);
CREATE UNIQUE INDEX erp_legal_holds_standing ON erp_control.legal_holds (tenant_id, reference) WHERE released_at IS NULL;
