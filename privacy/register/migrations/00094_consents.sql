-- What people consented to, and took back. A person's entries for a purpose are a chain in which none can be missing, replaced or dated before the one
-- ahead of it: each names its predecessor with its number, its state and its instant.

-- +goose Up

CREATE TABLE erp.consent_purposes (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    purpose TEXT NOT NULL,
    recipient_id UUID,
    covers TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_consent_purposes_code UNIQUE (tenant_id, code),
    CONSTRAINT erp_consent_purposes_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_consent_purposes_recipient FOREIGN KEY (tenant_id, recipient_id) REFERENCES erp.recipients (tenant_id, entry_id)
);
CREATE INDEX erp_consent_purposes_to ON erp.consent_purposes (tenant_id, recipient_id) WHERE recipient_id IS NOT NULL;

CREATE TABLE erp.consent_wordings (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    purpose_id UUID NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    language TEXT NOT NULL,
    wording TEXT NOT NULL,
    wording_hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_consent_wordings_version UNIQUE (tenant_id, purpose_id, version),
    CONSTRAINT erp_consent_wordings_of UNIQUE (tenant_id, entry_id, purpose_id),
    CONSTRAINT erp_consent_wordings_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_consent_wordings_purpose FOREIGN KEY (tenant_id, purpose_id) REFERENCES erp.consent_purposes (tenant_id, entry_id)
);

CREATE TABLE erp.consents (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    person_id UUID NOT NULL,
    purpose_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('given', 'withdrawn')),
    happened_at TIMESTAMPTZ NOT NULL,
    prior_seq BIGINT,
    prior_state TEXT COLLATE "C",
    prior_at TIMESTAMPTZ,
    wording_id UUID,
    how TEXT NOT NULL CHECK (how IN ('form', 'email', 'letter', 'telephone', 'in_person')),
    evidence_hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_consents_seq UNIQUE (tenant_id, person_id, purpose_id, seq),
    CONSTRAINT erp_consents_link UNIQUE (tenant_id, person_id, purpose_id, seq, state, happened_at),
    CONSTRAINT erp_consents_of UNIQUE (tenant_id, entry_id, person_id),
    CONSTRAINT erp_consents_first CHECK ((seq = 1) = (prior_seq IS NULL) AND (seq = 1) = (prior_state IS NULL) AND (seq = 1) = (prior_at IS NULL)),
    CONSTRAINT erp_consents_next CHECK (seq = 1 OR prior_seq = seq - 1 AND prior_at <= happened_at),
    CONSTRAINT erp_consents_withdrawn CHECK (state <> 'withdrawn' OR seq > 1 AND prior_state = 'given'),
    CONSTRAINT erp_consents_given CHECK ((state = 'given') = (wording_id IS NOT NULL) AND (state = 'withdrawn' OR evidence_hash <> '')),
    CONSTRAINT erp_consents_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_consents_purpose FOREIGN KEY (tenant_id, purpose_id) REFERENCES erp.consent_purposes (tenant_id, entry_id),
    CONSTRAINT erp_consents_wording FOREIGN KEY (tenant_id, wording_id, purpose_id) REFERENCES erp.consent_wordings (tenant_id, entry_id, purpose_id),
    CONSTRAINT erp_consents_prior FOREIGN KEY (tenant_id, person_id, purpose_id, prior_seq, prior_state, prior_at)
        REFERENCES erp.consents (tenant_id, person_id, purpose_id, seq, state, happened_at) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX erp_consents_to ON erp.consents (tenant_id, purpose_id);
CREATE INDEX erp_consents_worded ON erp.consents (tenant_id, wording_id) WHERE wording_id IS NOT NULL;
CREATE INDEX erp_consents_behind ON erp.consents (tenant_id, person_id, purpose_id, prior_seq) WHERE prior_seq IS NOT NULL;
