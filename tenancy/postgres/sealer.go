package postgres

import (
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

// The sealer is the one who gives audit events their places in the chain. It has a role, a login and a pool of its own, so
// that whoever gets hold of the application's login can add events, as the application can, but seal none.

// eventsTable is what the sealer reads.
const eventsTable = "erp.audit_events"

// policyRoles are the roles that a model's policy is for, sorted: the application's, and the sealer's where it works.
func policyRoles(m *tenancy.Model) []string {
	if len(privilegesOf(sealerRole, m)) > 0 {
		return []string{appRole, sealerRole}
	}
	return []string{appRole}
}

// privilegesOf are what a role has on a model's table.
func privilegesOf(role string, m *tenancy.Model) []string {
	switch {
	case role == appRole:
		return privileges(m)
	case m.BySealer:
		return []string{"INSERT", "SELECT"}
	case m.Table == eventsTable || m.Table == gateTable:
		return []string{"SELECT"}
	}
	return nil
}

// setRole is the statement that makes a session's role.
func (s *scope) setRole() string {
	return "SET LOCAL ROLE " + quote(s.role)
}

// sealer reads the sealer's address; nil where the program seals nothing.
func (e Engine) sealer(reg *tenancy.Registry) (*pgx.ConnConfig, error) {
	if e.SealDSN == "" && !slices.ContainsFunc(reg.Models, func(m *tenancy.Model) bool { return m.BySealer }) {
		return nil, nil
	}
	return parseDSN("Engine.SealDSN", e.SealDSN)
}

// poolFor is where a session's connection comes from.
func (s *store) poolFor(opt tenancy.SessionOptions) (*bun.DB, error) {
	switch {
	case !opt.Sealer:
		return s.scoped, nil
	case s.sealer == nil:
		return nil, ErrConfiguration.New("postgres.Session", "Engine.SealDSN is not set")
	}
	return s.sealer, nil
}
