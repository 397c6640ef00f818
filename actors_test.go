package erp_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// people are words in the names of columns that may hold who somebody is.
var people = []string{"actor", "user", "person", "member", "cashier", "clerk", "author", "approver", "employee", "subject_id", "account_holder", "by"}

// A column that can name a person by an id is declared, in whichever table it is added: as who acted, as whom the row is about, as an account, or by a foreign key.
func TestColumnsThatNamePeopleAreDeclared(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: append(erp.Modules(), access.Module())})
	keys := map[string]bool{}
	require.NoError(t, env.DB.Read(env.Tenant(t), func(ctx context.Context, tx *tenancy.Tx) error {
		refs, err := tx.References(ctx)
		for _, r := range refs {
			for _, c := range r.Columns {
				keys[r.From.Table+"."+c.Name] = true
			}
		}
		return err
	}))
	actors := 0
	for _, m := range env.DB.Registry().Models {
		for _, c := range m.Columns {
			declared := slices.Contains(m.Actors, c.Name) || c.Name == m.User || c.Name == m.Subject || keys[m.Table+"."+c.Name] || c.Privacy.Personal()
			if slices.Contains(m.Actors, c.Name) {
				actors++
			}
			names := slices.ContainsFunc(strings.Split(c.Name, "_"), func(part string) bool { return slices.Contains(people, part) }) || strings.Contains(c.Name, "subject_id")
			if names && (c.Type == tenancy.UUID || c.Type == tenancy.Text) && !declared {
				assert.Contains(t, nobodysNames, m.Table+"."+c.Name, "declare it in the model's Spec: Subject, User or Actors")
			}
		}
	}
	require.GreaterOrEqual(t, actors, 7)
}

// nobodysNames are columns that sound like people and are none.
var nobodysNames = map[string]string{
	"erp.subject_requests.person_id":  "whom a request is about, by an id whose row may be gone; the row is about who asked, and what was done of the person stands in tables of their own",
	"erp.erasure_requests.account_id": "the account whose traces are still to be taken away; the row is about the person of subject_id",
}

// A user is found by account, and by what they did, and never leaves the tenant that was asked.
func TestAUserIsFound(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s, other := openShop(t, env, suite, inventory.FIFO), openShop(t, env, suite, inventory.FIFO)
		account := tenancy.NewID()
		actor := tenancy.UserActor(account)
		for _, one := range []*shop{s, other} {
			ctx, err := env.DB.Enter(context.Background(), tenancy.ScopeOf(one.ctx).TenantID(), actor, tenancy.Permissions{"*"})
			require.NoError(t, err)
			_, err = suite.Privacy.SetController(ctx, privacy.Controller{Name: "The Shop", Contact: "1 High Street", Jurisdiction: "GB"})
			require.NoError(t, err)
		}
		got, err := suite.Privacy.Find(s.ctx, privacy.Query{UserID: account})
		require.NoError(t, err)
		acted := map[string]int64{}
		for _, t := range got.Tables {
			acted[t.Table] = t.Acted
		}
		require.Equal(t, int64(1), acted["erp.controllers"])
		require.Positive(t, acted["erp.audit_events"])
	})
}
