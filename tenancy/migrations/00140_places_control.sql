-- Placements: for whom one is kept that is to hold one tenant alone, and tenants on their way from one to another.

-- +goose Up
CREATE TABLE erp_control.dedicated_placements (
    placement TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    PRIMARY KEY (placement)
);

-- One row per move, which stays when it has ended: where the tenant was. holder is the process that is at it, until
-- its lease runs out. Instants are microseconds since 1970 in UTC, so that both engines order them alike.
CREATE TABLE erp_control.moves (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('copying', 'switched', 'opened', 'done', 'leaving', 'given_up')),
    began_micros BIGINT NOT NULL,
    changed_micros BIGINT NOT NULL,
    holder UUID,
    lease_micros BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX erp_moves_open ON erp_control.moves (tenant_id) WHERE step NOT IN ('done', 'given_up');

-- The longest that any process has ever been allowed not to notice a change of a tenant's state. It only grows.
CREATE TABLE erp_control.notice (
    id BIGINT NOT NULL CHECK (id = 1),
    micros BIGINT NOT NULL,
    PRIMARY KEY (id)
);
