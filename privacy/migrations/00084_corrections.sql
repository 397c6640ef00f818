-- What was corrected of persons' data: which column of which row, when and by whom; and in rows of their own what it was and what it became,
-- which is erased with the person. person_id is the id of the person's own row, in whichever table; nothing refers to it, since that row may be
-- erased before.

-- +goose Up
CREATE TABLE erp.corrections (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    table_name TEXT NOT NULL,
    row_id UUID NOT NULL,
    column_name TEXT NOT NULL,
    corrected_at TIMESTAMPTZ NOT NULL,
    corrected_by TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_corrections_reference UNIQUE (tenant_id, reference, seq)
);
CREATE INDEX erp_corrections_person ON erp.corrections (tenant_id, person_id);

CREATE TABLE erp.correction_texts (
    tenant_id UUID NOT NULL,
    correction_id UUID NOT NULL,
    old_value TEXT NOT NULL,
    new_value TEXT NOT NULL,
    PRIMARY KEY (tenant_id, correction_id),
    CONSTRAINT erp_correction_texts_correction FOREIGN KEY (tenant_id, correction_id) REFERENCES erp.corrections (tenant_id, id)
);
