-- Control data: the platform's own records of its tenants. No tenant data stands here, and no transaction spans both.

-- +goose Up
-- input is a hash of what the tenant was made from, archive names what an imported one was made of, restoring the backup that one whose place was lost is being written from. turn counts what was
-- decided about the tenant's life; settled_turn is up to which of it the tenant's own database has been told. suspended_at and
-- ends_at (the effective end of service, which may be to come) stand by themselves: a suspended tenant that is cancelled and
-- comes back is still suspended. platform is the platform's own tenant, of which there is one at most and which does not end. Of a purged tenant remain its id, its dates and its state.
CREATE TABLE erp_control.tenants (
    id UUID NOT NULL,
    reference TEXT,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    region TEXT NOT NULL,
    placement TEXT NOT NULL,
    moved BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('creating', 'importing', 'active', 'suspended', 'cancelled', 'moving', 'restoring', 'purging', 'purged')),
    platform BOOLEAN NOT NULL,
    input TEXT NOT NULL,
    archive TEXT,
    restoring TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    suspended_at TIMESTAMPTZ,
    ends_at TIMESTAMPTZ,
    purge_after TIMESTAMPTZ,
    turn BIGINT NOT NULL,
    settled_turn BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_tenants_reference UNIQUE (reference),
    CONSTRAINT erp_tenants_platform CHECK (NOT platform OR state IN ('creating', 'importing', 'active', 'moving', 'restoring', 'purging') AND ends_at IS NULL AND suspended_at IS NULL)
);
CREATE UNIQUE INDEX erp_tenants_of_platform ON erp_control.tenants (platform) WHERE platform;

-- What the platform did, for acts that belong to no tenant's own trail, and what a tenant's owner decided about its life. turn
-- is the tenant's, where the act was one of those that it counts.
CREATE TABLE erp_control.platform_journal (
    id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    tenant_id UUID,
    turn BIGINT,
    reason TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX erp_platform_journal_tenant ON erp_control.platform_journal (tenant_id, id);
