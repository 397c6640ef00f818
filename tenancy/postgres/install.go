package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// InstallOptions shape [Install]. The zero value is right for a first try.
type InstallOptions struct {
	// AppLogin, ControlLogin and SealLogin name the logins. Default: made from the database's name, so that two databases of
	// one cluster share none. All of them or none.
	AppLogin, ControlLogin, SealLogin string
	// Secret is what the logins' passwords are derived from. Default: the admin's password. Whoever knows it knows them.
	Secret string
}

// Install makes a database usable: the roles erp_app, erp_control and erp_sealer and an unprivileged login for each. It returns an Engine that
// works through those logins and migrates as the admin; schemas, tables and grants come with the first tenancy.Open with
// Migrate. The admin must be allowed to create roles and to create in the database: a superuser, or on
// managed services what they give in its place. It is for development, tests and first steps; where a DBA keeps the roles,
// use [InstallSQL].
//
// Running it again changes nothing, and a run that was killed is completed by the next one; several processes may run it
// at once, on one database or on several of a cluster.
//
// Passwords are HMAC-SHA-256 of the login's name under the admin's password (or opts.Secret), so every process with the
// same admin URL arrives at the same Engine and nothing has to be stored; they reach the server as SCRAM verifiers, so its
// log does not show them. A login that can already log in is left as it is. Without a password or secret the logins get
// none, which works where the server trusts the connection, as over the unix socket of a throw-away cluster, and is refused
// with postgres.connect where it does not.
//
// Errors: postgres.configuration, postgres.connect, postgres.not_installed.
func Install(ctx context.Context, adminURL string, opts InstallOptions) (Engine, error) {
	const op = "postgres.Install"
	config, err := parseDSN("adminURL", adminURL)
	if err != nil {
		return Engine{}, err
	}
	if err := opts.name(op, config.Database); err != nil {
		return Engine{}, err
	}
	if opts.Secret == "" {
		opts.Secret = config.Password
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return Engine{}, ErrConnect.Wrap(op, err, "adminURL does not lead to a database: %v", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	// Within one database installers wait for each other here; those of other databases meet at the roles, see patiently.
	if _, err := conn.Exec(ctx, "SELECT pg_catalog.pg_advisory_lock($1)", int64(migrateLock)); err != nil {
		return Engine{}, asFault(op, err)
	}
	var database string
	if err := conn.QueryRow(ctx, "SELECT pg_catalog.current_database()").Scan(&database); err != nil {
		return Engine{}, asFault(op, err)
	}
	for _, text := range installStatements(database, opts.AppLogin, opts.ControlLogin, opts.SealLogin) {
		if err := patiently(ctx, conn, text); err != nil {
			return Engine{}, ErrNotInstalled.Wrap(op, err, "%v", err)
		}
	}
	e := Engine{MigrateDSN: adminURL}
	if e.DSN, err = login(ctx, conn, config, opts.AppLogin, opts.Secret); err != nil {
		return Engine{}, err
	}
	if e.ControlDSN, err = login(ctx, conn, config, opts.ControlLogin, opts.Secret); err != nil {
		return Engine{}, err
	}
	if e.SealDSN, err = login(ctx, conn, config, opts.SealLogin, opts.Secret); err != nil {
		return Engine{}, err
	}
	return e, nil
}

// name gives the logins their names.
func (opts *InstallOptions) name(op, database string) error {
	given := []string{opts.AppLogin, opts.ControlLogin, opts.SealLogin}
	slices.Sort(given)
	switch given = slices.Compact(given); {
	case len(given) == 1 && given[0] == "":
		opts.AppLogin, opts.ControlLogin = loginNames(database)
		opts.SealLogin = sealLogin(database)
	case len(given) != 3 || given[0] == "":
		return ErrConfiguration.New(op, "AppLogin, ControlLogin and SealLogin are three names, or none")
	}
	return nil
}

// installAttempts bounds how often a statement on a role is tried again. Roles belong to the cluster, and no lock that an
// installer could take does.
const installAttempts = 20

// patiently runs a statement that two installers may run at the same time on the same role: PostgreSQL answers one of them
// that the role exists after all, or that its row was changed meanwhile.
func patiently(ctx context.Context, conn *pgx.Conn, text string) error {
	for attempt := 1; ; attempt++ {
		_, err := conn.Exec(ctx, text)
		var pg *pgconn.PgError
		rival := errors.As(err, &pg) && (pg.Code == "42710" || pg.Code == "23505" || pg.Code == "XX000" || pg.Code == "40001")
		if !rival || attempt == installAttempts {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * 5 * time.Millisecond):
		}
	}
}

// login gives the DSN of a login, after logging in with it once. Only a login that cannot is given a password.
func login(ctx context.Context, admin *pgx.Conn, config *pgx.ConnConfig, name, secret string) (string, error) {
	password := ""
	if secret != "" {
		password = derivePassword(secret, name)
	}
	dsn := addressOf(config, name, password)
	first := tryLogin(ctx, dsn)
	if first == nil {
		return dsn, nil
	}
	if password == "" {
		return "", ErrConnect.Wrap("postgres.Install", first, "the login %s has no password and the server asks for one: put the admin's password into the URL, or set InstallOptions.Secret", name)
	}
	verifier, err := scramVerifier(password)
	if err != nil {
		return "", ErrConfiguration.Wrap("postgres.Install", err, "")
	}
	if err := patiently(ctx, admin, "ALTER ROLE "+quote(name)+" PASSWORD "+quoteText(verifier)); err != nil {
		return "", asFault("postgres.Install", err)
	}
	if err := tryLogin(ctx, dsn); err != nil {
		return "", ErrConnect.Wrap("postgres.Install", err, "the login %s cannot log in: %v", name, err)
	}
	return dsn, nil
}

func tryLogin(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// addressOf is the admin's address with another login in it. TLS settings and the like are kept from the original text
// where that is a URL.
func addressOf(config *pgx.ConnConfig, user, password string) string {
	u := &url.URL{Scheme: "postgres", Path: "/" + config.Database}
	if original, err := url.Parse(config.ConnString()); err == nil && (original.Scheme == "postgres" || original.Scheme == "postgresql") {
		u = original
		if u.Path == "" || u.Path == "/" {
			u.Path = "/" + config.Database
		}
		query := u.Query()
		query.Del("user")
		query.Del("password")
		u.RawQuery = query.Encode()
	} else {
		query := url.Values{"host": {config.Host}, "port": {strconv.Itoa(int(config.Port))}}
		if config.TLSConfig == nil {
			query.Set("sslmode", "disable")
		} else {
			query.Set("sslmode", "require")
			u.Host, query = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), url.Values{"sslmode": {"require"}}
		}
		u.RawQuery = query.Encode()
	}
	u.User = url.User(user)
	if password != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// String keeps passwords out of logs.
func (e Engine) String() string {
	return fmt.Sprintf("postgres.Engine{HostRole: %q, MaxConns: %d}", e.HostRole, e.MaxConns)
}
