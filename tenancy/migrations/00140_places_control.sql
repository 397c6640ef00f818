-- For whom a placement is kept that is to hold one tenant alone.

-- +goose Up
CREATE TABLE erp_control.dedicated_placements (
    placement TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    PRIMARY KEY (placement)
);
