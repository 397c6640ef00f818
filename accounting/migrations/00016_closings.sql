-- What was closed, and by which two persons it was opened again.

-- +goose Up

-- A locked period is opened again by two persons: one asks, another one approves. 00017 holds that it is two, and when.
CREATE TABLE erp.period_reopenings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    period_id UUID NOT NULL,
    journal_id UUID,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    approved_by TEXT,
    approved_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_period_reopenings_two CHECK (approved_by <> asked_by),
    CONSTRAINT erp_period_reopenings_whole CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CONSTRAINT erp_period_reopenings_in_time CHECK (approved_at BETWEEN asked_at AND expires_at),
    CONSTRAINT erp_period_reopenings_people CHECK (asked_by <> '' AND asked_by NOT LIKE 'system:%' AND asked_by NOT LIKE 'key:%'
        AND approved_by <> '' AND approved_by NOT LIKE 'system:%' AND approved_by NOT LIKE 'key:%'),
    CONSTRAINT erp_period_reopenings_period FOREIGN KEY (tenant_id, period_id) REFERENCES erp.periods (tenant_id, id),
    CONSTRAINT erp_period_reopenings_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES erp.journals (tenant_id, id)
);
CREATE INDEX erp_period_reopenings_of ON erp.period_reopenings (tenant_id, period_id);

-- The figures with which a period was locked. They stand until a reopening supersedes them.
CREATE TABLE erp.period_closings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    period_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('period', 'year')),
    root TEXT NOT NULL,
    debit_minor BIGINT NOT NULL,
    debit_currency TEXT NOT NULL,
    profit_minor BIGINT NOT NULL,
    profit_currency TEXT NOT NULL,
    entry_id UUID,
    closed_by TEXT NOT NULL,
    closed_at TIMESTAMPTZ NOT NULL,
    superseded_by_id UUID,
    superseded_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_period_closings_whole CHECK ((superseded_by_id IS NULL) = (superseded_at IS NULL)),
    CONSTRAINT erp_period_closings_entry_of_year CHECK (kind = 'year' OR entry_id IS NULL),
    CONSTRAINT erp_period_closings_period FOREIGN KEY (tenant_id, period_id) REFERENCES erp.periods (tenant_id, id),
    CONSTRAINT erp_period_closings_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_period_closings_superseded FOREIGN KEY (tenant_id, superseded_by_id) REFERENCES erp.period_reopenings (tenant_id, id)
);
CREATE UNIQUE INDEX erp_period_closings_standing ON erp.period_closings (tenant_id, period_id) WHERE superseded_by_id IS NULL;
