package access_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// site is a server with a page behind the middleware, and a login of three lines.
func (w *world) site(opt access.HTTPOptions) http.Handler {
	w.t.Helper()
	web, err := w.auth.HTTP(opt)
	require.NoError(w.t, err)
	mux := http.NewServeMux()
	mux.Handle("/page", web.Require(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = rw.Write([]byte(tenancy.ScopeOf(r.Context()).TenantID().String()))
	})))
	mux.Handle("POST /login", web.Public(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		session, err := w.auth.Login(r.Context(), web.Login(r, r.FormValue("email"), r.FormValue("password"), r.FormValue("code")))
		if err != nil {
			access.WriteProblem(rw, err)
			return
		}
		web.SetSession(rw, session)
	})))
	mux.Handle("POST /logout", web.Require(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := w.auth.Logout(r.Context()); err != nil {
			access.WriteProblem(rw, err)
			return
		}
		web.ClearSession(rw)
	})))
	return mux
}

// answer is what a site gives to a request with these headers.
func answer(t *testing.T, site http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "https://shop.example"+path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	site.ServeHTTP(rec, r)
	return rec
}

func problem(t *testing.T, rec *httptest.ResponseRecorder, status int, code *fault.Definition) {
	t.Helper()
	require.Equal(t, status, rec.Code, rec.Body.String())
	require.Equal(t, "application/problem+json", rec.Header().Get("Content-Type"))
	var p access.Problem
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p))
	require.Equal(t, code.Code, p.Code)
	require.Equal(t, status, p.Status)
}

func TestMiddleware(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		site := w.site(access.HTTPOptions{Tenant: access.TenantHeader("X-Tenant")})
		tenant, owner := w.shop()
		session := w.login(owner)
		cookie := access.CookieName + "=" + session.Token
		key, err := w.auth.CreateKey(w.with(session.Token), access.NewKey{Name: "till", Permissions: tenancy.Permissions{"pos.*"}})
		require.NoError(t, err)
		bearer := "Bearer " + key.Secret

		for _, headers := range [][]string{{"Cookie", cookie}, {"Authorization", bearer}, {"Cookie", cookie, "X-Tenant", tenant.String()}} {
			rec := answer(t, site, "GET", "/page", headers...)
			require.Equal(t, 200, rec.Code, headers)
			require.Equal(t, tenant.String(), rec.Body.String())
			require.Equal(t, "no-store", rec.Header().Get("Cache-Control"))
		}
		problem(t, answer(t, site, "GET", "/page"), 401, access.ErrNoCredential)
		problem(t, answer(t, site, "GET", "/page", "Cookie", access.CookieName+"=nonsense"), 401, access.ErrNoCredential)
		problem(t, answer(t, site, "GET", "/page", "Authorization", "Basic eA=="), 401, access.ErrNoCredential)
		// Each kind of credential has one way in, and a bad header is not made good by a cookie.
		problem(t, answer(t, site, "GET", "/page", "Authorization", "Bearer "+session.Token), 401, access.ErrNoCredential)
		problem(t, answer(t, site, "GET", "/page", "Cookie", access.CookieName+"="+key.Secret), 401, access.ErrNoCredential)
		problem(t, answer(t, site, "GET", "/page", "Cookie", cookie, "Authorization", "Bearer x"), 401, access.ErrNoCredential)
		problem(t, answer(t, site, "GET", "/page", "Cookie", cookie+"; "+cookie), 401, access.ErrNoCredential)
		// A header can only narrow.
		for _, h := range [][]string{{"X-Tenant", uuid.NewString()}, {"X-Tenant", "nonsense"}, {"X-Tenant", uuid.Nil.String()}, {"X-Tenant", tenant.String(), "X-Tenant", uuid.NewString()}} {
			problem(t, answer(t, site, "GET", "/page", append(h, "Cookie", cookie)...), 403, access.ErrWrongTenant)
			problem(t, answer(t, site, "GET", "/page", append(h, "Authorization", bearer)...), 403, access.ErrWrongTenant)
		}
		// Pages of other sites send the cookie in vain; a key is sent by nobody's browser.
		problem(t, answer(t, site, "POST", "/page", "Cookie", cookie, "Sec-Fetch-Site", "cross-site"), 403, access.ErrCrossOrigin)
		problem(t, answer(t, site, "POST", "/page", "Cookie", cookie, "Sec-Fetch-Site", "same-site"), 403, access.ErrCrossOrigin)
		problem(t, answer(t, site, "POST", "/page", "Cookie", cookie, "Origin", "https://evil.example"), 403, access.ErrCrossOrigin)
		problem(t, answer(t, site, "POST", "/login", "Origin", "https://evil.example"), 403, access.ErrCrossOrigin)
		require.Equal(t, 200, answer(t, site, "POST", "/page", "Cookie", cookie, "Sec-Fetch-Site", "same-origin").Code)
		require.Equal(t, 200, answer(t, site, "POST", "/page", "Authorization", bearer, "Sec-Fetch-Site", "cross-site").Code)

		trusting := w.site(access.HTTPOptions{TrustedOrigins: []string{"https://app.example"}})
		require.Equal(t, 200, answer(t, trusting, "POST", "/page", "Cookie", cookie, "Origin", "https://app.example", "Sec-Fetch-Site", "cross-site").Code)
		_, err = w.auth.HTTP(access.HTTPOptions{TrustedOrigins: []string{"nonsense"}})
		require.ErrorIs(t, err, access.ErrBadInput)
	})
}

func TestCookie(t *testing.T) {
	each(t, access.Options{}, func(t *testing.T, w *world) {
		_, owner := w.shop()
		for name, opt := range map[string]access.HTTPOptions{"Lax": {}, "Strict": {Strict: true}} {
			site := w.site(opt)
			rec := answer(t, site, "POST", "/login?email="+owner.email+"&password=a+long+and+winding+road")
			require.Equal(t, 200, rec.Code)
			cookies := rec.Header().Values("Set-Cookie")
			require.Len(t, cookies, 1, "no other cookies")
			require.Regexp(t, `^__Host-erp-session=erp_st_[A-Za-z0-9_-]{43}; Path=/; HttpOnly; Secure; SameSite=`+name+`$`, cookies[0])
			cookie := rec.Result().Cookies()[0]
			require.Equal(t, 200, answer(t, site, "GET", "/page", "Cookie", cookie.Name+"="+cookie.Value).Code)
			out := answer(t, site, "POST", "/logout", "Cookie", cookie.Name+"="+cookie.Value)
			require.Equal(t, 200, out.Code)
			require.Equal(t, `__Host-erp-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=`+name, out.Header().Get("Set-Cookie"))
			problem(t, answer(t, site, "GET", "/page", "Cookie", cookie.Name+"="+cookie.Value), 401, access.ErrNoCredential)
		}
		problem(t, answer(t, w.site(access.HTTPOptions{}), "POST", "/login?email="+owner.email+"&password=wrong"), 401, access.ErrBadCredentials)
	})
}
