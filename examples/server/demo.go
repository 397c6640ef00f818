package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/date"
)

// demo makes the demo tenants and says how to call the server.
func demo(ctx context.Context, suite *erp.Suite, mail *demoMailer, c config) error {
	shops, err := demoShops(ctx, suite)
	if err != nil {
		return err
	}
	accounts, err := demoAccounts(ctx, suite, mail, shops, filepath.Join(c.Dir, "demo.json"))
	if err != nil {
		return err
	}
	scheme := "http"
	if c.Cert != "" {
		scheme = "https"
	}
	base := scheme + "://" + c.Addr
	fmt.Printf("listening on %s, described by %s/openapi.json\n\n", base, base)
	for i, a := range accounts {
		fmt.Printf("%s: tenant %s\n  sign in as %s, password %s\n  API key %s\n", shops[i].tenant.Name, shops[i].tenant.ID, a.Email, a.Password, a.Key)
		fmt.Printf("  customer %s, vendor %s, product %s\n\n", shops[i].customer, shops[i].vendor, shops[i].product)
	}
	fmt.Printf("curl -H 'Authorization: Bearer %s' %s/v1/inventory/stock\n", accounts[0].Key, base)
	fmt.Printf("curl -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' %s/v1/sales/sales \\\n"+
		"  -d '{\"reference\":\"WEB-1\",\"customer_id\":\"%s\",\"lines\":[{\"product_id\":\"%s\",\"quantity\":\"2\",\"unit_price\":\"4.99\"}]}'\n",
		accounts[0].Key, base, shops[0].customer, shops[0].product)
	fmt.Printf("curl -H 'Authorization: Bearer %s' -H '%s: %s' %s/v1/sales/sales    # another tenant's: refused\n", accounts[1].Key, tenantHeader, shops[0].tenant.ID, base)
	return nil
}

// demoAccount is a demo tenant's owner with an API key. They are made once and kept beside the database.
type demoAccount struct{ Email, Password, Key string }

func demoAccounts(ctx context.Context, suite *erp.Suite, mail *demoMailer, shops []demoShop, file string) ([]demoAccount, error) {
	var out []demoAccount
	if text, err := os.ReadFile(file); err == nil { //nolint:gosec // in the server's own directory
		return out, json.Unmarshal(text, &out)
	}
	platform, err := suite.Tenancy.EnterPlatform(ctx, "demo", tenancy.Permissions{access.PermAddOwner})
	if err != nil {
		return nil, err
	}
	for i, shop := range shops {
		a := demoAccount{Email: fmt.Sprintf("owner%d@example.com", i+1), Password: rand.Text()}
		if _, err := suite.Access.AddOwner(platform, shop.tenant.ID, access.NewMember{Email: a.Email, Name: "Demo Owner"}); err != nil {
			return nil, err
		}
		if _, err := suite.Access.Accept(ctx, access.Acceptance{Token: mail.token, Password: a.Password}); err != nil {
			return nil, err
		}
		if a.Key, err = demoKey(ctx, suite, a, "demo", demoPermissions); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	text, err := json.MarshalIndent(out, "", "  ") //nolint:gosec // the demo accounts, for whoever tries the server out
	if err != nil {
		return nil, err
	}
	return out, os.WriteFile(file, text, 0o600)
}

// demoPermissions are what a demo key is for: the routes, but for those that need a person. A key is no owner of its tenant.
var demoPermissions = tenancy.Permissions{"accounting.*", "inventory.*", "purchasing.*", "sales.*", "pos.*", "privacy.*", "request.*", "audit.*", access.PermRead, erp.PermVerify}

// demoKey makes an API key as its owner would.
func demoKey(ctx context.Context, suite *erp.Suite, a demoAccount, name string, perms tenancy.Permissions) (string, error) {
	s, err := suite.Access.Login(ctx, access.Login{Email: a.Email, Password: a.Password})
	if err != nil {
		return "", err
	}
	if ctx, err = suite.Access.Authenticate(ctx, access.Credential{Secret: s.Token}); err != nil {
		return "", err
	}
	k, err := suite.Access.CreateKey(ctx, access.NewKey{Name: name, Permissions: perms})
	if err != nil {
		return "", err
	}
	return k.Secret, suite.Access.Logout(ctx)
}

// demoMailer sees the tokens of invitations on their way, for the demo accounts, which have nobody who reads mail.
type demoMailer struct{ token string }

func (m *demoMailer) compose(n access.Notice) (subject, text string) {
	m.token = n.Token
	return "A token", n.Token
}

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
