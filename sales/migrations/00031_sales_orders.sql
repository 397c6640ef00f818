-- Quotations, orders, and what became of orders. Quantities are in millionths of a unit. Which state follows which stands in
-- transitions.go; the database knows the states.

-- +goose Up

CREATE TABLE erp.quotations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    series_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    number TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    party_id UUID NOT NULL,
    quotation_date DATE NOT NULL,
    valid_until DATE NOT NULL,
    net_minor BIGINT NOT NULL CHECK (net_minor BETWEEN 0 AND 999999999999999),
    net_currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'declined', 'expired', 'withdrawn')),
    quoted_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_quotations_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_quotations_number UNIQUE (tenant_id, series_id, seq),
    CONSTRAINT erp_quotations_validity CHECK (quotation_date <= valid_until),
    CONSTRAINT erp_quotations_decided CHECK ((state = 'open') = (decided_at IS NULL)),
    CONSTRAINT erp_quotations_series FOREIGN KEY (tenant_id, series_id) REFERENCES erp.number_series (tenant_id, id),
    CONSTRAINT erp_quotations_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_quotations_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id)
);
CREATE INDEX erp_quotations_by_validity ON erp.quotations (tenant_id, valid_until) WHERE state = 'open';

CREATE TABLE erp.quotation_lines (
    tenant_id UUID NOT NULL,
    quotation_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no > 0),
    product_id UUID,
    goods BOOLEAN NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    unit_price decimal_text NOT NULL,
    tax_code TEXT NOT NULL,
    account TEXT NOT NULL,
    giveaway BOOLEAN NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, quotation_id, line_no),
    CONSTRAINT erp_quotation_lines_goods CHECK (product_id IS NOT NULL OR NOT goods),
    CONSTRAINT erp_quotation_lines_quotation FOREIGN KEY (tenant_id, quotation_id) REFERENCES erp.quotations (tenant_id, id),
    CONSTRAINT erp_quotation_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_quotation_lines_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id)
);

CREATE TABLE erp.quotation_texts (
    tenant_id UUID NOT NULL,
    quotation_id UUID NOT NULL,
    note TEXT NOT NULL,
    line_texts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, quotation_id),
    CONSTRAINT erp_quotation_texts_quotation FOREIGN KEY (tenant_id, quotation_id) REFERENCES erp.quotations (tenant_id, id)
);

-- A quotation becomes one order at most.
CREATE TABLE erp.orders (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    quotation_id UUID,
    party_id UUID NOT NULL,
    order_date DATE NOT NULL,
    warehouse_id UUID,
    net_minor BIGINT NOT NULL CHECK (net_minor BETWEEN 0 AND 999999999999999),
    net_currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'cancelled')),
    ordered_at TIMESTAMPTZ NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_orders_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_orders_quotation FOREIGN KEY (tenant_id, quotation_id) REFERENCES erp.quotations (tenant_id, id),
    CONSTRAINT erp_orders_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_orders_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_orders_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id)
);
CREATE UNIQUE INDEX erp_orders_quotation_once ON erp.orders (tenant_id, quotation_id) WHERE quotation_id IS NOT NULL;
CREATE INDEX erp_orders_open ON erp.orders (tenant_id, order_date) WHERE state = 'open';

-- Never is more delivered, charged or cancelled than was ordered, nor taken back than was given.
CREATE TABLE erp.order_lines (
    tenant_id UUID NOT NULL,
    order_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no > 0),
    product_id UUID,
    goods BOOLEAN NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    unit_price decimal_text NOT NULL,
    tax_code TEXT NOT NULL,
    account TEXT NOT NULL,
    giveaway BOOLEAN NOT NULL,
    dimension_set_id UUID,
    reservation_id UUID,
    delivered BIGINT NOT NULL CHECK (delivered >= 0),
    returned BIGINT NOT NULL CHECK (returned >= 0),
    invoiced BIGINT NOT NULL CHECK (invoiced >= 0),
    credited BIGINT NOT NULL CHECK (credited >= 0),
    cancelled BIGINT NOT NULL CHECK (cancelled >= 0),
    PRIMARY KEY (tenant_id, order_id, line_no),
    CONSTRAINT erp_order_lines_goods CHECK (product_id IS NOT NULL OR NOT goods),
    CONSTRAINT erp_order_lines_not_over_delivered CHECK (delivered + cancelled <= quantity),
    CONSTRAINT erp_order_lines_only_goods_delivered CHECK (goods OR delivered = 0),
    CONSTRAINT erp_order_lines_not_over_returned CHECK (returned <= delivered),
    CONSTRAINT erp_order_lines_not_over_invoiced CHECK (invoiced - credited + cancelled <= quantity),
    CONSTRAINT erp_order_lines_not_over_credited CHECK (credited <= invoiced),
    CONSTRAINT erp_order_lines_order FOREIGN KEY (tenant_id, order_id) REFERENCES erp.orders (tenant_id, id),
    CONSTRAINT erp_order_lines_reserved_goods CHECK (goods OR reservation_id IS NULL),
    CONSTRAINT erp_order_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_order_lines_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_order_lines_reservation FOREIGN KEY (tenant_id, reservation_id) REFERENCES erp.stock_reservations (tenant_id, id)
);

CREATE TABLE erp.order_texts (
    tenant_id UUID NOT NULL,
    order_id UUID NOT NULL,
    note TEXT NOT NULL,
    line_texts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, order_id),
    CONSTRAINT erp_order_texts_order FOREIGN KEY (tenant_id, order_id) REFERENCES erp.orders (tenant_id, id)
);

-- What was done for an order: deliveries, invoices, cancellations, and what takes deliveries and invoices back.
CREATE TABLE erp.fulfilments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('delivery', 'invoice', 'cancellation', 'return', 'credit')),
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    order_id UUID NOT NULL,
    origin_id UUID,
    fulfilment_date DATE NOT NULL,
    stock_document_id UUID,
    invoice_id UUID,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_fulfilments_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_fulfilments_moved CHECK ((kind IN ('delivery', 'return')) = (stock_document_id IS NOT NULL)),
    CONSTRAINT erp_fulfilments_charged CHECK ((kind IN ('invoice', 'credit')) = (invoice_id IS NOT NULL)),
    CONSTRAINT erp_fulfilments_takes_back CHECK ((kind IN ('return', 'credit')) = (origin_id IS NOT NULL)),
    CONSTRAINT erp_fulfilments_order FOREIGN KEY (tenant_id, order_id) REFERENCES erp.orders (tenant_id, id),
    CONSTRAINT erp_fulfilments_origin FOREIGN KEY (tenant_id, origin_id) REFERENCES erp.fulfilments (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_fulfilments_stock_document FOREIGN KEY (tenant_id, stock_document_id) REFERENCES erp.stock_documents (tenant_id, id),
    CONSTRAINT erp_fulfilments_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES erp.invoices (tenant_id, id)
);
CREATE INDEX erp_fulfilments_origins ON erp.fulfilments (tenant_id, origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX erp_fulfilments_by_order ON erp.fulfilments (tenant_id, order_id) WHERE kind <> '';

CREATE TABLE erp.fulfilment_lines (
    tenant_id UUID NOT NULL,
    fulfilment_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no > 0),
    order_id UUID NOT NULL,
    order_line_no BIGINT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    origin_id UUID,
    origin_line_no BIGINT,
    taken_back BIGINT NOT NULL CHECK (taken_back >= 0),
    PRIMARY KEY (tenant_id, fulfilment_id, line_no),
    CONSTRAINT erp_fulfilment_lines_once UNIQUE (tenant_id, fulfilment_id, order_line_no),
    CONSTRAINT erp_fulfilment_lines_not_over_taken_back CHECK (taken_back <= quantity),
    CONSTRAINT erp_fulfilment_lines_whole_origin CHECK ((origin_id IS NULL) = (origin_line_no IS NULL)),
    CONSTRAINT erp_fulfilment_lines_fulfilment FOREIGN KEY (tenant_id, fulfilment_id) REFERENCES erp.fulfilments (tenant_id, id),
    CONSTRAINT erp_fulfilment_lines_order_line FOREIGN KEY (tenant_id, order_id, order_line_no) REFERENCES erp.order_lines (tenant_id, order_id, line_no),
    CONSTRAINT erp_fulfilment_lines_origin FOREIGN KEY (tenant_id, origin_id, origin_line_no) REFERENCES erp.fulfilment_lines (tenant_id, fulfilment_id, line_no) DEFERRABLE INITIALLY IMMEDIATE
);

CREATE INDEX erp_fulfilment_lines_origins ON erp.fulfilment_lines (tenant_id, origin_id, origin_line_no) WHERE origin_id IS NOT NULL;

-- Why something was cancelled. Other free text stands with the document that it is on.
CREATE TABLE erp.fulfilment_texts (
    tenant_id UUID NOT NULL,
    fulfilment_id UUID NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (tenant_id, fulfilment_id),
    CONSTRAINT erp_fulfilment_texts_fulfilment FOREIGN KEY (tenant_id, fulfilment_id) REFERENCES erp.fulfilments (tenant_id, id)
);
