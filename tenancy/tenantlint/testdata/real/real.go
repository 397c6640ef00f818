// Package real breaks each rule against the real packages, for TestCommand.
package real

import (
	"context"
	"database/sql"
	"net/http"

	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

type call struct {
	tenancy.Row
	Note string `bun:"note" privacy:"contact,delete"`
}

var calls = tenancy.Define[call](tenancy.Spec{Table: "crm.calls", Class: tenancy.Master})

type server struct {
	db    *tenancy.DB
	own   *sql.DB
	query *bun.DB
}

func (s *server) handle(_ http.ResponseWriter, r *http.Request) {
	_ = s.db.Read(r.Context(), func(ctx context.Context, tx *tenancy.Tx) error {
		_, err := tenancy.Report[string](ctx, tx, `SELECT c.note FROM {calls} AS c WHERE c.note = ?`, r.FormValue("note"))
		return err
	})
	_ = s.db.Read(context.Background(), func(ctx context.Context, tx *tenancy.Tx) error { // want context
		_, _ = tenancy.Report[string](ctx, tx, `SELECT note FROM calls`)                                              // want report
		_, _ = tenancy.Report[string](ctx, tx, `SELECT note FROM {calls} AS c WHERE note = '`+r.Form.Get("note")+`'`) // want report
		go func() { _, _ = tenancy.Count[call](ctx, tx) }()                                                           // want context
		return tx.Host(ctx, func(host *sql.Tx) error {
			_, err := host.Exec("INSERT INTO app.calls VALUES ('x')")
			return err
		})
	})
	_, _ = s.own.Query("SELECT note FROM app.calls")
	_, _ = s.own.Query("SELECT note FROM crm.calls")           // want database
	_, _ = s.own.Query("SELECT * FROM erp_tenant_gates")       // want database
	_ = s.query.NewSelect().Model(&[]call{}).Scan(r.Context()) // want database
	_, _ = s.own.Query("SELECT note FROM crm.calls")           //tenantlint:allow database for the auditor
	_, _ = s.own.Query("SELECT note FROM app.calls")           //tenantlint:allow database for nobody // want directive
}

func store(s tenancy.Store) *bun.DB { return s.Control() } // want database

var _, _ = calls, store
