-- Who belongs to the tenant, and what they may do: the tenant's own record. A member who left stays, so that the trail's
-- actors have a name.

-- +goose Up
CREATE TABLE erp.members (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT,
    roles TEXT NOT NULL,
    is_owner BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'removed')),
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_members_user UNIQUE (tenant_id, user_id),
    CONSTRAINT erp_members_email UNIQUE (tenant_id, email_key)
);
