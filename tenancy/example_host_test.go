package tenancy_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// A host keeps its own users in its own table. Its user's id is the actor: erp stores it and asks nothing more.
func Example_hostsOwnUsers() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	platform, _ := db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"})
	branch, _ := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Town branch"})

	type user struct { // the host's own, wherever it lives
		id     int
		tenant tenancy.Tenant
		role   string
	}
	ada := user{id: 7, tenant: branch, role: "clerk"}

	// After the host has authenticated its user, it says what that user may do, and enters.
	allowed := map[string]tenancy.Permissions{"clerk": {"library.lend"}}
	ctx, err = db.Enter(ctx, ada.tenant.ID, fmt.Sprintf("user:%d", ada.id), allowed[ada.role])
	if err != nil {
		panic(err)
	}
	_, err = tenancy.Act(ctx, db, "library.burn", func(context.Context, *tenancy.Tx) (int, error) { return 0, nil })
	fmt.Println(err)
	// Output: library.burn: the scope lacks the permission library.burn (tenancy.forbidden)
}

// The host's own table takes part in our transaction: both are written, or neither.
func ExampleTx_Host() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	platform, _ := db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"})
	branch, _ := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Town branch"})
	ctx, _ = db.Enter(ctx, branch.ID, "user:7", tenancy.Permissions{tenancy.AllPermissions})

	lend := func(fail bool) error {
		return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			if err := tenancy.Insert(ctx, tx, &Receipt{Number: "R-1"}); err != nil {
				return err
			}
			return tx.Host(ctx, func(host *sql.Tx) error {
				if _, err := host.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS crm_calls (note TEXT)"); err != nil {
					return err
				}
				if _, err := host.ExecContext(ctx, "INSERT INTO crm_calls VALUES ('lent a book')"); err != nil {
					return err
				}
				if fail {
					return fmt.Errorf("the CRM says no")
				}
				return nil
			})
		})
	}
	fmt.Println(lend(true))
	fmt.Println(lend(false))
	_ = db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		n, err := tenancy.Count[Receipt](ctx, tx)
		fmt.Println("receipts:", n)
		return err
	})
	// Output:
	// the CRM says no
	// <nil>
	// receipts: 1
}
