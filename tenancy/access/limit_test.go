package access_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy/access"
)

// After ten failures an e-mail address is locked for a while, whether anybody has it or not; every process agrees.
func TestLockOut(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		session := w.login(owner)
		second := newWorld(t, w.Env, access.Options{}, w.clock) // as another process has it
		for _, email := range []string{owner.email, "nobody@example.com"} {
			for i := range 10 {
				who := w
				if i%2 == 1 {
					who = second
				}
				require.ErrorIs(t, who.try(email, "wrong"), access.ErrBadCredentials, "%d", i)
			}
			hashed := w.auth.Computed()
			for _, secret := range []string{"wrong", password} {
				require.ErrorIs(t, w.try(email, secret), access.ErrThrottled)
				require.ErrorIs(t, second.try(strings.ToUpper(email), secret), access.ErrThrottled, "in capitals as well")
			}
			require.Equal(t, hashed, w.auth.Computed(), "and costs nothing")
		}
		w.with(session.Token) // who is in stays in
		w.clock.Pass(14 * time.Minute)
		require.ErrorIs(t, w.try(owner.email, password), access.ErrThrottled)
		w.clock.Pass(2 * time.Minute) // what was refused meanwhile has not made it longer
		require.NoError(t, w.try(owner.email, password))
		for range 9 { // the right password starts afresh
			require.ErrorIs(t, w.try(owner.email, "wrong"), access.ErrBadCredentials)
		}
		require.NoError(t, w.try(owner.email, password))
		require.ErrorIs(t, w.try(owner.email, "wrong"), access.ErrBadCredentials)
		require.NoError(t, w.try(owner.email, password))
		require.Len(t, w.journal("access.locked_out"), 2)
	})
}

// One network address cannot try one password on every account.
func TestAddressLimit(t *testing.T) {
	eachWithClock(t, access.Options{Limits: access.Limits{Address: 20}}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		from := func(address, email, secret string) error {
			_, err := w.auth.Login(t.Context(), access.Login{Email: email, Password: secret, Address: netip.MustParseAddr(address)})
			return err
		}
		for i := range 30 { // right ones do not count, however many come from one office
			require.NoError(t, from("2001:db8:1:2::1", owner.email, password), "%d", i)
		}
		for i := range 20 {
			require.ErrorIs(t, from(fmt.Sprintf("2001:db8:1:2::%d", i+1), fmt.Sprintf("user%d@example.com", i), "wrong"), access.ErrBadCredentials)
		}
		require.ErrorIs(t, from("2001:db8:1:2:3::9", owner.email, password), access.ErrThrottled, "the same subscriber")
		require.NoError(t, from("2001:db8:1:3::1", owner.email, password), "another")
		require.NoError(t, from("192.0.2.1", owner.email, password))
		w.clock.Pass(15 * time.Minute)
		require.NoError(t, from("2001:db8:1:2::1", owner.email, password))
		require.Len(t, w.journal("access.locked_out"), 1)
	})
}

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		require.Equal(t, want, access.Network(netip.MustParseAddr(address)))
	}
}

// Counters hold no address of anybody, and go when they have had their time.
func TestCountersHoldNothingAndGo(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		for i := range 25 {
			_, err := w.auth.Login(t.Context(), access.Login{Email: fmt.Sprintf("guess%d@example.com", i), Password: "x", Address: netip.MustParseAddr("192.0.2.77")})
			require.ErrorIs(t, err, access.ErrBadCredentials)
		}
		require.NoError(t, w.auth.RequestReset(t.Context(), "guess1@example.com", netip.MustParseAddr("192.0.2.77")))
		w.auth.Wait()
		require.Equal(t, 28, w.count("attempts", "1 = 1"))
		require.Zero(t, w.count("attempts", "counter LIKE '%guess%' OR counter LIKE '%192%0%2%77%'"))
		require.Equal(t, 28, w.count("attempts", "LENGTH(counter) > 64"), "keyed hashes")
		n, err := w.auth.Sweep(w.Platform(t), 1000)
		require.NoError(t, err)
		require.Zero(t, n)
		w.clock.Pass(time.Hour)
		for want := range 3 {
			n, err := w.auth.Sweep(w.Platform(t), 10)
			require.NoError(t, err)
			require.Equal(t, []int{10, 10, 8}[want], n, "in pieces")
		}
	})
}

// Reading the e-mail is proof enough: a reset lifts the lock. So does the platform's staff.
func TestLocksAreLifted(t *testing.T) {
	eachWithClock(t, access.Options{Limits: access.Limits{Account: 3}}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		lock := func() {
			for range 3 {
				require.ErrorIs(t, w.try(owner.email, "wrong"), access.ErrBadCredentials)
			}
			require.ErrorIs(t, w.try(owner.email, password), access.ErrThrottled)
		}
		lock()
		require.NoError(t, w.auth.RequestReset(t.Context(), owner.email, netip.Addr{}))
		require.NoError(t, w.auth.ResetPassword(t.Context(), w.token(owner.email), password))
		require.NoError(t, w.try(owner.email, password))
		lock()
		require.NoError(t, w.auth.UnlockUser(w.Platform(t), owner.id, "called in"))
		require.NoError(t, w.try(owner.email, password))
	})
}
