-- What becomes of audit events: their places in the tenant's chain, signed roots of it, and how far its readers are.

-- +goose Up

-- An event's place: numbers without a gap, each with a digest over the one before and the whole event.
CREATE TABLE erp.audit_seals (
    tenant_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    event_id UUID NOT NULL,
    digest TEXT NOT NULL,
    sealed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, seq),
    CONSTRAINT erp_audit_seals_of FOREIGN KEY (tenant_id, event_id) REFERENCES erp.audit_events (tenant_id, id)
);
-- An event is sealed once. Partial, so that nobody looks a seal up by its number through it.
CREATE UNIQUE INDEX erp_audit_seals_event ON erp.audit_seals (tenant_id, event_id) WHERE event_id IS NOT NULL;

-- What was signed: the digest at a number, for the tenant of that time. After an import that is another tenant.
CREATE TABLE erp.audit_roots (
    tenant_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    signed_for UUID NOT NULL,
    digest TEXT NOT NULL,
    public_key TEXT NOT NULL,
    signature TEXT NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, seq, signed_for),
    CONSTRAINT erp_audit_roots_of FOREIGN KEY (tenant_id, seq) REFERENCES erp.audit_seals (tenant_id, seq)
);

-- How far each reader of the sealed events says it is.
CREATE TABLE erp.audit_cursors (
    tenant_id UUID NOT NULL,
    consumer TEXT NOT NULL COLLATE "C",
    seq BIGINT NOT NULL CHECK (seq >= 0),
    acked_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, consumer)
);

-- That the trail goes on from an earlier state than the anchor kept: seq is up to where both agree, through how far the anchor had kept the chain that
-- is lost. The anchor has a digest of it.
CREATE TABLE erp.audit_restarts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT NOT NULL,
    reason TEXT NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 0),
    through BIGINT NOT NULL,
    stated_by TEXT NOT NULL,
    stated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_audit_restarts_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_audit_restarts_lost CHECK (through > seq)
);
