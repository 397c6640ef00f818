package inventory

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func wanted(p Product, quantity string) NewReservation {
	return NewReservation{ProductID: p.ID, Quantity: qty(quantity)}
}

func (s *shop) reserve(t testing.TB, in ...NewReservation) []Reservation {
	t.Helper()
	made, err := s.stock.Reserve(s.ctx, in)
	require.NoError(t, err)
	return made
}

// available is what can be promised of a product in the main warehouse.
func (s *shop) available(t testing.TB, p Product) [3]string {
	t.Helper()
	found, err := s.stock.Availability(s.ctx, StockFilter{ProductIDs: []uuid.UUID{p.ID}, WarehouseID: s.main})
	require.NoError(t, err)
	if len(found) == 0 {
		return [3]string{"0", "0", "0"}
	}
	return [3]string{found[0].OnHand.String(), found[0].Reserved.String(), found[0].Available.String()}
}

func from(r Reservation, p Product, quantity string) NewMove {
	m := move(p, quantity)
	m.Reservation = r.ID
	return m
}

// What is reserved stays for whoever reserved it, and issues that name it take from it.
func TestReserve(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		held := s.reserve(t, wanted(s.tea, "6"))[0]
		assert.Equal(t, Held, held.State)
		assert.Equal(t, s.main, held.WarehouseID)
		assert.Equal(t, [3]string{"10", "6", "4"}, s.available(t, s.tea))
		_, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", move(s.tea, "5"))})
		require.ErrorIs(t, err, ErrInsufficientStock)
		require.ErrorContains(t, err, "TEA has 10 on hand, of which 6 are reserved, and 5 are asked for")
		_, err = s.stock.Reserve(s.ctx, []NewReservation{wanted(s.tea, "5")})
		require.ErrorIs(t, err, ErrInsufficientStock)
		s.mustBook(t, document(Issue, "", move(s.tea, "4")))
		s.verify(t)

		sold := s.mustBook(t, document(Issue, "", from(held, s.tea, "2")))
		assert.Equal(t, held.ID, sold[0].Moves[0].ReservationID)
		got, err := s.stock.GetReservation(s.ctx, held.ID)
		require.NoError(t, err)
		assert.Equal(t, []any{Held, qty("4"), qty("2")}, []any{got.State, got.Open, got.Taken})
		s.mustBook(t, document(Issue, "", from(held, s.tea, "1"), from(held, s.tea, "3")))
		got, err = s.stock.GetReservation(s.ctx, held.ID)
		require.NoError(t, err)
		assert.Equal(t, []any{Taken, qty("0"), qty("6")}, []any{got.State, got.Open, got.Taken})
		assert.False(t, got.EndedAt.IsZero())
		assert.Equal(t, [3]string{"0", "0", "0"}, s.available(t, s.tea))
		s.verify(t)
	})
}

// An issue may take more than its reservation holds, or what has ended, like any other issue.
func TestIssueBeyondItsReservation(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		made := s.reserve(t, wanted(s.tea, "3"), wanted(s.tea, "4"))
		_, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", from(made[0], s.tea, "7"))})
		require.ErrorIs(t, err, ErrInsufficientStock, "three of its own and three that are free")
		s.mustBook(t, document(Issue, "", from(made[0], s.tea, "6")))
		s.mustBook(t, document(Return, "", NewMove{ProductID: s.tea.ID, Quantity: qty("1")}))
		s.mustBook(t, document(Issue, "", from(made[0], s.tea, "1")))
		assert.Equal(t, [3]string{"4", "4", "0"}, s.available(t, s.tea))
		s.verify(t)
	})
}

// A till and a count take what is reserved: the goods are gone. Who comes first of those who reserved gets what is left.
func TestReservedMoreThanThereIs(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		made := s.reserve(t, wanted(s.tea, "5"), wanted(s.tea, "5"))
		s.mustBook(t, document(Adjustment, "", move(s.tea, "-4")), below("", move(s.tea, "2")))
		assert.Equal(t, [3]string{"4", "10", "-6"}, s.available(t, s.tea))
		_, err := s.stock.Issue(s.ctx, []NewDocument{document("", "", from(made[0], s.tea, "5"))})
		require.ErrorIs(t, err, ErrInsufficientStock)
		s.mustBook(t, document(Issue, "", from(made[1], s.tea, "4")))
		s.verify(t)
		s.mustBook(t, below("", from(made[0], s.tea, "5")))
		assert.Equal(t, [3]string{"-5", "1", "-6"}, s.available(t, s.tea))
		require.NoError(t, s.stock.Release(s.ctx, []uuid.UUID{made[1].ID}))
		s.verify(t)
	})
}

func TestReturnToVendorLeavesWhatIsReserved(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.delivered(t, s.tea, "4", 400)
		s.reserve(t, wanted(s.tea, "3"))
		_, err := s.stock.ReturnToVendor(s.ctx, []NewDocument{document("", "", sentBack(s.tea, "2", in))})
		require.ErrorIs(t, err, ErrInsufficientStock)
		s.mustBook(t, document(VendorReturn, "", sentBack(s.tea, "1", in)))
		s.verify(t)
	})
}

func TestRelease(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		made := s.reserve(t, wanted(s.tea, "3"), wanted(s.tea, "4"))
		s.mustBook(t, document(Issue, "", from(made[0], s.tea, "1")))
		require.NoError(t, s.stock.Release(s.ctx, []uuid.UUID{made[0].ID, made[0].ID}))
		assert.Equal(t, [3]string{"9", "4", "5"}, s.available(t, s.tea))
		before := s.state(t)
		require.NoError(t, s.stock.Release(s.ctx, []uuid.UUID{made[0].ID}), "again changes nothing")
		require.NoError(t, s.stock.Release(s.ctx, nil))
		require.ErrorIs(t, s.stock.Release(s.ctx, []uuid.UUID{made[1].ID, {9}}), ErrUnknownReservation)
		require.ErrorIs(t, s.stock.Release(s.ctx, make([]uuid.UUID, MaxBatch+1)), ErrTooMany)
		assert.Equal(t, before, s.state(t))
		got, err := s.stock.GetReservation(s.ctx, made[0].ID)
		require.NoError(t, err)
		assert.Equal(t, []any{Released, qty("0"), qty("1")}, []any{got.State, got.Open, got.Taken})
		page, err := s.stock.ListReservations(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		assert.Equal(t, made[1].ID, page.Items[1].ID)
		s.verify(t)
	})
}

func TestExpireReservations(t *testing.T) {
	now := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	tenancytest.Each(t, tenancytest.Options{Modules: options.Modules, Clock: clock}, func(t *testing.T, env *tenancytest.Env) {
		now = time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
		s := openShop(t, env, FIFO)
		s.receive(t, s.tea, "10", "1.00")
		in := wanted(s.tea, "1")
		in.Reference, in.ExpiresAt = "ORDER-1", now.Add(time.Hour)
		soon, never := wanted(s.tea, "2"), wanted(s.tea, "3")
		soon.ExpiresAt = now.Add(time.Minute)
		made := s.reserve(t, in, soon, never)
		s.mustBook(t, document(Issue, "", from(made[1], s.tea, "1")))
		expire := func(limit int) int {
			n, err := s.stock.ExpireReservations(s.ctx, limit)
			require.NoError(t, err)
			s.verify(t)
			return n
		}
		assert.Zero(t, expire(10), "none is due")
		now = now.Add(time.Hour)
		assert.Equal(t, []int{1, 1, 0}, []int{expire(1), expire(1), expire(1)})
		assert.Equal(t, [3]string{"9", "3", "6"}, s.available(t, s.tea))
		got, err := s.stock.GetReservation(s.ctx, made[1].ID)
		require.NoError(t, err)
		assert.Equal(t, []any{Expired, qty("1"), now}, []any{got.State, got.Taken, got.EndedAt})

		again := s.reserve(t, in)
		assert.Equal(t, []any{made[0].ID, true, Expired}, []any{again[0].ID, again[0].Replayed, again[0].State}, "as it is now")
		in.Reference = "ORDER-2"
		_, err = s.stock.Reserve(s.ctx, []NewReservation{in})
		require.ErrorIs(t, err, ErrBadInput, "it would have expired already")
		_, err = s.stock.ExpireReservations(s.ctx, 0)
		require.ErrorIs(t, err, ErrBadInput)
		_, err = s.stock.ExpireReservations(s.ctx, MaxBatch+1)
		require.ErrorIs(t, err, ErrTooMany)
	})
}

func TestReserveRefusalsAndReplay(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		s.receive(t, s.cup, "10", "1.00")
		in := wanted(s.tea, "2")
		in.Reference, in.Source = "ORDER-1", accounting.Source{Model: "erp.sales_orders", ID: uuid.UUID{7}}
		made := s.reserve(t, in, in)
		assert.Equal(t, []bool{false, true}, []bool{made[0].Replayed, made[1].Replayed})
		assert.Equal(t, made[0].ID, made[1].ID)
		assert.True(t, s.reserve(t, in)[0].Replayed)
		with := func(change func(*NewReservation)) NewReservation {
			n := wanted(s.tea, "1")
			change(&n)
			return n
		}
		before := s.state(t)
		for name, c := range map[string]struct {
			in   NewReservation
			want error
		}{
			"too many":          {wanted(s.tea, "8"), ErrInsufficientStock},
			"never there":       {with(func(n *NewReservation) { n.WarehouseID = s.second }), ErrInsufficientStock},
			"a service":         {wanted(s.postage, "1"), ErrNotGoods},
			"no such product":   {with(func(n *NewReservation) { n.ProductID = uuid.UUID{9} }), ErrUnknownProduct},
			"no such warehouse": {with(func(n *NewReservation) { n.WarehouseID = uuid.UUID{9} }), ErrUnknownWarehouse},
			"none":              {wanted(s.tea, "0"), ErrBadInput},
			"less than none":    {wanted(s.tea, "-1"), ErrBadInput},
			"half a source":     {with(func(n *NewReservation) { n.Source.Model = "erp.orders" }), ErrBadInput},
			"blanks":            {with(func(n *NewReservation) { n.Reference = " X" }), ErrBadInput},
			"expired":           {with(func(n *NewReservation) { n.ExpiresAt = time.Unix(0, 0) }), ErrBadInput},
			"another content":   {with(func(n *NewReservation) { n.Reference = "ORDER-1" }), ErrReferenceTaken},
		} {
			_, err := s.stock.Reserve(s.ctx, []NewReservation{wanted(s.tea, "1"), c.in})
			require.ErrorIs(t, err, c.want, name)
			assert.Equal(t, before, s.state(t), name)
		}
		elsewhere := document(Issue, "", from(made[0], s.tea, "1"))
		elsewhere.WarehouseID = s.second
		back := from(made[0], s.tea, "1")
		for _, d := range []struct {
			doc  NewDocument
			want error
		}{
			{document(Issue, "", from(made[0], s.cup, "1")), ErrUnknownReservation}, {elsewhere, ErrUnknownReservation},
			{document(Issue, "", from(Reservation{Row: tenancy.Row{ID: uuid.UUID{9}}}, s.tea, "1")), ErrUnknownReservation},
			{document(Return, "", back), ErrBadInput}, {document(Adjustment, "", back), ErrBadInput},
		} {
			_, err := s.stock.Book(s.ctx, []NewDocument{d.doc})
			require.ErrorIs(t, err, d.want)
			assert.Equal(t, before, s.state(t))
		}
		_, err := s.stock.Reserve(s.ctx, make([]NewReservation, MaxBatch+1))
		require.ErrorIs(t, err, ErrTooMany)
		s.verify(t)
	})
}

// Another tenant's reservations are no one's.
func TestAnotherTenantsReservations(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		a, b := openShop(t, env, Average), openShop(t, env, Average)
		in := a.delivered(t, a.tea, "5", 500)
		b.delivered(t, b.tea, "5", 500)
		held := a.reserve(t, wanted(a.tea, "5"))[0]
		before := a.state(t)
		_, err := b.stock.GetReservation(b.ctx, held.ID)
		require.ErrorIs(t, err, fault.NotFound)
		require.ErrorIs(t, b.stock.Release(b.ctx, []uuid.UUID{held.ID}), ErrUnknownReservation)
		_, err = b.stock.Issue(b.ctx, []NewDocument{document("", "", from(held, b.tea, "1"))})
		require.ErrorIs(t, err, ErrUnknownReservation)
		_, err = b.stock.Reserve(b.ctx, []NewReservation{wanted(a.tea, "1")})
		require.ErrorIs(t, err, ErrUnknownProduct)
		_, err = b.stock.Revalue(b.ctx, []NewRevaluation{billed(in, "1", 5)})
		require.ErrorIs(t, err, ErrUnknownOrigin)
		_, err = b.stock.ReturnToVendor(b.ctx, []NewDocument{document("", "", sentBack(b.tea, "1", in))})
		require.ErrorIs(t, err, ErrUnknownOrigin)
		found, err := b.stock.Availability(b.ctx, StockFilter{ProductIDs: []uuid.UUID{a.tea.ID}})
		require.NoError(t, err)
		assert.Empty(t, found)
		assert.Equal(t, before, a.state(t))
	})
}

// The last units, wanted at once by one who reserves, one who issues and one who issues what he reserved.
func TestRaceOfReservations(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for range rounds {
			s.receive(t, s.tea, "3", "1.00")
			reserve := func() error { _, err := s.stock.Reserve(s.ctx, []NewReservation{wanted(s.tea, "2")}); return err }
			errs := racetest.Acts(reserve, s.book(document(Issue, "", move(s.tea, "2"))), reserve)
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				}
			}
			assert.Equal(t, 1, won, "%v", errs)
			require.ErrorIs(t, errors.Join(errs...), ErrInsufficientStock)
			s.clear(t)
		}
		s.verify(t)
	})
}

// clear lets go all reservations and takes all tea away.
func (s *shop) clear(t *testing.T) {
	t.Helper()
	page, err := s.stock.ListReservations(s.ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(t, err)
	var all []uuid.UUID
	for _, r := range page.Items {
		all = append(all, r.ID)
	}
	require.NoError(t, s.stock.Release(s.ctx, all))
	found, err := s.stock.OnHand(s.ctx, StockFilter{ProductIDs: []uuid.UUID{s.tea.ID}})
	require.NoError(t, err)
	for _, f := range found {
		s.mustBook(t, document(Adjustment, "", NewMove{ProductID: s.tea.ID, Quantity: -f.Quantity}))
	}
}

// A delivery takes what is released and expired at the same moment: it is let go once.
func TestRaceToEndAReservation(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		for i := range rounds {
			s.receive(t, s.tea, "2", "1.00")
			in := wanted(s.tea, "2")
			in.Reference = "ORDER-" + string(rune('a'+i))
			for _, err := range racetest.Acts(
				func() error { _, err := s.stock.Reserve(s.ctx, []NewReservation{in}); return err },
				func() error { _, err := s.stock.Reserve(s.ctx, []NewReservation{in}); return err }) {
				require.NoError(t, err, "one reference, reserved once")
			}
			held := s.reserve(t, in)[0]
			release := func() error { return s.stock.Release(s.ctx, []uuid.UUID{held.ID}) }
			for _, err := range racetest.Acts(release, s.book(document(Issue, "", from(held, s.tea, "2"))), release) {
				require.NoError(t, err)
			}
			assert.Equal(t, [3]string{"0", "0", "0"}, s.available(t, s.tea))
		}
		s.verify(t)
	})
}

func TestReservationStatements(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1000", "1.00")
		var in []NewReservation
		for range 100 {
			in = append(in, wanted(s.tea, "1"))
		}
		var made []Reservation
		count := func(fn func()) int { return s.env.Count(t, fn) }
		assert.Equal(t, count(func() { s.reserve(t, in[0]) }), count(func() { made = s.reserve(t, in...) }))
		var docs []NewDocument
		var ids []uuid.UUID
		for i, r := range made {
			if i%2 == 0 {
				docs = append(docs, document(Issue, "", from(r, s.tea, "1")))
			} else {
				ids = append(ids, r.ID)
			}
		}
		assert.Equal(t, count(func() { s.mustBook(t, docs[0]) }), count(func() { s.mustBook(t, docs[1:]...) }))
		release := func(ids []uuid.UUID) func() { return func() { require.NoError(t, s.stock.Release(s.ctx, ids)) } }
		assert.Equal(t, count(release(ids[:1])), count(release(ids[1:])))
		s.verify(t)
	})
}
