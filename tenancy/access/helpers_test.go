package access_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func codeOf(err error) fault.Code { return fault.CodeOf(err) }

func scopeOf(ctx context.Context) tenancy.Scope { return tenancy.ScopeOf(ctx) }

// trail is what a tenant's trail tells: actor and act, and the table where there is one.
func (w *world) trail(tenant uuid.UUID) []string {
	w.t.Helper()
	var out []string
	require.NoError(w.t, w.DB.Read(w.Enter(w.t, tenant), func(ctx context.Context, tx *tenancy.Tx) error {
		events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.OrderBy("id"))
		for _, e := range events {
			out = append(out, strings.TrimSpace(e.Actor+" "+e.Act+" "+e.Model))
		}
		return err
	}))
	return out
}

// line is a line of the platform's journal.
type line struct{ actor, act, tenant, reason string }

// journal is the platform's journal as far as it speaks of somebody.
func (w *world) journal(about string) []line {
	w.t.Helper()
	rows, err := w.Control(w.t).Query("SELECT actor, act, COALESCE(CAST(tenant_id AS TEXT), ''), reason FROM " + w.controlTable("platform_journal") + " ORDER BY id")
	require.NoError(w.t, err)
	defer func() { _ = rows.Close() }()
	var out []line
	for rows.Next() {
		var l line
		require.NoError(w.t, rows.Scan(&l.actor, &l.act, &l.tenant, &l.reason))
		if strings.Contains(fmt.Sprint(l), about) {
			out = append(out, l)
		}
	}
	require.NoError(w.t, rows.Err())
	return out
}

// controlTable is a control table's name on the engine.
func (w *world) controlTable(name string) string {
	if w.Name == "sqlite" {
		return "erp_control_" + name
	}
	return "erp_control." + name
}

// count counts rows of a control table.
func (w *world) count(table, where string) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.Control(w.t).QueryRow("SELECT COUNT(*) FROM "+w.controlTable(table)+" WHERE "+where).Scan(&n))
	return n
}

// staff makes a member of the platform's staff who has accepted.
func (w *world) staff(perms ...tenancy.Permission) person {
	w.t.Helper()
	email := w.email("staff")
	u, err := w.auth.AddStaff(w.Platform(w.t), access.NewStaff{Email: email, Name: "Stan Staff", Permissions: perms})
	require.NoError(w.t, err)
	got, err := w.auth.Accept(w.t.Context(), access.Acceptance{Token: w.token(email), Password: password})
	require.NoError(w.t, err)
	require.Equal(w.t, access.Accepted{UserID: u.ID}, got)
	return person{email: email, id: u.ID}
}

// noAddress is a request of which nobody knows where it comes from.
var noAddress netip.Addr
