package retention_test

import (
	"cmp"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// A clinic in Germany has old bills forget their patients, but for one that is before a court.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{retention.Module(), clinic()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}, Clock: func() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) }}))
	defer func() { _ = db.Close() }()
	keep := must(retention.New(db, retention.Options{Jurisdiction: func(context.Context) (string, error) { return "DE", nil }}))
	shop := must(db.Tenants().Create(must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"})), tenancy.NewTenant{Name: "The Clinic"}))
	inside := must(db.Enter(ctx, shop.ID, "user-1", tenancy.Permissions{"retention.*"}))

	old := must(bill(inside, db, "Ada Byron", date.Of(2017, 5, 4)))
	disputed := must(bill(inside, db, "Bob Finch", date.Of(2017, 6, 1)))
	young := must(bill(inside, db, "Cleo Wren", date.Of(2018, 1, 1)))
	must(keep.PlaceHold(inside, retention.NewLegalHold{Reference: "LG Köln 7 O 12/25", Ground: retention.ForClaim, Reason: "the fee is disputed", Table: "clinic.bills", Row: disputed}))
	for _, r := range must(keep.Releases(inside, "clinic.bills", old, disputed, young)) {
		fmt.Println(cmp.Or(r.Hold.Rule, "nothing"), "until", cmp.Or(r.Hold.Until.String(), "released"))
	}

	must(keep.Enable(inside, "de.vouchers", "board, 12 January 2026"))
	for _, line := range must(keep.Sweep(inside, 100)).Lines {
		fmt.Println(line.Table, line.Outcome, line.Rule, line.Rows)
	}
	// Output:
	// nothing until released
	// legal_hold until released
	// de.vouchers until 2027-01-01
	// clinic.bills erased de.vouchers 1
	// clinic.bills kept legal_hold 1
	// clinic.cards off general.master 0
	// clinic.patients off general.master 0
}
