package erp_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// tradeAudit leaves rows in the tables of audit: the sealer comes by, and a reader.
func (s *shop) tradeAudit(t *testing.T) {
	t.Helper()
	s.seal(t)
	events, err := s.suite.Audit.Consume(s.ctx, "story", 10)
	require.NoError(t, err)
	require.NoError(t, s.suite.Audit.Ack(s.ctx, "story", events[len(events)-1].Seq))
}

func (s *shop) seal(t *testing.T) {
	t.Helper()
	for n := 500; n == 500; {
		var err error
		n, err = s.suite.Audit.Seal(s.ctx, 500)
		require.NoError(t, err)
	}
}

// whole holds the trail to being as it was sealed, with nothing that waits.
func (s *shop) whole(t *testing.T) audit.Verification {
	t.Helper()
	v, err := s.suite.Audit.Verify(s.ctx)
	require.NoError(t, err)
	for _, c := range v.Checks() {
		require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
	}
	return v
}

// A person is erased, and the trail stands: it never held anything of them. Who looked at the register of erasures stands
// there as well.
func TestErasureKeepsTheTrailWhole(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		s.trade(t)
		s.seal(t)
		before := s.whole(t)
		_, err := suite.Privacy.Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET-2", Reason: "asked, Art. 17(1)(b)"})
		require.NoError(t, err)
		s.seal(t)
		after := s.whole(t)
		require.Greater(t, after.Events, before.Events)
		require.Zero(t, after.Waiting)
		looks, err := suite.Audit.List(s.ctx, audit.Filter{Table: "erp.erasure_requests", Act: "privacy.erase"}, tenancy.PageRequest{})
		require.NoError(t, err)
		verbs := map[string]int{}
		for _, e := range looks.Items {
			verbs[e.Verb]++
			text, err := json.Marshal(e)
			require.NoError(t, err)
			require.NotContains(t, string(text), "Ada")
			require.NotContains(t, string(text), "FORGET-2")
		}
		require.Equal(t, map[string]int{"read": 3, "insert": 3}, verbs, "of the two erasures of the story, and of this one")
	})
}

// An archive takes its trail along: whoever imports it can verify it, and the roots of two archives of one state are the same
// however far the sealer is.
func TestAnArchiveTakesItsTrailAlong(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		unsealed := root(t, s)
		s.seal(t)
		require.Equal(t, unsealed, root(t, s))
		archive, _ := s.archive(t)
		moved := &shop{suite: suite}
		moved.ctx = moved.take(t, env, archive)
		v, err := suite.Audit.Verify(moved.ctx)
		require.NoError(t, err)
		require.Nil(t, v.Finding)
		require.Equal(t, tenancy.ScopeOf(s.ctx).TenantID(), v.Origins[0].TenantID)
		require.True(t, v.Origins[0].Trusted)
		moved.seal(t)
		require.Equal(t, moved.whole(t).Events, moved.whole(t).Anchored.Seq)
		exports, err := suite.Audit.List(moved.ctx, audit.Filter{Act: "privacy.export"}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, exports.Items, 1, "that it was taken along stands in it")
		require.True(t, bytes.Contains(archive, []byte("erp.audit_roots.jsonl")))
	})
}

// The suite's own jobs seal, sign with a key of the suite's and hand over to the anchor; and Verify holds the trail against it.
func TestTheSuiteSealsInTheBackground(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		id := tenancy.ScopeOf(s.ctx).TenantID()
		now := time.Now()
		for _, at := range []time.Time{now, now.Add(2 * time.Second), now.Add(10 * time.Minute)} { // jobs behind the sealer leave events too
			_, err := suite.Tick(t.Context(), at)
			require.NoError(t, err)
		}
		v := s.whole(t)
		require.NotZero(t, v.Events)
		require.Equal(t, v.Events, v.Signed.Seq)
		kept, err := suite.Ports.Anchor.Kept(t.Context(), id, "audit", 10)
		require.NoError(t, err)
		require.Equal(t, v.Head, kept[0].Digest)
		s.verify(t)
		checks, err := suite.Verify(s.ctx)
		require.NoError(t, err)
		require.Equal(t, audit.CheckChain, checks[0].Name)
	})
}

// The last events of a tenant are of who closed it and what was taken out: they are sealed as well.
func TestAClosedTenantsTrailIsSealed(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		id := tenancy.ScopeOf(s.ctx).TenantID()
		at := time.Now()
		for _, closed := range []func() error{
			func() error {
				_, err := suite.Tenancy.Tenants().Suspend(env.Platform(t), id, "unpaid")
				return err
			},
			func() error { _, err := suite.Tenancy.Life().Cancel(s.ctx, "we leave"); return err },
		} {
			require.NoError(t, closed())
			_, err := suite.Privacy.Export(s.ctx, io.Discard)
			require.NoError(t, err)
			for range 2 { // the law's jobs go on for a closed tenant, and those behind the sealer leave events too
				at = at.Add(2 * time.Second)
				_, err = suite.Tick(t.Context(), at)
				require.NoError(t, err)
			}
			entries, err := suite.Audit.List(s.ctx, audit.Filter{}, tenancy.PageRequest{Limit: 100})
			require.NoError(t, err)
			for _, e := range entries.Items {
				require.NotZero(t, e.Seq, "%s waits for its seal", e.Act)
			}
			s.whole(t)
		}
	})
}
