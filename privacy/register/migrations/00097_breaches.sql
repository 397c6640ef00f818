-- Breaches of personal data, step by step. A step names the one before it with its number and its state, so that none is missing or replaced, and the
-- transitions are the only ones that there are.

-- +goose Up

CREATE TABLE erp.breaches (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('controller', 'processor')),
    aware_at TIMESTAMPTZ NOT NULL,
    began_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    notice_id UUID,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_breaches_span CHECK (began_at IS NULL OR ended_at IS NULL OR began_at <= ended_at),
    CONSTRAINT erp_breaches_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_breaches_notice FOREIGN KEY (tenant_id, notice_id) REFERENCES erp.notices (tenant_id, entry_id)
);
CREATE INDEX erp_breaches_told ON erp.breaches (tenant_id, notice_id) WHERE notice_id IS NOT NULL;

CREATE TABLE erp.breach_steps (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    breach_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL CHECK (kind IN ('opened', 'fact', 'measure', 'assessed', 'authority_told', 'persons_told', 'persons_excused', 'controllers_told', 'closed')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'assessed', 'notified', 'closed')),
    risk TEXT NOT NULL CHECK (risk IN ('', 'unlikely', 'risk', 'high')),
    happened_at TIMESTAMPTZ NOT NULL,
    late BOOLEAN NOT NULL,
    letter TEXT NOT NULL CHECK (letter IN ('', 'a', 'b', 'c')),
    prior_seq BIGINT,
    prior_state TEXT COLLATE "C",
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_breach_steps_seq UNIQUE (tenant_id, breach_id, seq),
    CONSTRAINT erp_breach_steps_link UNIQUE (tenant_id, breach_id, seq, state),
    CONSTRAINT erp_breach_steps_first CHECK ((seq = 1) = (prior_seq IS NULL) AND (seq = 1) = (prior_state IS NULL) AND (seq = 1) = (kind = 'opened')),
    CONSTRAINT erp_breach_steps_next CHECK (seq = 1 AND state = 'open' OR prior_seq = seq - 1),
    CONSTRAINT erp_breach_steps_transition CHECK (prior_state IS NULL
        OR prior_state = state AND state <> 'closed'
        OR prior_state = 'open' AND state IN ('assessed', 'notified')
        OR prior_state = 'assessed' AND state IN ('notified', 'closed')
        OR prior_state = 'notified' AND state = 'closed'),
    CONSTRAINT erp_breach_steps_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_breach_steps_breach FOREIGN KEY (tenant_id, breach_id) REFERENCES erp.breaches (tenant_id, entry_id),
    CONSTRAINT erp_breach_steps_prior FOREIGN KEY (tenant_id, breach_id, prior_seq, prior_state)
        REFERENCES erp.breach_steps (tenant_id, breach_id, seq, state) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX erp_breach_steps_behind ON erp.breach_steps (tenant_id, breach_id, prior_seq) WHERE prior_seq IS NOT NULL;

-- Who was affected: the id of their own row, in whichever table.
CREATE TABLE erp.breach_persons (
    tenant_id UUID NOT NULL,
    breach_id UUID NOT NULL,
    person_id UUID NOT NULL,
    id UUID NOT NULL,
    found_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_breach_persons_once UNIQUE (tenant_id, breach_id, person_id),
    CONSTRAINT erp_breach_persons_breach FOREIGN KEY (tenant_id, breach_id) REFERENCES erp.breaches (tenant_id, entry_id)
);
CREATE INDEX erp_breach_persons_of ON erp.breach_persons (tenant_id, person_id);
