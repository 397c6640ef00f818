package access_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// BenchmarkAuthenticate is what a request costs before it does anything: the look-up of the credential and of the member. The
// scope alone, entered and recorded without any of it, stands beside it.
func BenchmarkAuthenticate(b *testing.B) {
	for _, engine := range tenancytest.Engines {
		env := tenancytest.Open(b, engine, tenancytest.Options{Modules: []tenancy.Module{access.Module()}})
		mail := &post{}
		auth, err := access.New(env.DB, access.Options{Keys: masterKeys, Mailer: mail})
		require.NoError(b, err)
		auth.Cheapen()
		ctx := context.Background()
		shop, err := env.DB.Tenants().Create(env.Platform(b), tenancy.NewTenant{Name: "Shop"})
		require.NoError(b, err)
		email := uuid.NewString() + "@example.com"
		_, err = auth.AddOwner(env.Platform(b), shop.ID, access.NewMember{Email: email, Name: "O"})
		require.NoError(b, err)
		_, err = auth.Accept(ctx, access.Acceptance{Token: tokenTo(mail, email), Password: password})
		require.NoError(b, err)
		session, err := auth.Login(ctx, access.Login{Email: email, Password: password})
		require.NoError(b, err)
		b.Run(engine+"/session", func(b *testing.B) {
			for b.Loop() {
				if _, err := auth.Authenticate(ctx, access.Credential{Secret: session.Token}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(engine+"/enter", func(b *testing.B) {
			for b.Loop() {
				if _, err := env.DB.Enter(ctx, shop.ID, "tester", tenancy.Permissions{"*"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
