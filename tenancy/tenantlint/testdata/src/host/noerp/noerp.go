// Package noerp knows nothing of erp but the names of its tables.
package noerp

import "database/sql"

func peek(db *sql.DB) {
	_, _ = db.Query("SELECT * FROM erp.sales") // want `database: SQL names the table erp.sales`
	_, _ = db.Query("SELECT * FROM erp_sync")  // nobody said that this is ours
	_, _ = db.Query("SELECT * FROM sales")
}
