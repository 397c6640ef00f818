package directives

import "database/sql"

func f(db *sql.DB) {
	_, _ = db.Query("SELECT 1 FROM erp.sales") //tenantlint:allow database a nightly copy for the auditor, read by the owner

	//tenantlint:allow database a nightly copy for the auditor
	_, _ = db.Query(`
		SELECT 1
		FROM erp.sales`)

	//tenantlint:allow database the statement it stands above
	if _, err := db.Query("SELECT 1 FROM erp.sales"); err != nil {
		return
	}

	//tenantlint:allow database above a statement whose call begins on a line of its own
	_, _ =
		db.Query("SELECT 1 FROM erp.sales")

	_, _ = db.Query(`SELECT 1
		FROM erp.sales`) //tenantlint:allow database at the end of what it is about

	// A comment that explains at length,
	//tenantlint:allow database and ends with what it is about
	// before it goes on
	_, _ = db.Query("SELECT 1 FROM erp.sales")

	_, _ = db.Query("SELECT 1 FROM app.sales") //tenantlint:allow database an empty one // want `directive: nothing here breaks the rule database: the directive is not needed`
	// want +2 `directive: a directive gives its reason behind the rule`

	//tenantlint:allow database
	_, _ = db.Query("SELECT 1 FROM erp.sales") // want `database: SQL names`

	//tenantlint:allow report the wrong rule // want `directive: nothing here breaks the rule report`
	_, _ = db.Query("SELECT 1 FROM erp.sales") // want `database: SQL names`

	//tenantlint:allow directive whatever // want `directive: a directive names a rule: database, report, context`

	//tenantlint:ignore database whatever // want `directive: the one directive is //tenantlint:allow RULE REASON`

	// tenantlint:allow database with a space // want `directive: a directive has no space behind its slashes`
	_, _ = db.Query("SELECT 1 FROM erp.sales") // want `database: SQL names`

	_, _ = db.Query("SELECT 1 FROM erp.sales") //tenantlint:allow database only this line
	_, _ = db.Query("SELECT 1 FROM erp.sales") // want `database: SQL names`
	// See tenantlint: it is not a directive when it stands in a sentence.
}
