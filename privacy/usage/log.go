package usage

import (
	"context"
	"net/netip"
	"regexp"
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/agent"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Access is a line of the access log: who came, when, from where, with what, and to which page. There are no other fields.
type Access struct {
	tenancy.Row
	OccurredAt time.Time `bun:"occurred_at"`
	// Actor is the opaque id of who came, as audit events have it.
	Actor string `bun:"actor" privacy:"none"`
	// Page is the path, or the pattern that it met, without a query.
	Page string `bun:"page" privacy:"behaviour,delete"`
	// Address is the address of the device, Browser and System the families of its software, Screen its width and height, "1920x1080".
	// "" where it is not known.
	Address string `bun:"address" privacy:"behaviour,delete"`
	Browser string `bun:"browser" privacy:"behaviour,delete"`
	System  string `bun:"system" privacy:"behaviour,delete"`
	Screen  string `bun:"screen" privacy:"behaviour,delete"`
}

// Hit is the input of [Service.Log].
type Hit struct {
	// Page is a path: at most 200 characters, beginning with "/" and without "?" and "#".
	Page string
	// Address is where the request comes from.
	Address netip.Addr
	// UserAgent is the browser's own word for itself, of which the families alone are kept.
	UserAgent string
	// Screen is "1920x1080", or "".
	Screen string
	// Features are what was used, by names of [Options].Features. They are counted, and are not part of the line.
	Features []string
}

var (
	pagePath   = regexp.MustCompile(`^/[^?#\x00-\x20]{0,199}$`)
	screenSize = regexp.MustCompile(`^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$`)
)

// Log writes a line into the access log of the scope's tenant, under the scope's actor, and counts what was used; in one trip. What the
// line does not say is nowhere: a feature's count is of the tenant and the day.
//
// Who objected to being counted, or is restricted, is not ([Options].Declines). Their line is written all the same: the log is there to find out who came in without leave ([tenancy.EnsureSecurity]), which serves the rights of all whose data lie there and
// overrides an objection (GDPR Art. 21(1), 18(2), 32; recital 49).
//
// It needs a scope, and no permission. Errors: usage.bad_input, usage.feature, those of Declines, tenancy.closed (nothing is written for a tenant that is
// suspended or cancelled: that its owner came in stands in its trail).
func (s *Service) Log(ctx context.Context, hit Hit) error {
	const op = "usage.Log"
	return s.db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		if !pagePath.MatchString(hit.Page) || hit.Screen != "" && !screenSize.MatchString(hit.Screen) {
			return ErrBadInput.New(op, "a page is a path of at most 200 characters without a query, a screen is its width and height")
		}
		browser, system := agent.Families(hit.UserAgent)
		line := &Access{OccurredAt: tx.Now(), Actor: tenancy.ScopeOf(ctx).Actor(), Page: hit.Page, Browser: browser, System: system, Screen: hit.Screen}
		if hit.Address.IsValid() {
			line.Address = hit.Address.Unmap().WithZone("").String()
		}
		counts, err := s.counts(op, hit.Features, date.In(tx.Now(), time.UTC))
		if err != nil {
			return err
		}
		if len(counts) > 0 && s.opt.Declines != nil {
			declines, err := s.opt.Declines(ctx, tx, line.Actor)
			if err != nil {
				return err
			}
			if declines {
				counts = nil
			}
		}
		b := tx.Batch()
		tenancy.Put(b, []*Access{line})
		if len(counts) > 0 {
			tenancy.Accrue(b, counts, "uses")
		}
		return b.Run(ctx)
	})
}

// AccessFilter says which lines [Service.AccessLog] gives. The zero value of each means all.
type AccessFilter struct {
	Actor string
	// From and To are instants: from the first on, and before the other.
	From, To time.Time
}

// AccessLog lists the lines of the tenant's access log, the newest first unless page.Sort says otherwise ("id" for the oldest). That
// somebody looked is on record.
//
// Permission: usage.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) AccessLog(ctx context.Context, f AccessFilter, page tenancy.PageRequest) (tenancy.PageOf[Access], error) {
	if page.Sort == "" {
		page.Sort = "-id"
	}
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Access], error) {
		var by []tenancy.Option
		if f.Actor != "" {
			by = append(by, tenancy.Eq("actor", f.Actor))
		}
		if !f.From.IsZero() {
			by = append(by, tenancy.Ge("occurred_at", f.From.UTC()))
		}
		if !f.To.IsZero() {
			by = append(by, tenancy.Lt("occurred_at", f.To.UTC()))
		}
		return tenancy.Page[Access](ctx, tx, page, by...)
	})
}
