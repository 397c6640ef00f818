-- Exchange rates and what was revalued at them.

-- +goose Up

-- What one unit of from_currency was worth in to_currency on a day; if indirect, one unit of to_currency in from_currency. A rate that was wrong is followed by a revision; nothing that was
-- booked changes with it.
CREATE TABLE erp.exchange_rates (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    from_currency TEXT COLLATE "C" NOT NULL,
    to_currency TEXT COLLATE "C" NOT NULL,
    quoted_on DATE NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 1),
    rate decimal_text NOT NULL,
    indirect BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_exchange_rates_pair CHECK (from_currency <> to_currency),
    CONSTRAINT erp_exchange_rates_day UNIQUE (tenant_id, from_currency, to_currency, quoted_on, revision)
);

-- A period's end at which monetary accounts were brought to the rates of the day. seq counts the runs that found something to
-- book.
CREATE TABLE erp.revaluations (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    period_id UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq >= 1),
    revalued_on DATE NOT NULL,
    entry_id UUID,
    reversal_id UUID,
    realised_id UUID,
    recorded_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT erp_revaluations_seq UNIQUE (tenant_id, period_id, seq),
    CONSTRAINT erp_revaluations_period FOREIGN KEY (tenant_id, period_id) REFERENCES erp.periods (tenant_id, id),
    CONSTRAINT erp_revaluations_entry FOREIGN KEY (tenant_id, entry_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_revaluations_reversal FOREIGN KEY (tenant_id, reversal_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_revaluations_realised FOREIGN KEY (tenant_id, realised_id) REFERENCES erp.journal_entries (tenant_id, id),
    CONSTRAINT erp_revaluations_pair CHECK ((entry_id IS NULL) = (reversal_id IS NULL))
);

CREATE TABLE erp.revaluation_lines (
    tenant_id UUID NOT NULL,
    revaluation_id UUID NOT NULL,
    line_no BIGINT NOT NULL CHECK (line_no >= 1),
    account_id UUID NOT NULL,
    balance_minor BIGINT NOT NULL,
    balance_currency TEXT NOT NULL,
    carried_minor BIGINT NOT NULL,
    rate decimal_text NOT NULL,
    rate_indirect BOOLEAN NOT NULL,
    rate_on DATE NOT NULL,
    worth_minor BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, revaluation_id, line_no),
    CONSTRAINT erp_revaluation_lines_revaluation FOREIGN KEY (tenant_id, revaluation_id) REFERENCES erp.revaluations (tenant_id, id),
    CONSTRAINT erp_revaluation_lines_account FOREIGN KEY (tenant_id, account_id) REFERENCES erp.accounts (tenant_id, id)
);
