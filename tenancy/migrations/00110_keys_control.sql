-- Tenants' data keys, each wrapped by the master key of the Keys port, which is never here. A destroyed one leaves its row, so
-- that no other can take its place.

-- +goose Up
CREATE TABLE erp_control.tenant_keys (
    tenant_id UUID NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    state TEXT NOT NULL CHECK (state IN ('active', 'retiring', 'retired', 'destroyed')),
    wrapped TEXT,
    wrapped_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, version),
    CONSTRAINT erp_tenant_keys_tenant FOREIGN KEY (tenant_id) REFERENCES erp_control.tenants (id),
    CONSTRAINT erp_tenant_keys_wrapped CHECK ((state = 'destroyed') = (wrapped IS NULL))
);
CREATE UNIQUE INDEX erp_tenant_keys_active ON erp_control.tenant_keys (tenant_id) WHERE state = 'active';
CREATE INDEX erp_tenant_keys_wrapped_at ON erp_control.tenant_keys (wrapped_at) WHERE wrapped IS NOT NULL;
