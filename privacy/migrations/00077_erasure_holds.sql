-- What an erasure has left, for a rule or a legal hold asks it to be kept: how many values of a column, under which rule, until when. And what texts that are
-- held have still to be searched for, sealed, for as long as there are any.

-- +goose Up
CREATE TABLE erp.erasure_holds (
    tenant_id UUID NOT NULL,
    erasure_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    category TEXT NOT NULL,
    rule TEXT NOT NULL,
    source TEXT NOT NULL,
    until_on DATE,
    why TEXT NOT NULL,
    row_count BIGINT NOT NULL CHECK (row_count > 0),
    PRIMARY KEY (tenant_id, erasure_id, seq),
    CONSTRAINT erp_erasure_holds_erasure FOREIGN KEY (tenant_id, erasure_id) REFERENCES erp.erasure_requests (tenant_id, id)
);

CREATE TABLE erp.erasure_words (
    tenant_id UUID NOT NULL,
    erasure_id UUID NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (tenant_id, erasure_id),
    CONSTRAINT erp_erasure_words_erasure FOREIGN KEY (tenant_id, erasure_id) REFERENCES erp.erasure_requests (tenant_id, id)
);
