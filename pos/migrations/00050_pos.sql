-- Tills: registers, sessions, tickets with their lines and payments, cash moves, closings. Quantities are in millionths of a
-- unit, amounts in minor units of the books' currency. Secondary indexes are partial for the reason at the head of
-- 00010_accounting.sql.

-- +goose Up

CREATE TABLE erp.registers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    warehouse_id UUID NOT NULL,
    country TEXT NOT NULL,
    cash_account_id UUID NOT NULL,
    card_account_id UUID NOT NULL,
    max_hours BIGINT NOT NULL CHECK (max_hours BETWEEN 1 AND 168),
    dimension_set_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_registers_code UNIQUE (tenant_id, code),
    CONSTRAINT erp_registers_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id),
    CONSTRAINT erp_registers_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_registers_cash FOREIGN KEY (tenant_id, cash_account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_registers_card FOREIGN KEY (tenant_id, card_account_id) REFERENCES erp.accounts (tenant_id, id)
);

-- A register has one session at a time that is not closed. 00051 lets sessions go forward only.
CREATE TABLE erp.till_sessions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    register_id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'expired', 'closed')),
    business_date DATE NOT NULL,
    float_minor BIGINT NOT NULL CHECK (float_minor BETWEEN 0 AND 999999999999),
    float_currency TEXT NOT NULL,
    left_minor BIGINT NOT NULL CHECK (left_minor BETWEEN 0 AND 999999999999),
    left_currency TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_till_sessions_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_till_sessions_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_till_sessions_register FOREIGN KEY (tenant_id, register_id) REFERENCES erp.registers (tenant_id, id)
);
CREATE UNIQUE INDEX erp_till_sessions_one_open ON erp.till_sessions (tenant_id, register_id) WHERE state <> 'closed';

-- What a register has at the moment: its session, the money left in it, the end of its chain of receipts. One row per
-- register, and the lock of all that happens there.
CREATE TABLE erp.drawers (
    tenant_id UUID NOT NULL,
    register_id UUID NOT NULL,
    session_id UUID,
    closings BIGINT NOT NULL CHECK (closings >= 0),
    left_minor BIGINT NOT NULL CHECK (left_minor >= 0),
    receipts BIGINT NOT NULL CHECK (receipts >= 0),
    digest TEXT,
    signature TEXT,
    PRIMARY KEY (tenant_id, register_id),
    CONSTRAINT erp_drawers_register FOREIGN KEY (tenant_id, register_id) REFERENCES erp.registers (tenant_id, id),
    CONSTRAINT erp_drawers_session FOREIGN KEY (tenant_id, session_id) REFERENCES erp.till_sessions (tenant_id, id)
);
CREATE UNIQUE INDEX erp_drawers_one_session ON erp.drawers (tenant_id, session_id) WHERE session_id IS NOT NULL;

-- 00051 lets nothing of a ticket change but refunded_minor.
CREATE TABLE erp.tickets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'refund', 'void')),
    register_id UUID NOT NULL,
    session_id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    series_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    number TEXT COLLATE "C" NOT NULL,
    receipt_no BIGINT NOT NULL CHECK (receipt_no >= 1),
    ticket_date DATE NOT NULL,
    origin_id UUID,
    tax_included BOOLEAN NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    gross_minor BIGINT NOT NULL CHECK (gross_minor BETWEEN 0 AND 999999999999),
    gross_currency TEXT NOT NULL,
    rounding_minor BIGINT NOT NULL,
    rounding_currency TEXT NOT NULL,
    refunded_minor BIGINT NOT NULL,
    stock_document_id UUID,
    made_at TIMESTAMPTZ NOT NULL,
    digest TEXT NOT NULL,
    signer TEXT,
    signature TEXT,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_tickets_sum CHECK (net_minor + tax_minor = gross_minor),
    CONSTRAINT erp_tickets_not_over_refunded CHECK (refunded_minor BETWEEN 0 AND gross_minor),
    CONSTRAINT erp_tickets_origin_of_what_comes_back CHECK ((kind = 'sale') = (origin_id IS NULL)),
    CONSTRAINT erp_tickets_whole_signature CHECK ((signer IS NULL) = (signature IS NULL)),
    CONSTRAINT erp_tickets_register FOREIGN KEY (tenant_id, register_id) REFERENCES erp.registers (tenant_id, id),
    CONSTRAINT erp_tickets_session FOREIGN KEY (tenant_id, session_id) REFERENCES erp.till_sessions (tenant_id, id),
    CONSTRAINT erp_tickets_series FOREIGN KEY (tenant_id, series_id) REFERENCES erp.number_series (tenant_id, id),
    CONSTRAINT erp_tickets_origin FOREIGN KEY (tenant_id, origin_id) REFERENCES erp.tickets (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_tickets_stock_document FOREIGN KEY (tenant_id, stock_document_id) REFERENCES erp.stock_documents (tenant_id, id)
);
CREATE INDEX erp_tickets_origins ON erp.tickets (tenant_id, origin_id) WHERE origin_id IS NOT NULL;
CREATE UNIQUE INDEX erp_tickets_reference ON erp.tickets (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX erp_tickets_number ON erp.tickets (tenant_id, series_id, seq) WHERE seq >= 1;
CREATE UNIQUE INDEX erp_tickets_printed ON erp.tickets (tenant_id, number) WHERE seq >= 1;
CREATE UNIQUE INDEX erp_tickets_chain ON erp.tickets (tenant_id, register_id, receipt_no) WHERE receipt_no >= 1;
CREATE UNIQUE INDEX erp_tickets_void_once ON erp.tickets (tenant_id, origin_id) WHERE kind = 'void';
CREATE INDEX erp_tickets_by_session ON erp.tickets (tenant_id, session_id) WHERE session_id IS NOT NULL;

-- Never more of a line comes back than was sold: in quantity, in money, in tax.
CREATE TABLE erp.ticket_lines (
    tenant_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    product_id UUID,
    account_id UUID NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    unit_price decimal_text NOT NULL,
    tax_id UUID,
    tax_rate decimal_text NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    moved BOOLEAN NOT NULL,
    origin_ticket_id UUID,
    origin_line_no BIGINT,
    refunded BIGINT NOT NULL,
    refunded_gross_minor BIGINT NOT NULL,
    refunded_tax_minor BIGINT NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, ticket_id, line_no),
    CONSTRAINT erp_ticket_lines_not_over_refunded CHECK (refunded BETWEEN 0 AND quantity),
    CONSTRAINT erp_ticket_lines_not_over_refunded_gross CHECK (refunded_gross_minor BETWEEN 0 AND net_minor + tax_minor
        OR refunded_gross_minor BETWEEN net_minor + tax_minor AND 0),
    CONSTRAINT erp_ticket_lines_not_over_refunded_tax CHECK (refunded_tax_minor BETWEEN 0 AND tax_minor OR refunded_tax_minor BETWEEN tax_minor AND 0),
    CONSTRAINT erp_ticket_lines_whole_origin CHECK ((origin_ticket_id IS NULL) = (origin_line_no IS NULL)),
    CONSTRAINT erp_ticket_lines_ticket FOREIGN KEY (tenant_id, ticket_id) REFERENCES erp.tickets (tenant_id, id),
    CONSTRAINT erp_ticket_lines_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_ticket_lines_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_ticket_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_ticket_lines_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id),
    CONSTRAINT erp_ticket_lines_origin FOREIGN KEY (tenant_id, origin_ticket_id, origin_line_no) REFERENCES erp.ticket_lines (tenant_id, ticket_id, line_no) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX erp_ticket_lines_origins ON erp.ticket_lines (tenant_id, origin_ticket_id, origin_line_no) WHERE origin_ticket_id IS NOT NULL;

CREATE TABLE erp.ticket_payments (
    tenant_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    method TEXT NOT NULL CHECK (method IN ('cash', 'card')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    amount_currency TEXT NOT NULL,
    tendered_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id, line_no),
    CONSTRAINT erp_ticket_payments_tendered CHECK (tendered_minor >= amount_minor),
    CONSTRAINT erp_ticket_payments_ticket FOREIGN KEY (tenant_id, ticket_id) REFERENCES erp.tickets (tenant_id, id)
);

-- Free text, apart from the figures so that erasure can reach it.
CREATE TABLE erp.ticket_texts (
    tenant_id UUID NOT NULL,
    ticket_id UUID NOT NULL,
    note TEXT NOT NULL,
    line_texts TEXT NOT NULL,
    card_references TEXT NOT NULL,
    PRIMARY KEY (tenant_id, ticket_id),
    CONSTRAINT erp_ticket_texts_ticket FOREIGN KEY (tenant_id, ticket_id) REFERENCES erp.tickets (tenant_id, id)
);

CREATE TABLE erp.cash_moves (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    session_id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor BETWEEN 1 AND 999999999999),
    amount_currency TEXT NOT NULL,
    account_id UUID NOT NULL,
    move_date DATE NOT NULL,
    moved_at TIMESTAMPTZ NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_cash_moves_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_cash_moves_session FOREIGN KEY (tenant_id, session_id) REFERENCES erp.till_sessions (tenant_id, id),
    CONSTRAINT erp_cash_moves_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id)
);
CREATE UNIQUE INDEX erp_cash_moves_reference ON erp.cash_moves (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_cash_moves_by_session ON erp.cash_moves (tenant_id, session_id) WHERE session_id IS NOT NULL;

CREATE TABLE erp.cash_move_texts (
    tenant_id UUID NOT NULL,
    cash_move_id UUID NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, cash_move_id),
    CONSTRAINT erp_cash_move_texts_move FOREIGN KEY (tenant_id, cash_move_id) REFERENCES erp.cash_moves (tenant_id, id)
);

-- What a session came to. The arithmetic of the drawer is held by the database as well.
CREATE TABLE erp.till_closings (
    tenant_id UUID NOT NULL,
    session_id UUID NOT NULL,
    float_minor BIGINT NOT NULL,
    float_currency TEXT NOT NULL,
    cash_in_minor BIGINT NOT NULL,
    cash_in_currency TEXT NOT NULL,
    cash_out_minor BIGINT NOT NULL,
    cash_out_currency TEXT NOT NULL,
    cash_sales_minor BIGINT NOT NULL,
    cash_sales_currency TEXT NOT NULL,
    cash_back_minor BIGINT NOT NULL,
    cash_back_currency TEXT NOT NULL,
    card_sales_minor BIGINT NOT NULL,
    card_sales_currency TEXT NOT NULL,
    card_back_minor BIGINT NOT NULL,
    card_back_currency TEXT NOT NULL,
    rounding_minor BIGINT NOT NULL,
    rounding_currency TEXT NOT NULL,
    expected_minor BIGINT NOT NULL,
    expected_currency TEXT NOT NULL,
    tickets BIGINT NOT NULL,
    counted_minor BIGINT NOT NULL CHECK (counted_minor BETWEEN 0 AND 999999999999),
    counted_currency TEXT NOT NULL,
    over_short_minor BIGINT NOT NULL,
    over_short_currency TEXT NOT NULL,
    closing_date DATE NOT NULL,
    entry_id UUID,
    rounding_account_id UUID,
    over_short_account_id UUID,
    closed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, session_id),
    CONSTRAINT erp_till_closings_expected CHECK (expected_minor = float_minor + cash_in_minor - cash_out_minor + cash_sales_minor - cash_back_minor),
    CONSTRAINT erp_till_closings_over_short CHECK (over_short_minor = counted_minor - expected_minor),
    CONSTRAINT erp_till_closings_session FOREIGN KEY (tenant_id, session_id) REFERENCES erp.till_sessions (tenant_id, id),
    CONSTRAINT erp_till_closings_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_till_closings_rounding FOREIGN KEY (tenant_id, rounding_account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_till_closings_over_short_account FOREIGN KEY (tenant_id, over_short_account_id) REFERENCES erp.accounts (tenant_id, id)
);
