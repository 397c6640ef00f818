package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	c, err := parseConfig(args)
	if err != nil {
		return err
	}
	mail := &demoMailer{}
	suite, err := openSuite(ctx, c, mail)
	if err != nil {
		return err
	}
	defer func() { _ = suite.Close() }()
	switch {
	case c.Tenant != "":
		return createTenant(ctx, suite, c)
	case !c.Production:
		if err := demo(ctx, suite, mail, c); err != nil {
			return err
		}
	}
	if c.Production {
		fmt.Printf("listening on %s\n", c.Addr)
	}
	handler, _, err := newHandler(suite)
	if err != nil {
		return err
	}
	return serve(ctx, suite, c, handler)
}

// openSuite opens the suite on the database that the configuration names.
func openSuite(ctx context.Context, c config, mail *demoMailer) (*erp.Suite, error) {
	var eng tenancy.Engine = sqlite.Engine{Dir: filepath.Join(c.Dir, "db")}
	if c.Postgres != "" {
		installed, err := postgres.Install(ctx, c.Postgres, postgres.InstallOptions{})
		if err != nil {
			return nil, err
		}
		eng = installed
	}
	opt := erp.Options{Migrate: true, Dir: c.Dir, Platform: c.Platform, Access: &access.Options{}}
	if opt.Platform == "" {
		opt.Platform = "The platform"
	}
	if !c.Production {
		opt.Access.Compose = mail.compose
	}
	return erp.Open(ctx, eng, opt)
}

// The limits of one request. A page of a product's own has its own.
const (
	readTimeout  = 10 * time.Second
	writeTimeout = 60 * time.Second
	idleTimeout  = 2 * time.Minute
	drainTimeout = 15 * time.Second
	maxHeader    = 32 << 10
)

// serve answers requests and does the background work until the context is done, and then lets open requests end.
func serve(ctx context.Context, suite *erp.Suite, c config, handler http.Handler) error {
	srv := &http.Server{Addr: c.Addr, Handler: handler, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	background := make(chan error, 1)
	go func() { background <- suite.Run(ctx) }()
	go func() {
		<-ctx.Done()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		_ = srv.Shutdown(ending)
	}()
	var err error
	if c.Cert != "" {
		err = srv.ListenAndServeTLS(c.Cert, c.Key)
	} else {
		err = srv.ListenAndServe()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return <-background
	}
	return err
}

// createTenant makes a tenant and invites its owner; the invitation goes out by mail.
func createTenant(ctx context.Context, suite *erp.Suite, c config) error {
	platform, err := suite.Tenancy.EnterPlatform(ctx, "setup", tenancy.Permissions{tenancy.PermCreateTenant, access.PermAddOwner})
	if err != nil {
		return err
	}
	t, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: c.Tenant, Reference: "server " + c.Tenant, TimeZone: c.Zone})
	if err != nil {
		return err
	}
	if _, err := suite.Access.AddOwner(platform, t.ID, access.NewMember{Email: c.Owner, Name: c.Owner}); err != nil {
		return err
	}
	fmt.Printf("tenant %s made; its owner has been invited\n", t.ID)
	return nil
}
