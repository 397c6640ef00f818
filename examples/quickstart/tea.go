package main

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

var (
	teaTenant = tenancy.NewTenant{Name: "Kade Tea", TimeZone: "Europe/Amsterdam", Reference: "quickstart: kade tea"}
	teaFirst  = date.Of(2026, 3, 1)
	teaLast   = date.Of(2026, 3, 31)
)

const teaCurrency money.Currency = "EUR"

// teaTax is an invented tax of 9 %.
const teaTax = "T9"

// teaHouse is the sample's second tenant: everything by calls to the services, no import.
type teaHouse struct {
	suite    *erp.Suite
	ctx      context.Context
	parties  map[string]uuid.UUID
	products map[string]uuid.UUID
	sold     []sales.Sale
	bought   purchase
	order    orderStory
	till     tillDay
}

// openTeaHouse books the second tenant's month. Every document has a reference, so that a second run books nothing.
func openTeaHouse(ctx context.Context, suite *erp.Suite, method inventory.Method) (*teaHouse, error) {
	t := &teaHouse{suite: suite}
	platform, err := suite.Tenancy.EnterPlatform(ctx, booking.Actor, tenancy.Permissions{"*"})
	if err != nil {
		return nil, err
	}
	tenant, err := suite.Tenancy.Tenants().Create(platform, teaTenant)
	if err != nil {
		return nil, err
	}
	if t.ctx, err = suite.Tenancy.Enter(ctx, tenant.ID, booking.Actor, tenancy.Permissions{tenancy.AllPermissions}); err != nil {
		return nil, err
	}
	if err := t.setUp(method); err != nil {
		return nil, err
	}
	for _, step := range []func() error{t.start, t.buy, t.sell, t.promise, t.sellOn, t.keepPromise, t.openTill, t.restock, t.lose, t.payRent, t.collect} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *teaHouse) setUp(method inventory.Method) error {
	books := t.suite.Accounting
	if _, err := books.OpenBooks(t.ctx, accounting.NewBooks{Currency: teaCurrency, Chart: accounting.ChartGeneral, YearStart: date.Of(2026, 1, 1), Country: "NL"}); err != nil {
		return err
	}
	if _, err := t.suite.Inventory.Configure(t.ctx, inventory.NewSettings{Method: method}); err != nil {
		return err
	}
	_, err := books.CreateTax(t.ctx, accounting.NewTax{Code: teaTax, Name: "Tax on sales 9 %", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: decimal.NewFromInt(9), Source: "for the example"}}})
	if err != nil && !errors.Is(err, accounting.ErrCodeTaken) {
		return err
	}
	parties, err := books.CreateParties(t.ctx, []accounting.NewParty{
		{Reference: "hotel", Name: "Hotel De Sluis", Customer: true, Country: "NL"},
		{Reference: "cafe", Name: "Café Morgenrood", Customer: true, Country: "NL"},
		{Reference: "estate", Name: "Nilgiri Leaf Cooperative", Vendor: true, Country: "IN"},
	})
	if err != nil {
		return err
	}
	products, err := t.suite.Inventory.CreateProducts(t.ctx, []inventory.NewProduct{
		{SKU: "NIL-KG", Name: "Nilgiri black tea", Unit: "kg"}, {SKU: "GRN-KG", Name: "Steamed green tea", Unit: "kg"},
		{SKU: "POT-1L", Name: "Teapot, 1 litre"}, {SKU: "TIN", Name: "Tea tin"}, {SKU: "DELIVERY", Name: "Delivery by bicycle", Kind: inventory.Services},
	})
	t.parties, t.products = map[string]uuid.UUID{}, map[string]uuid.UUID{}
	for _, p := range parties {
		t.parties[p.Reference] = p.ID
	}
	for _, p := range products {
		t.products[p.SKU] = p.ID
	}
	return err
}

// start pays in capital.
func (t *teaHouse) start() error {
	_, err := t.suite.Accounting.Post(t.ctx, []accounting.NewEntry{{
		Reference: "START", Date: teaFirst, Memo: "Capital paid in",
		Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleBank), euros("5000.00")), accounting.CreditLine(accounting.ByCode("3000"), euros("5000.00")),
		},
	}})
	return err
}

// sell sells on account and over the counter, and takes a part of a sale back.
func (t *teaHouse) sell() (err error) {
	cash := accounting.ByRole(accounting.RoleCash)
	t.sold, err = t.suite.Sales.Book(t.ctx, []sales.Document{
		sales.NewSale{Reference: "KT-1", PartyID: t.parties["hotel"], Date: date.Of(2026, 3, 5), Due: date.Of(2026, 4, 4), Lines: []sales.NewLine{
			t.line("NIL-KG", "25", "28.00"), t.line("POT-1L", "12", "24.00"), t.line("DELIVERY", "1", "15.00"),
		}},
		sales.NewSale{Reference: "KT-2", SettledBy: cash, Date: date.Of(2026, 3, 7), Lines: []sales.NewLine{t.line("GRN-KG", "0.25", "44.00"), t.line("POT-1L", "1", "29.50")}},
		sales.NewSale{Reference: "KT-3", PartyID: t.parties["cafe"], Date: date.Of(2026, 3, 12), Due: date.Of(2026, 4, 11), Lines: []sales.NewLine{
			t.line("GRN-KG", "20", "36.50"), {ProductID: t.products["NIL-KG"], Quantity: units("0.5"), Giveaway: true, Description: "A sample for the kitchen"},
		}},
		sales.NewCredit{Reference: "KT-3-BACK", Sale: "KT-3", Date: date.Of(2026, 3, 19), Lines: []sales.NewCreditLine{
			{SaleLine: 1, Quantity: units("2.5"), UnitPrice: decimal.RequireFromString("36.50"), TaxCode: teaTax, Restock: true},
		}},
	})
	return err
}

// sellOn sells in the last week.
func (t *teaHouse) sellOn() error {
	sold, err := t.suite.Sales.Book(t.ctx, []sales.Document{
		sales.NewSale{Reference: "KT-4", PartyID: t.parties["hotel"], Date: date.Of(2026, 3, 24), Due: date.Of(2026, 4, 23), Lines: []sales.NewLine{
			t.line("NIL-KG", "30", "28.00"), t.line("GRN-KG", "10", "36.50"),
		}},
		sales.NewSale{Reference: "KT-5", SettledBy: accounting.ByRole(accounting.RoleCash), Date: date.Of(2026, 3, 28), Lines: []sales.NewLine{t.line("NIL-KG", "0.125", "36.00")}},
	})
	t.sold = append(t.sold, sold...)
	return err
}

func (t *teaHouse) lose() error {
	_, err := t.suite.Inventory.Adjust(t.ctx, []inventory.NewDocument{{
		Reference: "COUNT-1", Date: teaLast, Reason: "Two teapots broken", Lines: []inventory.NewMove{{ProductID: t.products["POT-1L"], Quantity: units("-2")}},
	}})
	return err
}

func (t *teaHouse) payRent() error {
	_, err := t.suite.Accounting.Post(t.ctx, []accounting.NewEntry{{
		Reference: "RENT-03", Date: teaLast, Memo: "Rent for March",
		Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode("6100"), euros("350.00")), accounting.CreditLine(accounting.ByRole(accounting.RoleBank), euros("350.00")),
		},
	}})
	return err
}

// collect books the hotel's payment of its first invoice.
func (t *teaHouse) collect() error {
	invoice := t.sold[0].Invoice
	_, err := t.suite.Accounting.Pay(t.ctx, []accounting.NewPayment{{
		Reference: "BANK-1", PartyID: invoice.PartyID, Direction: accounting.MoneyIn, Date: date.Of(2026, 3, 30), Amount: invoice.Gross,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: invoice.Gross}},
	}})
	return err
}

func (t *teaHouse) line(sku, quantity, price string) sales.NewLine {
	return sales.NewLine{ProductID: t.products[sku], Quantity: units(quantity), UnitPrice: decimal.RequireFromString(price), TaxCode: teaTax}
}

// units and euros read constants of this file.
func units(text string) money.Quantity {
	q, err := money.ParseQuantity(text)
	if err != nil {
		panic(err)
	}
	return q
}

func euros(text string) money.Amount {
	a, err := money.Parse(text, teaCurrency)
	if err != nil {
		panic(err)
	}
	return a
}

// teaBooked lists the second tenant's invoices and credit notes.
func (p *page) teaBooked(t *teaHouse, f *booking.Figures) {
	p.heading("What was sold", "net", "tax", string(f.Books.Currency))
	for _, s := range t.sold {
		net, tax, gross := s.Invoice.Net, s.Invoice.Tax, s.Invoice.Gross
		if s.Kind == sales.KindCredit {
			net.Minor, tax.Minor, gross.Minor = -net.Minor, -tax.Minor, -gross.Minor
		}
		p.row(s.Invoice.Number+", "+day(s.Date), pounds(net), pounds(tax), pounds(gross))
	}
	p.row("Journal entries", "", "", grouped(f.Entries))
}
