-- The journal of a controller's registers: every entry of every register, with its reference, its instant and whom it is about; what names
-- people in companion rows. The registers themselves are parts of it, in the migrations that follow. Nothing here is ever changed.

-- +goose Up

-- People whom the registers are about and nothing else knows: somebody who subscribed to a newsletter, a user of the platform.
CREATE TABLE erp.register_persons (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_register_persons_reference UNIQUE (tenant_id, reference)
);

-- person_id is the id of the person's own row in whichever table has it, so no foreign key stands behind it.
CREATE TABLE erp.register_entries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('purpose', 'wording', 'consent', 'recipient', 'processor', 'disclosure', 'transfer', 'end', 'policy', 'effect', 'announcement', 'notice', 'acknowledgement', 'objection', 'outcome', 'breach', 'step')),
    reference TEXT COLLATE "C" NOT NULL,
    person_id UUID,
    entered_at TIMESTAMPTZ NOT NULL,
    entered_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_register_entries_reference UNIQUE (tenant_id, kind, reference),
    CONSTRAINT erp_register_entries_person CHECK (kind NOT IN ('consent', 'disclosure') OR person_id IS NOT NULL)
);
CREATE INDEX erp_register_entries_about ON erp.register_entries (tenant_id, person_id) WHERE person_id IS NOT NULL;

CREATE TABLE erp.register_texts (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    name TEXT NOT NULL,
    contact TEXT NOT NULL,
    body TEXT NOT NULL,
    evidence TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_register_texts_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id)
);

-- What was entered before has ended: a contract, a transfer. Once, and on a day.
CREATE TABLE erp.register_ends (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    ended_id UUID NOT NULL,
    ended_on DATE NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_register_ends_once UNIQUE (tenant_id, ended_id),
    CONSTRAINT erp_register_ends_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_register_ends_ended FOREIGN KEY (tenant_id, ended_id) REFERENCES erp.register_entries (tenant_id, id)
);
