package erp_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Support looks into a shop under a grant, through the services that everybody uses: what the grant names works, the rest is
// refused, and every statement of it is on record.
func TestSupportUnderAGrant(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		s.trade(t)
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		grants := suite.Tenancy.Grants()
		staff, err := suite.Tenancy.EnterPlatform(t.Context(), "staff:1", tenancy.Permissions{tenancy.PermAskGrant})
		require.NoError(t, err)
		enter := func(perms ...tenancy.Permission) (context.Context, uuid.UUID) {
			g, err := grants.Ask(staff, tenancy.NewGrant{Tenant: tenant, Person: "staff:1", Reason: "Ticket 1.", Permissions: perms, For: time.Hour})
			require.NoError(t, err)
			_, err = grants.Authorise(s.ctx, g.ID)
			require.NoError(t, err)
			ctx, err := suite.Tenancy.EnterGrant(staff, g.ID)
			require.NoError(t, err)
			return ctx, g.ID
		}
		ctx, _ := enter("accounting.read", erp.PermVerify)
		want, err := suite.Accounting.TrialBalance(s.ctx, day(31))
		require.NoError(t, err)
		have, err := suite.Accounting.TrialBalance(ctx, day(31))
		require.NoError(t, err)
		require.Equal(t, want, have)
		_, err = suite.Verify(ctx)
		require.NoError(t, err, "an act vouches for the acts it consists of")
		_, err = suite.Accounting.CreateParties(ctx, []accounting.NewParty{{Reference: "C-9", Name: "Nobody"}})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		var out bytes.Buffer
		_, err = suite.Privacy.Export(ctx, &out)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.Zero(t, out.Len())

		ctx, id := enter("privacy.export")
		manifest, err := suite.Privacy.Export(ctx, &out, privacy.WithoutDocuments()) // documents are looked at by more rows than go out
		require.NoError(t, err)
		var rows, recorded int64
		for _, f := range manifest.Files {
			rows += f.Rows
		}
		for after := uuid.Nil; ; {
			uses, err := grants.Uses(s.ctx, id, after, 100)
			require.NoError(t, err)
			if len(uses) == 0 {
				break
			}
			for _, u := range uses {
				recorded += u.Rows
				after = u.ID
			}
		}
		require.Equal(t, rows, recorded, "every row that went out is on record")
	})
}

// The owner is told by mail.
func TestTheOwnerIsToldOfAGrant(t *testing.T) {
	dir := t.TempDir()
	suite, err := erp.Open(t.Context(), sqlite.Engine{Dir: filepath.Join(dir, "db"), Unsynced: true}, erp.Options{Migrate: true, Dir: dir,
		OwnerAddress: func(context.Context, uuid.UUID) (string, error) { return "owner@example.org", nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })
	platform, err := suite.Tenancy.EnterPlatform(t.Context(), "staff:1", tenancy.Permissions{"*"})
	require.NoError(t, err)
	tenant, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop"})
	require.NoError(t, err)
	g, err := suite.Tenancy.Grants().Ask(platform, tenancy.NewGrant{Tenant: tenant.ID, Person: "staff:1", Reason: "Ticket 4711.", Permissions: tenancy.Permissions{"accounting.read"},
		For: time.Hour, Emergency: tenancy.SecurityIncident})
	require.NoError(t, err)
	require.Equal(t, tenancy.NoticeAsked, g.Told)
	letters, err := filepath.Glob(filepath.Join(dir, "files", "outbox", "*.eml"))
	require.NoError(t, err)
	require.Len(t, letters, 1)
	text, err := os.ReadFile(letters[0])
	require.NoError(t, err)
	for _, part := range []string{"To: <owner@example.org>", g.ID.String(), "staff:1", "Ticket 4711.", "security_incident", "accounting.read"} {
		require.Contains(t, string(text), part)
	}
}
