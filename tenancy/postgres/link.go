package postgres

import (
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/opsmatiq/erp/tenancy"
)

// pool is one of the store's pools, with what its connections are made by.
type pool struct {
	login  string
	db     *sql.DB
	config *pgx.ConnConfig
}

// Links implements tenancy.Store: a connection of each pool is looked at from both ends. The statement goes past the scoped pool's sessions, and
// reads what the server knows of the connection alone.
func (s *store) Links(ctx context.Context) ([]tenancy.Link, error) {
	out := make([]tenancy.Link, 0, len(s.pools))
	for _, p := range s.pools {
		l, err := p.look(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (p pool) look(ctx context.Context) (l tenancy.Link, err error) {
	l.Login = p.login
	l.Always, l.Verified = always(p.config)
	held, err := p.db.Conn(ctx)
	if err != nil {
		return l, err
	}
	defer func() { _ = held.Close() }()
	err = held.Raw(func(driverConn any) error {
		var pg *pgx.Conn
		switch c := driverConn.(type) {
		case *conn:
			pg = c.std.Conn()
		case *stdlib.Conn:
			pg = c.Conn()
		default:
			return fmt.Errorf("the pool gave a %T", driverConn)
		}
		l.Local, l.TLS = transport(pg.PgConn().Conn())
		l.Server, err = server(ctx, pg)
		return err
	})
	return l, err
}

// transport is what our own end of a connection is.
func transport(c net.Conn) (local bool, version string) {
	if t, ok := c.(*tls.Conn); ok {
		return loopback(c.RemoteAddr()), tls.VersionName(t.ConnectionState().Version)
	}
	return loopback(c.RemoteAddr()), ""
}

// loopback reports whether an address is of this machine.
func loopback(a net.Addr) bool {
	switch a := a.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	}
	return false
}

// server is what the other end is, as the server tells it: pg_stat_ssl has a row of every connection, and of its own a login may read all.
func server(ctx context.Context, pg *pgx.Conn) (string, error) {
	var encrypted bool
	var version, from *string
	// Simple mode leaves nothing prepared behind on a connection that sessions use.
	err := pg.QueryRow(ctx, `SELECT s.ssl, s.version, pg_catalog.host(pg_catalog.inet_client_addr()) FROM pg_catalog.pg_stat_ssl s WHERE s.pid = pg_catalog.pg_backend_pid()`,
		pgx.QueryExecModeSimpleProtocol).Scan(&encrypted, &version, &from)
	if err != nil {
		return "", err
	}
	switch {
	case encrypted && version != nil:
		return *version, nil
	case from == nil:
		return "local", nil
	}
	if at, err := netip.ParseAddr(*from); err == nil && at.IsLoopback() {
		return "local", nil
	}
	return "none", nil
}

// always reports whether a login's configuration lets no connection be made without TLS, whatever the server says, and whether certificates
// are checked. sslmode=prefer and allow fall back to none.
func always(config *pgx.ConnConfig) (encrypted, verified bool) {
	configs := []*tls.Config{config.TLSConfig}
	for _, f := range config.Fallbacks {
		configs = append(configs, f.TLSConfig)
	}
	encrypted, verified = true, true
	for _, c := range configs {
		encrypted = encrypted && c != nil && (c.MinVersion == 0 || c.MinVersion >= tls.VersionTLS12)
		verified = verified && c != nil && !c.InsecureSkipVerify
	}
	return encrypted, verified
}
