package erp

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/local"
)

// Options configures [Open].
type Options struct {
	// Models are the host's own modules: their tables get the same walls, the same export and the same erasure as ours.
	Models []tenancy.Module
	// Migrate brings the database's schema up to date first. Without it, another version than the program's is refused.
	Migrate bool
	// Clock is the source of "now". Default: the system's.
	Clock tenancy.Clock
	// Ports are what the suite uses besides its database. Default: all in Dir.
	Ports Ports
	// Dir is the directory of the ports' defaults, the master key among them: without the same key the same database does not open
	// (tenancy.key). Default: "erp-data" where the program runs. Nothing is made before it is needed.
	Dir string
	// Signer, when set, signs the receipts of tills before they are final. Default: they are chained and unsigned.
	Signer pos.Signer
	// Access, when set, adds users, roles, sessions and API keys ([access.New]); its Keys, Mailer and Logger default to the
	// suite's. Default: none of it, and none of its tables. A database that was opened with it is opened with it ever after.
	Access *access.Options
	// Usage says which features are counted.
	Usage usage.Options
	// Renderers make documents of the host's own rows for archives, beside the suite's: issued invoices as UBL.
	Renderers []privacy.Renderer
	// Registers says what the registers of a controller ask others for. Default: the country is that of [privacy.Service.SetController], visits are those of the access
	// log, and with OwnerAddress a tenant's owner is told by mail, and with Operator the operator of objections.
	Registers register.Options
	// RetentionRules are the host's own, beside the statutory ones: see [retention.NewRules]. One that replaces general.access_log keeps the access log for less than twelve months.
	RetentionRules []retention.Rule
	// Ending says when owners of cancelled tenants are reminded, and what certificates of deletion say. What it leaves out is the suite's: notices by the Mailer, trouble with them to
	// Operator, a signing key among the Files, the jurisdiction that the tenant has stated.
	Ending ending.Options
	// Jobs are the host's own background work, done by [Suite.Run] with the suite's.
	Jobs []tenancy.Job
	// Workers is how many tenants background work serves at once, 1 to 64. Default 2.
	Workers int
	// Operator is the e-mail address that is told when background work keeps failing, and of alarms about audit trails.
	// Default: nobody; it is logged.
	Operator string
	// OwnerAddress gives the e-mail address of a tenant's owner, who is told through the Mailer of every break-glass grant.
	// Default: with Access, its [access.Service.OwnerAddress]; else nobody is told so, and no grant is given in an emergency: see
	// [tenancy.Options].TellOwner.
	OwnerAddress func(ctx context.Context, tenant uuid.UUID) (string, error)
	// Names resolves actors when audit trails are read. Default: with Access, its [access.Service.Names]; else actors are shown as
	// they are.
	Names audit.Names
	// TrustedKeys are public keys that audit trails were signed with before the present one.
	TrustedKeys []ed25519.PublicKey
	// Limits are what each tenant may take at most of what all share. Default: see [tenancy.Limits].
	Limits tenancy.Limits
	// Platform is the name of whoever runs the program, such as "Opsmatiq". Where the platform has no tenant of its own yet ([tenancy.NewTenant].Platform), one is made under this name at the start: its registers as a controller lie there, and
	// certificates of deletion. Default: none is made; without one tenants are deleted without a certificate, and in Production the program does not start.
	Platform string
	// Production says that real people's data are in it: what the privacy policy promises of how the program is run is asked for at the start
	// ([privacy.Service.PostureAtStart]), and where something is absent, the program does not start (privacy.promise_absent) and names each. Attestations are made beforehand, by a
	// program without it. Default: what is absent is logged.
	Production bool
	// Listener is what the host's server listens with, such as [privacy.TLSConfig] gives. Default: TLS ends before the program, and somebody has to attest it.
	Listener *tls.Config
	// Backups says where backups of the tenants go, and who can open them. Default: none are taken, and somebody has to attest that they are made elsewhere.
	Backups privacy.BackupOptions
	// OnStatement, when set, is told of every statement of a scoped transaction before it is sent, never of values.
	OnStatement func(tenancy.Sent)
}

// Suite is the whole ERP on one engine, or on several side by side. Its services are safe for use by many goroutines.
type Suite struct {
	Tenancy    *tenancy.DB
	Accounting *accounting.Service
	Exchange   *exchange.Service
	Bank       *bank.Service
	Inventory  *inventory.Service
	Purchasing *purchasing.Service
	Sales      *sales.Service
	POS        *pos.Service
	Privacy    *privacy.Service
	Registers  *register.Service
	Requests   *request.Service
	Ending     *ending.Service
	Usage      *usage.Service
	Retention  *retention.Service
	Audit      *audit.Service
	// Access is nil unless [Options].Access was set.
	Access *access.Service
	// Ports are those that were given, and defaults for the others.
	Ports Ports

	background *tenancy.Background
	operator   string
}

// Modules are erp's own domains, as [Open] registers them, for hosts that open a [tenancy.DB] themselves. [access.Module] is
// not among them: it is added by those who want it.
func Modules() []tenancy.Module {
	return []tenancy.Module{accounting.Module(), bank.Module(), inventory.Module(), purchasing.Module(), sales.Module(), pos.Module(), privacy.Module(), register.Module(),
		request.Module(), ending.Module(), usage.Module(), retention.Module(), audit.Module(), declared()}
}

// Open registers every model, migrates when asked, holds the live database against the models and wires the services; or
// refuses and says what is wrong. eng is an engine, or several as [tenancy.Placements]. Close the suite when done. Errors: those of
// [tenancy.Open] and [Wire].
func Open(ctx context.Context, eng tenancy.Engine, opt Options) (*Suite, error) {
	opt.Ports = opt.Ports.withDefaults(opt.Dir, opt.Clock)
	modules := Modules()
	var s *Suite
	if opt.Access != nil {
		modules = append(modules, access.Module())
		if opt.OwnerAddress == nil {
			opt.OwnerAddress = func(ctx context.Context, tenant uuid.UUID) (string, error) { return s.Access.OwnerAddress(ctx, tenant) }
		}
	}
	on := tenancy.Options{Modules: append(modules, opt.Models...), Migrate: opt.Migrate, Clock: opt.Clock, Limits: opt.Limits, Keys: opt.Ports.Keys, OnStatement: opt.OnStatement}
	if opt.OwnerAddress != nil {
		on.TellOwner = tenancy.TellByMail(opt.Ports.Mailer, opt.OwnerAddress)
	}
	db, err := tenancy.Open(ctx, eng, on)
	if err != nil {
		return nil, err
	}
	if s, err = wire(ctx, db, opt); err != nil {
		_ = db.Close()
		return nil, err
	}
	return s, nil
}

// Wire makes a suite on a database that the caller opened with [Modules] among its modules, and [access.Module] where
// [Options].Access is set. Of the options, Models, Migrate, OwnerAddress, Limits and OnStatement are the database's and count for
// nothing here; nor does Ports.Keys for sealed columns. Errors: tenancy.bad_input (jobs that cannot be), access.bad_input, ending.bad_input, retention.bad_rule,
// retention.shortens, privacy.promise_absent, and those of [tenancy.Tenants.Create] for Platform.
func Wire(db *tenancy.DB, opt Options) (*Suite, error) { return wire(context.Background(), db, opt) }

func wire(ctx context.Context, db *tenancy.DB, opt Options) (*Suite, error) {
	s := &Suite{Tenancy: db, Accounting: accounting.New(db), Ports: opt.Ports.withDefaults(opt.Dir, opt.Clock), operator: opt.Operator}
	s.Exchange = exchange.New(db, s.Accounting)
	s.Bank = bank.New(db, s.Accounting)
	s.Inventory = inventory.New(db, s.Accounting)
	s.Purchasing = purchasing.New(db, s.Accounting, s.Inventory)
	s.Sales = sales.New(db, s.Accounting, s.Inventory)
	s.POS = pos.New(db, s.Accounting, s.Inventory, pos.Options{Signer: opt.Signer})
	var err error
	if s.Retention, err = s.wireRetention(opt.RetentionRules); err != nil {
		return nil, err
	}
	s.Privacy = privacy.New(db, privacy.Options{Renderers: s.renderers(opt.Renderers), Listener: opt.Listener, Accounts: accounts{s}, Follows: follows, Backups: opt.Backups, Recipients: s.recipients,
		Retention: s.Retention.Rules().Words, Holds: s.Retention.Holds, HoldAgain: s.Retention.HoldAgain, Looks: map[privacy.PromiseID]privacy.Look{privacy.PromiseStaffMFA: s.staffLook}})
	if s.Registers, err = register.New(db, s.registerOptions(opt)); err != nil {
		return nil, err
	}
	if s.Requests, err = request.New(db, s.Privacy, s.requestOptions(opt)); err != nil {
		return nil, err
	}
	if err := s.wireEnding(opt); err != nil {
		return nil, err
	}
	if s.Usage, err = usage.New(db, s.usageOptions(opt)); err != nil {
		return nil, err
	}
	if opt.Access != nil {
		if err := s.wireAccess(*opt.Access); err != nil {
			return nil, err
		}
		if opt.Names == nil {
			opt.Names = s.Access.Names
		}
	}
	s.Audit = audit.New(db, s.auditOptions(opt))
	work := tenancy.BackgroundOptions{Jobs: append(s.jobs(opt.Production), opt.Jobs...), Workers: opt.Workers, Logger: s.Ports.Logger}
	if s.operator != "" {
		work.OnStuck = s.tellOperator
	}
	if s.background, err = db.Background(work); err != nil {
		return nil, err
	}
	if err := s.ownTenant(ctx, opt.Platform); err != nil {
		return nil, err
	}
	if err := s.checkPosture(ctx, opt.Production); err != nil {
		return nil, err
	}
	return s, nil
}

// auditOptions has trails signed with the key "audit", which lies among the files under the master key.
func (s *Suite) auditOptions(opt Options) audit.Options {
	return audit.Options{
		Key: func(ctx context.Context) (ed25519.PrivateKey, error) {
			return local.SigningKey(ctx, s.Ports.Files, s.Ports.Keys, "audit")
		},
		Trusted: opt.TrustedKeys, Anchor: s.Ports.Anchor, Names: opt.Names, Logger: s.Ports.Logger, OnAlarm: s.tellOfAlarm,
	}
}

func (s *Suite) wireAccess(opt access.Options) (err error) {
	if opt.Keys == nil {
		opt.Keys = s.Ports.Keys
	}
	if opt.Mailer == nil {
		opt.Mailer = s.Ports.Mailer
	}
	if opt.Logger == nil {
		opt.Logger = s.Ports.Logger
	}
	s.Access, err = access.New(s.Tenancy, opt)
	return err
}

// Close gives back every connection and file.
func (s *Suite) Close() error { return s.Tenancy.Close() }

// PermVerify allows [Suite.Verify].
const PermVerify tenancy.Permission = "erp.verify"

// Verify recomputes what the books say in a second way and tells, by name, whether both ways agree: every entry balances,
// balances equal their lines, open items equal the control accounts, no legal number is missing, bank statements equal their lines and reconciled lines the ledger, on-hand equals the
// moves, layers equal the moves in quantity and value, stock value equals the ledger's stock account, goods received and not
// billed clear exactly, tills add up, the audit trail is as it was sealed, signed and anchored. (That the sealer keeps up is
// no part of it: ask [audit.Service.Verify].) All checks see one state of the database. It needs the permission erp.verify and writes
// nothing.
func (s *Suite) Verify(ctx context.Context) ([]tenancy.Check, error) {
	return tenancy.View(ctx, s.Tenancy, PermVerify, func(ctx context.Context, _ *tenancy.Tx) ([]tenancy.Check, error) {
		var all []tenancy.Check
		// The trail first, for it asks the anchor before the state is taken that all see.
		for _, verify := range []func(context.Context) ([]tenancy.Check, error){s.verifyTrail, s.Accounting.Verify, s.Bank.Verify, s.Inventory.Verify, s.Purchasing.Verify, s.Sales.Verify, s.POS.Verify} {
			checks, err := verify(ctx)
			if err != nil {
				return nil, err
			}
			all = append(all, checks...)
		}
		return all, nil
	})
}

// verifyTrail is what of the audit trail's checks is about the trail, and not about the sealer.
func (s *Suite) verifyTrail(ctx context.Context) ([]tenancy.Check, error) {
	v, err := s.Audit.Verify(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(v.Checks(), func(c tenancy.Check) bool { return c.Name == audit.CheckLag }), nil
}
