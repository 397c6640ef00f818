-- What the database refuses of requests, whoever asks (docs/decisions/003): a request that changes its receipt, is closed without a step that
-- says so, or comes back. INSERT OR REPLACE deletes without firing delete triggers, so what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_subject_requests_guard BEFORE UPDATE ON erp.subject_requests FOR EACH ROW
WHEN (NEW.reference, NEW.requester_id, NEW.kind, NEW.channel, NEW.jurisdiction, NEW.received_at, NEW.entered_at, NEW.entered_by, NEW.policy_due_on)
  <> (OLD.reference, OLD.requester_id, OLD.kind, OLD.channel, OLD.jurisdiction, OLD.received_at, OLD.entered_at, OLD.entered_by, OLD.policy_due_on)
  OR NEW.acknowledge_due_on IS NOT OLD.acknowledge_due_on OR NEW.from_tenant IS NOT OLD.from_tenant OR NEW.forward_id IS NOT OLD.forward_id
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/request.changed/what was received, when and how, never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_subject_requests_closed BEFORE UPDATE ON erp.subject_requests FOR EACH ROW
WHEN OLD.state = 'waiting' AND NEW.state = 'answered'
  OR OLD.closed_at IS NOT NULL AND ((NEW.state, NEW.outcome, NEW.handler, NEW.law_from, NEW.paused_days, NEW.extra_months, NEW.extra_days, NEW.due_on, NEW.waiting_for, NEW.reported_on)
    <> (OLD.state, OLD.outcome, OLD.handler, OLD.law_from, OLD.paused_days, OLD.extra_months, OLD.extra_days, OLD.due_on, OLD.waiting_for, OLD.reported_on)
    OR NEW.law_due_on IS NOT OLD.law_due_on OR NEW.acknowledged_at IS NOT OLD.acknowledged_at OR NEW.extended_at IS NOT OLD.extended_at
    OR NEW.waiting_since IS NOT OLD.waiting_since OR NEW.closed_at IS NOT OLD.closed_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/request.wrong_state/a request that is closed stays as it is');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_subject_requests_step BEFORE UPDATE ON erp.subject_requests FOR EACH ROW
WHEN ((NEW.state, NEW.outcome, NEW.handler, NEW.law_from, NEW.paused_days, NEW.extra_months, NEW.extra_days, NEW.due_on, NEW.waiting_for, NEW.fulfilled, NEW.steps)
    <> (OLD.state, OLD.outcome, OLD.handler, OLD.law_from, OLD.paused_days, OLD.extra_months, OLD.extra_days, OLD.due_on, OLD.waiting_for, OLD.fulfilled, OLD.steps)
    OR NEW.law_due_on IS NOT OLD.law_due_on OR NEW.acknowledged_at IS NOT OLD.acknowledged_at OR NEW.extended_at IS NOT OLD.extended_at
    OR NEW.waiting_since IS NOT OLD.waiting_since OR NEW.closed_at IS NOT OLD.closed_at)
  AND (NEW.steps <> OLD.steps + 1
    OR NOT EXISTS (SELECT 1 FROM erp.request_steps s WHERE s.tenant_id = NEW.tenant_id AND s.request_id = NEW.id AND s.seq = NEW.steps AND s.state = NEW.state AND s.due_on = NEW.due_on))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/request.wrong_state/nothing changes of a request without a step that says so');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_subject_requests_once BEFORE INSERT ON erp.subject_requests FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.subject_requests r WHERE r.tenant_id = NEW.tenant_id AND (r.id = NEW.id OR r.reference = NEW.reference OR r.forward_id = NEW.forward_id))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a request with this reference exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_persons_once BEFORE INSERT ON erp.request_persons FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.request_persons p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/whom a request is about is said once');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_steps_guard BEFORE INSERT ON erp.request_steps FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp.subject_requests r WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.request_id AND NEW.seq <= r.steps + 1)
  OR EXISTS (SELECT 1 FROM erp.request_steps s WHERE s.tenant_id = NEW.tenant_id AND s.request_id = NEW.request_id AND (s.seq = NEW.seq OR s.reference = NEW.reference))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/request.wrong_state/the steps of a request are numbered without a gap');
END;
-- +goose StatementEnd

-- Whoever waits for an answer can be written to. Not any change is refused: sealed texts look otherwise after the key was changed. What is
-- emptied can be seen.
-- +goose StatementBegin
CREATE TRIGGER erp_requesters_guard BEFORE UPDATE ON erp.requesters FOR EACH ROW
WHEN (OLD.email <> '' AND NEW.email = '' OR OLD.phone <> '' AND NEW.phone = '' OR OLD.address <> '' AND NEW.address = '')
  AND EXISTS (SELECT 1 FROM erp.subject_requests r WHERE r.tenant_id = NEW.tenant_id AND r.requester_id = NEW.id AND r.closed_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/request.still_open/who waits for an answer must be reachable');
END;
-- +goose StatementEnd

-- A decision stands, a lifted restriction is over, and so is a notice that went out and a part that was forwarded.
-- +goose StatementBegin
CREATE TRIGGER erp_request_restrictions_guard BEFORE UPDATE ON erp.request_restrictions FOR EACH ROW
WHEN (NEW.request_id, NEW.person_id, NEW.ground, NEW.imposed_at) <> (OLD.request_id, OLD.person_id, OLD.ground, OLD.imposed_at)
  OR OLD.lifted_at IS NOT NULL AND (NEW.lifted_at IS NOT OLD.lifted_at OR NEW.announced_at IS NOT OLD.announced_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/request.changed/what was recorded of a request never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_restrictions_once BEFORE INSERT ON erp.request_restrictions FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.request_restrictions r WHERE r.tenant_id = NEW.tenant_id AND (r.id = NEW.id OR r.request_id = NEW.request_id AND r.lifted_at IS NULL AND NEW.lifted_at IS NULL))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_objections_guard BEFORE UPDATE ON erp.request_objections FOR EACH ROW
WHEN (NEW.request_id, NEW.person_id, NEW.purpose, NEW.objected_at) <> (OLD.request_id, OLD.person_id, OLD.purpose, OLD.objected_at)
  OR OLD.state <> 'pending' AND (NEW.state <> OLD.state OR NEW.decided_at IS NOT OLD.decided_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/request.changed/what was recorded of a request never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_objections_once BEFORE INSERT ON erp.request_objections FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.request_objections o WHERE o.tenant_id = NEW.tenant_id AND (o.id = NEW.id OR o.person_id = NEW.person_id AND o.purpose = NEW.purpose
    AND o.state IN ('pending', 'upheld') AND NEW.state IN ('pending', 'upheld')))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/request.objected/the person has objected to this purpose already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_recipient_notices_guard BEFORE UPDATE ON erp.recipient_notices FOR EACH ROW
WHEN (NEW.request_id, NEW.seq, NEW.person_id, NEW.act, NEW.recipient_key, NEW.due_from) <> (OLD.request_id, OLD.seq, OLD.person_id, OLD.act, OLD.recipient_key, OLD.due_from)
  OR OLD.state <> 'open' AND ((NEW.state, NEW.channel, NEW.closed_by) <> (OLD.state, OLD.channel, OLD.closed_by) OR NEW.closed_at IS NOT OLD.closed_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/request.changed/what was recorded of a request never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_recipient_notices_once BEFORE INSERT ON erp.recipient_notices FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.recipient_notices n WHERE n.tenant_id = NEW.tenant_id AND (n.id = NEW.id OR n.request_id = NEW.request_id AND n.seq = NEW.seq AND n.recipient_key = NEW.recipient_key))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/tenancy.duplicate/a record with this key exists already');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_forwards_guard BEFORE UPDATE ON erp.request_forwards FOR EACH ROW
WHEN (NEW.request_id, NEW.to_tenant, NEW.kind, NEW.decided_at) <> (OLD.request_id, OLD.to_tenant, OLD.kind, OLD.decided_at)
  OR OLD.state = 'received' AND (NEW.state <> OLD.state OR NEW.received_at IS NOT OLD.received_at)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/request.changed/what was recorded of a request never changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_request_forwards_once BEFORE INSERT ON erp.request_forwards FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.request_forwards f WHERE f.tenant_id = NEW.tenant_id AND (f.id = NEW.id OR f.request_id = NEW.request_id AND f.to_tenant = NEW.to_tenant))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/request.forwarded/this part of the request was forwarded before');
END;
-- +goose StatementEnd
