-- Erasures that were asked for, and what became of them: names of tables and columns with counts, never values.

-- +goose Up
CREATE TABLE erp.erasure_requests (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    subject_table TEXT NOT NULL,
    subject_id UUID NOT NULL,
    account_id UUID,
    reason TEXT NOT NULL,
    report TEXT NOT NULL,
    erased_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'held', 'done')),
    due_on DATE,
    kept_account_at TIMESTAMPTZ,
    kept_account_by TEXT NOT NULL,
    kept_account_why TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_erasure_requests_account CHECK (kept_account_at IS NULL OR account_id IS NULL AND kept_account_by <> ''),
    CONSTRAINT erp_erasure_requests_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_erasure_requests_due CHECK ((state = 'done') = (due_on IS NULL))
);
CREATE INDEX erp_erasure_requests_of_day ON erp.erasure_requests (tenant_id, due_on, id);
CREATE INDEX erp_erasure_requests_of ON erp.erasure_requests (tenant_id, subject_id);
