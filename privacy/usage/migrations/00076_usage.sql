-- Who came, from where and to which page; and how often features were used, per tenant until it is added up over all of them.

-- +goose Up
CREATE TABLE erp.access_log (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    page TEXT NOT NULL,
    address TEXT NOT NULL,
    browser TEXT NOT NULL,
    system TEXT NOT NULL,
    screen TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX erp_access_log_at ON erp.access_log (tenant_id, occurred_at, id);
CREATE INDEX erp_access_log_actor ON erp.access_log (tenant_id, actor, id);

CREATE TABLE erp.feature_counts (
    tenant_id UUID NOT NULL,
    day DATE NOT NULL,
    feature TEXT COLLATE "C" NOT NULL,
    uses BIGINT NOT NULL CHECK (uses > 0),
    PRIMARY KEY (tenant_id, day, feature)
);

-- In the platform's own tenant: days that were added up, and of each feature that enough tenants used how many did, and how often.
CREATE TABLE erp.feature_days (
    tenant_id UUID NOT NULL,
    day DATE NOT NULL,
    counted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, day)
);
CREATE TABLE erp.feature_uses (
    tenant_id UUID NOT NULL,
    day DATE NOT NULL,
    feature TEXT COLLATE "C" NOT NULL,
    tenants BIGINT NOT NULL CHECK (tenants > 1),
    uses BIGINT NOT NULL CHECK (uses >= tenants),
    PRIMARY KEY (tenant_id, day, feature),
    CONSTRAINT erp_feature_uses_day FOREIGN KEY (tenant_id, day) REFERENCES erp.feature_days (tenant_id, day)
);
