package access_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

// wins counts the successes, and holds that the others failed in one of these ways.
func wins(t *testing.T, errs []error, others ...error) (n int) {
	t.Helper()
	for _, err := range errs {
		if err == nil {
			n++
			continue
		}
		known := false
		for _, o := range others {
			known = known || errors.Is(err, o)
		}
		require.True(t, known, "%v", err)
	}
	return n
}

const rivals = 6

// A token that several use at once is used once.
func TestRaceForAToken(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		email := w.email("sam")
		_, err := w.auth.Invite(w.enter(owner), access.NewMember{Email: email, Name: "Sam", Roles: []string{"sales"}})
		require.NoError(t, err)
		invitation := w.token(email)
		secrets := []string{"password of the first", "zweites langes Wort", "third of these phrases", "quatrième des phrases", "cinque frasi lunghe", "six of them at once, six"}
		errs := racetest.Together(rivals, func(i int) error {
			_, err := w.auth.Accept(t.Context(), access.Acceptance{Token: invitation, Password: secrets[i]})
			return err
		})
		require.Equal(t, 1, wins(t, errs, access.ErrBadToken))
		for i, err := range errs {
			require.Equal(t, err == nil, w.try(email, secrets[i]) == nil, "the password is the winner's")
		}

		require.NoError(t, w.auth.RequestReset(t.Context(), owner.email, noAddress))
		reset := w.token(owner.email)
		errs = racetest.Together(rivals, func(i int) error { return w.auth.ResetPassword(t.Context(), reset, secrets[i]) })
		require.Equal(t, 1, wins(t, errs, access.ErrBadToken))
		for i, err := range errs {
			require.Equal(t, err == nil, w.try(owner.email, secrets[i]) == nil)
		}
	})
}

// A code, of an app or for recovery, that several show at once is good once.
func TestRaceForACode(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		a, codes := w.enrol(w.login(owner).Token)
		for _, code := range []string{a.next(), codes[0]} {
			errs := racetest.Together(rivals, func(int) error { _, err := w.loginWith(owner, code); return err })
			require.Equal(t, 1, wins(t, errs, access.ErrBadCredentials))
			_, err := w.loginWith(owner, a.next())
			require.NoError(t, err)
		}
	})
}

// Many guesses at once are no more than many in a row.
func TestRaceAgainstTheLock(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		second := newWorld(t, w.Env, access.Options{}, nil)
		for _, email := range []string{owner.email, w.email("nobody")} {
			before := w.auth.Computed() + second.auth.Computed()
			errs := racetest.Together(24, func(i int) error {
				if i%2 == 0 {
					return w.try(email, "wrong")
				}
				return second.try(email, "wrong")
			})
			refused, throttled := 0, 0
			for _, err := range errs {
				switch {
				case errors.Is(err, access.ErrBadCredentials):
					refused++
				case errors.Is(err, access.ErrThrottled):
					throttled++
				default:
					require.NoError(t, err)
				}
			}
			require.Equal(t, 10, refused)
			require.Equal(t, 14, throttled)
			require.Equal(t, int64(10), w.auth.Computed()+second.auth.Computed()-before)
			require.ErrorIs(t, w.try(email, password), access.ErrThrottled)
		}
	})
}

// Two owners who remove each other at once, or both step down: one stays. Both are held before they write until the other is
// there as well, or has had the time to be: where the one waits for the other's lock, it does not come.
func TestRaceOfTheLastOwners(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		for _, how := range []func(ctx context.Context, self, other uuid.UUID) error{
			func(ctx context.Context, _, other uuid.UUID) error { return w.auth.RemoveMember(ctx, other) },
			func(ctx context.Context, self, _ uuid.UUID) error {
				_, err := w.auth.SetRoles(ctx, self, "auditor")
				return err
			},
		} {
			_, a := w.shop()
			b := w.hire(a, "owner")
			ctxs, members := []context.Context{w.enter(a), w.enter(b)}, []uuid.UUID{a.member, b.member}
			var here sync.WaitGroup
			here.Add(2)
			both := make(chan struct{})
			go func() { here.Wait(); close(both) }()
			w.Observe(t, func(s tenancy.Sent) {
				if s.Verb == "update" && s.Table == "erp.members" {
					here.Done()
					select {
					case <-both:
					case <-time.After(300 * time.Millisecond):
					}
				}
			})
			errs := racetest.Together(2, func(i int) error { return how(ctxs[i], members[i], members[1-i]) })
			w.Observe(t, func(tenancy.Sent) {})
			if n := wins(t, errs, access.ErrLastOwner); n == 1 {
				here.Done() // the other never came to write
			} else {
				require.Equal(t, 1, n)
			}
		}
	})
}

// Of several first owners added at once, one is.
func TestRaceForTheFirstOwner(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		shop, err := w.DB.Tenants().Create(w.Platform(t), tenancy.NewTenant{Name: "New"})
		require.NoError(t, err)
		emails := make([]string, rivals)
		for i := range emails {
			emails[i] = w.email("first")
		}
		platform := w.Platform(t)
		errs := racetest.Together(rivals, func(i int) error {
			_, err := w.auth.AddOwner(platform, shop.ID, access.NewMember{Email: emails[i], Name: "First"})
			return err
		})
		require.Equal(t, 1, wins(t, errs, access.ErrHasMembers, tenancy.ErrDuplicate))
	})
}

// No session that rests on the old password outlives a reset, however a login and the reset meet.
func TestRaceOfLoginAndReset(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		for range 4 {
			_, owner := w.shop()
			old := w.login(owner)
			require.NoError(t, w.auth.RequestReset(t.Context(), owner.email, noAddress))
			token := w.token(owner.email)
			sessions := make([]access.Session, rivals)
			errs := racetest.Together(rivals, func(i int) (err error) {
				switch i {
				case 0:
					return w.auth.ResetPassword(t.Context(), token, "a new and longer road")
				case 1:
					me, err := w.auth.Identify(t.Context(), old.Token)
					if err == nil {
						sessions[i], err = w.auth.SwitchTenant(me, owner.tenant)
					}
					return err
				}
				sessions[i], err = w.auth.Login(t.Context(), access.Login{Email: owner.email, Password: password})
				return err
			})
			require.NoError(t, errs[0])
			wins(t, errs, access.ErrBadCredentials, access.ErrNoCredential)
			for _, s := range sessions {
				if s.Token != "" {
					w.refused(s.Token, access.ErrNoCredential)
				}
			}
			require.NoError(t, w.try(owner.email, "a new and longer road"))
		}
	})
}

// Who is asked in by several at once, or by an address that several tenants use at once, has one account and one membership.
func TestRaceOfInvitations(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, a := w.shop()
		_, b := w.shop()
		ctxs := []context.Context{w.enter(a), w.enter(b)}
		email := w.email("sam")
		errs := racetest.Together(rivals, func(i int) error {
			_, err := w.auth.Invite(ctxs[i%2], access.NewMember{Email: email, Name: "Sam", Roles: []string{"sales"}})
			return err
		})
		require.GreaterOrEqual(t, wins(t, errs, tenancy.ErrDuplicate, tenancy.ErrBusy), 2)
		require.Equal(t, 1, w.count("users", "email = '"+email+"'"))
		for _, ctx := range ctxs {
			members, err := w.auth.Members(ctx)
			require.NoError(t, err)
			require.Len(t, members, 2)
		}
	})
}

// A switch that is asked for twice at once happens once.
func TestRaceOfSwitches(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		me, err := w.auth.Identify(t.Context(), w.login(owner).Token)
		require.NoError(t, err)
		errs := racetest.Together(rivals, func(int) error { _, err := w.auth.SwitchTenant(me, owner.tenant); return err })
		require.Equal(t, 1, wins(t, errs, access.ErrNoCredential))
	})
}
