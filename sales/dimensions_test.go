package sales

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/internal/racetest"
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
	s.analysis().Define(t, "shop", "york", "leeds", "hull")
	s.analysis().Define(t, "project", "17", "18")
}

func in(l NewLine, d accounting.Dimensions) NewLine {
	l.Dimensions = d
	return l
}

// Revenue and cost of a line stand under one combination: the line's over the sale's, and of goods over the warehouse's; and so does
// what comes back. Money and stock have none.
func TestASaleIsAnalysed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		settings, err := s.stock.Settings(s.ctx)
		require.NoError(t, err)
		_, err = s.stock.UpdateWarehouse(s.ctx, inventory.WarehouseChange{ID: settings.DefaultWarehouseID, Name: "Main", Dimensions: dims("york", "18")})
		require.NoError(t, err)
		sale := s.onAccount("D-1", line(s.tea, "2", "3.00"), in(line(s.cup, "1", "8.00"), dims("leeds", "")), line(s.postage, "1", "2.00"),
			NewLine{ProductID: s.tea, Quantity: qty("1"), Giveaway: true})
		sale.Dimensions = dims("", "17")
		sold := s.sell(t, sale)[0]
		york, leeds, neither := "map[project:17 shop:york]", "map[project:17 shop:leeds]", "map[project:17]"
		require.Equal(t, map[string]int64{york: -600, leeds: -800, neither: -200}, s.analysis().By(t, accounting.ByRole(accounting.RoleSales)))
		require.Equal(t, map[string]int64{york: 200, leeds: 300}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		require.Equal(t, map[string]int64{york: 100}, s.analysis().By(t, accounting.ByRole(accounting.RoleMarketing)))
		require.Equal(t, map[string]int64{"map[]": 1600}, s.analysis().By(t, accounting.ByRole(accounting.RoleReceivable)))
		require.Equal(t, map[string]int64{"map[]": 39400}, s.analysis().By(t, accounting.ByRole(accounting.RoleStock)))
		got, err := s.sales.GetSale(s.ctx, sold.ID)
		require.NoError(t, err)
		require.Equal(t, dims("", "17"), got.Dimensions)
		require.Equal(t, dims("leeds", "17"), got.Lines[1].Dimensions)
		require.Equal(t, sold.Lines, got.Lines)

		// Who takes it back names nothing, and closed values do not stop them. A line beside the sale's has the sale's dimensions.
		s.analysis().SetValue(t, "shop", "leeds", true)
		s.analysis().Require(t, accounting.ByRole(accounting.RoleSales), "shop", "project")
		fee := NewCreditLine{Description: "Goodwill", Quantity: qty("1"), UnitPrice: dec("0.50"), Account: accounting.ByCode("6900")}
		_, err = s.sales.Credit(s.ctx, []NewCredit{creditOf("D-1", "D-2", back(1, "1", "3.00"), back(2, "1", "8.00"), back(3, "1", "2.00"), fee)})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{york: -300, leeds: 0, neither: 0}, s.analysis().By(t, accounting.ByRole(accounting.RoleSales)))
		require.Equal(t, map[string]int64{york: 100, leeds: 0}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		require.Equal(t, map[string]int64{"york": 100, "leeds": 0, "": -50}, s.analysis().Sliced(t, "shop", yearBegins, yearEnds))
		stated := creditOf("D-1", "D-3", back(1, "1", "3.00"))
		stated.Lines[0].Dimensions = dims("york", "")
		_, err = s.sales.Credit(s.ctx, []NewCredit{stated})
		require.ErrorIs(t, err, ErrBadInput)
		s.verify(t)
	})
}

// What an account requires is refused with the line that lacks it, whichever of its accounts that is, and changes nothing.
func TestADimensionThatASaleLacks(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		other := s.onAccount("D-0", in(line(s.tea, "1", "3.00"), dims("york", "")))
		sale := s.onAccount("D-1", in(line(s.tea, "2", "3.00"), dims("york", "")), line(s.cup, "1", "3.00"))
		for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleCostOfGoodsSold, accounting.RoleStock} {
			s.analysis().Require(t, accounting.ByRole(role), "shop")
			before := s.state(t)
			_, err := s.sales.Sell(s.ctx, []NewSale{other, sale})
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, `document 2 ("D-1"), line 2: a line on `)
			require.ErrorContains(t, err, "names the dimension shop")
			require.Equal(t, before, s.state(t))
			s.analysis().Require(t, accounting.ByRole(role))
		}
		s.analysis().Require(t, accounting.ByRole(accounting.RoleStock), "shop")
		for _, wrong := range []accounting.Dimensions{dims("mars", ""), {"shop": "york", "planet": "mars"}, {"shop": "york\nproject=17"}} {
			sale.Lines[1].Dimensions = wrong
			_, err := s.sales.Sell(s.ctx, []NewSale{sale})
			require.ErrorIs(t, err, accounting.ErrUnknownDimension)
			require.ErrorContains(t, err, `("D-1"), line 2: `)
		}
		sale.Lines[1].Dimensions = dims("leeds", "")
		s.sell(t, sale)
		require.Equal(t, int64(-300), s.analysis().By(t, accounting.ByRole(accounting.RoleStock))["map[shop:leeds]"], "stock has dimensions where it requires any")

		s.analysis().Require(t, accounting.ByRole(accounting.RoleCash), "shop")
		paid := NewSale{Reference: "D-2", Date: newYear, SettledBy: cash(), Lines: []NewLine{in(line(s.tea, "1", "3.00"), dims("york", ""))}}
		_, err := s.sales.Sell(s.ctx, []NewSale{paid})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		paid.Dimensions = dims("york", "")
		s.sell(t, paid)
		require.Equal(t, map[string]int64{"map[shop:york]": 300}, s.analysis().By(t, accounting.ByRole(accounting.RoleCash)))
		s.verify(t)
	})
}

// An order says what it lacks when it is made. From then on it stands: values that were closed and accounts that require more by then
// stop neither its delivery nor its invoice, nor what takes them back.
func TestAnOrderStandsAsItWasAgreed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		s.analysis().Require(t, accounting.ByRole(accounting.RoleCostOfGoodsSold), "shop")
		quoted, err := s.sales.Quote(s.ctx, []NewQuotation{{Reference: "Q-1", PartyID: s.anna, Date: newYear, ValidUntil: date.Must("2026-02-01"), Dimensions: dims("", "17"),
			Lines: []NewLine{line(s.tea, "4", "3.00"), in(line(s.cup, "2", "8.00"), dims("leeds", "18")), line(s.postage, "1", "2.00")}}})
		require.NoError(t, err, "a quotation may lack what an order needs")
		accept := Acceptance{Quotation: "Q-1", Reference: "O-1", Date: newYear}
		before := s.state(t)
		_, err = s.sales.Accept(s.ctx, []Acceptance{accept})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		require.ErrorContains(t, err, `acceptance 1 ("O-1"), line 1: a line on `)
		require.Equal(t, before, s.state(t))
		accept.Dimensions = dims("york", "")
		orders, err := s.sales.Accept(s.ctx, []Acceptance{accept})
		require.NoError(t, err)
		order, err := s.sales.GetOrder(s.ctx, orders[0].ID)
		require.NoError(t, err)
		require.Equal(t, dims("york", "17"), order.Dimensions)
		require.Equal(t, dims("york", "18"), order.Lines[1].Dimensions, "what the acceptance names goes before the quotation")
		quotation, err := s.sales.GetQuotation(s.ctx, quoted[0].ID)
		require.NoError(t, err)
		require.Equal(t, dims("leeds", "18"), quotation.Lines[1].Dimensions)

		_, err = s.sales.Order(s.ctx, []NewOrder{{Reference: "O-2", PartyID: s.anna, Date: newYear, Lines: []NewLine{line(s.postage, "1", "1"), line(s.tea, "1", "1")}}})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		require.ErrorContains(t, err, `order 1 ("O-2"), line 2: `)

		s.analysis().SetValue(t, "shop", "york", true)
		for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleCostOfGoodsSold, accounting.RoleStock} {
			s.analysis().Require(t, accounting.ByRole(role), "project", "shop")
		}
		_, err = s.books.CreateDimension(s.ctx, accounting.NewDimension{Code: "team", Name: "Team"})
		require.NoError(t, err)
		s.analysis().Require(t, accounting.ByRole(accounting.RoleSales), "team")
		_, err = s.sales.Deliver(s.ctx, []NewDelivery{{Reference: "L-1", Order: "O-1", Date: newYear}})
		require.NoError(t, err)
		_, err = s.sales.Invoice(s.ctx, []NewOrderInvoice{{Reference: "I-1", Order: "O-1", Date: newYear}})
		require.NoError(t, err)
		seventeen, eighteen := "map[project:17 shop:york]", "map[project:18 shop:york]"
		require.Equal(t, map[string]int64{seventeen: -1400, eighteen: -1600}, s.analysis().By(t, accounting.ByRole(accounting.RoleSales)))
		require.Equal(t, map[string]int64{seventeen: 400, eighteen: 600}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		_, err = s.sales.Return(s.ctx, []NewReturn{{Reference: "R-1", Delivery: "L-1", Date: newYear}})
		require.NoError(t, err)
		_, err = s.sales.CreditInvoice(s.ctx, []NewInvoiceCredit{{Reference: "C-1", Invoice: "I-1", Date: newYear}})
		require.NoError(t, err)
		require.Equal(t, map[string]int64{seventeen: 0, eighteen: 0}, s.analysis().By(t, accounting.ByRole(accounting.RoleSales)))
		require.Equal(t, map[string]int64{seventeen: 0, eighteen: 0}, s.analysis().By(t, accounting.ByRole(accounting.RoleCostOfGoodsSold)))
		replayed, err := s.sales.Accept(s.ctx, []Acceptance{accept})
		require.NoError(t, err, "a retry is answered, whatever was closed since")
		require.True(t, replayed[0].Replayed)
		require.Equal(t, dims("york", "17"), replayed[0].Dimensions)
		s.verify(t)
	})
}

// A retry with other dimensions is other content, wherever they stand; one that is the same is answered, whatever was closed since.
func TestDimensionsAreContent(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		quoted := NewQuotation{Reference: "R", PartyID: s.anna, Date: newYear, ValidUntil: newYear, Dimensions: dims("york", ""), Lines: []NewLine{line(s.tea, "1", "3.00")}}
		ordered := NewOrder{Reference: "R", PartyID: s.anna, Date: newYear, Dimensions: dims("york", ""), Lines: quoted.Lines}
		sold := s.onAccount("R", line(s.tea, "1", "3.00"))
		sold.Dimensions = dims("york", "")
		quote := func(d, l accounting.Dimensions) error {
			q := quoted
			q.Dimensions, q.Lines = d, []NewLine{in(quoted.Lines[0], l)}
			_, err := s.sales.Quote(s.ctx, []NewQuotation{q})
			return err
		}
		order := func(d, l accounting.Dimensions) error {
			o := ordered
			o.Dimensions, o.Lines = d, []NewLine{in(ordered.Lines[0], l)}
			_, err := s.sales.Order(s.ctx, []NewOrder{o})
			return err
		}
		sell := func(d, l accounting.Dimensions) error {
			n := sold
			n.Dimensions, n.Lines = d, []NewLine{in(sold.Lines[0], l)}
			_, err := s.sales.Sell(s.ctx, []NewSale{n})
			return err
		}
		acts := map[string]func(d, l accounting.Dimensions) error{"Quote": quote, "Order": order, "Sell": sell}
		for name, act := range acts {
			require.NoError(t, act(dims("york", ""), nil), name)
		}
		s.analysis().SetValue(t, "shop", "york", true)
		before := s.state(t)
		for name, act := range acts {
			require.NoError(t, act(dims("york", ""), accounting.Dimensions{}), name)
			require.ErrorIs(t, act(dims("leeds", ""), nil), ErrReferenceTaken, name)
			require.ErrorIs(t, act(dims("york", ""), dims("leeds", "")), ErrReferenceTaken, name)
			require.ErrorIs(t, act(nil, nil), ErrReferenceTaken, name)
		}
		require.Equal(t, before, s.state(t))
	})
}

// Verify names the line whose invoice or goods stand under other dimensions than it says.
func TestVerifyFindsOtherDimensions(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		lines := []NewLine{in(line(s.tea, "1", "3.00"), dims("york", ""))}
		s.sell(t, s.onAccount("S-1", lines...))
		_, err := s.sales.Order(s.ctx, []NewOrder{{Reference: "O-1", PartyID: s.anna, Date: newYear, Lines: lines}})
		require.NoError(t, err)
		_, err = s.sales.Deliver(s.ctx, []NewDelivery{{Reference: "L-1", Order: "O-1", Date: newYear}})
		require.NoError(t, err)
		s.verify(t)
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		for table, shown := range map[string]string{"sale_lines": "S-1", "order_lines": "L-1"} {
			_, err := owner.Exec(s.env.SQL("UPDATE erp." + table + " SET dimension_set_id = NULL WHERE tenant_id = '" + tenant.String() + "'"))
			require.NoError(t, err)
			checks, err := s.sales.Verify(s.ctx)
			require.NoError(t, err)
			var details []string
			for _, c := range checks {
				if !c.OK {
					details = append(details, c.Detail)
				}
			}
			require.Contains(t, fmt.Sprint(details), shown)
		}
	})
}

// However many documents and combinations there are, an act costs the same number of statements.
func TestDimensionsCostTheSame(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		combinations := []accounting.Dimensions{dims("york", ""), dims("leeds", ""), dims("york", "17"), dims("leeds", "18")}
		next := 0
		reference := func() string { next++; return fmt.Sprint("N-", next) }
		batch := func(n int) (sales []NewSale, orders []NewOrder, quotations []NewQuotation) {
			for i := range n {
				d := combinations[i%len(combinations)]
				lines := []NewLine{in(line(s.tea, "1", "3.00"), d), line(s.postage, "1", "1")}
				sales = append(sales, NewSale{Reference: reference(), PartyID: s.anna, Date: newYear, Dimensions: combinations[(i+1)%len(combinations)], Lines: lines})
				orders = append(orders, NewOrder{Reference: reference(), PartyID: s.anna, Date: newYear, Lines: lines})
				quotations = append(quotations, NewQuotation{Reference: reference(), PartyID: s.anna, Date: newYear, ValidUntil: newYear, Lines: lines})
			}
			return sales, orders, quotations
		}
		var made []string
		run := func(n int) (counts []int) {
			sales, orders, quotations := batch(n)
			var deliveries []NewDelivery
			var invoices []NewOrderInvoice
			for _, o := range orders {
				deliveries = append(deliveries, NewDelivery{Reference: reference(), Order: o.Reference, Date: newYear})
				invoices = append(invoices, NewOrderInvoice{Reference: reference(), Order: o.Reference, Date: newYear})
			}
			for _, act := range []func() error{
				func() error { _, err := s.sales.Sell(s.ctx, sales); return err }, func() error { _, err := s.sales.Order(s.ctx, orders); return err },
				func() error { _, err := s.sales.Quote(s.ctx, quotations); return err }, func() error { _, err := s.sales.Deliver(s.ctx, deliveries); return err },
				func() error { _, err := s.sales.Invoice(s.ctx, invoices); return err },
			} {
				counts = append(counts, s.env.Count(t, func() { require.NoError(t, act()) }))
			}
			made = append(made, sales[0].Reference)
			return counts
		}
		run(4) // the combinations are known afterwards
		require.Equal(t, run(1), run(12))
	})
}

// Two who are the first to name a combination: both sell.
func TestRaceForACombination(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.analysed(t)
		sell := func(reference string, d accounting.Dimensions) func() error {
			return s.book(s.onAccount(reference, in(line(s.tea, "1", "3.00"), d)))
		}
		for i, d := range []accounting.Dimensions{dims("york", ""), dims("york", "17"), dims("leeds", "17"), dims("hull", "18")} {
			errs := racetest.Acts(sell(fmt.Sprint("A", i), d), sell(fmt.Sprint("B", i), d))
			require.Equal(t, []error{nil, nil}, errs)
		}
		require.Equal(t, map[string]int64{"map[shop:york]": -600, "map[project:17 shop:york]": -600, "map[project:17 shop:leeds]": -600, "map[project:18 shop:hull]": -600},
			s.analysis().By(t, accounting.ByRole(accounting.RoleSales)))
		s.verify(t)
	})
}

// TestSliceLaws sells, delivers, charges and takes back at random, under random dimensions: profit and loss by slice sums to the whole
// after every step, and each shop has earned what a child would add up.
func TestSliceLaws(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		laws.Check(t, 4, func(rt *rapid.T) {
			h := &slicedHistory{t: rt, s: openShop(t, env, inventory.FIFO), profit: map[string]int64{}}
			h.s.analysed(rt)
			for range rapid.IntRange(3, 10).Draw(rt, "steps") {
				rapid.SampledFrom([]func(){h.sell, h.order, h.sell, h.order, h.takeBack}).Draw(rt, "act")()
				for shop, net := range h.s.analysis().Sliced(rt, "shop", yearBegins, yearEnds) {
					require.Equal(rt, h.profit[shop], net, "shop %q", shop)
				}
				h.s.analysis().Sliced(rt, "project", yearBegins, yearEnds)
				h.s.verify(rt)
			}
		})
	})
}

type slicedHistory struct {
	t      *rapid.T
	s      *shop
	next   int
	sales  []Sale
	shops  map[string][]string // of the lines of a sale, by reference
	back   map[string]bool
	profit map[string]int64 // by shop
}

func (h *slicedHistory) reference() string {
	h.next++
	return fmt.Sprint("H-", h.next)
}

// draw makes lines with the shop that each is for, whichever of the line and the document says so.
func (h *slicedHistory) draw() (document accounting.Dimensions, lines []NewLine, shops []string) {
	shop := rapid.SampledFrom([]string{"", "york", "leeds"})
	project := rapid.SampledFrom([]string{"", "17", "18"})
	whole := shop.Draw(h.t, "shop of all")
	for range rapid.IntRange(1, 3).Draw(h.t, "lines") {
		own := shop.Draw(h.t, "shop of the line")
		product := rapid.SampledFrom([]uuid.UUID{h.s.tea, h.s.cup, h.s.postage}).Draw(h.t, "product")
		lines = append(lines, in(line(product, fmt.Sprint(rapid.IntRange(1, 3).Draw(h.t, "units")), "2.5"), dims(own, project.Draw(h.t, "project"))))
		if own == "" {
			own = whole
		}
		shops = append(shops, own)
	}
	return dims(whole, project.Draw(h.t, "project of all")), lines, shops
}

// earned adds what lines earned to their shops: revenue, less what the stock says that the goods cost.
func (h *slicedHistory) earned(lines []NewLine, shops []string, stockDocument uuid.UUID, sign int64) {
	for i, l := range lines {
		h.profit[shops[i]] += sign * int64(l.Quantity) / 1_000_000 * 250
	}
	if stockDocument == uuid.Nil {
		return
	}
	d, err := h.s.stock.GetDocument(h.s.ctx, stockDocument)
	require.NoError(h.t, err)
	for _, m := range d.Moves {
		h.profit[shops[m.LineNo-1]] += m.Value.Minor
	}
}

func (h *slicedHistory) sell() {
	d, lines, shops := h.draw()
	sold := h.s.sell(h.t, NewSale{Reference: h.reference(), PartyID: h.s.anna, Date: newYear, Dimensions: d, Lines: lines})[0]
	h.earned(lines, shops, sold.StockDocumentID, 1)
	h.sales = append(h.sales, sold)
	if h.shops == nil {
		h.shops, h.back = map[string][]string{}, map[string]bool{}
	}
	h.shops[sold.Reference] = shops
}

// order goes the long way: half of it is quoted first, all is delivered and charged.
func (h *slicedHistory) order() {
	d, lines, shops := h.draw()
	reference := h.reference()
	if rapid.Bool().Draw(h.t, "quoted") {
		_, err := h.s.sales.Quote(h.s.ctx, []NewQuotation{{Reference: reference, PartyID: h.s.ben, Date: newYear, ValidUntil: newYear, Dimensions: d, Lines: lines}})
		require.NoError(h.t, err)
		_, err = h.s.sales.Accept(h.s.ctx, []Acceptance{{Quotation: reference, Reference: reference, Date: newYear}})
		require.NoError(h.t, err)
	} else {
		_, err := h.s.sales.Order(h.s.ctx, []NewOrder{{Reference: reference, PartyID: h.s.ben, Date: newYear, Dimensions: d, Lines: lines,
			ReserveUntil: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}})
		require.NoError(h.t, err)
	}
	invoiced, err := h.s.sales.Invoice(h.s.ctx, []NewOrderInvoice{{Reference: h.reference(), Order: reference, Date: newYear}})
	require.NoError(h.t, err)
	h.earned(lines, shops, uuid.Nil, 1)
	goods := []string{}
	for i, l := range lines {
		if l.ProductID != h.s.postage {
			goods = append(goods, shops[i])
		}
	}
	if len(goods) > 0 {
		delivered, err := h.s.sales.Deliver(h.s.ctx, []NewDelivery{{Reference: h.reference(), Order: reference, Date: newYear}})
		require.NoError(h.t, err)
		h.earned(nil, goods, delivered[0].StockDocumentID, 1)
		if rapid.Bool().Draw(h.t, "returned") {
			came, err := h.s.sales.Return(h.s.ctx, []NewReturn{{Reference: h.reference(), Delivery: delivered[0].Reference, Date: newYear}})
			require.NoError(h.t, err)
			h.earned(nil, goods, came[0].StockDocumentID, 1)
		}
	}
	if rapid.Bool().Draw(h.t, "credited") {
		_, err := h.s.sales.CreditInvoice(h.s.ctx, []NewInvoiceCredit{{Reference: h.reference(), Invoice: invoiced[0].Reference, Date: newYear}})
		require.NoError(h.t, err)
		h.earned(lines, shops, uuid.Nil, -1)
	}
}

// takeBack credits all of a sale, with its goods.
func (h *slicedHistory) takeBack() {
	for _, sale := range h.sales {
		if h.back[sale.Reference] {
			continue
		}
		h.back[sale.Reference] = true
		credit := NewCredit{Reference: h.reference(), Sale: sale.Reference, Date: newYear}
		var lines []NewLine
		for _, l := range sale.Lines {
			credit.Lines = append(credit.Lines, NewCreditLine{SaleLine: l.LineNo, Quantity: l.Quantity, UnitPrice: dec("2.5"), Restock: true})
			lines = append(lines, NewLine{Quantity: l.Quantity})
		}
		credited, err := h.s.sales.Credit(h.s.ctx, []NewCredit{credit})
		require.NoError(h.t, err)
		h.earned(lines, h.shops[sale.Reference], credited[0].StockDocumentID, -1)
		return
	}
}
