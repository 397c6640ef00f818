package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// site is a running server with its two demo shops.
type site struct {
	t        *testing.T
	suite    *erp.Suite
	handler  http.Handler
	api      huma.API
	shops    []demoShop
	accounts []demoAccount
}

func newSite(t *testing.T) *site {
	t.Helper()
	mail := &demoMailer{}
	c := config{Dir: t.TempDir()}
	suite, err := openSuite(t.Context(), c, mail)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })
	s := &site{t: t, suite: suite}
	s.shops, err = demoShops(t.Context(), suite)
	require.NoError(t, err)
	s.accounts, err = demoAccounts(t.Context(), suite, mail, s.shops, filepath.Join(c.Dir, "demo.json"))
	require.NoError(t, err)
	s.handler, s.api, err = newHandler(suite)
	require.NoError(t, err)
	return s
}

// answer sends a request and gives the status, the code of a problem, and the body.
func (s *site) answer(method, path, requestBody string, headers ...string) (status int, code, text string) {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "https://erp.example"+path, strings.NewReader(requestBody))
	if requestBody != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	all, err := io.ReadAll(rec.Body)
	require.NoError(s.t, err)
	if rec.Code >= http.StatusBadRequest {
		require.Equal(s.t, "application/problem+json", rec.Header().Get("Content-Type"), "%s %s: %s", method, path, all)
		var p problem
		require.NoError(s.t, json.Unmarshal(all, &p), "%s", all)
		require.Equal(s.t, rec.Code, p.Status)
		code = string(p.Code)
	}
	return rec.Code, code, string(all)
}

func bearer(key string) []string { return []string{"Authorization", "Bearer " + key} }

// session signs the owner of a demo shop in, and gives the headers of a page of ours.
func (s *site) session(shop int) []string {
	s.t.Helper()
	c := s.signIn(shop)
	return []string{"Cookie", c.Name + "=" + c.Value, "Sec-Fetch-Site", "same-origin"}
}

func (s *site) signIn(shop int) *http.Cookie {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), "POST", "https://erp.example"+pathSession,
		strings.NewReader(`{"email":"`+s.accounts[shop].Email+`","password":"`+s.accounts[shop].Password+`"}`))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	require.Equal(s.t, http.StatusOK, rec.Code, rec.Body.String())
	cookies := rec.Result().Cookies()
	require.Len(s.t, cookies, 1, "no other cookie")
	require.NotContains(s.t, rec.Body.String(), cookies[0].Value, "the token is in the cookie alone")
	return cookies[0]
}

// operation is a route of the OpenAPI document, with a request that is good for the shop.
type operation struct {
	method, path, id string
	open             bool
	body             func(shop demoShop) string
}

// bodies are a good request for every operation that has one. An operation without its entry fails the test.
var bodies = map[string]func(shop demoShop) string{
	"trial-balance":        nil,
	"stock":                nil,
	"list-purchase-orders": nil,
	"list-sales":           nil,
	"list-registers":       nil,
	"digest":               nil,
	"list-due-requests":    nil,
	"receive-request": func(demoShop) string {
		return `{"reference":"R-1","kind":"access","channel":"email","received_at":"2020-03-02T09:00:00Z","jurisdiction":"DE","name":"A Person"}`
	},
	"list-events":        nil,
	"list-keys":          nil,
	"sign-out":           nil,
	"sign-in":            func(demoShop) string { return `{"email":"nobody@example.com","password":"not the password"}` },
	"accept-invitation":  func(demoShop) string { return `{"token":"none","password":"a long and winding road"}` },
	"create-key":         func(demoShop) string { return `{"name":"till","permissions":["pos.sell"]}` },
	"set-preferences":    func(demoShop) string { return `{"theme":"dark","language":"de-AT"}` },
	"forget-preferences": nil,
	"post-entry": func(demoShop) string {
		return `{"reference":"E-1","date":"` + today() + `","lines":[{"account":"role:bank","debit":"5.00"},{"account":"role:cash","credit":"5.00"}]}`
	},
	"create-product": func(demoShop) string { return `{"sku":"NEW-1","name":"Something new"}` },
	"order": func(s demoShop) string {
		return `{"reference":"P-1","vendor_id":"` + s.vendor.String() + `","lines":[{"product_id":"` + s.product.String() + `","quantity":"5","unit_price":"2.10"}]}`
	},
	"sell": func(s demoShop) string {
		return `{"reference":"S-1","customer_id":"` + s.customer.String() + `","lines":[{"product_id":"` + s.product.String() + `","quantity":"2","unit_price":"4.99"}]}`
	},
	"cancel-service":  func(demoShop) string { return `{"reason":"we close"}` },
	"create-register": func(demoShop) string { return `{"code":"T1","name":"Front"}` },
	"erase": func(s demoShop) string {
		return `{"party_id":"` + s.vendor.String() + `","reference":"R-1","reason":"asked for"}`
	},
}

// queries are what reading operations need.
var queries = map[string]string{"trial-balance": "?as_of=2030-01-01"}

// operations reads them from the document, so that a route cannot be forgotten.
func (s *site) operations() (out []operation) {
	s.t.Helper()
	status, _, text := s.answer("GET", "/openapi.json", "")
	require.Equal(s.t, http.StatusOK, status)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string                `json:"operationId"`
			Security    []map[string][]string `json:"security"`
		} `json:"paths"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(text), &doc))
	require.Equal(s.t, "3.1.0", doc.OpenAPI)
	for path, methods := range doc.Paths {
		for method, o := range methods {
			body, known := bodies[o.OperationID]
			require.True(s.t, known, "the operation %s has no request in this test", o.OperationID)
			out = append(out, operation{strings.ToUpper(method), path + queries[o.OperationID], o.OperationID, len(o.Security) == 0, body})
		}
	}
	require.Len(s.t, out, len(bodies), "and the other way round")
	slices.SortFunc(out, func(a, b operation) int {
		last := func(o operation) int { return slices.Index([]string{"erase", "cancel-service"}, o.id) } // what is gone then is gone for the others
		return cmp.Or(cmp.Compare(last(a), last(b)), strings.Compare(a.id, b.id))
	})
	return out
}

func held(m privacy.Manifest) string {
	var b strings.Builder
	for _, f := range m.Files {
		if f.Table != "erp.access_log" && !strings.HasPrefix(f.Table, "erp.audit_") {
			b.WriteString(f.SHA256 + " ")
		}
	}
	return b.String()
}

func (o operation) request(shop demoShop) string {
	if o.body == nil {
		return ""
	}
	return o.body(shop)
}

// roots are hashes over everything that the two tenants hold, but for who asked: the access log grows by looking.
func (s *site) roots() string {
	s.t.Helper()
	var b bytes.Buffer
	for _, shop := range s.shops {
		ctx, err := s.suite.Tenancy.Enter(context.Background(), shop.tenant.ID, "test", tenancy.Permissions{"*"})
		require.NoError(s.t, err)
		m, err := s.suite.Privacy.Digest(ctx)
		require.NoError(s.t, err)
		b.WriteString(held(m))
	}
	return b.String()
}

// onlyOpen are the operations that need no credential.
var onlyOpen = map[string]bool{"sign-in": true, "accept-invitation": true, "set-preferences": true, "forget-preferences": true}

func TestEveryRouteRefuses(t *testing.T) {
	s := newSite(t)
	mine := s.shops[0]
	weak, err := demoKey(t.Context(), s.suite, s.accounts[0], "weak", tenancy.Permissions{"erp.verify"})
	require.NoError(t, err)
	before := s.roots()
	for _, o := range s.operations() {
		t.Run(o.id, func(t *testing.T) {
			require.Equal(t, onlyOpen[o.id], o.open, "which operations are open to everybody is decided here")
			if strings.HasPrefix(o.path, pathPreferences) {
				return // TestPreferences: they are of the browser, and no tenant's
			}
			if o.open {
				status, code, _ := s.answer(o.method, o.path, o.request(mine))
				require.Contains(t, []int{http.StatusUnauthorized, http.StatusUnprocessableEntity}, status)
				require.Contains(t, []string{"access.bad_credentials", "access.bad_token"}, code)
				return
			}
			for name, headers := range map[string][]string{
				"none": nil, "nonsense": bearer("erp_sk_nonsense"), "basic": {"Authorization", "Basic b3duZXI6b3duZXI="},
				"a cookie that is none": {"Cookie", access.CookieName + "=erp_se_nonsense"},
			} {
				status, code, _ := s.answer(o.method, o.path, o.request(mine), headers...)
				require.Equal(t, http.StatusUnauthorized, status, name)
				require.Equal(t, "access.no_credential", code, name)
			}
			// Another tenant's credential: refused where the tenant is named, and elsewhere worth its own tenant alone.
			status, code, text := s.answer(o.method, o.path, o.request(mine), append(bearer(s.accounts[1].Key), tenantHeader, mine.tenant.ID.String())...)
			require.Equal(t, http.StatusForbidden, status, text)
			require.Equal(t, "access.wrong_tenant", code)
			// Too few permissions.
			status, code, text = s.answer(o.method, o.path, o.request(mine), bearer(weak)...)
			want := []string{"tenancy.forbidden", "access.wrong_credential"}
			if o.id == "sign-out" {
				want = []string{"access.no_credential"} // a key has nothing to sign out of
			}
			require.Contains(t, want, code, "%d %s", status, text)
		})
	}
	require.Equal(t, before, s.roots(), "nothing was changed, on either side")
}

func TestAnotherTenantsIdsAreNobodys(t *testing.T) {
	s := newSite(t)
	mine := s.shops[0]
	mineBefore, err := s.root(mine)
	require.NoError(t, err)
	for _, o := range s.operations() {
		if o.open || o.body == nil || !strings.Contains(o.request(mine), mine.vendor.String()) && !strings.Contains(o.request(mine), mine.customer.String()) {
			continue
		}
		status, _, text := s.answer(o.method, o.path, o.request(mine), bearer(s.accounts[1].Key)...)
		require.GreaterOrEqual(t, status, 400, "%s with another tenant's ids: %s", o.id, text)
		require.Less(t, status, 500, "%s: %s", o.id, text)
		require.NotContains(t, text, "Ada", "%s", o.id)
	}
	after, err := s.root(mine)
	require.NoError(t, err)
	require.Equal(t, mineBefore, after)
}

func (s *site) root(shop demoShop) (string, error) {
	ctx, err := s.suite.Tenancy.Enter(context.Background(), shop.tenant.ID, "test", tenancy.Permissions{"*"})
	if err != nil {
		return "", err
	}
	m, err := s.suite.Privacy.Digest(ctx)
	return held(m), err
}

func TestEveryRouteWorksForItsOwner(t *testing.T) {
	s := newSite(t)
	for _, o := range s.operations() {
		if o.open || o.id == "sign-out" { // TestSessionOverHTTP has them
			continue
		}
		credential := bearer(s.accounts[0].Key)
		if o.id == "create-key" || o.id == "cancel-service" { // what a key may not, or was not given
			status, _, text := s.answer(o.method, o.path, o.request(s.shops[0]), credential...)
			require.Equal(t, http.StatusForbidden, status, "%s: %s", o.id, text)
			credential = s.session(0)
		}
		status, _, text := s.answer(o.method, o.path, o.request(s.shops[0]), append(credential, tenantHeader, s.shops[0].tenant.ID.String())...)
		require.Less(t, status, 300, "%s: %s", o.id, text)
	}
}

func TestSessionOverHTTP(t *testing.T) {
	s := newSite(t)
	c := s.signIn(0)
	require.True(t, c.HttpOnly && c.Secure && c.SameSite != http.SameSiteNoneMode && c.Path == "/" && c.Domain == "")
	cookie := []string{"Cookie", c.Name + "=" + c.Value, "Sec-Fetch-Site", "same-origin"}

	status, _, text := s.answer("POST", "/v1/keys", bodies["create-key"](s.shops[0]), cookie...)
	require.Equal(t, http.StatusOK, status, text)
	require.Contains(t, text, "erp_sk_")
	status, _, text = s.answer("GET", "/v1/keys", "", cookie...)
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, text, "erp_sk_", "a secret is seen once")
	status, code, _ := s.answer("POST", "/v1/keys", bodies["create-key"](s.shops[0]), "Cookie", c.Name+"="+c.Value, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, status)
	require.Equal(t, "access.cross_origin", code)
	status, _, _ = s.answer("DELETE", pathSession, "", cookie...)
	require.Less(t, status, 300)
	status, code, _ = s.answer("GET", "/v1/keys", "", cookie...)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "access.no_credential", code)
}

func TestPreferences(t *testing.T) {
	s := newSite(t)
	before := s.roots()
	send := func(path, text string) (status int, cookies []*http.Cookie) {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), "POST", "https://erp.example"+path, strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		s.handler.ServeHTTP(rec, r)
		answer := rec.Result()
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode, answer.Cookies()
	}
	status, got := send(pathPreferences, `{"theme":"dark","language":"de-AT"}`)
	require.Equal(t, http.StatusOK, status)
	require.Len(t, got, 1)
	c := got[0]
	require.Equal(t, []any{preferencesCookie, "dark.de-AT", "/", "", true, http.SameSiteStrictMode, 180 * 24 * 60 * 60}, []any{c.Name, c.Value, c.Path, c.Domain, c.Secure, c.SameSite, c.MaxAge})
	for _, bad := range []string{`{"theme":"dark","language":"7f3a9c21d0"}`, `{"theme":"4711","language":"de"}`, `{"theme":"dark","language":"de","id":"4711"}`, `{}`} {
		status, got = send(pathPreferences, bad)
		require.Equal(t, http.StatusUnprocessableEntity, status, bad)
		require.Empty(t, got, "nothing that could tell one person from another is taken: %s", bad)
	}
	status, got = send(pathForget, "")
	require.Less(t, status, 300)
	require.Negative(t, got[0].MaxAge)
	require.Equal(t, before, s.roots(), "no tenant knows of it")
}

func TestEveryRequestOfATenantIsInItsAccessLog(t *testing.T) {
	s := newSite(t)
	for range 3 {
		status, _, text := s.answer("GET", "/v1/inventory/stock", "", append(bearer(s.accounts[0].Key), "User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")...)
		require.Equal(t, http.StatusOK, status, text)
	}
	for i, want := range []int{3, 0} {
		ctx, err := s.suite.Tenancy.Enter(t.Context(), s.shops[i].tenant.ID, "test", tenancy.Permissions{tenancy.AllPermissions})
		require.NoError(t, err)
		lines, err := s.suite.Usage.AccessLog(ctx, usage.AccessFilter{}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, lines.Items, want)
		for _, l := range lines.Items {
			require.Equal(t, []string{"/v1/inventory/stock", "Firefox", "Linux", "192.0.2.1"}, []string{l.Page, l.Browser, l.System, l.Address})
		}
	}
}

func TestASuspendedTenantsCredentialIsRefusedEverywhere(t *testing.T) {
	s := newSite(t)
	clerk, err := demoKey(t.Context(), s.suite, s.accounts[0], "clerk", clerkPermissions)
	require.NoError(t, err)
	owner := s.session(0)
	platform, err := s.suite.Tenancy.EnterPlatform(t.Context(), "test", tenancy.Permissions{tenancy.PermSuspendTenant})
	require.NoError(t, err)
	_, err = s.suite.Tenancy.Tenants().Suspend(platform, s.shops[0].tenant.ID, "test")
	require.NoError(t, err)
	for _, o := range s.operations() {
		if o.open {
			continue
		}
		status, code, text := s.answer(o.method, o.path, o.request(s.shops[0]), bearer(clerk)...)
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, status, "%s: %s", o.id, text)
		require.Equal(t, "tenancy.suspended", code, "%s: %s", o.id, text)
		if o.id == "sign-out" || o.id == "cancel-service" {
			continue
		}
		status, _, text = s.answer(o.method, o.path, o.request(s.shops[0]), owner...) // who may still look, and write nothing
		if o.method == http.MethodGet {
			require.Equal(t, http.StatusOK, status, "%s by the owner: %s", o.id, text)
			continue
		}
		require.GreaterOrEqual(t, status, 400, "%s by the owner: %s", o.id, text)
		require.Less(t, status, 500, "%s by the owner: %s", o.id, text)
	}
	status, _, text := s.answer("GET", "/v1/audit/events?act=tenancy.platform", "", owner...)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "tenancy.platform/tenancy.suspend", "the owner sees who did it")
	status, _, text = s.answer("POST", "/v1/tenancy/cancellation", `{"reason":"we leave"}`, owner...)
	require.Equal(t, http.StatusOK, status, "the owner may leave: %s", text)
	require.Contains(t, text, `"state":"cancelled"`)
	status, _, text = s.answer("GET", "/v1/sales/sales", "", owner...)
	require.Equal(t, http.StatusOK, status, "and read on: %s", text)
	status, code, _ := s.answer("GET", "/v1/inventory/stock", "", bearer(s.accounts[1].Key)...)
	require.Equal(t, http.StatusOK, status, "the neighbour works on: %s", code)
}

// clerkPermissions are everything that the routes ask for, without being the owner's.
var clerkPermissions = tenancy.Permissions{"accounting.*", "inventory.*", "purchasing.*", "sales.*", "pos.*", "privacy.*", "access.*", "audit.*", tenancy.PermCancelTenant}

func TestPathsThatDoNotExistNeedACredentialToo(t *testing.T) {
	s := newSite(t)
	status, code, _ := s.answer("GET", "/v2/anything", "")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "access.no_credential", code)
	for _, r := range [][2]string{{"GET", "/v2/anything"}, {"PUT", "/v1/inventory/stock"}} {
		status, code, _ = s.answer(r[0], r[1], "", bearer(s.accounts[0].Key)...)
		require.Equal(t, http.StatusNotFound, status, r)
		require.Equal(t, string(codeRoute), code, r)
	}
}

func TestTheTrailIsReadInPages(t *testing.T) {
	s := newSite(t)
	seen := map[string]bool{}
	path := "/v1/audit/events?act=inventory&limit=2"
	for next := ""; ; {
		status, _, text := s.answer("GET", path+next, "", bearer(s.accounts[0].Key)...)
		require.Equal(t, http.StatusOK, status, text)
		var got listOf[auditEvent]
		require.NoError(t, json.Unmarshal([]byte(text), &got))
		require.LessOrEqual(t, len(got.Items), 2)
		for _, e := range got.Items {
			require.True(t, strings.HasPrefix(e.Act, "inventory"), e.Act)
			require.False(t, seen[e.ID.String()], "seen twice")
			seen[e.ID.String()] = true
		}
		if got.Next == "" {
			break
		}
		next = "&after=" + url.QueryEscape(got.Next)
	}
	require.Greater(t, len(seen), 2)
	for _, bad := range []string{"?limit=0", "?limit=1001", "?after=zzz", "?from=yesterday", "?row_id=7"} {
		status, _, text := s.answer("GET", "/v1/audit/events"+bad, "", bearer(s.accounts[0].Key)...)
		require.Equal(t, http.StatusUnprocessableEntity, status, "%s: %s", bad, text)
	}
}

func TestFormsAreProblemsToo(t *testing.T) {
	s := newSite(t)
	status, code, text := s.answer("POST", "/v1/inventory/products", `{"sku":""}`, bearer(s.accounts[0].Key)...)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, string(codeForm), code)
	require.Contains(t, text, "property name")
	status, code, _ = s.answer("POST", "/v1/accounting/entries", `{"reference":"E-9","date":"`+today()+`","lines":[{"account":"role:bank","debit":"5.00"},{"account":"role:cash","credit":"4.00"}]}`,
		bearer(s.accounts[0].Key)...)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, "accounting.entry_unbalanced", code)
}

// The attack suite's HTTP part, as a host runs it against its own program.
func TestAttacks(t *testing.T) {
	s := newSite(t)
	caller := func(i int, name string) tenancytest.Caller {
		t.Helper()
		status, _, text := s.answer("POST", "/v1/pos/registers", `{"code":"A1","name":"`+name+`"}`, bearer(s.accounts[i].Key)...)
		require.Less(t, status, 300, text)
		return tenancytest.Caller{Tenant: s.shops[i].tenant.ID, Secret: name, Credential: http.Header{"Authorization": {"Bearer " + s.accounts[i].Key}}}
	}
	tenancytest.AttackWeb(t, tenancytest.Web{
		Handler: s.handler, Read: "/v1/pos/registers", Header: tenantHeader, Intruder: caller(0, "The intruder's till"), Victim: caller(1, "The victim's till"), Write: "/v1/pos/registers",
		Body: func(claimed uuid.UUID) string {
			return `{"code":"A2","name":"planted","tenant_id":"` + claimed.String() + `","TenantID":"` + claimed.String() + `"}`
		},
	})
}
