package audit_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// A host keeps notes, seals who wrote them, answers an auditor, and tells another system what happened. erp.Suite wires all
// this by itself.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: filepath.Join(dir, "db")}, tenancy.Options{Modules: []tenancy.Module{audit.Module(), notes}, Migrate: true}))
	defer func() { _ = db.Close() }()

	files, keys := local.Files{Dir: filepath.Join(dir, "files")}, local.Keys{Path: filepath.Join(dir, "master.key")}
	trail := audit.New(db, audit.Options{
		Key: func(ctx context.Context) (ed25519.PrivateKey, error) {
			return local.SigningKey(ctx, files, keys, "audit")
		},
		Anchor: local.Anchor{Files: files, Keys: keys},
		Names: func(_ context.Context, actors []string) (map[string]string, error) {
			return map[string]string{"user-7": "Ada"}, nil // from the host's own directory of people
		},
	})

	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Office"}))
	inside := must(db.Enter(ctx, tenant.ID, "user-7", tenancy.Permissions{"notes.*", "audit.*"}))
	_, err := tenancy.Act(inside, db, "notes.write", func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		return true, tenancy.Insert(ctx, tx, &Note{Text: "buy tea"})
	})
	if err != nil {
		log.Fatal(err)
	}

	// In the background, every few seconds.
	fmt.Println("sealed:", must(trail.Seal(inside, 500)))

	// For an auditor.
	for _, e := range must(trail.List(inside, audit.Filter{Table: "app.notes"}, tenancy.PageRequest{})).Items {
		fmt.Printf("event %d: %s, %s %s\n", e.Seq, e.Name, e.Act, e.Verb)
	}
	v := must(trail.Verify(inside))
	for _, c := range v.Checks() {
		fmt.Println(c.OK, c.Name)
	}
	fmt.Println("the anchor vouches up to event", v.Anchored.Seq)

	// For another system.
	for _, e := range must(trail.Consume(inside, "search-index", 100)) {
		fmt.Println("consumed", e.Seq, e.Act)
		if err := trail.Ack(inside, "search-index", e.Seq); err != nil {
			log.Fatal(err)
		}
	}

	// Output:
	// sealed: 2
	// event 2: Ada, notes.write insert
	// true every sealed event stands as it was sealed
	// true the chain is what was signed
	// true the chain is what the anchor kept
	// true no event waits for its seal or signature for longer than it should
	// the anchor vouches up to event 2
	// consumed 1 tenancy.enter
	// consumed 2 notes.write
}
