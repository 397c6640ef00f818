package purchasing

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Every refusal, each beside a document that is good: nothing of the batch is left.
func TestRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "10", "2"), s.service("5", "3"))
		other, err := s.buying.Order(s.ctx, []NewOrder{{Reference: "O-2", PartyID: s.clay, Date: newYear, Lines: []NewOrderLine{goods(s.cup, "10", "1")}}})
		require.NoError(t, err)
		n := s.receive(t, receipt("R-1", o, some(1, "6"), some(2, "2")), receipt("R-2", other[0], some(1, "5")))[0]
		b := s.bill(t, bill("B-1", billed(o, 1, "2", "2")))[0]
		gone := Order{}
		gone.ID = uuid.New()
		huge := decimal.New(1, 1_000_000_000)

		order := func(change func(*NewOrder)) func() error {
			in := NewOrder{Reference: "bad", PartyID: s.leaf, Date: newYear, Lines: []NewOrderLine{goods(s.tea, "1", "1")}}
			good := in
			good.Reference = "good"
			change(&in)
			return act(s, s.buying.Order, good, in)
		}
		receive := func(lines ...NewNoteLine) func() error {
			return act(s, s.buying.Receive, receipt("good", o, some(1, "1")), receipt("bad", o, lines...))
		}
		billing := func(lines ...NewBillLine) func() error {
			return act(s, s.buying.Bill, bill("good", billed(o, 1, "1", "2")), bill("bad", lines...))
		}
		with := func(change func(*NewBillLine)) NewBillLine {
			l := billed(o, 1, "1", "2")
			change(&l)
			return l
		}
		carriage := NewBillLine{Description: "Carriage", Account: accounting.ByCode("6900"), Net: gbp(100)}
		before := s.state(t)
		for _, row := range []struct {
			name string
			act  func() error
			want error
		}{
			{"order: no reference", order(func(o *NewOrder) { o.Reference = "" }), ErrBadInput},
			{"order: no lines", order(func(o *NewOrder) { o.Lines = nil }), ErrBadInput},
			{"order: a customer", order(func(o *NewOrder) { o.PartyID = s.anna }), ErrNotVendor},
			{"order: nobody", order(func(o *NewOrder) { o.PartyID = uuid.New() }), ErrNotVendor},
			{"order: no product", order(func(o *NewOrder) { o.Lines[0].ProductID = uuid.New() }), ErrUnknownProduct},
			{"order: no quantity", order(func(o *NewOrder) { o.Lines[0].Quantity = 0 }), ErrBadInput},
			{"order: a price below zero", order(func(o *NewOrder) { o.Lines[0].UnitPrice = dec("-1") }), ErrBadInput},
			{"order: an absurd price", order(func(o *NewOrder) { o.Lines[0].UnitPrice = huge }), ErrBadInput},
			{"order: too much", order(func(o *NewOrder) { o.Lines[0].UnitPrice = dec("1e18") }), money.ErrOverflow},
			{"order: goods with an account", order(func(o *NewOrder) { o.Lines[0].Account = accounting.ByCode("6900") }), ErrBadInput},
			{"order: a service without", order(func(o *NewOrder) { o.Lines[0].ProductID = s.repair }), ErrBadInput},
			{"order: a service on payables", order(func(o *NewOrder) {
				o.Lines[0] = NewOrderLine{ProductID: s.repair, Quantity: qty("1"), Account: accounting.ByRole(accounting.RolePayable)}
			}), accounting.ErrControlAccount},
			{"order: about nothing", order(func(o *NewOrder) { o.Lines[0].ProductID, o.Lines[0].Account = uuid.Nil, accounting.ByCode("6900") }), ErrBadInput},
			{"order: nowhere", order(func(o *NewOrder) { o.WarehouseID = uuid.New() }), inventory.ErrUnknownWarehouse},
			{"order: dated back", order(func(o *NewOrder) { o.Date = newYear.AddDays(-1) }), accounting.ErrBackdated},
			{"order: in no year", order(func(o *NewOrder) { o.Date = date.Must("2030-01-01") }), accounting.ErrNoPeriod},

			{"receipt: too much", receive(some(1, "4")), ErrOverReceived},
			{"receipt: too much in two lines", receive(some(1, "2"), some(1, "2")), ErrOverReceived},
			{"receipt: no such line", receive(some(3, "1")), ErrUnknownOrder},
			{"receipt: no such order", act(s, s.buying.Receive, receipt("bad", gone, some(1, "1"))), ErrUnknownOrder},
			{"receipt: nothing", receive(), ErrBadInput},
			{"receipt: less than nothing", receive(NewNoteLine{LineNo: 1, Quantity: -1}), ErrBadInput},
			{"receipt: nowhere", act(s, s.buying.Receive, NewReceipt{Reference: "bad", OrderID: o.ID, Date: newYear, WarehouseID: uuid.New(), Lines: []NewNoteLine{some(1, "1")}}),
				inventory.ErrUnknownWarehouse},
			{"cancellation: too much", act(s, s.buying.Cancel, NewCancellation{Reference: "bad", OrderID: o.ID, Date: newYear, Lines: []NewNoteLine{some(1, "5")}}), ErrOverReceived},
			{"cancellation: twice in a batch", act(s, s.buying.Cancel, NewCancellation{Reference: "a", OrderID: o.ID, Date: newYear}, NewCancellation{Reference: "b", OrderID: o.ID, Date: newYear}),
				ErrOverReceived},

			{"return: too much", act(s, s.buying.Return, back("bad", n, some(1, "7"))), ErrOverReturned},
			{"return: too much in two", act(s, s.buying.Return, back("good", n, some(1, "4")), back("bad", n, some(1, "3"))), ErrOverReturned},
			{"return: no such line", act(s, s.buying.Return, back("bad", n, some(3, "1"))), ErrUnknownReceipt},
			{"return: no such receipt", act(s, s.buying.Return, back("bad", Note{}, some(1, "1"))), ErrBadInput},
			{"return: of an order", act(s, s.buying.Return, NewReturn{Reference: "bad", ReceiptID: o.ID, Lines: []NewNoteLine{some(1, "1")}}), ErrUnknownReceipt},

			{"bill: what did not come", billing(billed(o, 1, "4", "2")), ErrOverBilled},
			{"bill: in two lines", billing(billed(o, 1, "2", "2"), billed(o, 1, "2", "2")), ErrOverBilled},
			{"bill: a service not done", billing(billed(o, 2, "3", "2")), ErrOverBilled},
			{"bill: no such line", billing(billed(o, 3, "1", "2")), ErrUnknownOrder},
			{"bill: no such order", billing(billed(gone, 1, "1", "2")), ErrUnknownOrder},
			{"bill: two vendors", billing(billed(o, 1, "1", "2"), billed(other[0], 1, "1", "2")), ErrWrongVendor},
			{"bill: another vendor", act(s, s.buying.Bill, NewBill{Reference: "bad", PartyID: s.clay, Date: newYear, Lines: []NewBillLine{billed(o, 1, "1", "2")}}), ErrWrongVendor},
			{"bill: from nobody", billing(carriage), ErrBadInput},
			{"bill: no date", act(s, s.buying.Bill, NewBill{Reference: "bad", Lines: []NewBillLine{billed(o, 1, "1", "2")}}), ErrBadInput},
			{"bill: no line", billing(with(func(l *NewBillLine) { l.LineNo = 0 })), ErrBadInput},
			{"bill: an account", billing(with(func(l *NewBillLine) { l.Account = accounting.ByCode("6900") })), ErrBadInput},
			{"bill: stated twice", billing(with(func(l *NewBillLine) { l.Net = gbp(1) })), ErrBadInput},
			{"bill: below zero", billing(with(func(l *NewBillLine) { l.UnitPrice = dec("-1") })), ErrBadInput},
			{"bill: net below zero", billing(with(func(l *NewBillLine) { l.UnitPrice, l.Net = dec("0"), gbp(-1) })), ErrBadInput},
			{"bill: an absurd price", billing(with(func(l *NewBillLine) { l.UnitPrice = huge })), ErrBadInput},
			{"bill: another currency", billing(with(func(l *NewBillLine) { l.UnitPrice, l.Net = dec("0"), money.Of(1, "EUR") })), money.ErrCurrencyMismatch},
			{"bill: unknown tax", billing(with(func(l *NewBillLine) { l.TaxCode = "X" })), accounting.ErrUnknownTax},
			{"bill: the vendor's number again", act(s, s.buying.Bill, NewBill{Reference: "bad", VendorNumber: "VB-1", Date: newYear, Lines: []NewBillLine{billed(o, 1, "1", "2")}}),
				accounting.ErrBillTaken},

			{"credit: nothing went back", act(s, s.buying.Credit, credit("bad", b, billed(o, 1, "1", "2"))), ErrOverCredited},
			{"credit: of no bill", act(s, s.buying.Credit, credit("bad", Bill{Row: gone.Row}, carriage)), accounting.ErrNotCreditable},
			{"credit: more than the bill", act(s, s.buying.Credit, credit("bad", b, NewBillLine{Description: "x", Account: accounting.ByCode("6900"), Net: gbp(401)})), accounting.ErrOverCredited},

			{"order: other content", order(func(o *NewOrder) { o.Reference = "O-1" }), ErrReferenceTaken},
			{"receipt: other content", act(s, s.buying.Receive, receipt("R-1", o, some(1, "1"))), ErrReferenceTaken},
			{"receipt: a return's reference", act(s, s.buying.Return, back("R-1", n, some(1, "1"))), ErrReferenceTaken},
			{"bill: other content", act(s, s.buying.Bill, bill("B-1", billed(o, 1, "1", "2"))), ErrReferenceTaken},
			{"bill: other content in the batch", act(s, s.buying.Bill, bill("x", billed(o, 1, "1", "2")), bill("x", billed(o, 1, "2", "2"))), ErrReferenceTaken},
			{"too many", act(s, s.buying.Receive, make([]NewReceipt, MaxBatch+1)...), ErrTooMany},
		} {
			require.ErrorIs(t, row.act(), row.want, row.name)
			require.Equal(t, before, s.state(t), row.name)
		}
		s.verify(t)
	})
}

// Locked periods take nothing, and who may receive need not be allowed to post.
func TestPermissionsAndPeriods(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "10", "2"))
		keeper := s.env.Enter(t, tenantOf(s), PermReceive)
		_, err := s.buying.Receive(keeper, []NewReceipt{receipt("R-1", o, some(1, "6"))})
		require.NoError(t, err)
		_, err = s.buying.Bill(keeper, []NewBill{bill("B-1", billed(o, 1, "1", "2"))})
		require.ErrorIs(t, err, fault.Forbidden)
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodSoftLocked, Reason: "closing"})
		require.NoError(t, err)
		before := s.state(t)
		late := bill("B-1", billed(o, 1, "6", "2.50"))
		require.ErrorIs(t, act(s, s.buying.Receive, receipt("R-2", o, some(1, "1")))(), accounting.ErrPeriodSoftLocked)
		require.ErrorIs(t, act(s, s.buying.Bill, late)(), accounting.ErrPeriodSoftLocked)
		clerk := s.env.Enter(t, tenantOf(s), PermBill)
		late.LockException = "came late"
		_, err = s.buying.Bill(clerk, []NewBill{late})
		require.ErrorIs(t, err, accounting.ErrNoException)
		assert.Equal(t, before, s.state(t))
		s.bill(t, late)
		s.verify(t)
	})
}

// States follow from the counters, and no state forbids what the counters allow.
func TestStatesOfAnOrder(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "4", "2"))
		var n Note
		var b Bill
		for _, step := range []struct {
			name string
			act  func()
			want OrderState
		}{
			{"a part comes", func() { n = s.receive(t, receipt("R-1", o, some(1, "3")))[0] }, OrderOpen},
			{"it is billed while the rest is awaited", func() { b = s.bill(t, bill("B-1", billed(o, 1, "1", "2")))[0] }, OrderOpen},
			{"the rest is cancelled", func() {
				require.NoError(t, act(s, s.buying.Cancel, NewCancellation{Reference: "C-1", OrderID: o.ID, Date: newYear})())
			}, OrderReceived},
			{"one goes back that is not billed", func() { s.sendBack(t, back("T-1", n, some(1, "1"))) }, OrderReceived},
			{"the other is billed", func() { s.bill(t, bill("B-2", billed(o, 1, "1", "2"))) }, OrderClosed},
			{"one goes back that is billed", func() { s.sendBack(t, back("T-2", n, some(1, "1"))) }, OrderReceived},
			{"it is credited", func() { s.credit(t, credit("V-1", b, billed(o, 1, "1", "2"))) }, OrderClosed},
		} {
			step.act()
			assert.Equal(t, step.want, s.reread(t, o).State, step.name)
			s.verify(t)
		}
		never := s.order(t, "O-2", goods(s.tea, "4", "2"))
		require.NoError(t, act(s, s.buying.Cancel, NewCancellation{Reference: "C-2", OrderID: never.ID, Date: newYear})())
		assert.Equal(t, OrderCancelled, s.reread(t, never).State)
		require.ErrorIs(t, act(s, s.buying.Receive, receipt("R-9", never, some(1, "1")))(), ErrOverReceived)
		s.verify(t)
	})
}

// A batch costs the same number of statements, however many documents it has.
func TestStatements(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var orders []NewOrder
		for i := range 60 {
			orders = append(orders, NewOrder{Reference: ref("O", i), PartyID: s.leaf, Date: newYear, Lines: []NewOrderLine{goods(s.tea, "2", "1"), goods(s.cup, "2", "1"), s.service("1", "1")}})
		}
		placed := batch(t, s, orders, s.buying.Order)
		var receipts []NewReceipt
		for i, o := range placed {
			receipts = append(receipts, receipt(ref("R", i), o, some(1, "2"), some(2, "2"), some(3, "1")))
		}
		came := batch(t, s, receipts, s.buying.Receive)
		var bills []NewBill
		for i, o := range placed {
			bills = append(bills, bill(ref("B", i), billed(o, 1, "2", "1.10"), billed(o, 2, "2", "1.10"), billed(o, 3, "1", "1.10")))
		}
		recorded := batch(t, s, bills, s.buying.Bill)
		var returns []NewReturn
		var credits []NewCredit
		for i, n := range came {
			returns = append(returns, back(ref("T", i), n, some(1, "1"), some(2, "1")))
			credits = append(credits, credit(ref("V", i), recorded[i], billed(placed[i], 1, "1", "1.05"), billed(placed[i], 2, "1", "1.10")))
		}
		batch(t, s, returns, s.buying.Return)
		batch(t, s, credits, s.buying.Credit)
		assert.Equal(t, "goods_received 0.00", s.balances(t, grni))
		s.verify(t)
	})
}

// batch does the first of the inputs to warm up, two, and then all others, and holds the last two to the same cost; all of them
// again are replays.
func batch[I, O any](t *testing.T, s *shop, in []I, fn func(context.Context, []I) ([]O, error)) []O {
	t.Helper()
	var out []O
	run := func(in []I) int {
		return s.env.Count(t, func() {
			done, err := fn(s.ctx, in)
			require.NoError(t, err)
			out = append(out, done...)
		})
	}
	run(in[:1])
	few, many := run(in[1:3]), run(in[3:])
	assert.Equal(t, few, many, "%T", in)
	done := out
	before := s.state(t)
	run(in)
	assert.Equal(t, before, s.state(t), "a replay changes nothing")
	return done
}

func ref(kind string, i int) string {
	return kind + "-" + qty("1").String() + "-" + string(rune('A'+i/26)) + string(rune('A'+i%26))
}

// Another tenant's records do not exist. (The root's suite attacks every table.)
func TestAnotherTenants(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "4", "2"))
		n := s.receive(t, receipt("R-1", o, some(1, "3")))[0]
		b := s.bill(t, bill("B-1", billed(o, 1, "3", "2.50")))[0]
		s.sendBack(t, back("T-1", n, some(1, "1")))
		s.credit(t, credit("V-1", b, billed(o, 1, "1", "2.20")))
		intruder := openShop(t, s.env, inventory.FIFO)
		for _, id := range []uuid.UUID{o.ID, uuid.New()} {
			_, err := intruder.buying.GetOrder(intruder.ctx, id)
			require.ErrorIs(t, err, fault.NotFound)
			require.ErrorIs(t, act(intruder, intruder.buying.Receive, NewReceipt{Reference: "X", OrderID: id, Date: newYear, Lines: []NewNoteLine{some(1, "1")}})(), ErrUnknownOrder)
			require.ErrorIs(t, act(intruder, intruder.buying.Bill, NewBill{Reference: "X", Date: newYear, Lines: []NewBillLine{{OrderID: id, LineNo: 1, Quantity: qty("1")}}})(), ErrUnknownOrder)
		}
		for _, id := range []uuid.UUID{n.ID, uuid.New()} {
			_, err := intruder.buying.GetNote(intruder.ctx, id)
			require.ErrorIs(t, err, fault.NotFound)
			require.ErrorIs(t, act(intruder, intruder.buying.Return, NewReturn{Reference: "X", ReceiptID: id, Date: newYear, Lines: []NewNoteLine{some(1, "1")}})(), ErrUnknownReceipt)
		}
		_, err := intruder.buying.GetBill(intruder.ctx, b.ID)
		require.ErrorIs(t, err, fault.NotFound)
		s.verify(t)
	})
}
