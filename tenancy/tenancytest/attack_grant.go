package tenancytest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// staff is somebody of the platform's who has been let into the victim's records, in a program whose clock can be put forward.
type staff struct {
	w     *Walled
	db    *tenancy.DB
	ahead *atomic.Int64
	ctx   context.Context //nolint:containedctx // the platform's, without a tenant
}

func (w *Walled) staff() *staff {
	w.TB.Helper()
	s := &staff{w: w, ahead: &atomic.Int64{}}
	var err error
	s.db, err = tenancy.Open(context.Background(), w.Env.Engine, tenancy.Options{Modules: w.Env.modules, Keys: w.Env.Keys,
		Clock: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }})
	require.NoError(w.TB, err)
	w.TB.Cleanup(func() { _ = s.db.Close() })
	s.ctx, err = s.db.EnterPlatform(context.Background(), "staff:7", tenancy.Permissions{tenancy.PermAskGrant})
	require.NoError(w.TB, err)
	return s
}

// granted is a grant for an hour that the victim's owner has authorised.
func (s *staff) granted() uuid.UUID {
	s.w.TB.Helper()
	g, err := s.ask("the list is wrong")
	require.NoError(s.w.TB, err)
	owner, err := s.db.Enter(context.Background(), s.w.foreign.tenant, "user:1", tenancy.Permissions{"*"})
	require.NoError(s.w.TB, err)
	_, err = s.db.Grants().Authorise(owner, g.ID)
	require.NoError(s.w.TB, err)
	return g.ID
}

func (s *staff) ask(reason string) (tenancy.Grant, error) {
	return s.db.Grants().Ask(s.ctx, tenancy.NewGrant{Tenant: s.w.foreign.tenant, Person: "staff:7", For: time.Hour, Reason: reason, Permissions: tenancy.Permissions{"attacked.read"}})
}

// look lists the boxes in a scope under a grant.
func (s *staff) look(ctx context.Context) ([]box, error) {
	return tenancy.View(ctx, s.db, "attacked.read", func(ctx context.Context, tx *tenancy.Tx) ([]box, error) { return tenancy.Find[box](ctx, tx) })
}

// enter lists the boxes under a grant, if it lets in.
func (s *staff) enter(id uuid.UUID) ([]box, error) {
	inside, err := s.db.EnterGrant(s.ctx, id)
	if err != nil {
		return nil, err
	}
	return s.look(inside)
}

// inside is a scope under the grant, which lets in as long as it holds: else what is refused later would prove nothing.
func (s *staff) inside(id uuid.UUID) context.Context {
	s.w.TB.Helper()
	ctx, err := s.db.EnterGrant(s.ctx, id)
	require.NoError(s.w.TB, err)
	seen, err := s.look(ctx)
	require.NoError(s.w.TB, err)
	require.Contains(s.w.TB, show(seen), s.w.Secret)
	return ctx
}

// support is how such a store lets its staff in: a row that says so.
func (n *Naive) support(until time.Time, reason string) any {
	n.must("CREATE TABLE naive_support (person TEXT NOT NULL, tenant_id TEXT NOT NULL, until BIGINT NOT NULL, reason TEXT NOT NULL)")
	n.must("INSERT INTO naive_support VALUES ('staff:7', ?, ?, ?)", n.victim.tenant, until.UnixMicro(), reason)
	return n.try("SELECT content FROM naive_boxes WHERE tenant_id IN (SELECT tenant_id FROM naive_support WHERE person = 'staff:7')")
}

// grantAssaults are of the platform's own staff.
var grantAssaults = []Assault{
	{
		Name: "expired break-glass", Database: true, // not the database alone, but a second program must be able to start
		Unwalled: func(n *Naive) any { return n.support(time.Now().Add(-time.Hour), "the list is wrong") }, // nobody looks at the time again
		Walled: func(w *Walled) (any, error) {
			s := w.staff()
			id := s.granted()
			inside := s.inside(id)
			s.ahead.Store(int64(61 * time.Minute))
			seen, err := s.look(inside)
			if fault.CodeOf(err) != tenancy.ErrGrantEnded.Code {
				return seen, err
			}
			_, err = s.db.EnterGrant(s.ctx, id)
			return says(err == nil, w.Secret), err // being let in is too much already
		},
		Refused: []*fault.Definition{tenancy.ErrGrantEnded},
	},
	{
		Name: "expired break-glass, the program's clock wrong", Engines: onPostgres, Database: true,
		Unwalled: func(n *Naive) any { return n.support(time.Now().Add(-time.Hour), "the list is wrong") },
		Walled: func(w *Walled) (any, error) { // the database has a clock of its own
			s := w.staff()
			id := s.granted()
			inside := s.inside(id)
			_, err := w.Env.Owner(w.TB, w.foreign.tenant).Exec("UPDATE erp_wall.grants SET expires_at = clock_timestamp() WHERE id = '" + id.String() + "'")
			require.NoError(w.TB, err)
			return s.look(inside)
		},
		Refused: []*fault.Definition{tenancy.ErrGrantEnded},
	},
	{
		Name: "reason-less break-glass", Database: true,
		Unwalled: func(n *Naive) any { return n.support(time.Now().Add(time.Hour), "") },
		Walled: func(w *Walled) (any, error) {
			s := w.staff()
			var refusal error
			for _, reason := range []string{"", " ", "\n\t"} {
				g, err := s.ask(reason)
				if err == nil {
					return says(true, w.Secret), nil
				}
				require.Equal(w.TB, uuid.Nil, g.ID)
				refusal = err
			}
			return nil, refusal
		},
		Refused: []*fault.Definition{tenancy.ErrGrantReason},
	},
	{
		Name: "revoked break-glass", Database: true,
		Unwalled: func(n *Naive) any {
			return n.support(time.Now().Add(time.Hour), "the list was wrong, and is put right")
		},
		Walled: func(w *Walled) (any, error) {
			s := w.staff()
			id := s.granted()
			inside := s.inside(id)
			_, err := w.Env.DB.Grants().Revoke(w.Victim, id, "done") // by another process
			require.NoError(w.TB, err)
			seen, err := s.look(inside)
			if fault.CodeOf(err) != tenancy.ErrGrantEnded.Code {
				return seen, err
			}
			return s.enter(id)
		},
		Refused: []*fault.Definition{tenancy.ErrGrantEnded},
	},
	{
		Name: "break-glass that nobody authorised", Database: true,
		Unwalled: func(n *Naive) any { return n.support(time.Now().Add(time.Hour), "curious") },
		Walled: func(w *Walled) (any, error) {
			s := w.staff()
			g, err := s.ask("curious")
			require.NoError(w.TB, err)
			_, err = s.db.Grants().Authorise(s.ctx, g.ID) // by oneself
			require.Error(w.TB, err)
			return s.enter(g.ID)
		},
		Refused: []*fault.Definition{tenancy.ErrGrantUnauthorised},
	},
	{
		Name: "another person's break-glass", Database: true,
		Unwalled: func(n *Naive) any {
			n.support(time.Now().Add(time.Hour), "the list is wrong")
			return n.try("SELECT content FROM naive_boxes WHERE tenant_id IN (SELECT tenant_id FROM naive_support)") // the ticket is open
		},
		Walled: func(w *Walled) (any, error) {
			s := w.staff()
			id := s.granted()
			var err error
			s.ctx, err = s.db.EnterPlatform(context.Background(), "staff:8", tenancy.Permissions{"*"})
			require.NoError(w.TB, err)
			return s.enter(id)
		},
		Refused: []*fault.Definition{tenancy.ErrGrantPerson},
	},
}
