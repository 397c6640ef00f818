package postgres

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// What a configuration lets happen is looked at as well as what has happened: sslmode=prefer goes without TLS when the server has none.
func TestWhichConfigurationsAlwaysEncrypt(t *testing.T) {
	for mode, want := range map[string][2]bool{
		"disable": {false, false}, "allow": {false, false}, "prefer": {false, false}, "require": {true, false}, "verify-ca": {true, false}, "verify-full": {true, true},
	} {
		for _, hosts := range []string{"192.0.2.1", "192.0.2.1,192.0.2.2"} {
			config, err := pgx.ParseConfig("postgres://user:secret@" + hosts + "/db?sslmode=" + mode)
			require.NoError(t, err)
			encrypted, verified := always(config)
			require.Equal(t, want, [2]bool{encrypted, verified}, "%s at %s", mode, hosts)
		}
	}
	config, err := pgx.ParseConfig("postgres://user:secret@192.0.2.1/db?sslmode=verify-full")
	require.NoError(t, err)
	config.TLSConfig.MinVersion = tls.VersionTLS11
	encrypted, _ := always(config)
	require.False(t, encrypted, "less than TLS 1.2 is not TLS here")
}

// far is a connection to an address.
type far struct {
	net.Conn
	to net.Addr
}

func (f far) RemoteAddr() net.Addr { return f.to }

func TestWhatIsOnThisMachine(t *testing.T) {
	for to, want := range map[string]bool{"127.0.0.1:5432": true, "[::1]:5432": true, "127.8.8.8:1": true, "192.0.2.1:5432": false, "[2001:db8::1]:5432": false, "10.0.0.1:5432": false} {
		local, version := transport(far{to: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(to))})
		require.Equal(t, want, local, to)
		require.Empty(t, version)
	}
	local, _ := transport(far{to: &net.UnixAddr{Name: "/run/postgresql/.s.PGSQL.5432", Net: "unix"}})
	require.True(t, local)
	local, _ = transport(far{to: &net.IPAddr{}})
	require.False(t, local, "what nobody knows is not here")
}

// Each of the three logins is looked at, and nothing is left of the look on connections that sessions use.
func TestLinksOverASocket(t *testing.T) {
	f := newFixture(t)
	f.sent.take()
	for range 2 {
		links, err := f.store.Links(t.Context())
		require.NoError(t, err)
		require.Equal(t, []tenancy.Link{{Login: "tenants", Local: true, Server: "local"}, {Login: "control", Local: true, Server: "local"}, {Login: "sealer", Local: true, Server: "local"}}, links)
	}
	require.Empty(t, f.sent.take(), "no session was begun")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.store.Links(ended)
	require.Error(t, err)
}

// Something that ends TLS before the server, as poolers do: the program's end and the server's end are two things.
func TestRaceLinksThroughTLS(t *testing.T) {
	f := newFixture(t)
	for version, name := range map[uint16]string{tls.VersionTLS12: "TLS 1.2", tls.VersionTLS13: "TLS 1.3"} {
		at := terminator(t, f, &tls.Config{MinVersion: version, MaxVersion: version, Certificates: []tls.Certificate{certificate(t)}})
		for mode, always := range map[string]bool{"require": true, "prefer": false} {
			f.eng.DSN, f.eng.ControlDSN, f.eng.SealDSN = through(t, f.eng.DSN, at, mode), through(t, f.eng.ControlDSN, at, mode), through(t, f.eng.SealDSN, at, mode)
			store := f.open(t, false)
			links, err := store.Links(t.Context())
			require.NoError(t, err)
			require.Len(t, links, 3)
			for _, l := range links {
				require.Equal(t, tenancy.Link{Login: l.Login, Local: true, TLS: name, Always: always, Server: "local"}, l)
			}
			require.NoError(t, store.Close())
		}
	}
}

// through is a login's address by way of another place.
func through(t *testing.T, dsn, at, mode string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	u := url.URL{Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: at, Path: "/" + config.Database, RawQuery: "sslmode=" + mode}
	return u.String()
}

// terminator takes PostgreSQL's way into TLS (SSLRequest, then the handshake) and goes on to the server's socket in the clear.
func terminator(t *testing.T, f *fixture, config *tls.Config) string {
	t.Helper()
	server, err := pgx.ParseConfig(f.url)
	require.NoError(t, err)
	network, address := pgNetwork(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				var request [8]byte
				if _, err := io.ReadFull(c, request[:]); err != nil || request[7] != 47 { // 80877103
					return
				}
				if _, err := c.Write([]byte("S")); err != nil {
					return
				}
				inside := tls.Server(c, config)
				out, err := net.Dial(network, address)
				if err != nil {
					return
				}
				defer func() { _ = out.Close() }()
				go func() { _, _ = io.Copy(out, inside); _ = out.Close() }()
				_, _ = io.Copy(inside, out)
			}()
		}
	}()
	return l.Addr().String()
}

// pgNetwork is where the tests' server listens.
func pgNetwork(c *pgx.ConnConfig) (network, address string) {
	if strings.HasPrefix(c.Host, "/") {
		return "unix", c.Host + "/.s.PGSQL." + big.NewInt(int64(c.Port)).String()
	}
	return "tcp", netip.MustParseAddr(c.Host).String() + ":" + big.NewInt(int64(c.Port)).String()
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
