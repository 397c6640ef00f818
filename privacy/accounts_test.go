package privacy_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// desk is where accounts are kept in these tests.
type desk struct {
	inside  bool
	back    uuid.UUID // the account that is a member again
	fails   error
	forgot  []uuid.UUID
	checked int
}

func (d *desk) Actors(_ context.Context, account uuid.UUID) ([]string, error) {
	return []string{"key:" + account.String()}, nil
}

func (d *desk) CheckLeft(context.Context, uuid.UUID) error {
	d.checked++
	if d.inside {
		return tenancy.ErrForbidden.New("desk", "they come in still")
	}
	return nil
}

func (d *desk) ForgetAccount(ctx context.Context, account uuid.UUID) error {
	if tenancy.ScopeOf(ctx).TenantID() == uuid.Nil {
		return tenancy.ErrNoScope.New("desk", "")
	}
	d.forgot = append(d.forgot, account)
	if account == d.back {
		return tenancy.ErrForbidden.New("desk", "they are back")
	}
	return d.fails
}

// Whoever comes in is not erased; whoever has left is, with what their account has left, which is tried until it succeeds.
func TestAnAccountIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		d := &desk{inside: true, fails: tenancy.ErrBusy.New("desk", "")}
		s := privacy.New(env.DB, privacy.Options{Accounts: d, Holds: (&law{}).holds})
		p := openPractice(t, env)
		p.ada.Account = tenancy.NewID()
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Update(ctx, tx, &p.ada, "account_id") }))
		got, err := s.Find(p.ctx, privacy.Query{UserID: p.ada.Account})
		require.NoError(t, err)
		require.Equal(t, []privacy.FoundPerson{{Table: "clinic.patients", ID: p.ada.ID, By: []string{"user_id"}}}, got.Persons)
		for _, actor := range []string{tenancy.UserActor(p.ada.Account), "key:" + p.ada.Account.String()} {
			ctx, err := env.DB.Enter(context.Background(), tenancy.ScopeOf(p.ctx).TenantID(), actor, tenancy.Permissions{"*"})
			require.NoError(t, err)
			_, err = s.Find(ctx, privacy.Query{Actor: "x"}) // an event of each
			require.NoError(t, err)
		}
		acted := func(q privacy.Query) (n int64) {
			got, err := s.Find(p.ctx, q)
			require.NoError(t, err)
			for _, t := range got.Tables {
				n += t.Acted
			}
			return n
		}
		require.Equal(t, acted(privacy.Query{Actor: tenancy.UserActor(p.ada.Account)}), acted(privacy.Query{PersonID: p.ada.ID}), "their keys act for them")
		require.Greater(t, acted(privacy.Query{PersonID: p.ada.ID}), acted(privacy.Query{Actor: "key:" + p.ada.Account.String()}))
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.Contains(t, everything(t, s, p.ctx), "lovelace")
		plan, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		require.Contains(t, plan.NotYet, "they come in still")
		require.NotEmpty(t, plan.Lines, "what it would do then")
		d.inside = false
		plan, err = s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		require.Empty(t, plan.NotYet)
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		_, err = s.FinishErasures(p.ctx)
		require.ErrorIs(t, err, tenancy.ErrBusy)
		pending, err := s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		require.Equal(t, privacy.ErasureOpen, pending[0].State, "it is not done")
		d.fails = nil
		pass(t, s, p.ctx)
		require.Equal(t, []uuid.UUID{p.ada.Account, p.ada.Account}, d.forgot)
		pending, err = s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		require.Empty(t, pending)

		// Who has no account is nobody's to ask about.
		d.checked = 0
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: p.bob.ID, Reference: "E-2", Reason: "x"})
		require.NoError(t, err)
		pass(t, s, p.ctx)
		require.Zero(t, d.checked)
		require.Len(t, d.forgot, 2)
	})
}

// An account that has come back cannot be forgotten: its erasure stays open and is told of, and nobody else's waits for it.
func TestAnAccountThatCameBackStandsInNobodysWay(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		d := &desk{}
		s := privacy.New(env.DB, privacy.Options{Accounts: d, Holds: (&law{}).holds})
		p := openPractice(t, env)
		p.ada.Account, p.bob.Account = tenancy.NewID(), tenancy.NewID()
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Set(b, []*Patient{&p.ada, &p.bob}, "account_id")
			return b.Run(ctx)
		}))
		for _, who := range []uuid.UUID{p.ada.ID, p.bob.ID} {
			_, err := s.Erase(p.ctx, privacy.Erasure{PersonID: who, Reference: who.String(), Reason: "x"})
			require.NoError(t, err)
		}
		d.back = p.ada.Account
		for range 2 {
			_, err := s.FinishErasures(p.ctx)
			require.ErrorIs(t, err, tenancy.ErrForbidden)
			pending, err := s.PendingErasures(p.ctx, 10)
			require.NoError(t, err)
			require.Len(t, pending, 1)
			require.Equal(t, p.ada.ID, pending[0].PersonID)
			require.Equal(t, privacy.ErasureOpen, pending[0].State)
		}
		d.back = uuid.Nil
		pass(t, s, p.ctx)
		pending, err := s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		require.Empty(t, pending)
	})
}

// Whose account came back: somebody decides that it stays, with a reason, and the erasure is done, or waits for what a rule holds alone; nothing else of it is undone.
func TestAnErasureOfWhoCameBackIsClosed(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service, p *practice, now *time.Time) {
		d := &desk{}
		s := privacy.New(env.DB, privacy.Options{Accounts: d, Holds: l.holds})
		p.ada.Account, p.bob.Account = tenancy.NewID(), tenancy.NewID()
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Set(b, []*Patient{&p.ada, &p.bob}, "account_id")
			return b.Run(ctx)
		}))
		l.visits = date.Of(2034, 1, 1)
		of := func(who uuid.UUID) (out []privacy.PendingErasure) {
			pending, err := s.PendingErasures(p.ctx, 10)
			require.NoError(t, err)
			for _, e := range pending {
				if e.PersonID == who {
					out = append(out, e)
				}
			}
			return out
		}
		_, err := s.Erase(p.ctx, privacy.Erasure{PersonID: p.bob.ID, Reference: "E-2", Reason: "x"})
		require.NoError(t, err)
		require.True(t, of(p.bob.ID)[0].Account)
		pass(t, s, p.ctx)
		require.False(t, of(p.bob.ID)[0].Account, "it was forgotten, and what a rule holds is left")
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		keep := func(reason string) error {
			_, err := s.KeepAccount(p.ctx, privacy.KeptAccount{Reference: "E-1", Reason: reason})
			return err
		}
		require.ErrorIs(t, keep("employed again"), privacy.ErrAccountLeft, "it can be forgotten")
		d.inside, d.back = true, p.ada.Account
		_, err = s.FinishErasures(p.ctx)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.True(t, of(p.ada.ID)[0].Account)
		require.ErrorIs(t, keep(" "), privacy.ErrBadInput)
		_, err = s.KeepAccount(p.ctx, privacy.KeptAccount{Reference: "E-9", Reason: "x"})
		require.True(t, tenancy.IsNotFound(err))
		clerk := env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), "privacy.map")
		_, err = s.KeepAccount(clerk, privacy.KeptAccount{Reference: "E-1", Reason: "x"})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.NoError(t, keep("employed again"))
		require.NoError(t, keep("employed again"), "the same again")
		forgot := len(d.forgot)
		pass(t, s, p.ctx)
		require.Equal(t, privacy.ErasureHeld, of(p.ada.ID)[0].State, "what a rule holds waits for its day")
		require.False(t, of(p.ada.ID)[0].Account)
		require.Contains(t, everything(t, s, p.ctx), "employed again", "why is kept with the erasure")
		*now = l.visits.Time()
		pass(t, s, p.ctx)
		require.NotContains(t, d.forgot[forgot:], p.ada.Account, "the account is left alone from then on")
		require.Empty(t, of(p.ada.ID))
		require.NotContains(t, everything(t, s, p.ctx), "lovelace")
	})
}
