package tenancytest

import (
	"context"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// boxes is the list that most attacks ask for.
func (n *Naive) boxes(ctx context.Context) any {
	var out []naiveBox
	if err := n.db.NewSelect().Model(&out).Scan(ctx); err != nil {
		return err
	}
	return out
}

// boxes lists what a scope reaches.
func (w *Walled) boxes(ctx context.Context) ([]box, error) {
	var out []box
	err := w.Env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		out, err = tenancy.Find[box](ctx, tx)
		return err
	})
	return out, err
}

// another is a third tenant that holds the victim's secret, for attacks that need a tenant in some state.
func (w *Walled) another() context.Context {
	ctx := w.Env.Tenant(w.TB)
	w.fill(ctx, w.Secret)
	return ctx
}

// scopeAssaults come with no scope, or with one that is worth nothing.
var scopeAssaults = []Assault{
	{
		Name:     "no scope",
		Unwalled: func(n *Naive) any { return n.boxes(context.Background()) }, // the hook finds no tenant, and adds nothing
		Walled: func(w *Walled) (any, error) {
			out, err := w.boxes(context.Background())
			return out, err
		},
		Refused: []*fault.Definition{tenancy.ErrNoScope},
	},
	{
		Name: "zero scope",
		Unwalled: func(n *Naive) any { // an empty tenant means "all": filters leave out what is not set
			var out []naiveBox
			_ = n.db.NewSelect().Model(&out).Where("? = '' OR tenant_id = ?", "", "").Scan(context.Background())
			return out
		},
		Walled: func(w *Walled) (any, error) {
			out, err := w.boxes(tenancy.Scope{}.Attach(context.Background()))
			return out, err
		},
		Refused: []*fault.Definition{tenancy.ErrNoScope},
	},
	{
		Name: "unknown tenant",
		Unwalled: func(n *Naive) any {
			return n.try("SELECT * FROM naive_boxes WHERE tenant_id = coalesce((SELECT id FROM naive_tenants WHERE id = ?), tenant_id)", uuid.NewString())
		},
		Walled: func(w *Walled) (any, error) {
			return w.Env.DB.Enter(context.Background(), tenancy.NewID(), "user:1", tenancy.Permissions{"*"})
		},
		Refused: []*fault.Definition{tenancy.ErrUnknownTenant},
	},
	{
		Name: "suspended tenant",
		Unwalled: func(n *Naive) any { // suspension is looked at when signing in, and not again
			session := n.as(n.victim.tenant)
			n.must("UPDATE naive_tenants SET state = 'suspended' WHERE id = ?", n.victim.tenant)
			return n.boxes(session)
		},
		Walled: func(w *Walled) (any, error) {
			session, err := w.Env.DB.Enter(context.Background(), tenancy.ScopeOf(w.another()).TenantID(), "user:2", tenancy.Permissions{"sales.*"})
			require.NoError(w.TB, err)
			_, err = w.Env.DB.Tenants().Suspend(w.Env.Platform(w.TB), tenancy.ScopeOf(session).TenantID(), "attack")
			require.NoError(w.TB, err)
			out, err := w.boxes(session)
			return out, err
		},
		Refused: []*fault.Definition{tenancy.ErrTenantSuspended},
	},
	{
		Name: "purged tenant",
		Unwalled: func(n *Naive) any { // the tenant's row is gone, what was its own is not
			session := n.as(n.victim.tenant)
			n.must("DELETE FROM naive_tenants WHERE id = ?", n.victim.tenant)
			return n.boxes(session)
		},
		Walled: func(w *Walled) (any, error) {
			session := w.another()
			id, platform := tenancy.ScopeOf(session).TenantID(), w.Env.Platform(w.TB)
			_, err := w.Env.DB.Tenants().Cancel(platform, id, "attack")
			require.NoError(w.TB, err)
			_, err = w.Env.DB.Tenants().PurgeNow(platform, id, "attack", "none")
			require.NoError(w.TB, err)
			out, err := w.boxes(session)
			return out, err
		},
		Refused: []*fault.Definition{tenancy.ErrUnknownTenant},
	},
	{
		Name: "platform scope",
		Unwalled: func(n *Naive) any { // staff see everything
			return n.boxes(context.WithValue(context.Background(), "admin", true)) //nolint:staticcheck // as in the wild
		},
		Walled: func(w *Walled) (any, error) {
			out, err := w.boxes(w.Env.Platform(w.TB))
			return out, err
		},
		Refused: []*fault.Definition{tenancy.ErrNoScope},
	},
	{
		Name: "another's scope inside a transaction",
		Unwalled: func(n *Naive) any { // whatever context is at hand decides
			var out any
			_ = n.db.RunInTx(n.me(), nil, func(context.Context, bun.Tx) error { return nil })
			out = n.boxes(n.as(n.victim.tenant))
			return out
		},
		Walled: func(w *Walled) (any, error) {
			var out []box
			err := w.tx(func(ctx context.Context, _ *tenancy.Tx) (err error) {
				out, err = w.boxes(tenancy.ScopeOf(w.Victim).Attach(ctx))
				return err
			})
			return out, err
		},
		Refused: []*fault.Definition{tenancy.ErrScopeMismatch},
	},
}
