package usage

import (
	"context"
	"embed"
	"io/fs"
	"regexp"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// Service is the room's one door. Its methods are safe for concurrent use.
type Service struct {
	db  *tenancy.DB
	opt Options
}

// Options configures [New]. The zero value of each means its default.
type Options struct {
	// Features are the names that may be counted, each 1 to 60 of a-z, 0-9, "_" and ".". The list is closed, so that nothing is counted
	// whose name says something of somebody. Default: none.
	Features []string
	// MinTenants is how many tenants must have used a feature on a day for its use to be known at all: 5 at least. Default 10.
	MinTenants int64
	// Declines reports whether the person behind an actor has objected to being counted ([tenancy.ImproveService]; GDPR Art. 21(1)), pending objections included, or is restricted (Art. 18(2)): then the features that they use are not
	// counted. It is asked within the transaction that would count, when there is something to count. Default: nobody does.
	Declines func(ctx context.Context, tx *tenancy.Tx, actor string) (bool, error)
}

var featureName = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,59}$`)

// New makes the service on an opened database whose modules include [Module]. Errors: usage.bad_input.
func New(db *tenancy.DB, opt Options) (*Service, error) {
	const op = "usage.New"
	if opt.MinTenants == 0 {
		opt.MinTenants = 10
	}
	if opt.MinTenants < 5 {
		return nil, ErrBadInput.New(op, "MinTenants is at least 5")
	}
	opt.Features = slices.Sorted(slices.Values(opt.Features))
	for i, f := range opt.Features {
		if !featureName.MatchString(f) || i > 0 && opt.Features[i-1] == f {
			return nil, ErrBadInput.New(op, "%q is no name of a feature, or stands twice", f)
		}
	}
	return &Service{db: db, opt: opt}, nil
}

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what usage brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "usage", Models: models, Migrations: files}
}

const dayTable = "erp.feature_days"

// models are all stored structs of this package. The platform answers for them; those about a tenant lie behind the tenant's walls all
// the same. They grow by looking, so an archive's root leaves out what does.
var models = []*tenancy.Model{
	tenancy.Define[Access](tenancy.Spec{Table: "erp.access_log", Class: tenancy.Log, Controller: tenancy.ByPlatform, RetainFrom: "occurred_at", Subject: "actor", Derived: true, Trail: true, RecordReads: true}),
	tenancy.Define[featureCount](tenancy.Spec{Table: "erp.feature_counts", Class: tenancy.Log, Controller: tenancy.ByPlatform, Purpose: tenancy.ImproveService, RetainFrom: "day", Derived: true, Trail: true}),
	tenancy.Define[featureDay](tenancy.Spec{Table: dayTable, Class: tenancy.Log, Controller: tenancy.ByPlatform, Purpose: tenancy.ImproveService, RetainFrom: "day", Derived: true}),
	tenancy.Define[FeatureUse](tenancy.Spec{Table: "erp.feature_uses", Class: tenancy.Log, Controller: tenancy.ByPlatform, Purpose: tenancy.ImproveService, RetainFrom: "day", Derived: true}),
}

// The permissions of this package's acts. [Service.Log] needs none: it is of whoever comes.
const (
	PermRead  tenancy.Permission = "usage.read"  // the access log of a tenant
	PermCount tenancy.Permission = "usage.count" // the platform's: adding up what was used
)
