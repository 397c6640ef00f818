package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName is the length of a name in PostgreSQL; longer ones would be cut, and two cut names may be one.
const maxName = 63

// loginNames are the names of a database's logins for the application and for control.
func loginNames(database string) (app, control string) {
	base := loginBase(database)
	return base + "_app", base + "_control"
}

// sealLogin is the name of a database's login for the sealer.
func sealLogin(database string) string { return loginBase(database) + "_sealer" }

func loginBase(database string) string {
	base := "erp_" + database
	if longest := base + "_control"; len(longest) > maxName {
		sum := sha256.Sum256([]byte(database))
		base = base[:maxName-len("_control")-17] + "_" + hex.EncodeToString(sum[:8])
	}
	return base
}

// InstallSQL is what [Install] does, as SQL for a DBA to read and run once, as superuser, connected to the database. It
// sets no passwords: the DBA does, for the logins erp_DATABASE_app, erp_DATABASE_control and erp_DATABASE_sealer, and hands
// their addresses to the program (Engine.DSN, Engine.ControlDSN and Engine.SealDSN). owner is the existing login that will migrate (Engine.MigrateDSN); ""
// leaves the schemas to whoever runs the SQL.
func InstallSQL(database, owner string) string {
	app, control := loginNames(database)
	seal := sealLogin(database)
	var b strings.Builder
	b.WriteString("-- Roles, logins and schemas of erp in database " + database + ". Can be run again.\n")
	b.WriteString("-- Afterwards: \\password " + app + "  and  \\password " + control + "  and  \\password " + seal + "\n\n")
	for _, s := range installStatements(database, app, control, seal) {
		b.WriteString(s + ";\n\n")
	}
	if owner != "" {
		for _, schema := range schemas {
			b.WriteString("CREATE SCHEMA IF NOT EXISTS " + schema + ";\nALTER SCHEMA " + schema + " OWNER TO " + quote(owner) + ";\n")
		}
		b.WriteString("-- The owner's functions meet the policies like everybody else.\nGRANT " + appRole + " TO " + quote(owner) + ";\n")
	}
	return b.String()
}

// installStatements make roles, logins and memberships. Each can be run again, and asks before it changes a role, since a
// needless change would get in the way of other databases' installers.
func installStatements(database, app, control, seal string) []string {
	return []string{
		createRole(appRole, "NOLOGIN"), createRole(controlRole, "NOLOGIN"), createRole(sealerRole, "NOLOGIN"),
		createRole(app, "LOGIN NOINHERIT"), createRole(control, "LOGIN INHERIT"), createRole(seal, "LOGIN NOINHERIT"),
		joinRole(appRole, app), joinRole(controlRole, control), joinRole(sealerRole, seal),
		"GRANT CONNECT ON DATABASE " + quote(database) + " TO " + quote(app) + ", " + quote(control) + ", " + quote(seal),
	}
}

func createRole(name, kind string) string {
	return "DO $erp$ BEGIN\n\tIF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = " + quoteText(name) + ") THEN\n\t\tCREATE ROLE " + quote(name) +
		" " + kind + " NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;\n\tEND IF;\nEND $erp$"
}

func joinRole(role, member string) string {
	return "DO $erp$ BEGIN\n\tIF NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m WHERE m.roleid = " + quoteText(quote(role)) + "::regrole AND m.member = " +
		quoteText(quote(member)) + "::regrole) THEN\n\t\tGRANT " + quote(role) + " TO " + quote(member) + ";\n\tEND IF;\nEND $erp$"
}
