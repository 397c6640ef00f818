package access

import "github.com/opsmatiq/erp/tenancy"

// controlTables are this package's records in the control database.
var controlTables = []tenancy.ControlTable{
	{Table: tableUsers, About: "A person who may come in: name, e-mail address, and what they prove themselves with.", Class: tenancy.Master, Purpose: tenancy.ManageAccount, Subject: "self",
		Columns: []string{"id", "email contact,delete", "email_key contact,delete", "name identity,pseudonymise", "password_hash credential,delete", "state", "staff", "staff_permissions",
			"totp_sealed credential,delete", "totp_pending credential,delete", "totp_step", "totp_wrapped_at", "created_at", "changed_at"}},
	{Table: tableTenants, About: "That a person was asked into a tenant, and has come.", Class: tenancy.Master, Purpose: tenancy.ManageAccount, Subject: "user_id", Tenant: "tenant_id",
		Columns: []string{"user_id", "tenant_id", "state", "created_at"}},
	{Table: tableSessions, About: "A person's session, until it expires.", Class: tenancy.Log, RetainFrom: "expires_at", Subject: "user_id", Tenant: "tenant_id",
		Columns: []string{"id", "token_hash credential,delete", "user_id", "tenant_id", "second_factor", "device behaviour,delete", "created_at", "last_used_at behaviour,delete", "expires_at"}},
	{Table: tableKeys, About: "A program's key to a tenant, and the person who made it.", Class: tenancy.Master, Purpose: tenancy.ManageAccount, RetainFrom: "expires_at", Subject: "user_id", Tenant: "tenant_id",
		Columns: []string{"id", "key_hash credential,delete", "tenant_id", "user_id", "name free-text,delete", "hint", "permissions", "created_at", "last_used_at", "expires_at", "revoked_at"}},
	{Table: tableTokens, About: "An invitation or a reset that was sent by e-mail, until it is used or expires.", Class: tenancy.Log, RetainFrom: "expires_at", Subject: "user_id", Tenant: "tenant_id",
		Columns: []string{"id", "token_hash credential,delete", "kind", "user_id", "tenant_id", "created_at", "expires_at"}},
	{Table: tableCodes, About: "What stands in for a lost second factor, until it is used.", Class: tenancy.Settings, Purpose: tenancy.EnsureSecurity, Subject: "user_id",
		Columns: []string{"user_id", "code_hash credential,delete"}},
	{Table: tableAttempts, About: "How many attempts failed, by a keyed hash of whom or what they are about.", Class: tenancy.Log, RetainFrom: "expires_at",
		Columns: []string{"counter", "failures", "expires_at"}},
	{Table: tableSecrets, About: "A key of this package's own, wrapped.", Class: tenancy.Settings, Purpose: tenancy.EnsureSecurity, Columns: []string{"name", "wrapped", "wrapped_at"}},
}
