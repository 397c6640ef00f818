package ending

import (
	"context"
	"crypto"
	"embed"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Service is the room's one door. Its methods are safe for concurrent use.
type Service struct {
	db  *tenancy.DB
	opt Options
}

// Backups knows the backups that hold data of a tenant. With one, certificates say when the last of them expires, and are completed when
// none is left.
type Backups interface {
	// LastExpiry says when the last registered backup expires, or expired, that holds or held data of the tenant (zero: none ever did), and
	// how many still hold them: backups that have not been removed, expired or not.
	LastExpiry(ctx context.Context, tenant uuid.UUID) (last time.Time, left int, err error)
}

// Options configures [New].
type Options struct {
	// Privacy makes archives, and the roots of what is deleted. Required.
	Privacy *privacy.Service
	// Signer gives the Ed25519 key that signs certificates, such as [local.SigningKey]; it is asked for each certificate, so it may change
	// at any time. The public keys that signed are kept for good ([Service.PublicKeys]). Required.
	Signer func(ctx context.Context) (crypto.Signer, error)
	// Days are the full days after the end of service, 1 to 30, at whose beginning (UTC) the owner is reminded, in order. Default: 1, 15,
	// 23 and 29.
	Days []int64
	// Notify tells the owner, such as [ByMail] does. A notice may come more than once, with the same ID. Default: none; then every notice
	// is on record as one that nobody could be told of.
	Notify func(ctx context.Context, n Notice) error
	// Escalate is told of notices that could not be told three times, or that a later one took the place of. Default: they are logged.
	Escalate func(ctx context.Context, u Untold)
	// Archive writes an archive of the scope's tenant for its owner and gives its root. Default: [privacy.Service.Export], in the clear.
	Archive func(ctx context.Context, w io.Writer) (root string, err error)
	// Jurisdictions are those whose duties of keeping records hold for the scope's tenant, ISO 3166-1; a certificate asks for those of the platform's own tenant. Default: none is stated, and Duties
	// is asked for "".
	Jurisdictions func(ctx context.Context) ([]string, error)
	// Duties are the duties of keeping records that hold for the scope's tenant in a jurisdiction: a waiver names them. Default: none is
	// known, and the waiver says so.
	Duties func(ctx context.Context, jurisdiction string) ([]Duty, error)
	// Rule says by which law the platform keeps something of its own about a tenant that is gone, and until which day that asks for it. Default: no rule is stated.
	Rule func(ctx context.Context, of Keeping) (law string, until date.Date, err error)
	// Keeps are what the platform keeps about tenants elsewhere than in the control database and in the tables of this package: each stands
	// on every certificate.
	Keeps []certificate.Kept
	// Quiet says of a legal hold that the law forbids to tell the tenant. Default: none is.
	Quiet func(tenancy.Hold) bool
	// Backups is the register of backups. Default: none; then certificates say that nobody knows, and are not completed.
	Backups Backups
	// OtherBackups says that there are backups which the register does not know, such as those of the database's server: no certificate is then completed before the 90 days are over that the
	// policy gives their rotation (7.3). Default: the register knows all, and a certificate is completed as soon as none is left.
	OtherBackups bool
	// Logger is told of what cannot be done, never with values. Default: [slog.Default].
	Logger *slog.Logger
}

// Keeping is something of its own that the platform keeps about a tenant that is gone.
type Keeping struct {
	// Name is that of the table, or of the other place ([Options].Keeps).
	Name string
	// Class is the table's; "" of another place.
	Class tenancy.RecordClass
	// Jurisdictions are where the platform has said that it is ([Options].Jurisdictions, asked in its own tenant); none: it has not.
	Jurisdictions []string
	// EndedAt is the end of service, GoneAt when the last row was deleted.
	EndedAt, GoneAt time.Time
}

// New makes the service on an opened database whose modules include [Module], and has it witness that database's purges
// ([tenancy.DB.WitnessPurges]). Errors: ending.bad_input.
func New(db *tenancy.DB, opt Options) (*Service, error) {
	const op = "ending.New"
	if opt.Privacy == nil || opt.Signer == nil {
		return nil, ErrBadInput.New(op, "Privacy and Signer are required")
	}
	if opt.Days == nil {
		opt.Days = []int64{1, 15, 23, 29}
	}
	for i, d := range opt.Days {
		if d < 1 || d > tenancy.RetentionDays || i > 0 && d <= opt.Days[i-1] {
			return nil, ErrBadInput.New(op, "Days are in order, each of them 1 to %d", tenancy.RetentionDays)
		}
	}
	if opt.Archive == nil {
		opt.Archive = func(ctx context.Context, w io.Writer) (string, error) {
			m, err := opt.Privacy.Export(ctx, w)
			return m.Root, err
		}
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	opt.Days, opt.Keeps = slices.Clone(opt.Days), slices.Clone(opt.Keeps)
	s := &Service{db: db, opt: opt}
	db.WitnessPurges(s)
	return s, nil
}

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what ending brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "ending", Models: models, Migrations: files, Flows: []tenancy.Flow{
		{Name: "ending.notices", About: "Reminders of the end go to the tenant's owner, and the certificate of deletion to the former one.",
			Tables: []string{"erp.ending_notices", "erp.deletion_certificates"}}}}
}

// The permissions of this package's acts.
const (
	PermTakeOut tenancy.Permission = "ending.take_out" // the owner's: an archive, on record as delivered
	PermWaive   tenancy.Permission = "ending.waive"    // the owner's: doing without one
	PermRead    tenancy.Permission = "ending.read"     // in the platform's own tenant: certificates, notices
	PermDeliver tenancy.Permission = "ending.deliver"  // in the platform's own tenant: recording an archive that was handed over otherwise
	PermWork    tenancy.Permission = "ending.work"     // the platform's background work
)

// Jobs are the background work of this package.
func (s *Service) Jobs() []tenancy.Job {
	piece := func(act func(ctx context.Context, limit int) (int, error)) func(ctx context.Context) (bool, error) {
		return func(ctx context.Context) (bool, error) {
			n, err := act(ctx, atOnce)
			return n == atOnce, err
		}
	}
	return []tenancy.Job{
		{Name: "ending.tell", About: "Owners are reminded of the end of their tenants, and former ones sent certificates of deletion.", Every: 10 * time.Minute, Platform: piece(s.Tell)},
		{Name: "ending.certify", About: "Certificates of deletion that a purge owes are made.", Every: 10 * time.Minute, Platform: piece(s.Certify)},
		{Name: "ending.complete", About: "Certificates of deletion are completed when no registered backup holds the data any more.", Every: time.Hour, Platform: piece(s.Complete)},
	}
}

// atOnce is how much a piece of a job does.
const atOnce = 100

// house is the platform's own tenant, entered by the program itself, with what it needs to know of other tenants.
type house struct {
	inside   context.Context //nolint:containedctx // two scopes at once
	platform context.Context //nolint:containedctx // the same
	own      tenancy.Tenant
}

// enter goes into the platform's own tenant for what it records about others, whoever's act it is: the caller has been asked for its
// permission. Nil: there is none.
func (s *Service) enter(ctx context.Context, work string) (*house, error) {
	outside := tenancy.Scope{}.Attach(ctx)
	platform, err := s.db.EnterPlatform(outside, "system:ending", tenancy.Permissions{tenancy.PermReadTenants, tenancy.PermHoldTenant})
	if err != nil {
		return nil, err
	}
	own, err := s.db.Tenants().Platform(platform)
	if tenancy.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	inside, err := s.db.System(outside, own.ID, "ending."+work)
	if err != nil {
		return nil, err
	}
	return &house{inside, platform, own}, nil
}

// forBackground checks that a context is of the platform's background work, and gives its instant.
func (s *Service) forBackground(ctx context.Context, op string, limit int) (time.Time, error) {
	if err := s.db.Tenants().Require(ctx, PermWork); err != nil {
		return time.Time{}, err
	}
	if limit < 1 || limit > 1000 {
		return time.Time{}, ErrBadInput.New(op, "limit is between 1 and 1,000")
	}
	return s.db.Tenants().Now(ctx)
}
