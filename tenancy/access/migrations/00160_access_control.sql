-- Who may come in: the platform's own records of people, and what they prove themselves with. Secrets are stored as hashes
-- (passwords by argon2id, random tokens by SHA-256) or sealed by the key service; none can be read back from here.

-- +goose Up
-- password_hash is '' until the person has chosen a password. totp_step is the last time step whose code was used, totp_wrapped_at
-- when the key service wrapped the secret.
CREATE TABLE erp_control.users (
    id UUID NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    staff BOOLEAN NOT NULL,
    staff_permissions TEXT NOT NULL,
    totp_sealed TEXT NOT NULL,
    totp_pending TEXT NOT NULL,
    totp_step BIGINT NOT NULL,
    totp_wrapped_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_users_email UNIQUE (email_key)
);

-- That a person was asked into a tenant, and has come. What they may do there is the tenant's own record (erp.members).
CREATE TABLE erp_control.user_tenants (
    user_id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('invited', 'joined')),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, tenant_id),
    CONSTRAINT erp_user_tenants_user FOREIGN KEY (user_id) REFERENCES erp_control.users (id)
);
CREATE INDEX erp_user_tenants_tenant ON erp_control.user_tenants (tenant_id);

-- A session is of one tenant, or of none: the platform's staff, and people who have yet to choose.
CREATE TABLE erp_control.user_sessions (
    id UUID NOT NULL,
    token_hash TEXT NOT NULL,
    user_id UUID NOT NULL,
    tenant_id UUID,
    second_factor BOOLEAN NOT NULL,
    device TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_user_sessions_token UNIQUE (token_hash),
    CONSTRAINT erp_user_sessions_user FOREIGN KEY (user_id) REFERENCES erp_control.users (id)
);
CREATE INDEX erp_user_sessions_of_user ON erp_control.user_sessions (user_id);
CREATE INDEX erp_user_sessions_of_tenant ON erp_control.user_sessions (tenant_id);
CREATE INDEX erp_user_sessions_expiry ON erp_control.user_sessions (expires_at);

-- A key is of one tenant, made by one of its members, and can do at most what that member can.
CREATE TABLE erp_control.api_keys (
    id UUID NOT NULL,
    key_hash TEXT NOT NULL,
    tenant_id UUID NOT NULL,
    user_id UUID NOT NULL,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (id),
    CONSTRAINT erp_api_keys_hash UNIQUE (key_hash),
    CONSTRAINT erp_api_keys_user FOREIGN KEY (user_id) REFERENCES erp_control.users (id)
);
CREATE INDEX erp_api_keys_of_tenant ON erp_control.api_keys (tenant_id);
CREATE INDEX erp_api_keys_of_user ON erp_control.api_keys (user_id);
CREATE INDEX erp_api_keys_expiry ON erp_control.api_keys (expires_at);

-- Tokens that were sent by e-mail: invitations and password resets. A used one is gone.
CREATE TABLE erp_control.mailed_tokens (
    id UUID NOT NULL,
    token_hash TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invitation', 'reset')),
    user_id UUID NOT NULL,
    tenant_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT erp_mailed_tokens_hash UNIQUE (token_hash),
    CONSTRAINT erp_mailed_tokens_user FOREIGN KEY (user_id) REFERENCES erp_control.users (id)
);
CREATE INDEX erp_mailed_tokens_of_user ON erp_control.mailed_tokens (user_id);
CREATE INDEX erp_mailed_tokens_expiry ON erp_control.mailed_tokens (expires_at);

-- What stands in for a lost second factor. A used code is gone.
CREATE TABLE erp_control.recovery_codes (
    user_id UUID NOT NULL,
    code_hash TEXT NOT NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT erp_recovery_codes_user FOREIGN KEY (user_id) REFERENCES erp_control.users (id)
);

-- Attempts that count towards a limit, by a keyed hash of whom or what they are about.
CREATE TABLE erp_control.attempts (
    counter TEXT NOT NULL,
    failures BIGINT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (counter)
);
CREATE INDEX erp_attempts_expiry ON erp_control.attempts (expires_at);

-- Keys of our own, wrapped by the key service.
CREATE TABLE erp_control.access_keys (
    name TEXT NOT NULL,
    wrapped TEXT NOT NULL,
    wrapped_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (name)
);
