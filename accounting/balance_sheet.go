package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// BalanceSheet is what is owned and owed at the end of a day, by entry date. Customers in credit stand among the
// liabilities and vendors in debit among the assets, each party's items taken together: a debt is not a negative claim. The
// result of the fiscal year that the day lies in, and what earlier years have left and nobody has closed, are equity.
type BalanceSheet struct {
	AsOf             date.Date
	Currency         money.Currency
	Assets           []StatementLine
	Liabilities      []StatementLine
	Equity           []StatementLine
	TotalAssets      money.Amount
	TotalLiabilities money.Amount
	TotalEquity      money.Amount // TotalAssets less TotalLiabilities
	// ProfitForYear is the result since the fiscal year began; it is one of the lines of Equity.
	ProfitForYear money.Amount
	// CustomersInCredit is how many customers have more to their credit than they owe; VendorsInDebit the reverse.
	CustomersInCredit, VendorsInDebit int
	// OutOfSlice is, in the balance sheet of a slice, what its entries have on their other sides outside of it: assets less
	// liabilities and equity. It is one of the lines of Equity, and zero for the whole.
	OutOfSlice money.Amount
}

// BalanceSheet draws up what is owned and owed at the end of a day, by entry date; of slices where some are given, and then
// customers in credit and vendors in debit are not told apart, for open items are not sliced. The entry that closes the day's own
// fiscal year is left out: on its last day the result is still the year's.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.no_period, accounting.unknown_dimension,
// accounting.books_not_open.
func (s *Service) BalanceSheet(ctx context.Context, asOf date.Date, slices ...Slice) (BalanceSheet, error) {
	return Statements{s, time.Time{}}.BalanceSheet(ctx, asOf, slices...)
}

// BalanceSheet is [Service.BalanceSheet] as the books said then.
func (v Statements) BalanceSheet(ctx context.Context, asOf date.Date, slices ...Slice) (BalanceSheet, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (BalanceSheet, error) {
		const op = "accounting.BalanceSheet"
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return BalanceSheet{}, err
		}
		in, err := cutOf(ctx, tx, op, slices)
		if err != nil {
			return BalanceSheet{}, err
		}
		groups, err := balanceSheets(ctx, tx, op, set, asOf, in)
		if err != nil {
			return BalanceSheet{}, err
		}
		return groups[""], nil
	})
}

// balanceSheets draws up one balance sheet for each value that a cut groups by; "" is that of lines without one, and the only one
// of a cut that does not group.
func balanceSheets(ctx context.Context, tx *tenancy.Tx, op string, set *setup, asOf date.Date, in *cut) (map[string]BalanceSheet, error) {
	period := set.periodOf(asOf)
	if period == nil {
		return nil, ErrNoPeriod.New(op, "%s lies in no period of the books", asOf)
	}
	year := set.year(period.FiscalYearID)
	before, err := groupedSums(ctx, tx, set, date.Date{}, year.StartsOn.AddDays(-1), in)
	if err != nil {
		return nil, err
	}
	within, err := resultSums(ctx, tx, set, year.StartsOn, asOf, in)
	if err != nil {
		return nil, err
	}
	var parties []partySum
	if in == nil {
		if parties, err = partySums(ctx, tx, set, asOf); err != nil {
			return nil, err
		}
	}
	values := map[string]bool{"": true}
	for value := range before {
		values[value] = true
	}
	for value := range within {
		values[value] = true
	}
	out := make(map[string]BalanceSheet, len(values))
	for value := range values {
		earlier := profitAndLoss(set, before[value], date.Date{}, year.StartsOn).NetProfit
		thisYear := profitAndLoss(set, within[value], year.StartsOn, asOf).NetProfit
		all := make(map[uuid.UUID]accountSum, len(set.accounts))
		for _, part := range []map[uuid.UUID]accountSum{before[value], within[value]} {
			for _, sum := range part {
				if err := addSums(all, []accountSum{sum}); err != nil {
					return nil, err
				}
			}
		}
		out[value] = balanceSheet(set, asOf, all, parties, earlier, thisYear)
	}
	return out, nil
}

func balanceSheet(set *setup, asOf date.Date, posted map[uuid.UUID]accountSum, parties []partySum, earlier, thisYear money.Amount) BalanceSheet {
	bs := BalanceSheet{AsOf: asOf, Currency: set.books.Currency, ProfitForYear: thisYear}
	bs.Assets, bs.TotalAssets = section(set, posted, Asset)
	bs.Liabilities, bs.TotalLiabilities = section(set, posted, Liability)
	bs.Equity, bs.TotalEquity = section(set, posted, Equity)
	var inCredit, inDebit int64
	for _, p := range parties {
		account := set.byID[p.AccountID]
		switch {
		case account.Control == ControlReceivable && p.Minor < 0:
			bs.CustomersInCredit++
			inCredit -= p.Minor
			regroup(bs.Assets, account.ID, -p.Minor)
		case account.Control == ControlPayable && p.Minor > 0:
			bs.VendorsInDebit++
			inDebit += p.Minor
			regroup(bs.Liabilities, account.ID, p.Minor)
		}
	}
	computed := func(lines *[]StatementLine, total *money.Amount, name string, minor int64) {
		if minor != 0 {
			*lines = append(*lines, StatementLine{Name: name, Amount: money.Amount{Minor: minor, Currency: bs.Currency}})
			total.Minor += minor
		}
	}
	bs.TotalAssets.Minor += inCredit
	bs.TotalLiabilities.Minor += inDebit
	computed(&bs.Liabilities, &bs.TotalLiabilities, "Customers in credit", inCredit)
	computed(&bs.Assets, &bs.TotalAssets, "Vendors in debit", inDebit)
	computed(&bs.Equity, &bs.TotalEquity, "Profits and losses of earlier years", earlier.Minor)
	computed(&bs.Equity, &bs.TotalEquity, "Profit for the year", thisYear.Minor)
	bs.OutOfSlice = money.Amount{Minor: bs.TotalAssets.Minor - bs.TotalLiabilities.Minor - bs.TotalEquity.Minor, Currency: bs.Currency}
	computed(&bs.Equity, &bs.TotalEquity, "Out of the slice", bs.OutOfSlice.Minor)
	return bs
}

// regroup takes what stands on the wrong side out of a control account's line.
func regroup(lines []StatementLine, account uuid.UUID, minor int64) {
	for i := range lines {
		if lines[i].AccountID == account {
			lines[i].Amount.Minor += minor
		}
	}
}

// partySum is what a party owes (or, below zero, is owed) on a control account.
type partySum struct {
	AccountID uuid.UUID `bun:"account_id"`
	PartyID   uuid.UUID `bun:"party_id"`
	Minor     int64     `bun:"minor"`
}

// partySums are the balances of parties at the end of a day. What is open today, less the items that came later, is what
// was open then: allocations are within a party and cancel out, but for what they realised. So the cost grows with what is
// unsettled and what came later, not with history. It is in the base currency.
func partySums(ctx context.Context, tx *tenancy.Tx, set *setup, asOf date.Date) ([]partySum, error) {
	if !set.known.IsZero() {
		return partySumsKnown(ctx, tx, asOf, set.known)
	}
	return tenancy.Report[partySum](ctx, tx, `SELECT account_id, party_id, CAST(SUM(minor) AS BIGINT) AS minor FROM (
		SELECT account_id, party_id, open_base_minor AS minor FROM {open_items} AS o WHERE open_minor <> 0
		UNION ALL
		SELECT account_id, party_id, -base_minor AS minor FROM {open_items} AS l WHERE item_date > ?
		UNION ALL
		SELECT i.account_id, a.party_id, a.debit_base_minor - a.credit_base_minor AS minor
		FROM {allocations} AS a JOIN {open_items} AS i ON i.id = a.debit_id WHERE a.allocated_on > ? AND a.entry_id IS NOT NULL
		) AS moves GROUP BY account_id, party_id HAVING SUM(minor) <> 0`, asOf, asOf)
}
