-- From the cancellation of a tenant to the certificate of its deletion. All rows lie in the platform's own tenant; of_tenant is whom they
-- are about.

-- +goose Up

CREATE TABLE erp.ending_notices (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    of_tenant UUID NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('reminder', 'held', 'certificate', 'completion')),
    day BIGINT NOT NULL CHECK (day BETWEEN 0 AND 30 AND (kind = 'reminder') = (day > 0)),
    due_at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('', 'told', 'overtaken', 'undone', 'failed')),
    told_at TIMESTAMPTZ,
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    try_at TIMESTAMPTZ NOT NULL,
    failure TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_ending_notices_once UNIQUE (tenant_id, of_tenant, ends_at, kind, day),
    CONSTRAINT erp_ending_notices_told CHECK ((outcome = 'told') = (told_at IS NOT NULL))
);
CREATE INDEX erp_ending_notices_open ON erp.ending_notices (tenant_id, try_at, id) WHERE outcome = '';

CREATE TABLE erp.ending_deliveries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    of_tenant UUID NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    root TEXT NOT NULL,
    bytes BIGINT NOT NULL CHECK (bytes > 0),
    delivered_at TIMESTAMPTZ NOT NULL,
    delivered_to TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_ending_deliveries_reference UNIQUE (tenant_id, of_tenant, reference),
    CONSTRAINT erp_ending_deliveries_after CHECK (delivered_at >= ends_at)
);

CREATE TABLE erp.ending_waivers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    of_tenant UUID NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    terms TEXT NOT NULL,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    waived_at TIMESTAMPTZ NOT NULL,
    waived_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_ending_waivers_once UNIQUE (tenant_id, of_tenant, ends_at),
    CONSTRAINT erp_ending_waivers_after CHECK (waived_at >= ends_at)
);

CREATE TABLE erp.deletions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    of_tenant UUID NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    facts TEXT NOT NULL,
    certified_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    look_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_deletions_once UNIQUE (tenant_id, of_tenant),
    CONSTRAINT erp_deletions_order CHECK (begun_at >= ends_at AND (certified_at IS NULL OR certified_at >= begun_at)
        AND (completed_at IS NULL OR certified_at IS NOT NULL AND completed_at >= certified_at) AND (certified_at IS NULL) = (look_at IS NULL))
);
CREATE INDEX erp_deletions_open ON erp.deletions (tenant_id, begun_at, of_tenant) WHERE certified_at IS NULL;
CREATE INDEX erp_deletions_pending ON erp.deletions (tenant_id, look_at, of_tenant) WHERE completed_at IS NULL;

CREATE TABLE erp.certificate_keys (
    tenant_id UUID NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    public_key TEXT NOT NULL,
    first_used_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, key_id)
);

CREATE TABLE erp.deletion_certificates (
    tenant_id UUID NOT NULL,
    of_tenant UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('deletion', 'completion')),
    id UUID NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    key_id TEXT COLLATE "C" NOT NULL,
    file TEXT NOT NULL,
    PRIMARY KEY (tenant_id, of_tenant, kind),
    CONSTRAINT erp_deletion_certificates_deletion FOREIGN KEY (tenant_id, of_tenant) REFERENCES erp.deletions (tenant_id, of_tenant),
    CONSTRAINT erp_deletion_certificates_key FOREIGN KEY (tenant_id, key_id) REFERENCES erp.certificate_keys (tenant_id, key_id)
);
