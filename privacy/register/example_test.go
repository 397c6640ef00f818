package register_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// program is a library's program, in Berlin, with a clock.
type program struct {
	db        *tenancy.DB
	registers *register.Service
	now       time.Time
	close     func()
}

func open() *program {
	dir := must(os.MkdirTemp("", "register"))
	p := &program{now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	p.db = must(tenancy.Open(context.Background(), sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Modules: modules(), Keys: local.Keys{Path: filepath.Join(dir, "master.key")},
		Clock: func() time.Time { return p.now }}))
	p.registers = must(register.New(p.db, register.Options{Jurisdiction: func(context.Context) (string, error) { return "DE", nil }}))
	p.close = func() { _ = p.db.Close(); _ = os.RemoveAll(dir) }
	return p
}

// tenant makes a tenant with a reader, and enters it.
func (p *program) tenant(in tenancy.NewTenant) (context.Context, uuid.UUID) {
	platform := must(p.db.EnterPlatform(context.Background(), "ops", tenancy.Permissions{"*"}))
	t := must(p.db.Tenants().Create(platform, in))
	ctx := must(p.db.Enter(context.Background(), t.ID, "user:librarian", tenancy.Permissions{"*"}))
	ada := &Reader{Name: "Ada"}
	must(0, p.db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, ada) }))
	return ctx, ada.ID
}

// A newsletter needs its reader's consent, and stops when it is taken back.
func ExampleService_RequireConsent() {
	p := open()
	defer p.close()
	ctx, ada := p.tenant(tenancy.NewTenant{Name: "The Library"})

	must(p.registers.AddPurposes(ctx, []register.NewPurpose{{Reference: "P-1", Code: "newsletter", Purpose: tenancy.Communicate, Covers: []string{"lib.newsletters"}}}))
	wording := must(p.registers.AddWording(ctx, register.NewWording{Reference: "P-1 en", Purpose: "newsletter", Language: "en",
		Wording: "Send me news by e-mail. I can take this back at any time, by a click in each of them."}))
	fmt.Println(p.registers.RequireConsent(ctx, "lib.newsletters", ada))

	must(p.registers.RecordConsents(ctx, []register.NewConsent{{Reference: "form 17", PersonID: ada, Purpose: "newsletter", Version: wording.Version, How: register.ByForm,
		Evidence: "the form's log, line 17", EvidenceHash: hash("2026-03-04 ada ticked the box")}}))
	fmt.Println(p.registers.RequireConsent(ctx, "lib.newsletters", ada))

	must(p.registers.WithdrawConsents(ctx, []register.Withdrawal{{Reference: "click 3", PersonID: ada, Purpose: "newsletter", How: register.ByForm}}))
	fmt.Println(must(p.registers.Consented(ctx, ada, "newsletter")))
	// Output:
	// register.RequireConsent: lib.newsletters is used with consent alone (register.no_consent)
	// <nil>
	// false
}

// A carrier gets an address under its contract; a data broker gets nothing.
func ExampleService_Disclose() {
	p := open()
	defer p.close()
	ctx, ada := p.tenant(tenancy.NewTenant{Name: "The Library"})

	parties := must(p.registers.AddRecipients(ctx, []register.NewRecipient{
		{Reference: "carrier", Name: "Bote GmbH", Contact: "Hamburg", Role: register.RoleProcessor, Country: "DE"},
		{Reference: "broker", Name: "Lists & Leads", Role: register.RoleThirdParty, Country: "DE"}}))
	contract := must(p.registers.AddProcessors(ctx, []register.NewProcessor{{Reference: "carrier 2026", RecipientID: parties[0].ID, Service: "delivery of books",
		Contract: "safe, folder 4", ContractHash: hash("the contract"), Confidential: true, From: date.Must("2026-01-01")}}))

	must(p.registers.Disclose(ctx, []register.NewDisclosure{{Reference: "parcel 1", PersonID: ada, RecipientID: parties[0].ID, Ground: register.ServiceProvider, ProcessorID: contract[0].ID,
		What: "name and address, for a parcel", Tables: []string{"lib.readers"}}}))
	_, err := p.registers.Disclose(ctx, []register.NewDisclosure{{Reference: "list 1", PersonID: ada, RecipientID: parties[1].ID, Ground: "sale", What: "everything"}})
	fmt.Println(errors.Is(err, register.ErrNoGround))
	for _, r := range must(p.registers.Disclosed(ctx, ada)) {
		fmt.Println(r.Name, r.Role, r.Country)
	}
	// Output:
	// true
	// Bote GmbH processor DE
}

// A material change of the policy waits for 30 days after the last tenant was told.
func ExampleService_TakeEffect() {
	p := open()
	defer p.close()
	platform, _ := p.tenant(tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
	library, _ := p.tenant(tenancy.NewTenant{Name: "The Library"})
	deliver := must(p.db.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "register.deliver", Every: time.Minute,
		Platform: func(ctx context.Context) (bool, error) { n, err := p.registers.Deliver(ctx, 100); return n == 100, err }}}}))

	updated := date.Must("2026-03-04")
	version := must(p.registers.AddPolicyVersion(platform, register.NewPolicyVersion{Reference: "policy-2", UpdatedOn: updated, Material: true,
		Policy: "Privacy Policy\n\n" + register.LastUpdatedLine(updated) + "\n\n1. Introduction ..."}))
	must(p.registers.Announce(platform, register.NewAnnouncement{Reference: "policy-2", Kind: register.OfPolicy, About: version.ID,
		Title: "Our privacy policy changes", Body: "From April on we keep access logs for six months."}))
	must(deliver.Tick(context.Background(), p.now)) // the suite does so by itself

	for _, n := range must(p.registers.Notices(library, tenancy.PageRequest{})).Items {
		fmt.Println("told:", n.Title)
	}
	p.now = p.now.AddDate(0, 0, 29)
	_, err := p.registers.TakeEffect(platform, "policy-2 in force", version.ID)
	fmt.Println(err)
	p.now = p.now.AddDate(0, 0, 1)
	now := must(p.registers.TakeEffect(platform, "policy-2 in force", version.ID))
	fmt.Println(now.State, "since", now.InForceAt.Format(time.DateOnly), "last updated", must(register.LastUpdated(now.Policy)))
	// Output:
	// told: Our privacy policy changes
	// register.TakeEffect: the last of 1 was reached on 2026-03-04T12:00:00Z, and has until 2026-04-03T12:00:00Z (register.notice_period)
	// in_force since 2026-04-03 last updated 2026-03-04
}

// A breach: 72 hours from awareness, and who was affected.
func ExampleService_Trace() {
	p := open()
	defer p.close()
	ctx, ada := p.tenant(tenancy.NewTenant{Name: "The Library"})
	must(0, p.db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		return tenancy.Insert(ctx, tx, &Letter{ReaderID: ada, Body: "dear Ada"})
	}))

	p.now = p.now.Add(time.Hour)
	began := p.now
	mallory := must(p.db.Enter(context.Background(), tenancy.ScopeOf(ctx).TenantID(), "user:mallory", tenancy.Permissions{"*"}))
	must(0, p.db.Read(mallory, func(ctx context.Context, tx *tenancy.Tx) error { _, err := tenancy.Find[Letter](ctx, tx); return err }))

	p.now = p.now.Add(48 * time.Hour)
	b := must(p.registers.OpenBreach(ctx, register.NewBreach{Reference: "breach-1", BeganAt: began, Facts: "user:mallory read letters that were none of theirs"}))
	fmt.Println("until", b.Due.Format(time.DateTime))
	trace := must(p.registers.Trace(ctx, register.TraceQuery{From: began, To: p.now, Actor: "user:mallory"}))
	for _, t := range trace.Tables {
		fmt.Println(t.Table, t.Read, "read of", t.Persons, "person")
	}
	fmt.Println(must(p.registers.AddAffected(ctx, b.ID, trace.Persons)), "affected:", trace.Persons[0] == ada)
	must(p.registers.RecordStep(ctx, register.NewStep{Reference: "breach-1 risk", BreachID: b.ID, Kind: register.RiskAssessed, Risk: register.RiskThere, Text: "letters with addresses"}))
	b = must(p.registers.RecordStep(ctx, register.NewStep{Reference: "breach-1 authority", BreachID: b.ID, Kind: register.AuthorityTold, Text: "form of the authority, case 5"}))
	fmt.Println(b.State, b.Overdue(p.now))
	// Output:
	// until 2026-03-09 13:00:00
	// lib.letters 1 read of 1 person
	// 1 affected: true
	// notified false
}
