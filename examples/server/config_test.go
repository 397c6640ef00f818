package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProductionRefusesPlainConnections(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		ok   bool
	}{
		{"trying out", nil, true},
		{"trying out, for the whole network", []string{"-addr", ":8080"}, true},
		{"a key without its certificate", []string{"-key", "k.pem"}, false},
		{"loopback behind a proxy", []string{"-production"}, true},
		{"loopback, IPv6", []string{"-production", "-addr", "[::1]:80"}, true},
		{"the whole network in the clear", []string{"-production", "-addr", ":8080"}, false},
		{"every address in the clear", []string{"-production", "-addr", "0.0.0.0:8080"}, false},
		{"a name in the clear", []string{"-production", "-addr", "erp.example.org:80"}, false},
		{"no port", []string{"-production", "-addr", "127.0.0.1"}, false},
		{"the whole network with a certificate", []string{"-production", "-addr", ":443", "-cert", "c.pem", "-key", "k.pem"}, true},
		{"a database over a unix socket", []string{"-production", "-postgres", "postgres:///erp?host=/var/run/postgresql"}, true},
		{"a database on this machine", []string{"-production", "-postgres", "postgres://a@127.0.0.1/erp?sslmode=disable"}, true},
		{"a database elsewhere, verified", []string{"-production", "-postgres", "postgres://a@db.example.org/erp?sslmode=verify-full"}, true},
		{"a database elsewhere, in the clear", []string{"-production", "-postgres", "postgres://a@db.example.org/erp?sslmode=disable"}, false},
		{"a database elsewhere, perhaps in the clear", []string{"-production", "-postgres", "postgres://a@db.example.org/erp?sslmode=prefer"}, false},
		{"a database elsewhere, by default perhaps in the clear", []string{"-production", "-postgres", "postgres://a@db.example.org/erp"}, false},
		{"two databases, one elsewhere", []string{"-production", "-postgres", "postgres://a@127.0.0.1,db.example.org/erp?sslmode=disable"}, false},
		{"no URL", []string{"-production", "-postgres", "postgres://%zz"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := parseConfig(append([]string{"-platform", "Opsmatiq"}, tc.args...))
			require.Equal(t, tc.ok, err == nil, "%v", err)
		})
	}
}

// Whoever runs a server in production answers for what it deletes, under a name.
func TestProductionNamesThePlatform(t *testing.T) {
	_, err := parseConfig([]string{"-production"})
	require.ErrorContains(t, err, "-platform")
	_, err = parseConfig(nil)
	require.NoError(t, err)
}
