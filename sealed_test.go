package erp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Whatever reaches a person, in whichever domain it is added, is sealed.
func TestContactDataAreSealed(t *testing.T) {
	n := 0
	for _, mod := range erp.Modules() {
		for _, m := range mod.Models {
			for _, c := range m.Columns {
				if c.Privacy.Category == tenancy.Contact {
					n++
					require.True(t, c.Privacy.Sealed, "%s.%s", m.Table, c.Name)
				}
			}
		}
	}
	require.GreaterOrEqual(t, n, 5)
}

// raw is all that the tables' owner sees of a tenant, in lower case.
func raw(t *testing.T, env *tenancytest.Env, s *shop) string {
	t.Helper()
	id := tenancy.ScopeOf(s.ctx).TenantID()
	if env.Dir() != "" {
		names, err := filepath.Glob(filepath.Join(env.Dir(), "tenants", id.String()+"*"))
		require.NoError(t, err)
		var out strings.Builder
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			out.Write(data)
		}
		return strings.ToLower(out.String())
	}
	owner := env.Owner(t, id)
	var out strings.Builder
	for _, m := range env.DB.Registry().Models {
		rows, err := owner.Query("SELECT t::text FROM " + m.Table + " AS t WHERE tenant_id = '" + id.String() + "'")
		require.NoError(t, err)
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			out.WriteString(text + "\n")
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return strings.ToLower(out.String())
}

func TestContactDataLieSealed(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		_, err := suite.Accounting.UpdateParty(s.ctx, accounting.PartyChange{ID: s.customer, Name: "Ada Canary", Customer: true, Email: "ada.canary@example.org",
			Phone: "+44 20 7946 0991", Address: []string{"12 Canary Row", "London"}, Country: "GB", TaxID: "GB999CANARY"})
		require.NoError(t, err)
		s.trade(t)
		owner, inside := raw(t, env, s), s.search(t)
		require.Contains(t, owner, "ada canary", "names are searched and sorted by, and lie open")
		for _, canary := range []string{"ada.canary@", "7946 0991", "12 canary row", "gb999canary", "leaf@example.org"} {
			require.Contains(t, inside, canary, "the tenant sees it")
			require.NotContains(t, owner, canary, "nobody else does")
		}
	})
}
