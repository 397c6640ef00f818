-- A grant is never changed but forwards, and never comes back; approvals and uses only grow. They are deleted by a sweep alone, of which
-- there is a record, and when nothing was done about the grant since.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_begin BEFORE INSERT ON erp_control.grants FOR EACH ROW
WHEN NEW.state <> 'asked'
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a grant begins with somebody asking for it');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_delete BEFORE DELETE ON erp_control.grants FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp_control.grants AS g, erp_control.grant_sweeps AS s WHERE g.id = OLD.id AND s.before_micros > 0
    AND s.before_micros > max(g.asked_micros, g.authorised_micros, g.expires_micros, g.ended_micros, g.closed_micros, g.lifted_micros, g.told_micros)
    AND (g.state <> 'revoked' OR g.closed_micros <> 0) AND (g.withheld = '' OR g.lifted_micros <> 0))
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a grant is not deleted before its time');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_asked BEFORE UPDATE OF id, tenant_id, reference, person, asked_by, asked_micros, reason, emergency, withheld, permissions, duration_micros ON erp_control.grants FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/what was asked for is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_decided BEFORE UPDATE ON erp_control.grants FOR EACH ROW
WHEN OLD.state <> 'asked' AND (OLD.authorised_by <> NEW.authorised_by OR OLD.authorised_micros <> NEW.authorised_micros OR OLD.expires_micros <> NEW.expires_micros OR OLD.wall_micros <> NEW.wall_micros)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/what was decided of a grant is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_move BEFORE UPDATE ON erp_control.grants FOR EACH ROW
WHEN NOT (OLD.state = NEW.state OR OLD.state = 'asked' OR OLD.state = 'authorised' AND NEW.state = 'revoked')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/a grant does not go back');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_lifted BEFORE UPDATE ON erp_control.grants FOR EACH ROW
WHEN OLD.lifted_micros <> 0 AND (OLD.lifted_micros <> NEW.lifted_micros OR OLD.lifted_by <> NEW.lifted_by)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/what the owner may know again is not withheld again');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grants_two BEFORE UPDATE ON erp_control.grants FOR EACH ROW
WHEN OLD.state = 'asked' AND NEW.state = 'authorised' AND NEW.authorised_by = '' AND (SELECT count(*) FROM erp_control.grant_approvals AS a WHERE a.grant_id = NEW.id) < 2
BEGIN
    SELECT RAISE(ABORT, 'erp/forbidden/tenancy.grant_unauthorised/without the owner two people allow a grant');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_approvals_other BEFORE INSERT ON erp_control.grant_approvals FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp_control.grants AS g WHERE g.id = NEW.grant_id AND g.state = 'asked' AND g.emergency <> '' AND NEW.approver NOT IN (g.asked_by, g.person))
BEGIN
    SELECT RAISE(ABORT, 'erp/forbidden/tenancy.grant_self/a grant is approved by people who neither asked for it nor will use it');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_approvals_update BEFORE UPDATE ON erp_control.grant_approvals FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/an approval is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_approvals_delete BEFORE DELETE ON erp_control.grant_approvals FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp_control.grants AS g, erp_control.grant_sweeps AS s WHERE g.id = OLD.grant_id AND s.before_micros > OLD.approved_micros
    AND s.before_micros > max(g.asked_micros, g.authorised_micros, g.expires_micros, g.ended_micros, g.closed_micros, g.lifted_micros, g.told_micros)
    AND (g.state <> 'revoked' OR g.closed_micros <> 0) AND (g.withheld = '' OR g.lifted_micros <> 0))
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/an approval is not deleted before its time');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_uses_update BEFORE UPDATE OF id, grant_id, tenant_id, used_micros, actor, act, verb, table_name, filter, row_count, refusal ON erp_control.grant_uses FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the use of a grant is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_uses_mark BEFORE UPDATE ON erp_control.grant_uses FOR EACH ROW
WHEN OLD.marked_micros <> 0
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the use of a grant is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_uses_delete BEFORE DELETE ON erp_control.grant_uses FOR EACH ROW
WHEN OLD.marked_micros = 0 OR NOT EXISTS (SELECT 1 FROM erp_control.grants AS g, erp_control.grant_sweeps AS s WHERE g.id = OLD.grant_id AND s.before_micros > OLD.used_micros
    AND s.before_micros > max(g.asked_micros, g.authorised_micros, g.expires_micros, g.ended_micros, g.closed_micros, g.lifted_micros, g.told_micros)
    AND (g.state <> 'revoked' OR g.closed_micros <> 0) AND (g.withheld = '' OR g.lifted_micros <> 0))
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the use of a grant is not deleted before its time');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_sweeps_update BEFORE UPDATE ON erp_control.grant_sweeps FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the record of a sweep is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_control_grant_sweeps_delete BEFORE DELETE ON erp_control.grant_sweeps FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/tenancy.append_only/the record of a sweep is never deleted');
END;
-- +goose StatementEnd
