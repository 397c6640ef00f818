package register

import (
	"context"
	"embed"
	"io/fs"
	"time"

	"github.com/opsmatiq/erp/tenancy"
)

// Service keeps the registers of the controller whose tenant is entered. Its methods are safe for concurrent use.
type Service struct {
	db  *tenancy.DB
	opt Options
}

// Options says what the registers ask others for. The zero value of each means its default.
type Options struct {
	// Jurisdiction is the country (ISO 3166-1) of the controller whose scope it is: by its law transfers into third countries are judged. Default: none is known, and a
	// disclosure to another country is refused (register.jurisdiction).
	Jurisdiction func(ctx context.Context) (string, error)
	// Notify tells somebody of a tenant, beside the notice in its register: see [NotifyByMail]. What has no other way to a tenant that is suspended or
	// cancelled goes by it alone. It may be called again with the same ID. Default: notices are in the registers alone, and a closed tenant is not reached.
	Notify func(ctx context.Context, n Notification) error
	// Objected tells the platform of an objection that nothing has come of, with the tenant's id: once an hour, under an ID that is always the same. Default: nobody is told.
	Objected func(ctx context.Context, n Notification) error
	// ProcessorDays and TransferDays are how many full days tenants have before a new or changed processor is used (GDPR Art. 28(2)), and before a business transfer
	// (policy 6-4), 1 to 366. Default 30. A material change of the policy has 30, which the policy promises (12-2).
	ProcessorDays int
	TransferDays  int
	// Accesses gives the actors' visits from the access log, for [Service.Trace]. Default: none are known.
	Accesses func(ctx context.Context, actor string, from, to time.Time) ([]Visit, error)
}

// New makes the service on an opened database whose modules include [Module]. Errors: register.bad_input.
func New(db *tenancy.DB, opt Options) (*Service, error) {
	for _, d := range []*int{&opt.ProcessorDays, &opt.TransferDays} {
		if *d == 0 {
			*d = 30
		}
		if *d < 1 || *d > 366 {
			return nil, ErrBadInput.New("register.New", "a notice is given 1 to 366 days ahead")
		}
	}
	return &Service{db: db, opt: opt}, nil
}

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what register brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "register", Models: models, Migrations: files,
		Subjects: map[string]string{"erp.register_persons": "people whom the controller's registers are about and nothing else knows"},
		Flows: []tenancy.Flow{{Name: "register.notify", About: "A tenant's people are told of a notice: what changes, from when, and what they can do.",
			Tables: []string{entryTable, "erp.register_texts", "erp.announcements", "erp.notices"}}}}
}

const (
	entryTable  = "erp.register_entries"
	personTable = "erp.register_persons"
)

// duty is a register's own: what a controller has to keep, and to show (GDPR Art. 5(2)).
func duty(table string) tenancy.Spec {
	return tenancy.Spec{Table: table, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Writes: tenancy.AppendOnly, PartOf: entryTable}
}

func roots(table, retainFrom string) tenancy.Spec {
	s := duty(table)
	s.PartOf, s.RetainFrom = "", retainFrom
	return s
}

// about is duty for what is about the person whom its entry is about.
func about(table string) tenancy.Spec {
	s := duty(table)
	s.Subject = "entry_id"
	return s
}

func entrySpec() tenancy.Spec {
	s := roots(entryTable, "entered_at")
	s.Subject, s.Anybody = "person_id", true
	s.StillBooks = tenancy.When(func(e *entryRow) bool { return e.Books })
	return s
}

func textSpec() tenancy.Spec {
	s := about("erp.register_texts")
	s.Writes = tenancy.Companion
	return s
}

func breachPersonSpec() tenancy.Spec {
	s := roots("erp.breach_persons", "found_at")
	s.Subject, s.Anybody, s.StillBooks = "person_id", true, tenancy.Always
	return s
}

// models are all stored structs of this package.
var models = []*tenancy.Model{
	tenancy.Define[personRow](tenancy.Spec{Table: personTable, Class: tenancy.Master, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Subject: "self"}),
	tenancy.Define[entryRow](entrySpec()),
	tenancy.Define[textRow](textSpec()),
	tenancy.Define[endRow](duty("erp.register_ends")),
	tenancy.Define[recipientRow](duty("erp.recipients")),
	tenancy.Define[processorRow](duty("erp.processors")),
	tenancy.Define[transferRow](duty("erp.data_transfers")),
	tenancy.Define[purposeRow](duty("erp.consent_purposes")),
	tenancy.Define[wordingRow](duty("erp.consent_wordings")),
	tenancy.Define[consentRow](about("erp.consents")),
	tenancy.Define[disclosureRow](about("erp.disclosures")),
	tenancy.Define[policyRow](duty("erp.policy_versions")),
	tenancy.Define[effectRow](duty("erp.policy_effects")),
	tenancy.Define[announcementRow](duty("erp.announcements")),
	tenancy.Define[announcedTo](duty("erp.announced_to")),
	tenancy.Define[deliveryRow](roots("erp.announcement_deliveries", "delivered_at")),
	tenancy.Define[noticeRow](duty("erp.notices")),
	tenancy.Define[acknowledgementRow](duty("erp.acknowledgements")),
	tenancy.Define[objectionRow](duty("erp.objections")),
	tenancy.Define[outcomeRow](duty("erp.objection_outcomes")),
	tenancy.Define[breachRow](duty("erp.breaches")),
	tenancy.Define[stepRow](duty("erp.breach_steps")),
	tenancy.Define[breachPerson](breachPersonSpec()),
}

// The permissions of this package's acts.
const (
	PermRead     tenancy.Permission = "register.read"     // reading the registers
	PermPurposes tenancy.Permission = "register.purposes" // saying for what consent is asked, and in which words
	PermConsent  tenancy.Permission = "register.consent"  // entering that somebody consented
	PermWithdraw tenancy.Permission = "register.withdraw" // entering that somebody took it back
	PermPersons  tenancy.Permission = "register.persons"  // people whom nothing else knows
	PermParties  tenancy.Permission = "register.parties"  // recipients, processors' contracts, transfers
	PermDisclose tenancy.Permission = "register.disclose" // disclosing
	PermPolicy   tenancy.Permission = "register.policy"   // versions of the policy, and announcements
	PermDeliver  tenancy.Permission = "register.deliver"  // telling tenants: for background work
	PermAnswer   tenancy.Permission = "register.answer"   // acknowledging, objecting
	PermBreach   tenancy.Permission = "register.breach"   // the register of breaches
	PermTrace    tenancy.Permission = "register.trace"    // who was affected, from the audit trail
)
