package sales

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

const (
	receivable = accounting.RoleReceivable
	till       = accounting.RoleCash
	revenue    = accounting.RoleSales
	cogs       = accounting.RoleCostOfGoodsSold
	marketing  = accounting.RoleMarketing
	inStock    = accounting.RoleStock
)

func TestSellOnAccount(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, s.onAccount("O-1", line(s.tea, "3", "4.50"), line(s.postage, "1", "2.95"), line(s.cup, "2", "7.005")))[0]
		assert.Equal(t, "receivable 30.46, sales -30.46, cost_of_goods_sold 9.00, stock 391.00", s.balances(t, receivable, revenue, cogs, inStock))
		assert.Equal(t, money.Of(3046, "GBP"), sold.Invoice.Gross)
		assert.Equal(t, "INV-2026-00001", sold.Invoice.Number)
		assert.Equal(t, []bool{true, false, true}, []bool{sold.Lines[0].Moved, sold.Lines[1].Moved, sold.Lines[2].Moved})

		doc, err := s.stock.GetDocument(s.ctx, sold.StockDocumentID)
		require.NoError(t, err)
		assert.Equal(t, inventory.Issue, doc.Kind)
		assert.Equal(t, []int64{1, 3}, []int64{doc.Moves[0].LineNo, doc.Moves[1].LineNo}, "the invoice's line numbers")
		invoice, err := s.books.GetInvoice(s.ctx, sold.InvoiceID)
		require.NoError(t, err)
		assert.Equal(t, []string{"Earl Grey", "Postage", "Cup"}, invoice.Descriptions)

		got, err := s.sales.GetSale(s.ctx, sold.ID)
		require.NoError(t, err)
		assert.Equal(t, sold, got)
		s.verify(t)
	})
}

func TestSellForCash(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		sold := s.sell(t, NewSale{Reference: "T-1", Date: newYear, SettledBy: cash(), Lines: []NewLine{line(s.tea, "1", "4.50")}})[0]
		assert.Equal(t, uuid.Nil, sold.PartyID)
		assert.Equal(t, "cash 4.50, receivable 0.00, sales -4.50, cost_of_goods_sold 1.00", s.balances(t, till, receivable, revenue, cogs))
		s.verify(t)
	})
}

// A giveaway is said to be one: its cost is marketing's. A free part of a bundle is a cost of what was sold with it.
func TestGiveaways(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		gift := line(s.cup, "1", "0")
		gift.Giveaway = true
		s.sell(t, s.onAccount("O-1", line(s.tea, "10", "1"), gift, line(s.tea, "2", "0")))
		assert.Equal(t, "cost_of_goods_sold 12.00, marketing 3.00, sales -10.00", s.balances(t, cogs, marketing, revenue))

		only := s.sell(t, s.onAccount("O-2", gift))[0]
		assert.True(t, only.Invoice.Gross.IsZero())
		assert.Equal(t, "marketing 6.00", s.balances(t, marketing))

		// What was given away comes back to where its cost went.
		_, err := s.sales.Credit(s.ctx, []NewCredit{creditOf("O-2", "CR-1", back(1, "1", "0"))})
		require.NoError(t, err)
		assert.Equal(t, "cost_of_goods_sold 12.00, marketing 3.00", s.balances(t, cogs, marketing))
		s.verify(t)
	})
}

func TestCreditOfASale(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("O-1", line(s.tea, "3", "4.50"), line(s.postage, "1", "2.95")))
		s.receive(t, s.tea, "100", "9.00") // the average is another now
		kept := back(1, "1", "4.50")
		kept.Restock = false
		credits, err := s.sales.Credit(s.ctx, []NewCredit{creditOf("O-1", "CR-1", back(1, "1", "4.50"), back(2, "1", "2.95")), creditOf("O-1", "CR-2", kept)})
		require.NoError(t, err)
		assert.Equal(t, "CN-2026-00001", credits[0].Invoice.Number)
		assert.Equal(t, s.anna, credits[0].PartyID, "the sale's customer")
		assert.NotEqual(t, uuid.Nil, credits[0].StockDocumentID)
		assert.Equal(t, uuid.Nil, credits[1].StockDocumentID, "kept by the customer")
		assert.Equal(t, "receivable 4.50, sales -4.50, cost_of_goods_sold 2.00", s.balances(t, receivable, revenue, cogs), "at the cost it left at")
		assert.Equal(t, "198", s.onHand(t, s.tea))

		sold, err := s.sales.SalesByReference(s.ctx, []string{"O-1"})
		require.NoError(t, err)
		assert.Equal(t, []money.Quantity{qty("2"), qty("1")}, []money.Quantity{sold["O-1"].Lines[0].Credited, sold["O-1"].Lines[1].Credited})

		before := s.state(t)
		for _, over := range [][]NewCreditLine{{back(1, "1.5", "4.50")}, {back(2, "0.1", "0")}, {back(1, "0.6", "1"), back(1, "0.6", "1")}} {
			_, err = s.sales.Credit(s.ctx, []NewCredit{creditOf("O-1", "CR-3", over...)})
			require.ErrorIs(t, err, ErrOverCredited)
		}
		_, err = s.sales.Credit(s.ctx, []NewCredit{creditOf("O-1", "CR-3", back(1, "1", "100"))})
		require.ErrorIs(t, err, accounting.ErrOverCredited, "nor more money than was charged")
		assert.Equal(t, before, s.state(t))
		s.verify(t)
	})
}

func TestCreditWithoutASale(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		stated := NewCreditLine{ProductID: s.tea, Quantity: qty("2"), UnitPrice: dec("4"), Restock: true, ReturnCost: inventory.PerUnit(dec("0.70"))}
		average := NewCreditLine{ProductID: s.cup, Quantity: qty("1"), UnitPrice: dec("7"), Restock: true}
		fee := NewCreditLine{Description: "Marketplace fee", Quantity: qty("1"), UnitPrice: dec("1.25"), Account: accounting.ByRole(accounting.RoleFees)}
		_, err := s.sales.Credit(s.ctx, []NewCredit{
			{Reference: "CR-1", Date: newYear, RefundedBy: cash(), Lines: []NewCreditLine{stated, average, fee}},
			{Reference: "CR-2", Date: newYear, PartyID: s.ben, Lines: []NewCreditLine{{ProductID: s.postage, Quantity: qty("1"), UnitPrice: dec("3"), Restock: true}}},
		})
		require.NoError(t, err)
		assert.Equal(t, "cash -16.25, receivable -3.00, sales 18.00, fees 1.25, cost_of_goods_sold -4.40",
			s.balances(t, till, receivable, revenue, accounting.RoleFees, cogs))
		assert.Equal(t, "102", s.onHand(t, s.tea))
		s.verify(t)
	})
}

// A sale and its credit in one batch, and goods that come back in time for the next sale.
func TestBookMixed(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		batch := []Document{
			s.onAccount("O-1", line(s.tea, "100", "2")),
			creditOf("O-1", "CR-1", back(1, "40", "2")),
			s.onAccount("O-2", line(s.tea, "40", "2")),
			creditOf("O-2", "CR-2", back(1, "1", "2")),
		}
		booked, err := s.sales.Book(s.ctx, batch)
		require.NoError(t, err)
		assert.Equal(t, []Kind{KindSale, KindCredit, KindSale, KindCredit}, []Kind{booked[0].Kind, booked[1].Kind, booked[2].Kind, booked[3].Kind})
		assert.Equal(t, booked[0].ID, booked[1].CreditsID)
		assert.Equal(t, "1", s.onHand(t, s.tea))
		before := s.state(t)

		batch = append(batch, s.onAccount("O-3", line(s.tea, "1", "2")))
		again, err := s.sales.Book(s.ctx, batch)
		require.NoError(t, err)
		for i, sale := range again {
			assert.Equal(t, i < 4, sale.Replayed, "document %d", i+1)
		}
		assert.Equal(t, booked[1].ID, again[1].ID)
		assert.Equal(t, booked[1].Invoice.Number, again[1].Invoice.Number)
		assert.Equal(t, booked[1].Lines, again[1].Lines)
		assert.NotEqual(t, before, s.state(t), "the new one is booked")
		s.verify(t)
	})
}

func TestReplay(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		in := s.onAccount("O-1", line(s.tea, "1", "4.5"))
		first := s.sell(t, in)[0]
		before := s.state(t)
		in.Note, in.Lines[0].Description, in.Lines[0].UnitPrice = "another word", "another name", dec("4.500")
		again := s.sell(t, in, in)
		for _, sale := range again {
			assert.True(t, sale.Replayed)
			sale.Replayed, sale.Invoice.Replayed = false, false
			assert.Equal(t, first, sale)
		}
		assert.Equal(t, before, s.state(t))

		in.Lines[0].UnitPrice = dec("5")
		_, err := s.sales.Sell(s.ctx, []NewSale{in})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.sales.Sell(s.ctx, []NewSale{s.onAccount("O-2", line(s.tea, "1", "1")), s.onAccount("O-2", line(s.tea, "2", "1"))})
		require.ErrorIs(t, err, ErrReferenceTaken)
		_, err = s.sales.Credit(s.ctx, []NewCredit{creditOf("", "O-1", NewCreditLine{ProductID: s.tea, Quantity: 1})})
		require.Error(t, err, "one reference, one document: a credit cannot have a sale's")

		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{{Reference: "BY-HAND", PartyID: s.anna, Date: newYear,
			Lines: []accounting.NewInvoiceLine{{Description: "Earl Grey", Quantity: qty("1"), UnitPrice: dec("4.5")}}}})
		require.NoError(t, err)
		before = s.state(t)
		_, err = s.sales.Sell(s.ctx, []NewSale{s.onAccount("BY-HAND", line(s.tea, "1", "4.5"))})
		require.ErrorIs(t, err, ErrReferenceTaken, "an invoice that was issued by hand is no sale")
		assert.Equal(t, before, s.state(t))
		_, err = s.stock.Issue(s.ctx, []inventory.NewDocument{{Reference: "SAMPLES", Date: newYear, Lines: []inventory.NewMove{{ProductID: s.cup, Quantity: 1}}}})
		require.NoError(t, err)
		before = s.state(t)
		_, err = s.sales.Sell(s.ctx, []NewSale{s.onAccount("SAMPLES", line(s.tea, "1", "4.5"))})
		require.ErrorIs(t, err, ErrReferenceTaken, "nor is an issue of goods")
		assert.Equal(t, before, s.state(t))
	})
}

// TestRefusals: whatever is refused says why, and changes nothing.
func TestRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.sell(t, s.onAccount("O-1", line(s.tea, "2", "4.50"), line(s.postage, "1", "3")))
		_, err := s.sales.Credit(s.ctx, []NewCredit{creditOf("O-1", "CR-1", back(1, "1", "4.50"))})
		require.NoError(t, err)
		sale := func(change func(*NewSale)) NewSale {
			in := s.onAccount("X", line(s.tea, "1", "4.50"))
			change(&in)
			return in
		}
		credit := func(change func(*NewCredit)) NewCredit {
			in := creditOf("O-1", "X", back(1, "1", "4.50"))
			change(&in)
			return in
		}
		cases := map[string]struct {
			document Document
			want     error
		}{
			"oversold":               {s.onAccount("X", line(s.tea, "100", "1")), inventory.ErrInsufficientStock},
			"unknown product":        {sale(func(in *NewSale) { in.Lines[0].ProductID = uuid.UUID{9} }), ErrUnknownProduct},
			"unknown warehouse":      {sale(func(in *NewSale) { in.WarehouseID = uuid.UUID{9} }), inventory.ErrUnknownWarehouse},
			"unknown customer":       {sale(func(in *NewSale) { in.PartyID = uuid.UUID{9} }), accounting.ErrUnknownParty},
			"unknown tax":            {sale(func(in *NewSale) { in.Lines[0].TaxCode = "NOPE" }), accounting.ErrUnknownTax},
			"unknown account":        {sale(func(in *NewSale) { in.Lines[0].Account = accounting.ByCode("nope") }), accounting.ErrUnknownAccount},
			"before the books":       {sale(func(in *NewSale) { in.Date = date.Must("2025-12-31") }), accounting.ErrNoPeriod},
			"below zero":             {sale(func(in *NewSale) { in.Lines[0].UnitPrice = dec("-1") }), accounting.ErrNegativeTotal},
			"overflow":               {sale(func(in *NewSale) { in.Lines[0].UnitPrice = dec("1e17") }), fault.Invalid},
			"walk-in on account":     {sale(func(in *NewSale) { in.PartyID = uuid.Nil }), ErrBadInput},
			"no reference":           {sale(func(in *NewSale) { in.Reference = "" }), ErrBadInput},
			"blanks in reference":    {sale(func(in *NewSale) { in.Reference = "X " }), ErrBadInput},
			"no lines":               {sale(func(in *NewSale) { in.Lines = nil }), ErrBadInput},
			"no quantity":            {sale(func(in *NewSale) { in.Lines[0].Quantity = 0 }), ErrBadInput},
			"negative quantity":      {sale(func(in *NewSale) { in.Lines[0].Quantity = -1 }), ErrBadInput},
			"a price like an attack": {sale(func(in *NewSale) { in.Lines[0].UnitPrice = huge() }), ErrBadInput},
			"a gift with a price":    {sale(func(in *NewSale) { in.Lines[0].Giveaway = true }), ErrBadInput},
			"nothing at all":         {sale(func(in *NewSale) { in.Lines[0].ProductID = uuid.Nil }), ErrBadInput},
			"broken text":            {sale(func(in *NewSale) { in.Note = "\xff" }), ErrBadInput},

			"no such sale":          {credit(func(in *NewCredit) { in.Sale = "O-9" }), ErrUnknownSale},
			"no such line":          {credit(func(in *NewCredit) { in.Lines[0].SaleLine = 3 }), ErrUnknownSale},
			"of a credit":           {credit(func(in *NewCredit) { in.Sale = "CR-1" }), ErrNotCreditable},
			"another customer":      {credit(func(in *NewCredit) { in.PartyID = s.ben }), ErrNotCreditable},
			"another product":       {credit(func(in *NewCredit) { in.Lines[0].ProductID = s.cup }), ErrNotCreditable},
			"more than was sold":    {credit(func(in *NewCredit) { in.Lines[0].Quantity = qty("1.1") }), ErrOverCredited},
			"more than was paid":    {credit(func(in *NewCredit) { in.Lines[0].UnitPrice = dec("7.51") }), accounting.ErrOverCredited},
			"line without a sale":   {credit(func(in *NewCredit) { in.Sale = "" }), ErrBadInput},
			"sale without a line":   {credit(func(in *NewCredit) { in.Lines[0].SaleLine, in.Lines[0].ProductID = 0, s.tea }), ErrBadInput},
			"cost of a known sale":  {credit(func(in *NewCredit) { in.Lines[0].ReturnCost = inventory.PerUnit(dec("1")) }), ErrBadInput},
			"a cost like an attack": {credit(func(in *NewCredit) { in.Lines[0].ReturnCost = inventory.PerUnit(huge()) }), ErrBadInput},
			"refund to nobody":      {NewCredit{Reference: "X", Date: newYear, Lines: []NewCreditLine{{ProductID: s.tea, Quantity: 1, Restock: true}}}, ErrBadInput},
			"nil":                   {nil, ErrBadInput},
		}
		before := s.state(t)
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				// A good sale before it does not survive it.
				_, err := s.sales.Book(s.ctx, []Document{s.onAccount("GOOD", line(s.tea, "1", "4.50")), c.document})
				require.ErrorIs(t, err, c.want)
				assert.Equal(t, before, s.state(t))
			})
		}
		s.verify(t)
	})
}

func TestClosedPeriod(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodLocked, Reason: "closing"})
		require.NoError(t, err)
		before := s.state(t)
		_, err = s.sales.Sell(s.ctx, []NewSale{s.onAccount("O-1", line(s.tea, "1", "4.50"))})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		_, err = s.sales.Sell(s.ctx, []NewSale{s.onAccount("O-1", line(s.postage, "1", "4.50"))})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		assert.Equal(t, before, s.state(t))
	})
}

func TestTax(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard rate", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: dec("20"), Source: "for the example"}}})
		require.NoError(t, err)
		taxed := line(s.tea, "3", "4.50")
		taxed.TaxCode = "S20"
		s.sell(t, s.onAccount("O-1", taxed))
		assert.Equal(t, "receivable 16.20, sales -13.50, tax -2.70", s.balances(t, receivable, revenue, accounting.RoleTax))
		credited := back(1, "1", "4.50")
		credited.TaxCode = "S20"
		_, err = s.sales.Credit(s.ctx, []NewCredit{creditOf("O-1", "CR-1", credited)})
		require.NoError(t, err)
		assert.Equal(t, "receivable 10.80, sales -9.00, tax -1.80", s.balances(t, receivable, revenue, accounting.RoleTax))
		s.verify(t)
	})
}
