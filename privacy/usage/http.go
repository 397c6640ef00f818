package usage

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Watching configures [Service.Watch].
type Watching struct {
	// Address is where a request comes from, such as access.HTTP's. Default: the peer of the connection.
	Address func(r *http.Request) netip.Addr
	// Screen is the header in which a page says how large the screen is, "1920x1080". Default: none.
	Screen string
	// Features says what a request used, by names of [Options].Features. Default: nothing.
	Features func(r *http.Request) []string
	// Logger is told, by code, of lines that could not be written. Default: [slog.Default].
	Logger *slog.Logger
}

// Watch leaves a line in the access log for every request that next has served with a scope in its context: put it inside what enters the
// tenant, such as access.HTTP. The page is the pattern that the request met (Go's ServeMux sets it), else its path. A line that cannot be
// written is logged and does not fail the request, which has been answered by then; requests of a closed tenant leave none.
func (s *Service) Watch(next http.Handler, opt Watching) http.Handler {
	if opt.Address == nil {
		opt.Address = func(r *http.Request) netip.Addr {
			at, err := netip.ParseAddrPort(r.RemoteAddr)
			if err != nil {
				return netip.Addr{}
			}
			return at.Addr()
		}
	}
	if opt.Logger == nil {
		opt.Logger = slog.Default()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		hit := Hit{Page: pageOf(r), Address: opt.Address(r), UserAgent: r.UserAgent()}
		if size := r.Header.Get(opt.Screen); opt.Screen != "" && screenSize.MatchString(size) {
			hit.Screen = size
		}
		if opt.Features != nil {
			hit.Features = opt.Features(r)
		}
		// Whoever has gone away has still been there.
		err := s.Log(context.WithoutCancel(r.Context()), hit)
		if err != nil && !errors.Is(err, tenancy.ErrClosed) {
			opt.Logger.ErrorContext(r.Context(), "usage: a line of the access log could not be written", "code", string(fault.CodeOf(err)))
		}
	})
}

// pageOf is the pattern that a request met, without method and host, or its path as far as a line takes it.
func pageOf(r *http.Request) string {
	page := r.Pattern
	if i := strings.IndexByte(page, '/'); i >= 0 {
		page = page[i:]
	}
	if pagePath.MatchString(page) {
		return page
	}
	if page = r.URL.EscapedPath(); len(page) > 200 {
		page = page[:200]
	}
	if pagePath.MatchString(page) {
		return page
	}
	return "/"
}
