package access

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"
)

// CookieName is the one cookie that this package sets: strictly necessary, so nobody needs to be asked for it. The prefix
// makes browsers refuse it unless it is Secure, of this host alone and for the whole site.
const CookieName = "__Host-erp-session"

// HTTPOptions configures [Service.HTTP].
type HTTPOptions struct {
	// Tenant is the tenant that a request names by its host name, its path or a header; zero when it names none. It only narrows
	// what the credential is for. An error refuses the request as another tenant's would be. Default: requests name none.
	Tenant func(r *http.Request) (uuid.UUID, error)
	// Address is where a request comes from. Default: its RemoteAddr. Behind a proxy, take what the proxy says and nobody else can.
	Address func(r *http.Request) netip.Addr
	// TrustedOrigins are other sites whose pages may send requests with our cookie, such as "https://app.example.com".
	TrustedOrigins []string
	// Strict sends the cookie with SameSite=Strict instead of Lax: links from other sites then arrive without it.
	Strict bool
}

// HTTP does for net/http what [Service] does: a cookie or an API key in, a scope in the request's context out.
type HTTP struct {
	auth    *Service
	opt     HTTPOptions
	origins *http.CrossOriginProtection
}

// HTTP makes the middleware. Errors: access.bad_input (an origin that is none).
func (s *Service) HTTP(opt HTTPOptions) (*HTTP, error) {
	h := &HTTP{auth: s, opt: opt, origins: http.NewCrossOriginProtection()}
	for _, o := range opt.TrustedOrigins {
		if err := h.origins.AddTrustedOrigin(o); err != nil {
			return nil, ErrBadInput.Wrap("access.HTTP", err, "%q is no origin", o)
		}
	}
	if h.opt.Address == nil {
		h.opt.Address = remoteAddr
	}
	return h, nil
}

// Require lets requests with a valid credential through to next, in the scope of the credential ([Service.Authenticate]), and
// answers the others itself: 401 without a credential or with one that has ended, 403 for another tenant, another site or a
// second factor that is missing.
func (h *HTTP) Require(next http.Handler) http.Handler {
	return h.guard(next, func(r *http.Request, secret string) (*http.Request, error) {
		c := Credential{Secret: secret}
		if h.opt.Tenant != nil {
			var err error
			if c.Tenant, err = h.opt.Tenant(r); err != nil {
				return nil, ErrWrongTenant.Wrap("access.HTTP", err, "")
			}
		}
		ctx, err := h.auth.Authenticate(r.Context(), c)
		if err != nil {
			return nil, err
		}
		return r.WithContext(ctx), nil
	})
}

// Identify is Require for pages where people see to their own account before they may enter ([Service.Identify]): choosing
// a tenant, setting up a second factor. Sessions only.
func (h *HTTP) Identify(next http.Handler) http.Handler {
	return h.guard(next, func(r *http.Request, secret string) (*http.Request, error) {
		ctx, err := h.auth.Identify(r.Context(), secret)
		if err != nil {
			return nil, err
		}
		return r.WithContext(ctx), nil
	})
}

// Public lets everybody through but pages of other sites: for logging in, accepting invitations and resetting passwords.
func (h *HTTP) Public(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.origins.Check(r); err != nil {
			WriteProblem(w, ErrCrossOrigin.Wrap("access.HTTP", err, ""))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (h *HTTP) guard(next http.Handler, enter func(r *http.Request, secret string) (*http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret, err := h.secret(r)
		if err == nil {
			r, err = enter(r, secret)
		}
		if err != nil {
			WriteProblem(w, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store") // what is behind a login is in no cache
		next.ServeHTTP(w, r)
	})
}

// secret is the request's one credential: an API key in the Authorization header, or else a session in the cookie, which
// browsers send by themselves and which therefore counts only for requests of our own pages.
func (h *HTTP) secret(r *http.Request) (string, error) {
	const op = "access.HTTP"
	if headers := r.Header.Values("Authorization"); len(headers) > 0 {
		scheme, secret, _ := strings.Cut(headers[0], " ")
		secret = strings.TrimSpace(secret)
		if len(headers) > 1 || !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, keyPrefix) {
			return "", ErrNoCredential.New(op, "the Authorization header holds one API key: Bearer %s...", keyPrefix)
		}
		return secret, nil
	}
	cookies := r.CookiesNamed(CookieName)
	if len(cookies) != 1 || !strings.HasPrefix(cookies[0].Value, sessionPrefix) {
		return "", ErrNoCredential.New(op, "")
	}
	if err := h.origins.Check(r); err != nil {
		return "", ErrCrossOrigin.Wrap(op, err, "")
	}
	return cookies[0].Value, nil
}

// Login is what of a [Login] the request itself says: address and device.
func (h *HTTP) Login(r *http.Request, email, password, code string) Login {
	return Login{Email: email, Password: password, Code: code, Address: h.opt.Address(r), Device: DeviceOf(r.UserAgent())}
}

// Address is where a request comes from.
func (h *HTTP) Address(r *http.Request) netip.Addr { return h.opt.Address(r) }

// SetSession hands a session to the browser: HttpOnly, Secure, SameSite, of this host alone, and gone with the session or
// the browser.
func (h *HTTP) SetSession(w http.ResponseWriter, s Session) { http.SetCookie(w, h.cookie(s.Token, 0)) }

// ClearSession takes the session back from the browser. It ends nothing: [Service.Logout] does.
func (h *HTTP) ClearSession(w http.ResponseWriter) { http.SetCookie(w, h.cookie("", -1)) }

func (h *HTTP) cookie(value string, age int) *http.Cookie {
	site := http.SameSiteLaxMode
	if h.opt.Strict {
		site = http.SameSiteStrictMode
	}
	return &http.Cookie{Name: CookieName, Value: value, Path: "/", Secure: true, HttpOnly: true, SameSite: site, MaxAge: age} //nolint:gosec // Lax or Strict
}

// TenantHeader reads a tenant's id from a header, for [HTTPOptions].Tenant.
func TenantHeader(name string) func(r *http.Request) (uuid.UUID, error) {
	return func(r *http.Request) (uuid.UUID, error) {
		values := r.Header.Values(name)
		switch len(values) {
		case 0:
			return uuid.Nil, nil
		case 1:
			id, err := uuid.Parse(values[0])
			if err == nil && id == uuid.Nil {
				err = errNoTenant
			}
			return id, err
		}
		return uuid.Nil, errNoTenant
	}
}

var errNoTenant = errors.New("the header names no tenant")

func remoteAddr(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr()
}
