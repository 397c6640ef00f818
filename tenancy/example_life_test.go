package tenancy_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// A branch signs up, does not pay, leaves, thinks better of it, and leaves for good, with a lawsuit in between.
func ExampleTenants() {
	ctx := context.Background()
	dir, _ := os.MkdirTemp("", "example")
	defer func() { _ = os.RemoveAll(dir) }()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{library}, Clock: func() time.Time { return now }})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	platform, _ := db.EnterPlatform(ctx, "staff:3", tenancy.Permissions{"tenancy.*"})
	tenants := db.Tenants()
	branch, err := tenants.Create(platform, tenancy.NewTenant{Name: "Town branch", TimeZone: "Europe/London", Plan: "small",
		Administrator: tenancy.ContactPerson{Name: "Ada", Email: "ada@example.org"}})
	if err != nil {
		panic(err)
	}
	owner, _ := db.Enter(ctx, branch.ID, "user:1", tenancy.Permissions{tenancy.AllPermissions})
	clerk, _ := db.Enter(ctx, branch.ID, "user:2", tenancy.Permissions{"library.*"})
	lend := func(ctx context.Context) fault.Code {
		return fault.CodeOf(db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &Receipt{Number: "R-1"})
		}))
	}
	read := func(ctx context.Context) fault.Code {
		return fault.CodeOf(db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Count[Receipt](ctx, tx)
			return err
		}))
	}

	// Suspended: the owner reads, and nobody writes.
	_, _ = tenants.Suspend(platform, branch.ID, "unpaid since January")
	fmt.Printf("suspended: clerk %q, owner %q, writing %q\n", read(clerk), read(owner), lend(owner))
	_, _ = tenants.Resume(platform, branch.ID, "paid")

	// The owner leaves at the end of the month, and thinks better of it.
	end := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	gone, _ := db.Life().CancelAt(owner, end, "we close the branch")
	fmt.Println(gone.State, "until", gone.EndsAt.Format(time.DateOnly), "and kept until", gone.PurgeAfter.Format(time.DateOnly))
	now = end
	fmt.Printf("then: clerk %q, owner %q, writing %q\n", read(clerk), read(owner), lend(owner))
	back, _ := db.Life().UndoCancel(owner, "we stay")
	fmt.Printf("%s again: clerk %q, writing %q\n", back.State, read(clerk), lend(clerk))

	// It leaves for good; what a court asks for is kept meanwhile.
	_, _ = tenants.Cancel(platform, branch.ID, "the branch is closed")
	hold, _ := tenants.Hold(platform, branch.ID, "Doe against Town branch", "HC-2026-000123")
	now = now.AddDate(0, 0, tenancy.RetentionDays+1)
	_, err = tenants.Purge(platform, branch.ID, "30 days are over")
	fmt.Println(errors.Is(err, tenancy.ErrLegalHold))
	_, _ = tenants.Release(platform, hold.ID, "settled")
	purged, _ := tenants.Purge(platform, branch.ID, "30 days are over")
	fmt.Println(purged.State, read(owner))

	// What the platform has agreed, and done, outlasts the tenant.
	contract, _ := tenants.Contract(platform, branch.ID)
	lines, _ := tenants.Journal(platform, branch.ID, tenancy.PageRequest{})
	fmt.Println(contract.Organisation, contract.Plan, "ended", contract.EndsAt.Format(time.DateOnly))
	for _, l := range lines.Items {
		fmt.Printf("%s %s %q\n", l.Actor, l.Act, l.Reason)
	}
	// Output:
	// suspended: clerk "tenancy.suspended", owner "", writing "tenancy.closed"
	// active until 2026-04-01 and kept until 2026-05-01
	// then: clerk "tenancy.cancelled", owner "", writing "tenancy.closed"
	// active again: clerk "", writing ""
	// true
	// purged tenancy.unknown_tenant
	// Town branch small ended 2026-04-01
	// staff:3 tenancy.create ""
	// staff:3 tenancy.suspend "unpaid since January"
	// staff:3 tenancy.resume "paid"
	// user:1 tenancy.own/tenancy.cancel "we close the branch"
	// user:1 tenancy.own/tenancy.undo_cancel "we stay"
	// staff:3 tenancy.cancel "the branch is closed"
	// staff:3 tenancy.hold "HC-2026-000123: Doe against Town branch"
	// staff:3 tenancy.release "HC-2026-000123: settled"
	// staff:3 tenancy.purge "30 days are over"
	// staff:3 tenancy.purge "nothing is left"
}
