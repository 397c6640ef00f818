// Package access decides who may come in: people with passwords and second factors, sessions, API keys, roles. It is
// optional: a host that has its own may call [tenancy.DB.Enter] itself and leave this out.
//
//	suite, err := erp.Open(ctx, eng, erp.Options{Migrate: true, Access: &access.Options{}}) // or access.New(db, ...), with access.Module()
//	auth := suite.Access
//
// The platform gives a tenant its owner, who gets a token by e-mail and chooses a password:
//
//	auth.AddOwner(platform, shop.ID, access.NewMember{Email: "ada@example.com", Name: "Ada Byron"})
//	auth.Accept(ctx, access.Acceptance{Token: token, Password: "a long and winding road"})
//
// Logging in makes a session; a session enters:
//
//	session, err := auth.Login(ctx, access.Login{Email: "ada@example.com", Password: "a long and winding road"})
//	ctx, err = auth.Authenticate(ctx, access.Credential{Secret: session.Token})
//	suite.Sales.Sell(ctx, ...)
//
// Over HTTP this happens per request, for a cookie or an API key:
//
//	web, err := auth.HTTP(access.HTTPOptions{Tenant: access.TenantHeader("X-Tenant")})
//	mux.Handle("/", web.Require(pages))
//
// Owners invite others, with roles; members make API keys that can do no more than they can:
//
//	auth.Invite(ctx, access.NewMember{Email: "sam@example.com", Name: "Sam", Roles: []string{"sales"}})
//	auth.CreateKey(ctx, access.NewKey{Name: "web shop", Permissions: tenancy.Permissions{"sales.sell"}})
//
// README.md in this folder states what is stored where, what always holds, and the test that shows each.
package access
