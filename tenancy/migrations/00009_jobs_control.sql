-- Background work: one row per job and tenant (the platform's own jobs have tenant 0) says when it is due next, who does
-- it now and how the last run ended. Instants are microseconds since 1970 in UTC, so that both engines order them alike.

-- +goose Up
CREATE TABLE erp_control.job_runs (
    job TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    due_micros BIGINT NOT NULL,
    holder UUID,
    lease_micros BIGINT NOT NULL,
    began_micros BIGINT NOT NULL,
    ended_micros BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    failure TEXT NOT NULL,
    PRIMARY KEY (job, tenant_id)
);
