package inventory

import (
	"errors"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/racetest"
)

func grni() accounting.AccountRef { return accounting.ByRole(accounting.RoleGoodsReceived) }

// delivered books a receipt from a vendor, in total.
func (s *shop) delivered(t testing.TB, p Product, quantity string, minor int64) Document {
	t.Helper()
	return s.mustBook(t, NewDocument{Kind: Receipt, Date: newYear, Counter: grni(),
		Lines: []NewMove{{ProductID: p.ID, Quantity: qty(quantity), Cost: InTotal(pence(minor))}}})[0]
}

// sentBack is a line that goes back to its vendor.
func sentBack(p Product, quantity string, receipt Document) NewMove {
	m := move(p, quantity)
	m.Origin = Origin{receipt.ID, 1}
	return m
}

func billed(receipt Document, quantity string, minor int64) NewRevaluation {
	return NewRevaluation{Date: newYear, Counter: grni(), Lines: []RevaluedLine{{Receipt: Origin{receipt.ID, 1}, Quantity: qty(quantity), Difference: pence(minor)}}}
}

func (s *shop) revalue(t testing.TB, in ...NewRevaluation) []Document {
	t.Helper()
	docs, err := s.stock.Revalue(s.ctx, in)
	require.NoError(t, err)
	return docs
}

// Goods go back at what stock carries them at; the vendor owes what they were received at; the difference is ours.
func TestReturnToVendor(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.delivered(t, s.tea, "10", 1000)
		second := s.delivered(t, s.tea, "10", 2000)
		docs, err := s.stock.ReturnToVendor(s.ctx, []NewDocument{document("", "RTV-1", sentBack(s.tea, "4", second))})
		require.NoError(t, err)
		m := docs[0].Moves[0]
		want := map[Method][]int64{Average: {-600, -200}, FIFO: {-800, 0}}[s.method(t)] // FIFO: out of its own layer, not the oldest
		assert.Equal(t, want, []int64{m.Value.Minor, m.PriceVariance().Minor})
		assert.Equal(t, "-22.00", s.balance(t, accounting.RoleGoodsReceived), "30.00 received less 8.00 sent back")
		assert.Equal(t, money.Amount{Minor: want[1], Currency: "GBP"}.String(), s.balance(t, accounting.RolePriceVariance))
		s.verify(t)

		again, err := s.stock.ReturnToVendor(s.ctx, []NewDocument{document("", "RTV-1", sentBack(s.tea, "4", second))})
		require.NoError(t, err)
		assert.True(t, again[0].Replayed)
		assert.Equal(t, want[1], again[0].Moves[0].VarianceMinor)
	})
}

// When a receipt's own layer does not suffice, the oldest goes.
func TestReturnToVendorOfWhatWasSold(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		first := s.delivered(t, s.tea, "2", 200)
		s.delivered(t, s.tea, "5", 1000)
		s.mustBook(t, document(Issue, "", move(s.tea, "1")))
		s.mustBook(t, document(VendorReturn, "", sentBack(s.tea, "2", first)))
		// Average: 7 @ 12.00 less 1.71 less 3.43. FIFO: 1.00 of its own and 2.00 of the other.
		assert.Equal(t, map[Method]string{Average: "4 @ 6.86", FIFO: "4 @ 8.00"}[s.method(t)], s.value(t, s.tea))
		assert.Equal(t, map[Method]string{Average: "1.43", FIFO: "1.00"}[s.method(t)], s.balance(t, accounting.RolePriceVariance))
		assert.Equal(t, "-10.00", s.balance(t, accounting.RoleGoodsReceived))
		s.verify(t)
	})
}

// What goes back in parts adds up to the receipt's value, to the penny.
func TestReturnsToVendorAddUp(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "3", 1000)
		s.delivered(t, s.tea, "3", 1700)
		line := sentBack(s.tea, "1", in)
		s.mustBook(t, document(VendorReturn, "", line, NewMove{ProductID: line.ProductID, Quantity: line.Quantity, Origin: line.Origin}))
		s.mustBook(t, document(VendorReturn, "", line))
		assert.Equal(t, "-17.00", s.balance(t, accounting.RoleGoodsReceived))
		_, err := s.stock.ReturnToVendor(s.ctx, []NewDocument{document("", "", line)})
		require.ErrorIs(t, err, ErrOverReturn)
		s.verify(t)
	})
}

func TestReturnToVendorRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "5", 500)
		s.delivered(t, s.cup, "5", 500)
		sold := s.mustBook(t, document(Issue, "", move(s.tea, "3")))[0]
		gone := s.mustBook(t, document(VendorReturn, "", sentBack(s.tea, "1", in)))[0]
		found := s.mustBook(t, document(Adjustment, "", move(s.cup, "1")))[0]
		costed := sentBack(s.tea, "1", in)
		costed.Cost = PerUnit(dec("1"))
		deep := document(VendorReturn, "", sentBack(s.tea, "1", in))
		deep.BelowZero = true
		before := s.state(t)
		for name, c := range map[string]struct {
			doc  NewDocument
			want error
		}{
			"more than is there":         {document(VendorReturn, "", sentBack(s.tea, "2", in)), ErrInsufficientStock},
			"more than came":             {document(VendorReturn, "", sentBack(s.tea, "5", in)), ErrOverReturn},
			"another product":            {document(VendorReturn, "", sentBack(s.cup, "1", in)), ErrUnknownOrigin},
			"an issue":                   {document(VendorReturn, "", sentBack(s.tea, "1", sold)), ErrUnknownOrigin},
			"an adjustment":              {document(VendorReturn, "", sentBack(s.cup, "1", found)), ErrUnknownOrigin},
			"nobody's":                   {document(VendorReturn, "", sentBack(s.tea, "1", Document{})), ErrUnknownOrigin},
			"no origin":                  {document(VendorReturn, "", move(s.tea, "1")), ErrBadInput},
			"a cost":                     {document(VendorReturn, "", costed), ErrBadInput},
			"below zero":                 {deep, ErrBadInput},
			"a customer's, of a return":  {document(Return, "", sentBack(s.tea, "1", gone)), ErrUnknownOrigin},
			"a customer's, of a receipt": {document(Return, "", sentBack(s.tea, "1", in)), ErrUnknownOrigin},
		} {
			if c.doc.Lines[0].Origin.DocumentID == uuid.Nil && name == "nobody's" {
				c.doc.Lines[0].Origin.DocumentID = uuid.UUID{9}
			}
			_, err := s.stock.Book(s.ctx, []NewDocument{c.doc})
			require.ErrorIs(t, err, c.want, name)
			assert.Equal(t, before, s.state(t), name)
		}
		s.verify(t)
	})
}

// Two returns of one receipt at once, from two warehouses: together never more than came.
func TestRaceOfReturnsToVendor(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		there := receipt("", s.tea, "100", "1.00")
		there.WarehouseID = s.second
		s.mustBook(t, there)
		for range rounds {
			in := s.delivered(t, s.tea, "2", 200)
			here, away := document(VendorReturn, "", sentBack(s.tea, "2", in)), document(VendorReturn, "", sentBack(s.tea, "2", in))
			away.WarehouseID = s.second
			errs := racetest.Acts(s.book(here), s.book(away))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrOverReturn)
		}
		s.verify(t)
	})
}

// A bill says more than the receipt did: what is on hand becomes dearer, what has left is price variance.
func TestRevalue(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "10", 1000)
		s.mustBook(t, document(Issue, "", move(s.tea, "4")))
		docs := s.revalue(t, billed(in, "10", 500))
		m := docs[0].Moves[0]
		assert.Equal(t, []int64{0, 300, 200}, []int64{int64(m.Quantity), m.Value.Minor, m.VarianceMinor})
		assert.Equal(t, Origin{in.ID, 1}, Origin{m.OriginDocumentID, m.OriginLineNo})
		assert.Equal(t, uuid.Nil, docs[0].WarehouseID)
		assert.Equal(t, "6 @ 9.00", s.value(t, s.tea))
		assert.Equal(t, "2.00", s.balance(t, accounting.RolePriceVariance))
		assert.Equal(t, "-15.00", s.balance(t, accounting.RoleGoodsReceived))
		s.verify(t)

		s.revalue(t, billed(in, "5", -300)) // a vendor's credit for half of them
		assert.Equal(t, "6 @ 7.20", s.value(t, s.tea))
		assert.Equal(t, "0.80", s.balance(t, accounting.RolePriceVariance))
		s.verify(t)
	})
}

// Each method knows in its own way what is left of a receipt.
func TestRevalueWhatIsLeft(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		first := s.delivered(t, s.tea, "4", 400)
		second := s.delivered(t, s.tea, "4", 400)
		s.mustBook(t, document(Issue, "", move(s.tea, "4")))
		// FIFO: nothing is left of the first and all of the second. Average: four are there, at most four of either.
		s.revalue(t, billed(first, "4", 100), billed(second, "4", 100))
		assert.Equal(t, map[Method]string{Average: "4 @ 6.00", FIFO: "4 @ 5.00"}[s.method(t)], s.value(t, s.tea))
		s.verify(t)
	})
}

// What went back to the vendor has no part in what is billed.
func TestRevalueAfterReturn(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "10", 1000)
		s.mustBook(t, document(VendorReturn, "", sentBack(s.tea, "4", in)))
		s.revalue(t, billed(in, "6", 120))
		assert.Equal(t, "6 @ 7.20", s.value(t, s.tea))
		s.mustBook(t, document(VendorReturn, "", sentBack(s.tea, "6", in)))
		s.revalue(t, billed(in, "6", 50))
		assert.Equal(t, "0 @ 0.00", s.value(t, s.tea))
		assert.Equal(t, "1.70", s.balance(t, accounting.RolePriceVariance), "1.20 when dearer goods went back, and 0.50")
		s.verify(t)
	})
}

// A layer is never worth less than nothing: what does not fit is price variance.
func TestRevalueToNothing(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "10", 1000)
		s.mustBook(t, document(Issue, "", move(s.tea, "5")))
		s.revalue(t, billed(in, "10", -1400))
		assert.Equal(t, "5 @ 0.00", s.value(t, s.tea))
		assert.Equal(t, "-9.00", s.balance(t, accounting.RolePriceVariance))
		s.mustBook(t, document(Issue, "", move(s.tea, "5")), below("", move(s.tea, "1")))
		docs := s.revalue(t, billed(in, "10", 7))
		assert.Equal(t, []int64{0, 7}, []int64{docs[0].Moves[0].Value.Minor, docs[0].Moves[0].VarianceMinor}, "all has left")
		s.verify(t)
	})
}

func TestRevalueReplayAndRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "10", 1000)
		sold := s.mustBook(t, document(Issue, "", move(s.tea, "1")))[0]
		bill := billed(in, "10", 500)
		bill.Reference = "BILL-1"
		first := s.revalue(t, bill)
		bill.Reason = "dearer"
		again := s.revalue(t, bill, bill)
		assert.Equal(t, []any{first[0].ID, true, true}, []any{again[0].ID, again[0].Replayed, again[1].Replayed})
		nothing := s.revalue(t, billed(in, "1", 0), NewRevaluation{Date: newYear, Counter: grni(), Lines: []RevaluedLine{{Receipt: Origin{in.ID, 1}, Quantity: 1}}})
		assert.Equal(t, uuid.Nil, nothing[1].EntryID)

		with := func(change func(*NewRevaluation)) NewRevaluation {
			r := billed(in, "10", 500)
			change(&r)
			return r
		}
		before := s.state(t)
		for name, c := range map[string]struct {
			in   NewRevaluation
			want error
		}{
			"another content":      {with(func(r *NewRevaluation) { r.Reference, r.Lines[0].Difference = "BILL-1", pence(1) }), ErrReferenceTaken},
			"an issue":             {billed(sold, "1", 5), ErrUnknownOrigin},
			"nobody's":             {with(func(r *NewRevaluation) { r.Lines[0].Receipt.DocumentID = uuid.UUID{9} }), ErrUnknownOrigin},
			"no such line":         {with(func(r *NewRevaluation) { r.Lines[0].Receipt.LineNo = 2 }), ErrUnknownOrigin},
			"more than came":       {billed(in, "11", 5), ErrBadInput},
			"no quantity":          {billed(in, "0", 5), ErrBadInput},
			"no lines":             {with(func(r *NewRevaluation) { r.Lines = nil }), ErrBadInput},
			"no counter":           {with(func(r *NewRevaluation) { r.Counter = accounting.AccountRef{} }), ErrBadInput},
			"another currency":     {with(func(r *NewRevaluation) { r.Lines[0].Difference = money.Of(1, "USD") }), money.ErrCurrencyMismatch},
			"too much":             {billed(in, "10", math.MaxInt64), accounting.ErrAmountLimit},
			"the least difference": {billed(in, "10", math.MinInt64), money.ErrOverflow},
		} {
			_, err := s.stock.Revalue(s.ctx, []NewRevaluation{billed(in, "1", 3), c.in})
			require.ErrorIs(t, err, c.want, name)
			assert.Equal(t, before, s.state(t), name)
		}
		_, err := s.stock.Revalue(s.ctx, make([]NewRevaluation, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		s.verify(t)
	})
}

// A bill while the goods are being sold: every penny is in stock, in cost or in variance.
func TestRaceOfRevaluation(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for range rounds {
			in := s.delivered(t, s.tea, "4", 400)
			bill := func() error {
				_, err := s.stock.Revalue(s.ctx, []NewRevaluation{billed(in, "4", 40)})
				return err
			}
			for _, err := range racetest.Acts(s.book(document(Issue, "", move(s.tea, "4"))), bill) {
				require.NoError(t, err)
			}
		}
		assert.Equal(t, "0 @ 0.00", s.value(t, s.tea))
		s.verify(t)
	})
}

func TestVendorStatements(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var receipts, back []NewDocument
		var bills []NewRevaluation
		for range 100 {
			receipts = append(receipts, receipt("", s.tea, "2", "1.00"))
		}
		for _, in := range s.mustBook(t, receipts...) {
			back = append(back, document(VendorReturn, "", sentBack(s.tea, "1", in)))
			bills = append(bills, billed(in, "2", 10))
		}
		revalue := func(in []NewRevaluation) int { return s.env.Count(t, func() { s.revalue(t, in...) }) }
		assert.Equal(t, revalue(bills[:2]), revalue(bills))
		count := func(docs []NewDocument) int { return s.env.Count(t, func() { s.mustBook(t, docs...) }) }
		assert.Equal(t, count(back[:2]), count(back[2:]))
		s.verify(t)
	})
}
