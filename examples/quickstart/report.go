package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/tenancy"
)

// file is the report of an imported file.
func (p *page) file(name string, db *database, o *booking.Outcome, f *booking.Figures, took time.Duration) {
	p.title(filepath.Base(name) + ", " + days(f.From, f.To))
	p.booked(o, f)
	p.entries(f)
	p.statements(f)
	p.stock(f)
	p.checks(f.Checks)
	p.refused(o.Survey)
	p.line("")
	if n := o.Counts.AlreadyBooked; n > 0 {
		p.line(fmt.Sprintf("%s of the documents had been booked by an earlier run; they were not booked again.", grouped(n)))
	}
	p.line(fmt.Sprintf("%s. %s seconds.", db.where, seconds(took)))
}

// booked tells what became of the documents.
func (p *page) booked(o *booking.Outcome, f *booking.Figures) {
	p.heading("What was booked", "documents", string(f.Books.Currency))
	n := o.Counts.Documents
	p.row("Sales", grouped(n[retail.Sale]), pounds(o.Counts.Sales))
	p.row("Credit notes", grouped(n[retail.CreditNote]), pounds(o.Counts.Returns))
	for _, k := range []struct {
		kind retail.Kind
		name string
	}{{retail.Giveaway, "Goods given away"}, {retail.Adjustment, "Stock adjustments"}, {retail.BadDebt, "Bad debts"}} {
		if n[k.kind] > 0 {
			p.row(k.name, grouped(n[k.kind]), "")
		}
	}
	p.rule(2)
	p.row(fmt.Sprintf("Documents, of %s lines", grouped(o.Survey.Lines)), grouped(o.Survey.TotalDocuments()), pounds(net(o.Counts)))
}

func (p *page) entries(f *booking.Figures) { p.row("Journal entries", grouped(f.Entries), "") }

func (p *page) statements(f *booking.Figures) {
	p.trialBalance(f)
	p.profitAndLoss(f)
	p.balanceSheet(f)
}

func (p *page) trialBalance(f *booking.Figures) {
	p.heading("Trial balance", day(f.To))
	for _, l := range f.TrialBalance.Lines {
		if l.Debit == l.Credit {
			continue // posted to, and level again
		}
		p.row(l.Code+"  "+l.Name, blankZero(l.Debit), blankZero(l.Credit))
	}
	p.rule(2)
	p.row("", pounds(f.TrialBalance.Debit), pounds(f.TrialBalance.Credit))
}

func (p *page) profitAndLoss(f *booking.Figures) {
	p.heading("Profit and loss", days(f.From, f.To))
	r := f.ProfitAndLoss
	p.section(r.Income, false)
	p.section(r.CostOfSales, true)
	p.rule(1)
	p.row("Gross profit", pounds(r.GrossProfit))
	p.section(r.Expenses, true)
	p.rule(1)
	p.row("Net profit", pounds(r.NetProfit))
}

func (p *page) balanceSheet(f *booking.Figures) {
	p.heading("Balance sheet", day(f.To))
	s := f.BalanceSheet
	for _, part := range []struct {
		lines []accounting.StatementLine
		total money.Amount
		name  string
	}{{s.Assets, s.TotalAssets, "Assets"}, {s.Liabilities, s.TotalLiabilities, "Liabilities"}, {s.Equity, s.TotalEquity, "Equity"}} {
		if len(part.lines) == 0 {
			continue
		}
		p.section(part.lines, false)
		p.rule(1)
		p.row(part.name, pounds(part.total))
		p.line("")
	}
	p.row("Liabilities and equity", pounds(money.Amount{Minor: s.TotalLiabilities.Minor + s.TotalEquity.Minor, Currency: f.Books.Currency}))
}

// section lists lines of a statement; less shows what is taken off as negative.
func (p *page) section(lines []accounting.StatementLine, less bool) {
	for _, l := range lines {
		amount := l.Amount
		if amount.IsZero() {
			continue
		}
		if less {
			amount.Minor = -amount.Minor // amounts of a ledger are far from the least int64
		}
		code := l.Code
		if code == "" {
			code = "    "
		}
		p.row(code+"  "+l.Name, pounds(amount))
	}
}

// stock shows the products that most is tied up in, and that the ledger knows of it all.
func (p *page) stock(f *booking.Figures) {
	p.heading("Stock", "units", "value")
	units := groupDigits(f.StockUnits.String())
	if f.MixedUnits {
		units = "" // kilograms and pieces have no sum
	}
	shown := money.Zero(f.Books.Currency)
	for _, t := range f.Top {
		p.row(t.Name, groupDigits(t.Quantity.String()), pounds(t.Value))
		shown.Minor += t.Value.Minor
	}
	if more := len(f.Stock) - len(f.Top); more > 0 {
		p.row(fmt.Sprintf("%s other products", grouped(int64(more))), "", pounds(money.Amount{Minor: f.StockValue.Minor - shown.Minor, Currency: shown.Currency}))
	}
	p.rule(2)
	p.row("On hand", units, pounds(f.StockValue))
	p.row("The ledger's stock account", "", pounds(f.Balance(accounting.RoleStock)))
}

func (p *page) checks(checks []tenancy.Check) {
	held := 0
	for _, c := range checks {
		if c.OK {
			held++
		}
	}
	p.heading("Checks", fmt.Sprintf("%d of %d hold", held, len(checks)))
	for _, c := range checks {
		mark := "✓"
		if !c.OK {
			mark = "✗ FAILED:"
		}
		p.line("  " + mark + " " + c.Name)
		if c.Detail != "" {
			p.wrapped(c.Detail, "      ")
		}
	}
}

// shownRefusals is how many refused rows the report lists; -json lists all.
const shownRefusals = 20

func (p *page) refused(s *retail.Survey) {
	if len(s.Refused) == 0 {
		return
	}
	p.heading("Refused rows", grouped(s.RefusedRows)+" rows are not booked")
	for _, r := range s.Refused[:min(len(s.Refused), shownRefusals)] {
		p.wrapped(fmt.Sprintf("line %d: %s", r.Line, r.Reason), "  ")
	}
	if more := len(s.Refused) - shownRefusals; more > 0 {
		p.line(fmt.Sprintf("  and %s more; -json lists all", grouped(int64(more))))
	}
}
