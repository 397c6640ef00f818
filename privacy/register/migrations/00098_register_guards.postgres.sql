-- What the database refuses, whoever asks (docs/decisions/003), beyond what keys and checks refuse. While a tenant is imported its history comes in the order of its keys, and is looked at
-- by its hashes.

-- +goose Up

-- A material change is not in force before it was announced, nor while anybody whom it reached has time left. Whether all were reached is known to the program alone.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_policy_effects() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
       OR EXISTS (SELECT 1 FROM erp.policy_versions v WHERE v.tenant_id = NEW.tenant_id AND v.entry_id = NEW.version_id AND NOT v.material) THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM erp.announcements a WHERE a.tenant_id = NEW.tenant_id AND a.about_id = NEW.version_id) THEN
        RAISE EXCEPTION 'erp/conflict/register.notice_period/a material change was not announced';
    END IF;
    IF EXISTS (SELECT 1 FROM erp.announcements a JOIN erp.announcement_deliveries d ON d.tenant_id = a.tenant_id AND d.announcement_id = a.entry_id
        JOIN erp.policy_versions v ON v.tenant_id = a.tenant_id AND v.entry_id = a.about_id
        WHERE a.tenant_id = NEW.tenant_id AND a.about_id = NEW.version_id AND v.exception = '' AND (d.controller_id <> d.tenant_id OR a.audience = 'own')
          AND d.delivered_at + make_interval(hours => 24 * a.days::integer) > NEW.in_force_at) THEN
        RAISE EXCEPTION 'erp/conflict/register.notice_period/somebody whom it reached has time left';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_policy_effects_guard BEFORE INSERT ON erp.policy_effects FOR EACH ROW EXECUTE FUNCTION erp.guard_policy_effects();

-- The proof of a disclosure is of its recipient, and of a consent that stands.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_disclosures() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing') THEN
        RETURN NEW;
    END IF;
    IF NEW.processor_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erp.processors p
        WHERE p.tenant_id = NEW.tenant_id AND p.entry_id = NEW.processor_id AND p.recipient_id = NEW.recipient_id) THEN
        RAISE EXCEPTION 'erp/forbidden/register.no_contract/the contract is another recipient''s';
    END IF;
    IF NEW.consent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erp.consents c JOIN erp.consent_purposes p ON p.tenant_id = c.tenant_id AND p.entry_id = c.purpose_id
        WHERE c.tenant_id = NEW.tenant_id AND c.entry_id = NEW.consent_id AND c.state = 'given' AND p.recipient_id = NEW.recipient_id
          AND NOT EXISTS (SELECT 1 FROM erp.consents n WHERE n.tenant_id = c.tenant_id AND n.person_id = c.person_id AND n.purpose_id = c.purpose_id AND n.seq > c.seq)) THEN
        RAISE EXCEPTION 'erp/forbidden/register.no_consent/the person does not consent to this recipient';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_disclosures_guard BEFORE INSERT ON erp.disclosures FOR EACH ROW EXECUTE FUNCTION erp.guard_disclosures();
