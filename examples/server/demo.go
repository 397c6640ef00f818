package main

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// demoShop is a tenant with books, a customer, a vendor and ten pieces of something to sell.
type demoShop struct {
	tenant                    tenancy.Tenant
	customer, vendor, product uuid.UUID
}

// demoShops makes the two demo tenants, or finds them: everything has a reference, so that starting again makes nothing twice.
func demoShops(ctx context.Context, suite *erp.Suite) ([]demoShop, error) {
	platform, err := suite.Tenancy.EnterPlatform(ctx, "demo", tenancy.Permissions{tenancy.PermCreateTenant})
	if err != nil {
		return nil, err
	}
	var out []demoShop
	for _, name := range []string{"Tea House", "Book Nook"} {
		t, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: name, Reference: "demo " + name, TimeZone: "Europe/London"})
		if err != nil {
			return nil, err
		}
		shop, err := fitOut(ctx, suite, t)
		if err != nil {
			return nil, err
		}
		out = append(out, shop)
	}
	return out, nil
}

func fitOut(ctx context.Context, suite *erp.Suite, t tenancy.Tenant) (demoShop, error) {
	shop := demoShop{tenant: t}
	ctx, err := suite.Tenancy.Enter(ctx, t.ID, "demo", tenancy.Permissions{tenancy.AllPermissions})
	if err != nil {
		return shop, err
	}
	// One act: a shop is fitted out whole or not at all.
	err = suite.Tenancy.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		there, err := suite.Accounting.PartiesByReference(ctx, []string{"C-1", "V-1"})
		if err != nil {
			return err
		}
		if len(there) == 2 {
			products, err := suite.Inventory.ProductsBySKU(ctx, []string{"DEMO-1"})
			shop.customer, shop.vendor, shop.product = there["C-1"].ID, there["V-1"].ID, products["DEMO-1"].ID
			return err
		}
		newYear := date.Of(tx.Today().Year(), time.January, 1)
		if _, err := suite.Accounting.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: newYear}); err != nil {
			return err
		}
		if _, err := suite.Inventory.Configure(ctx, inventory.NewSettings{Method: inventory.Average}); err != nil {
			return err
		}
		parties, err := suite.Accounting.CreateParties(ctx, []accounting.NewParty{
			{Reference: "C-1", Name: "Ada Ltd", Customer: true}, {Reference: "V-1", Name: "Bulk Bros", Vendor: true}})
		if err != nil {
			return err
		}
		products, err := suite.Inventory.CreateProducts(ctx, []inventory.NewProduct{{SKU: "DEMO-1", Name: "Something to sell"}})
		if err != nil {
			return err
		}
		ten, err := money.Units(10)
		if err != nil {
			return err
		}
		shop.customer, shop.vendor, shop.product = parties[0].ID, parties[1].ID, products[0].ID
		_, err = suite.Inventory.Receive(ctx, []inventory.NewDocument{{Reference: "OPENING", Date: newYear, Counter: accounting.ByRole(accounting.RoleOpeningEquity),
			Lines: []inventory.NewMove{{ProductID: shop.product, Quantity: ten, Cost: inventory.PerUnit(decimal.NewFromInt(2))}}}})
		return err
	})
	return shop, err
}
