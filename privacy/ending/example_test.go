package ending_test

import (
	"bytes"
	"context"
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// A tea shop leaves. Its owner is reminded and takes the data out; on the 31st day they are gone, and who has the certificate can tell so a year later.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	now := time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)
	keys, files := local.Keys{Path: filepath.Join(dir, "master.key")}, local.Files{Dir: filepath.Join(dir, "files")}
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{privacy.Module(), ending.Module(), shelf}, Migrate: true, Keys: keys,
		Clock: func() time.Time { return now }}))
	defer func() { _ = db.Close() }()
	backups := &oneBackup{expires: time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC), left: 1}
	end := must(ending.New(db, ending.Options{Privacy: privacy.New(db, privacy.Options{}), Backups: backups,
		Signer: func(ctx context.Context) (crypto.Signer, error) {
			return local.SigningKey(ctx, files, keys, "certificate")
		},
		Notify: func(_ context.Context, n ending.Notice) error {
			fmt.Println(now.Format("2 Jan"), "the owner is told:", n.Message("owner@tea.example").Subject)
			return nil
		}}))
	work := must(db.Background(tenancy.BackgroundOptions{Jobs: append(end.Jobs(), tenancy.Job{Name: "tenancy.complete_pending", Every: time.Minute,
		Platform: func(ctx context.Context) (bool, error) {
			_, err := db.Tenants().CompletePending(ctx, 100)
			return false, err
		}})}))
	until := func(day time.Time) {
		for ; now.Before(day); now = now.Add(6 * time.Hour) {
			must(work.Tick(ctx, now))
		}
	}

	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	own := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "Opsmatiq", Platform: true}))
	shop := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "Kade Tea", TimeZone: "Asia/Colombo"}))
	owner := must(db.Enter(ctx, shop.ID, "user:1", tenancy.Permissions{"*"}))
	fill(db, owner, 3)

	left := must(db.Life().Cancel(owner, "we close"))
	fmt.Println("kept until", left.PurgeAfter.Format("2 Jan 2006"))
	until(time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC))
	var archive bytes.Buffer
	taken := must(end.TakeOut(owner, &archive))
	fmt.Println(now.Format("2 Jan"), "the owner takes", taken.Bytes == int64(archive.Len()))
	until(time.Date(2026, 4, 20, 0, 0, 0, 0, time.UTC))
	backups.left = 0 // the rotation has removed it
	until(time.Date(2026, 4, 22, 0, 0, 0, 0, time.UTC))

	// A year later somebody has two files and the platform's public keys, and asks nobody.
	inside := must(db.Enter(ctx, own.ID, "user:2", tenancy.Permissions{ending.PermRead}))
	papers := must(end.Certificates(inside, shop.ID))
	public := must(end.PublicKeys(inside))
	paper := must(certificate.Verify(papers[0].File, public[0].Key))
	completion := must(certificate.Verify(papers[1].File, public[0].Key))
	d := paper.Deletion
	fmt.Println("deleted on", d.Erased.EndedAt.Format("2 Jan 2006"), "and taken out whole:", d.TakenOut.Whole)
	for _, t := range d.Erased.Tables {
		if t.Name == "shelf.notes" {
			fmt.Println(t.Name, t.Rows)
		}
	}
	fmt.Println("pending until", d.Backups.PendingUntil.Format("2 Jan 2006"), "and completed:", completion.Completes(paper))
	// Output:
	// kept until 3 Mar 2026
	// 1 Feb the owner is told: Your data will be deleted for good
	// 15 Feb the owner is told: Your data will be deleted for good
	// 20 Feb the owner takes true
	// 23 Feb the owner is told: Your data will be deleted for good
	// 1 Mar the owner is told: Your data will be deleted for good
	// 3 Mar the owner is told: Your data are deleted: the certificate
	// 20 Apr the owner is told: Your data are in no registered backup any more
	// deleted on 3 Mar 2026 and taken out whole: true
	// shelf.notes 3
	// pending until 20 Apr 2026 and completed: true
}

// oneBackup is a register of one backup.
type oneBackup struct {
	expires time.Time
	left    int
}

// LastExpiry implements ending.Backups.
func (b *oneBackup) LastExpiry(context.Context, uuid.UUID) (time.Time, int, error) {
	return b.expires, b.left, nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
