package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// config is what the server is told.
type config struct {
	Addr       string // where it listens
	Cert, Key  string // files in PEM; both or neither
	Dir        string // of the embedded database and of the ports' defaults
	Postgres   string // an admin's URL; "" is the embedded database
	Production bool
	Platform   string // who runs the server
	Tenant     string // to be made, with its owner; "" serves
	Owner      string
	Zone       string
}

func parseConfig(args []string) (config, error) {
	c := config{}
	fs := flag.NewFlagSet("server", flag.ContinueOnError)
	fs.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "where to listen")
	fs.StringVar(&c.Cert, "cert", "", "the certificate's `file`, in PEM; with it the server speaks TLS 1.2 or later only")
	fs.StringVar(&c.Key, "key", "", "the certificate's private key `file`, in PEM")
	fs.StringVar(&c.Dir, "dir", "server-data", "the `directory` of the embedded database, keys and mail")
	fs.StringVar(&c.Postgres, "postgres", "", "an admin's `URL` of a PostgreSQL database to use instead of the embedded one")
	fs.BoolVar(&c.Production, "production", false, "refuse what is only good for trying out: plain connections beyond this machine, demo tenants")
	fs.StringVar(&c.Platform, "platform", "", "the `name` of who runs the server; their own tenant is made with it at the first start, for certificates of deletion and registers")
	fs.StringVar(&c.Tenant, "tenant", "", "make a tenant of this `name`, invite its -owner, and end")
	fs.StringVar(&c.Owner, "owner", "", "the e-mail `address` of the new tenant's owner")
	fs.StringVar(&c.Zone, "zone", "UTC", "the new tenant's time zone")
	if err := fs.Parse(args); err != nil {
		return c, err
	}
	return c, c.check()
}

// check refuses what would carry tenants' data in the clear.
func (c config) check() error {
	if (c.Cert == "") != (c.Key == "") {
		return errors.New("-cert and -key belong together")
	}
	if (c.Tenant == "") != (c.Owner == "") {
		return errors.New("-tenant and -owner belong together")
	}
	if !c.Production {
		return nil
	}
	if c.Platform == "" {
		return errors.New("in production the server needs -platform: whoever runs it answers for what it deletes")
	}
	if c.Cert == "" && !loopback(c.Addr) {
		return fmt.Errorf("in production a listener on %s needs -cert and -key: anybody on the way could read along", c.Addr)
	}
	if c.Postgres == "" {
		return nil
	}
	db, err := pgx.ParseConfig(c.Postgres)
	if err != nil {
		return errors.New("-postgres is not a usable URL") // pgx's own text may hold the URL
	}
	// With sslmode=prefer or allow, and with several hosts, there are fallbacks.
	tries := append([]*pgconn.FallbackConfig{{Host: db.Host, TLSConfig: db.TLSConfig}}, db.Fallbacks...)
	for _, to := range tries {
		if to.TLSConfig == nil && !localHost(to.Host) {
			return fmt.Errorf("in production the connection to the database at %s must be encrypted: sslmode=verify-full, or at least require", to.Host)
		}
	}
	return nil
}

// loopback reports whether an address to listen on is this machine's own. A name or an empty host may be more.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && localHost(host)
}

// localHost reports whether a host is this machine: a loopback address, localhost, or a unix socket's directory.
func localHost(host string) bool {
	if host == "localhost" || host != "" && host[0] == '/' {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
