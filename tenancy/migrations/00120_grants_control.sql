-- Break-glass grants: who of the platform's staff may do what in which tenant, why, until when, and who allowed it; and what
-- was done under them. They are the platform's records and outlive the tenant. Instants are microseconds since 1970 in UTC, 0
-- for none. What the code checks of them is checked here as well.

-- +goose Up
-- withheld says why the law forbids to tell the owner, told is of what the owner was last told. wall_micros is the expiry by a
-- real clock, which is the one that the tenants' databases have; closed_micros is when they were told of the end.
CREATE TABLE erp_control.grants (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    reference TEXT,
    person TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_micros BIGINT NOT NULL,
    reason TEXT NOT NULL,
    emergency TEXT NOT NULL,
    withheld TEXT NOT NULL,
    permissions TEXT NOT NULL,
    duration_micros BIGINT NOT NULL,
    state TEXT NOT NULL,
    authorised_by TEXT NOT NULL,
    authorised_micros BIGINT NOT NULL,
    expires_micros BIGINT NOT NULL,
    wall_micros BIGINT NOT NULL,
    ended_by TEXT NOT NULL,
    ended_micros BIGINT NOT NULL,
    closed_micros BIGINT NOT NULL,
    lifted_by TEXT NOT NULL,
    lifted_micros BIGINT NOT NULL,
    told TEXT NOT NULL,
    told_micros BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_grants_reference UNIQUE (reference),
    CONSTRAINT erp_grants_reasoned CHECK (length(trim(reason)) > 0 AND length(trim(person)) > 0 AND length(trim(asked_by)) > 0),
    CONSTRAINT erp_grants_emergency CHECK (emergency IN ('', 'security_incident', 'legal_order')),
    CONSTRAINT erp_grants_withheld CHECK (withheld = '' OR emergency = 'legal_order'),
    CONSTRAINT erp_grants_named CHECK (length(permissions) > 0 AND replace(permissions, '*', '') = permissions),
    CONSTRAINT erp_grants_bounded CHECK (duration_micros BETWEEN 1 AND 28800000000),
    CONSTRAINT erp_grants_state CHECK (state IN ('asked', 'authorised', 'refused', 'revoked')),
    CONSTRAINT erp_grants_authorised CHECK (CASE
        WHEN authorised_micros = 0 THEN state <> 'authorised' AND expires_micros = 0 AND authorised_by = ''
        ELSE state IN ('authorised', 'revoked') AND expires_micros = authorised_micros + duration_micros END),
    CONSTRAINT erp_grants_owner CHECK (authorised_micros = 0 OR emergency <> '' OR authorised_by <> ''),
    CONSTRAINT erp_grants_other CHECK (authorised_by = '' OR authorised_by <> asked_by AND authorised_by <> person)
);
CREATE INDEX erp_grants_tenant ON erp_control.grants (tenant_id, id);

-- In an emergency two people allow it, neither of whom asked for it or will use it.
CREATE TABLE erp_control.grant_approvals (
    grant_id UUID NOT NULL,
    approver TEXT NOT NULL,
    approved_micros BIGINT NOT NULL,
    PRIMARY KEY (grant_id, approver),
    FOREIGN KEY (grant_id) REFERENCES erp_control.grants (id)
);

-- What was done about a grant and under it, on record before it is answered. filter holds columns, comparisons and ids, never
-- other values. marked_micros is when it was written into the tenant's own trail.
CREATE TABLE erp_control.grant_uses (
    id UUID NOT NULL,
    grant_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    used_micros BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    verb TEXT NOT NULL,
    table_name TEXT NOT NULL,
    filter TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    refusal TEXT NOT NULL,
    marked_micros BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (grant_id) REFERENCES erp_control.grants (id)
);
CREATE INDEX erp_grant_uses_grant ON erp_control.grant_uses (grant_id, id);
CREATE INDEX erp_grant_uses_unmarked ON erp_control.grant_uses (grant_id) WHERE marked_micros = 0;

-- Grants that have had their time are deleted with their approvals and uses, by a record of it: what was deleted is older than before_micros, which
-- is a year before at least.
CREATE TABLE erp_control.grant_sweeps (
    id UUID NOT NULL,
    rule TEXT NOT NULL,
    before_micros BIGINT NOT NULL,
    swept_micros BIGINT NOT NULL,
    grants BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_grant_sweeps_old CHECK (before_micros <= swept_micros - 31536000000000),
    CONSTRAINT erp_grant_sweeps_some CHECK (length(rule) > 0 AND grants > 0 AND uses >= 0)
);
