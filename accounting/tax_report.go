package accounting

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// TaxReport is what is declared of a span of days: by box, by tax, and against the ledger. A document counts on its entry's
// date, so that the report equals the ledger and what is late is declared in the period in which it was booked.
type TaxReport struct {
	From, To date.Date
	// Boxes are the sums by box of the return: a base, or a tax. By name.
	Boxes []TaxBox
	// Taxes are the sums by tax, trade, side and rate.
	Taxes []TaxFigure
	// Origins are the sums by what they were declared of: documents, discounts, prepayments that final documents set off (below zero),
	// advances without a document, bad debts. They sum to Taxes.
	Origins []TaxOrigin
	// NotDue is what waits, for payment or for the supply, at the end of To, by tax. It is below zero where advances were declared and
	// their documents are still to come.
	NotDue []TaxFigure
	// Accounts are the accounts that hold tax, by code, in the span; none in a report of slices.
	Accounts []TaxAccount
}

// TaxBox is one box.
type TaxBox struct {
	Box    string
	Amount money.Amount
}

// TaxOrigin is what was declared of one kind of facts, on one side.
type TaxOrigin struct {
	// Source is the model of the fact, as in [TaxEntry]: "erp.invoices", "erp.prepayments"; "erp.prepayment_rates" is what the rate of the day of payment
	// made of the tax of prepayments in foreign currencies.
	Source string
	Trade  Trade
	Side   TaxSide
	Base   money.Amount
	Tax    money.Amount
}

// TaxFigure is what one tax comes to at one rate. What credits took back is taken off.
type TaxFigure struct {
	Code  string
	Name  string
	Kind  TaxKind
	Trade Trade
	Side  TaxSide
	Rate  decimal.Decimal
	Base  money.Amount
	// Tax is owed to the state or claimed from it, as Side says. NotRecoverable is what cannot be claimed besides.
	Tax            money.Amount
	NotRecoverable money.Amount
}

// TaxAccount is the movement of an account that holds tax, debits positive: Ledger is Declared plus Other.
type TaxAccount struct {
	AccountID uuid.UUID
	Code      string
	Name      string
	// Declared is what the documents of the report put there; Other what was booked by hand: payments to the tax office, opening
	// balances.
	Declared, Other, Ledger money.Amount
}

// TaxReport draws up the tax of a span of days; of slices where some are given: then it is of the supplies in them, by what their lines
// were analysed by ([TaxEntry].SupplySetID). The reports of slices that make the whole sum to it, but for Accounts, which are of the whole
// alone: what stands on an account that holds tax is nobody's but the business's. A return is of the whole business.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) TaxReport(ctx context.Context, from, to date.Date, slices ...Slice) (TaxReport, error) {
	return Statements{s, time.Time{}}.TaxReport(ctx, from, to, slices...)
}

// TaxReport is [Service.TaxReport] as the books said then.
func (v Statements) TaxReport(ctx context.Context, from, to date.Date, of ...Slice) (TaxReport, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (TaxReport, error) {
		const op = "accounting.TaxReport"
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return TaxReport{}, err
		}
		in, err := cutOf(ctx, tx, op, of)
		if err != nil {
			return TaxReport{}, err
		}
		groups, err := taxReports(ctx, tx, op, set, Span{from, to}, in)
		if err != nil {
			return TaxReport{}, err
		}
		r := groups[""]
		if r == nil {
			r = newTaxReporting(set, Span{from, to})
		}
		if in == nil {
			err = r.accounts(ctx, tx)
		}
		return r.out, err
	})
}

// TaxReportBy draws up one tax report for each value of a dimension that supplies were analysed by, and one for those without a value, by
// code; those that declare nothing are left out. They sum to [Service.TaxReport] of the same slices, but for Accounts, which they have none of.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) TaxReportBy(ctx context.Context, dimension string, from, to date.Date, slices ...Slice) ([]Group[TaxReport], error) {
	return Statements{s, time.Time{}}.TaxReportBy(ctx, dimension, from, to, slices...)
}

// TaxReportBy is [Service.TaxReportBy] as the books said then.
func (v Statements) TaxReportBy(ctx context.Context, dimension string, from, to date.Date, slices ...Slice) ([]Group[TaxReport], error) {
	const op = "accounting.TaxReportBy"
	return groupBy(ctx, v, op, dimension, slices, func(ctx context.Context, tx *tenancy.Tx, set *setup, in *cut) (map[string]TaxReport, error) {
		groups, err := taxReports(ctx, tx, op, set, Span{from, to}, in)
		out := make(map[string]TaxReport, len(groups))
		for value, r := range groups {
			if len(r.out.Taxes)+len(r.out.NotDue) > 0 {
				out[value] = r.out
			}
		}
		return out, err
	})
}

// taxReports draws up one report for each value that a cut groups by, as balanceSheets does, without accounts.
func taxReports(ctx context.Context, tx *tenancy.Tx, op string, set *setup, days Span, in *cut) (map[string]*taxReporting, error) {
	if days.From.IsZero() || days.To.Before(days.From) {
		return nil, ErrBadInput.New(op, "From and To are needed, the first and the last day of the report, and To is not before From")
	}
	out := map[string]*taxReporting{}
	of := func(value string) *taxReporting {
		if out[value] == nil {
			out[value] = newTaxReporting(set, days)
		}
		return out[value]
	}
	rows, err := in.taxSums(ctx, tx, set, `t.entry_date BETWEEN ? AND ?`, days.From, days.To)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		of(rows[i].Value).add(&rows[i])
	}
	waiting, err := in.taxSums(ctx, tx, set, `t.entry_date <= ? AND NOT t.due`, days.To)
	if err != nil {
		return nil, err
	}
	for i := range waiting {
		r := of(waiting[i].Value)
		r.out.NotDue = r.figure(r.out.NotDue, &waiting[i])
	}
	for _, r := range out {
		// What has become due in full waits no longer.
		r.out.NotDue = slices.DeleteFunc(r.out.NotDue, func(f TaxFigure) bool { return f.Base.Minor == 0 && f.Tax.Minor == 0 })
		r.finish()
	}
	return out, nil
}

// taxSumRow is a sum of tax entries.
type taxSumRow struct {
	Source         string          `bun:"source_model"`
	TaxID          uuid.UUID       `bun:"tax_id"`
	AccountID      uuid.UUID       `bun:"account_id"`
	Kind           TaxKind         `bun:"kind"`
	Trade          Trade           `bun:"trade"`
	Side           TaxSide         `bun:"side"`
	Rate           decimal.Decimal `bun:"rate"`
	Due            bool            `bun:"due"`
	BaseBox        string          `bun:"base_box"`
	TaxBox         string          `bun:"tax_box"`
	Base           int64           `bun:"base"`
	Tax            int64           `bun:"tax"`
	NotRecoverable int64           `bun:"not_recoverable"`
	Value          string          `bun:"value"` // as of slicedSum
}

// taxSums sums the tax entries of a cut that were known.
func (c *cut) taxSums(ctx context.Context, tx *tenancy.Tx, set *setup, which string, args ...any) ([]taxSumRow, error) {
	value, join, joined := c.grouping("t.supply_set_id")
	where, more := c.where("t.supply_set_id")
	args = append(append(append(joined, args...), set.knownUntil()), more...)
	return tenancy.Report[taxSumRow](ctx, tx, `SELECT t.source_model, t.tax_id, t.account_id, t.kind, t.trade, t.side, t.rate, t.due, t.base_box, t.tax_box,
		CAST(SUM(t.base_minor) AS BIGINT) AS base, CAST(SUM(t.tax_minor) AS BIGINT) AS tax, CAST(SUM(t.not_recoverable_minor) AS BIGINT) AS not_recoverable, `+value+` AS value
		FROM {tax_entries} AS t`+join+` WHERE t.source_model <> '' AND `+which+` AND t.recorded_at <= ?`+where+`
		GROUP BY t.source_model, t.tax_id, t.account_id, t.kind, t.trade, t.side, t.rate, t.due, t.base_box, t.tax_box, 14`, args...)
}

type taxReporting struct {
	set      *setup
	out      TaxReport
	boxes    map[string]int64
	declared map[uuid.UUID]int64
}

func newTaxReporting(set *setup, days Span) *taxReporting {
	return &taxReporting{set: set, out: TaxReport{From: days.From, To: days.To}, boxes: map[string]int64{}, declared: map[uuid.UUID]int64{}}
}

func (r *taxReporting) of(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: r.set.books.Currency}
}

// add takes a sum into the report.
func (r *taxReporting) add(row *taxSumRow) {
	ledger := row.Tax
	if row.Side == TaxOwed {
		ledger = -ledger
	}
	r.declared[row.AccountID] += ledger
	if !row.Due {
		return
	}
	if row.BaseBox != "" {
		r.boxes[row.BaseBox] += row.Base
	}
	if row.TaxBox != "" {
		r.boxes[row.TaxBox] += row.Tax
	}
	r.out.Taxes = r.figure(r.out.Taxes, row)
	r.origin(row)
}

// origin adds a sum to that of what it was declared of.
func (r *taxReporting) origin(row *taxSumRow) {
	i := slices.IndexFunc(r.out.Origins, func(o TaxOrigin) bool { return o.Source == row.Source && o.Trade == row.Trade && o.Side == row.Side })
	if i < 0 {
		i = len(r.out.Origins)
		r.out.Origins = append(r.out.Origins, TaxOrigin{Source: row.Source, Trade: row.Trade, Side: row.Side, Base: r.of(0), Tax: r.of(0)})
	}
	r.out.Origins[i].Base.Minor += row.Base
	r.out.Origins[i].Tax.Minor += row.Tax
}

// figure adds a sum to the figure of its tax, trade, side and rate.
func (r *taxReporting) figure(figures []TaxFigure, row *taxSumRow) []TaxFigure {
	t := r.set.taxByID(row.TaxID)
	i := slices.IndexFunc(figures, func(f TaxFigure) bool {
		return f.Code == t.Code && f.Trade == row.Trade && f.Side == row.Side && f.Rate.Equal(row.Rate)
	})
	if i < 0 {
		i = len(figures)
		figures = append(figures, TaxFigure{Code: t.Code, Name: t.Name, Kind: row.Kind, Trade: row.Trade, Side: row.Side, Rate: row.Rate, Base: r.of(0), Tax: r.of(0),
			NotRecoverable: r.of(0)})
	}
	f := &figures[i]
	f.Base.Minor += row.Base
	f.Tax.Minor += row.Tax
	f.NotRecoverable.Minor += row.NotRecoverable
	return figures
}

// finish puts boxes and figures in order.
func (r *taxReporting) finish() {
	for box, minor := range r.boxes {
		r.out.Boxes = append(r.out.Boxes, TaxBox{box, r.of(minor)})
	}
	slices.SortFunc(r.out.Boxes, func(a, b TaxBox) int { return strings.Compare(a.Box, b.Box) })
	slices.SortFunc(r.out.Origins, func(a, b TaxOrigin) int {
		return strings.Compare(a.Source+" "+string(a.Trade)+" "+string(a.Side), b.Source+" "+string(b.Trade)+" "+string(b.Side))
	})
	for _, figures := range [][]TaxFigure{r.out.Taxes, r.out.NotDue} {
		slices.SortFunc(figures, func(a, b TaxFigure) int { return a.compare(&b) })
	}
}

// accounts holds the report against the ledger.
func (r *taxReporting) accounts(ctx context.Context, tx *tenancy.Tx) error {
	ids := r.set.taxAccountIDs()
	if len(ids) == 0 {
		return nil
	}
	type total struct {
		AccountID uuid.UUID `bun:"account_id"`
		Minor     int64     `bun:"minor"`
	}
	known, instant := r.set.entryKnown("l.entry_id")
	totals, err := tenancy.Report[total](ctx, tx, `SELECT l.account_id, CAST(SUM(l.amount_minor) AS BIGINT) AS minor FROM {journal_lines} AS l
		WHERE l.account_id IN (?) AND l.entry_date BETWEEN ? AND ?`+known+` GROUP BY l.account_id`,
		append([]any{tenancy.List(ids), r.out.From, r.out.To}, instant...)...)
	if err != nil {
		return err
	}
	ledger := make(map[uuid.UUID]int64, len(totals))
	for _, t := range totals {
		ledger[t.AccountID] = t.Minor
	}
	for _, id := range ids {
		a := r.set.byID[id]
		r.out.Accounts = append(r.out.Accounts, TaxAccount{AccountID: id, Code: a.Code, Name: a.Name, Declared: r.of(r.declared[id]),
			Other: r.of(ledger[id] - r.declared[id]), Ledger: r.of(ledger[id])})
	}
	slices.SortFunc(r.out.Accounts, func(a, b TaxAccount) int { return strings.Compare(a.Code, b.Code) })
	return nil
}

// taxAccountIDs are the accounts that hold tax, due or not.
func (set *setup) taxAccountIDs() []uuid.UUID {
	if len(set.taxAccounts) == 0 {
		return nil
	}
	var ids []uuid.UUID
	for i := range set.accounts {
		a := &set.accounts[i]
		if set.taxAccounts[a.ID] || a.Role == RoleTaxNotDue || a.Role == RoleInputTaxNotDue {
			ids = append(ids, a.ID)
		}
	}
	return ids
}
