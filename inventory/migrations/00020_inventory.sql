-- Inventory: products, warehouses, stock documents with their moves, the layers that carry what is on hand, and the groups of
-- documents that are posted together.
-- Quantities are in millionths of a unit; values in minor units of the books' currency.

-- +goose Up

CREATE TABLE erp.products (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('goods', 'service')),
    unit TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_products_sku UNIQUE (tenant_id, sku)
);

CREATE TABLE erp.warehouses (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    dimension_set_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_warehouses_code UNIQUE (tenant_id, code),
    CONSTRAINT erp_warehouses_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id)
);

-- One row per tenant. The method is chosen once: the layers of one method mean nothing to the other.
CREATE TABLE erp.stock_settings (
    tenant_id UUID NOT NULL,
    method TEXT NOT NULL CHECK (method IN ('average', 'fifo')),
    default_warehouse_id UUID NOT NULL,
    chosen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT erp_stock_settings_warehouse FOREIGN KEY (tenant_id, default_warehouse_id) REFERENCES erp.warehouses (tenant_id, id)
);

-- Documents that get one entry together, such as those of a till's session. postings counts the entries made so far: what
-- is booked now belongs to the next. Each booking and each posting locks this row, so a document is posted once.
CREATE TABLE erp.stock_groups (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    document_date DATE NOT NULL,
    postings BIGINT NOT NULL CHECK (postings >= 0),
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE erp.stock_documents (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('receipt', 'issue', 'return', 'adjustment', 'variance', 'revaluation', 'vendor_return')),
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    document_date DATE NOT NULL,
    warehouse_id UUID,
    entry_id UUID,
    below_zero BOOLEAN NOT NULL,
    group_id UUID,
    posting_no BIGINT CHECK (posting_no > 0),
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_stock_documents_where CHECK (warehouse_id IS NOT NULL OR kind = 'revaluation'),
    CONSTRAINT erp_stock_documents_only_issues_go_below_zero CHECK (kind = 'issue' OR NOT below_zero),
    CONSTRAINT erp_stock_documents_one_way_of_posting CHECK ((group_id IS NULL) = (posting_no IS NULL) AND (group_id IS NULL OR entry_id IS NULL)),
    CONSTRAINT erp_stock_documents_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_stock_documents_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id),
    CONSTRAINT erp_stock_documents_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_stock_documents_group FOREIGN KEY (tenant_id, group_id) REFERENCES erp.stock_groups (tenant_id, id)
);

-- The documents of a group, and those of them that are not posted yet.
CREATE INDEX erp_stock_documents_grouped ON erp.stock_documents (tenant_id, group_id, posting_no)
    WHERE group_id IS NOT NULL;

-- What a document of a group adds to its group's entry, by account and set of dimensions (without any the nil UUID); debits are
-- positive. The stock account gets the opposite.
CREATE TABLE erp.stock_charges (
    tenant_id UUID NOT NULL,
    document_id UUID NOT NULL,
    account_id UUID NOT NULL,
    dimension_set_id UUID NOT NULL,
    group_id UUID NOT NULL,
    posting_no BIGINT NOT NULL CHECK (posting_no > 0),
    value_minor BIGINT NOT NULL CHECK (value_minor <> 0),
    value_currency TEXT NOT NULL,
    PRIMARY KEY (tenant_id, document_id, account_id, dimension_set_id),
    CONSTRAINT erp_stock_charges_document FOREIGN KEY (tenant_id, document_id) REFERENCES erp.stock_documents (tenant_id, id),
    CONSTRAINT erp_stock_charges_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_stock_charges_group FOREIGN KEY (tenant_id, group_id) REFERENCES erp.stock_groups (tenant_id, id)
);

CREATE INDEX erp_stock_charges_to_post ON erp.stock_charges (tenant_id, group_id, posting_no)
    WHERE group_id IS NOT NULL;

-- One entry for a group's documents.
CREATE TABLE erp.stock_group_postings (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    group_id UUID NOT NULL,
    posting_no BIGINT NOT NULL CHECK (posting_no > 0),
    document_date DATE NOT NULL,
    documents BIGINT NOT NULL CHECK (documents > 0),
    entry_id UUID,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_stock_group_postings_once UNIQUE (tenant_id, group_id, posting_no),
    CONSTRAINT erp_stock_group_postings_group FOREIGN KEY (tenant_id, group_id) REFERENCES erp.stock_groups (tenant_id, id),
    CONSTRAINT erp_stock_group_postings_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);

-- Free text, apart from the figures so that erasure can reach it.
CREATE TABLE erp.stock_document_texts (
    tenant_id UUID NOT NULL,
    document_id UUID NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    CONSTRAINT erp_stock_document_texts_document FOREIGN KEY (tenant_id, document_id) REFERENCES erp.stock_documents (tenant_id, id)
);

-- What is promised and still on hand. open_quantity is what is held, taken_quantity what issues took of it. What ends a
-- reservation leaves nothing held.
CREATE TABLE erp.stock_reservations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    product_id UUID NOT NULL,
    warehouse_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'taken', 'released', 'expired')),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    open_quantity BIGINT NOT NULL CHECK (open_quantity >= 0),
    taken_quantity BIGINT NOT NULL CHECK (taken_quantity >= 0),
    expires_at TIMESTAMPTZ,
    source_model TEXT NOT NULL,
    source_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_stock_reservations_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_stock_reservations_quantities CHECK (open_quantity <= quantity - taken_quantity),
    CONSTRAINT erp_stock_reservations_held CHECK ((state = 'held') = (open_quantity > 0) AND (state = 'held') = (ended_at IS NULL)),
    CONSTRAINT erp_stock_reservations_taken CHECK (state <> 'taken' OR taken_quantity = quantity),
    CONSTRAINT erp_stock_reservations_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_stock_reservations_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id)
);

-- What is held past its time.
CREATE INDEX erp_stock_reservations_due ON erp.stock_reservations (tenant_id, state, expires_at)
    WHERE expires_at IS NOT NULL;

-- A move takes or brings both quantity and value, never one in and the other out. Without quantity it changes what goods
-- cost that are or were there.
CREATE TABLE erp.stock_moves (
    tenant_id UUID NOT NULL,
    document_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no > 0),
    product_id UUID NOT NULL,
    warehouse_id UUID NOT NULL,
    move_date DATE NOT NULL,
    quantity BIGINT NOT NULL,
    value_minor BIGINT NOT NULL,
    value_currency TEXT NOT NULL,
    variance_minor BIGINT NOT NULL,
    origin_document_id UUID,
    origin_line_no BIGINT,
    reservation_id UUID,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, document_id, line_no),
    CONSTRAINT erp_stock_moves_sign CHECK ((quantity > 0 AND value_minor >= 0) OR (quantity < 0 AND value_minor <= 0) OR quantity = 0),
    CONSTRAINT erp_stock_moves_variance CHECK (variance_minor = 0 OR origin_document_id IS NOT NULL),
    CONSTRAINT erp_stock_moves_whole_origin CHECK ((origin_document_id IS NULL) = (origin_line_no IS NULL)),
    CONSTRAINT erp_stock_moves_document FOREIGN KEY (tenant_id, document_id) REFERENCES erp.stock_documents (tenant_id, id),
    CONSTRAINT erp_stock_moves_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_stock_moves_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id),
    CONSTRAINT erp_stock_moves_origin FOREIGN KEY (tenant_id, origin_document_id, origin_line_no) REFERENCES erp.stock_moves (tenant_id, document_id, line_no) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_stock_moves_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_stock_moves_reservation FOREIGN KEY (tenant_id, reservation_id) REFERENCES erp.stock_reservations (tenant_id, id)
);

-- What has come back of an issue already, and what else names a move.
CREATE INDEX erp_stock_moves_returns ON erp.stock_moves (tenant_id, origin_document_id, origin_line_no)
    WHERE origin_document_id IS NOT NULL;

-- Nothing on hand is worth nothing, and only the anchor (seq 0) may owe goods that went out below zero, at what they went out
-- at: also for whoever writes by hand. The anchor keeps what goods last cost, as a quantity with its value.
CREATE TABLE erp.stock_layers (
    tenant_id UUID NOT NULL,
    product_id UUID NOT NULL,
    warehouse_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 0),
    quantity BIGINT NOT NULL,
    value_minor BIGINT NOT NULL,
    value_currency TEXT NOT NULL,
    last_quantity BIGINT NOT NULL CHECK (last_quantity >= 0),
    last_value_minor BIGINT NOT NULL CHECK (last_value_minor >= 0),
    reserved BIGINT NOT NULL CHECK (reserved >= 0),
    document_id UUID,
    line_no BIGINT,
    PRIMARY KEY (tenant_id, product_id, warehouse_id, seq),
    CONSTRAINT erp_stock_layers_nothing_is_worth_nothing CHECK ((quantity > 0 AND value_minor >= 0) OR (quantity = 0 AND value_minor = 0)
        OR (quantity < 0 AND value_minor <= 0 AND seq = 0)),
    CONSTRAINT erp_stock_layers_reserved_on_the_anchor CHECK (reserved = 0 OR seq = 0),
    CONSTRAINT erp_stock_layers_last_cost CHECK (last_value_minor = 0 OR last_quantity > 0),
    CONSTRAINT erp_stock_layers_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_stock_layers_warehouse FOREIGN KEY (tenant_id, warehouse_id) REFERENCES erp.warehouses (tenant_id, id),
    CONSTRAINT erp_stock_layers_move FOREIGN KEY (tenant_id, document_id, line_no) REFERENCES erp.stock_moves (tenant_id, document_id, line_no)
);
