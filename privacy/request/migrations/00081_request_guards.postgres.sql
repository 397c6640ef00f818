-- What the database refuses of requests, whoever asks (docs/decisions/003): a request that changes its receipt, is closed without a step that
-- says so, or comes back.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION erp.guard_subject_requests() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF (NEW.reference, NEW.requester_id, NEW.kind, NEW.channel, NEW.jurisdiction, NEW.received_at, NEW.entered_at, NEW.entered_by, NEW.policy_due_on, NEW.acknowledge_due_on, NEW.from_tenant, NEW.forward_id)
        IS DISTINCT FROM (OLD.reference, OLD.requester_id, OLD.kind, OLD.channel, OLD.jurisdiction, OLD.received_at, OLD.entered_at, OLD.entered_by, OLD.policy_due_on, OLD.acknowledge_due_on, OLD.from_tenant, OLD.forward_id) THEN
        RAISE EXCEPTION 'erp/locked/request.changed/what was received, when and how, never changes';
    END IF;
    IF OLD.closed_at IS NOT NULL AND (to_jsonb(NEW) - 'steps' - 'fulfilled') IS DISTINCT FROM (to_jsonb(OLD) - 'steps' - 'fulfilled')
        OR OLD.state = 'waiting' AND NEW.state = 'answered' THEN
        RAISE EXCEPTION 'erp/conflict/request.wrong_state/a request that is % does not become %', OLD.state, NEW.state;
    END IF;
    IF (to_jsonb(NEW) - 'reported_on') IS DISTINCT FROM (to_jsonb(OLD) - 'reported_on') AND (NEW.steps <> OLD.steps + 1
        OR NOT EXISTS (SELECT FROM erp.request_steps s WHERE s.tenant_id = NEW.tenant_id AND s.request_id = NEW.id AND s.seq = NEW.steps AND s.state = NEW.state AND s.due_on = NEW.due_on)) THEN
        RAISE EXCEPTION 'erp/conflict/request.wrong_state/nothing changes of a request without a step that says so';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_subject_requests_guard BEFORE UPDATE ON erp.subject_requests FOR EACH ROW EXECUTE FUNCTION erp.guard_subject_requests();

-- Steps are numbered without a gap.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_request_steps() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM erp.subject_requests r WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.request_id AND NEW.seq <= r.steps + 1) THEN
        RAISE EXCEPTION 'erp/conflict/request.wrong_state/the steps of a request are numbered without a gap';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_request_steps_guard BEFORE INSERT ON erp.request_steps FOR EACH ROW EXECUTE FUNCTION erp.guard_request_steps();

-- Whoever waits for an answer can be written to.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_requesters() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    -- Not any change: sealed texts look otherwise after the key was changed. What is emptied can be seen.
    IF (OLD.email <> '' AND NEW.email = '' OR OLD.phone <> '' AND NEW.phone = '' OR OLD.address <> '' AND NEW.address = '')
        AND EXISTS (SELECT FROM erp.subject_requests r WHERE r.tenant_id = NEW.tenant_id AND r.requester_id = NEW.id AND r.closed_at IS NULL) THEN
        RAISE EXCEPTION 'erp/conflict/request.still_open/who waits for an answer must be reachable';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_requesters_guard BEFORE UPDATE ON erp.requesters FOR EACH ROW EXECUTE FUNCTION erp.guard_requesters();

-- A decision stands, a lifted restriction is over, and so is a notice that went out and a part that was forwarded.
-- +goose StatementBegin
CREATE FUNCTION erp.guard_request_records() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    erasable text[] := ARRAY['known_as', 'reason', 'ask'];
    moving text[] := ARRAY['state', 'decided_at', 'announced_at', 'lifted_at', 'channel', 'closed_at', 'closed_by', 'received_at'];
    over boolean := coalesce(before ->> 'state', '') NOT IN ('', 'open', 'pending', 'recalled') OR before ->> 'lifted_at' IS NOT NULL;
BEGIN
    IF (after - erasable - moving) IS DISTINCT FROM (before - erasable - moving)
        OR over AND (after - erasable) IS DISTINCT FROM (before - erasable) THEN
        RAISE EXCEPTION 'erp/locked/request.changed/what was recorded of a request never changes';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_request_restrictions_guard BEFORE UPDATE ON erp.request_restrictions FOR EACH ROW EXECUTE FUNCTION erp.guard_request_records();
CREATE TRIGGER erp_request_objections_guard BEFORE UPDATE ON erp.request_objections FOR EACH ROW EXECUTE FUNCTION erp.guard_request_records();
CREATE TRIGGER erp_recipient_notices_guard BEFORE UPDATE ON erp.recipient_notices FOR EACH ROW EXECUTE FUNCTION erp.guard_request_records();
CREATE TRIGGER erp_request_forwards_guard BEFORE UPDATE ON erp.request_forwards FOR EACH ROW EXECUTE FUNCTION erp.guard_request_records();
