// Package bookstest walks random histories of a tenant's books, for the tests of every package that reads or rewrites them.
package bookstest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// History is a random history of books in GBP that are open for 2010 and 2011, and what it must come to: a naive ledger kept beside
// it.
type History struct {
	T     *rapid.T
	Ctx   context.Context
	Books *accounting.Service
	Ann   accounting.Party // a customer
	Ben   accounting.Party // a customer and vendor
	Memos []string         // what entries are given one of; none when empty

	Ledger []Move
	Manual map[uuid.UUID]date.Date // entries that can still be reversed

	first      date.Date
	receivable uuid.UUID
	left       map[uuid.UUID]int64 // what can still be credited of an invoice
	billed     map[uuid.UUID]accounting.Bill
	latest     map[string]date.Date
	paid       []accounting.Payment    // and not taken back
	allocated  []accounting.Allocation // by AllocateOne and PaySome, and not undone
	n          int
}

// Move is a line of the naive ledger.
type Move struct {
	On      date.Date
	Account accounting.Role
	Party   uuid.UUID
	Minor   int64
}

// New begins a history.
func New(ctx context.Context, t *rapid.T, books *accounting.Service, ann, ben accounting.Party) *History {
	receivable, err := books.GetAccount(ctx, accounting.ByRole(accounting.RoleReceivable))
	require.NoError(t, err)
	return &History{T: t, Ctx: ctx, Books: books, Ann: ann, Ben: ben, Manual: map[uuid.UUID]date.Date{}, first: date.Must("2010-10-01"), receivable: receivable.ID,
		left: map[uuid.UUID]int64{}, billed: map[uuid.UUID]accounting.Bill{}, latest: map[string]date.Date{}}
}

// Acts are what can happen, besides what a test adds of its own.
func (h *History) Acts() []func() {
	return []func(){h.PostSome, h.ReverseOne, h.IssueSome, h.CreditOne, h.PaySome, h.AllocateOne, h.BillSome, h.VendorCreditOne, h.UnallocateOne, h.TakeBackOne}
}

// Walk lets so many of the acts happen.
func (h *History) Walk(least, most int, acts []func()) {
	for range rapid.IntRange(least, most).Draw(h.T, "acts") {
		acts[rapid.IntRange(0, len(acts)-1).Draw(h.T, "act")]()
	}
}

// Control is the control account of an open item.
func (h *History) Control(o accounting.OpenItem) accounting.Role {
	if o.AccountID == h.receivable {
		return accounting.RoleReceivable
	}
	return accounting.RolePayable
}

// must is an act that may not fail.
func must[In, Out any](h *History, act func(context.Context, []In) ([]Out, error)) func([]In) []Out {
	return func(in []In) []Out {
		out, err := act(h.Ctx, in)
		require.NoError(h.T, err)
		return out
	}
}

func pounds(minor int64) money.Amount { return money.Of(minor, "GBP") }

// one is a quantity of 1.
var one = func() money.Quantity {
	q, err := money.Units(1)
	if err != nil {
		panic(err)
	}
	return q
}()

// Date is a day of the history.
func (h *History) Date() date.Date {
	return h.first.AddDays(rapid.IntRange(0, 150).Draw(h.T, "day"))
}

// Reference is one that was not used before.
func (h *History) Reference() string { h.n++; return fmt.Sprint("ref-", h.n) }

func (h *History) memo() string {
	if len(h.Memos) == 0 {
		return ""
	}
	return rapid.SampledFrom(h.Memos).Draw(h.T, "memo")
}

func (h *History) party() uuid.UUID {
	if rapid.Bool().Draw(h.T, "ann") {
		return h.Ann.ID
	}
	return h.Ben.ID
}

// vendor is one of them who is one.
func (h *History) vendor() uuid.UUID {
	if h.Ann.Vendor {
		return h.party()
	}
	return h.Ben.ID
}

// Minor is an amount in minor units.
func (h *History) Minor() int64 { return rapid.Int64Range(1, 100_000).Draw(h.T, "minor") }

var ordinary = []accounting.Role{accounting.RoleCash, accounting.RoleBank, accounting.RoleSales, accounting.RoleFees, accounting.RoleStock, accounting.RoleOpeningEquity}

// PostSome posts entries of several lines, some on the control account.
func (h *History) PostSome() {
	var in []accounting.NewEntry
	for range rapid.IntRange(1, 3).Draw(h.T, "entries") {
		e := accounting.NewEntry{Reference: h.Reference(), Date: h.Date(), Memo: h.memo()}
		var total int64
		for range rapid.IntRange(1, 4).Draw(h.T, "lines") {
			l := accounting.NewLine{Account: accounting.ByRole(rapid.SampledFrom(ordinary).Draw(h.T, "account"))}
			if rapid.IntRange(0, 3).Draw(h.T, "control") == 0 {
				l.Account, l.PartyID = accounting.ByRole(accounting.RoleReceivable), h.party()
			}
			minor := h.Minor()
			if rapid.Bool().Draw(h.T, "debit") {
				l.Debit, total = pounds(minor), total+minor
			} else {
				l.Credit, total = pounds(minor), total-minor
			}
			e.Lines = append(e.Lines, l)
		}
		switch counter := accounting.ByRole(rapid.SampledFrom(ordinary).Draw(h.T, "counter")); {
		case total > 0:
			e.Lines = append(e.Lines, accounting.CreditLine(counter, pounds(total)))
		case total < 0:
			e.Lines = append(e.Lines, accounting.DebitLine(counter, pounds(-total)))
		case len(e.Lines) < 2:
			continue
		}
		in = append(in, e)
	}
	for i, e := range must(h, h.Books.Post)(in) {
		h.Manual[e.ID] = e.EntryDate
		h.Book(in[i].Date, in[i].Lines)
	}
}

// Book keeps the naive ledger.
func (h *History) Book(on date.Date, lines []accounting.NewLine) {
	for _, l := range lines {
		minor := l.Debit.Minor - l.Credit.Minor
		h.Ledger = append(h.Ledger, Move{on, accounting.Role(strings.TrimPrefix(l.Account.String(), "role:")), l.PartyID, minor})
	}
}

// ReverseOne takes back one of the entries that can be.
func (h *History) ReverseOne() {
	ids := slices.SortedFunc(maps.Keys(h.Manual), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(h.T, "entry")
	on := h.Manual[id].AddDays(rapid.IntRange(0, 30).Draw(h.T, "later"))
	before, err := h.Books.GetEntry(h.Ctx, id)
	require.NoError(h.T, err)
	out, err := h.Books.Reverse(h.Ctx, []accounting.Reversal{{EntryID: id, Date: on, Reason: "law"}})
	require.NoError(h.T, err)
	delete(h.Manual, id)
	h.Manual[out[0].ID] = on
	roles := map[uuid.UUID]accounting.Role{}
	for _, r := range append(ordinary, accounting.RoleReceivable) {
		a, err := h.Books.GetAccount(h.Ctx, accounting.ByRole(r))
		require.NoError(h.T, err)
		roles[a.ID] = r
	}
	for _, l := range before.Lines {
		h.Ledger = append(h.Ledger, Move{on, roles[l.AccountID], l.PartyID, -l.Amount.Minor})
	}
}

// issueDate keeps the documents of a series in order.
func (h *History) issueDate(series string) date.Date {
	from := h.first
	if last, ok := h.latest[series]; ok {
		from = last
	}
	on := from.AddDays(rapid.IntRange(0, 5).Draw(h.T, "gap"))
	if on.Year() != from.Year() && series != "" {
		on = from // one fiscal year is enough here
	}
	h.latest[series] = on
	return on
}

// IssueSome issues an invoice, sometimes settled at once.
func (h *History) IssueSome() {
	in := accounting.NewInvoice{Reference: h.Reference(), PartyID: h.party(), Date: h.issueDate("INV")}
	var total int64
	for range rapid.IntRange(1, 4).Draw(h.T, "lines") {
		minor := h.Minor()
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: one, UnitPrice: pounds(minor).Decimal()})
		total += minor
	}
	counter := accounting.RoleReceivable
	if rapid.IntRange(0, 2).Draw(h.T, "settled") == 0 {
		in.SettledBy, counter = accounting.ByRole(accounting.RoleCash), accounting.RoleCash
	}
	v := must(h, h.Books.Issue)([]accounting.NewInvoice{in})[0]
	require.Equal(h.T, pounds(total), v.Gross)
	h.left[v.ID] = total
	h.Ledger = append(h.Ledger, Move{in.Date, counter, in.PartyID, total}, Move{in.Date, accounting.RoleSales, uuid.Nil, -total})
}

// CreditOne issues a credit note, sometimes of an invoice and sometimes of too much of it.
func (h *History) CreditOne() {
	in := accounting.NewInvoice{Kind: accounting.CreditNoteDocument, Reference: h.Reference(), Date: h.issueDate("CN"), PartyID: h.party()}
	total := h.Minor()
	want := error(nil)
	if ids := sorted(h.left); len(ids) > 0 && rapid.Bool().Draw(h.T, "corrects") {
		in.CorrectsID = rapid.SampledFrom(ids).Draw(h.T, "invoice")
		in.PartyID = uuid.Nil
		in.Date = later(in.Date, h.latest["INV"])
		h.latest["CN"] = in.Date
		if total > h.left[in.CorrectsID] {
			want = accounting.ErrOverCredited
		}
	}
	in.Lines = []accounting.NewInvoiceLine{{Quantity: one, UnitPrice: pounds(total).Decimal()}}
	out, err := h.Books.Issue(h.Ctx, []accounting.NewInvoice{in})
	if want != nil {
		require.ErrorIs(h.T, err, want)
		return
	}
	require.NoError(h.T, err)
	if in.CorrectsID != uuid.Nil {
		h.left[in.CorrectsID] -= total
	}
	h.Ledger = append(h.Ledger, Move{in.Date, accounting.RoleReceivable, out[0].PartyID, -total}, Move{in.Date, accounting.RoleSales, uuid.Nil, total})
}

func later(a, b date.Date) date.Date {
	if a.Before(b) {
		return b
	}
	return a
}

func sorted[V any](m map[uuid.UUID]V) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(m), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
}

// BillSome records a vendor's bill.
func (h *History) BillSome() {
	in := accounting.NewBill{Reference: h.Reference(), VendorNumber: h.Reference(), PartyID: h.vendor(), Date: h.Date()}
	var total int64
	for range rapid.IntRange(1, 3).Draw(h.T, "lines") {
		minor, account := h.Minor(), rapid.SampledFrom(ordinary[2:]).Draw(h.T, "account") // money is no line of a bill
		in.Lines = append(in.Lines, accounting.NewBillLine{Account: accounting.ByRole(account), Net: pounds(minor)})
		h.Ledger = append(h.Ledger, Move{in.Date, account, uuid.Nil, minor})
		total += minor
	}
	v := must(h, h.Books.Bill)([]accounting.NewBill{in})[0]
	require.Equal(h.T, pounds(total), v.Gross)
	h.billed[v.ID] = v
	h.Ledger = append(h.Ledger, Move{in.Date, accounting.RolePayable, in.PartyID, -total})
}

// VendorCreditOne takes back a part of a bill, and sometimes too much of it.
func (h *History) VendorCreditOne() {
	ids := sorted(h.billed)
	if len(ids) == 0 {
		return
	}
	v := h.billed[rapid.SampledFrom(ids).Draw(h.T, "bill")]
	left := v.Gross.Minor - v.CreditedMinor
	minor := rapid.Int64Range(1, left+1).Draw(h.T, "credit")
	in := accounting.NewBill{Kind: accounting.VendorCreditDocument, Reference: h.Reference(), CorrectsID: v.ID, Date: v.BillDate.AddDays(1),
		Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: pounds(minor)}}}
	_, err := h.Books.Bill(h.Ctx, []accounting.NewBill{in})
	if minor > left {
		require.ErrorIs(h.T, err, accounting.ErrOverCredited)
		return
	}
	require.NoError(h.T, err)
	v.CreditedMinor += minor
	h.billed[v.ID] = v
	h.Ledger = append(h.Ledger, Move{in.Date, accounting.RolePayable, v.PartyID, minor}, Move{in.Date, accounting.RoleFees, uuid.Nil, -minor})
}

// PaySome pays some of what is open, and sometimes too much of it.
func (h *History) PaySome() {
	in := accounting.NewPayment{Reference: h.Reference(), PartyID: h.party(), Direction: accounting.MoneyIn, Date: h.Date(), Amount: pounds(h.Minor())}
	left, want := in.Amount.Minor, error(nil)
	all, err := h.Books.OpenItems(h.Ctx, date.Must("2011-12-31"))
	require.NoError(h.T, err)
	for _, o := range all.Items {
		if o.PartyID != in.PartyID || o.OpenMinor <= 0 || left == 0 || o.AccountID != h.receivable {
			continue
		}
		pay := min(left, rapid.Int64Range(1, o.OpenMinor+1).Draw(h.T, "pay"))
		if pay > o.OpenMinor {
			want = accounting.ErrOverAllocated
		}
		in.Allocate = append(in.Allocate, accounting.PaymentAllocation{InvoiceID: o.ID, Amount: pounds(pay)})
		left -= pay
	}
	out, err := h.Books.Pay(h.Ctx, []accounting.NewPayment{in})
	if want != nil {
		require.ErrorIs(h.T, err, want)
		return
	}
	require.NoError(h.T, err)
	h.paid = append(h.paid, out[0])
	made, err := h.Books.Allocations(h.Ctx, out[0].ID)
	require.NoError(h.T, err)
	h.allocated = append(h.allocated, made...)
	h.Ledger = append(h.Ledger, Move{in.Date, accounting.RoleBank, uuid.Nil, in.Amount.Minor},
		Move{in.Date, accounting.RoleReceivable, in.PartyID, -in.Amount.Minor})
}

// AllocateOne sets off the first two items that can be.
func (h *History) AllocateOne() {
	all, err := h.Books.OpenItems(h.Ctx, date.Must("2011-12-31"))
	require.NoError(h.T, err)
	for _, d := range all.Items {
		for _, c := range all.Items {
			if d.OpenMinor <= 0 || c.OpenMinor >= 0 || d.Original.Currency != "GBP" || c.Original.Currency != "GBP" || d.PartyID != c.PartyID || d.AccountID != c.AccountID {
				continue
			}
			on := date.Must("2011-06-30")
			for _, reopened := range []date.Date{d.ReopenedOn, c.ReopenedOn} { // until then there was nothing to settle
				if on.Before(reopened) {
					on = reopened
				}
			}
			made, err := h.Books.Allocate(h.Ctx, []accounting.NewAllocation{{DebitID: d.ID, CreditID: c.ID, Date: on, Amount: pounds(min(d.OpenMinor, -c.OpenMinor))}})
			require.NoError(h.T, err)
			h.allocated = append(h.allocated, made...)
			return
		}
	}
}

// UnallocateOne undoes one of the allocations, which moves no balance: the items are open again from a day on, and on every day before it
// as they were.
func (h *History) UnallocateOne() {
	if len(h.allocated) == 0 {
		return
	}
	i := rapid.IntRange(0, len(h.allocated)-1).Draw(h.T, "allocation")
	a := h.allocated[i]
	on := a.AllocatedOn.AddDays(rapid.IntRange(0, 30).Draw(h.T, "later"))
	before, then := h.open(on.AddDays(-1)), h.open(on)
	out := must(h, h.Books.Unallocate)([]accounting.Unallocation{{AllocationID: a.ID, Reference: h.Reference(), Date: on, Reason: "law"}})
	require.Equal(h.T, a.ID, out[0].UndoesID)
	h.allocated = slices.Delete(h.allocated, i, i+1)
	require.Equal(h.T, before, h.open(on.AddDays(-1)))
	for id, minor := range map[uuid.UUID]int64{a.DebitID: a.Amount.Minor, a.CreditID: -a.Amount.Minor} {
		then[id] += minor
	}
	require.Equal(h.T, then, h.open(on))
}

// TakeBackOne takes one of the payments back: what it paid is open again.
func (h *History) TakeBackOne() {
	if len(h.paid) == 0 {
		return
	}
	i := rapid.IntRange(0, len(h.paid)-1).Draw(h.T, "payment")
	p := h.paid[i]
	on := p.PaymentDate.AddDays(rapid.IntRange(0, 30).Draw(h.T, "later"))
	must(h, h.Books.ReversePayments)([]accounting.PaymentReversal{{PaymentID: p.ID, Reference: h.Reference(), Date: on, Reason: "law"}})
	h.paid = slices.Delete(h.paid, i, i+1)
	h.allocated = slices.DeleteFunc(h.allocated, func(a accounting.Allocation) bool { return a.DebitID == p.ID || a.CreditID == p.ID })
	h.Ledger = append(h.Ledger, Move{on, accounting.RoleBank, uuid.Nil, -p.Amount.Minor}, Move{on, accounting.RoleReceivable, p.PartyID, p.Amount.Minor})
	require.Zero(h.T, h.open(date.Must("2011-12-31"))[p.ID])
}

// open is what is open at the end of a day, by item.
func (h *History) open(on date.Date) map[uuid.UUID]int64 {
	all, err := h.Books.OpenItems(h.Ctx, on)
	require.NoError(h.T, err)
	out := map[uuid.UUID]int64{}
	for _, o := range all.Items {
		require.NotZero(h.T, o.OpenMinor)
		out[o.ID] = o.OpenMinor
	}
	return out
}
