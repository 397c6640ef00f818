package request_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// A patient writes that her address is wrong. By when the clinic answers, what it puts right, and whom it tells.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	today := time.Date(2026, 3, 9, 10, 0, 0, 0, time.UTC)
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{privacy.Module(), request.Module(), clinic()}, Migrate: true,
		Keys: local.Keys{Path: filepath.Join(dir, "master.key")}, Clock: func() time.Time { return today }}))
	defer func() { _ = db.Close() }()
	data := privacy.New(db, privacy.Options{})
	desk := must(request.New(db, data, request.Options{
		// In a program the register of disclosures knows.
		Recipients: func(context.Context, uuid.UUID) ([]request.Recipient, error) {
			return []request.Recipient{{Key: "D-7", Name: "The Laboratory Ltd"}}, nil
		}}))

	platform := must(db.EnterPlatform(ctx, "operator", tenancy.Permissions{"*"}))
	tenant := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Clinic", TimeZone: "Europe/Berlin"}))
	inside := must(db.Enter(ctx, tenant.ID, "user-1", tenancy.Permissions{"request.*"}))
	patient := &Patient{Name: "Ada Byron", Email: "ada@exmaple.org"}
	if err := db.Tx(inside, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, patient) }); err != nil {
		log.Fatal(err)
	}

	// The letter lay in the post room over the weekend: the clocks started on Friday.
	r := must(desk.Receive(inside, request.NewRequest{Reference: "R-17", Kind: request.Correction, Channel: request.Letter, ReceivedAt: time.Date(2026, 3, 6, 8, 0, 0, 0, time.UTC),
		Jurisdiction: "DE", From: request.Requester{Name: "Ada Byron", Address: "12 Row\nBerlin"}, Ask: "You write to me at the wrong address."}))
	fmt.Println(r.State, "law:", r.LawDueOn, "policy:", r.PolicyDueOn)

	must(desk.Identify(inside, request.NewIdentification{Act: request.Act{Request: "R-17", Reference: "file", Note: "name and postal address as in the file"}, Person: patient.ID}))
	must(desk.Correct(inside, request.NewCorrection{Act: request.Act{Request: "R-17", Reference: "C-1", Note: "two letters were swapped"},
		Changes: []privacy.Change{{Table: "clinic.patients", RowID: patient.ID, Column: "email", To: "ada@example.org"}}, KnownAs: "Ada Byron, patient 12"}))
	for _, c := range must(data.Corrections(must(db.Enter(ctx, tenant.ID, "user-1", tenancy.Permissions{"privacy.correct"})), patient.ID)) {
		fmt.Println(c.Table, c.Column, c.From, "->", c.To)
	}

	// The laboratory has the wrong address as well.
	for _, n := range must(desk.Notices(inside, request.NoticeFilter{Open: true}, tenancy.PageRequest{})).Items {
		fmt.Println("to be told:", n.Recipient, "of", n.KnownAs)
		must(desk.CloseNotice(inside, request.ClosedNotice{Notice: n.ID, As: request.Told, Channel: request.Email}))
	}
	r = must(desk.Answer(inside, request.NewAnswer{Act: request.Act{Request: "R-17", Reference: "letter 204", Channel: request.Letter}, Outcome: request.Granted}))
	fmt.Println(r.State, r.Outcome)
	// Output:
	// open law: 2026-04-06 policy: 2026-04-05
	// clinic.patients email ada@exmaple.org -> ada@example.org
	// to be told: The Laboratory Ltd of Ada Byron, patient 12
	// answered granted
}
