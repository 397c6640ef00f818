package access

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Service knows who may come in. It is safe for use by many goroutines, and any number of processes may have one for the
// same database.
type Service struct {
	db      *tenancy.DB
	opt     Options
	control control.Control
	roles   map[string]Role
	hasher  *hasher

	mu     sync.Mutex
	pepper []byte // keys the counters' hashes; guarded by mu

	mailing sync.WaitGroup
	room    chan struct{} // bounds messages under way
}

// Options configures [New].
type Options struct {
	// Keys seals the secrets of second factors. Required.
	Keys tenancy.Keys
	// Mailer sends invitations and password resets. Required.
	Mailer tenancy.Mailer
	// Roles are the host's own, beside [BuiltinRoles]. One with the name of a built-in role replaces it, except "owner".
	Roles []Role
	// Hash is the cost of a password. Default [DefaultHash].
	Hash HashParams
	// HashesAtOnce bounds the passwords that are hashed at the same time, and with it memory: each takes Hash.MemoryKiB.
	// 1 to 64. Default: the number of processors.
	HashesAtOnce int
	// MinPassword is the least number of characters of a password: 8 to 64. Default 15, which NIST SP 800-63B-4 (3.1.1.2) asks of
	// passwords that stand alone; 8 is enough where every role needs a second factor.
	MinPassword int
	// Idle ends a session that was not used for so long: 1 minute to 31 days. Default 1 hour (NIST SP 800-63B-4, AAL2).
	Idle time.Duration
	// Absolute ends a session however busy it is: Idle to 31 days. Default 24 hours (as above).
	Absolute time.Duration
	// Invitation is how long an invitation can be accepted: 1 hour to 31 days. Default 7 days.
	Invitation time.Duration
	// Reset is how long a password reset can be used: 5 minutes to 24 hours. Default 30 minutes.
	Reset time.Duration
	// Limits are how many attempts are too many.
	Limits Limits
	// Issuer is the name under which authenticator apps list the account: 1 to 40 characters without a colon. Default "erp".
	Issuer string
	// Compose writes the messages. Default: short ones in English that hold the token.
	Compose func(n Notice) (subject, text string)
	// Logger is told of messages that could not be sent, by code. Default [slog.Default].
	Logger *slog.Logger
}

// New makes the service on an opened database whose modules include [Module]. Errors: access.bad_input.
func New(db *tenancy.DB, opt Options) (*Service, error) {
	if db.Registry().Table(membersTable) == nil {
		return nil, ErrBadInput.New("access.New", "the database was opened without access.Module()")
	}
	if err := opt.check("access.New"); err != nil {
		return nil, err
	}
	roles, err := rolesOf("access.New", opt.Roles)
	if err != nil {
		return nil, err
	}
	return &Service{db: db, opt: opt, control: control.Of(db), roles: roles, hasher: newHasher(opt.Hash, opt.HashesAtOnce), room: make(chan struct{}, mailsAtOnce)}, nil
}

func (opt *Options) check(op string) error {
	if opt.Keys == nil || opt.Mailer == nil {
		return ErrBadInput.New(op, "Keys and Mailer are needed")
	}
	if opt.Hash == (HashParams{}) {
		opt.Hash = DefaultHash
	}
	if err := opt.Hash.check(op); err != nil {
		return err
	}
	for _, n := range []struct {
		what                  string
		value                 *int
		standard, least, most int
	}{
		{"HashesAtOnce", &opt.HashesAtOnce, min(runtime.NumCPU(), 64), 1, 64},
		{"MinPassword", &opt.MinPassword, 15, 8, 64},
		{"Limits.Account", &opt.Limits.Account, 10, 3, 100},
		{"Limits.Address", &opt.Limits.Address, 100, 10, 100_000},
		{"Limits.Mails", &opt.Limits.Mails, 5, 1, 100},
	} {
		if *n.value == 0 {
			*n.value = n.standard
		}
		if *n.value < n.least || *n.value > n.most {
			return ErrBadInput.New(op, "%s is between %d and %d", n.what, n.least, n.most)
		}
	}
	const day = 24 * time.Hour
	if opt.Idle == 0 {
		opt.Idle = time.Hour
	}
	for _, d := range []struct {
		what                  string
		value                 *time.Duration
		standard, least, most time.Duration
	}{
		{"Idle", &opt.Idle, time.Hour, time.Minute, 31 * day},
		{"Absolute", &opt.Absolute, max(day, opt.Idle), opt.Idle, 31 * day},
		{"Invitation", &opt.Invitation, 7 * day, time.Hour, 31 * day},
		{"Reset", &opt.Reset, 30 * time.Minute, 5 * time.Minute, day},
		{"Limits.Window", &opt.Limits.Window, 15 * time.Minute, time.Minute, day},
	} {
		if *d.value == 0 {
			*d.value = d.standard
		}
		if *d.value < d.least || *d.value > d.most {
			return ErrBadInput.New(op, "%s is between %s and %s", d.what, d.least, d.most)
		}
	}
	if opt.Issuer == "" {
		opt.Issuer = "erp"
	}
	if len(opt.Issuer) > 40 || strings.ContainsAny(opt.Issuer, ":\x00") {
		return ErrBadInput.New(op, "Issuer has 1 to 40 characters and no colon")
	}
	if opt.Compose == nil {
		opt.Compose = compose
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	return nil
}

// The permissions of this package's acts in a tenant.
const (
	PermRead     tenancy.Permission = "access.read"     // members, keys, sessions
	PermMembers  tenancy.Permission = "access.members"  // inviting, roles, suspending, removing
	PermKeys     tenancy.Permission = "access.keys"     // making and revoking API keys
	PermSessions tenancy.Permission = "access.sessions" // ending other members' sessions
)

// The permissions of the platform's acts.
const (
	PermAddOwner tenancy.Permission = "access.add_owner" // a tenant's first owner
	PermUsers    tenancy.Permission = "access.users"     // accounts: finding, suspending, unlocking, erasing
	PermStaff    tenancy.Permission = "access.staff"     // the platform's own staff
	PermSweep    tenancy.Permission = "access.sweep"     // clearing away what has expired: for background work
)

// What a credential does of itself, as the trail and the platform's journal name it.
const (
	actLogin     = "access.login"
	actLogout    = "access.logout"
	actRefused   = "access.login_refused"
	actLockedOut = "access.locked_out"
	actAccept    = "access.accept"
	actSystem    = "tenancy.system"
	actKeyUsed   = "access.key_used"

	actPasswordSet   = "access.password_changed"
	actPasswordReset = "access.password_reset"
	actFactorSet     = "access.second_factor_set"
	actFactorGone    = "access.second_factor_removed"
	actCodesMade     = "access.recovery_codes_made"
	actCodeUsed      = "access.recovery_code_used"
	actSessionsEnded = "access.sessions_ended"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what access brings to the store: hand it to [tenancy.Options].Modules, or set erp.Options.Access. A database
// that was opened with it once is opened with it ever after.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "access", Models: models, Migrations: files, Control: controlTables,
		Subjects: map[string]string{membersTable: "users of the tenant", tableUsers: "users of tenants, and the platform's staff"},
		Flows: []tenancy.Flow{{Name: "access.mail", About: "Invitations and password resets go to the person's own e-mail address, each with a token that is used once.",
			Tables: []string{tableUsers, tableTokens}}}}
}

const membersTable = "erp.members"

var models = []*tenancy.Model{
	tenancy.Define[memberRow](tenancy.Spec{Table: membersTable, Class: tenancy.Master, Subject: "self", User: "user_id", Writes: tenancy.Keep}),
}

// The tables of the control database.
const (
	tableUsers    = "erp_control.users"
	tableTenants  = "erp_control.user_tenants"
	tableSessions = "erp_control.user_sessions"
	tableKeys     = "erp_control.api_keys"
	tableTokens   = "erp_control.mailed_tokens" //nolint:gosec // a table
	tableCodes    = "erp_control.recovery_codes"
	tableAttempts = "erp_control.attempts"
	tableSecrets  = "erp_control.access_keys" //nolint:gosec // a table
)

// table is a control table's name for raw SQL.
func (s *Service) table(name string) bun.Safe { return bun.Safe(s.control.Table(name)) }

// aliased is a control table for bun's queries by model.
func (s *Service) aliased(name string) string { return s.control.Table(name) + " AS ?TableAlias" }

// fault turns a database's error into ours.
func (s *Service) fault(op string, err error) error {
	if err == nil {
		return nil
	}
	return s.control.Fault(op, err)
}

// within runs fn in one transaction of the control database.
func (s *Service) within(ctx context.Context, op string, fn func(tx bun.Tx) error) error {
	return s.fault(op, s.control.DB.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error { return fn(tx) }))
}

// journal leaves a line in the platform's journal.
func (s *Service) journal(ctx context.Context, idb bun.IDB, e control.Entry) error {
	return control.Journal(ctx, s.db, idb, e)
}
