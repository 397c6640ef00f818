package retention

import (
	"context"
	"embed"
	"io/fs"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Service is the room's one door. Its methods are safe for concurrent use.
type Service struct {
	db    *tenancy.DB
	opt   Options
	rules *Rules
}

// Options configures [New]. The zero value of each means its default.
type Options struct {
	// Rules are the host's own, beside the statutory ones: see [NewRules].
	Rules []Rule
	// Jurisdiction says by which country's rules the tenant of the scope keeps its records, ISO 3166-1 alpha-2; "" where nobody stated one, and the general rules hold. It is asked within a transaction. Default: nobody has.
	Jurisdiction func(ctx context.Context) (string, error)
	// Periods lists the accounting periods of the tenant of the scope. It is asked within a transaction. Default: none are known, and each is taken to be as long as one can be.
	Periods func(ctx context.Context, tx *tenancy.Tx) ([]Period, error)
	// Held reports whether the platform has a tenant under a legal hold ([tenancy.Tenants.Hold]). It is asked before each piece of a sweep, outside of its transaction. Default: none is.
	Held func(ctx context.Context, tenant uuid.UUID) (bool, error)
}

// Period is an accounting period, such as a fiscal year.
type Period struct {
	From, To date.Date
	// LastEntry is the day on which the last entry was made into its book; zero: not known.
	LastEntry date.Date
}

// New makes the service on an opened database whose modules include [Module]. Errors: retention.bad_rule, retention.shortens.
func New(db *tenancy.DB, opt Options) (*Service, error) {
	rules, err := NewRules(opt.Rules...)
	if err != nil {
		return nil, err
	}
	return &Service{db: db, opt: opt, rules: rules}, nil
}

// Rules are those that the service goes by.
func (s *Service) Rules() *Rules { return s.rules }

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what retention brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "retention", Models: models, Migrations: files}
}

const (
	switchTable = "erp.retention_switches"
	holdTable   = "erp.retention_holds"
	stateTable  = "erp.retention_sweeps"
)

// models are all stored structs of this package. How far a sweep has come says nothing that the trail does not, so it leaves no event, and an archive's root leaves it out.
var models = []*tenancy.Model{
	tenancy.Define[switchRow](tenancy.Spec{Table: switchTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, RetainFrom: "switched_at", Writes: tenancy.AppendOnly}),
	tenancy.Define[holdRow](tenancy.Spec{Table: holdTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, RetainFrom: "acted_at", Writes: tenancy.AppendOnly}),
	tenancy.Define[holdText](tenancy.Spec{Table: "erp.retention_hold_texts", Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Writes: tenancy.Companion, PartOf: holdTable}),
	tenancy.Define[sweepRow](tenancy.Spec{Table: stateTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Writes: tenancy.Keep, Derived: true, Trail: true}),
}

// The permissions of this package's acts.
const (
	PermRead    tenancy.Permission = "retention.read"    // rules that are switched on, legal holds, when a record goes
	PermSwitch  tenancy.Permission = "retention.switch"  // having records deleted under a rule, or no more
	PermHold    tenancy.Permission = "retention.hold"    // placing a legal hold
	PermRelease tenancy.Permission = "retention.release" // ending one
	PermSweep   tenancy.Permission = "retention.sweep"   // deleting what has had its time: for background work
)
