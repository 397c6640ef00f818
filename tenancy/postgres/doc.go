// Package postgres is the engine for production: PostgreSQL 15 or later, one shared database for many tenants, or one
// that is a single tenant's; the walls between them held by the database itself.
//
//	eng, err := postgres.Install(ctx, "postgres://postgres:secret@localhost/shop", postgres.InstallOptions{})
//	db, err := tenancy.Open(ctx, eng, tenancy.Options{Migrate: true, Modules: modules})
//
// [Install] is for development and first steps. Where a DBA keeps the roles, print [InstallSQL], have it run, and fill in
// an [Engine] by hand.
//
// # Who logs in
//
// Four logins, four powers. The scoped login ([Engine.DSN]) can do nothing but become erp_app, and erp_app sees a
// tenant's rows only while that tenant is set: signed, for this one connection, with a key that erp_app cannot read. So SQL
// that somebody else wrote, run in a tenant's transaction, stays in it. The control login ([Engine.ControlDSN]) reads and
// writes the platform's own tables, opens gates and is told the key; it cannot read a tenant's rows. The sealer's login ([Engine.SealDSN]) can
// only become erp_sealer, which reads audit events and adds seals. The owner
// ([Engine.MigrateDSN]) is used while migrating and not otherwise. [RotateSigningKey] replaces the key under running programs.
//
// # What a transaction looks like
//
// Nothing is sent until there is something to say. Then BEGIN, the role, the tenant and the first statements go out in one
// write, and COMMIT goes out with the last ones. Values are bound parameters; a statement's text is constant, so each
// connection parses it once. Text that bun made carries its values inside it and is therefore neither cached nor logged; it
// is sent as an unnamed statement, of which the server itself refuses a second one behind a semicolon.
//
// # Several databases in one program
//
// Each database is an [Engine] with roles, logins and schemas of its own, and a placement's name ([tenancy.Placements]). All of
// them have the control schema, for the line of migrations is one; only that of the control placement is written to. A process
// holds up to MaxConns + 4 connections to each.
//
// Roles belong to the cluster, and PostgreSQL lets every login connect to every database. Where databases of one cluster are to be
// apart for each other's logins too, as for a tenant that has paid for its own, have the DBA run REVOKE CONNECT ON DATABASE ... FROM
// PUBLIC in each; [InstallSQL] grants it to the two logins.
//
// # PgBouncer
//
// In transaction mode set [Engine.Pooler], for a tenant is signed for one backend and the pooler chooses which; each transaction
// then begins with a trip more. Set [Engine.Unprepared] too, unless PgBouncer is 1.21 or later with max_prepared_statements set.
// What a host's SQL inside Tx.Host sets for longer than its transaction stays on a backend that others use next: behind a pooler
// it must use SET LOCAL.
package postgres
