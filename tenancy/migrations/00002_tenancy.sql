-- What every tenant's database holds before any domain comes: the tenant's gate, registered erasures, audit events.

-- +goose Up

-- The gate is the tenant's state as its own database knows it. The two doors through append-only history check it:
-- 'purging' lets rows be deleted, 'importing' lets history into locked periods. Behind a 'closed' one nothing is written but
-- who entered, what was read and what was taken out, and behind a 'moving' one nothing at all. turn is the number of the
-- platform's decision that moved it last: of two that meet, the
-- younger one holds, whichever comes last.
CREATE TABLE erp.tenant_gates (
    tenant_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'importing', 'closed', 'moving', 'purging')),
    turn BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);

-- An erasure registered here opens one companion row for replacement, and no other.
CREATE TABLE erp.erasures (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    table_name TEXT NOT NULL,
    row_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('registered', 'done', 'void')),
    registered_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX erp_erasures_row ON erp.erasures (tenant_id, row_id);

-- Who did what, written in the transaction that it describes. Column names may stand here; values never do.
CREATE TABLE erp.audit_events (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL COLLATE "C",
    verb TEXT NOT NULL,
    model TEXT NOT NULL,
    row_id UUID,
    columns TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
-- Partial, so that nobody looks an event up by its id through it.
CREATE INDEX erp_audit_events_row ON erp.audit_events (tenant_id, row_id) WHERE row_id IS NOT NULL;
