-- The books of a tenant: settings, chart, periods, parties, the journal, documents, open items.
--
-- Secondary indexes of tables that grow are partial, even where the condition always holds. Every index begins with the
-- tenant, so to a planner that has no statistics yet they all look as good as the primary key for a look-up by id, and it
-- may read all of the tenant's rows each time (measured: foreign key checks did). An index whose condition a look-up by
-- id does not imply is not in the running. Lists that want such an index state its condition.

-- +goose Up

-- One row per tenant.
CREATE TABLE erp.books (
    tenant_id UUID NOT NULL,
    currency TEXT NOT NULL,
    country TEXT NOT NULL,
    chart TEXT NOT NULL,
    year_start DATE NOT NULL,
    rate_max_age_days BIGINT NOT NULL CHECK (rate_max_age_days BETWEEN 0 AND 366),
    write_off_limit_minor BIGINT NOT NULL CHECK (write_off_limit_minor BETWEEN 0 AND 999999999999999),
    tax_tolerance_minor BIGINT NOT NULL CHECK (tax_tolerance_minor BETWEEN 0 AND 999999999999999),
    stock_kept BOOLEAN NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    revision UUID NOT NULL,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id)
);

CREATE TABLE erp.accounts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('asset', 'liability', 'equity', 'income', 'cost_of_sales', 'expense')),
    role TEXT,
    control TEXT CHECK (control IN ('receivable', 'payable')),
    active BOOLEAN NOT NULL,
    monetary BOOLEAN NOT NULL,
    cash_flow TEXT NOT NULL CHECK (cash_flow IN ('cash', 'customers', 'suppliers', 'employees', 'operating', 'interest_paid', 'interest_received', 'dividends_received', 'income_tax', 'investing', 'financing', 'dividends_paid')),
    distribution BOOLEAN NOT NULL,
    required_dimensions TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_accounts_distribution CHECK (NOT distribution OR (type = 'equity' AND role IS NULL)),
    CONSTRAINT erp_accounts_code UNIQUE (tenant_id, code),
    CONSTRAINT erp_accounts_role UNIQUE (tenant_id, role),
    CONSTRAINT erp_accounts_cash CHECK ((cash_flow <> 'cash' OR (type IN ('asset', 'liability') AND control IS NULL))
        AND (cash_flow = 'cash' OR role IS NULL OR role NOT IN ('bank', 'cash')))
);

CREATE TABLE erp.journals (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_journals_code UNIQUE (tenant_id, code)
);

CREATE TABLE erp.fiscal_years (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_fiscal_years_start UNIQUE (tenant_id, starts_on),
    CONSTRAINT erp_fiscal_years_label UNIQUE (tenant_id, label),
    CONSTRAINT erp_fiscal_years_order CHECK (starts_on <= ends_on)
);

CREATE TABLE erp.periods (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    fiscal_year_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq BETWEEN 1 AND 12),
    name TEXT NOT NULL,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'soft_locked', 'locked')),
    reason TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_periods_seq UNIQUE (tenant_id, fiscal_year_id, seq),
    CONSTRAINT erp_periods_start UNIQUE (tenant_id, starts_on),
    CONSTRAINT erp_periods_order CHECK (starts_on <= ends_on),
    CONSTRAINT erp_periods_year FOREIGN KEY (tenant_id, fiscal_year_id) REFERENCES erp.fiscal_years (tenant_id, id)
);

-- What is locked more tightly for one journal than for all of them.
CREATE TABLE erp.journal_locks (
    tenant_id UUID NOT NULL,
    journal_id UUID NOT NULL,
    period_id UUID NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'soft_locked', 'locked')),
    reason TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, journal_id, period_id),
    CONSTRAINT erp_journal_locks_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES erp.journals (tenant_id, id),
    CONSTRAINT erp_journal_locks_period FOREIGN KEY (tenant_id, period_id) REFERENCES erp.periods (tenant_id, id)
);

-- Numbers: one row per kind of document and fiscal year. taken is how many were given out.
CREATE TABLE erp.number_series (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    fiscal_year_id UUID NOT NULL,
    taken BIGINT NOT NULL CHECK (taken >= 0),
    last_date DATE,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_number_series_code UNIQUE (tenant_id, fiscal_year_id, code),
    CONSTRAINT erp_number_series_year FOREIGN KEY (tenant_id, fiscal_year_id) REFERENCES erp.fiscal_years (tenant_id, id)
);

CREATE TABLE erp.taxes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('standard', 'reduced', 'zero', 'exempt', 'reverse_charge', 'intra_community', 'export', 'outside_scope', 'withholding', 'group')),
    reason TEXT NOT NULL,
    reason_code TEXT NOT NULL,
    account_id UUID NOT NULL,
    claim_id UUID NOT NULL,
    recoverable decimal_text NOT NULL,
    due TEXT NOT NULL CHECK (due IN ('tax_point', 'issue', 'payment')),
    box_sale_base TEXT NOT NULL,
    box_sale_tax TEXT NOT NULL,
    box_purchase_base TEXT NOT NULL,
    box_purchase_tax TEXT NOT NULL,
    box_self_base TEXT NOT NULL,
    box_self_tax TEXT NOT NULL,
    box_relief_base TEXT NOT NULL,
    box_relief_tax TEXT NOT NULL,
    relief_months BIGINT NOT NULL CHECK (relief_months BETWEEN -1 AND 120),
    relief_source TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_taxes_code UNIQUE (tenant_id, code),
    CONSTRAINT erp_taxes_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_taxes_claim FOREIGN KEY (tenant_id, claim_id) REFERENCES erp.accounts (tenant_id, id)
);

-- What a tax comes to from a day on. Rows are added, never changed: documents keep what they were issued under.
CREATE TABLE erp.tax_rates (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    tax_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    rate decimal_text NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_tax_rates_day UNIQUE (tenant_id, tax_id, valid_from),
    CONSTRAINT erp_tax_rates_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id)
);

CREATE TABLE erp.tax_components (
    tenant_id UUID NOT NULL,
    group_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq BETWEEN 1 AND 10),
    tax_id UUID NOT NULL,
    on_earlier BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, group_id, seq),
    CONSTRAINT erp_tax_components_group FOREIGN KEY (tenant_id, group_id) REFERENCES erp.taxes (tenant_id, id),
    CONSTRAINT erp_tax_components_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id)
);

CREATE TABLE erp.parties (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C",
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    is_customer BOOLEAN NOT NULL,
    is_vendor BOOLEAN NOT NULL,
    email TEXT NOT NULL,
    phone TEXT NOT NULL,
    address TEXT NOT NULL,
    country TEXT NOT NULL,
    tax_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX erp_parties_reference ON erp.parties (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_parties_name ON erp.parties (tenant_id, name_key, id) WHERE name_key >= '';

-- Dimensions: what lines are analysed by besides the account. A line names a set, one row per combination of values that was
-- ever used, so that a line without dimensions costs nothing.
CREATE TABLE erp.dimensions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_dimensions_code UNIQUE (tenant_id, code)
);

CREATE TABLE erp.dimension_values (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    dimension_id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_dimension_values_code UNIQUE (tenant_id, dimension_id, code),
    CONSTRAINT erp_dimension_values_dimension FOREIGN KEY (tenant_id, dimension_id) REFERENCES erp.dimensions (tenant_id, id)
);

CREATE TABLE erp.dimension_sets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    value_count BIGINT NOT NULL CHECK (value_count >= 1),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE erp.dimension_set_values (
    tenant_id UUID NOT NULL,
    set_id UUID NOT NULL,
    dimension_id UUID NOT NULL,
    value_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, set_id, dimension_id),
    CONSTRAINT erp_dimension_set_values_set FOREIGN KEY (tenant_id, set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_dimension_set_values_dimension FOREIGN KEY (tenant_id, dimension_id) REFERENCES erp.dimensions (tenant_id, id),
    CONSTRAINT erp_dimension_set_values_value FOREIGN KEY (tenant_id, value_id) REFERENCES erp.dimension_values (tenant_id, id)
);
CREATE INDEX erp_dimension_set_values_by_value ON erp.dimension_set_values (tenant_id, value_id) WHERE value_id IS NOT NULL;

-- The lines of the journal. amount_ is in the base currency, transaction_ in the currency of the transaction; they are equal
-- where that is the base. One of the two may be zero: a revaluation moves the base alone, and a small amount of a weak
-- currency is worth nothing. A line belongs to the entry of its entry_id: 00011 holds that, so no foreign key does (it
-- would cost a lookup per line, and point in a circle).
CREATE TABLE erp.journal_lines (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    account_id UUID NOT NULL,
    party_id UUID,
    entry_date DATE NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor BETWEEN -999999999999999 AND 999999999999999),
    amount_currency TEXT NOT NULL,
    transaction_minor BIGINT NOT NULL CHECK (transaction_minor BETWEEN -999999999999999 AND 999999999999999),
    transaction_currency TEXT NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, entry_id, line_no),
    CONSTRAINT erp_journal_lines_amount CHECK ((amount_minor <> 0 OR transaction_minor <> 0)
        AND (transaction_currency <> amount_currency OR transaction_minor = amount_minor)
        AND ((transaction_minor >= 0 AND amount_minor >= 0) OR (transaction_minor <= 0 AND amount_minor <= 0))),
    CONSTRAINT erp_journal_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_journal_lines_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_journal_lines_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id)
);
CREATE INDEX erp_journal_lines_ledger ON erp.journal_lines (tenant_id, account_id, entry_date);
CREATE INDEX erp_journal_lines_worth ON erp.journal_lines (tenant_id, entry_date) WHERE transaction_minor = 0;

-- An entry closes with its last line: at the commit line number line_count must stand, and when that line comes 00011
-- demands all the others and a sum of zero.
CREATE TABLE erp.journal_entries (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    journal_id UUID NOT NULL,
    period_id UUID NOT NULL,
    entry_date DATE NOT NULL,
    document_date DATE NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('entry', 'opening', 'stock', 'invoice', 'credit_note', 'payment', 'reversal', 'bill', 'vendor_credit', 'till', 'exchange', 'revaluation', 'realised', 'rounding', 'write_off', 'year_end', 'debit_note', 'vendor_debit', 'discount', 'tax_due', 'prepayment', 'vendor_prepayment', 'bad_debt', 'contra')),
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    reverses_id UUID,
    line_count BIGINT NOT NULL CHECK (line_count >= 2),
    lock_exception BOOLEAN NOT NULL,
    late BOOLEAN NOT NULL,
    source_model TEXT NOT NULL,
    source_id UUID,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_journal_entries_late CHECK (document_date < entry_date OR NOT late),
    CONSTRAINT erp_journal_entries_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES erp.journals (tenant_id, id),
    CONSTRAINT erp_journal_entries_period FOREIGN KEY (tenant_id, period_id) REFERENCES erp.periods (tenant_id, id),
    CONSTRAINT erp_journal_entries_reversed FOREIGN KEY (tenant_id, reverses_id) REFERENCES erp.journal_entries (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_journal_entries_last_line FOREIGN KEY (tenant_id, id, line_count) REFERENCES erp.journal_lines (tenant_id, entry_id, line_no) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX erp_journal_entries_reference ON erp.journal_entries (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_journal_entries_posted ON erp.journal_entries (tenant_id, posted_at) WHERE line_count >= 2;
CREATE INDEX erp_journal_entries_year_end ON erp.journal_entries (tenant_id, entry_date) WHERE kind = 'year_end';
CREATE INDEX erp_journal_entries_opening ON erp.journal_entries (tenant_id, entry_date) WHERE kind = 'opening';
CREATE INDEX erp_journal_entries_reversal ON erp.journal_entries (tenant_id, entry_date) WHERE kind = 'reversal';
CREATE UNIQUE INDEX erp_journal_entries_reverses ON erp.journal_entries (tenant_id, reverses_id) WHERE reverses_id IS NOT NULL;

CREATE TABLE erp.entry_texts (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    memo TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id),
    CONSTRAINT erp_entry_texts_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);

-- One row per account, period, currency and set of dimensions; without dimensions the set is the nil UUID.
CREATE TABLE erp.account_balances (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    period_id UUID NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    dimension_set_id UUID NOT NULL,
    stripe BIGINT NOT NULL,
    debit_minor BIGINT NOT NULL CHECK (debit_minor BETWEEN 0 AND 3000000000000000000),
    credit_minor BIGINT NOT NULL CHECK (credit_minor BETWEEN 0 AND 3000000000000000000),
    transaction_minor BIGINT NOT NULL CHECK (transaction_minor BETWEEN -3000000000000000000 AND 3000000000000000000),
    PRIMARY KEY (tenant_id, account_id, period_id, currency, dimension_set_id, stripe),
    CONSTRAINT erp_account_balances_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_account_balances_period FOREIGN KEY (tenant_id, period_id) REFERENCES erp.periods (tenant_id, id)
);

-- Issued invoices and credit notes. 00011 lets nothing of them change but credited_minor.
CREATE TABLE erp.invoices (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'debit_note', 'prepayment')),
    series_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    number TEXT COLLATE "C" NOT NULL,
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    party_id UUID,
    invoice_date DATE NOT NULL,
    tax_point DATE NOT NULL,
    tax_included BOOLEAN NOT NULL,
    tax_rounding TEXT NOT NULL CHECK (tax_rounding IN ('line', 'document')),
    due_date DATE NOT NULL,
    instalments BIGINT NOT NULL CHECK (instalments BETWEEN 1 AND 24),
    discount_percent decimal_text NOT NULL,
    discount_until DATE,
    corrects_id UUID,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    gross_minor BIGINT NOT NULL CHECK (gross_minor BETWEEN 0 AND 999999999999999),
    gross_currency TEXT NOT NULL,
    tax_residual_minor BIGINT NOT NULL,
    rounding_minor BIGINT NOT NULL,
    withheld_minor BIGINT NOT NULL,
    withheld_currency TEXT NOT NULL,
    prepaid_minor BIGINT NOT NULL CHECK (prepaid_minor >= 0),
    prepaid_currency TEXT NOT NULL,
    payable_minor BIGINT NOT NULL CHECK (payable_minor >= 0),
    payable_currency TEXT NOT NULL,
    rate decimal_text NOT NULL,
    rate_indirect BOOLEAN NOT NULL,
    rate_on DATE,
    rate_source TEXT NOT NULL,
    net_base_minor BIGINT NOT NULL,
    tax_base_minor BIGINT NOT NULL,
    withheld_base_minor BIGINT NOT NULL,
    prepaid_base_minor BIGINT NOT NULL CHECK (prepaid_base_minor >= 0 AND (prepaid_base_minor = 0 OR prepaid_minor > 0)),
    payable_base_minor BIGINT NOT NULL CHECK (payable_base_minor BETWEEN 0 AND 999999999999999),
    conversion_minor BIGINT NOT NULL,
    dimension_set_id UUID,
    credited_minor BIGINT NOT NULL,
    deducted_minor BIGINT NOT NULL,
    settled_by_id UUID,
    entry_id UUID,
    issued_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_invoices_sum CHECK (net_minor + tax_minor = gross_minor AND payable_minor + withheld_minor + prepaid_minor = gross_minor),
    CONSTRAINT erp_invoices_rounding CHECK (rounding_minor = CASE WHEN tax_included THEN -tax_residual_minor ELSE 0 END),
    CONSTRAINT erp_invoices_currency CHECK (net_currency = gross_currency AND tax_currency = gross_currency AND withheld_currency = gross_currency
        AND payable_currency = gross_currency),
    CONSTRAINT erp_invoices_worth CHECK (net_base_minor + tax_base_minor + conversion_minor = payable_base_minor + withheld_base_minor + prepaid_base_minor),
    CONSTRAINT erp_invoices_in_base CHECK (rate_on IS NOT NULL OR (rate_source = '' AND NOT rate_indirect AND conversion_minor = 0 AND net_base_minor = net_minor
        AND tax_base_minor = tax_minor AND withheld_base_minor = withheld_minor AND prepaid_base_minor = prepaid_minor AND payable_base_minor = payable_minor)),
    CONSTRAINT erp_invoices_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_invoices_credited CHECK (credited_minor BETWEEN 0 AND gross_minor),
    CONSTRAINT erp_invoices_deducted CHECK (deducted_minor >= 0 AND credited_minor + deducted_minor <= gross_minor AND (deducted_minor = 0 OR kind = 'prepayment') AND (prepaid_minor = 0 OR kind = 'invoice')),
    CONSTRAINT erp_invoices_due CHECK (due_date >= invoice_date),
    CONSTRAINT erp_invoices_walk_in CHECK (party_id IS NOT NULL OR settled_by_id IS NOT NULL),
    CONSTRAINT erp_invoices_series FOREIGN KEY (tenant_id, series_id) REFERENCES erp.number_series (tenant_id, id),
    CONSTRAINT erp_invoices_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_invoices_corrected FOREIGN KEY (tenant_id, corrects_id) REFERENCES erp.invoices (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_invoices_settled_by FOREIGN KEY (tenant_id, settled_by_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_invoices_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);
CREATE UNIQUE INDEX erp_invoices_number ON erp.invoices (tenant_id, series_id, seq) WHERE seq >= 1;
CREATE UNIQUE INDEX erp_invoices_printed ON erp.invoices (tenant_id, number) WHERE seq >= 1;
CREATE UNIQUE INDEX erp_invoices_reference ON erp.invoices (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX erp_invoices_corrects ON erp.invoices (tenant_id, corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX erp_invoices_date ON erp.invoices (tenant_id, invoice_date, id) WHERE seq >= 1;
CREATE INDEX erp_invoices_party ON erp.invoices (tenant_id, party_id, invoice_date) WHERE party_id IS NOT NULL;

CREATE TABLE erp.invoice_lines (
    tenant_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    kind TEXT NOT NULL CHECK (kind IN ('item', 'discount', 'charge')),
    account_id UUID NOT NULL,
    quantity BIGINT NOT NULL,
    unit_price decimal_text NOT NULL,
    discount_minor BIGINT NOT NULL,
    charge_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    net_currency TEXT NOT NULL,
    tax_id UUID,
    tax_rate decimal_text NOT NULL,
    tax_minor BIGINT NOT NULL,
    tax_currency TEXT NOT NULL,
    dimension_set_id UUID,
    PRIMARY KEY (tenant_id, invoice_id, line_no),
    CONSTRAINT erp_invoice_lines_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES erp.invoices (tenant_id, id),
    CONSTRAINT erp_invoice_lines_dimensions FOREIGN KEY (tenant_id, dimension_set_id) REFERENCES erp.dimension_sets (tenant_id, id),
    CONSTRAINT erp_invoice_lines_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_invoice_lines_tax FOREIGN KEY (tenant_id, tax_id) REFERENCES erp.taxes (tenant_id, id)
);

CREATE TABLE erp.invoice_texts (
    tenant_id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    party_name TEXT NOT NULL,
    party_address TEXT NOT NULL,
    party_country TEXT NOT NULL,
    party_tax_id TEXT NOT NULL,
    own_name TEXT NOT NULL,
    own_address TEXT NOT NULL,
    own_country TEXT NOT NULL,
    own_tax_id TEXT NOT NULL,
    note TEXT NOT NULL,
    line_texts TEXT NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id),
    CONSTRAINT erp_invoice_texts_invoice FOREIGN KEY (tenant_id, invoice_id) REFERENCES erp.invoices (tenant_id, id)
);

CREATE TABLE erp.payments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    party_id UUID NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    payment_date DATE NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor BETWEEN 1 AND 999999999999999),
    amount_currency TEXT NOT NULL,
    base_minor BIGINT NOT NULL CHECK (base_minor BETWEEN 0 AND 999999999999999),
    account_id UUID NOT NULL,
    control_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    posted_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_payments_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_payments_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_payments_control FOREIGN KEY (tenant_id, control_id) REFERENCES erp.accounts (tenant_id, id),
    CONSTRAINT erp_payments_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id)
);
CREATE UNIQUE INDEX erp_payments_reference ON erp.payments (tenant_id, reference) WHERE reference IS NOT NULL;

-- One row per line on a control account, but for realised differences, which belong to an allocation. What is open lies between
-- zero and the original, in the item's currency and in base, so nothing is settled twice; what is settled in its currency is
-- zero in base. reopened_on is the last day on which an allocation of it was undone: it is settled again from that day on, or
-- on a day in between more would be settled than there is.
CREATE TABLE erp.open_items (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    party_id UUID NOT NULL,
    account_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    line_no BIGINT NOT NULL,
    kind TEXT NOT NULL,
    item_date DATE NOT NULL,
    due_date DATE NOT NULL,
    original_minor BIGINT NOT NULL CHECK (original_minor <> 0),
    original_currency TEXT NOT NULL,
    open_minor BIGINT NOT NULL,
    base_minor BIGINT NOT NULL,
    open_base_minor BIGINT NOT NULL,
    reopened_on DATE,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_open_items_line UNIQUE (tenant_id, entry_id, line_no),
    CONSTRAINT erp_open_items_open CHECK (open_minor BETWEEN 0 AND original_minor OR open_minor BETWEEN original_minor AND 0),
    CONSTRAINT erp_open_items_open_base CHECK ((open_base_minor BETWEEN 0 AND base_minor OR open_base_minor BETWEEN base_minor AND 0)
        AND (open_minor <> 0 OR open_base_minor = 0)),
    CONSTRAINT erp_open_items_side CHECK ((original_minor > 0 AND base_minor >= 0) OR (original_minor < 0 AND base_minor <= 0)),
    CONSTRAINT erp_open_items_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_open_items_journal_line FOREIGN KEY (tenant_id, entry_id, line_no) REFERENCES erp.journal_lines (tenant_id, entry_id, line_no)
);
CREATE INDEX erp_open_items_date ON erp.open_items (tenant_id, item_date);
CREATE INDEX erp_open_items_history ON erp.open_items (tenant_id, party_id, item_date) WHERE original_minor <> 0;
CREATE INDEX erp_open_items_unsettled ON erp.open_items (tenant_id, party_id) WHERE open_minor <> 0;

-- What undoes an allocation is a row of the same items with amounts below zero, so that sums up to any day are right.
CREATE TABLE erp.allocations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    party_id UUID NOT NULL,
    debit_id UUID NOT NULL,
    credit_id UUID NOT NULL,
    allocated_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor BETWEEN -999999999999999 AND 999999999999999),
    amount_currency TEXT NOT NULL,
    debit_base_minor BIGINT NOT NULL CHECK (debit_base_minor BETWEEN -999999999999999 AND 999999999999999),
    credit_base_minor BIGINT NOT NULL CHECK (credit_base_minor BETWEEN -999999999999999 AND 999999999999999),
    entry_id UUID,
    with_id UUID,
    undoes_id UUID,
    reference TEXT COLLATE "C",
    fingerprint TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_allocations_sign CHECK ((undoes_id IS NULL AND amount_minor > 0 AND debit_base_minor >= 0 AND credit_base_minor >= 0)
        OR (undoes_id IS NOT NULL AND amount_minor < 0 AND debit_base_minor <= 0 AND credit_base_minor <= 0)),
    CONSTRAINT erp_allocations_with FOREIGN KEY (tenant_id, with_id) REFERENCES erp.allocations (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_allocations_undone FOREIGN KEY (tenant_id, undoes_id) REFERENCES erp.allocations (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT erp_allocations_realised CHECK (debit_base_minor = credit_base_minor OR entry_id IS NOT NULL),
    CONSTRAINT erp_allocations_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_allocations_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id),
    CONSTRAINT erp_allocations_debit FOREIGN KEY (tenant_id, debit_id) REFERENCES erp.open_items (tenant_id, id),
    CONSTRAINT erp_allocations_credit FOREIGN KEY (tenant_id, credit_id) REFERENCES erp.open_items (tenant_id, id)
);
CREATE INDEX erp_allocations_debits ON erp.allocations (tenant_id, debit_id);
CREATE INDEX erp_allocations_credits ON erp.allocations (tenant_id, credit_id);
CREATE INDEX erp_allocations_date ON erp.allocations (tenant_id, allocated_on);
CREATE UNIQUE INDEX erp_allocations_reference ON erp.allocations (tenant_id, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX erp_allocations_undoes ON erp.allocations (tenant_id, undoes_id) WHERE undoes_id IS NOT NULL;
CREATE INDEX erp_allocations_along ON erp.allocations (tenant_id, with_id) WHERE with_id IS NOT NULL;

-- Why an allocation was undone.
CREATE TABLE erp.allocation_texts (
    tenant_id UUID NOT NULL,
    allocation_id UUID NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, allocation_id),
    CONSTRAINT erp_allocation_texts_allocation FOREIGN KEY (tenant_id, allocation_id) REFERENCES erp.allocations (tenant_id, id)
);
