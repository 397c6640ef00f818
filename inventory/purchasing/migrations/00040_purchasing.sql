-- Purchasing: orders, the notes of what came, went back or will not come, bills, and what they were matched with.
-- Quantities are in millionths of a unit; values in minor units of the books' currency.

-- +goose Up

-- state follows from the lines and the receipts (README.md); it is kept for lists.
CREATE TABLE erp.purchase_orders (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    series_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    number TEXT COLLATE "C" NOT NULL,
    party_id UUID NOT NULL,
    order_date DATE NOT NULL,
    expected_on DATE,
    warehouse_id UUID,
    total_minor BIGINT NOT NULL,
    total_currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'received', 'closed', 'cancelled')),
    ordered_at TIMESTAMPTZ NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_purchase_orders_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_purchase_orders_number UNIQUE (tenant_id, series_id, seq),
    CONSTRAINT erp_purchase_orders_series FOREIGN KEY (tenant_id, series_id) REFERENCES erp.number_series (tenant_id, id),
    CONSTRAINT erp_purchase_orders_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_purchase_orders_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_purchase_orders_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id)
);
CREATE INDEX erp_purchase_orders_unfinished ON erp.purchase_orders (tenant_id, party_id) WHERE state IN ('open', 'received');

-- Never more comes than was ordered and not cancelled, is billed than came, or is credited than was billed and went back.
CREATE TABLE erp.purchase_order_lines (
    tenant_id UUID NOT NULL,
    order_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    product_id UUID,
    goods BOOLEAN NOT NULL,
    account_id UUID,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    unit_price decimal_text NOT NULL,
    received BIGINT NOT NULL CHECK (received >= 0),
    billed BIGINT NOT NULL CHECK (billed >= 0),
    returned BIGINT NOT NULL CHECK (returned >= 0),
    credited BIGINT NOT NULL CHECK (credited >= 0),
    cancelled BIGINT NOT NULL CHECK (cancelled >= 0),
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, order_id, line_no),
    CONSTRAINT erp_purchase_order_lines_received CHECK (received <= quantity - cancelled),
    CONSTRAINT erp_purchase_order_lines_billed CHECK (billed <= received),
    CONSTRAINT erp_purchase_order_lines_returned CHECK (returned <= received),
    CONSTRAINT erp_purchase_order_lines_credited CHECK (credited <= billed AND credited <= returned),
    CONSTRAINT erp_purchase_order_lines_goods CHECK ((goods AND product_id IS NOT NULL AND account_id IS NULL) OR (NOT goods AND account_id IS NOT NULL)),
    CONSTRAINT erp_purchase_order_lines_order FOREIGN KEY (tenant_id, order_id) REFERENCES erp.purchase_orders (tenant_id, id),
    CONSTRAINT erp_purchase_order_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_purchase_order_lines_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_purchase_order_lines_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id)
);

-- Free text, apart from the figures so that erasure can reach it.
CREATE TABLE erp.purchase_order_texts (
    tenant_id UUID NOT NULL,
    order_id UUID NOT NULL,
    note TEXT NOT NULL,
    line_texts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, order_id),
    CONSTRAINT erp_purchase_order_texts_order FOREIGN KEY (tenant_id, order_id) REFERENCES erp.purchase_orders (tenant_id, id)
);

CREATE TABLE erp.purchase_notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'return', 'cancellation')),
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    order_id UUID NOT NULL,
    receipt_id UUID,
    note_date DATE NOT NULL,
    stock_document_id UUID,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_purchase_notes_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_purchase_notes_receipt CHECK ((kind = 'return') = (receipt_id IS NOT NULL)),
    CONSTRAINT erp_purchase_notes_order FOREIGN KEY (tenant_id, order_id) REFERENCES erp.purchase_orders (tenant_id, id),
    CONSTRAINT erp_purchase_notes_returned FOREIGN KEY (tenant_id, receipt_id) REFERENCES erp.purchase_notes (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_purchase_notes_stock FOREIGN KEY (tenant_id, stock_document_id) REFERENCES erp.stock_documents (tenant_id, id)
);
CREATE INDEX erp_purchase_notes_of_receipt ON erp.purchase_notes (tenant_id, receipt_id) WHERE receipt_id IS NOT NULL;

-- The counters are a receipt's. Where as much is billed as is there, the account of goods received and not yet billed is clear
-- of the line to the last minor unit: the database refuses anything else.
CREATE TABLE erp.purchase_note_lines (
    tenant_id UUID NOT NULL,
    note_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'return', 'cancellation')),
    order_id UUID NOT NULL,
    order_line_no BIGINT NOT NULL,
    origin_note_id UUID,
    origin_line_no BIGINT,
    note_date DATE NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    value_minor BIGINT NOT NULL CHECK (value_minor >= 0),
    value_currency TEXT NOT NULL,
    returned BIGINT NOT NULL CHECK (returned BETWEEN 0 AND quantity),
    returned_minor BIGINT NOT NULL CHECK (returned_minor BETWEEN 0 AND value_minor),
    billed BIGINT NOT NULL CHECK (billed BETWEEN 0 AND quantity),
    billed_minor BIGINT NOT NULL CHECK (billed_minor >= 0),
    credited BIGINT NOT NULL CHECK (credited BETWEEN 0 AND billed AND credited <= returned),
    credited_minor BIGINT NOT NULL CHECK (credited_minor BETWEEN 0 AND billed_minor),
    PRIMARY KEY (tenant_id, note_id, line_no),
    CONSTRAINT erp_purchase_note_lines_clear CHECK (quantity - returned <> billed - credited OR value_minor - returned_minor = billed_minor - credited_minor),
    CONSTRAINT erp_purchase_note_lines_counters CHECK (kind = 'receipt' OR (returned = 0 AND billed = 0 AND returned_minor = 0 AND billed_minor = 0)),
    CONSTRAINT erp_purchase_note_lines_whole_origin CHECK ((kind = 'return') = (origin_note_id IS NOT NULL) AND (kind = 'return') = (origin_line_no IS NOT NULL)),
    CONSTRAINT erp_purchase_note_lines_note FOREIGN KEY (tenant_id, note_id) REFERENCES erp.purchase_notes (tenant_id, id),
    CONSTRAINT erp_purchase_note_lines_order FOREIGN KEY (tenant_id, order_id, order_line_no) REFERENCES erp.purchase_order_lines (tenant_id, order_id, line_no),
    CONSTRAINT erp_purchase_note_lines_origin FOREIGN KEY (tenant_id, origin_note_id, origin_line_no) REFERENCES erp.purchase_note_lines (tenant_id, note_id, line_no) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX erp_purchase_note_lines_origins ON erp.purchase_note_lines (tenant_id, origin_note_id, origin_line_no) WHERE origin_note_id IS NOT NULL;
CREATE INDEX erp_purchase_note_lines_receipts ON erp.purchase_note_lines (tenant_id, order_id) WHERE kind = 'receipt';

-- A bill or credit has the id of its document in erp.bills, and line n is line n there.
CREATE TABLE erp.purchase_bills (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('bill', 'vendor_credit')),
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    party_id UUID NOT NULL,
    bill_date DATE NOT NULL,
    revaluation_id UUID,
    entry_id UUID,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_purchase_bills_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_purchase_bills_bill FOREIGN KEY (tenant_id, id) REFERENCES erp.bills (tenant_id, id),
    CONSTRAINT erp_purchase_bills_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_purchase_bills_revaluation FOREIGN KEY (tenant_id, revaluation_id) REFERENCES erp.stock_documents (tenant_id, id),
    CONSTRAINT erp_purchase_bills_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);

CREATE TABLE erp.purchase_bill_lines (
    tenant_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    order_id UUID,
    order_line_no BIGINT,
    quantity BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    PRIMARY KEY (tenant_id, bill_id, line_no),
    CONSTRAINT erp_purchase_bill_lines_whole_order CHECK ((order_id IS NULL) = (order_line_no IS NULL)),
    CONSTRAINT erp_purchase_bill_lines_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES erp.purchase_bills (tenant_id, id),
    CONSTRAINT erp_purchase_bill_lines_order FOREIGN KEY (tenant_id, order_id, order_line_no) REFERENCES erp.purchase_order_lines (tenant_id, order_id, line_no)
);

-- What a bill's line was matched with: so much of a receipt's line, of such a share in its value, for such a price.
CREATE TABLE erp.purchase_matches (
    tenant_id UUID NOT NULL,
    bill_id UUID NOT NULL,
    line_no BIGINT NOT NULL,
    receipt_id UUID NOT NULL,
    receipt_line_no BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    share_minor BIGINT NOT NULL CHECK (share_minor >= 0),
    share_currency TEXT NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    PRIMARY KEY (tenant_id, bill_id, line_no, receipt_id, receipt_line_no),
    CONSTRAINT erp_purchase_matches_bill FOREIGN KEY (tenant_id, bill_id) REFERENCES erp.purchase_bills (tenant_id, id),
    CONSTRAINT erp_purchase_matches_line FOREIGN KEY (tenant_id, bill_id, line_no) REFERENCES erp.purchase_bill_lines (tenant_id, bill_id, line_no),
    CONSTRAINT erp_purchase_matches_receipt FOREIGN KEY (tenant_id, receipt_id, receipt_line_no) REFERENCES erp.purchase_note_lines (tenant_id, note_id, line_no)
);
