package usage_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A page is served, and leaves a line.
func ExampleService_Watch() {
	dir := must(os.MkdirTemp("", "usage"))
	defer func() { _ = os.RemoveAll(dir) }()
	db := must(tenancy.Open(context.Background(), sqlite.Engine{Dir: dir}, tenancy.Options{Migrate: true, Modules: []tenancy.Module{usage.Module()}}))
	defer func() { _ = db.Close() }()
	platform := must(db.EnterPlatform(context.Background(), "ops", tenancy.Permissions{tenancy.AllPermissions}))
	shop := must(db.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop"}))
	log := must(usage.New(db, usage.Options{Features: []string{"sales.sell"}}))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /invoices/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "an invoice") })
	site := log.Watch(mux, usage.Watching{Screen: "X-Screen"})

	// In a program access.HTTP does this for a cookie or an API key.
	ada := must(db.Enter(context.Background(), shop.ID, "user:ada", tenancy.Permissions{"usage.read"}))
	r := httptest.NewRequestWithContext(ada, http.MethodGet, "/invoices/17?note=private", nil)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
	r.Header.Set("X-Screen", "1920x1080")
	site.ServeHTTP(httptest.NewRecorder(), r)

	for _, line := range must(log.AccessLog(ada, usage.AccessFilter{}, tenancy.PageRequest{})).Items {
		fmt.Println(line.Actor, line.Page, line.Address, line.Browser, line.System, line.Screen)
	}
	// Output: user:ada /invoices/{id} 192.0.2.1 Firefox Linux 1920x1080
}
