-- Sales and credits: what holds an invoice, its goods and its customer together. Quantities are in millionths of a unit.

-- +goose Up

CREATE TABLE erp.sales (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'credit')),
    reference TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT NOT NULL,
    party_id UUID,
    sale_date DATE NOT NULL,
    invoice_id UUID NOT NULL,
    stock_document_id UUID,
    credits_id UUID,
    dimension_set_id UUID,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_sales_reference UNIQUE (tenant_id, reference),
    CONSTRAINT erp_sales_invoice_once UNIQUE (tenant_id, invoice_id),
    CONSTRAINT erp_sales_credits CHECK (kind = 'credit' OR credits_id IS NULL),
    CONSTRAINT erp_sales_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_sales_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES erp.invoices (tenant_id, id),
    CONSTRAINT erp_sales_stock_document FOREIGN KEY (tenant_id, stock_document_id) REFERENCES erp.stock_documents (tenant_id, id),
    CONSTRAINT erp_sales_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_sales_credited FOREIGN KEY (tenant_id, credits_id) REFERENCES erp.sales (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE
);
-- Without them a purge would read all sales for each that it deletes.
CREATE INDEX erp_sales_credits_of ON erp.sales (tenant_id, credits_id) WHERE credits_id IS NOT NULL;
CREATE INDEX erp_sales_by_party ON erp.sales (tenant_id, party_id) WHERE party_id IS NOT NULL;

-- Never more is taken back of a line than was sold.
CREATE TABLE erp.sale_lines (
    tenant_id UUID NOT NULL,
    sale_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no > 0),
    product_id UUID,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    giveaway BOOLEAN NOT NULL,
    moved BOOLEAN NOT NULL,
    origin_sale_id UUID,
    origin_line_no BIGINT,
    credited BIGINT NOT NULL CHECK (credited >= 0),
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, sale_id, line_no),
    CONSTRAINT erp_sale_lines_not_over_credited CHECK (credited <= quantity),
    CONSTRAINT erp_sale_lines_whole_origin CHECK ((origin_sale_id IS NULL) = (origin_line_no IS NULL)),
    CONSTRAINT erp_sale_lines_sale FOREIGN KEY (tenant_id, sale_id) REFERENCES erp.sales (tenant_id, id),
    CONSTRAINT erp_sale_lines_product FOREIGN KEY (tenant_id, product_id) REFERENCES erp.products (tenant_id, id),
    CONSTRAINT erp_sale_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_sale_lines_origin FOREIGN KEY (tenant_id, origin_sale_id, origin_line_no) REFERENCES erp.sale_lines (tenant_id, sale_id, line_no) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX erp_sale_lines_origins ON erp.sale_lines (tenant_id, origin_sale_id, origin_line_no) WHERE origin_sale_id IS NOT NULL;
