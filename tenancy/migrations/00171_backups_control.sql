-- Backups that were taken, and the erasures, restrictions and legal holds that have to be done again on what is restored from one. Both outlast the tenant, and hold opaque
-- ids alone: a backup of this database is no copy of what was erased. Instants are microseconds since 1970 in UTC, 0 where something has not
-- happened, so that both engines order them alike.

-- +goose Up

-- A row is there before the first byte of the backup is. 90 days (of 86,400,000,000 microseconds) is the longest that the privacy policy allows.
CREATE TABLE erp_control.backups (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('taking', 'kept', 'destroyed')),
    place TEXT NOT NULL,
    recipients TEXT NOT NULL,
    begun_by TEXT NOT NULL,
    begun_micros BIGINT NOT NULL,
    expires_micros BIGINT NOT NULL,
    kept_micros BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    root TEXT NOT NULL,
    key_destroyed_micros BIGINT NOT NULL,
    destroyed_micros BIGINT NOT NULL,
    destroyed_by TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_backups_tenant FOREIGN KEY (tenant_id) REFERENCES erp_control.tenants (id),
    CONSTRAINT erp_backups_expiry CHECK (expires_micros > begun_micros AND expires_micros <= begun_micros + 7776000000000),
    CONSTRAINT erp_backups_whole CHECK (state <> 'kept' OR (kept_micros > 0 AND size_bytes > 0 AND length(sha256) = 64 AND length(root) = 64)),
    CONSTRAINT erp_backups_gone CHECK ((state = 'destroyed') = (destroyed_micros > 0 AND destroyed_by <> '' AND key_destroyed_micros > 0))
);
CREATE INDEX erp_backups_of ON erp_control.backups (tenant_id, begun_micros);
CREATE INDEX erp_backups_there ON erp_control.backups (expires_micros) WHERE state <> 'destroyed';
CREATE INDEX erp_backups_taking ON erp_control.backups (begun_micros) WHERE state = 'taking';
CREATE INDEX erp_backups_keys ON erp_control.backups (tenant_id) WHERE key_destroyed_micros = 0;

-- An entry is there before what it tells of is committed. Of an erasure the tenant's own database says whether it was; of a restriction the last entry counts.
CREATE TABLE erp_control.erasure_ledger (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('erased', 'restricted', 'released', 'held', 'unheld')),
    table_name TEXT NOT NULL,
    row_id UUID NOT NULL,
    ground TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intended', 'done', 'void')),
    entered_micros BIGINT NOT NULL,
    settled_micros BIGINT NOT NULL,
    from_day TEXT NOT NULL DEFAULT '',
    to_day TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (id),
    CONSTRAINT erp_erasure_ledger_tenant FOREIGN KEY (tenant_id) REFERENCES erp_control.tenants (id),
    CONSTRAINT erp_erasure_ledger_settled CHECK ((state = 'intended') = (settled_micros = 0))
);
CREATE INDEX erp_erasure_ledger_of ON erp_control.erasure_ledger (tenant_id, id);
CREATE INDEX erp_erasure_ledger_open ON erp_control.erasure_ledger (tenant_id, entered_micros) WHERE state = 'intended';
CREATE INDEX erp_erasure_ledger_restrictions ON erp_control.erasure_ledger (tenant_id, entered_micros, id) WHERE kind <> 'erased';
