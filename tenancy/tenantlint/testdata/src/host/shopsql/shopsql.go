package shopsql // want package:"."

import (
	"database/sql"

	"host/shop"
)

func peek(db *sql.DB) {
	_, _ = db.Query("SELECT * FROM crm.calls")        // want `database: SQL names the table crm.calls`
	_, _ = db.Query("SELECT * FROM crm_calls")        // want `database: SQL names the table crm_calls`
	_, _ = db.Query("SELECT * FROM erp_tenant_gates") // want `database: SQL names the table erp_tenant_gates`
	_, _ = db.Query("SELECT * FROM calls")
	_ = shop.Module
}
