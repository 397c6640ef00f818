-- What was disclosed of whom, to whom, and on which of the grounds that there are: each has its proof, and the row cannot be without.

-- +goose Up

CREATE TABLE erp.disclosures (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    person_id UUID NOT NULL,
    recipient_id UUID NOT NULL,
    ground TEXT NOT NULL CHECK (ground IN ('service_provider', 'legal_requirement', 'business_transfer', 'consent')),
    happened_at TIMESTAMPTZ NOT NULL,
    tables TEXT NOT NULL,
    processor_id UUID,
    order_hash TEXT NOT NULL,
    announcement_id UUID,
    consent_id UUID,
    transfer_id UUID,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_disclosures_ground CHECK ((ground = 'service_provider') = (processor_id IS NOT NULL) AND (ground = 'legal_requirement') = (order_hash <> '')
        AND (ground = 'business_transfer') = (announcement_id IS NOT NULL) AND (ground = 'consent') = (consent_id IS NOT NULL)),
    CONSTRAINT erp_disclosures_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_disclosures_recipient FOREIGN KEY (tenant_id, recipient_id) REFERENCES erp.recipients (tenant_id, entry_id),
    CONSTRAINT erp_disclosures_processor FOREIGN KEY (tenant_id, processor_id) REFERENCES erp.processors (tenant_id, entry_id),
    CONSTRAINT erp_disclosures_announcement FOREIGN KEY (tenant_id, announcement_id) REFERENCES erp.announcements (tenant_id, entry_id),
    CONSTRAINT erp_disclosures_consent FOREIGN KEY (tenant_id, consent_id, person_id) REFERENCES erp.consents (tenant_id, entry_id, person_id),
    CONSTRAINT erp_disclosures_transfer FOREIGN KEY (tenant_id, transfer_id) REFERENCES erp.data_transfers (tenant_id, entry_id)
);
CREATE INDEX erp_disclosures_of ON erp.disclosures (tenant_id, person_id, entry_id);
CREATE INDEX erp_disclosures_to ON erp.disclosures (tenant_id, recipient_id);
CREATE INDEX erp_disclosures_by ON erp.disclosures (tenant_id, processor_id) WHERE processor_id IS NOT NULL;
CREATE INDEX erp_disclosures_told ON erp.disclosures (tenant_id, announcement_id) WHERE announcement_id IS NOT NULL;
CREATE INDEX erp_disclosures_agreed ON erp.disclosures (tenant_id, consent_id) WHERE consent_id IS NOT NULL;
CREATE INDEX erp_disclosures_abroad ON erp.disclosures (tenant_id, transfer_id) WHERE transfer_id IS NOT NULL;
