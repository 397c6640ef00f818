package erp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// green requires that no job of these names fails.
func (l *leaver) green(t *testing.T, names ...string) {
	t.Helper()
	failures, err := l.suite.JobFailures(l.env.Platform(t), 100)
	require.NoError(t, err)
	for _, f := range failures {
		require.NotContains(t, names, f.Job, "%s", f)
	}
}

// Nobody's deadline stops because a tenant did not pay: its log of access has its time, what an erasure had to leave is erased on its day, requests and breaches are told of. Its people write nothing meanwhile.
func TestTheLawsWorkGoesOnForASuspendedTenant(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			l := openLeaver(t, engine, nil)
			require.NoError(t, l.suite.Usage.Log(l.ctx, usage.Hit{Page: "/sales"}))
			_, err := l.suite.Sales.Sell(l.ctx, []sales.NewSale{l.sale("S-1", 1)})
			require.NoError(t, err)
			_, err = l.suite.Privacy.Erase(l.ctx, privacy.Erasure{PersonID: l.customer, Reference: "E-1", Reason: "asked"})
			require.NoError(t, err)
			_, err = l.suite.Requests.Receive(l.ctx, request.NewRequest{Reference: "R-1", Kind: request.Access, Channel: request.Letter, ReceivedAt: l.now, Jurisdiction: "DE", From: request.Requester{Name: "Ada Canary"}})
			require.NoError(t, err)
			_, err = l.suite.Registers.OpenBreach(l.ctx, register.NewBreach{Reference: "B-1", AwareAt: l.now, Facts: "a laptop was left on a train"})
			require.NoError(t, err)
			_, err = l.env.DB.Tenants().Suspend(l.env.Platform(t), l.id, "unpaid")
			require.NoError(t, err)
			pending := func() []privacy.PendingErasure {
				t.Helper()
				out, err := l.suite.Privacy.PendingErasures(l.ctx, 10)
				require.NoError(t, err)
				return out
			}
			lines := func() int {
				t.Helper()
				out, err := l.suite.Usage.AccessLog(l.ctx, usage.AccessFilter{}, tenancy.PageRequest{})
				require.NoError(t, err)
				return len(out.Items)
			}

			l.tick(t, l.now.Add(49*time.Hour))
			require.Contains(t, l.mail.to("owner@shop.example"), "A breach of personal data: the authority is to be told")
			require.Equal(t, privacy.ErasureHeld, pending()[0].State, "what lay beside the tables is seen to")
			l.tick(t, time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC))
			require.Contains(t, strings.Join(l.mail.to("owner@shop.example"), "\n"), "Requests about personal data: 0 overdue, 1 due soon")
			l.tick(t, time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC))
			require.Equal(t, 1, lines())
			l.tick(t, time.Date(2027, 2, 2, 12, 0, 0, 0, time.UTC))
			require.Zero(t, lines(), "twelve months")
			day := pending()[0].DueOn
			l.tick(t, day.AddDays(-1).Time().Add(12*time.Hour))
			require.NotEmpty(t, pending())
			l.tick(t, day.Time().Add(12*time.Hour))
			require.Empty(t, pending())
			l.green(t, "retention.sweep", "privacy.erasures", "privacy.settle_ledger", "request.report", "request.forward", "register.remind")

			_, err = l.suite.Sales.Sell(l.ctx, []sales.NewSale{l.sale("S-2", 1)})
			require.ErrorIs(t, err, tenancy.ErrClosed)
			_, err = l.suite.Privacy.Erase(l.ctx, privacy.Erasure{PersonID: l.customer, Reference: "E-2", Reason: "asked"})
			require.ErrorIs(t, err, tenancy.ErrClosed, "its people's acts wait")
		})
	}
}

// Where the owner's address cannot be found out the operator hears of the requests, the job is red, and the owner is told as soon as it can be.
func TestAnAddressThatCannotBeFoundOutIsSeen(t *testing.T) {
	broken := true
	l := openLeaver(t, "sqlite", func(o *erp.Options) {
		o.OwnerAddress = func(context.Context, uuid.UUID) (string, error) {
			if broken {
				return "", tenancy.ErrBusy.New("test", "the directory is away")
			}
			return "owner@shop.example", nil
		}
	})
	_, err := l.suite.Requests.Receive(l.ctx, request.NewRequest{Reference: "R-1", Kind: request.Access, Channel: request.Letter, ReceivedAt: l.now, Jurisdiction: "DE", From: request.Requester{Name: "Ada Canary"}})
	require.NoError(t, err)
	l.tick(t, time.Date(2026, 2, 25, 12, 0, 0, 0, time.UTC))
	subject := "Requests about personal data: 0 overdue, 1 due soon"
	require.Contains(t, l.mail.to("operator@example.org"), subject)
	failures, err := l.suite.JobFailures(l.env.Platform(t), 100)
	require.NoError(t, err)
	var codes []string
	for _, f := range failures {
		if f.Job == "request.report" {
			codes = append(codes, string(f.Failure))
		}
	}
	require.Equal(t, []string{string(tenancy.ErrBusy.Code)}, codes)
	broken = false
	l.tick(t, l.now.Add(3*time.Hour))
	require.Contains(t, l.mail.to("owner@shop.example"), subject, "the same day")
	l.green(t, "request.report")
}

// Whoever objects to being counted, or is restricted, is not counted, whether they come themselves or by a key of theirs; the log has their line, for it is there for everybody's security.
func TestAnObjectionToBeingCounted(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: append(erp.Modules(), access.Module())})
			suite, err := erp.Wire(env.DB, erp.Options{Dir: t.TempDir(), Access: &access.Options{}, Usage: usage.Options{Features: []string{"sales.sell"}}})
			require.NoError(t, err)
			s := openShop(t, env, suite, inventory.FIFO)
			tenant := tenancy.ScopeOf(s.ctx).TenantID()
			hire := func() (member, account uuid.UUID) {
				account = tenancy.NewID()
				_, err := tenancy.Act(s.ctx, suite.Tenancy, "test.hire", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
					m := suite.Tenancy.Registry().Table("erp.members")
					row := m.Verbs().New()
					member = tenancy.NewID()
					for name, v := range map[string]any{"id": member, "user_id": account, "state": "active", "created_at": tx.Now(), "changed_at": tx.Now()} {
						field(row, m.Column(name)).Set(valueOf(v))
					}
					set(row, m.Column("email_key"), account.String())
					b := tx.Batch()
					m.Verbs().Put(b, []any{row})
					return nil, b.Run(ctx)
				})
				require.NoError(t, err)
				return member, account
			}
			uses := func() (n int64) {
				require.NoError(t, env.Owner(t, tenant).QueryRow(env.SQL("SELECT COALESCE(SUM(uses), 0) FROM erp.feature_counts WHERE tenant_id = '"+tenant.String()+"'")).Scan(&n))
				return n
			}
			use := func(actor string) (counted bool) {
				t.Helper()
				ctx, err := env.DB.Enter(context.Background(), tenant, actor, tenancy.Permissions{"sales.*"})
				require.NoError(t, err)
				before := uses()
				require.NoError(t, suite.Usage.Log(ctx, usage.Hit{Page: "/sales", Features: []string{"sales.sell"}}))
				return uses() > before
			}
			ada, hers := hire()
			bob, his := hire()
			require.True(t, use(tenancy.UserActor(hers)))
			require.True(t, use("till:1"), "nobody's")
			require.True(t, use("key:"+tenancy.NewID().String()))

			act := func(reference string) request.Act {
				return request.Act{Request: "R-1", Reference: reference, Channel: request.Email, Note: "for her own reasons"}
			}
			_, err = suite.Requests.Receive(s.ctx, request.NewRequest{Reference: "R-1", Kind: request.Objection, Channel: request.Email, ReceivedAt: suite.Tenancy.Now().Add(-time.Hour), Jurisdiction: "GB",
				From: request.Requester{Name: "Ada Byron"}, Person: ada})
			require.NoError(t, err)
			_, err = suite.Requests.Object(s.ctx, request.NewObjection{Act: act("O-1"), Purposes: []tenancy.Purpose{tenancy.ImproveService}})
			require.NoError(t, err)
			require.False(t, use(tenancy.UserActor(hers)), "while it is looked into")
			require.True(t, use(tenancy.UserActor(his)), "somebody else")
			_, err = suite.Requests.Decide(s.ctx, request.NewDecision{Act: act("D-1"), Purpose: tenancy.ImproveService, Upheld: true})
			require.NoError(t, err)
			_, err = tenancy.Act(s.ctx, suite.Tenancy, "test.lift", func(ctx context.Context, tx *tenancy.Tx) (any, error) { return nil, tx.Unrestrict(ctx, ada) })
			require.NoError(t, err)
			require.False(t, use(tenancy.UserActor(hers)), "it was upheld")

			restrict := func(on bool) {
				_, err := tenancy.Act(s.ctx, suite.Tenancy, "test.restrict", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
					if !on {
						return nil, tx.Unrestrict(ctx, bob)
					}
					return nil, tx.Restrict(ctx, bob, tenancy.AccuracyContested, "R-2")
				})
				require.NoError(t, err)
			}
			restrict(true)
			require.False(t, use(tenancy.UserActor(his)))
			restrict(false)
			require.True(t, use(tenancy.UserActor(his)))
			log, err := suite.Usage.AccessLog(s.ctx, usage.AccessFilter{Actor: tenancy.UserActor(hers)}, tenancy.PageRequest{})
			require.NoError(t, err)
			require.Len(t, log.Items, 3, "each time")
		})
	}
}

// A customer's data are put right under the rules by which accounting writes them.
func TestACorrectionHoldsAPartyToItsRules(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		correct := func(reference, column, to string) error {
			_, err := suite.Privacy.Correct(s.ctx, privacy.Correction{PersonID: s.customer, Reference: reference, Changes: []privacy.Change{{Table: "erp.parties", RowID: s.customer, Column: column, To: to}}})
			return err
		}
		before := root(t, s)
		for _, c := range [][2]string{{"name", " "}, {"name", ""}, {"name", "Ada\nLtd"}, {"email", "ada"}, {"email", "ada@example.org\nBcc: x@example.org"}, {"phone", strings.Repeat("1", 41)}, {"phone", "020\n1"},
			{"address", strings.Repeat("line\n", 8) + "9"}, {"address", strings.Repeat("a", 101)}, {"tax_id", strings.Repeat("1", 41)}, {"name_key", "eve"}, {"fingerprint", "00"}} {
			err := correct("C-1", c[0], c[1])
			require.ErrorIs(t, err, privacy.ErrBadValue, "%q", c)
			require.ErrorContains(t, err, "erp.parties."+c[0])
			require.Equal(t, before, root(t, s), "%q", c)
		}
		for i, c := range [][2]string{{"email", "ada.byron@example.org"}, {"phone", "+44 20 7946 0999"}, {"address", "1 Higher Street\nLondon"}, {"tax_id", "GB123456789"}, {"email", ""}} {
			require.NoError(t, correct(fmt.Sprint("D-", i), c[0], c[1]), "%q", c)
		}
	})
}
