-- To whom personal data go: recipients, the contracts of those that process on the controller's behalf, what makes a transfer into a third country
-- lawful, and what was disclosed of whom.

-- +goose Up

CREATE TABLE erp.recipients (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('processor', 'authority', 'acquirer', 'third_party')),
    country TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_recipients_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id)
);

-- A contract without confidentiality is none (GDPR Art. 28(3)(b)).
CREATE TABLE erp.processors (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    recipient_id UUID NOT NULL,
    parent_id UUID,
    service TEXT NOT NULL,
    country TEXT NOT NULL,
    contract_hash TEXT NOT NULL,
    confidential BOOLEAN NOT NULL CHECK (confidential),
    valid_from DATE NOT NULL,
    valid_until DATE,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_processors_days CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT erp_processors_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_processors_recipient FOREIGN KEY (tenant_id, recipient_id) REFERENCES erp.recipients (tenant_id, entry_id),
    CONSTRAINT erp_processors_parent FOREIGN KEY (tenant_id, parent_id) REFERENCES erp.processors (tenant_id, entry_id) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX erp_processors_of ON erp.processors (tenant_id, recipient_id);
CREATE INDEX erp_processors_sub ON erp.processors (tenant_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE erp.data_transfers (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    recipient_id UUID NOT NULL,
    country TEXT NOT NULL,
    law TEXT NOT NULL CHECK (law IN ('eu', 'uk')),
    safeguard TEXT NOT NULL CHECK (safeguard IN ('adequacy', 'dpf', 'scc', 'bcr', 'idta', 'addendum', 'derogation')),
    module BIGINT NOT NULL CHECK (module BETWEEN 0 AND 4),
    letter TEXT NOT NULL CHECK (letter IN ('', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'compelling')),
    source TEXT NOT NULL,
    evidence_hash TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_data_transfers_days CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT erp_data_transfers_module CHECK ((safeguard IN ('scc', 'addendum')) = (module > 0)),
    CONSTRAINT erp_data_transfers_letter CHECK ((safeguard = 'derogation') = (letter <> '')),
    CONSTRAINT erp_data_transfers_law CHECK (safeguard NOT IN ('idta', 'addendum') OR law = 'uk'),
    CONSTRAINT erp_data_transfers_evidence CHECK (safeguard = 'adequacy' OR evidence_hash <> ''),
    CONSTRAINT erp_data_transfers_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_data_transfers_recipient FOREIGN KEY (tenant_id, recipient_id) REFERENCES erp.recipients (tenant_id, entry_id)
);
CREATE INDEX erp_data_transfers_to ON erp.data_transfers (tenant_id, recipient_id);
