-- Who a controller is, as it was stated each time, and what the platform's operator vouches for. Neither changes: a new statement is a
-- new row. What names a person lies in companion rows.

-- +goose Up

CREATE TABLE erp.controllers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    jurisdiction TEXT NOT NULL,
    set_at TIMESTAMPTZ NOT NULL,
    set_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_controllers_version UNIQUE (tenant_id, version)
);

CREATE TABLE erp.controller_texts (
    tenant_id UUID NOT NULL,
    controller_id UUID NOT NULL,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    joint_controllers TEXT NOT NULL,
    representative TEXT NOT NULL,
    protection_officer TEXT NOT NULL,
    security_measures TEXT NOT NULL,
    transfers TEXT NOT NULL,
    PRIMARY KEY (tenant_id, controller_id),
    CONSTRAINT erp_controller_texts_controller FOREIGN KEY (tenant_id, controller_id) REFERENCES erp.controllers (tenant_id, id)
);

-- Of the attestations of a promise the one with the highest number counts.
CREATE TABLE erp.attestations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    promise TEXT COLLATE "C" NOT NULL CHECK (promise IN ('hosting', 'backups', 'backup_rotation', 'tls_listener', 'encryption_at_rest', 'staff_mfa', 'production_mfa', 'assessments', 'secure_development', 'incident_response', 'training')),
    seq BIGINT NOT NULL CHECK (seq > 0),
    reference TEXT COLLATE "C" NOT NULL,
    withdrawn BOOLEAN NOT NULL,
    evidence_hash TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    made_by TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_attestations_seq UNIQUE (tenant_id, promise, seq),
    CONSTRAINT erp_attestations_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_attestations_end CHECK (expires_at > made_at OR withdrawn AND expires_at = made_at)
);

CREATE TABLE erp.attestation_texts (
    tenant_id UUID NOT NULL,
    attestation_id UUID NOT NULL,
    owner TEXT NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (tenant_id, attestation_id),
    CONSTRAINT erp_attestation_texts_attestation FOREIGN KEY (tenant_id, attestation_id) REFERENCES erp.attestations (tenant_id, id)
);
