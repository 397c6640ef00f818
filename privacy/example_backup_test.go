package privacy_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// A clinic is backed up, a patient is erased, the clinic's file is lost and brought back: the patient stays erased.
func ExampleService_Restore() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	operator := must(age.GenerateX25519Identity()) // age-keygen, on another machine; the program is told the recipient alone

	start := func() (*tenancy.DB, *privacy.Service) {
		db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{privacy.Module(), clinic()}, Migrate: true,
			Keys: local.Keys{Path: filepath.Join(dir, "master.key")}}))
		return db, privacy.New(db, privacy.Options{Backups: privacy.BackupOptions{
			Files:      local.Files{Dir: filepath.Join(dir, "elsewhere")},
			Recipients: []age.Recipient{operator.Recipient()},
		}})
	}
	db, data := start()
	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	clinic := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Clinic"}))
	inside := must(db.Enter(ctx, clinic.ID, "user-1", tenancy.Permissions{"privacy.*", tenancy.PermBackup}))
	ada := &Patient{Name: "Ada Byron"}
	if err := db.Tx(inside, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, ada) }); err != nil {
		log.Fatal(err)
	}

	// A background job does this twice a day.
	backup := must(data.Backup(inside))
	fmt.Println(backup.State, "for", backup.ExpiresAt.Sub(backup.BegunAt).Hours()/24, "days")

	must(data.Erase(inside, privacy.Erasure{PersonID: ada.ID, Reference: "REQUEST-12", Reason: "GDPR Art. 17(1)(b)"}))

	// The clinic's file is gone, and the program starts again.
	_ = db.Close()
	for _, f := range must(filepath.Glob(filepath.Join(dir, "tenants", clinic.ID.String()+".db*"))) {
		_ = os.Remove(f)
	}
	db, data = start()
	defer func() { _ = db.Close() }()
	platform = must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))

	last := must(data.BackupsOf(platform, clinic.ID, time.Time{}, 1))
	restored := must(data.Restore(platform, privacy.Restoration{BackupID: last[0].ID, Identities: []age.Identity{operator}, Reason: "disk 4 failed"}))
	fmt.Println(restored.Tenant.Name, "is", restored.Tenant.State, "and", len(restored.Erased), "erasure was done again")

	expiry, n, err := data.LastBackupExpiry(platform, clinic.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(n, "backup, gone by its day:", expiry.Equal(backup.ExpiresAt))
	// Output:
	// kept for 90 days
	// The Clinic is active and 1 erasure was done again
	// 1 backup, gone by its day: true
}
