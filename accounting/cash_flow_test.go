package accounting_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// amounts are a statement's figures by name.
func amounts(c accounting.CashFlowStatement) map[string]int64 {
	out := map[string]int64{"operating": c.FromOperating.Minor, "investing": c.FromInvesting.Minor, "financing": c.FromFinancing.Minor,
		"exchange": c.Exchange.Total.Minor, "taken over": c.TakenOver.Total.Minor, "opening": c.Opening.Minor, "closing": c.Closing.Minor, "change": c.Change.Minor}
	for _, parts := range [][]accounting.CashFlowPart{c.Operating, c.Investing, c.Financing} {
		for _, p := range parts {
			out[p.Name] = p.Total.Minor
		}
	}
	return out
}

// TestCashFlow is a year of a shop: what is taken over, sold, bought, paid, invested, borrowed, depreciated, disposed of and revalued.
func TestCashFlow(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateAccounts(s.ctx, []accounting.NewAccount{
			{Code: "4990", Name: "Gain on disposals", Type: accounting.Income, CashFlow: accounting.CashFlowInvesting},
			{Code: dollarsCode, Name: "Dollar account", Type: accounting.Asset, Monetary: true, CashFlow: accounting.CashFlowCash}})
		require.NoError(t, err)
		s.rate("2010-12-31", "0.70")
		entry := func(on string, lines ...any) accounting.NewEntry {
			e := accounting.NewEntry{Date: day(on)}
			for i := 0; i < len(lines); i += 2 {
				account := accounting.ByCode(lines[i].(string))
				if minor := int64(lines[i+1].(int)); minor > 0 {
					e.Lines = append(e.Lines, accounting.DebitLine(account, gbp(minor)))
				} else {
					e.Lines = append(e.Lines, accounting.CreditLine(account, gbp(-minor)))
				}
			}
			return e
		}
		opening := entry("2010-01-01", "1300", 50_000, "0100", 9_000, "3100", -59_000)
		opening.Kind = accounting.KindOpening
		wages := entry("2010-03-31", "6000", 8_000, "2210", -3_000, "1300", -5_000)
		dollars := accounting.NewEntry{Date: day("2010-12-01"), Lines: []accounting.NewLine{{Account: accounting.ByCode(dollarsCode), Debit: usd(10_000), Base: gbp(6_400)},
			{Account: accounting.ByCode("2600"), Credit: usd(10_000), Base: gbp(6_400)}}}
		s.post(opening, wages, dollars,
			entry("2010-02-01", "0200", 20_000, "1300", -20_000),                            // a vehicle
			entry("2010-06-30", "7200", 4_000, "0290", -4_000),                              // depreciation
			entry("2010-07-01", "0290", 1_000, "0200", -6_000, "1300", 5_500, "4990", -500), // disposal
			entry("2010-07-02", "7300", 700, "1300", -700),                                  // interest
			entry("2010-07-03", "7900", 2_000, "2500", -2_000),                              // tax on profits: 1,500 of it are paid
			entry("2010-07-04", "2500", 1_500, "1300", -1_500), entry("2010-07-05", "3300", 900, "1300", -900))
		s.issue(invoice("I1", s.ann.ID, "2010-08-01", "100.00"))
		s.pay(accounting.NewPayment{Reference: "P1", PartyID: s.ann.ID, Direction: accounting.MoneyIn, Date: day("2010-08-02"), Amount: gbp(6_000)})
		s.revalue("2010-12-31")

		want := map[string]int64{"opening": 0, "taken over": 50_000, "exchange": 600, "closing": 50_000 - 5_000 - 20_000 + 5_500 - 700 - 1_500 - 900 + 6_000 + 7_000,
			"operating": 6_000 - 5_000 - 700 - 1_500, "investing": -20_000 + 5_500, "financing": 6_400 - 900, "change": 39_000 + 1_400,
			"Interest paid": -700, "Interest received": 0, "Dividends received": 0, "Income taxes paid": -1_500, "Investing activities": -14_500, "Capital and loans": 6_400,
			"Dividends paid": -900}
		direct, err := s.books.CashFlow(s.ctx, accounting.CashFlowDirect, day("2010-01-01"), day("2010-12-31"))
		require.NoError(t, err)
		want["Received from customers"], want["Paid to suppliers"], want["Paid to and for employees"], want["Other operating receipts and payments"] = 6_000, 0, -5_000, 0
		require.Equal(t, want, amounts(direct))
		require.Zero(t, direct.OutOfSlice.Minor)

		for _, name := range []string{"Received from customers", "Paid to suppliers", "Paid to and for employees", "Other operating receipts and payments"} {
			delete(want, name)
		}
		indirect, err := s.books.CashFlow(s.ctx, accounting.CashFlowIndirect, day("2010-01-01"), day("2010-12-31"))
		require.NoError(t, err)
		profit := int64(10_000 - 8_000 - 4_000 + 500 - 700 - 2_000 + 600)
		want["Profit"], want["Adjustments"], want["Changes in working capital"] = profit, 4_000-500+700+2_000-600, -4_000+3_000
		require.Equal(t, want, amounts(indirect))
		require.Equal(t, profit, indirect.Profit.Minor)

		_, err = s.closeYear(0)
		require.Error(t, err, "its periods are open")
		for _, method := range []accounting.CashFlowMethod{"", "cash"} {
			_, err = s.books.CashFlow(s.ctx, method, day("2010-01-01"), day("2010-12-31"))
			require.ErrorIs(t, err, accounting.ErrBadInput)
		}
		_, err = s.books.CashFlow(s.ctx, accounting.CashFlowDirect, day("2010-01-02"), day("2010-01-01"))
		require.ErrorIs(t, err, accounting.ErrBadInput)
	})
}

// TestCashFlowPlaces: an account's place is held to what it is, by the code and by the database, and moves in all statements.
func TestCashFlowPlaces(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		bad := func(in accounting.NewAccount) {
			in.Code, in.Name = "9000", "Odd"
			_, err := s.books.CreateAccount(s.ctx, in)
			require.ErrorIs(t, err, accounting.ErrRoleType)
		}
		bad(accounting.NewAccount{Type: accounting.Income, CashFlow: accounting.CashFlowCash})
		bad(accounting.NewAccount{Type: accounting.Asset, Control: accounting.ControlReceivable, CashFlow: accounting.CashFlowCash})
		bad(accounting.NewAccount{Type: accounting.Asset, Role: accounting.RoleBank, CashFlow: accounting.CashFlowOperating})
		_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "9000", Name: "Odd", Type: accounting.Asset, CashFlow: "elsewhere"})
		require.ErrorIs(t, err, accounting.ErrBadInput)

		overdraft, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "2099", Name: "Overdraft", Type: accounting.Liability, CashFlow: accounting.CashFlowCash})
		require.NoError(t, err)
		deposit, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "1305", Name: "Deposit", Type: accounting.Asset})
		require.NoError(t, err)
		require.Equal(t, accounting.CashFlowOperating, deposit.CashFlow)
		e := transfer("", "2010-12-01", 100)
		e.Lines[0].Account, e.Lines[1].Account = accounting.ByID(deposit.ID), accounting.ByID(overdraft.ID)
		s.post(e)
		of := func() accounting.CashFlowStatement {
			c, err := s.books.CashFlow(s.ctx, accounting.CashFlowDirect, day("2010-12-01"), day("2010-12-31"))
			require.NoError(t, err)
			return c
		}
		require.EqualValues(t, -100, of().Closing.Minor)
		require.EqualValues(t, -100, of().FromOperating.Minor)
		deposit, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: deposit.ID, Name: "Deposit", Active: true, CashFlow: accounting.CashFlowInvesting})
		require.NoError(t, err)
		require.EqualValues(t, -100, of().FromInvesting.Minor)
		deposit, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: deposit.ID, Name: "Deposit", Active: true, Role: accounting.RoleBank})
		require.NoError(t, err)
		require.Equal(t, accounting.CashFlowCash, deposit.CashFlow, "the bank is cash")
		require.Zero(t, of().Closing.Minor)
		_, err = s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: deposit.ID, Name: "Deposit", Active: true, Role: accounting.RoleBank, CashFlow: accounting.CashFlowOperating})
		require.ErrorIs(t, err, accounting.ErrRoleType)

		owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
		defer func() { _ = owner.Close() }()
		for _, set := range []string{"cash_flow = 'elsewhere'", "cash_flow = 'operating'"} {
			_, err = owner.Exec(s.env.SQL("UPDATE erp.accounts SET " + set + " WHERE role = 'bank'"))
			require.Error(t, err)
		}
	})
}

// TestCashFlowOfOpenings: what was taken over did not flow, its worths neither, until the instant that is asked about.
func TestCashFlowOfOpenings(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		opening := func(reference string, lines ...accounting.NewLine) accounting.Entry {
			e, err := s.books.OpenBalances(s.ctx, accounting.NewOpening{Reference: reference, Date: day("2010-12-01"), Lines: lines})
			require.NoError(t, err)
			return e
		}
		of := func(v interface {
			CashFlow(ctx context.Context, method accounting.CashFlowMethod, from, to date.Date, slices ...accounting.Slice) (accounting.CashFlowStatement, error)
		}) map[string]int64 {
			c, err := v.CashFlow(s.ctx, accounting.CashFlowDirect, day("2010-12-01"), day("2010-12-31"))
			require.NoError(t, err)
			require.Zero(t, c.OutOfSlice.Minor)
			return map[string]int64{"taken over": c.TakenOver.Total.Minor, "exchange": c.Exchange.Total.Minor, "operating": c.FromOperating.Minor,
				"investing": c.FromInvesting.Minor, "financing": c.FromFinancing.Minor, "change": c.Change.Minor}
		}
		first := opening("O1", accounting.DebitLine(accounting.ByCode("1300"), gbp(700)), accounting.DebitLine(accounting.ByCode("0200"), gbp(90)),
			accounting.NewLine{Account: accounting.ByCode("1400"), Debit: usd(0), Base: gbp(11)}, accounting.NewLine{Account: accounting.ByCode("1400"), Credit: usd(0), Base: gbp(1)})
		want := map[string]int64{"taken over": 710, "exchange": 0, "operating": 0, "investing": 0, "financing": 0, "change": 710}
		require.Equal(t, want, of(s.books))
		second := opening("O2", accounting.DebitLine(accounting.ByCode("1300"), gbp(5)))
		require.EqualValues(t, 715, of(s.books)["taken over"])
		require.Equal(t, want, of(s.books.KnownAt(second.PostedAt.Add(-time.Microsecond))))
		_, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: first.ID, Date: day("2010-12-02"), Reason: "mistaken"}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{"taken over": 5, "exchange": 0, "operating": 0, "investing": 0, "financing": 0, "change": 5}, of(s.books))
		s.sound()
	})
}

// TestWorthAlone: a line of no amount moves what is carried in base for a currency, in the entries and on the accounts that may have one.
func TestWorthAlone(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		entry := func(kind accounting.EntryKind, account accounting.AccountRef) error {
			_, err := s.books.Post(s.ctx, []accounting.NewEntry{{Kind: kind, Date: day("2010-12-01"), Lines: []accounting.NewLine{
				{Account: account, PartyID: s.ann.ID, Debit: usd(0), Base: gbp(5)}, accounting.CreditLine(accounting.ByRole(sales), gbp(5))}}})
			return err
		}
		for _, kind := range []accounting.EntryKind{accounting.KindOpening, accounting.KindExchange, accounting.KindRounding} {
			require.NoError(t, entry(kind, accounting.ByRole(cash)))
			require.ErrorIs(t, entry(kind, accounting.ByRole(receivable)), accounting.ErrBadInput, "an item that nothing settles")
		}
		for _, kind := range []accounting.EntryKind{"", accounting.KindStock, accounting.KindTill} {
			require.ErrorIs(t, entry(kind, accounting.ByRole(cash)), accounting.ErrBadInput)
		}
		for _, on := range []string{"2010-12-01", "2010-12-31", "2011-12-31", "2040-01-01"} { // from lines, and from kept balances
			held, err := s.books.CurrencyBalances(s.ctx, day(on))
			require.NoError(t, err)
			require.Len(t, held, 2, on)
			require.Equal(t, accounting.Holding{Amount: usd(0), Base: gbp(15)}, held[0].Holding)
			require.Equal(t, accounting.Holding{Amount: gbp(-15), Base: gbp(-15)}, held[1].Holding)
		}
		s.sound()
	})
}

// flowsOf is what a naive reader of all lines finds: by activity, and by what is no flow.
func (h *trade) flowsOf(days accounting.Span, in func(accounting.Line) bool) map[string]int64 {
	accounts := map[uuid.UUID]accounting.Account{}
	for next := ""; ; {
		page, err := h.books.ListAccounts(h.ctx, tenancy.PageRequest{Limit: 1000, After: next})
		require.NoError(h.rt, err)
		for _, a := range page.Items {
			accounts[a.ID] = a
		}
		if next = page.Next; next == "" {
			break
		}
	}
	out := map[string]int64{}
	page, err := h.books.ListEntries(h.ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(h.rt, err)
	require.Empty(h.rt, page.Next)
	for _, e := range page.Items {
		entry, err := h.books.GetEntry(h.ctx, e.ID)
		require.NoError(h.rt, err)
		for _, l := range entry.Lines {
			place := accounts[l.AccountID].CashFlow
			switch {
			case !in(l) || e.EntryDate.After(days.To) || e.Kind == accounting.KindYearEnd && place != accounting.CashFlowCash:
			case place == accounting.CashFlowCash && e.EntryDate.Before(days.From):
				out["opening"] += l.Amount.Minor
			case e.EntryDate.Before(days.From):
			case place == accounting.CashFlowCash && entry.Journal == accounting.JournalOpening:
				out["taken over"] += l.Amount.Minor
			case place == accounting.CashFlowCash && l.Transaction.Minor == 0: // only a revaluation moves the base alone
				out["exchange"] += l.Amount.Minor
				out["operating"] -= l.Amount.Minor
			case place == accounting.CashFlowCash || entry.Journal == accounting.JournalOpening:
			default:
				out[string(place.Activity())] -= l.Amount.Minor
			}
			if place == accounting.CashFlowCash && in(l) && !e.EntryDate.After(days.To) {
				out["closing"] += l.Amount.Minor
			}
		}
	}
	return out
}

// cashHolds holds both methods against each other, the balance sheet, the profit and loss, and what a naive reader finds.
func (h *trade) cashHolds(days accounting.Span, of ...accounting.Slice) {
	in := func(accounting.Line) bool { return true }
	if len(of) > 0 {
		in = func(l accounting.Line) bool { return slices.Contains(of[0].Values, l.Dimensions[of[0].Dimension]) }
	}
	naive := h.flowsOf(days, in)
	for _, method := range []accounting.CashFlowMethod{accounting.CashFlowDirect, accounting.CashFlowIndirect} {
		c, err := h.books.CashFlow(h.ctx, method, days.From, days.To, of...)
		require.NoError(h.rt, err)
		have := amounts(c)
		for _, name := range []string{"opening", "closing", "operating", "investing", "financing", "exchange", "taken over"} {
			require.Equal(h.rt, naive[name], have[name], "%s, %s to %s %v", name, days.From, days.To, of)
		}
		require.Equal(h.rt, c.Closing.Minor, c.Opening.Minor+c.FromOperating.Minor+c.FromInvesting.Minor+c.FromFinancing.Minor+c.Exchange.Total.Minor+
			c.TakenOver.Total.Minor+c.OutOfSlice.Minor)
		if len(of) == 0 {
			require.Zero(h.rt, c.OutOfSlice.Minor)
		}
		result, err := h.books.ProfitAndLoss(h.ctx, days.From, days.To, of...)
		require.NoError(h.rt, err)
		require.Equal(h.rt, result.NetProfit, c.Profit)
		sheet, err := h.books.BalanceSheet(h.ctx, days.To, of...)
		require.NoError(h.rt, err)
		var cash []accounting.StatementLine
		for _, l := range sheet.Assets {
			if slices.Contains([]string{"1300", "1305", "1400"}, l.Code) && l.Amount.Minor != 0 {
				cash = append(cash, l)
			}
		}
		require.Equal(h.rt, cash, c.Cash, "the balance sheet's cash")
	}
}

// TestCashFlowLaws (few histories, for a naive reader takes his time): whatever happened, cash at the beginning and what it moved by make the cash of the balance sheet; both methods
// and a reader of all lines find the same activities; groups sum to the whole.
func TestCashFlowLaws(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			laws.Check(t, 4, func(rt *rapid.T) {
				h := &trade{shop: newShop(t, env), rt: rt}
				h.owner = env.Owner(t, tenancy.ScopeOf(h.ctx).TenantID())
				defer func() { _ = h.owner.Close() }()
				h.analysed()
				h.cashHistory()
				spans := []accounting.Span{{From: day("2010-01-01"), To: day("2010-12-31")}, {From: h.date(), To: day("2010-12-31")}, {From: day("2010-11-01"), To: h.date().AddDays(31)},
					{From: day("2011-01-01"), To: day("2011-12-31")}}
				for _, days := range spans {
					h.cashHolds(days)
					h.cashHolds(days, accounting.Slice{Dimension: "shop", Values: []string{rapid.SampledFrom([]string{"york", "leeds", ""}).Draw(rt, "slice")}})
				}
				h.cashCompares(spans)
				h.itemsSlice(h.date())
			})
		})
	}
}

// cashHistory lets all happen that moves cash, and what must not look as if it did.
func (h *trade) cashHistory() {
	_, err := h.books.UpdateBooks(h.ctx, accounting.BooksChange{RateMaxAgeDays: 31, WriteOffLimit: gbp(1_000)})
	require.NoError(h.rt, err)
	_, err = h.books.CreateAccount(h.ctx, accounting.NewAccount{Code: dollarsCode, Name: "Dollar account", Type: accounting.Asset, Monetary: true, CashFlow: accounting.CashFlowCash})
	require.NoError(h.rt, err)
	for _, on := range []string{"2010-09-30", "2010-10-31", "2010-11-30", "2010-12-31"} {
		h.rateOf("USD", on, fmt.Sprintf("0.6%04d", rapid.IntRange(0, 9999).Draw(h.rt, "dollar")))
		h.rateOf("JPY", on, fmt.Sprintf("0.00%d", rapid.IntRange(600, 900).Draw(h.rt, "yen")))
	}
	acts := []func(){h.claimSome, h.payOne, h.setOff, h.exchangeOne, h.revalueOne, h.reverseLast, h.moveAny, h.moveAny, h.takeOver}
	for range rapid.IntRange(3, 12).Draw(h.rt, "acts") {
		acts[rapid.IntRange(0, len(acts)-1).Draw(h.rt, "act")]()
	}
	if rapid.Bool().Draw(h.rt, "close") {
		for i := 1; i <= 11; i++ {
			require.NoError(h.rt, h.setState(fmt.Sprintf("2010-%02d", i), accounting.PeriodLocked))
		}
		_, err := h.closeYear(0)
		require.NoError(h.rt, err)
	}
}

// moveAny posts between any two accounts, cash among them.
func (h *trade) moveAny() {
	codes := []string{"1300", dollarsCode, "1400", "0200", "0290", "2600", "2500", "3000", "3300", "7200", "7300", "7900", "4000", "6000", "1000"}
	a := h.amount()
	base := h.base(a)
	line := func(debit bool) accounting.NewLine {
		l := accounting.NewLine{Account: accounting.ByCode(rapid.SampledFrom(codes).Draw(h.rt, "account")), Base: base, Dimensions: h.dimensions()}
		if l.Debit = a; !debit {
			l.Debit, l.Credit = money.Amount{}, a
		}
		return l
	}
	h.post(accounting.NewEntry{Date: h.date(), Lines: []accounting.NewLine{line(true), line(false)}})
}

// takeOver books opening balances of a day, results among them, and may take them back.
func (h *trade) takeOver() {
	h.n++
	on := h.date()
	e, err := h.books.OpenBalances(h.ctx, accounting.NewOpening{Reference: fmt.Sprint("O", h.n), Date: on, Lines: []accounting.NewLine{
		{Account: accounting.ByCode("1300"), Debit: gbp(h.minor()), Dimensions: h.dimensions()}, accounting.DebitLine(accounting.ByCode("0200"), gbp(h.minor())),
		accounting.CreditLine(accounting.ByCode("4000"), gbp(h.minor()))}})
	require.NoError(h.rt, err)
	for again := 0; again < 2 && rapid.Bool().Draw(h.rt, "back"); again++ {
		back, err := h.books.Reverse(h.ctx, []accounting.Reversal{{EntryID: e.ID, Date: on, Reason: "law"}})
		require.NoError(h.rt, err)
		e = back[0]
	}
}

func (h *trade) minor() int64 { return rapid.Int64Range(1, 50_000).Draw(h.rt, "minor") }

// cashCompares: columns are the statements, groups sum to the whole, and lines of accounts are what Explain finds.
func (h *trade) cashCompares(spans []accounting.Span) {
	all, err := h.books.CompareCashFlows(h.ctx, accounting.CashFlowIndirect, spans)
	require.NoError(h.rt, err)
	for i, days := range spans {
		c, err := h.books.CashFlow(h.ctx, accounting.CashFlowIndirect, days.From, days.To)
		require.NoError(h.rt, err)
		column := map[string]int64{}
		for _, s := range all.Sections {
			column[s.Name] = s.Totals[i].Minor
		}
		require.Equal(h.rt, []int64{c.FromOperating.Minor, c.FromInvesting.Minor, c.FromFinancing.Minor, c.Opening.Minor, c.Change.Minor, c.Closing.Minor},
			[]int64{column["From operating activities"], column["From investing activities"], column["From financing activities"], column["Cash at the beginning"],
				column["Change in cash"], column["Cash at the end"]})
		groups, err := h.books.CashFlowBy(h.ctx, "shop", accounting.CashFlowIndirect, days.From, days.To)
		require.NoError(h.rt, err)
		whole, sum := amounts(c), map[string]int64{}
		var out int64
		for _, g := range groups {
			for name, minor := range amounts(g.Report) {
				sum[name] += minor
			}
			out += g.Report.OutOfSlice.Minor
		}
		require.Zero(h.rt, out)
		if len(groups) > 0 {
			require.Equal(h.rt, whole, sum)
		}
	}
	days := spans[1]
	c, err := h.books.CashFlow(h.ctx, accounting.CashFlowDirect, days.From, days.To)
	require.NoError(h.rt, err)
	for _, parts := range [][]accounting.CashFlowPart{c.Operating, c.Investing, c.Financing} {
		for _, p := range parts {
			for _, l := range p.Lines {
				if l.AccountID != uuid.Nil {
					require.Equal(h.rt, -l.Amount.Minor, h.explained(l, days), "%s %s", p.Name, l.Name)
				}
			}
		}
	}
}

// explained is what the lines behind a figure come to, without those of openings and closings.
func (h *trade) explained(l accounting.StatementLine, days accounting.Span) (minor int64) {
	x, err := h.books.Explain(h.ctx, accounting.ByID(l.AccountID), days.From, days.To, tenancy.PageRequest{Limit: 1000})
	require.NoError(h.rt, err)
	for i := range x.Lines {
		if line := &x.Lines[i]; line.Journal != accounting.JournalOpening && line.Kind != accounting.KindYearEnd {
			minor += line.Debit.Minor - line.Credit.Minor
		}
	}
	return minor
}

// TestCashFlowCostsTheSame: the statements that it sends do not grow with what was posted.
func TestCashFlowCostsTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		draw := func() {
			_, err := s.books.CashFlow(s.ctx, accounting.CashFlowIndirect, date.Of(2010, 1, 1), date.Of(2010, 12, 31))
			require.NoError(t, err)
		}
		s.post(transfer("", "2010-12-01", 1))
		draw()
		few := s.order(t, draw)
		for i := range 30 {
			s.post(transfer("", fmt.Sprintf("2010-%02d-01", i%12+1), 1))
		}
		require.Equal(t, few, s.order(t, draw), strings.Join(few, "\n"))
	})
}
