package privacy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// open opens a clinic's program with a clock that stands on 4 March 2026, and what removes it again.
func open(opt privacy.Options) (data *privacy.Service, db *tenancy.DB, remove func()) {
	dir := must(os.MkdirTemp("", "erp-example-"))
	db = must(tenancy.Open(context.Background(), sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{privacy.Module(), clinic()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}, Clock: func() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }}))
	return privacy.New(db, opt), db, func() { _ = db.Close(); _ = os.RemoveAll(dir) }
}

// Where the data of a clinic are, and the record of processing that it has to keep.
func ExampleService_DataMap() {
	data, db, remove := open(privacy.Options{Retention: func(jurisdiction string, class tenancy.RecordClass, _ string) string {
		if jurisdiction == "GB" && class == tenancy.Voucher {
			return "6 years from the end of the last company financial year (Companies Act 2006, s. 388)"
		}
		return ""
	}})
	defer remove()
	ctx := context.Background()
	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Clinic"}))
	inside := must(db.Enter(ctx, tenant.ID, "user-1", tenancy.Permissions{privacy.PermMap, privacy.PermSetController}))
	must(data.SetController(inside, privacy.Controller{Name: "The Clinic Ltd", Contact: "12 Row, London; office@clinic.example", Jurisdiction: "GB"}))

	for _, table := range must(data.DataMap(inside)).Tables {
		if table.Table == "clinic.visit_texts" {
			fmt.Printf("%s is about %s, for %s (%s), kept %s\n", table.Table, table.Of, table.Purpose, table.Basis, table.Retention)
			for _, c := range table.Columns {
				fmt.Println(" ", c.Name, c.Category, c.Erasure, c.Sealed)
			}
		}
	}
	record := must(data.ProcessingRecord(inside))
	fmt.Println("Art.", record.Article, "of", record.Controller.Name, "lacks", record.Missing[0])
	// Output:
	// clinic.visit_texts is about patients, for comply_with_law (legal_obligation), kept 6 years from the end of the last company financial year (Companies Act 2006, s. 388)
	//   tenant_id none  false
	//   visit_id none  false
	//   payer identity pseudonymise false
	//   notes free-text delete true
	// Art. 30(1) of The Clinic Ltd lacks a general description of the security measures (g)
}

// What of the policy's promises is kept, what somebody vouches for, and what is left.
func ExampleService_Posture() {
	data, db, remove := open(privacy.Options{Listener: privacy.TLSConfig()})
	defer remove()
	ctx := context.Background()
	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	own := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "Opsmatiq", Platform: true}))
	inside := must(db.Enter(ctx, own.ID, "user-1", tenancy.Permissions{privacy.PermPosture, privacy.PermAttest}))

	list := sha256.Sum256([]byte("who came to the training, and when"))
	_, err := data.Attest(inside, privacy.NewAttestation{Promise: privacy.PromiseTraining, Reference: "training-2026", Owner: "head of security",
		Evidence: "attendance list of 2 March 2026, file 17", EvidenceHash: hex.EncodeToString(list[:]), Expires: time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		log.Fatal(err)
	}
	posture := must(data.Posture(inside))
	for _, id := range []privacy.PromiseID{privacy.PromiseDatabaseTLS, privacy.PromiseListenerTLS, privacy.PromiseTraining, privacy.PromiseHosting} {
		p := posture.Of(id)
		fmt.Printf("%s %s: %s\n", p.ID, p.State, p.Why)
	}
	fmt.Println(len(posture.Absent()), "are absent, and a program in production would not start")
	// Output:
	// tls_database enforced: sqlite:file, file: on this machine
	// tls_listener enforced: the listener takes TLS 1.2 or higher
	// training attested: attested until 2027-03-01
	// hosting absent: nobody has attested it
	// 9 are absent, and a program in production would not start
}
