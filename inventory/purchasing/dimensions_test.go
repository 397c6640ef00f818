package purchasing

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// dims are the values of a shop and a project; "" for none.
func dims(shop, project string) accounting.Dimensions {
	return bookstest.Values("shop", shop, "project", project)
}

var yearBegins, yearEnds = date.Must("2026-01-01"), date.Must("2026-12-31")

// analysis is the shop's books by dimensions.
func (s *shop) analysis() bookstest.Analysis { return bookstest.Analysis{Ctx: s.ctx, Books: s.books} }

// analysed defines shops and projects.
func (s *shop) analysed(t require.TestingT) {
	s.analysis().Define(t, "shop", "york", "leeds")
	s.analysis().Define(t, "project", "17", "18")
}

func of(l NewOrderLine, d accounting.Dimensions) NewOrderLine {
	l.Dimensions = d
	return l
}

// An order says what it lacks when it is placed, with the line that lacks it, whichever account it will be booked to.
func TestADimensionThatAnOrderLacks(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		order := NewOrder{Reference: "O-1", PartyID: s.leaf, Date: newYear, Lines: []NewOrderLine{of(goods(s.tea, "2", "3.00"), dims("york", "")), goods(s.cup, "1", "3.00")}}
		for _, role := range []accounting.Role{grni, variance, stock} {
			s.analysis().Require(t, accounting.ByRole(role), "shop")
			before := s.state(t)
			_, err := s.buying.Order(s.ctx, []NewOrder{order})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, `order 1 ("O-1"), line 2: a line on `)
			require.Equal(t, before, s.state(t))
			s.analysis().Require(t, accounting.ByRole(role))
		}
		s.analysis().Require(t, accounting.ByCode("6900"), "project")
		order.Lines[1] = s.service("1", "30")
		_, err := s.buying.Order(s.ctx, []NewOrder{order})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		require.ErrorContains(t, err, `("O-1"), line 2: `)
		order.Dimensions = dims("", "19")
		_, err = s.buying.Order(s.ctx, []NewOrder{order})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		order.Dimensions = dims("", "17")
		placed, err := s.buying.Order(s.ctx, []NewOrder{order})
		require.NoError(t, err)
		d, err := s.buying.GetOrder(s.ctx, placed[0].ID)
		require.NoError(t, err)
		require.Equal(t, dims("", "17"), d.Dimensions)
		require.Equal(t, dims("york", "17"), d.Lines[0].Dimensions)

		// Dimensions are content; a retry is answered, whatever was closed since.
		s.analysis().SetValue(t, "project", "17", true)
		again, err := s.buying.Order(s.ctx, []NewOrder{order})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		for _, change := range []func(*NewOrder){
			func(o *NewOrder) { o.Dimensions = dims("", "18") }, func(o *NewOrder) { o.Lines[0].Dimensions = dims("leeds", "") },
		} {
			changed := order
			changed.Lines = append([]NewOrderLine(nil), order.Lines...)
			change(&changed)
			_, err = s.buying.Order(s.ctx, []NewOrder{changed})
			require.ErrorIs(t, err, ErrReferenceTaken)
		}
	})
}

// An order stands as it was placed: all that becomes of a line is booked under its combination, whatever is closed or asked for by then,
// and goods received become clear under each.
func TestAnOrderIsAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		york, err := s.stock.CreateWarehouse(s.ctx, inventory.NewWarehouse{Code: "Y", Name: "York", Dimensions: dims("york", "18")})
		require.NoError(t, err)
		placed, err := s.buying.Order(s.ctx, []NewOrder{{Reference: "O-1", PartyID: s.leaf, Date: newYear, WarehouseID: york.ID, Dimensions: dims("", "17"),
			Lines: []NewOrderLine{goods(s.tea, "4", "2.00"), of(goods(s.cup, "2", "5.00"), dims("leeds", "")), s.service("1", "30")}}})
		require.NoError(t, err)
		o := placed[0]
		s.analysis().SetValue(t, "project", "17", true)
		for _, role := range []accounting.Role{grni, variance, stock} {
			s.analysis().Require(t, accounting.ByRole(role), "shop", "project")
		}
		s.analysis().Require(t, accounting.ByCode("6900"), "shop", "project")
		settings, err := s.stock.Settings(s.ctx)
		require.NoError(t, err)
		came := receipt("R-1", o, some(1, "4"), some(2, "2"), some(3, "1"))
		came.WarehouseID = settings.DefaultWarehouseID // which says nothing: as ordered is as booked
		n := s.receive(t, came)[0]
		atYork, atLeeds := "map[project:17 shop:york]", "map[project:17 shop:leeds]"
		require.Equal(t, map[string]int64{atYork: -800, atLeeds: -1000}, s.analysis().By(t, accounting.ByRole(grni)))

		in := bill("B-1", billed(o, 1, "4", "2.10"), billed(o, 2, "2", "4.50"), billed(o, 3, "1", "30"),
			NewBillLine{Description: "Carriage", Quantity: qty("1"), UnitPrice: dec("7"), Account: accounting.ByCode("6900")})
		_, err = s.buying.Bill(s.ctx, []NewBill{in})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded, "a line beside the orders says its own")
		require.ErrorContains(t, err, `document 1 ("B-1"), line 4: a line on `)
		in.Dimensions, in.Lines[3].Dimensions = dims("leeds", ""), dims("", "18")
		b := s.bill(t, in)[0]
		require.Equal(t, map[string]int64{atYork: 0, atLeeds: 0}, s.analysis().By(t, accounting.ByRole(grni)))
		require.Equal(t, map[string]int64{"map[project:17]": 3000, "map[project:18 shop:leeds]": 700}, s.analysis().By(t, accounting.ByCode("6900")))
		stated := bill("B-2", billed(o, 1, "1", "2.10"))
		stated.Lines[0].Dimensions = dims("york", "")
		_, err = s.buying.Bill(s.ctx, []NewBill{stated})
		require.ErrorIs(t, err, ErrBadInput)

		back := back("T-1", n, some(1, "1"), some(2, "1"))
		back.WarehouseID = settings.DefaultWarehouseID
		s.sendBack(t, back)
		s.credit(t, credit("V-1", b, billed(o, 1, "1", "2.05"), billed(o, 2, "1", "4.80")))
		require.Equal(t, map[string]int64{atYork: 0, atLeeds: 0}, s.analysis().By(t, accounting.ByRole(grni)))
		require.Equal(t, map[string]int64{atYork: 5, atLeeds: -30}, s.analysis().By(t, accounting.ByRole(variance)))
		require.Equal(t, map[string]int64{atYork: 630, atLeeds: 450}, s.analysis().By(t, accounting.ByRole(stock)))
		s.verify(t)
	})
}

// However many orders and combinations there are, each act costs the same number of statements.
func TestDimensionsCostTheSame(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		combinations := []accounting.Dimensions{dims("york", ""), dims("leeds", "17"), dims("leeds", "18"), dims("", "17")}
		next := 0
		run := func(n int) (counts []int) {
			var orders []NewOrder
			for i := range n {
				next++
				orders = append(orders, NewOrder{Reference: fmt.Sprint("N-", next), PartyID: s.leaf, Date: newYear,
					Lines: []NewOrderLine{of(goods(s.tea, "2", "3.00"), combinations[i%4]), of(s.service("1", "30"), combinations[(i+1)%4])}})
			}
			var placed []Order
			count := func(act func() error) {
				counts = append(counts, s.env.Count(t, func() { require.NoError(t, act()) }))
			}
			count(func() (err error) { placed, err = s.buying.Order(s.ctx, orders); return err })
			var receipts []NewReceipt
			var bills []NewBill
			for i, o := range placed {
				receipts = append(receipts, receipt(o.Reference, o, some(1, "2"), some(2, "1")))
				b := bill(o.Reference, billed(o, 1, "2", "3.10"), billed(o, 2, "1", "30"),
					NewBillLine{Description: "Carriage", Quantity: qty("1"), UnitPrice: dec("7"), Account: accounting.ByCode("6900"), Dimensions: combinations[i%4]})
				bills = append(bills, b)
			}
			count(func() error { _, err := s.buying.Receive(s.ctx, receipts); return err })
			count(func() error { _, err := s.buying.Bill(s.ctx, bills); return err })
			return counts
		}
		run(4) // the combinations are known afterwards
		require.Equal(t, run(1), run(12))
	})
}

// TestSliceLaws orders, receives, bills, sends back and has credited at random, under random dimensions: goods received become clear under
// each combination as they do as a whole, and profit and loss by slice sums to the whole.
func TestSliceLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		for _, method := range []inventory.Method{inventory.Average, inventory.FIFO} {
			laws.Check(t, 3, func(rt *rapid.T) {
				s := openShop(t, env, method)
				s.analysed(rt)
				shop := rapid.SampledFrom([]string{"", "york", "leeds"})
				for step := range rapid.IntRange(1, 4).Draw(rt, "orders") {
					reference := fmt.Sprint("H-", step)
					var lines []NewOrderLine
					for range rapid.IntRange(1, 3).Draw(rt, "lines") {
						product := rapid.SampledFrom([]uuid.UUID{s.tea, s.cup}).Draw(rt, "product")
						lines = append(lines, of(goods(product, "3", fmt.Sprintf("%d.33", rapid.IntRange(0, 5).Draw(rt, "price"))), dims(shop.Draw(rt, "shop"), "")))
					}
					placed, err := s.buying.Order(s.ctx, []NewOrder{{Reference: reference, PartyID: s.leaf, Date: newYear, Lines: lines, Dimensions: dims(shop.Draw(rt, "shop of all"), "17")}})
					require.NoError(rt, err)
					o := placed[0]
					came, billing := receipt(reference, o), bill(reference)
					price := func() string { return fmt.Sprintf("%d.7", rapid.IntRange(0, 5).Draw(rt, "billed at")) }
					for i := range lines {
						came.Lines = append(came.Lines, some(int64(i)+1, "3"))
						billing.Lines = append(billing.Lines, billed(o, int64(i)+1, "3", price()))
					}
					n := s.receive(rt, came)[0]
					sent := back(reference+"-T", n, some(1, "1"))
					early := rapid.Bool().Draw(rt, "back before the bill")
					if early {
						s.sendBack(rt, sent)
						billing.Lines[0].Quantity = qty("2")
					}
					b := s.bill(rt, billing)[0]
					if !early && rapid.Bool().Draw(rt, "back") {
						s.sendBack(rt, sent)
						credited := credit(reference+"-V", b, billed(o, 1, "1", price()))
						if credited.Lines[0].UnitPrice.LessThanOrEqual(billing.Lines[0].UnitPrice) {
							s.credit(rt, credited)
						}
					}
					s.analysis().Sliced(rt, "shop", yearBegins, yearEnds)
					s.analysis().Sliced(rt, "project", yearBegins, yearEnds)
					s.verify(rt)
				}
				if allClosed(rt, s) {
					for combination, left := range s.analysis().By(rt, accounting.ByRole(grni)) {
						require.Zero(rt, left, "goods received under %s", combination)
					}
				}
			})
		}
	})
}

// allClosed reports whether every order is closed.
func allClosed(t require.TestingT, s *shop) bool {
	page, err := s.buying.ListOrders(s.ctx, tenancy.PageRequest{Limit: 100})
	require.NoError(t, err)
	for _, o := range page.Items {
		if o.State != OrderClosed {
			return false
		}
	}
	return true
}
