package accounting_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// trade is a random history of a shop that deals in several currencies and analyses what it does.
type trade struct {
	*shop
	rt    *rapid.T
	owner *sql.DB // past the library
	n     int

	invoices         []accounting.Invoice
	bills            []accounting.Bill
	issued, credited date.Date   // the last in each series of numbers
	ahead, behind    []uuid.UUID // prepayment invoices, and vendors'
	debts            []accounting.BadDebt
}

// print is a hash of all of the tenant's rows in every table.
func (h *trade) print() string { return (&history{shop: h.shop, owner: h.owner}).print() }

func TestCurrencyLaws(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				h := &trade{shop: newShop(t, env), rt: rt}
				h.owner = env.Owner(t, tenancy.ScopeOf(h.ctx).TenantID())
				defer func() { _ = h.owner.Close() }()
				h.analysed()
				law := s20
				law.Relief = accounting.NewTaxRelief{Source: "a law for the test"}
				h.taxes(law)
				_, err := h.books.UpdateBooks(h.ctx, accounting.BooksChange{RateMaxAgeDays: 31, WriteOffLimit: gbp(1_000)})
				require.NoError(rt, err)
				for _, on := range []string{"2010-09-30", "2010-10-31", "2010-11-30", "2010-12-31"} {
					h.rateOf("USD", on, fmt.Sprintf("0.6%04d", rapid.IntRange(0, 9999).Draw(rt, "dollar")))
					h.rateOf("JPY", on, fmt.Sprintf("0.00%d", rapid.IntRange(600, 900).Draw(rt, "yen")))
				}
				for range rapid.IntRange(2, 14).Draw(rt, "acts") {
					acts := []func(){h.claimSome, h.sellOne, h.sellOne, h.buyOne, h.creditOne, h.creditOne, h.payOne, h.payOne, h.setOff, h.undoOne, h.undoOne, h.takeBackOne, h.writeOffOne, h.exchangeOne, h.revalueOne, h.reverseLast,
						h.prepayOne, h.prepayOne, h.finalOne, h.finalOne, h.creditAhead, h.loseOne, h.findOne}
					acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")]()
				}
				h.hold()
				h.finish()
				h.hold()
			})
		})
	}
}

func (h *trade) date() date.Date {
	return day("2010-10-01").AddDays(rapid.IntRange(0, 91).Draw(h.rt, "day"))
}

func (h *trade) amount() money.Amount {
	return money.Of(rapid.Int64Range(1, 50_000).Draw(h.rt, "minor"), rapid.SampledFrom([]money.Currency{"GBP", "USD", "USD", "JPY"}).Draw(h.rt, "currency"))
}

// base is left to the rate of the day, or any worth at all.
func (h *trade) base(a money.Amount) money.Amount {
	if a.Currency == "GBP" || rapid.Bool().Draw(h.rt, "at the rate") {
		return money.Amount{}
	}
	return gbp(rapid.Int64Range(0, 40_000).Draw(h.rt, "worth"))
}

func (h *trade) dimensions() accounting.Dimensions {
	return rapid.SampledFrom([]accounting.Dimensions{nil, {"shop": "york"}, {"shop": "leeds"}, {"shop": "york", "cost_centre": "10"}, {"cost_centre": "20"}}).Draw(h.rt, "dimensions")
}

// claimSome posts claims and debts.
func (h *trade) claimSome() {
	var in []accounting.NewEntry
	for range rapid.IntRange(1, 3).Draw(h.rt, "entries") {
		a := h.amount()
		base := h.base(a)
		h.n++
		party := accounting.NewLine{Account: accounting.ByRole(receivable), PartyID: h.ann.ID, Debit: a, Base: base, Dimensions: h.dimensions()}
		other := accounting.NewLine{Account: accounting.ByRole(sales), Credit: a, Base: base, Dimensions: h.dimensions()}
		if rapid.Bool().Draw(h.rt, "debt") {
			party = accounting.NewLine{Account: accounting.ByRole(payable), PartyID: h.ben.ID, Credit: a, Base: base}
			other = accounting.NewLine{Account: accounting.ByRole(accounting.RoleFees), Debit: a, Base: base, Dimensions: h.dimensions()}
		}
		in = append(in, accounting.NewEntry{Reference: fmt.Sprint("T", h.n), Date: h.date(), Lines: []accounting.NewLine{party, other}})
	}
	h.post(in...)
}

func (h *trade) items(pick func(accounting.OpenItem) bool) []accounting.OpenItem {
	all, err := h.books.OpenItems(h.ctx, day("2011-12-31"))
	require.NoError(h.rt, err)
	var out []accounting.OpenItem
	for _, o := range all.Items {
		if pick(o) {
			out = append(out, o)
		}
	}
	return out
}

// terms are one payment, or three instalments.
func (h *trade) terms(from date.Date) (t accounting.Terms) {
	if rapid.IntRange(0, 2).Draw(h.rt, "terms") == 0 {
		for i, percent := range []string{"33.33", "33.33", "33.34"} {
			t.Instalments = append(t.Instalments, accounting.Instalment{Due: from.AddDays(10 * (i + 1)), Percent: price(percent)})
		}
	}
	return t
}

func (h *trade) taxCode() string { return rapid.SampledFrom([]string{"", "S20"}).Draw(h.rt, "tax") }

// sellOne issues an invoice in any currency.
func (h *trade) sellOne() {
	h.issued = later(h.issued, h.date())
	in := accounting.NewInvoice{PartyID: h.ann.ID, Date: h.issued, Terms: h.terms(h.issued), Dimensions: h.dimensions()}
	in.Currency = h.amount().Currency
	for range rapid.IntRange(1, 3).Draw(h.rt, "lines") {
		a := money.Of(rapid.Int64Range(1, 50_000).Draw(h.rt, "minor"), in.Currency)
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(1), UnitPrice: a.Decimal(), TaxCode: h.taxCode(), Dimensions: h.dimensions()})
	}
	h.invoices = append(h.invoices, h.issue(in)[0])
}

// buyOne records a bill in any currency.
func (h *trade) buyOne() {
	a, on := h.amount(), h.date()
	h.bills = append(h.bills, h.bill(accounting.NewBill{PartyID: h.ben.ID, Date: on, Terms: h.terms(on), Currency: a.Currency, Dimensions: h.dimensions(),
		Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: a, TaxCode: h.taxCode()}}})[0])
}

// creditOne takes a part of an invoice or bill back, in its currency and at what it stood in the books at. Nothing is realised by it.
func (h *trade) creditOne() {
	before := h.realised()
	defer func() { require.Equal(h.rt, before, h.realised(), "a credit realises nothing") }()
	if len(h.bills) > 0 && rapid.Bool().Draw(h.rt, "of a bill") {
		b := &h.bills[rapid.IntRange(0, len(h.bills)-1).Draw(h.rt, "bill")]
		if left := b.Gross.Minor - b.CreditedMinor - h.lost(b.EntryID); left > 0 {
			part := rapid.Int64Range(1, left).Draw(h.rt, "part")
			h.bill(accounting.NewBill{Kind: accounting.VendorCreditDocument, CorrectsID: b.ID, Date: later(h.date(), b.BillDate),
				Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: money.Of(part, b.Gross.Currency)}}})
			b.CreditedMinor += part
		}
		return
	}
	if len(h.invoices) == 0 {
		return
	}
	v := &h.invoices[rapid.IntRange(0, len(h.invoices)-1).Draw(h.rt, "invoice")]
	if slices.ContainsFunc(h.debts, func(d accounting.BadDebt) bool { return d.InvoiceID == v.ID }) {
		return // h.lost does not count it
	}
	lost := h.lost(v.EntryID)
	if left := v.Gross.Minor - v.CreditedMinor - lost; lost > 0 {
		_, err := h.books.Issue(h.ctx, []accounting.NewInvoice{{Kind: accounting.CreditNoteDocument, CorrectsID: v.ID, Date: later(h.credited, v.InvoiceDate),
			Lines: []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: money.Of(left+1, v.Gross.Currency).Decimal()}}}})
		require.ErrorIs(h.rt, err, accounting.ErrOverCredited, "what is claimed no more is not credited")
	}
	if left := v.Gross.Minor - v.CreditedMinor - lost; left > 0 {
		part := rapid.Int64Range(1, left).Draw(h.rt, "part")
		h.credited = later(h.credited, later(h.date(), v.InvoiceDate))
		h.issue(accounting.NewInvoice{Kind: accounting.CreditNoteDocument, CorrectsID: v.ID, Date: h.credited,
			Lines: []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: money.Of(part, v.Gross.Currency).Decimal()}}})
		v.CreditedMinor += part
	}
}

// lost is what was written off of a document and is not claimed again.
func (h *trade) lost(entry uuid.UUID) int64 {
	type sum struct {
		Minor int64 `bun:"minor"`
	}
	all, err := tenancy.View(h.ctx, h.env.DB, accounting.PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]sum, error) {
		return tenancy.Report[sum](ctx, tx, `SELECT CAST(COALESCE(SUM(a.amount_minor), 0) AS BIGINT) AS minor FROM {allocations} AS a
			JOIN {open_items} AS d ON d.id = a.debit_id JOIN {open_items} AS c ON c.id = a.credit_id
			WHERE (d.entry_id = ? AND c.kind = 'write_off' OR c.entry_id = ? AND d.kind = 'write_off')`, entry, entry)
	})
	require.NoError(h.rt, err)
	return all[0].Minor
}

// payable is what is open under an item's id: that of a document's first instalment is the document's own, and pays the others too.
func (h *trade) payable(o accounting.OpenItem) (open int64) {
	for _, i := range h.items(func(i accounting.OpenItem) bool { return i.EntryID == o.EntryID }) {
		for n := 2; i.ID != o.ID && i.ID != accounting.InstalmentID(o.ID, n); n++ {
			if n > accounting.MaxInstalments {
				return o.OpenMinor // o is one of the others itself, or no document
			}
		}
		open += i.OpenMinor
	}
	return open
}

// payOne pays a part of an item, all of it, some of a document's further instalments, or tries to pay more than is open.
func (h *trade) payOne() {
	items := h.items(func(accounting.OpenItem) bool { return true })
	if len(items) == 0 {
		return
	}
	o := rapid.SampledFrom(items).Draw(h.rt, "item")
	open, direction := h.payable(o), accounting.MoneyIn
	if open < 0 {
		open, direction = -open, accounting.MoneyOut
	}
	part := min(rapid.Int64Range(1, open+open/4+1).Draw(h.rt, "part"), open+1)
	more := rapid.Int64Range(0, 500).Draw(h.rt, "on account")
	h.n++
	in := accounting.NewPayment{Reference: fmt.Sprint("P", h.n), PartyID: o.PartyID, Direction: direction, Date: later(h.date(), o.ItemDate), Amount: money.Of(part+more, o.Original.Currency),
		Allocate: []accounting.PaymentAllocation{{InvoiceID: o.ID, Amount: money.Of(part, o.Original.Currency)}}}
	in.Base = h.base(in.Amount)
	if part > open {
		before := h.print()
		_, err := h.books.Pay(h.ctx, []accounting.NewPayment{in})
		require.ErrorIs(h.rt, err, accounting.ErrOverAllocated)
		require.Equal(h.rt, before, h.print(), "what is refused changes nothing")
		return
	}
	before := h.realised()
	h.pay(in)
	if ahead(o) {
		require.Equal(h.rt, before, h.realised(), "what is paid in advance realises nothing")
	}
	if rapid.IntRange(0, 3).Draw(h.rt, "retry") > 0 {
		return // looking at every table takes its time
	}
	state := h.print()
	require.True(h.rt, h.pay(in)[0].Replayed)
	require.Equal(h.rt, state, h.print(), "a retry is one effect")
	in.Amount.Minor++
	_, err := h.books.Pay(h.ctx, []accounting.NewPayment{in})
	require.ErrorIs(h.rt, err, accounting.ErrReferenceTaken)
}

// setOff allocates a debit to a credit of the same party and currency.
func (h *trade) setOff() {
	for _, d := range h.items(func(o accounting.OpenItem) bool { return o.OpenMinor > 0 }) {
		credits := h.items(func(o accounting.OpenItem) bool {
			return o.OpenMinor < 0 && o.AccountID == d.AccountID && o.Original.Currency == d.Original.Currency && o.PartyID == d.PartyID
		})
		if len(credits) == 0 {
			continue
		}
		c := credits[0]
		amount := rapid.Int64Range(1, min(d.OpenMinor, -c.OpenMinor)).Draw(h.rt, "set off")
		in := accounting.NewAllocation{DebitID: d.ID, CreditID: c.ID, Date: later(h.date(), later(d.ItemDate, c.ItemDate)), Amount: money.Of(amount, d.Original.Currency)}
		if again := later(d.ReopenedOn, c.ReopenedOn); in.Date.Before(again) {
			_, err := h.books.Allocate(h.ctx, []accounting.NewAllocation{in})
			require.ErrorIs(h.rt, err, accounting.ErrBadInput, "until an allocation is undone there is nothing to settle")
			in.Date = again
		}
		_, err := h.books.Allocate(h.ctx, []accounting.NewAllocation{in})
		require.NoError(h.rt, err)
		return
	}
}

func (h *trade) writeOffOne() {
	items := h.items(func(o accounting.OpenItem) bool { return abs(o.OpenBaseMinor) <= 1_000 && !ahead(o) })
	if len(items) == 0 {
		return
	}
	o := rapid.SampledFrom(items).Draw(h.rt, "item")
	in := accounting.NewWriteOff{ItemID: o.ID, Date: later(h.date(), o.ItemDate), PaymentWriteOff: accounting.PaymentWriteOff{
		Amount: money.Of(rapid.Int64Range(1, abs(o.OpenMinor)).Draw(h.rt, "write off"), o.Original.Currency), Account: accounting.ByRole(accounting.RoleBadDebt),
		Dimensions: h.dimensions(), Reason: "law"}}
	if in.Date.Before(o.ReopenedOn) {
		_, err := h.books.WriteOff(h.ctx, []accounting.NewWriteOff{in})
		require.ErrorIs(h.rt, err, accounting.ErrBadInput, "until an allocation is undone there is nothing to write off")
		in.Date = o.ReopenedOn
	}
	_, err := h.books.WriteOff(h.ctx, []accounting.NewWriteOff{in})
	require.NoError(h.rt, err)
}

func (h *trade) exchangeOne() {
	sold, bought := h.amount(), h.amount()
	if sold.Currency == bought.Currency {
		return
	}
	_, err := h.books.Exchange(h.ctx, []accounting.NewExchange{{Date: h.date(), From: accounting.ByRole(accounting.RoleBank), To: accounting.ByRole(cash), Sold: sold, Bought: bought}})
	require.NoError(h.rt, err)
}

// revalueOne revalues a month's end: it may have been revalued before, and facts may have come late.
func (h *trade) revalueOne() {
	on := rapid.SampledFrom([]string{"2010-10-31", "2010-11-30", "2010-12-31"}).Draw(h.rt, "end")
	h.revalue(on)
	require.True(h.rt, h.revalue(on).Replayed, "again finds nothing")
	next := day(on).AddDays(1).String()
	bank := h.on(next, accounting.ByRole(accounting.RoleBank))
	for _, role := range []accounting.Role{customersTo, vendorsTo} {
		require.Zero(h.rt, h.on(next, accounting.ByRole(role)), "a revaluation and its reversal are zero")
	}
	require.Equal(h.rt, bank, h.on(next, accounting.ByRole(accounting.RoleBank)))
}

func (h *trade) reverseLast() {
	entries := h.items(func(o accounting.OpenItem) bool {
		return o.Kind == accounting.KindEntry && o.OpenMinor == o.Original.Minor
	})
	if len(entries) == 0 {
		return
	}
	o := rapid.SampledFrom(entries).Draw(h.rt, "entry")
	_, err := h.books.Reverse(h.ctx, []accounting.Reversal{{EntryID: o.EntryID, Date: later(h.date(), o.ItemDate), Reason: "law"}})
	require.NoError(h.rt, err)
	require.Empty(h.rt, h.items(func(i accounting.OpenItem) bool { return i.ID == o.ID }), "a reversal settles what it reverses")
}

// undoOne undoes an allocation that somebody made: the items are worth what they were worth without it.
func (h *trade) undoOne() {
	made := h.settlements()
	if len(made) == 0 {
		return
	}
	a := rapid.SampledFrom(made).Draw(h.rt, "allocation")
	in := accounting.Unallocation{AllocationID: a.ID, Reference: fmt.Sprint("U", a.ID), Date: later(h.date(), a.AllocatedOn), Reason: "law"}
	was := h.print()
	out, err := h.books.Unallocate(h.ctx, []accounting.Unallocation{in})
	if h.used(a) && errors.Is(err, accounting.ErrTaxUnsupported) {
		require.Equal(h.rt, was, h.print(), "what is refused changes nothing")
		return
	}
	require.NoError(h.rt, err)
	require.Equal(h.rt, []int64{-a.DebitBaseMinor, -a.CreditBaseMinor}, []int64{out[0].DebitBaseMinor, out[0].CreditBaseMinor})
	before := h.print()
	again, err := h.books.Unallocate(h.ctx, []accounting.Unallocation{in})
	require.NoError(h.rt, err)
	require.True(h.rt, again[0].Replayed)
	_, err = h.books.Unallocate(h.ctx, []accounting.Unallocation{{AllocationID: a.ID, Date: in.Date, Reason: "law"}})
	require.ErrorIs(h.rt, err, accounting.ErrAlreadyUnallocated)
	require.Equal(h.rt, before, h.print(), "a retry is one effect")
}

// settlements are the allocations that stand and belong to no reversal.
func (h *trade) settlements() []accounting.Allocation {
	all, err := tenancy.View(h.ctx, h.env.DB, accounting.PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]accounting.Allocation, error) {
		return tenancy.Report[accounting.Allocation](ctx, tx, `SELECT a.* FROM {allocations} AS a JOIN {open_items} AS d ON d.id = a.debit_id JOIN {open_items} AS c ON c.id = a.credit_id
			WHERE a.undoes_id IS NULL AND NOT EXISTS (SELECT 1 FROM {allocations} AS u WHERE u.undoes_id = a.id) AND d.kind NOT IN ('reversal', 'bad_debt') AND c.kind NOT IN ('reversal', 'bad_debt') ORDER BY a.id`)
	})
	require.NoError(h.rt, err)
	return all
}

func (h *trade) takeBackOne() {
	page, err := h.books.ListPayments(h.ctx, tenancy.PageRequest{Limit: 100})
	require.NoError(h.rt, err)
	ids := []uuid.UUID{}
	for _, p := range page.Items {
		ids = append(ids, p.ID)
	}
	gone, err := h.books.PaymentReversals(h.ctx, ids)
	require.NoError(h.rt, err)
	left := slices.DeleteFunc(page.Items, func(p accounting.Payment) bool { return gone[p.ID].ID != uuid.Nil })
	if len(left) == 0 {
		return
	}
	p := rapid.SampledFrom(left).Draw(h.rt, "payment")
	_, err = h.books.ReversePayments(h.ctx, []accounting.PaymentReversal{{PaymentID: p.ID, Date: later(h.date(), p.PaymentDate), Reason: "law"}})
	if errors.Is(err, accounting.ErrTaxUnsupported) {
		made, err := h.books.Allocations(h.ctx, p.ID)
		require.NoError(h.rt, err)
		recovers := slices.ContainsFunc(h.debts, func(d accounting.BadDebt) bool { return d.RecoveredMinor > 0 && d.PartyID == p.PartyID })
		require.True(h.rt, recovers || slices.ContainsFunc(made, h.used), "a payment is taken back, unless a prepayment or a recovery counts on it")
		return
	}
	require.NoError(h.rt, err)
	require.Empty(h.rt, h.items(func(o accounting.OpenItem) bool { return o.ID == p.ID }))
}

// hold checks the laws.
func (h *trade) hold() {
	checks, err := h.books.Verify(h.ctx)
	require.NoError(h.rt, err)
	for _, c := range checks {
		require.True(h.rt, c.OK, "%s: %s", c.Name, c.Detail)
	}
	h.boxes() // the tax report equals the ledger, in base
	for _, on := range []date.Date{h.date(), h.date(), day("2011-12-31")} {
		whole, err := h.books.TrialBalance(h.ctx, on)
		require.NoError(h.rt, err)
		require.Equal(h.rt, whole.Debit, whole.Credit, "debits equal credits")
		open, err := h.books.OpenItems(h.ctx, on)
		require.NoError(h.rt, err)
		require.Equal(h.rt, h.on(on.String(), accounting.ByRole(receivable)), open.Receivables.Minor, "open items equal the control account on %s", on)
		require.Equal(h.rt, h.on(on.String(), accounting.ByRole(payable)), open.Payables.Minor, "open items equal the control account on %s", on)
		for _, o := range open.Items {
			require.Positive(h.rt, o.OpenMinor/abs(o.OpenMinor)*o.Original.Minor, "no day has more settled than there is")
			require.LessOrEqual(h.rt, abs(o.OpenMinor), abs(o.Original.Minor))
			require.LessOrEqual(h.rt, abs(o.OpenBaseMinor), abs(o.BaseMinor))
		}
		aged, err := h.books.AgedItems(h.ctx, accounting.AgingQuery{Control: accounting.ControlReceivable, AsOf: on})
		require.NoError(h.rt, err)
		require.Equal(h.rt, open.Receivables, aged.Total.Sum)
		sheet, err := h.books.BalanceSheet(h.ctx, on)
		require.NoError(h.rt, err)
		require.Zero(h.rt, sheet.OutOfSlice.Minor)
		for _, dimension := range []string{"shop", "cost_centre"} {
			left := map[string]int64{}
			for _, l := range whole.Lines {
				left[l.Code] = l.Debit.Minor - l.Credit.Minor
			}
			groups, err := h.books.TrialBalanceBy(h.ctx, dimension, on)
			require.NoError(h.rt, err)
			for _, g := range groups {
				for _, l := range g.Report.Lines {
					left[l.Code] -= l.Debit.Minor - l.Credit.Minor
				}
			}
			for code, minor := range left {
				require.Zero(h.rt, minor, "account %s by %s sums to the whole", code, dimension)
			}
		}
	}
}
