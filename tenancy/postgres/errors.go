package postgres

import "github.com/opsmatiq/erp/tenancy/fault"

// The errors that only this engine has. Everything else comes under the codes of package tenancy.
var (
	ErrConfiguration = fault.Define(fault.Internal, "postgres.configuration", "the engine is not configured usably")
	ErrConnect       = fault.Define(fault.Internal, "postgres.connect", "the database cannot be reached or refuses the login")
	ErrNotInstalled  = fault.Define(fault.Internal, "postgres.not_installed", "the roles or schemas are missing: run Install, or have a DBA run InstallSQL")
	ErrOtherDatabase = fault.Define(fault.Internal, "postgres.other_database", "the connections do not lead to the same database")
	ErrNotMember     = fault.Define(fault.Internal, "postgres.not_member", "the host's login is not a member of the role erp_app, so its transaction cannot be joined")
	ErrMigration     = fault.Define(fault.Internal, "postgres.migration", "a migration failed")
	ErrOutside       = fault.Define(fault.Internal, "postgres.outside_session", "the scoped pool is used through sessions only")
	ErrStatement     = fault.Define(fault.Internal, "postgres.statement", "the statement is not one that a scoped session sends")
	ErrOutcome       = fault.Define(fault.Internal, "postgres.commit_unknown", "the connection broke while committing; whether it took effect is not known")
)
