package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Span is a span of days, both included.
type Span struct{ From, To date.Date }

// MaxColumns is how many columns a comparative statement may have.
const MaxColumns = 60

// Comparative is a statement in columns: of several spans, or as of several days, side by side.
type Comparative struct {
	Currency money.Currency
	Sections []ComparativeSection
}

// ComparativeSection is a part of a statement, such as income or assets.
type ComparativeSection struct {
	Name   string
	Lines  []ComparativeLine
	Totals []money.Amount // one for each column
}

// ComparativeLine is a line with an amount for each column, zero where the statement of that column has no such line.
type ComparativeLine struct {
	AccountID uuid.UUID // zero for a computed line
	Code      string
	Name      string
	Amounts   []money.Amount
}

// CompareProfitAndLoss draws up the results of several spans, 1 to [MaxColumns], side by side and of one state of the books. Its
// sections are income, cost of sales, gross profit, expenses and net profit.
//
// Permission: accounting.read. Errors: those of ProfitAndLoss.
func (s *Service) CompareProfitAndLoss(ctx context.Context, spans []Span, slices ...Slice) (Comparative, error) {
	return Statements{s, time.Time{}}.CompareProfitAndLoss(ctx, spans, slices...)
}

// CompareProfitAndLoss is [Service.CompareProfitAndLoss] as the books said then.
func (v Statements) CompareProfitAndLoss(ctx context.Context, spans []Span, slices ...Slice) (Comparative, error) {
	return compare(ctx, v.books, "accounting.CompareProfitAndLoss", len(spans), func(ctx context.Context, i int) (money.Currency, []column, error) {
		p, err := v.ProfitAndLoss(ctx, spans[i].From, spans[i].To, slices...)
		return p.Currency, []column{{"Income", p.Income, p.TotalIncome}, {"Cost of sales", p.CostOfSales, p.TotalCost}, {"Gross profit", nil, p.GrossProfit},
			{"Expenses", p.Expenses, p.TotalExpenses}, {"Net profit", nil, p.NetProfit}}, err
	})
}

// CompareBalanceSheets draws up the balance sheets of several days, 1 to [MaxColumns], side by side and of one state of the books.
// Its sections are assets, liabilities and equity.
//
// Permission: accounting.read. Errors: those of BalanceSheet.
func (s *Service) CompareBalanceSheets(ctx context.Context, days []date.Date, slices ...Slice) (Comparative, error) {
	return Statements{s, time.Time{}}.CompareBalanceSheets(ctx, days, slices...)
}

// CompareBalanceSheets is [Service.CompareBalanceSheets] as the books said then.
func (v Statements) CompareBalanceSheets(ctx context.Context, days []date.Date, slices ...Slice) (Comparative, error) {
	return compare(ctx, v.books, "accounting.CompareBalanceSheets", len(days), func(ctx context.Context, i int) (money.Currency, []column, error) {
		b, err := v.BalanceSheet(ctx, days[i], slices...)
		return b.Currency, []column{{"Assets", b.Assets, b.TotalAssets}, {"Liabilities", b.Liabilities, b.TotalLiabilities}, {"Equity", b.Equity, b.TotalEquity}}, err
	})
}

// column is a section of one column.
type column struct {
	section string
	lines   []StatementLine
	total   money.Amount
}

func compare(ctx context.Context, s *Service, op string, columns int, draw func(ctx context.Context, i int) (money.Currency, []column, error)) (Comparative, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, _ *tenancy.Tx) (Comparative, error) {
		if columns < 1 || columns > MaxColumns {
			return Comparative{}, ErrBadInput.New(op, "a comparison has 1 to %d columns (spans or days), not %d", MaxColumns, columns)
		}
		var out Comparative
		for i := range columns {
			currency, sections, err := draw(ctx, i)
			if err != nil {
				return Comparative{}, err
			}
			if i == 0 {
				out = Comparative{Currency: currency, Sections: make([]ComparativeSection, len(sections))}
			}
			for j := range sections {
				out.Sections[j].add(i, columns, &sections[j])
			}
		}
		return out, nil
	})
}

// add puts a section of column i beside those before.
func (c *ComparativeSection) add(i, columns int, from *column) {
	zeros := func() []money.Amount {
		all := make([]money.Amount, columns)
		for j := range all {
			all[j] = money.Zero(from.total.Currency)
		}
		return all
	}
	if i == 0 {
		c.Name, c.Totals = from.section, zeros()
	}
	c.Totals[i] = from.total
	next := 0 // where a line that is new goes: behind those that came before it in its own column
	for _, l := range from.lines {
		at := -1
		for j := range c.Lines {
			if c.Lines[j].AccountID == l.AccountID && c.Lines[j].Name == l.Name {
				at = j
				break
			}
		}
		if at < 0 {
			for next < len(c.Lines) && c.Lines[next].Code != "" && (l.Code == "" || c.Lines[next].Code < l.Code) {
				next++
			}
			at = next
			c.Lines = append(c.Lines, ComparativeLine{})
			copy(c.Lines[at+1:], c.Lines[at:])
			c.Lines[at] = ComparativeLine{AccountID: l.AccountID, Code: l.Code, Name: l.Name, Amounts: zeros()}
		}
		c.Lines[at].Amounts[i] = l.Amount
		next = max(next, at+1)
	}
}

// CompareTrialBalances draws up the trial balances of several days, 1 to [MaxColumns], side by side and of one state of the books. Debits
// are positive; its one section sums to zero, but for slices.
//
// Permission: accounting.read. Errors: those of TrialBalance.
func (s *Service) CompareTrialBalances(ctx context.Context, days []date.Date, slices ...Slice) (Comparative, error) {
	return Statements{s, time.Time{}}.CompareTrialBalances(ctx, days, slices...)
}

// CompareTrialBalances is [Service.CompareTrialBalances] as the books said then.
func (v Statements) CompareTrialBalances(ctx context.Context, days []date.Date, slices ...Slice) (Comparative, error) {
	return compare(ctx, v.books, "accounting.CompareTrialBalances", len(days), func(ctx context.Context, i int) (money.Currency, []column, error) {
		t, err := v.TrialBalance(ctx, days[i], slices...)
		c := column{"Accounts", make([]StatementLine, len(t.Lines)), money.Amount{Minor: t.Debit.Minor - t.Credit.Minor, Currency: t.Currency}}
		for j, l := range t.Lines {
			c.lines[j] = StatementLine{l.AccountID, l.Code, l.Name, money.Amount{Minor: l.Debit.Minor - l.Credit.Minor, Currency: t.Currency}}
		}
		return t.Currency, []column{c}, err
	})
}
