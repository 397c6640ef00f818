package tested

import (
	"database/sql"
	"testing"
)

func TestPeek(t *testing.T) {
	db, _ := sql.Open("x", "")
	_, _ = db.Query("SELECT * FROM erp.sales") // want `database: SQL names the table erp.sales`
}
