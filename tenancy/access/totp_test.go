package access_test

import (
	"encoding/base32"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy/access"
)

// RFC 4226, appendix D.
func TestHOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for i, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		require.Equal(t, want, access.HOTP(secret, int64(i), 6))
	}
}

// RFC 6238, appendix B, SHA-1.
func TestTOTPVectors(t *testing.T) {
	secret := []byte("12345678901234567890")
	for unix, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471", 1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		require.Equal(t, want, access.HOTP(secret, access.StepOf(time.Unix(unix, 0)), 8))
	}
}

// A code is good in its own step and the ones beside it, and not at or before the last that was used.
func TestTOTPStep(t *testing.T) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1_800_000_000, 0)
	step := access.StepOf(now)
	for off, good := range map[int64]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		got, ok := access.TOTPStep(secret, access.CodeAt(secret, step+off), now, 0)
		require.Equal(t, good, ok, off)
		if good {
			require.Equal(t, step+off, got)
		}
	}
	_, ok := access.TOTPStep(secret, access.CodeAt(secret, step), now, step)
	require.False(t, ok, "used")
	_, ok = access.TOTPStep(secret, access.CodeAt(secret, step-1), now, step)
	require.False(t, ok, "older than the one that was used")
}

// app is an authenticator app.
type app struct {
	secret []byte
	clock  *clock
}

func (a app) code() string { return access.CodeAt(a.secret, access.StepOf(a.clock.Now())) }

// next is a code that was not used yet.
func (a app) next() string {
	a.clock.Pass(30 * time.Second)
	return a.code()
}

// enrol sets a second factor up in a session, and gives the app and the recovery codes.
func (w *world) enrol(session string) (app, []string) {
	w.t.Helper()
	me, err := w.auth.Identify(w.t.Context(), session)
	require.NoError(w.t, err)
	f, err := w.auth.SetUpFactor(me, password)
	require.NoError(w.t, err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(f.Secret)
	require.NoError(w.t, err)
	require.Len(w.t, secret, 20)
	u, err := url.Parse(f.URI)
	require.NoError(w.t, err)
	require.Equal(w.t, f.Secret, u.Query().Get("secret"))
	a := app{secret, w.clock}
	codes, err := w.auth.ConfirmFactor(me, a.code())
	require.NoError(w.t, err)
	require.Len(w.t, codes, 10)
	return a, codes
}

func (w *world) loginWith(p person, code string) (access.Session, error) {
	return w.auth.Login(w.t.Context(), access.Login{Email: p.email, Password: password, Code: code, Tenant: p.tenant})
}

func TestSecondFactor(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		other, session := w.login(owner), w.login(owner)
		me, err := w.auth.Identify(t.Context(), session.Token)
		require.NoError(t, err)
		_, err = w.auth.SetUpFactor(me, "not the password")
		require.ErrorIs(t, err, access.ErrBadCredentials, "a session that was left open sets up nothing")
		_, err = w.auth.ConfirmFactor(me, "123456")
		require.ErrorIs(t, err, access.ErrNoFactor)
		_, err = w.auth.SetUpFactor(me, password)
		require.NoError(t, err)
		_, err = w.auth.ConfirmFactor(me, "12345x")
		require.ErrorIs(t, err, access.ErrBadCredentials)
		_, err = w.loginWith(owner, "")
		require.NoError(t, err, "not confirmed: not asked for")

		a, codes := w.enrol(session.Token)
		w.refused(other.Token, access.ErrNoCredential) // it had shown no second factor
		id, ok := access.IdentityOf(w.with(session.Token))
		require.True(t, ok)
		require.True(t, id.SecondFactor)
		me, err = w.auth.Identify(t.Context(), session.Token)
		require.NoError(t, err)
		_, err = w.auth.SetUpFactor(me, password)
		require.ErrorIs(t, err, access.ErrFactorPresent)

		_, err = w.loginWith(owner, "")
		require.ErrorIs(t, err, access.ErrCodeNeeded)
		_, err = w.loginWith(owner, a.code())
		require.ErrorIs(t, err, access.ErrBadCredentials, "the code that confirmed is used")
		code := a.next()
		s, err := w.loginWith(owner, code[:3]+" "+code[3:])
		require.NoError(t, err, "as apps show it")
		require.True(t, s.SecondFactor)
		_, err = w.loginWith(owner, code)
		require.ErrorIs(t, err, access.ErrBadCredentials, "a used code is refused")

		// Recovery codes: each once, and the old ones are void with new ones.
		_, err = w.loginWith(owner, codes[0])
		require.NoError(t, err)
		_, err = w.loginWith(owner, codes[0])
		require.ErrorIs(t, err, access.ErrBadCredentials)
		me, err = w.auth.Identify(t.Context(), s.Token)
		require.NoError(t, err)
		fresh, err := w.auth.NewRecoveryCodes(me, a.next())
		require.NoError(t, err)
		_, err = w.loginWith(owner, codes[1])
		require.ErrorIs(t, err, access.ErrBadCredentials)
		_, err = w.loginWith(owner, fresh[1])
		require.NoError(t, err)

		require.ErrorIs(t, w.auth.RemoveFactor(me, "000000"), access.ErrBadCredentials)
		require.ErrorIs(t, w.auth.RemoveFactor(me, ""), access.ErrBadCredentials)
		require.NoError(t, w.auth.RemoveFactor(me, a.next()))
		w.refused(s.Token, access.ErrNoCredential)
		_, err = w.loginWith(owner, "")
		require.NoError(t, err)
	})
}

// The codes of a second factor cannot be tried without end by somebody who has the password.
func TestCodesAreLimited(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		a, _ := w.enrol(w.login(owner).Token)
		for range 10 {
			_, err := w.loginWith(owner, "000000")
			require.ErrorIs(t, err, access.ErrBadCredentials)
			if _, err = w.loginWith(owner, ""); err != nil { // asking without a code wins no further tries
				require.True(t, access.ErrCodeNeeded.Code == codeOf(err) || access.ErrThrottled.Code == codeOf(err))
			}
		}
		_, err := w.loginWith(owner, a.next())
		require.ErrorIs(t, err, access.ErrThrottled)
	})
}

// A role that needs a second factor lets nobody in without one; setting one up does.
func TestRolesThatNeedAFactor(t *testing.T) {
	opt := access.Options{Roles: access.RequireSecondFactor("accountant", access.RoleOwner)}
	eachWithClock(t, opt, func(t *testing.T, w *world) {
		tenant, owner := w.shop()
		session := w.login(owner)
		w.refused(session.Token, access.ErrNeedsFactor)
		w.enrol(session.Token)
		ctx := w.with(session.Token)
		require.Equal(t, tenant, scopeOf(ctx).TenantID())
		m, err := w.auth.Invite(ctx, access.NewMember{Email: w.email("clerk"), Name: "Cleo", Roles: []string{"sales"}})
		require.NoError(t, err)
		clerk := w.accept(m.Email, m, tenant)
		s := w.login(clerk)
		w.with(s.Token)
		_, err = w.auth.SetRoles(ctx, m.ID, "sales", "accountant")
		require.NoError(t, err)
		w.refused(s.Token, access.ErrNeedsFactor) // from the next request on
	})
}
