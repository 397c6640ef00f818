package bookstest

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Abroad is what a history of several currencies and dimensions has besides: a customer and vendor elsewhere, rates, an account in
// dollars, and cost centres and shops. None of it stands in the naive ledger.
type Abroad struct {
	*History
	Party   accounting.Party
	Dollars accounting.Account
}

// DollarCode is the code of the account in dollars.
const DollarCode = "D900"

// Abroad begins dealing in other currencies.
func (h *History) Abroad() *Abroad {
	parties, err := h.Books.CreateParties(h.Ctx, []accounting.NewParty{{Reference: "abroad", Name: "Cy", Customer: true, Vendor: true}})
	require.NoError(h.T, err)
	out := &Abroad{History: h, Party: parties[0]}
	out.Dollars, err = h.Books.CreateAccount(h.Ctx, accounting.NewAccount{Code: DollarCode, Name: "Dollar account", Type: accounting.Asset, Monetary: true,
		CashFlow: accounting.CashFlowCash})
	require.NoError(h.T, err)
	var rates []accounting.NewExchangeRate
	for _, on := range []string{"2010-09-30", "2010-10-31", "2010-11-30", "2010-12-31", "2011-01-31"} {
		for _, pair := range []struct {
			from     money.Currency
			format   string
			indirect bool
		}{{"USD", "0.6%03d", false}, {"JPY", "130.%03d", true}} { // yen are quoted for one pound
			n := accounting.NewExchangeRate{From: pair.from, To: "GBP", On: date.Must(on), Indirect: pair.indirect, Source: "law"}
			require.NoError(h.T, n.Rate.UnmarshalText(fmt.Appendf(nil, pair.format, rapid.IntRange(0, 999).Draw(h.T, "rate"))))
			rates = append(rates, n)
		}
	}
	_, err = h.Books.SetRates(h.Ctx, rates)
	require.NoError(h.T, err)
	_, err = h.Books.UpdateBooks(h.Ctx, accounting.BooksChange{RateMaxAgeDays: 62})
	require.NoError(h.T, err)
	for code, values := range map[string][]string{"shop": {"york", "leeds"}, "cost_centre": {"10", "=20"}} {
		_, err := h.Books.CreateDimension(h.Ctx, accounting.NewDimension{Code: code, Name: code})
		require.NoError(h.T, err)
		var in []accounting.NewDimensionValue
		for _, v := range values {
			if v[0] == '=' {
				v = "-" + v[1:] // a value that a spreadsheet would calculate
			}
			in = append(in, accounting.NewDimensionValue{Code: v, Name: "Value " + v})
		}
		_, err = h.Books.SetDimensionValues(h.Ctx, code, in)
		require.NoError(h.T, err)
	}
	return out
}

// Acts are what can happen abroad.
func (h *Abroad) Acts() []func() { return []func(){h.Trade, h.Trade, h.Settle, h.Exchange, h.Revalue} }

func (h *Abroad) amount() money.Amount {
	return money.Of(rapid.Int64Range(1, 50_000).Draw(h.T, "minor"), rapid.SampledFrom([]money.Currency{"GBP", "USD", "USD", "JPY"}).Draw(h.T, "currency"))
}

// worth is left to the rate of the day, or anything at all.
func (h *Abroad) worth(a money.Amount) money.Amount {
	if a.Currency == "GBP" || rapid.Bool().Draw(h.T, "at the rate") {
		return money.Amount{}
	}
	return pounds(rapid.Int64Range(0, 40_000).Draw(h.T, "worth"))
}

// Dimensions are some, or none.
func (h *Abroad) Dimensions() accounting.Dimensions {
	return rapid.SampledFrom([]accounting.Dimensions{nil, {"shop": "york"}, {"shop": "leeds"}, {"shop": "york", "cost_centre": "10"}, {"cost_centre": "-20"}}).Draw(h.T, "dimensions")
}

// Trade posts a claim, a debt, or money that moves.
func (h *Abroad) Trade() {
	a := h.amount()
	w := h.worth(a)
	line := func(account accounting.AccountRef, debit bool, party uuid.UUID) accounting.NewLine {
		l := accounting.CreditLine(account, a)
		if debit {
			l = accounting.DebitLine(account, a)
		}
		l.Base, l.PartyID, l.Dimensions = w, party, h.Dimensions()
		return l
	}
	e := accounting.NewEntry{Reference: h.Reference(), Date: h.Date(), Memo: h.memo()}
	dollars := accounting.ByID(h.Dollars.ID)
	switch rapid.IntRange(0, 3).Draw(h.T, "trade") {
	case 0:
		e.Lines = []accounting.NewLine{line(accounting.ByRole(accounting.RoleReceivable), true, h.Party.ID), line(accounting.ByRole(accounting.RoleSales), false, uuid.Nil)}
	case 1:
		e.Lines = []accounting.NewLine{line(accounting.ByRole(accounting.RoleFees), true, uuid.Nil), line(accounting.ByRole(accounting.RolePayable), false, h.Party.ID)}
	case 2:
		e.Lines = []accounting.NewLine{line(dollars, true, uuid.Nil), line(accounting.ByRole(accounting.RoleSales), false, uuid.Nil)}
	default:
		e.Lines = []accounting.NewLine{line(accounting.ByRole(accounting.RoleStock), true, uuid.Nil), line(dollars, false, uuid.Nil)}
	}
	must(h.History, h.Books.Post)([]accounting.NewEntry{e})
}

// Settle pays a part of an item, or all of it, and often at another worth than it stands in the books at.
func (h *Abroad) Settle() {
	all, err := h.Books.OpenItems(h.Ctx, date.Must("2011-12-31"))
	require.NoError(h.T, err)
	for _, o := range all.Items {
		if o.PartyID != h.Party.ID {
			continue
		}
		open, direction := o.OpenMinor, accounting.MoneyIn
		if open < 0 {
			open, direction = -open, accounting.MoneyOut
		}
		part := money.Of(rapid.Int64Range(1, open).Draw(h.T, "part"), o.Original.Currency)
		on := h.Date()
		if on.Before(o.ItemDate) {
			on = o.ItemDate
		}
		in := accounting.NewPayment{Reference: h.Reference(), PartyID: o.PartyID, Direction: direction, Date: on, Amount: part, Account: accounting.ByID(h.Dollars.ID),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: o.ID, Amount: part}}}
		in.Base = h.worth(part)
		must(h.History, h.Books.Pay)([]accounting.NewPayment{in})
		return
	}
}

// Exchange gives one currency for another.
func (h *Abroad) Exchange() {
	sold, bought := h.amount(), h.amount()
	if sold.Currency == bought.Currency {
		return
	}
	_, err := h.Books.Exchange(h.Ctx, []accounting.NewExchange{{Date: h.Date(), From: accounting.ByID(h.Dollars.ID), To: accounting.ByRole(accounting.RoleBank), Sold: sold, Bought: bought}})
	require.NoError(h.T, err)
}

// Revalue looks at a month's end.
func (h *Abroad) Revalue() {
	on := rapid.SampledFrom([]string{"2010-10-31", "2010-11-30", "2010-12-31"}).Draw(h.T, "end")
	_, err := h.Books.Revalue(h.Ctx, accounting.NewRevaluation{On: date.Must(on)})
	require.NoError(h.T, err)
}

// Invest posts money that goes into assets or comes from capital and loans, what moves none, and what was taken over.
func (h *History) Invest() {
	accounts := map[accounting.CashFlow][]uuid.UUID{}
	page, err := h.Books.ListAccounts(h.Ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(h.T, err)
	for i := range page.Items {
		if a := &page.Items[i]; a.Control == accounting.NoControl {
			accounts[a.CashFlow] = append(accounts[a.CashFlow], a.ID)
		}
	}
	pick := func() accounting.AccountRef {
		of := accounts[rapid.SampledFrom([]accounting.CashFlow{accounting.CashFlowInvesting, accounting.CashFlowFinancing, accounting.CashFlowDividendsPaid,
			accounting.CashFlowCash, accounting.CashFlowOperating}).Draw(h.T, "place")]
		return accounting.ByID(of[rapid.IntRange(0, len(of)-1).Draw(h.T, "account")])
	}
	e := accounting.NewEntry{Reference: h.Reference(), Date: h.Date(), Memo: h.memo()}
	if rapid.IntRange(0, 3).Draw(h.T, "opening") == 0 {
		e.Kind, e.Journal = accounting.KindOpening, accounting.JournalOpening
	}
	a := pounds(h.Minor())
	e.Lines = []accounting.NewLine{accounting.DebitLine(pick(), a), accounting.CreditLine(pick(), a)}
	must(h, h.Books.Post)([]accounting.NewEntry{e})
}
