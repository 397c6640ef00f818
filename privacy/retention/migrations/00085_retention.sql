-- Which rules a tenant has its records deleted under, what is held beyond its period, and how far a sweep has come.

-- +goose Up

-- Of the acts about a rule the one with the highest number counts.
CREATE TABLE erp.retention_switches (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    rule TEXT COLLATE "C" NOT NULL,
    enabled BOOLEAN NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    switched_at TIMESTAMPTZ NOT NULL,
    switched_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_retention_switches_seq UNIQUE (tenant_id, seq),
    CONSTRAINT erp_retention_switches_reference UNIQUE (tenant_id, reference)
);

-- A row places a hold or releases one. What is held is a record (or a person, whose own row it is), or the records of some days.
CREATE TABLE erp.retention_holds (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    releases_id UUID,
    reference TEXT COLLATE "C" NOT NULL,
    ground TEXT COLLATE "C" NOT NULL,
    table_name TEXT COLLATE "C" NOT NULL,
    row_id UUID,
    from_day DATE,
    to_day DATE,
    acted_at TIMESTAMPTZ NOT NULL,
    acted_by TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_retention_holds_releases FOREIGN KEY (tenant_id, releases_id) REFERENCES erp.retention_holds (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_retention_holds_ground CHECK (ground IN ('authority', 'claim', 'assessment', 'enquiry')),
    CONSTRAINT erp_retention_holds_on CHECK (
        releases_id IS NOT NULL AND table_name = '' AND row_id IS NULL AND from_day IS NULL AND to_day IS NULL
        OR releases_id IS NULL AND ground IN ('authority', 'claim') AND table_name <> '' AND row_id IS NOT NULL AND from_day IS NULL AND to_day IS NULL
        OR releases_id IS NULL AND ground IN ('assessment', 'enquiry') AND table_name = '' AND row_id IS NULL AND from_day IS NOT NULL AND to_day IS NOT NULL AND to_day >= from_day)
);
-- A hold is placed once under a reference, and released once.
CREATE UNIQUE INDEX erp_retention_holds_reference ON erp.retention_holds (tenant_id, reference) WHERE releases_id IS NULL;
CREATE UNIQUE INDEX erp_retention_holds_released ON erp.retention_holds (tenant_id, releases_id) WHERE releases_id IS NOT NULL;

CREATE TABLE erp.retention_hold_texts (
    tenant_id UUID NOT NULL,
    hold_id UUID NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, hold_id),
    CONSTRAINT erp_retention_hold_texts_hold FOREIGN KEY (tenant_id, hold_id) REFERENCES erp.retention_holds (tenant_id, id)
);

-- One row a tenant: the sweep that is under way, or the last that came to its end.
CREATE TABLE erp.retention_sweeps (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    table_name TEXT COLLATE "C" NOT NULL,
    after_id UUID,
    periods TEXT NOT NULL,
    report TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
