-- What the database refuses, whoever asks (docs/decisions/003), beyond what keys and checks refuse. While a tenant is imported its history comes in the order of its keys, and is looked at
-- by its hashes.

-- +goose Up

-- A material change is not in force before it was announced, nor while anybody whom it reached has time left. Whether all were reached is known to the program alone.
-- (strftime keeps whole seconds; what is behind them is put back as text.)
-- +goose StatementBegin
CREATE TRIGGER erp_policy_effects_guard BEFORE INSERT ON erp.policy_effects FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
 AND NOT EXISTS (SELECT 1 FROM erp.policy_versions v WHERE v.tenant_id = NEW.tenant_id AND v.entry_id = NEW.version_id AND NOT v.material)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/register.notice_period/a material change was not announced')
    WHERE NOT EXISTS (SELECT 1 FROM erp.announcements a WHERE a.tenant_id = NEW.tenant_id AND a.about_id = NEW.version_id);
    SELECT RAISE(ABORT, 'erp/conflict/register.notice_period/somebody whom it reached has time left')
    FROM erp.announcements a JOIN erp.announcement_deliveries d ON d.tenant_id = a.tenant_id AND d.announcement_id = a.entry_id
    JOIN erp.policy_versions v ON v.tenant_id = a.tenant_id AND v.entry_id = a.about_id
    WHERE a.tenant_id = NEW.tenant_id AND a.about_id = NEW.version_id AND v.exception = '' AND (d.controller_id <> d.tenant_id OR a.audience = 'own')
      AND strftime('%Y-%m-%dT%H:%M:%S', d.delivered_at, '+' || a.days || ' days') || substr(d.delivered_at, 20) > NEW.in_force_at;
END;
-- +goose StatementEnd

-- The proof of a disclosure is of its recipient, and of a consent that stands.
-- +goose StatementBegin
CREATE TRIGGER erp_disclosures_guard BEFORE INSERT ON erp.disclosures FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/forbidden/register.no_contract/the contract is of another recipient')
    WHERE NEW.processor_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erp.processors p
        WHERE p.tenant_id = NEW.tenant_id AND p.entry_id = NEW.processor_id AND p.recipient_id = NEW.recipient_id);
    SELECT RAISE(ABORT, 'erp/forbidden/register.no_consent/the person does not consent to this recipient')
    WHERE NEW.consent_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM erp.consents c JOIN erp.consent_purposes p ON p.tenant_id = c.tenant_id AND p.entry_id = c.purpose_id
        WHERE c.tenant_id = NEW.tenant_id AND c.entry_id = NEW.consent_id AND c.state = 'given' AND p.recipient_id = NEW.recipient_id
          AND NOT EXISTS (SELECT 1 FROM erp.consents n WHERE n.tenant_id = c.tenant_id AND n.person_id = c.person_id AND n.purpose_id = c.purpose_id AND n.seq > c.seq));
END;
-- +goose StatementEnd

-- INSERT OR REPLACE deletes what stands in its way without firing a trigger against deletes: a withdrawal became a consent. So what would be replaced is refused before.

-- +goose StatementBegin
CREATE TRIGGER erp_register_entries_once BEFORE INSERT ON erp.register_entries FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.register_entries t WHERE t.tenant_id = NEW.tenant_id AND t.kind = NEW.kind AND t.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_register_ends_once BEFORE INSERT ON erp.register_ends FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.register_ends t WHERE t.tenant_id = NEW.tenant_id AND t.ended_id = NEW.ended_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_consent_purposes_once BEFORE INSERT ON erp.consent_purposes FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.consent_purposes t WHERE t.tenant_id = NEW.tenant_id AND t.code = NEW.code)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_consent_wordings_once BEFORE INSERT ON erp.consent_wordings FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.consent_wordings t WHERE t.tenant_id = NEW.tenant_id AND t.purpose_id = NEW.purpose_id AND t.version = NEW.version)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_consents_once BEFORE INSERT ON erp.consents FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.consents t WHERE t.tenant_id = NEW.tenant_id AND t.person_id = NEW.person_id AND t.purpose_id = NEW.purpose_id AND t.seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_policy_versions_once BEFORE INSERT ON erp.policy_versions FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.policy_versions t WHERE t.tenant_id = NEW.tenant_id AND t.number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_announcement_deliveries_once BEFORE INSERT ON erp.announcement_deliveries FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.announcement_deliveries t WHERE t.tenant_id = NEW.tenant_id AND t.announcement_id = NEW.announcement_id AND t.controller_id = NEW.controller_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_notices_once BEFORE INSERT ON erp.notices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.notices t WHERE t.tenant_id = NEW.tenant_id AND t.announcement_id = NEW.announcement_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_acknowledgements_once BEFORE INSERT ON erp.acknowledgements FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.acknowledgements t WHERE t.tenant_id = NEW.tenant_id AND t.actor = NEW.actor AND t.number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_objection_outcomes_once BEFORE INSERT ON erp.objection_outcomes FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.objection_outcomes t WHERE t.tenant_id = NEW.tenant_id AND t.objection_id = NEW.objection_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_breach_steps_once BEFORE INSERT ON erp.breach_steps FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.breach_steps t WHERE t.tenant_id = NEW.tenant_id AND t.breach_id = NEW.breach_id AND t.seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_breach_persons_once BEFORE INSERT ON erp.breach_persons FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.breach_persons t WHERE t.tenant_id = NEW.tenant_id AND t.breach_id = NEW.breach_id AND t.person_id = NEW.person_id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_policy_effects_once BEFORE INSERT ON erp.policy_effects FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.policy_effects t WHERE t.tenant_id = NEW.tenant_id AND (t.version_id = NEW.version_id OR t.seq = NEW.seq))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_announcements_once BEFORE INSERT ON erp.announcements FOR EACH ROW
WHEN NEW.kind <> 'breach' AND EXISTS (SELECT 1 FROM erp.announcements t WHERE t.tenant_id = NEW.tenant_id AND t.about_id = NEW.about_id AND t.kind <> 'breach')
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd
