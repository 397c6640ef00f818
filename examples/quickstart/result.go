package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/tenancy"
)

// result is what -json prints. Amounts are text with two decimals.
type result struct {
	Engine         string           `json:"engine"`
	Documents      documentCounts   `json:"documents"`
	Lines          int64            `json:"lines"`
	Sales          string           `json:"sales"`
	Returns        string           `json:"returns"`
	Net            string           `json:"net"`
	TrialBalance   sides            `json:"trial_balance"`
	NetProfit      string           `json:"net_profit"`
	BalanceSheet   balanceSheet     `json:"balance_sheet"`
	CostOfGoods    string           `json:"cost_of_goods_sold"`
	Stock          stock            `json:"stock"`
	LedgerStock    string           `json:"ledger_stock"`
	Receivables    receivables      `json:"receivables"`
	Entries        int64            `json:"entries"`
	AlreadyBooked  int64            `json:"already_booked"`
	Refused        []retail.Refusal `json:"refused"`
	Checks         []tenancy.Check  `json:"checks"`
	SecondsElapsed json.Number      `json:"seconds"`
}

type documentCounts struct {
	Sales            int64 `json:"sales"`
	CreditNotes      int64 `json:"credit_notes"`
	Giveaways        int64 `json:"giveaways"`
	StockAdjustments int64 `json:"stock_adjustments"`
	BadDebts         int64 `json:"bad_debts"`
}

type sides struct {
	Debit  string `json:"debit"`
	Credit string `json:"credit"`
}

type balanceSheet struct {
	Assets      string `json:"assets"`
	Liabilities string `json:"liabilities"`
	Equity      string `json:"equity"`
}

type stock struct {
	Units json.Number `json:"units"`
	Value string      `json:"value"`
}

type receivables struct {
	OpenItems string `json:"open_items"`
	Ledger    string `json:"ledger"`
}

func newResult(engine string, o *booking.Outcome, f *booking.Figures, took time.Duration) *result {
	n := o.Counts.Documents
	return &result{
		Engine:         engine,
		Documents:      documentCounts{n[retail.Sale], n[retail.CreditNote], n[retail.Giveaway], n[retail.Adjustment], n[retail.BadDebt]},
		Lines:          o.Survey.Lines,
		Sales:          o.Counts.Sales.String(),
		Returns:        o.Counts.Returns.String(),
		Net:            net(o.Counts).String(),
		TrialBalance:   sides{f.TrialBalance.Debit.String(), f.TrialBalance.Credit.String()},
		NetProfit:      f.ProfitAndLoss.NetProfit.String(),
		BalanceSheet:   balanceSheet{f.BalanceSheet.TotalAssets.String(), f.BalanceSheet.TotalLiabilities.String(), f.BalanceSheet.TotalEquity.String()},
		CostOfGoods:    f.Balance(accounting.RoleCostOfGoodsSold).String(),
		Stock:          stock{json.Number(f.StockUnits.String()), f.StockValue.String()},
		LedgerStock:    f.Balance(accounting.RoleStock).String(),
		Receivables:    receivables{f.Receivables.String(), f.Balance(accounting.RoleReceivable).String()},
		Entries:        f.Entries,
		AlreadyBooked:  o.Counts.AlreadyBooked,
		Refused:        o.Survey.Refused,
		Checks:         f.Checks,
		SecondsElapsed: json.Number(seconds(took)),
	}
}

// net is what was sold less what was taken back. Each is within the turnover limit, so the sum is.
func net(c booking.Counts) money.Amount {
	return money.Amount{Minor: c.Sales.Minor + c.Returns.Minor, Currency: c.Sales.Currency}
}

// seconds shows a duration as seconds and thousandths.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d.%03d", d/time.Second, d%time.Second/time.Millisecond)
}

func (r *result) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
