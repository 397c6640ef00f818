-- Persons whose data are restricted: kept, and not processed any further (GDPR Art. 18). The id is that of the person's own row, in
-- whichever table; nothing refers to it, since that row may be erased before.

-- +goose Up
CREATE TABLE erp.restrictions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    ground TEXT NOT NULL CHECK (ground IN ('accuracy', 'unlawful', 'claims', 'objection', 'erasure')),
    reference TEXT COLLATE "C" NOT NULL,
    restricted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
