-- A grant is never changed but forwards, and never comes back; approvals and uses only grow. They are deleted by a sweep alone, of which
-- there is a record, and when nothing was done about the grant since.

-- +goose Up

-- Whether there is a sweep that is of the grant and of what was done at an instant.
-- +goose StatementBegin
CREATE FUNCTION erp_control.grant_swept(of_grant UUID, at_micros BIGINT) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM erp_control.grants AS g, erp_control.grant_sweeps AS s WHERE g.id = of_grant AND s.before_micros > at_micros AND s.before_micros >
        greatest(g.asked_micros, g.authorised_micros, g.expires_micros, g.ended_micros, g.closed_micros, g.lifted_micros, g.told_micros)
        AND (g.state <> 'revoked' OR g.closed_micros <> 0) AND (g.withheld = '' OR g.lifted_micros <> 0))
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_grants() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'erp/locked/tenancy.append_only/a grant begins with somebody asking for it';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF erp_control.grant_swept(OLD.id, 0) THEN
            RETURN OLD;
        END IF;
    END IF;
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/a grant is not deleted before its time';
    END IF;
    IF (OLD.id, OLD.tenant_id, OLD.reference, OLD.person, OLD.asked_by, OLD.asked_micros, OLD.reason, OLD.emergency, OLD.withheld, OLD.permissions, OLD.duration_micros)
        IS DISTINCT FROM (NEW.id, NEW.tenant_id, NEW.reference, NEW.person, NEW.asked_by, NEW.asked_micros, NEW.reason, NEW.emergency, NEW.withheld, NEW.permissions, NEW.duration_micros) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/what was asked for is never changed';
    END IF;
    IF OLD.state <> 'asked' AND (OLD.authorised_by, OLD.authorised_micros, OLD.expires_micros, OLD.wall_micros)
        IS DISTINCT FROM (NEW.authorised_by, NEW.authorised_micros, NEW.expires_micros, NEW.wall_micros) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/what was decided of a grant is never changed';
    END IF;
    IF OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (('asked', 'authorised'), ('asked', 'refused'), ('asked', 'revoked'), ('authorised', 'revoked')) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/a grant does not go from % to %', OLD.state, NEW.state;
    END IF;
    IF OLD.lifted_micros <> 0 AND (OLD.lifted_micros, OLD.lifted_by) IS DISTINCT FROM (NEW.lifted_micros, NEW.lifted_by) THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/what the owner may know again is not withheld again';
    END IF;
    IF OLD.state = 'asked' AND NEW.state = 'authorised' AND NEW.authorised_by = ''
        AND (SELECT count(*) FROM erp_control.grant_approvals AS a WHERE a.grant_id = NEW.id) < 2 THEN
        RAISE EXCEPTION 'erp/forbidden/tenancy.grant_unauthorised/without the owner two people allow a grant';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_grant_approvals() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF erp_control.grant_swept(OLD.grant_id, OLD.approved_micros) THEN
            RETURN OLD;
        END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'erp/locked/tenancy.append_only/an approval is never changed or deleted';
    END IF;
    IF NOT EXISTS (SELECT FROM erp_control.grants AS g WHERE g.id = NEW.grant_id AND g.state = 'asked' AND g.emergency <> '' AND NEW.approver NOT IN (g.asked_by, g.person)) THEN
        RAISE EXCEPTION 'erp/forbidden/tenancy.grant_self/a grant is approved by people who neither asked for it nor will use it';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_grant_uses() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.marked_micros = 0 AND to_jsonb(OLD) - 'marked_micros' = to_jsonb(NEW) - 'marked_micros' THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.marked_micros <> 0 AND erp_control.grant_swept(OLD.grant_id, OLD.used_micros) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'erp/locked/tenancy.append_only/the use of a grant is never changed or deleted';
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION erp_control.guard_grant_sweeps() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'erp/locked/tenancy.append_only/the record of a sweep is never changed or deleted';
END $$;
-- +goose StatementEnd

CREATE TRIGGER erp_grant_sweeps_guard BEFORE UPDATE OR DELETE ON erp_control.grant_sweeps
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_grant_sweeps();
CREATE TRIGGER erp_grant_sweeps_truncate BEFORE TRUNCATE ON erp_control.grant_sweeps
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_grant_sweeps();
CREATE TRIGGER erp_grants_guard BEFORE INSERT OR UPDATE OR DELETE ON erp_control.grants
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_grants();
CREATE TRIGGER erp_grants_truncate BEFORE TRUNCATE ON erp_control.grants
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_grants();
CREATE TRIGGER erp_grant_approvals_guard BEFORE INSERT OR UPDATE OR DELETE ON erp_control.grant_approvals
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_grant_approvals();
CREATE TRIGGER erp_grant_approvals_truncate BEFORE TRUNCATE ON erp_control.grant_approvals
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_grant_approvals();
CREATE TRIGGER erp_grant_uses_guard BEFORE UPDATE OR DELETE ON erp_control.grant_uses
    FOR EACH ROW EXECUTE FUNCTION erp_control.guard_grant_uses();
CREATE TRIGGER erp_grant_uses_truncate BEFORE TRUNCATE ON erp_control.grant_uses
    FOR EACH STATEMENT EXECUTE FUNCTION erp_control.guard_grant_uses();
