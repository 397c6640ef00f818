-- Versions of the privacy policy, what a controller announced and whom that reached; and on the other side what a tenant was told, knew of and objected to.

-- +goose Up

CREATE TABLE erp.policy_versions (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    updated_on DATE NOT NULL,
    material BOOLEAN NOT NULL,
    exception TEXT NOT NULL CHECK (exception IN ('', 'law', 'court_order', 'security')),
    policy TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_policy_versions_number UNIQUE (tenant_id, number),
    CONSTRAINT erp_policy_versions_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id)
);

CREATE TABLE erp.policy_effects (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    version_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    in_force_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_policy_effects_version UNIQUE (tenant_id, version_id),
    CONSTRAINT erp_policy_effects_seq UNIQUE (tenant_id, seq),
    CONSTRAINT erp_policy_effects_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_policy_effects_of FOREIGN KEY (tenant_id, version_id) REFERENCES erp.policy_versions (tenant_id, entry_id)
);

-- about_id is the policy's version, the processor's contract, the acquirer or the breach. audience 'all': every tenant that there was.
CREATE TABLE erp.announcements (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('policy', 'processor', 'business_transfer', 'breach')),
    about_id UUID NOT NULL,
    days BIGINT NOT NULL CHECK (days BETWEEN 0 AND 366),
    audience TEXT NOT NULL CHECK (audience IN ('all', 'named', 'own')),
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    country TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_announcements_policy CHECK (kind <> 'policy' OR days >= 30),
    CONSTRAINT erp_announcements_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_announcements_about FOREIGN KEY (tenant_id, about_id) REFERENCES erp.register_entries (tenant_id, id)
);

-- A breach is announced again when it is found to concern others too.
CREATE UNIQUE INDEX erp_announcements_once ON erp.announcements (tenant_id, about_id) WHERE kind <> 'breach';
CREATE INDEX erp_announcements_of ON erp.announcements (tenant_id, about_id);

CREATE TABLE erp.announced_to (
    tenant_id UUID NOT NULL,
    announcement_id UUID NOT NULL,
    controller_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, announcement_id, controller_id),
    CONSTRAINT erp_announced_to_announcement FOREIGN KEY (tenant_id, announcement_id) REFERENCES erp.register_entries (tenant_id, id)
);

-- When it reached a controller: a tenant, or, of an announcement of a tenant's own, that tenant's customers.
CREATE TABLE erp.announcement_deliveries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    announcement_id UUID NOT NULL,
    controller_id UUID NOT NULL,
    delivered_at TIMESTAMPTZ NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('service', 'service_and_mail', 'mail', 'own')),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_announcement_deliveries_once UNIQUE (tenant_id, announcement_id, controller_id),
    CONSTRAINT erp_announcement_deliveries_of FOREIGN KEY (tenant_id, announcement_id) REFERENCES erp.announcements (tenant_id, entry_id)
);

-- What the platform told this tenant. announcement_id and about_id are in the platform's own tenant.
CREATE TABLE erp.notices (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    announcement_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('policy', 'processor', 'business_transfer', 'breach')),
    about_id UUID NOT NULL,
    days BIGINT NOT NULL CHECK (days BETWEEN 0 AND 366),
    number BIGINT NOT NULL,
    digest TEXT NOT NULL,
    country TEXT NOT NULL,
    announced_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_notices_once UNIQUE (tenant_id, announcement_id),
    CONSTRAINT erp_notices_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id)
);

CREATE TABLE erp.acknowledgements (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    policy_hash TEXT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_acknowledgements_once UNIQUE (tenant_id, actor, number),
    CONSTRAINT erp_acknowledgements_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id)
);

CREATE TABLE erp.objections (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    notice_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_objections_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_objections_notice FOREIGN KEY (tenant_id, notice_id) REFERENCES erp.notices (tenant_id, entry_id)
);
CREATE INDEX erp_objections_to ON erp.objections (tenant_id, notice_id);

CREATE TABLE erp.objection_outcomes (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    objection_id UUID NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('withdrawn', 'excluded')),
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_objection_outcomes_once UNIQUE (tenant_id, objection_id),
    CONSTRAINT erp_objection_outcomes_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.register_entries (tenant_id, id),
    CONSTRAINT erp_objection_outcomes_of FOREIGN KEY (tenant_id, objection_id) REFERENCES erp.objections (tenant_id, entry_id)
);
