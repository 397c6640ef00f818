package exchange

import (
	"context"
	"io"
	"strconv"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

func of(minor int64, books accounting.Books) money.Amount {
	return money.Amount{Minor: minor, Currency: books.Currency}
}

// The columns of statements, which go out only.
var (
	statementColumns = []string{"section", "account", "name", "amount"}
	ledgerColumns    = []string{"account", "date", "entry", "line", "journal", "kind", "reference", "memo", "party", "debit", "credit", "balance", "currency", "amount"}
)

// WriteTrialBalance writes the balances of all accounts at the end of a day as CSV, by code; of slices where some are given. An account
// that holds foreign currencies has a row for each. The file can be taken over as opening balances elsewhere.
//
// Permission: exchange.export. Errors: those of [accounting.Service.TrialBalance], and w's own.
func (s *Service) WriteTrialBalance(ctx context.Context, w io.Writer, asOf date.Date, slices ...accounting.Slice) error {
	return s.sheet(ctx, w, anyInput, balanceColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		tb, err := s.books.TrialBalance(ctx, asOf, slices...)
		if err != nil {
			return err
		}
		held, err := s.books.CurrencyBalances(ctx, asOf, slices...)
		if err != nil {
			return err
		}
		of := map[uuid.UUID][]accounting.Holding{}
		for i := range held {
			of[held[i].AccountID] = append(of[held[i].AccountID], held[i].Holding)
		}
		for _, l := range tb.Lines {
			parts := of[l.AccountID]
			if len(parts) == 0 { // moved, and at zero again
				parts = []accounting.Holding{{Base: money.Zero(tb.Currency)}}
			}
			for _, p := range parts {
				if err := out.text(l.Code).text(l.Name).plain(string(l.Type)).sides(p.Base).foreign(p.Amount, tb.Currency).end(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// section is a part of a statement.
type section struct {
	name  string
	lines []accounting.StatementLine
	total money.Amount
}

// statement writes sections, each followed by its total, whose account is empty.
func (s *sheet) statement(sections []section) error {
	for _, p := range sections {
		for _, l := range append(p.lines, accounting.StatementLine{Name: "Total", Amount: p.total}) {
			if err := s.plain(p.name).text(l.Code).text(l.Name).amount(l.Amount).end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// WriteProfitAndLoss writes the result of a span of days as CSV; of slices where some are given. An amount is above zero when it stands on the side that is usual for its
// section (income, cost_of_sales, gross_profit, expenses, net_profit).
//
// Permission: exchange.export. Errors: those of [accounting.Service.ProfitAndLoss], and w's own.
func (s *Service) WriteProfitAndLoss(ctx context.Context, w io.Writer, from, to date.Date, slices ...accounting.Slice) error {
	return s.sheet(ctx, w, anyInput, statementColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		pl, err := s.books.ProfitAndLoss(ctx, from, to, slices...)
		if err != nil {
			return err
		}
		return out.statement([]section{{"income", pl.Income, pl.TotalIncome}, {"cost_of_sales", pl.CostOfSales, pl.TotalCost},
			{"gross_profit", nil, pl.GrossProfit}, {"expenses", pl.Expenses, pl.TotalExpenses}, {"net_profit", nil, pl.NetProfit}})
	})
}

// WriteBalanceSheet writes what is owned and owed at the end of a day as CSV, of slices where some are given, in the sections assets, liabilities and equity.
//
// Permission: exchange.export. Errors: those of [accounting.Service.BalanceSheet], and w's own.
func (s *Service) WriteBalanceSheet(ctx context.Context, w io.Writer, asOf date.Date, slices ...accounting.Slice) error {
	return s.sheet(ctx, w, anyInput, statementColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		bs, err := s.books.BalanceSheet(ctx, asOf, slices...)
		if err != nil {
			return err
		}
		return out.statement([]section{{"assets", bs.Assets, bs.TotalAssets}, {"liabilities", bs.Liabilities, bs.TotalLiabilities},
			{"equity", bs.Equity, bs.TotalEquity}})
	})
}

// WriteGeneralLedger writes the lines of one account over a span of days as CSV, of slices where some are given, with the running balance,
// debits positive, foreign amounts and dimensions. Memory is flat.
//
// Permission: exchange.export. Errors: those of [accounting.Service.GeneralLedger], and w's own.
func (s *Service) WriteGeneralLedger(ctx context.Context, w io.Writer, account accounting.AccountRef, from, to date.Date, slices ...accounting.Slice) error {
	return s.export(ctx, anyInput, func(ctx context.Context, tx *tenancy.Tx) error {
		around, err := s.scene(ctx, tx)
		if err != nil {
			return err
		}
		out := newSheet(w, withDimensions(ledgerColumns, around.dimensions))
		page := tenancy.PageRequest{Limit: 1000}
		for {
			gl, err := s.books.GeneralLedger(ctx, account, from, to, page, slices...)
			if err != nil {
				return err
			}
			names := map[uuid.UUID]string{}
			for i := range gl.Lines {
				if id := gl.Lines[i].PartyID; id != uuid.Nil {
					names[id] = ""
				}
			}
			if err := nameParties(ctx, tx, names); err != nil {
				return err
			}
			for i := range gl.Lines {
				l := &gl.Lines[i]
				out.text(gl.Account.Code).day(l.EntryDate).plain(l.EntryID.String()).plain(strconv.FormatInt(l.LineNo, 10)).plain(string(l.Journal)).
					plain(string(l.Kind)).text(l.Reference).text(l.Memo).text(names[l.PartyID]).amount(l.Debit).amount(l.Credit).amount(l.Balance).
					foreign(l.Transaction, around.books.Currency).analysed(around.dimensions, l.Dimensions)
				if err := out.end(); err != nil {
					return err
				}
			}
			if page.After = gl.Next; page.After == "" {
				return out.close()
			}
		}
	})
}
