package tenancy_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// A tenant whose nightly report is too much for the others is held to less than they are.
func ExampleTenants_SetLimits() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library},
		Limits: tenancy.Limits{StatementTimeout: 30 * time.Second}}) // of every tenant; the other limits are the defaults
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	platform, _ := db.EnterPlatform(ctx, "operator:3", tenancy.Permissions{"tenancy.*"})
	branch, _ := db.Tenants().Create(platform, tenancy.NewTenant{Name: "Noisy branch"})
	err = db.Tenants().SetLimits(platform, branch.ID, tenancy.Limits{StatementTimeout: 50 * time.Millisecond, Transactions: 2}, "ticket 4711")
	if err != nil {
		panic(err)
	}

	ctx, _ = db.Enter(ctx, branch.ID, "user:7", tenancy.Permissions{tenancy.AllPermissions})
	err = db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		_, err := tenancy.Report[int64](ctx, tx, `WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n FROM r) SELECT COUNT(*) FROM r`)
		return err
	})
	fmt.Println(err)
	// Output: sqlite: a statement took longer than 50ms, which is as long as it may (tenancy.exhausted)
}
