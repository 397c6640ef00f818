package audit

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
	"github.com/opsmatiq/erp/tenancy/internal/trail"
)

// rootKind is what the anchor knows our roots by.
const rootKind = "audit"

// kept is the last root that the anchor is known to have.
type kept struct {
	seq int64
	at  time.Time
}

// hand hands the last signed root to the anchor, when it is time to and the root goes on from what the anchor has. What fails
// is told and tried again by the next pass.
func (s *Service) hand(ctx context.Context, p *sealing) error {
	last := p.signed
	if len(p.roots) > 0 {
		last = *p.roots[0]
	}
	if s.opt.Anchor == nil || last.Seq == 0 || p.broken {
		return nil
	}
	tenant := tenancy.ScopeOf(ctx).TenantID()
	s.mu.Lock()
	known, ok := s.anchored[tenant]
	s.mu.Unlock()
	if ok && (known.seq == last.Seq || p.now.Sub(known.at) < s.opt.AnchorEvery) {
		return nil
	}
	roots, err := s.opt.Anchor.Kept(ctx, tenant, rootKind, 1)
	if err != nil {
		s.alarm(ctx, ErrAnchor.Wrap("audit.Seal", err, ""), Alarm{Seq: last.Seq, At: p.now})
		return nil
	}
	if len(roots) > 0 {
		said, err := s.opt.Anchor.Kept(ctx, tenant, restartKind, keptAtMost)
		if err != nil {
			s.alarm(ctx, ErrAnchor.Wrap("audit.Seal", err, ""), Alarm{Seq: last.Seq, At: p.now})
			return nil
		}
		if restarted(said).void(roots[0]) {
			roots = nil
		}
	}
	if len(roots) > 0 {
		known = kept{roots[0].Seq, roots[0].At}
		stands, err := s.stands(ctx, roots[0])
		if err != nil {
			return err
		}
		if !stands {
			s.alarm(ctx, ErrBroken.New("audit.Seal", ""), Alarm{Seq: known.seq, At: p.now})
			return nil
		}
	}
	if len(roots) == 0 || known.seq < last.Seq && p.now.Sub(known.at) >= s.opt.AnchorEvery {
		err := s.opt.Anchor.Keep(ctx, tenancy.Root{TenantID: tenant, Kind: rootKind, Seq: last.Seq, Digest: last.Digest, At: last.SignedAt})
		if err != nil {
			s.alarm(ctx, ErrAnchor.Wrap("audit.Seal", err, ""), Alarm{Seq: last.Seq, At: p.now})
			return nil
		}
		known = kept{last.Seq, last.SignedAt}
	}
	s.mu.Lock()
	s.anchored[tenant] = known
	s.mu.Unlock()
	return nil
}

// stands reports whether the chain has what the anchor kept of it.
func (s *Service) stands(ctx context.Context, r tenancy.Root) (stands bool, err error) {
	err = trail.Sealing(ctx, s.db, true, func(ctx context.Context, tx any) error {
		stands, err = tenancy.Exists[seal](ctx, tx.(*tenancy.Tx), tenancy.Eq("seq", r.Seq), tenancy.Eq("digest", r.Digest)) //nolint:errcheck // that is what it is
		return err
	})
	return stands, err
}

// imported reports whether the platform made the tenant out of an archive. The tenant's own database cannot say so: whoever
// can put another tenant's trail there could say that as well.
func (s *Service) imported(ctx context.Context) (bool, error) {
	c := control.Of(s.db)
	var archive sql.NullString
	err := c.DB.NewRaw("SELECT archive FROM ? WHERE id = ?", bun.Safe(c.Table("erp_control.tenants")), tenancy.ScopeOf(ctx).TenantID()).Scan(ctx, &archive)
	if err != nil {
		return false, c.Fault("audit.imported", err)
	}
	return archive.String != "", nil
}
