-- What banks say: accounts, statements, their lines, and what of the books each line was found to be.

-- +goose Up

-- One account of the chart for each account at a bank, so that the two balances can be held against each other.
CREATE TABLE erp.bank_accounts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    iban TEXT COLLATE "C",
    number TEXT COLLATE "C",
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    account_id UUID NOT NULL,
    unnumbered BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_bank_accounts_named CHECK (iban IS NOT NULL OR number IS NOT NULL),
    CONSTRAINT erp_bank_accounts_ledger UNIQUE (tenant_id, account_id),
    CONSTRAINT erp_bank_accounts_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id)
);
CREATE UNIQUE INDEX erp_bank_accounts_iban ON erp.bank_accounts (tenant_id, iban) WHERE iban IS NOT NULL;
CREATE UNIQUE INDEX erp_bank_accounts_number ON erp.bank_accounts (tenant_id, number) WHERE number IS NOT NULL;

-- A statement is what its bank calls it: the same name with other content is refused by the key, whoever writes. One that does not add
-- up is here only when somebody accepted that.
CREATE TABLE erp.bank_statements (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('camt.053', 'mt940', 'csv')),
    statement_id TEXT COLLATE "C" NOT NULL,
    sequence TEXT COLLATE "C" NOT NULL,
    sequence_no BIGINT NOT NULL,
    page BIGINT NOT NULL CHECK (page >= 0),
    fingerprint TEXT NOT NULL,
    opening_on DATE NOT NULL,
    opening_minor BIGINT NOT NULL,
    opening_currency TEXT NOT NULL,
    closing_on DATE NOT NULL,
    closing_minor BIGINT NOT NULL,
    closing_currency TEXT NOT NULL,
    sum_minor BIGINT NOT NULL,
    sum_currency TEXT NOT NULL,
    difference_minor BIGINT NOT NULL,
    difference_currency TEXT NOT NULL,
    accepted BOOLEAN NOT NULL,
    line_count BIGINT NOT NULL CHECK (line_count >= 0),
    notes TEXT NOT NULL,
    imported_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_bank_statements_identity UNIQUE (tenant_id, bank_account_id, statement_id, sequence, page),
    CONSTRAINT erp_bank_statements_sum CHECK (opening_minor + sum_minor + difference_minor = closing_minor),
    CONSTRAINT erp_bank_statements_empty CHECK (line_count > 0 OR sum_minor = 0),
    CONSTRAINT erp_bank_statements_currency CHECK (opening_currency = closing_currency AND opening_currency = sum_currency AND opening_currency = difference_currency),
    CONSTRAINT erp_bank_statements_accepted CHECK (accepted OR difference_minor = 0),
    CONSTRAINT erp_bank_statements_account FOREIGN KEY (tenant_id, bank_account_id) REFERENCES erp.bank_accounts (tenant_id, id)
);
CREATE INDEX erp_bank_statements_closing ON erp.bank_statements (tenant_id, bank_account_id, closing_on) WHERE page >= 0;

CREATE TABLE erp.bank_statement_texts (
    tenant_id UUID NOT NULL,
    statement_id UUID NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, statement_id),
    CONSTRAINT erp_bank_statement_texts_statement FOREIGN KEY (tenant_id, statement_id) REFERENCES erp.bank_statements (tenant_id, id)
);

-- 00061 lets nothing of a line change but whom it is about.
CREATE TABLE erp.bank_lines (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    statement_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    booked_on DATE NOT NULL,
    value_on DATE,
    value_stated TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    amount_currency TEXT NOT NULL,
    foreign_minor BIGINT NOT NULL,
    foreign_currency TEXT,
    foreign_rate decimal_text NOT NULL,
    reversal BOOLEAN NOT NULL,
    code TEXT NOT NULL,
    party_id UUID,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_bank_lines_foreign CHECK ((foreign_currency IS NULL) = (foreign_minor = 0)
        AND (foreign_currency IS NULL OR (foreign_currency <> amount_currency AND amount_minor <> 0 AND (foreign_minor > 0) = (amount_minor > 0)))),
    CONSTRAINT erp_bank_lines_place UNIQUE (tenant_id, statement_id, line_no),
    CONSTRAINT erp_bank_lines_account FOREIGN KEY (tenant_id, bank_account_id) REFERENCES erp.bank_accounts (tenant_id, id),
    CONSTRAINT erp_bank_lines_statement FOREIGN KEY (tenant_id, statement_id) REFERENCES erp.bank_statements (tenant_id, id),
    CONSTRAINT erp_bank_lines_party FOREIGN KEY (tenant_id, party_id) REFERENCES erp.parties (tenant_id, id)
);
CREATE INDEX erp_bank_lines_booked ON erp.bank_lines (tenant_id, bank_account_id, booked_on) WHERE line_no >= 1;
CREATE INDEX erp_bank_lines_party_id ON erp.bank_lines (tenant_id, party_id) WHERE party_id IS NOT NULL;

-- What a line says of people; all of it sealed.
CREATE TABLE erp.bank_line_texts (
    tenant_id UUID NOT NULL,
    line_id UUID NOT NULL,
    statement_id UUID NOT NULL,
    reference TEXT NOT NULL,
    bank_reference TEXT NOT NULL,
    party TEXT NOT NULL,
    party_account TEXT NOT NULL,
    remittance TEXT NOT NULL,
    PRIMARY KEY (tenant_id, line_id),
    CONSTRAINT erp_bank_line_texts_line FOREIGN KEY (tenant_id, line_id) REFERENCES erp.bank_lines (tenant_id, id),
    CONSTRAINT erp_bank_line_texts_statement FOREIGN KEY (tenant_id, statement_id) REFERENCES erp.bank_statements (tenant_id, id)
);
CREATE INDEX erp_bank_line_texts_of ON erp.bank_line_texts (tenant_id, statement_id);

-- A line is reconciled at most once at a time. 00061 lets a reconciliation be undone, once, and nothing else of it change.
CREATE TABLE erp.bank_reconciliations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    bank_account_id UUID NOT NULL,
    line_id UUID NOT NULL,
    fingerprint TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    reconciled_at TIMESTAMPTZ NOT NULL,
    undone_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_bank_reconciliations_undone CHECK (active = (undone_at IS NULL)),
    CONSTRAINT erp_bank_reconciliations_account FOREIGN KEY (tenant_id, bank_account_id) REFERENCES erp.bank_accounts (tenant_id, id),
    CONSTRAINT erp_bank_reconciliations_line FOREIGN KEY (tenant_id, line_id) REFERENCES erp.bank_lines (tenant_id, id)
);
CREATE UNIQUE INDEX erp_bank_reconciliations_once ON erp.bank_reconciliations (tenant_id, line_id) WHERE active;
CREATE INDEX erp_bank_reconciliations_history ON erp.bank_reconciliations (tenant_id, line_id, reconciled_at);

-- The journal lines on the bank's account that a bank line was found to be; each is found once at a time.
CREATE TABLE erp.bank_matches (
    tenant_id UUID NOT NULL,
    reconciliation_id UUID NOT NULL,
    match_no BIGINT NOT NULL CHECK (match_no >= 1),
    entry_id UUID NOT NULL,
    entry_line_no BIGINT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('payment', 'entry', 'existing')),
    payment_id UUID,
    amount_minor BIGINT NOT NULL,
    amount_currency TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, reconciliation_id, match_no),
    CONSTRAINT erp_bank_matches_reconciliation FOREIGN KEY (tenant_id, reconciliation_id) REFERENCES erp.bank_reconciliations (tenant_id, id),
    CONSTRAINT erp_bank_matches_line FOREIGN KEY (tenant_id, entry_id, entry_line_no) REFERENCES erp.journal_lines (tenant_id, entry_id, line_no),
    CONSTRAINT erp_bank_matches_payment FOREIGN KEY (tenant_id, payment_id) REFERENCES erp.payments (tenant_id, id)
);
CREATE UNIQUE INDEX erp_bank_matches_once ON erp.bank_matches (tenant_id, entry_id, entry_line_no) WHERE active;

CREATE TABLE erp.bank_reconciliation_texts (
    tenant_id UUID NOT NULL,
    reconciliation_id UUID NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, reconciliation_id),
    CONSTRAINT erp_bank_reconciliation_texts_of FOREIGN KEY (tenant_id, reconciliation_id) REFERENCES erp.bank_reconciliations (tenant_id, id)
);
