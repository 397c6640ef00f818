package access_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

func (w *world) try(email, secret string) error {
	_, err := w.auth.Login(w.t.Context(), access.Login{Email: email, Password: secret})
	return err
}

// An unknown e-mail address, a wrong password, an account that has none yet and a suspended one all cost the same: one
// argon2id and the same statements. Their answers are equal word for word.
func TestUnknownAndWrongAreOneAnswerAtOneCost(t *testing.T) {
	eachWithClock(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		invited := w.email("invited")
		_, err := w.auth.Invite(w.enter(owner), access.NewMember{Email: invited, Name: "Ina", Roles: []string{"sales"}})
		require.NoError(t, err)
		gone := w.hire(owner, "sales")
		_, err = w.auth.SuspendUser(w.Platform(t), gone.id, "ticket 7")
		require.NoError(t, err)
		require.ErrorIs(t, w.try("warm.up@example.com", "x"), access.ErrBadCredentials) // the counters' key is read once

		statements := w.auth.CountStatements()
		var said []string
		var cost []int64
		for _, email := range []string{owner.email, invited, gone.email, "nobody@example.com", "not an address", "\x00\xff", strings.Repeat("x", 400)} {
			hashed, sent := w.auth.Computed(), statements.Load()
			_, err := w.auth.Login(t.Context(), access.Login{Email: email, Password: "wrong", Address: netip.MustParseAddr("192.0.2.1")})
			require.ErrorIs(t, err, access.ErrBadCredentials)
			require.Equal(t, int64(1), w.auth.Computed()-hashed, "one argon2id for %q", email)
			said, cost = append(said, err.Error()), append(cost, statements.Load()-sent)
		}
		for i := range said {
			require.Equal(t, said[0], said[i])
			require.Equal(t, cost[0], cost[i], "the same statements")
		}
		require.ErrorIs(t, w.try(gone.email, password), access.ErrUserSuspended, "only the right password learns more")
	})
}

func TestPasswordRules(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		session := w.login(owner)
		me, err := w.auth.Identify(t.Context(), session.Token)
		require.NoError(t, err)
		local, _, _ := strings.Cut(owner.email, "@")
		for _, bad := range []string{
			"", "fourteen chars", strings.Repeat("a long one ", 24), "invalid utf-8 \xff\xff\xff", "aaaaaaaaaaaaaaaaaaaa",
			"password1234567890", "Password-Password!", "qwertyuiopqwertyuiop", "123456789012345", "letmein letmein 1", owner.email, local, "Olivia Owner 1234567",
		} {
			require.ErrorIs(t, w.auth.ChangePassword(me, password, bad), access.ErrBadPassword, "%q", bad)
		}
		for _, good := range []string{"fifteen letters", strings.Repeat("äö", 8), "correct horse battery staple", strings.Repeat("long ", 50), "               x y z"} {
			require.NoError(t, w.auth.ChangePassword(me, password, good), "%q", good)
			require.NoError(t, w.try(owner.email, good))
			require.NoError(t, w.auth.ChangePassword(me, good, password))
		}
		// The same letters, however they are composed.
		require.NoError(t, w.auth.ChangePassword(me, password, "caf\u00e9 au lait, grand"))
		require.NoError(t, w.try(owner.email, "cafe\u0301 au lait, grand"))
		require.ErrorIs(t, w.auth.ChangePassword(me, "wrong", password), access.ErrBadCredentials)
	})
}

// Changing a password ends the other sessions and leaves the caller's.
func TestChangingAPasswordEndsOtherSessions(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		mine, other := w.login(owner), w.login(owner)
		require.NoError(t, w.auth.ChangePassword(w.with(mine.Token), password, "another long password"))
		w.with(mine.Token)
		w.refused(other.Token, access.ErrNoCredential)
		require.ErrorIs(t, w.try(owner.email, password), access.ErrBadCredentials)
	})
}

// A password that was hashed at another cost is hashed anew at the next login, which nobody notices.
func TestRehash(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		stored := func() (hash string) {
			require.NoError(t, w.Control(t).QueryRow("SELECT password_hash FROM "+w.controlTable("users")+" WHERE email = '"+owner.email+"'").Scan(&hash))
			return hash
		}
		require.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`, stored())
		dearer := newWorld(t, w.Env, access.Options{Hash: access.HashParams{MemoryKiB: 20 * 1024, Passes: 3, Lanes: 2}}, nil)
		before := dearer.auth.Computed()
		require.ErrorIs(t, dearer.try(owner.email, "wrong"), access.ErrBadCredentials)
		require.Equal(t, int64(1), dearer.auth.Computed()-before)
		require.Contains(t, stored(), "m=19456,t=2,p=1", "a wrong password changes nothing")
		require.NoError(t, dearer.try(owner.email, password))
		require.Contains(t, stored(), "m=20480,t=3,p=2")
		require.NoError(t, dearer.try(owner.email, password))
		require.NoError(t, w.try(owner.email, password), "and back")
		require.Contains(t, stored(), "m=19456,t=2,p=1")
	})
}

func TestOptionsAreChecked(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		require.Equal(t, access.HashParams{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 4}, access.DefaultHash, "RFC 9106, section 4, second option")
		good := access.Options{Keys: w.keys, Mailer: w.post}
		for what, break_ := range map[string]func(o *access.Options){
			"no keys": func(o *access.Options) { o.Keys = nil }, "no mailer": func(o *access.Options) { o.Mailer = nil },
			"cheap":    func(o *access.Options) { o.Hash = access.HashParams{MemoryKiB: 1024, Passes: 2, Lanes: 1} },
			"one pass": func(o *access.Options) { o.Hash = access.HashParams{MemoryKiB: 64 * 1024, Passes: 1, Lanes: 1} },
			"dear":     func(o *access.Options) { o.Hash = access.HashParams{MemoryKiB: 1 << 30, Passes: 2, Lanes: 1} },
			"short":    func(o *access.Options) { o.MinPassword = 7 },
			"idle":     func(o *access.Options) { o.Idle = time.Second },
			"absolute": func(o *access.Options) { o.Absolute, o.Idle = time.Hour, 2*time.Hour },
			"account":  func(o *access.Options) { o.Limits.Account = 1000 },
			"issuer":   func(o *access.Options) { o.Issuer = "a:b" },
			"owner": func(o *access.Options) {
				o.Roles = []access.Role{{Name: "owner", Permissions: tenancy.Permissions{"sales.*"}}}
			},
			"twice": func(o *access.Options) {
				r := access.Role{Name: "x", Permissions: tenancy.Permissions{"a.b"}}
				o.Roles = []access.Role{r, r}
			},
			"permission": func(o *access.Options) { o.Roles = []access.Role{{Name: "x", Permissions: tenancy.Permissions{"a,b"}}} },
			"name": func(o *access.Options) {
				o.Roles = []access.Role{{Name: "X,Y", Permissions: tenancy.Permissions{"a.b"}}}
			},
			"empty": func(o *access.Options) { o.Roles = []access.Role{{Name: "x"}} },
		} {
			opt := good
			break_(&opt)
			_, err := access.New(w.DB, opt)
			require.ErrorIs(t, err, access.ErrBadInput, what)
		}
		_, err := access.New(w.DB, good)
		require.NoError(t, err)
		bare, err := tenancy.Open(context.Background(), w.Engine, tenancy.Options{})
		if err == nil { // an engine that would open without the module is one that access refuses
			defer func() { _ = bare.Close() }()
			_, err = access.New(bare, good)
		}
		require.Error(t, err)
	})
}
