package exchange

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The columns of reports, which go out only.
var (
	cashFlowColumns = []string{"activity", "section", "account", "name", "amount"}
	accountColumns  = []string{"date", "due", "kind", "reference", "currency", "amount", "open", "balance"}
	taxColumns      = []string{"section", "code", "name", "kind", "trade", "side", "rate", "base", "tax", "not_recoverable"}
)

// WriteCashFlow writes the statement of cash flows of a span of days as CSV; what came in is above zero. Each section is followed by
// its total, whose account is empty, and each activity by its own, whose section is empty.
//
// Permission: exchange.export. Errors: those of [accounting.Service.CashFlow], and w's own.
func (s *Service) WriteCashFlow(ctx context.Context, w io.Writer, method accounting.CashFlowMethod, from, to date.Date, slices ...accounting.Slice) error {
	return s.sheet(ctx, w, anyInput, cashFlowColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		c, err := s.books.CashFlow(ctx, method, from, to, slices...)
		if err != nil {
			return err
		}
		part := func(activity accounting.Activity, p accounting.CashFlowPart) {
			for _, l := range append(p.Lines, accounting.StatementLine{Name: "Total", Amount: p.Total}) {
				_ = out.plain(string(activity)).plain(p.Name).text(l.Code).text(l.Name).amount(l.Amount).end() // close gives the error
			}
		}
		for _, a := range []struct {
			name  accounting.Activity
			parts []accounting.CashFlowPart
			total accounting.CashFlowPart
		}{{accounting.ActivityOperating, c.Operating, accounting.CashFlowPart{Total: c.FromOperating}},
			{accounting.ActivityInvesting, c.Investing, accounting.CashFlowPart{Total: c.FromInvesting}},
			{accounting.ActivityFinancing, c.Financing, accounting.CashFlowPart{Total: c.FromFinancing}}} {
			for _, p := range a.parts {
				part(a.name, p)
			}
			part(a.name, a.total)
		}
		part("", c.Exchange)
		part("", c.TakenOver)
		for _, p := range []accounting.CashFlowPart{{Name: "Out of the slice", Total: c.OutOfSlice}, {Name: "Change in cash", Total: c.Change},
			{Name: "Cash at the beginning", Total: c.Opening}, {Name: "Cash at the end", Lines: c.Cash, Total: c.Closing}} {
			part("", p)
		}
		return nil
	})
}

// WriteAgedItems writes what parties owed at the end of a day by how long it was overdue as CSV: for each party and currency a row, in
// the currency of its items and beside it in base, and a total of all parties in base. The columns of amounts are not_due, a column for
// each bucket, unallocated and sum.
//
// Permission: exchange.export. Errors: those of [accounting.Service.AgedItems], and w's own.
func (s *Service) WriteAgedItems(ctx context.Context, w io.Writer, q accounting.AgingQuery) error {
	return s.export(ctx, anyInput, func(ctx context.Context, tx *tenancy.Tx) error {
		aged, err := s.books.AgedItems(ctx, q)
		if err != nil {
			return err
		}
		names := map[uuid.UUID]string{}
		for i := range aged.Parties {
			names[aged.Parties[i].PartyID] = ""
		}
		if err := nameParties(ctx, tx, names); err != nil {
			return err
		}
		header := []string{"party", "name", "currency", "not_due"}
		from := 1
		for _, to := range aged.Buckets {
			header, from = append(header, fmt.Sprintf("%d_to_%d", from, to)), to+1
		}
		out := newSheet(w, append(header, fmt.Sprintf("over_%d", from-1), "unallocated", "sum"))
		row := func(party, name string, of *accounting.Aged) {
			out.text(party).text(name).plain(string(of.Sum.Currency))
			for _, a := range of.Buckets {
				out.amount(a)
			}
			_ = out.amount(of.Unallocated).amount(of.Sum).end() // close gives the error
		}
		for i := range aged.Parties {
			p := &aged.Parties[i]
			row(names[p.PartyID], p.Name, &p.Items)
			if p.Base.Sum.Currency != p.Items.Sum.Currency {
				row(names[p.PartyID], p.Name, &p.Base)
			}
		}
		row("", "Total", &aged.Total)
		return out.close()
	})
}

// WriteStatementOfAccount writes what went on with a party as CSV, by currency and then by date, each currency with its opening and
// closing balance; debits are positive.
//
// Permission: exchange.export. Errors: those of [accounting.Service.StatementOfAccount], and w's own.
func (s *Service) WriteStatementOfAccount(ctx context.Context, w io.Writer, q accounting.StatementQuery) error {
	return s.sheet(ctx, w, anyInput, accountColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		st, err := s.books.StatementOfAccount(ctx, q)
		if err != nil {
			return err
		}
		for i := range st.Accounts {
			a := &st.Accounts[i]
			currency := string(a.Opening.Currency)
			_ = out.day(st.From).plain("").plain("opening").plain("").plain(currency).plain("").plain("").amount(a.Opening).end() // close gives the error
			for j := range a.Entries {
				e := &a.Entries[j]
				_ = out.day(e.Date).day(e.Due).plain(string(e.Kind)).text(e.Reference).plain(currency).amount(e.Amount).amount(e.Open).amount(e.Balance).end()
			}
			_ = out.day(st.To).plain("").plain("closing").plain("").plain(currency).plain("").plain("").amount(a.Closing).end()
		}
		return nil
	})
}

// WriteTaxReport writes the tax of a span of days as CSV, in the sections box (name and amount, which stands under tax), tax, not_due and
// account (what was declared under base, what was booked by hand under not_recoverable, the ledger under tax; none of slices).
//
// Permission: exchange.export. Errors: those of [accounting.Service.TaxReport], and w's own.
func (s *Service) WriteTaxReport(ctx context.Context, w io.Writer, from, to date.Date, slices ...accounting.Slice) error {
	return s.sheet(ctx, w, anyInput, taxColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		r, err := s.books.TaxReport(ctx, from, to, slices...)
		if err != nil {
			return err
		}
		for _, b := range r.Boxes {
			_ = out.plain("box").text(b.Box).plain("").plain("").plain("").plain("").plain("").plain("").amount(b.Amount).plain("").end() // close gives the error
		}
		figures := func(section string, all []accounting.TaxFigure) {
			for i := range all {
				f := &all[i]
				_ = out.plain(section).text(f.Code).text(f.Name).plain(string(f.Kind)).plain(string(f.Trade)).plain(string(f.Side)).plain(f.Rate.String()).
					amount(f.Base).amount(f.Tax).amount(f.NotRecoverable).end()
			}
		}
		figures("tax", r.Taxes)
		figures("not_due", r.NotDue)
		for i := range r.Accounts {
			a := &r.Accounts[i]
			_ = out.plain("account").text(a.Code).text(a.Name).plain("").plain("").plain("").plain("").amount(a.Declared).amount(a.Ledger).amount(a.Other).end()
		}
		return nil
	})
}

// CompareTrialBalances writes the comparative statement of the same name as CSV, as its siblings do: with a column for each day
// ("2010-12-31") or span ("2010-01-01..2010-12-31"), and each section followed by its total.
//
// Permission: exchange.export. Errors: those of [accounting.Service.CompareTrialBalances], and w's own.
func (s *Service) CompareTrialBalances(ctx context.Context, w io.Writer, days []date.Date, slices ...accounting.Slice) error {
	return s.compared(ctx, w, dayNames(days), func(ctx context.Context) (accounting.Comparative, error) {
		return s.books.CompareTrialBalances(ctx, days, slices...)
	})
}

// CompareProfitAndLoss is as [Service.CompareTrialBalances].
//
// Permission: exchange.export. Errors: those of [accounting.Service.CompareProfitAndLoss], and w's own.
func (s *Service) CompareProfitAndLoss(ctx context.Context, w io.Writer, spans []accounting.Span, slices ...accounting.Slice) error {
	return s.compared(ctx, w, spanNames(spans), func(ctx context.Context) (accounting.Comparative, error) {
		return s.books.CompareProfitAndLoss(ctx, spans, slices...)
	})
}

// CompareBalanceSheets is as [Service.CompareTrialBalances].
//
// Permission: exchange.export. Errors: those of [accounting.Service.CompareBalanceSheets], and w's own.
func (s *Service) CompareBalanceSheets(ctx context.Context, w io.Writer, days []date.Date, slices ...accounting.Slice) error {
	return s.compared(ctx, w, dayNames(days), func(ctx context.Context) (accounting.Comparative, error) {
		return s.books.CompareBalanceSheets(ctx, days, slices...)
	})
}

// CompareCashFlows is as [Service.CompareTrialBalances].
//
// Permission: exchange.export. Errors: those of [accounting.Service.CompareCashFlows], and w's own.
func (s *Service) CompareCashFlows(ctx context.Context, w io.Writer, method accounting.CashFlowMethod, spans []accounting.Span, slices ...accounting.Slice) error {
	return s.compared(ctx, w, spanNames(spans), func(ctx context.Context) (accounting.Comparative, error) {
		return s.books.CompareCashFlows(ctx, method, spans, slices...)
	})
}

// compared writes columns side by side.
func (s *Service) compared(ctx context.Context, w io.Writer, columns []string, draw func(context.Context) (accounting.Comparative, error)) error {
	return s.sheet(ctx, w, anyInput, append([]string{"section", "account", "name"}, columns...), func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		c, err := draw(ctx)
		if err != nil {
			return err
		}
		for i := range c.Sections {
			section := &c.Sections[i]
			for _, l := range append(section.Lines, accounting.ComparativeLine{Name: "Total", Amounts: section.Totals}) {
				out.plain(section.Name).text(l.Code).text(l.Name)
				for _, a := range l.Amounts {
					out.amount(a)
				}
				if err := out.end(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func dayNames(days []date.Date) []string {
	out := make([]string, len(days))
	for i, d := range days {
		out[i] = d.String()
	}
	return out
}

func spanNames(spans []accounting.Span) []string {
	out := make([]string, len(spans))
	for i, s := range spans {
		out[i] = s.From.String() + ".." + s.To.String()
	}
	return out
}
