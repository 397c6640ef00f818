package request

import (
	"context"
	"embed"
	"io/fs"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Service is the room's one door. Its methods are safe for concurrent use.
type Service struct {
	db   *tenancy.DB
	data *privacy.Service
	opt  Options
}

// Options configures [New]. The zero value of each means its default.
type Options struct {
	// PolicyDays is within how many days the published policy promises an answer: 1 to 90. Default 30.
	PolicyDays int
	// SoonDays is how many days before its last a request counts as due soon: 1 to 30. Default 7.
	SoonDays int
	// Rules are the host's own, for jurisdictions that the library does not know, or instead of its own from a day on. Each says its source.
	Rules []Rule
	// Holiday says of a day whether it is a public holiday in a jurisdiction. Saturdays and Sundays are known. Default: none is, so that a period ends a day early, and never
	// late, where one is forgotten.
	Holiday func(jurisdiction string, day date.Date) bool
	// Find looks for people among the scope's own data. Default: nothing does (request.no_finder), and people are identified by their id.
	Find Finder
	// Recipients are those to whom a person's data were disclosed, by the scope's register of disclosures. It is asked within the act. Default: nobody is.
	Recipients func(ctx context.Context, person uuid.UUID) ([]Recipient, error)
	// Tell is told once a day of each request that is overdue or due soon, in the scope of its controller: see [Service.Report]. Default: nobody is, and nothing is marked as reported.
	Tell func(ctx context.Context, due []Due) error
}

// New makes the service on an opened database whose modules include [Module] and privacy's. data erases and corrects. Errors: request.bad_input.
func New(db *tenancy.DB, data *privacy.Service, opt Options) (*Service, error) {
	const op = "request.New"
	if opt.PolicyDays == 0 {
		opt.PolicyDays = 30
	}
	if opt.SoonDays == 0 {
		opt.SoonDays = 7
	}
	if data == nil || opt.PolicyDays < 1 || opt.PolicyDays > 90 || opt.SoonDays < 1 || opt.SoonDays > 30 {
		return nil, ErrBadInput.New(op, "privacy's service is needed; PolicyDays is between 1 and 90, SoonDays between 1 and 30")
	}
	opt.Rules = slices.Clone(opt.Rules)
	for _, r := range opt.Rules {
		if r.Region == "" || len(r.Region) > 20 || len(r.Kinds) == 0 || r.ValidFrom.IsZero() || !between(r.Source, 1, 1000) {
			return nil, ErrBadInput.New(op, "a rule has a region of at most 20 characters, kinds, a first day and a source: %q", r.Region)
		}
	}
	return &Service{db: db, data: data, opt: opt}, nil
}

func (s *Service) calendar(r *Request) calendar { return calendar{s.opt.Holiday, r.Jurisdiction} }

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what request brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "request", Models: models, Migrations: files,
		Subjects: map[string]string{"erp.requesters": "people who asked about their data, or for others"},
		Flows: []tenancy.Flow{
			{Name: "request.forward", About: "A request, with who asked, goes to the other controller whom it concerns: from the platform to a tenant, or from a tenant to the platform.",
				Tables: []string{"erp.requesters", "erp.subject_requests", "erp.request_forwards"}},
			{Name: "request.notice", About: "Recipients of a person's data are told that they were corrected, erased or restricted (GDPR Art. 19).", Tables: []string{"erp.recipient_notices", "erp.notice_recipients"}},
		}}
}

const requestTable = "erp.subject_requests"

// law is what all of it is for: what the law demands of whoever answers for data.
func law(spec tenancy.Spec) tenancy.Spec {
	spec.Class, spec.Purpose, spec.Basis, spec.StillBooks = tenancy.Log, tenancy.ComplyWithLaw, tenancy.LegalDuty, tenancy.Always
	return spec
}

// person is law for who asked: a person of their own, kept for as long as the request that leads there and what retention says of it.
func person(spec tenancy.Spec) tenancy.Spec {
	spec.Class = tenancy.Master
	return spec
}

// models are all stored structs of this package.
var models = []*tenancy.Model{
	// Who asked, and what for, is nothing to look at unseen.
	tenancy.Define[requester](person(law(tenancy.Spec{Table: "erp.requesters", Subject: "self", Writes: tenancy.Companion, RecordReads: true}))),
	tenancy.Define[Request](law(tenancy.Spec{Table: requestTable, Subject: "requester_id", Writes: tenancy.Keep, RetainFrom: "closed_at"})),
	tenancy.Define[subject](law(tenancy.Spec{Table: "erp.request_persons", Subject: "person_id", Anybody: true, Writes: tenancy.AppendOnly, RetainFrom: "received_at"})),
	tenancy.Define[requestText](law(tenancy.Spec{Table: "erp.request_texts", Subject: "request_id", PartOf: requestTable, Writes: tenancy.Companion, RecordReads: true})),
	tenancy.Define[Step](law(tenancy.Spec{Table: "erp.request_steps", Subject: "request_id", PartOf: requestTable, Writes: tenancy.AppendOnly, RetainFrom: "occurred_at"})),
	tenancy.Define[stepText](law(tenancy.Spec{Table: "erp.request_step_texts", Subject: "request_id", PartOf: requestTable, Writes: tenancy.Companion})),
	tenancy.Define[RestrictionRecord](law(tenancy.Spec{Table: "erp.request_restrictions", Subject: "person_id", Anybody: true, Writes: tenancy.Keep, RetainFrom: "imposed_at"})),
	tenancy.Define[ObjectionRecord](law(tenancy.Spec{Table: "erp.request_objections", Subject: "person_id", Anybody: true, Writes: tenancy.Keep, RetainFrom: "objected_at"})),
	tenancy.Define[Notice](law(tenancy.Spec{Table: "erp.recipient_notices", Subject: "person_id", Anybody: true, Writes: tenancy.Keep, RetainFrom: "closed_at"})),
	tenancy.Define[noticeName](law(tenancy.Spec{Table: "erp.notice_recipients", PartOf: "erp.recipient_notices", Writes: tenancy.Companion})),
	tenancy.Define[ForwardedPart](law(tenancy.Spec{Table: "erp.request_forwards", Subject: "request_id", Writes: tenancy.Keep, RetainFrom: "decided_at"})),
}

// The permissions of this package's acts.
const (
	PermRead    tenancy.Permission = "request.read"    // the register: states and days, and no names
	PermOpen    tenancy.Permission = "request.open"    // a request with who asked and what was said
	PermReceive tenancy.Permission = "request.receive" // entering what came in, and confirming it
	PermHandle  tenancy.Permission = "request.handle"  // assigning, waiting, extending, delivering
	PermFind    tenancy.Permission = "request.find"    // looking for the person, and saying who it is
	PermCorrect tenancy.Permission = "request.correct"
	PermErase   tenancy.Permission = "request.erase"
	PermLimit   tenancy.Permission = "request.restrict" // restricting, and lifting that
	PermDecide  tenancy.Permission = "request.object"   // entering objections, and deciding about them
	PermAnswer  tenancy.Permission = "request.answer"   // answering, refusing, recording a withdrawal
	PermForward tenancy.Permission = "request.forward"
	PermNotify  tenancy.Permission = "request.notify" // recording that recipients were told, or why not
	PermReport  tenancy.Permission = "request.report" // reporting what is due: for background work
	PermAsk     tenancy.Permission = "request.ask"    // asking whether somebody objected
)
