//tenantlint:allow database this file is generated from the auditor's list of queries

package directives

import "database/sql"

func g(db *sql.DB) {
	_, _ = db.Query("SELECT 1 FROM erp.sales")
	_, _ = db.Query("SELECT 2 FROM erp.sales")
}
