-- The account with the role stock, once inventory keeps it (books.stock_kept): its balance is what the goods on hand are worth, so
-- nothing but their movements is booked to it, the role stays where it is, and the account stays kept.

-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER erp_journal_lines_stock_guard BEFORE INSERT ON erp.journal_lines FOR EACH ROW
WHEN NEW.account_id = (SELECT a.id FROM erp.accounts a WHERE a.tenant_id = NEW.tenant_id AND a.role = 'stock')
  AND EXISTS (SELECT 1 FROM erp.books b WHERE b.tenant_id = NEW.tenant_id AND b.stock_kept)
  AND EXISTS (SELECT 1 FROM erp.journal_entries e WHERE e.tenant_id = NEW.tenant_id AND e.id = NEW.entry_id AND e.kind <> 'stock')
  AND NOT EXISTS (SELECT 1 FROM erp.tenant_gates g WHERE g.tenant_id = NEW.tenant_id AND g.state = 'importing')
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.control_account/the stock account is a control account: the movements of goods alone are booked to it');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_accounts_stock_guard BEFORE UPDATE ON erp.accounts FOR EACH ROW
WHEN OLD.role = 'stock' AND NEW.role IS NOT 'stock' AND EXISTS (SELECT 1 FROM erp.books b WHERE b.tenant_id = OLD.tenant_id AND b.stock_kept)
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.control_account/the stock account keeps its role: goods stand on it');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER erp_books_stock_guard BEFORE UPDATE ON erp.books FOR EACH ROW WHEN OLD.stock_kept AND NOT NEW.stock_kept
BEGIN
    SELECT RAISE(ABORT, 'erp/invalid/accounting.control_account/the stock account stays a control account');
END;
-- +goose StatementEnd
