package allowed

import "database/sql"

func peek(db *sql.DB) { _, _ = db.Query("SELECT * FROM erp.sales") }
