-- What the database refuses at the till, whoever asks: tickets and cash moves of a session that is not open, changes of what
-- is final, sessions that go backwards. While the tenant's gate is importing, history may be inserted. INSERT OR REPLACE
-- deletes without firing delete triggers, so what would be replaced is refused before.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_tickets_open BEFORE INSERT ON erp.tickets FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp.till_sessions s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.session_id AND s.state = 'open')
 AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/pos.session_closed/the session is not open');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_cash_moves_open BEFORE INSERT ON erp.cash_moves FOR EACH ROW
WHEN NOT EXISTS (SELECT 1 FROM erp.till_sessions s WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.session_id AND s.state = 'open')
 AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/pos.session_closed/the session is not open');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_till_sessions_guard BEFORE UPDATE ON erp.till_sessions FOR EACH ROW
WHEN (NEW.tenant_id, NEW.id, NEW.register_id, NEW.reference, NEW.fingerprint, NEW.business_date, NEW.float_minor, NEW.float_currency, NEW.left_minor,
      NEW.left_currency, NEW.opened_at, NEW.expires_at)
  <> (OLD.tenant_id, OLD.id, OLD.register_id, OLD.reference, OLD.fingerprint, OLD.business_date, OLD.float_minor, OLD.float_currency, OLD.left_minor,
      OLD.left_currency, OLD.opened_at, OLD.expires_at)
  OR NEW.dimension_set_id IS NOT OLD.dimension_set_id OR (OLD.state = 'closed' AND NEW.state <> 'closed') OR (OLD.state = 'expired' AND NEW.state = 'open')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/pos.final/a session goes from open over expired to closed, and nothing else of it changes');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_till_sessions_once BEFORE INSERT ON erp.till_sessions FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.till_sessions s WHERE s.tenant_id = NEW.tenant_id AND (s.id = NEW.id OR s.reference = NEW.reference))
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/pos.reference_taken/the session exists');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_till_sessions_one BEFORE INSERT ON erp.till_sessions FOR EACH ROW
WHEN NEW.state <> 'closed' AND EXISTS (SELECT 1 FROM erp.till_sessions s WHERE s.tenant_id = NEW.tenant_id AND s.register_id = NEW.register_id AND s.state <> 'closed')
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/pos.session_open/the register has an open session');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_tickets_guard BEFORE UPDATE ON erp.tickets FOR EACH ROW
WHEN NEW.refunded_minor < OLD.refunded_minor
  OR (NEW.tenant_id, NEW.id, NEW.kind, NEW.register_id, NEW.session_id, NEW.reference, NEW.fingerprint, NEW.series_id, NEW.seq, NEW.number, NEW.receipt_no,
      NEW.ticket_date, NEW.tax_included, NEW.net_minor, NEW.net_currency, NEW.tax_minor, NEW.tax_currency, NEW.gross_minor, NEW.gross_currency,
      NEW.rounding_minor, NEW.rounding_currency, NEW.made_at, NEW.digest)
  <> (OLD.tenant_id, OLD.id, OLD.kind, OLD.register_id, OLD.session_id, OLD.reference, OLD.fingerprint, OLD.series_id, OLD.seq, OLD.number, OLD.receipt_no,
      OLD.ticket_date, OLD.tax_included, OLD.net_minor, OLD.net_currency, OLD.tax_minor, OLD.tax_currency, OLD.gross_minor, OLD.gross_currency,
      OLD.rounding_minor, OLD.rounding_currency, OLD.made_at, OLD.digest)
  OR NEW.origin_id IS NOT OLD.origin_id OR NEW.stock_document_id IS NOT OLD.stock_document_id OR NEW.signer IS NOT OLD.signer
  OR NEW.signature IS NOT OLD.signature
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/pos.final/a ticket is final');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_tickets_once BEFORE INSERT ON erp.tickets FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.tickets t WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM erp.tickets t WHERE t.tenant_id = NEW.tenant_id AND t.series_id = NEW.series_id AND t.seq = NEW.seq AND t.seq >= 1)
  OR EXISTS (SELECT 1 FROM erp.tickets t WHERE t.tenant_id = NEW.tenant_id AND t.number = NEW.number AND t.seq >= 1)
  OR EXISTS (SELECT 1 FROM erp.tickets t WHERE t.tenant_id = NEW.tenant_id AND t.register_id = NEW.register_id AND t.receipt_no = NEW.receipt_no AND t.receipt_no >= 1)
  OR (NEW.kind = 'void' AND EXISTS (SELECT 1 FROM erp.tickets t WHERE t.tenant_id = NEW.tenant_id AND t.origin_id = NEW.origin_id AND t.kind = 'void'))
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/pos.final/a ticket is final');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_tickets_reference_once BEFORE INSERT ON erp.tickets FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.tickets t WHERE t.tenant_id = NEW.tenant_id AND t.reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/pos.reference_taken/the reference was used before');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_ticket_lines_guard BEFORE UPDATE ON erp.ticket_lines FOR EACH ROW
WHEN NEW.refunded < OLD.refunded
  OR (NEW.tenant_id, NEW.ticket_id, NEW.line_no, NEW.account_id, NEW.quantity, NEW.unit_price, NEW.tax_rate, NEW.net_minor, NEW.net_currency, NEW.tax_minor,
      NEW.tax_currency, NEW.moved)
  <> (OLD.tenant_id, OLD.ticket_id, OLD.line_no, OLD.account_id, OLD.quantity, OLD.unit_price, OLD.tax_rate, OLD.net_minor, OLD.net_currency, OLD.tax_minor,
      OLD.tax_currency, OLD.moved)
  OR NEW.product_id IS NOT OLD.product_id OR NEW.tax_id IS NOT OLD.tax_id OR NEW.origin_ticket_id IS NOT OLD.origin_ticket_id
  OR NEW.origin_line_no IS NOT OLD.origin_line_no OR NEW.dimension_set_id IS NOT OLD.dimension_set_id
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/pos.final/a line of a ticket is final');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_ticket_lines_once BEFORE INSERT ON erp.ticket_lines FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.ticket_lines l WHERE l.tenant_id = NEW.tenant_id AND l.ticket_id = NEW.ticket_id AND l.line_no = NEW.line_no)
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/pos.final/a line of a ticket is final');
END;
-- +goose StatementEnd

-- A period is not locked while a till of it, or of one before, is still to be closed: its entry could never be made.

-- +goose StatementBegin
CREATE TRIGGER erp_periods_unclosed_tills BEFORE UPDATE ON erp.periods FOR EACH ROW
WHEN NEW.state = 'locked' AND OLD.state <> 'locked' AND EXISTS (SELECT 1 FROM erp.till_sessions s WHERE s.tenant_id = NEW.tenant_id AND s.state <> 'closed'
    AND s.business_date <= NEW.ends_on)
BEGIN
    SELECT RAISE(ABORT, 'erp/conflict/pos.session_open/a till of the period or before is still open: close it first');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_till_sessions_dated BEFORE INSERT ON erp.till_sessions FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.periods p WHERE p.tenant_id = NEW.tenant_id AND p.state = 'locked' AND p.ends_on >= NEW.business_date)
    AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/locked/accounting.period_locked/the period is locked: no till is opened there');
END;
-- +goose StatementEnd

-- The account of a drawer is cash, or the statement of cash flows would miss its money.

-- +goose StatementBegin
CREATE TRIGGER erp_registers_drawer BEFORE INSERT ON erp.registers FOR EACH ROW
WHEN EXISTS (SELECT 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.cash_account_id AND a.cash_flow <> 'cash')
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/pos.cash_account/the account of a drawer is cash in the statement of cash flows');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_registers_drawer_moved BEFORE UPDATE ON erp.registers FOR EACH ROW
WHEN NEW.cash_account_id <> OLD.cash_account_id
  AND EXISTS (SELECT 1 FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.id = NEW.cash_account_id AND a.cash_flow <> 'cash')
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/pos.cash_account/the account of a drawer is cash in the statement of cash flows');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_accounts_cash_of_drawers BEFORE UPDATE ON erp.accounts FOR EACH ROW
WHEN NEW.cash_flow <> 'cash' AND OLD.cash_flow = 'cash'
  AND EXISTS (SELECT 1 FROM erp.registers r WHERE r.tenant_id = NEW.tenant_id AND r.cash_account_id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/pos.cash_account/the account of a drawer is cash in the statement of cash flows');
END;
-- +goose StatementEnd
