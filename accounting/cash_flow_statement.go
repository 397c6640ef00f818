package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// CashFlowMethod is how the statement of cash flows shows operating activities (IAS 7.18).
type CashFlowMethod string

// The methods. They show the same flows, and differ in how those of operating activities are laid out.
const (
	// CashFlowDirect shows what was received and paid by kind, found by adjusting sales, costs and other items of the result for
	// what receivables, payables, stock and the like moved by (IAS 7.19(b)).
	CashFlowDirect CashFlowMethod = "direct"
	// CashFlowIndirect begins with the profit and adjusts it (IAS 7.20).
	CashFlowIndirect CashFlowMethod = "indirect"
)

// CashFlowStatement is what cash and cash equivalents moved by over a span of days, both included, by entry date. Amounts are above
// zero for what came in. Opening and Change make Closing, which is what the balance sheet of the last day has on the accounts that
// are cash; the activities, Exchange, TakenOver and OutOfSlice make Change.
type CashFlowStatement struct {
	From, To date.Date
	Currency money.Currency
	Method   CashFlowMethod
	// Operating, Investing and Financing have the same parts in every statement of a method, some without lines.
	Operating, Investing, Financing []CashFlowPart
	FromOperating                   money.Amount
	FromInvesting                   money.Amount
	FromFinancing                   money.Amount
	// Exchange is what changes in rates made of cash held in foreign currencies: no flow, and shown apart (IAS 7.28). It is what
	// [Service.Revalue] booked to these accounts, and whatever else moved their worth and nothing of the currency.
	Exchange CashFlowPart
	// TakenOver is the cash that opening entries of these days brought along. It did not flow.
	TakenOver CashFlowPart
	// OutOfSlice is, in the statement of a slice, what its cash has on its other sides outside of it; zero for the whole.
	OutOfSlice               money.Amount
	Opening, Change, Closing money.Amount
	// Cash is what Closing consists of, debits positive (IAS 7.45).
	Cash []StatementLine
	// Profit is that of the profit and loss of these days.
	Profit money.Amount
}

// CashFlowPart is some lines of a statement of cash flows, and their total. A line with an account is the account's movement on
// these days with its sign turned (in the adjustments as it is), without the entries that closed years and those that took
// balances over: [Service.Explain] shows the lines behind it.
type CashFlowPart struct {
	Name  string
	Lines []StatementLine // by code; those without an amount are left out
	Total money.Amount
}

// CashFlow draws up the statement of cash flows of a span of days, both included, by entry date; of slices where some are given.
// Which accounts are cash, and which activity the others belong to, they say themselves ([Account].CashFlow). It is drawn from kept
// balances, so what an entry moves between accounts of different activities without cash shows in both: book what is invested or
// financed on credit against an account of that activity, and it shows in neither (IAS 7.43). Receipts and payments that are to be
// shown gross (IAS 7.21) have accounts of their own.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) CashFlow(ctx context.Context, method CashFlowMethod, from, to date.Date, slices ...Slice) (CashFlowStatement, error) {
	return Statements{s, time.Time{}}.CashFlow(ctx, method, from, to, slices...)
}

// CashFlow is [Service.CashFlow] as the books said then.
func (v Statements) CashFlow(ctx context.Context, method CashFlowMethod, from, to date.Date, slices ...Slice) (CashFlowStatement, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (CashFlowStatement, error) {
		const op = "accounting.CashFlow"
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return CashFlowStatement{}, err
		}
		in, err := cutOf(ctx, tx, op, slices)
		if err != nil {
			return CashFlowStatement{}, err
		}
		groups, err := cashFlowStatements(ctx, tx, op, set, method, Span{from, to}, in)
		if err != nil {
			return CashFlowStatement{}, err
		}
		return groups[""], nil
	})
}

// CashFlowBy draws up one statement of cash flows for each value of a dimension that was posted with, and one for lines without a
// value, by code. What the cash of one has on its other sides elsewhere is its OutOfSlice; these sum to zero, and everything else
// to [Service.CashFlow] of the same slices.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.books_not_open.
func (s *Service) CashFlowBy(ctx context.Context, dimension string, method CashFlowMethod, from, to date.Date, slices ...Slice) ([]Group[CashFlowStatement], error) {
	return Statements{s, time.Time{}}.CashFlowBy(ctx, dimension, method, from, to, slices...)
}

// CashFlowBy is [Service.CashFlowBy] as the books said then.
func (v Statements) CashFlowBy(ctx context.Context, dimension string, method CashFlowMethod, from, to date.Date, slices ...Slice) ([]Group[CashFlowStatement], error) {
	const op = "accounting.CashFlowBy"
	return groupBy(ctx, v, op, dimension, slices, func(ctx context.Context, tx *tenancy.Tx, set *setup, in *cut) (map[string]CashFlowStatement, error) {
		return cashFlowStatements(ctx, tx, op, set, method, Span{from, to}, in)
	})
}

// CompareCashFlows draws up the statements of cash flows of several spans, 1 to [MaxColumns], side by side and of one state of the
// books. Its sections are the parts of each activity and the activity's total, then exchange differences, what was taken over, what
// is out of the slice, the change, and cash before and after.
//
// Permission: accounting.read. Errors: those of CashFlow.
func (s *Service) CompareCashFlows(ctx context.Context, method CashFlowMethod, spans []Span, slices ...Slice) (Comparative, error) {
	return Statements{s, time.Time{}}.CompareCashFlows(ctx, method, spans, slices...)
}

// CompareCashFlows is [Service.CompareCashFlows] as the books said then.
func (v Statements) CompareCashFlows(ctx context.Context, method CashFlowMethod, spans []Span, slices ...Slice) (Comparative, error) {
	return compare(ctx, v.books, "accounting.CompareCashFlows", len(spans), func(ctx context.Context, i int) (money.Currency, []column, error) {
		c, err := v.CashFlow(ctx, method, spans[i].From, spans[i].To, slices...)
		return c.Currency, c.columns(), err
	})
}

// columns are the statement's parts and totals in order.
func (c *CashFlowStatement) columns() []column {
	var out []column
	parts := func(of ...CashFlowPart) {
		for _, p := range of {
			out = append(out, column{p.Name, p.Lines, p.Total})
		}
	}
	parts(c.Operating...)
	out = append(out, column{"From operating activities", nil, c.FromOperating})
	parts(c.Investing...)
	out = append(out, column{"From investing activities", nil, c.FromInvesting})
	parts(c.Financing...)
	out = append(out, column{"From financing activities", nil, c.FromFinancing})
	parts(c.Exchange, c.TakenOver)
	return append(out, column{"Out of the slice", nil, c.OutOfSlice}, column{"Change in cash", nil, c.Change}, column{"Cash at the beginning", nil, c.Opening},
		column{"Cash at the end", c.Cash, c.Closing})
}

// cashMoves is what is read for one statement.
type cashMoves struct {
	before   map[uuid.UUID]accountSum // up to the day before, of accounts that are cash
	within   map[uuid.UUID]accountSum // on the days, without what closed years
	opened   map[uuid.UUID]accountSum // the part of within that took balances over
	revalued map[uuid.UUID]accountSum // the part of within that moved the worth of a currency alone, as revaluations do
}

// cashFlowStatements draws up one statement for each value that a cut groups by, as balanceSheets does.
func cashFlowStatements(ctx context.Context, tx *tenancy.Tx, op string, set *setup, method CashFlowMethod, days Span, in *cut) (map[string]CashFlowStatement, error) {
	if days.From.IsZero() || days.To.Before(days.From) {
		return nil, ErrBadInput.New(op, "From and To are needed, the first and the last day of the span, and To is not before From")
	}
	if method != CashFlowDirect && method != CashFlowIndirect {
		return nil, ErrBadInput.New(op, "Method is %s or %s", CashFlowDirect, CashFlowIndirect)
	}
	before, err := groupedSums(ctx, tx, set, date.Date{}, days.From.AddDays(-1), in)
	if err != nil {
		return nil, err
	}
	within, err := resultSums(ctx, tx, set, days.From, days.To, in)
	if err != nil {
		return nil, err
	}
	opened, err := in.entrySums(ctx, tx, set, days, "e.kind = 'opening'")
	if err != nil {
		return nil, err
	}
	if err := in.addEntrySums(ctx, tx, set, days, opened, "e.kind = 'reversal' AND e.journal_id = ?", set.journalID(JournalOpening)); err != nil {
		return nil, err
	}
	revalued, err := in.entrySums(ctx, tx, set, days, `l.transaction_minor = 0 AND l.entry_date >= ? AND l.entry_date <= ? AND e.kind <> 'opening'
		AND NOT (e.kind = 'reversal' AND e.journal_id = ?)`, days.From, days.To, set.journalID(JournalOpening))
	if err != nil {
		return nil, err
	}
	values := map[string]bool{"": true}
	for _, of := range []map[string]map[uuid.UUID]accountSum{before, within} {
		for value := range of {
			values[value] = true
		}
	}
	out := make(map[string]CashFlowStatement, len(values))
	for value := range values {
		m := &cashMoves{before[value], within[value], opened[value], revalued[value]}
		out[value] = m.statement(set, method, days)
	}
	return out, nil
}

// flow is what an account's movement says of cash: its sign turned, without what was taken over.
func (m *cashMoves) flow(a *Account) int64 { return m.opened[a.ID].net() - m.within[a.ID].net() }

// statement lays out what was read. Whatever the accounts say of themselves, it adds up: the lines of all accounts sum to zero, so
// what those that are cash moved by is what the others did, with the sign turned.
func (m *cashMoves) statement(set *setup, method CashFlowMethod, days Span) CashFlowStatement {
	base := set.books.Currency
	out := CashFlowStatement{From: days.From, To: days.To, Currency: base, Method: method, Profit: profitAndLoss(set, m.within, days.From, days.To).NetProfit}
	out.Opening, out.Closing = money.Zero(base), money.Zero(base)
	out.Exchange, out.TakenOver = m.cashPart(set, "Exchange differences on cash", m.revalued), m.cashPart(set, "Taken over with opening balances", m.opened)
	for i := range set.accounts {
		a := &set.accounts[i]
		if a.CashFlow != CashFlowCash {
			continue
		}
		closing := m.before[a.ID].net() + m.within[a.ID].net()
		out.Opening.Minor += m.before[a.ID].net()
		out.Closing.Minor += closing
		if closing != 0 {
			out.Cash = append(out.Cash, lineOf(a, closing, base))
		}
	}
	if method == CashFlowIndirect {
		out.Operating = append(out.Operating, m.profit(&out), m.adjustments(set, &out), m.workingCapital(set))
	}
	for i := range cashFlows {
		place := &cashFlows[i]
		switch part := m.part(set, place.place, place.name); {
		case place.activity == ActivityInvesting:
			out.Investing = append(out.Investing, part)
		case place.activity == ActivityFinancing:
			out.Financing = append(out.Financing, part)
		case method == CashFlowDirect && place.place == CashFlowOperating:
			part.compute("Exchange differences on cash", -out.Exchange.Total.Minor)
			out.Operating = append(out.Operating, part)
		case method == CashFlowDirect || place.apart:
			out.Operating = append(out.Operating, part)
		}
	}
	out.FromOperating, out.FromInvesting, out.FromFinancing = totalOf(base, out.Operating), totalOf(base, out.Investing), totalOf(base, out.Financing)
	out.Change = money.Amount{Minor: out.Closing.Minor - out.Opening.Minor, Currency: base}
	out.OutOfSlice = money.Amount{Minor: out.Change.Minor - out.FromOperating.Minor - out.FromInvesting.Minor - out.FromFinancing.Minor -
		out.Exchange.Total.Minor - out.TakenOver.Total.Minor, Currency: base}
	return out
}

// part is what the accounts of one place say of cash.
func (m *cashMoves) part(set *setup, place CashFlow, name string) CashFlowPart {
	return accountPart(set, name, func(a *Account) int64 {
		if a.CashFlow != place {
			return 0
		}
		return m.flow(a)
	})
}

// cashPart is what sums have of the accounts that are cash.
func (m *cashMoves) cashPart(set *setup, name string, of map[uuid.UUID]accountSum) CashFlowPart {
	return accountPart(set, name, func(a *Account) int64 {
		if a.CashFlow != CashFlowCash {
			return 0
		}
		return of[a.ID].net()
	})
}

// profit is what the indirect method begins with.
func (m *cashMoves) profit(out *CashFlowStatement) CashFlowPart {
	p := CashFlowPart{Name: "Profit", Total: money.Zero(out.Currency)}
	p.compute("Profit for these days", out.Profit.Minor)
	return p
}

// adjustments take out of the profit what moved no money of operating activities or is shown elsewhere (IAS 7.20(b), (c)).
func (m *cashMoves) adjustments(set *setup, out *CashFlowStatement) CashFlowPart {
	var opened int64
	p := accountPart(set, "Adjustments", func(a *Account) int64 {
		if !a.Type.Temporary() {
			return 0
		}
		opened += m.opened[a.ID].net()
		if !a.CashFlow.apart() {
			return 0
		}
		return -m.flow(a)
	})
	p.compute("Result taken over with opening balances", opened)
	p.compute("Exchange differences on cash", -out.Exchange.Total.Minor)
	return p
}

// workingCapital is what operating assets and debts moved by (IAS 7.20(a)).
func (m *cashMoves) workingCapital(set *setup) CashFlowPart {
	return accountPart(set, "Changes in working capital", func(a *Account) int64 {
		if a.Type.Temporary() || a.CashFlow.Activity() != ActivityOperating || a.CashFlow.apart() {
			return 0
		}
		return m.flow(a)
	})
}

// apart reports whether the place is shown by itself whatever the method.
func (c CashFlow) apart() bool {
	for i := range cashFlows {
		if cashFlows[i].place == c {
			return cashFlows[i].apart
		}
	}
	return false
}

// accountPart lists the accounts that an amount is found for, by code.
func accountPart(set *setup, name string, amount func(*Account) int64) CashFlowPart {
	p := CashFlowPart{Name: name, Total: money.Zero(set.books.Currency)}
	for i := range set.accounts {
		if minor := amount(&set.accounts[i]); minor != 0 {
			p.Lines = append(p.Lines, lineOf(&set.accounts[i], minor, p.Total.Currency))
			p.Total.Minor += minor
		}
	}
	return p
}

// compute adds a line that is no account's.
func (p *CashFlowPart) compute(name string, minor int64) {
	if minor != 0 {
		p.Lines = append(p.Lines, StatementLine{Name: name, Amount: money.Amount{Minor: minor, Currency: p.Total.Currency}})
		p.Total.Minor += minor
	}
}

func lineOf(a *Account, minor int64, in money.Currency) StatementLine {
	return StatementLine{AccountID: a.ID, Code: a.Code, Name: a.Name, Amount: money.Amount{Minor: minor, Currency: in}}
}

func totalOf(in money.Currency, parts []CashFlowPart) money.Amount {
	out := money.Zero(in)
	for i := range parts {
		out.Minor += parts[i].Total.Minor
	}
	return out
}

// journalID is the id of the journal with the code.
func (set *setup) journalID(code JournalCode) uuid.UUID {
	for i := range set.journals {
		if set.journals[i].Code == code {
			return set.journals[i].ID
		}
	}
	return uuid.Nil
}

// entrySums adds up what entries of some sort, of which there are few, posted to each account on some days.
func (c *cut) entrySums(ctx context.Context, tx *tenancy.Tx, set *setup, days Span, which string, of ...any) (map[string]map[uuid.UUID]accountSum, error) {
	out := map[string]map[uuid.UUID]accountSum{}
	return out, c.addEntrySums(ctx, tx, set, days, out, which, of...)
}

func (c *cut) addEntrySums(ctx context.Context, tx *tenancy.Tx, set *setup, days Span, out map[string]map[uuid.UUID]accountSum, which string, of ...any) error {
	value, join, args := c.grouping("l.dimension_set_id")
	where, more := c.where("l.dimension_set_id")
	args = append(append(append(args, days.From, days.To, set.knownUntil()), of...), more...)
	rows, err := tenancy.Report[slicedSum](ctx, tx, `SELECT l.account_id,
		CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS debit_minor,
		CAST(SUM(CASE WHEN l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END) AS BIGINT) AS credit_minor, `+value+` AS value
		FROM {journal_entries} AS e JOIN {journal_lines} AS l ON l.entry_id = e.id`+join+`
		WHERE e.entry_date >= ? AND e.entry_date <= ? AND e.posted_at <= ? AND `+which+where+` GROUP BY l.account_id, 4`, args...)
	for i := 0; i < len(rows) && err == nil; i++ {
		if out[rows[i].Value] == nil {
			out[rows[i].Value] = map[uuid.UUID]accountSum{}
		}
		err = addSums(out[rows[i].Value], []accountSum{rows[i].accountSum})
	}
	return err
}
