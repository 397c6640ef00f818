package tenancytest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Web is a program's HTTP side with two tenants behind it.
type Web struct {
	// Handler is all of it, middleware included.
	Handler http.Handler
	// Read is a path that answers GET with records of the caller's tenant.
	Read string
	// Write is a path that takes POST, and Body a body for it that claims to be of a tenant. Default: none, and no body is
	// spoofed.
	Write string
	// Body goes with Write.
	Body func(claimed uuid.UUID) string
	// Header is the header by which a request may name its tenant. "": the program knows none.
	Header string
	// Intruder and Victim are the two tenants.
	Intruder, Victim Caller
}

// Caller is one tenant of a [Web].
type Caller struct {
	Tenant uuid.UUID
	// Credential are the headers that let it in.
	Credential http.Header
	// Host is the host name that is its own. "": it has none.
	Host string
	// Secret stands in what it reads, and in nobody else's.
	Secret string
}

// send makes a request of a caller's, changed, and gives status and body.
func (web Web) send(tb testing.TB, by Caller, method, path, body string, change ...func(r *http.Request)) (int, string) {
	tb.Helper()
	r := httptest.NewRequestWithContext(tb.Context(), method, "https://app.example"+path, strings.NewReader(body))
	for name, values := range by.Credential {
		r.Header[name] = values
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if by.Host != "" {
		r.Host = by.Host
	}
	for _, c := range change {
		c(r)
	}
	rec := httptest.NewRecorder()
	web.Handler.ServeHTTP(rec, r)
	text, err := io.ReadAll(rec.Body)
	require.NoError(tb, err)
	return rec.Code, string(text)
}

// victimSees is what the victim reads.
func (web Web) victimSees(tb testing.TB) string {
	tb.Helper()
	status, text := web.send(tb, web.Victim, http.MethodGet, web.Read, "")
	require.Equal(tb, http.StatusOK, status, text)
	return text
}

// spoofed are ways in which a request says that it is the victim's.
func (web Web) spoofed() []func(r *http.Request) {
	victim := web.Victim.Tenant.String()
	var out []func(r *http.Request)
	for _, name := range []string{"X-Tenant", "X-Tenant-ID", "X-Tenant-Id", "Tenant", "X-Org-ID", "X-Organization-Id", "X-Account-Id", "X-Company", "X-Scope-OrgID"} {
		out = append(out, func(r *http.Request) { r.Header[name] = []string{victim} })
	}
	for _, name := range []string{"X-Forwarded-Host", "X-Original-Host", "X-Host", "Forwarded"} {
		out = append(out, func(r *http.Request) {
			r.Header.Set(name, map[bool]string{true: "host=" + web.Victim.Host, false: web.Victim.Host}[name == "Forwarded"])
		})
	}
	return append(out,
		func(r *http.Request) { r.URL.RawQuery = "tenant=" + victim + "&tenant_id=" + victim + "&org=" + victim },
		func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "tenant", Value: victim}) },    //nolint:gosec // a request's
		func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "tenant_id", Value: victim}) }, //nolint:gosec // a request's
		func(r *http.Request) {
			r.Header["X-Tenant-ID"] = []string{web.Intruder.Tenant.String(), victim} // whoever looks at the last one
		},
	)
}

// spoofHeaders reads as the intruder with everything in the request but the credential saying that it is the victim; and once with no
// credential at all. What came back is seen.
func (web Web) spoofHeaders(tb testing.TB) any {
	tb.Helper()
	status, text := web.send(tb, web.Intruder, http.MethodGet, web.Read, "")
	require.Equal(tb, http.StatusOK, status, text)
	require.Contains(tb, text, web.Intruder.Secret, "the intruder does not even see its own records: this was no attack")
	seen := []any{text}
	for _, spoof := range web.spoofed() {
		_, text := web.send(tb, web.Intruder, http.MethodGet, web.Read, "", spoof)
		_, bare := web.send(tb, Caller{Host: web.Intruder.Host}, http.MethodGet, web.Read, "", spoof)
		seen = append(seen, text, bare)
	}
	if web.Header != "" {
		status, text := web.send(tb, web.Intruder, http.MethodGet, web.Read, "", func(r *http.Request) { r.Header.Set(web.Header, web.Victim.Tenant.String()) })
		seen = append(seen, web.refused(status, text))
	}
	return seen
}

// spoofBody writes as the intruder, and the body says that it is the victim.
func (web Web) spoofBody(tb testing.TB) any {
	tb.Helper()
	if web.Write == "" {
		return nil
	}
	_, text := web.send(tb, web.Intruder, http.MethodPost, web.Write, web.Body(web.Victim.Tenant))
	return text
}

// onAnothersHost sends the intruder's credential to where only the victim's belongs: it is refused there, as it is where the
// header of the program says so.
func (web Web) onAnothersHost(tb testing.TB) any {
	tb.Helper()
	var named []func(r *http.Request)
	if web.Victim.Host != "" {
		named = append(named, func(r *http.Request) { r.Host = web.Victim.Host })
	}
	if web.Header != "" {
		named = append(named, func(r *http.Request) { r.Header.Set(web.Header, web.Victim.Tenant.String()) })
	}
	require.NotEmpty(tb, named, "a request cannot name its tenant, so there is nothing to try")
	var seen []any
	for _, name := range named {
		status, text := web.send(tb, web.Intruder, http.MethodGet, web.Read, "", name)
		seen = append(seen, web.refused(status, text))
	}
	return seen
}

// refused is the answer to a request that names another tenant than its credential's: any answer but a refusal is as bad as the
// victim's secret.
func (web Web) refused(status int, text string) string {
	if status >= 400 && status < 500 {
		return text
	}
	return web.Victim.Secret
}

// web is a program as they are written: whose request it is, the request says; the credential says only that somebody logged in.
func (n *Naive) web() Web {
	hosts := map[string]string{"intruder.example": n.intruder.tenant, "victim.example": n.victim.tenant}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := r.Header.Get("Authorization"); token != "Bearer "+n.intruder.tenant && token != "Bearer "+n.victim.tenant {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		tenant := hosts[r.Host]
		if named := r.Header.Get("X-Tenant-ID"); named != "" {
			tenant = named
		}
		if r.Method == http.MethodPost {
			var body struct{ TenantID, Name string }
			_ = json.NewDecoder(r.Body).Decode(&body)
			_ = n.try("INSERT INTO naive_owners VALUES (?, ?, ?)", uuid.NewString(), body.TenantID, body.Name)
			return
		}
		_ = json.NewEncoder(w).Encode(n.boxes(n.as(tenant))) //nolint:errchkjson // whatever comes of it is what the intruder sees
	})
	caller := func(r naiveRows, host string) Caller {
		return Caller{Tenant: uuid.MustParse(r.tenant), Credential: http.Header{"Authorization": {"Bearer " + r.tenant}}, Host: host, Secret: r.title}
	}
	return Web{Handler: handler, Read: "/", Write: "/", Header: "X-Tenant-ID", Intruder: caller(n.intruder, "intruder.example"), Victim: caller(n.victim, "victim.example"),
		Body: func(claimed uuid.UUID) string { return `{"TenantID":"` + claimed.String() + `","Name":"planted"}` }}
}
