package tenancytest // want package:"."

import (
	"database/sql"

	_ "github.com/opsmatiq/erp/tenancy"
)

// It works for hosts, as a host does.
func peek(db *sql.DB) {
	_, _ = db.Query("SELECT * FROM erp.tenant_gates") // want `database: SQL names the table erp.tenant_gates`
}
