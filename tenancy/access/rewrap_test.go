package access_test

import (
	"encoding/base32"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/local"
)

// The master key is changed and the old one dropped: second factors go on, and so does logging in, in a process that begins then.
func TestAMasterKeyIsReplaced(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		keys := local.Keys{Path: filepath.Join(t.TempDir(), "master.key")}
		begin := func() {
			auth, err := access.New(w.DB, access.Options{Keys: keys, Mailer: w.post})
			require.NoError(t, err)
			auth.Cheapen()
			w.auth, w.keys = auth, keys
		}
		begin()
		_, owner := w.shop()
		clerk := w.hire(owner, "sales")
		phone, _ := w.enrol(w.login(owner).Token)
		me, err := w.auth.Identify(t.Context(), w.login(clerk).Token)
		require.NoError(t, err)
		pending, err := w.auth.SetUpFactor(me, password) // and not confirmed yet
		require.NoError(t, err)

		platform := w.Platform(t)
		require.NoError(t, keys.Rotate(t.Context()))
		w.clock.Pass(2 * time.Minute)
		changed := w.clock.Now()
		w.clock.Pass(time.Second)
		_, err = w.auth.RewrapKeys(platform, w.clock.Now().Add(time.Minute), 10)
		require.ErrorIs(t, err, access.ErrBadInput)
		_, err = w.auth.RewrapKeys(platform, changed, 0)
		require.ErrorIs(t, err, access.ErrBadInput)
		weak, err := w.DB.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{access.PermUsers})
		require.NoError(t, err)
		_, err = w.auth.RewrapKeys(weak, changed, 10)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		for _, want := range []int{2, 1, 0} { // the counters' key, and two people's
			n, err := w.auth.RewrapKeys(platform, changed, 2)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		require.NoError(t, keys.DropOld(t.Context()))

		begin()
		_, err = w.auth.Login(t.Context(), access.Login{Email: owner.email, Password: password, Tenant: owner.tenant, Code: phone.next()})
		require.NoError(t, err)
		me, err = w.auth.Identify(t.Context(), w.login(clerk).Token)
		require.NoError(t, err)
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(pending.Secret)
		require.NoError(t, err)
		_, err = w.auth.ConfirmFactor(me, app{secret, w.clock}.code())
		require.NoError(t, err)
	})
}
