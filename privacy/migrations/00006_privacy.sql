-- Erasures that were asked for, and what became of them: names of tables and columns with counts, never values.

-- +goose Up
CREATE TABLE erp.erasure_requests (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    subject_table TEXT NOT NULL,
    subject_id UUID NOT NULL,
    reason TEXT NOT NULL,
    report TEXT NOT NULL,
    erased_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_erasure_requests_reference UNIQUE (tenant_id, reference)
);
