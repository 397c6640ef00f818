package tenancy_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// Somebody of the platform's staff has to look into a tenant's records. They have no scope of it; they ask, the tenant's
// owner authorises, every look is on record before it is answered, and the owner ends it when they like.
func ExampleDB_EnterGrant() {
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
	owner, _ := db.Enter(ctx, branch.ID, "user:1", tenancy.Permissions{"*"})
	staff, _ := db.EnterPlatform(ctx, "staff:7", tenancy.Permissions{tenancy.PermAskGrant})

	grant, err := db.Grants().Ask(staff, tenancy.NewGrant{
		Tenant: branch.ID, Person: "staff:7", For: 2 * time.Hour,
		Reason:      "Ticket 4711: receipts are missing from a list.",
		Permissions: tenancy.Permissions{"library.read"},
	})
	if err != nil {
		panic(err)
	}
	_, err = db.EnterGrant(staff, grant.ID)
	fmt.Println("before the owner agrees:", fault.CodeOf(err))

	if _, err = db.Grants().Authorise(owner, grant.ID); err != nil {
		panic(err)
	}
	inside, err := db.EnterGrant(staff, grant.ID)
	if err != nil {
		panic(err)
	}
	receipts := func() (int64, error) {
		return tenancy.View(inside, db, "library.read", func(ctx context.Context, tx *tenancy.Tx) (int64, error) {
			return tenancy.Count[Receipt](ctx, tx, tenancy.Eq("number", "R-1"))
		})
	}
	n, err := receipts()
	fmt.Println("receipts:", n, err)

	if _, err = db.Grants().Revoke(owner, grant.ID, "done"); err != nil {
		panic(err)
	}
	_, err = receipts()
	fmt.Println("after the owner revokes:", fault.CodeOf(err))

	uses, err := db.Grants().Uses(owner, grant.ID, uuid.Nil, 100)
	if err != nil {
		panic(err)
	}
	for _, u := range uses {
		fmt.Println(u.Actor == "grant:"+grant.ID.String(), u.Verb, u.Table, u.Filter, u.Rows)
	}
	// Output:
	// before the owner agrees: tenancy.grant_unauthorised
	// receipts: 0 <nil>
	// after the owner revokes: tenancy.grant_ended
	// false ask   0
	// false authorise   0
	// true enter   0
	// true count lib.receipts number = ? 0
	// false revoke   0
}
