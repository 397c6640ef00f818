-- Control data: the platform's own records of its tenants. No tenant data stands here, and no transaction spans both.

-- +goose Up
-- archive names what an imported tenant was made of. Of a purged tenant remain its id, its dates and its state.
CREATE TABLE erp_control.tenants (
    id UUID NOT NULL,
    reference TEXT,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    region TEXT NOT NULL,
    placement TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('creating', 'importing', 'active', 'suspended', 'cancelled', 'moving', 'purging', 'purged')),
    archive TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    purge_after TIMESTAMPTZ,
    turn BIGINT NOT NULL,
    settled_turn BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_tenants_reference UNIQUE (reference)
);

-- What the platform did, for acts that belong to no tenant's own trail.
CREATE TABLE erp_control.platform_journal (
    id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    tenant_id UUID,
    reason TEXT NOT NULL,
    PRIMARY KEY (id)
);
