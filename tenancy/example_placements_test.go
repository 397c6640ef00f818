package tenancy_test

import (
	"context"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// Many small shops share a database, a bank has one of its own, and demonstrations are files: side by side in one program.
func ExamplePlacements() {
	open := func(ctx context.Context, shared, bank postgres.Engine) (*tenancy.DB, error) {
		return tenancy.Open(ctx, tenancy.Placements{
			Control: "shared-eu", // holds the platform's own records as well
			Default: "shared-eu", // for new tenants of whom nobody says otherwise
			At: map[string]tenancy.Placement{
				"shared-eu": {Engine: shared, Region: "eu"},
				"bank":      {Engine: bank, Region: "eu", Dedicated: true},
				"demo":      {Engine: sqlite.Engine{Dir: "./demo"}},
			},
		}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}})
	}
	create := func(platform context.Context, db *tenancy.DB) error {
		_, err := db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop", Region: "eu"})
		if err != nil {
			return err
		}
		_, err = db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Bank", Region: "eu", Placement: "bank"})
		return err
	}
	_, _ = open, create
}
