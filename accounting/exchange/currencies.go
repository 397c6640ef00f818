package exchange

import (
	"context"
	"slices"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// currenciesOf lists the currencies that were posted in: the books' own, and then the others in order.
func currenciesOf(ctx context.Context, tx *tenancy.Tx, base money.Currency) ([]money.Currency, error) {
	others, err := tenancy.Report[money.Currency](ctx, tx, `SELECT DISTINCT currency FROM {account_balances} AS b WHERE currency <> ? ORDER BY 1`, string(base))
	return slices.Insert(others, 0, base), err
}

// foreign adds the cells of an amount in a foreign currency, debits positive: its currency and the amount. They are empty for one in the
// base currency, which stands in debit and credit alone.
func (s *sheet) foreign(a money.Amount, base money.Currency) *sheet {
	if a.Currency == base || a.Currency == "" {
		return s.plain("").plain("")
	}
	return s.plain(string(a.Currency)).amount(a)
}

// posted is a row's amount, debits positive: in base from debit and credit, and where the row names a currency also in that one, from
// amount. One of the two may be zero: a revaluation moves the base alone, and a little of a weak currency is worth nothing. optional
// rows may have none at all.
func (r rowIn) posted(optional bool) (minor int64, transaction money.Amount) {
	currency := money.Currency(r.text("currency"))
	if currency == "" || currency == r.base {
		minor = r.sides(optional)
		if transaction = money.Of(minor, r.base); r.text("amount") != "" && r.signed("amount", r.base) != transaction {
			r.bad("amount", "in the books' own currency the amount is debit less credit")
		}
		return minor, transaction
	}
	if !currency.Valid() {
		r.bad("currency", "%.40q is no currency", string(currency))
		return 0, money.Zero(r.base)
	}
	before := len(r.found.Problems)
	minor, transaction = r.sides(true), r.signed("amount", currency)
	switch {
	case len(r.found.Problems) > before:
	case minor == 0 && transaction.IsZero() && !optional:
		r.bad("amount", "a row has an amount, in its currency or in %s", r.base)
	}
	return minor, transaction
}

// signed is decimal text in a currency that may be below zero.
func (r rowIn) signed(column string, currency money.Currency) money.Amount {
	text := r.text(column)
	if text == "" {
		return money.Zero(currency)
	}
	a, err := money.Parse(text, currency)
	switch {
	case err != nil:
		r.bad(column, "%.40q is no amount in %s: write 1234.50, with a point and no grouping", text, currency)
		return money.Zero(currency)
	case a.Minor > maxEntry || a.Minor < -maxEntry:
		r.found.add(r.file, r.line, column, accounting.ErrAmountLimit, "")
		return money.Zero(currency)
	}
	return a
}

// sameSide notes a line whose two amounts stand on different sides: the books have no such line. A balance may be one, for what an account
// carries in base for a currency is what all that came and went was worth on its day.
func (r rowIn) sameSide(minor int64, transaction money.Amount) {
	if minor > 0 && transaction.Minor < 0 || minor < 0 && transaction.Minor > 0 {
		r.bad("amount", "it stands on the other side than the worth in %s", r.base)
	}
}
