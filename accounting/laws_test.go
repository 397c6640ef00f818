package accounting_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// history is a random history of a shop, and what it must come to: a naive ledger kept beside it.
type history struct {
	*shop
	rt    *rapid.T
	owner *sql.DB // past the library
	first date.Date

	receivable uuid.UUID
	ledger     []move
	manual     map[uuid.UUID]date.Date // entries that can still be reversed
	left       map[uuid.UUID]int64     // what can still be credited of an invoice
	billed     map[uuid.UUID]accounting.Bill
	latest     map[string]date.Date
	n          int
}

// partyOn is what a party has on a control account.
type partyOn struct {
	party   uuid.UUID
	account accounting.Role
}

// control is the control account of an open item.
func (h *history) control(o accounting.OpenItem) accounting.Role {
	if o.AccountID == h.receivable {
		return accounting.RoleReceivable
	}
	return accounting.RolePayable
}

// move is a line of the naive ledger.
type move struct {
	on      date.Date
	account accounting.Role
	party   uuid.UUID
	minor   int64
}

func TestLaws(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				h := &history{shop: newShop(t, env), rt: rt, first: day("2010-10-01"), manual: map[uuid.UUID]date.Date{},
					left: map[uuid.UUID]int64{}, billed: map[uuid.UUID]accounting.Bill{}, latest: map[string]date.Date{}}
				h.owner = env.Owner(t, tenancy.ScopeOf(h.ctx).TenantID())
				defer func() { _ = h.owner.Close() }()
				receivable, err := h.books.GetAccount(h.ctx, accounting.ByRole(accounting.RoleReceivable))
				require.NoError(rt, err)
				h.receivable = receivable.ID
				for range rapid.IntRange(1, 12).Draw(rt, "acts") {
					acts := []func(){h.postSome, h.reverseOne, h.issueSome, h.creditOne, h.paySome, h.allocateOne, h.refuseOne, h.replayOne, h.billSome, h.vendorCreditOne}
					acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")]()
				}
				h.hold()
			})
		})
	}
}

func (h *history) date() date.Date {
	return h.first.AddDays(rapid.IntRange(0, 150).Draw(h.rt, "day"))
}

func (h *history) reference() string { h.n++; return fmt.Sprint("ref-", h.n) }

func (h *history) party() uuid.UUID {
	if rapid.Bool().Draw(h.rt, "ann") {
		return h.ann.ID
	}
	return h.ben.ID
}

func (h *history) minor() int64 { return rapid.Int64Range(1, 100_000).Draw(h.rt, "minor") }

var ordinary = []accounting.Role{cash, sales, accounting.RoleBank, accounting.RoleFees, accounting.RoleStock, accounting.RoleOpeningEquity}

// postSome posts entries of several lines, some on the control account.
func (h *history) postSome() {
	var in []accounting.NewEntry
	for range rapid.IntRange(1, 3).Draw(h.rt, "entries") {
		e := accounting.NewEntry{Reference: h.reference(), Date: h.date()}
		var total int64
		for range rapid.IntRange(1, 4).Draw(h.rt, "lines") {
			l := accounting.NewLine{Account: accounting.ByRole(rapid.SampledFrom(ordinary).Draw(h.rt, "account"))}
			if rapid.IntRange(0, 3).Draw(h.rt, "control") == 0 {
				l.Account, l.PartyID = accounting.ByRole(accounting.RoleReceivable), h.party()
			}
			minor := h.minor()
			if rapid.Bool().Draw(h.rt, "debit") {
				l.Debit, total = gbp(minor), total+minor
			} else {
				l.Credit, total = gbp(minor), total-minor
			}
			e.Lines = append(e.Lines, l)
		}
		switch counter := accounting.ByRole(rapid.SampledFrom(ordinary).Draw(h.rt, "counter")); {
		case total > 0:
			e.Lines = append(e.Lines, accounting.CreditLine(counter, gbp(total)))
		case total < 0:
			e.Lines = append(e.Lines, accounting.DebitLine(counter, gbp(-total)))
		case len(e.Lines) < 2:
			continue
		}
		in = append(in, e)
	}
	for i, e := range h.post(in...) {
		h.manual[e.ID] = e.EntryDate
		h.book(in[i].Date, in[i].Lines)
	}
}

// book keeps the naive ledger.
func (h *history) book(on date.Date, lines []accounting.NewLine) {
	for _, l := range lines {
		minor := l.Debit.Minor - l.Credit.Minor
		h.ledger = append(h.ledger, move{on, accounting.Role(strings.TrimPrefix(l.Account.String(), "role:")), l.PartyID, minor})
	}
}

func (h *history) reverseOne() {
	ids := slices.SortedFunc(maps.Keys(h.manual), func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
	if len(ids) == 0 {
		return
	}
	id := rapid.SampledFrom(ids).Draw(h.rt, "entry")
	on := h.manual[id].AddDays(rapid.IntRange(0, 30).Draw(h.rt, "later"))
	before, err := h.books.GetEntry(h.ctx, id)
	require.NoError(h.rt, err)
	out, err := h.books.Reverse(h.ctx, []accounting.Reversal{{EntryID: id, Date: on, Reason: "law"}})
	require.NoError(h.rt, err)
	delete(h.manual, id)
	h.manual[out[0].ID] = on
	roles := map[uuid.UUID]accounting.Role{}
	for _, r := range append(ordinary, accounting.RoleReceivable) {
		a, err := h.books.GetAccount(h.ctx, accounting.ByRole(r))
		require.NoError(h.rt, err)
		roles[a.ID] = r
	}
	for _, l := range before.Lines {
		h.ledger = append(h.ledger, move{on, roles[l.AccountID], l.PartyID, -l.Amount.Minor})
	}
}

// issueDate keeps the documents of a series in order.
func (h *history) issueDate(series string) date.Date {
	from := h.first
	if last, ok := h.latest[series]; ok {
		from = last
	}
	on := from.AddDays(rapid.IntRange(0, 5).Draw(h.rt, "gap"))
	if on.Year() != from.Year() && series != "" {
		on = from // one fiscal year is enough here
	}
	h.latest[series] = on
	return on
}

func (h *history) issueSome() {
	in := accounting.NewInvoice{Reference: h.reference(), PartyID: h.party(), Date: h.issueDate("INV")}
	var total int64
	for range rapid.IntRange(1, 4).Draw(h.rt, "lines") {
		minor := h.minor()
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(1), UnitPrice: gbp(minor).Decimal()})
		total += minor
	}
	counter := accounting.RoleReceivable
	if rapid.IntRange(0, 2).Draw(h.rt, "settled") == 0 {
		in.SettledBy, counter = accounting.ByRole(cash), cash
	}
	v := h.issue(in)[0]
	require.Equal(h.rt, gbp(total), v.Gross)
	h.left[v.ID] = total
	h.ledger = append(h.ledger, move{in.Date, counter, in.PartyID, total}, move{in.Date, sales, uuid.Nil, -total})
}

func (h *history) creditOne() {
	in := accounting.NewInvoice{Kind: accounting.CreditNoteDocument, Reference: h.reference(), Date: h.issueDate("CN"), PartyID: h.party()}
	total := h.minor()
	want := error(nil)
	if ids := sorted(h.left); len(ids) > 0 && rapid.Bool().Draw(h.rt, "corrects") {
		in.CorrectsID = rapid.SampledFrom(ids).Draw(h.rt, "invoice")
		in.PartyID = uuid.Nil
		in.Date = later(in.Date, h.latest["INV"])
		h.latest["CN"] = in.Date
		if total > h.left[in.CorrectsID] {
			want = accounting.ErrOverCredited
		}
	}
	in.Lines = []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: gbp(total).Decimal()}}
	out, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
	if want != nil {
		require.ErrorIs(h.rt, err, want)
		return
	}
	require.NoError(h.rt, err)
	if in.CorrectsID != uuid.Nil {
		h.left[in.CorrectsID] -= total
	}
	h.ledger = append(h.ledger, move{in.Date, accounting.RoleReceivable, out[0].PartyID, -total}, move{in.Date, sales, uuid.Nil, total})
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

// billSome records a vendor's bill.
func (h *history) billSome() {
	in := accounting.NewBill{Reference: h.reference(), VendorNumber: h.reference(), PartyID: h.party(), Date: h.date()}
	var total int64
	for range rapid.IntRange(1, 3).Draw(h.rt, "lines") {
		minor, account := h.minor(), rapid.SampledFrom(ordinary).Draw(h.rt, "account")
		in.Lines = append(in.Lines, accounting.NewBillLine{Account: accounting.ByRole(account), Net: gbp(minor)})
		h.ledger = append(h.ledger, move{in.Date, account, uuid.Nil, minor})
		total += minor
	}
	v := h.bill(in)[0]
	require.Equal(h.rt, gbp(total), v.Gross)
	h.billed[v.ID] = v
	h.ledger = append(h.ledger, move{in.Date, accounting.RolePayable, in.PartyID, -total})
}

// vendorCreditOne takes back a part of a bill, and sometimes too much of it.
func (h *history) vendorCreditOne() {
	ids := sorted(h.billed)
	if len(ids) == 0 {
		return
	}
	v := h.billed[rapid.SampledFrom(ids).Draw(h.rt, "bill")]
	left := v.Gross.Minor - v.CreditedMinor
	minor := rapid.Int64Range(1, left+1).Draw(h.rt, "credit")
	in := accounting.NewBill{Kind: accounting.VendorCreditDocument, Reference: h.reference(), CorrectsID: v.ID, Date: v.BillDate.AddDays(1),
		Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(minor)}}}
	_, err := h.books.Bill(h.ctx, []accounting.NewBill{in})
	if minor > left {
		require.ErrorIs(h.rt, err, accounting.ErrOverCredited)
		return
	}
	require.NoError(h.rt, err)
	v.CreditedMinor += minor
	h.billed[v.ID] = v
	h.ledger = append(h.ledger, move{in.Date, accounting.RolePayable, v.PartyID, minor}, move{in.Date, accounting.RoleFees, uuid.Nil, -minor})
}

// paySome pays some of what is open, and sometimes too much of it.
func (h *history) paySome() {
	in := accounting.NewPayment{Reference: h.reference(), PartyID: h.party(), Direction: accounting.MoneyIn, Date: h.date(), Amount: gbp(h.minor())}
	left, want := in.Amount.Minor, error(nil)
	all, err := h.books.OpenItems(h.ctx, day("2011-12-31"))
	require.NoError(h.rt, err)
	for _, o := range all.Items {
		if o.PartyID != in.PartyID || o.OpenMinor <= 0 || left == 0 || o.AccountID != h.receivable {
			continue
		}
		pay := min(left, rapid.Int64Range(1, o.OpenMinor+1).Draw(h.rt, "pay"))
		if pay > o.OpenMinor {
			want = accounting.ErrOverAllocated
		}
		in.Allocate = append(in.Allocate, part(o.ID, pay))
		left -= pay
	}
	_, err = h.books.Pay(h.ctx, []accounting.NewPayment{in})
	if want != nil {
		require.ErrorIs(h.rt, err, want)
		return
	}
	require.NoError(h.rt, err)
	h.ledger = append(h.ledger, move{in.Date, accounting.RoleBank, uuid.Nil, in.Amount.Minor},
		move{in.Date, accounting.RoleReceivable, in.PartyID, -in.Amount.Minor})
}

func (h *history) allocateOne() {
	all, err := h.books.OpenItems(h.ctx, day("2011-12-31"))
	require.NoError(h.rt, err)
	for _, d := range all.Items {
		for _, c := range all.Items {
			if d.OpenMinor <= 0 || c.OpenMinor >= 0 || d.PartyID != c.PartyID || d.AccountID != c.AccountID {
				continue
			}
			_, err := h.books.Allocate(h.ctx, []accounting.NewAllocation{{DebitID: d.ID, CreditID: c.ID, Date: day("2011-06-30"), Amount: gbp(min(d.OpenMinor, -c.OpenMinor))}})
			require.NoError(h.rt, err)
			return
		}
	}
}

// refuseOne tries an act that must be refused, and finds every table as it was.
func (h *history) refuseOne() {
	before := h.print()
	unbalanced := transfer("", "2010-12-01", 5)
	unbalanced.Lines[1].Credit = gbp(6)
	_, err := h.books.Post(h.ctx, []accounting.NewEntry{transfer("", "2010-12-01", 5), unbalanced})
	require.ErrorIs(h.rt, err, accounting.ErrUnbalanced)
	_, err = h.books.Issue(h.ctx, []accounting.NewInvoice{invoice("", h.ann.ID, "2010-12-31", "1"), invoice("", h.ann.ID, "2010-10-01", "1")})
	require.ErrorIs(h.rt, err, accounting.ErrBackdated)
	_, err = h.books.Pay(h.ctx, []accounting.NewPayment{received("", h.ann.ID, "2010-12-01", 5), received("", h.ann.ID, "2010-12-01", 5, part(uuid.New(), 5))})
	require.ErrorIs(h.rt, err, accounting.ErrUnknownItem)
	stop := errors.New("the caller changed its mind")
	err = h.env.DB.Tx(h.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		if _, err := h.books.Post(ctx, []accounting.NewEntry{transfer("", "2010-12-01", 5)}); err != nil {
			return err
		}
		return stop
	})
	require.ErrorIs(h.rt, err, stop)
	require.Equal(h.rt, before, h.print())
}

// replayOne repeats an act and finds nothing changed; the same reference with other content is refused.
func (h *history) replayOne() {
	in := transfer(h.reference(), "2010-12-01", h.minor())
	e := h.post(in)[0]
	h.manual[e.ID] = e.EntryDate
	h.book(in.Date, in.Lines)
	before := h.print()
	require.True(h.rt, h.post(in)[0].Replayed)
	in.Lines[0].Debit.Minor++
	in.Lines[1].Credit.Minor++
	_, err := h.books.Post(h.ctx, []accounting.NewEntry{in})
	require.ErrorIs(h.rt, err, fault.Conflict)
	require.Equal(h.rt, before, h.print())
}

// print is a hash of all of the tenant's rows in every table.
func (h *history) print() string {
	tenant := tenancy.ScopeOf(h.ctx).TenantID()
	sum := sha256.New()
	for _, m := range h.env.DB.Registry().Models {
		var keys []string
		for _, k := range m.Keys {
			keys = append(keys, k.Name)
		}
		h.printTable(sum, m.Table, "SELECT * FROM "+m.Table+" WHERE tenant_id = '"+tenant.String()+"' ORDER BY "+strings.Join(keys, ", "))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func (h *history) printTable(w io.Writer, table, query string) {
	rows, err := h.owner.Query(h.env.SQL(query))
	require.NoError(h.t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(h.t, err)
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		require.NoError(h.t, rows.Scan(targets...))
		_, _ = fmt.Fprintln(w, table, values)
	}
	require.NoError(h.t, rows.Err())
}

// hold checks the laws.
func (h *history) hold() {
	checks, err := h.books.Verify(h.ctx)
	require.NoError(h.rt, err)
	for _, c := range checks {
		require.True(h.rt, c.OK, "%s: %s", c.Name, c.Detail)
	}
	for _, on := range []date.Date{h.date(), h.date(), day("2011-12-31")} {
		want := map[accounting.Role]int64{}
		parties := map[partyOn]int64{}
		for _, m := range h.ledger {
			if !m.on.After(on) {
				want[m.account] += m.minor
				if m.account == accounting.RoleReceivable || m.account == accounting.RolePayable {
					parties[partyOn{m.party, m.account}] += m.minor
				}
			}
		}
		tb, err := h.books.TrialBalance(h.ctx, on)
		require.NoError(h.rt, err)
		require.Equal(h.rt, tb.Debit, tb.Credit, "debits equal credits")
		for _, l := range tb.Lines {
			require.Equal(h.rt, want[l.Role], l.Debit.Minor-l.Credit.Minor, "the balance of %s on %s is the replay", l.Name, on)
		}
		open, err := h.books.OpenItems(h.ctx, on)
		require.NoError(h.rt, err)
		require.Equal(h.rt, want[accounting.RoleReceivable], open.Receivables.Minor, "open items equal the control account on %s", on)
		require.Equal(h.rt, want[accounting.RolePayable], open.Payables.Minor, "open items equal the control account on %s", on)
		byParty := map[partyOn]int64{}
		for _, o := range open.Items {
			require.LessOrEqual(h.rt, abs(o.OpenMinor), abs(o.Original.Minor))
			byParty[partyOn{o.PartyID, h.control(o)}] += o.OpenMinor
		}
		bs, err := h.books.BalanceSheet(h.ctx, on)
		require.NoError(h.rt, err)
		require.Equal(h.rt, bs.TotalAssets.Minor, bs.TotalLiabilities.Minor+bs.TotalEquity.Minor)
		inCredit := 0
		for id, minor := range parties {
			require.Equal(h.rt, minor, byParty[id])
			if minor < 0 && id.account == accounting.RoleReceivable {
				inCredit++
			}
		}
		require.Equal(h.rt, inCredit, bs.CustomersInCredit)
	}
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
