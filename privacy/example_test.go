package privacy_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsmatiq/erp/privacy"
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

// A clinic moves, forgets a patient, and leaves.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{privacy.Module(), clinic()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}))
	defer func() { _ = db.Close() }()
	data := privacy.New(db, privacy.Options{})

	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	old := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Clinic"}))
	inside := must(db.Enter(ctx, old.ID, "user-1", tenancy.Permissions{"privacy.*"}))
	ada := &Patient{Name: "Ada Byron"}
	err := db.Tx(inside, func(ctx context.Context, tx *tenancy.Tx) error {
		if err := tenancy.Insert(ctx, tx, ada); err != nil {
			return err
		}
		return tenancy.Insert(ctx, tx, &Visit{PatientID: ada.ID, Day: date.Of(2026, 3, 4)})
	})
	if err != nil {
		log.Fatal(err)
	}

	// Out and in.
	var archive bytes.Buffer
	sent := must(data.Export(inside, &archive))
	moved, _, err := data.Import(platform, tenancy.NewTenant{Name: "The Clinic, moved", Reference: "MOVE-7"}, bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		log.Fatal(err)
	}
	there := must(db.Enter(ctx, moved.ID, "user-1", tenancy.Permissions{"privacy.*"}))
	fmt.Println("the same:", must(data.Digest(there)).Root == sent.Root)

	// Told what is held of her: rows, and what the law wants said beside them.
	var own bytes.Buffer
	told := must(data.ExportSubject(there, &own, privacy.SubjectCopy{PersonID: ada.ID, Source: "a letter of her doctor"}))
	for _, f := range told.Files {
		fmt.Println(f.Name, f.CSV.Name, f.Rows)
	}
	for _, f := range told.Texts {
		fmt.Println(f.Name)
	}

	// Forgotten.
	report := must(data.Erase(there, privacy.Erasure{PersonID: ada.ID, Reference: "REQUEST-12", Reason: "GDPR Art. 17(1)(b)"}))
	for _, l := range report.Lines {
		fmt.Println(l.Table, l.Column, l.Treatment)
	}

	// Gone.
	must(db.Tenants().Cancel(platform, old.ID, "moved"))
	_, err = db.Tenants().Purge(platform, old.ID, "moved")
	fmt.Println("too early:", err != nil && strings.Contains(err.Error(), "are kept until"))
	fmt.Println(must(db.Tenants().PurgeNow(platform, old.ID, "moved", "letter of 4 March, file 7")).State)
	// Output:
	// the same: true
	// clinic.patients.jsonl clinic.patients.csv 1
	// clinic.visits.jsonl clinic.visits.csv 1
	// information.json
	// information.md
	// clinic.patients name pseudonymised
	// too early: true
	// purged
}
