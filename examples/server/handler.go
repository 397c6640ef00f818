package main

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy/access"
)

// tenantHeader lets a caller say whom a request is for. It only narrows: a credential of another tenant is refused.
const tenantHeader = "X-Tenant"

// newHandler is the whole server, with its description.
func newHandler(suite *erp.Suite) (http.Handler, huma.API, error) {
	web, err := suite.Access.HTTP(access.HTTPOptions{Tenant: access.TenantHeader(tenantHeader)})
	if err != nil {
		return nil, nil, err
	}
	conf := huma.DefaultConfig("erp reference server", "1")
	conf.CreateHooks = nil // no $schema in every answer
	conf.DocsPath = ""     // the usual page of documents loads scripts from elsewhere
	conf.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: access.CookieName, Description: "a session, from POST /v1/session"},
		"key":     {Type: "http", Scheme: "bearer", Description: "an API key, from POST /v1/keys"},
	}
	mux := http.NewServeMux()
	api := humago.New(mux, conf)
	api.UseMiddleware(keepExchange)
	accessRoutes(api, suite.Access, web)
	preferenceRoutes(api)
	routes(api, suite)
	mux.HandleFunc("/", noRoute)
	in, out := web.Require(suite.Usage.Watch(mux, usage.Watching{Address: web.Address})), web.Public(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		if public(r) {
			out.ServeHTTP(w, r)
			return
		}
		in.ServeHTTP(w, r) // whatever is not known to be public needs a credential, paths that do not exist included
	}), api, nil
}

// public is what can be asked for without a credential.
func public(r *http.Request) bool {
	switch r.Method + " " + r.URL.Path {
	case "POST " + pathSession, "POST " + pathAcceptance, "POST " + pathPreferences, "POST " + pathForget, "GET /openapi.json", "GET /openapi.yaml":
		return true
	}
	return r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/schemas/")
}
