package untested

import (
	"database/sql"
	"testing"
)

func TestPeek(t *testing.T) {
	db, _ := sql.Open("x", "")
	_, _ = db.Query("SELECT * FROM erp.sales") // a test looks from outside
	//tenantlint:allow nothing
}
