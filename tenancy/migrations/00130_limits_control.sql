-- Limits that the platform gave a tenant of its own. 0 means the program's, -1 none. Of a purged tenant nothing remains here.

-- +goose Up
CREATE TABLE erp_control.tenant_limits (
    tenant_id UUID NOT NULL,
    statement_timeout_micros BIGINT NOT NULL,
    transactions BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
    wait_micros BIGINT NOT NULL,
    rows_written BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);
