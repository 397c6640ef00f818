-- Documents in the making: they have no number and book nothing.

-- +goose Up

CREATE TABLE erp.document_drafts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'bill')),
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    party_id UUID,
    state TEXT NOT NULL CHECK (state IN ('draft', 'issued', 'discarded')),
    document_id UUID,
    content TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_document_drafts_issued CHECK ((state = 'issued') = (document_id IS NOT NULL)),
    CONSTRAINT erp_document_drafts_content CHECK (state = 'draft' OR content = ''),
    CONSTRAINT erp_document_drafts_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id)
);
CREATE UNIQUE INDEX erp_document_drafts_reference ON erp.document_drafts (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_document_drafts_open ON erp.document_drafts (tenant_id, changed_at, id) WHERE state = 'draft';
