package access_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// A shop gets its owner, who asks a clerk in, makes a key for the web shop, and ends all of it.
func Example() {
	ctx := context.Background()
	dir := must(os.MkdirTemp("", "erp-example-"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(ctx, sqlite.Engine{Dir: dir}, tenancy.Options{Modules: []tenancy.Module{access.Module()}, Migrate: true}))
	defer func() { _ = db.Close() }()
	mail := &post{}
	auth := must(access.New(db, access.Options{Keys: local.Keys{Path: filepath.Join(dir, "master.key")}, Mailer: mail}))

	platform := must(db.EnterPlatform(ctx, "setup", tenancy.Permissions{"*"}))
	shop := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop"}))

	// The owner is invited, chooses a password, and logs in.
	must(auth.AddOwner(platform, shop.ID, access.NewMember{Email: "ada@example.com", Name: "Ada Byron"}))
	must(auth.Accept(ctx, access.Acceptance{Token: tokenTo(mail, "ada@example.com"), Password: "a long and winding road"}))
	session := must(auth.Login(ctx, access.Login{Email: "Ada@Example.com", Password: "a long and winding road"}))
	ada := must(auth.Authenticate(ctx, access.Credential{Secret: session.Token}))
	fmt.Println("Ada may post:", tenancy.ScopeOf(ada).Can("accounting.post"))

	// A clerk may do what the role says, a key what it lists and its maker may.
	must(auth.Invite(ada, access.NewMember{Email: "sam@example.com", Name: "Sam Clerk", Roles: []string{"sales"}}))
	must(auth.Accept(ctx, access.Acceptance{Token: tokenTo(mail, "sam@example.com"), Password: "another long and winding road"}))
	sam := must(auth.Authenticate(ctx, access.Credential{Secret: must(auth.Login(ctx, access.Login{Email: "sam@example.com", Password: "another long and winding road"})).Token}))
	fmt.Println("Sam may sell:", tenancy.ScopeOf(sam).Can("sales.sell"), "and post:", tenancy.ScopeOf(sam).Can("accounting.post"))
	key := must(auth.CreateKey(ada, access.NewKey{Name: "web shop", Permissions: tenancy.Permissions{"sales.sell"}}))
	fmt.Println("the key begins with", key.Secret[:7])

	// Over HTTP.
	web := must(auth.HTTP(access.HTTPOptions{Tenant: access.TenantHeader("X-Tenant")}))
	page := web.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "may sell:", tenancy.ScopeOf(r.Context()).Can("sales.sell"))
	}))
	get := func(headers ...string) string {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://shop.example/", nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		rec := httptest.NewRecorder()
		page.ServeHTTP(rec, r)
		return fmt.Sprint(rec.Code, " ", strings.TrimSpace(rec.Body.String()))
	}
	fmt.Println(get("Authorization", "Bearer "+key.Secret))
	fmt.Println(get("Authorization", "Bearer "+key.Secret, "X-Tenant", "0198c5a0-0000-7000-8000-000000000000"))
	if err := auth.RevokeKey(ada, key.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(get("Authorization", "Bearer "+key.Secret))
	// Output:
	// Ada may post: true
	// Sam may sell: true and post: false
	// the key begins with erp_sk_
	// 200 may sell: true
	// 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"the credential is not for this tenant","code":"access.wrong_tenant"}
	// 401 {"type":"about:blank","title":"Unauthorized","status":401,"detail":"this needs a session or an API key that is valid","code":"access.no_credential"}
}

// tokenTo is the secret in the last message to an address, as a person would copy it.
func tokenTo(mail *post, address string) string {
	sent := mail.to(address)
	for _, word := range strings.Fields(sent[len(sent)-1].Text) {
		if strings.HasPrefix(word, "erp_it_") {
			return word
		}
	}
	return ""
}
