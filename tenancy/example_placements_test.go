package tenancy_test

import (
	"context"
	"fmt"
	"os"
	"time"

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
	// Output:
}

// A shop that has outgrown its file moves to the shared database. Two directories stand in for the two here.
func ExampleTenants_Move() {
	ctx := context.Background()
	files, _ := os.MkdirTemp("", "example")
	shared, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(files); _ = os.RemoveAll(shared) }()
	db, err := tenancy.Open(ctx, tenancy.Placements{Control: "shared", Default: "files", At: map[string]tenancy.Placement{
		"files": {Engine: sqlite.Engine{Dir: files}, Region: "eu"}, "shared": {Engine: sqlite.Engine{Dir: shared}, Region: "eu"},
	}}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}, StateMaxAge: 10 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	platform, _ := db.EnterPlatform(ctx, "staff:3", tenancy.Permissions{"tenancy.create", "tenancy.move"})
	branch, _ := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Town branch", Region: "eu"})
	clerk, _ := db.Enter(ctx, branch.ID, "user:7", tenancy.Permissions{"library.*"})
	lend := func(number string) error {
		return db.Tx(clerk, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &Receipt{Number: number})
		})
	}
	fmt.Println(branch.Placement, lend("R-1"))
	branch, err = db.Tenants().Move(platform, branch.ID, "shared", "2,000 books a day")
	fmt.Println(branch.Placement, branch.State, err)
	fmt.Println(lend("R-2"))
	_ = db.Read(clerk, func(ctx context.Context, tx *tenancy.Tx) error {
		n, err := tenancy.Count[Receipt](ctx, tx)
		fmt.Println("receipts:", n)
		return err
	})
	// Output:
	// files <nil>
	// shared active <nil>
	// <nil>
	// receipts: 2
}
