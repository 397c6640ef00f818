package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// minimumVersion is the oldest PostgreSQL that erp supports.
const minimumVersion = 15

// dropTimeout bounds the removal of one database.
const dropTimeout = 30 * time.Second

// NewDatabase creates a fresh, empty database (UTF8, locale C) and returns its URL as superuser. It is dropped, connections
// and all, when tb ends.
func (s *Server) NewDatabase(tb TB) string {
	tb.Helper()
	databaseURL, drop, err := s.CreateDatabase(context.Background())
	if err != nil {
		tb.Fatalf("%v", err)
		return ""
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := drop(ctx); err != nil {
			tb.Fatalf("%v", err)
		}
	})
	return databaseURL
}

// CreateDatabase is NewDatabase for programs: the caller calls drop, or leaves that to [Stop] (not with ERP_TEST_POSTGRES).
func (s *Server) CreateDatabase(ctx context.Context) (databaseURL string, drop func(context.Context) error, err error) {
	name := "erp_test_" + strings.ToLower(rand.Text()[:16])
	// template0, for template1 may carry what the owner of an existing server put there.
	err = s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	if err != nil {
		return "", nil, fmt.Errorf("pgtest: create database: %w", err)
	}
	drop = func(ctx context.Context) error {
		if err := s.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("pgtest: drop database: %w", err)
		}
		return nil
	}
	return s.URL(name), drop, nil
}

// URL is the address of one database of the server, as superuser.
func (s *Server) URL(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

// Login returns databaseURL with another role in it. A throw-away cluster asks for no password; an existing server may.
func Login(databaseURL, role, password string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", errors.New("pgtest: not a database URL") // the parse error would repeat the password
	}
	u.User = url.User(role)
	if password != "" {
		u.User = url.UserPassword(role, password)
	}
	return u.String(), nil
}

func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	return err
}

// check connects once and refuses a server that tests cannot use.
func (s *Server) check(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var (
		version   int
		superuser bool
	)
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int / 10000, rolsuper
		FROM pg_roles WHERE rolname = current_user`).Scan(&version, &superuser)
	switch {
	case err != nil:
		return err
	case version < minimumVersion:
		return fmt.Errorf("the server is PostgreSQL %d; %d or later is needed", version, minimumVersion)
	case !superuser:
		return errors.New("the login is no superuser; tests create databases and roles")
	}
	return nil
}

// openExisting uses a server that somebody else runs.
func openExisting(ctx context.Context, given string) (*Server, error) {
	u, err := url.Parse(given)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, errors.New("ERP_TEST_POSTGRES is not a postgres:// URL")
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/postgres"
	}
	s := &Server{admin: u}
	if err := s.check(ctx); err != nil {
		return nil, fmt.Errorf("ERP_TEST_POSTGRES: %w", err)
	}
	return s, nil
}
