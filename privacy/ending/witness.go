package ending

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
)

// gateTable is what keeps a tenant closed until the last row is gone; it is no record of the tenant's.
const gateTable = "erp.tenant_gates"

// BeforePurge implements [tenancy.PurgeWitness]: what there is, and what became of the right to take it out, is written down with the platform before the first row
// goes, once. Whoever comes here later, after a process has died or beside another, finds it.
func (s *Service) BeforePurge(ctx context.Context, l *tenancy.Leaving) error {
	h, err := s.enter(ctx, "purge")
	if err != nil {
		return err
	}
	if h == nil {
		s.opt.Logger.WarnContext(ctx, "erp: a tenant is purged without a certificate: the platform has no tenant of its own", "tenant", l.Tenant.ID)
		return nil
	}
	begun, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		return tenancy.Exists[deletionRow](ctx, tx, tenancy.Eq("of_tenant", l.Tenant.ID))
	})
	if err != nil || begun {
		return err
	}
	facts, err := s.facts(ctx, h, l)
	if err != nil {
		return err
	}
	text, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	row := &deletionRow{Row: tenancy.Row{ID: tenancy.NewID()}, OfTenant: l.Tenant.ID, EndsAt: l.Tenant.EndsAt, BegunAt: l.Tenant.ChangedAt, Facts: string(text)}
	_, err = tenancy.Act(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		return struct{}{}, tenancy.Insert(ctx, tx, row)
	})
	if passing(err) { // another purger has written down what it saw before anything went
		return nil
	}
	return err
}

// facts are the certificate as far as it is known before the first row goes.
func (s *Service) facts(ctx context.Context, h *house, l *tenancy.Leaving) (certificate.Deletion, error) {
	t := l.Tenant
	d := certificate.Deletion{Version: certificate.Version, Kind: certificate.KindDeletion,
		Tenant: certificate.Tenant{ID: t.ID, CreatedAt: t.CreatedAt, EndedAt: t.EndsAt, KeptUntil: t.PurgeAfter, Early: t.ChangedAt.Before(t.PurgeAfter)},
		Erased: certificate.Erased{BeganAt: t.ChangedAt, By: l.By, Engine: l.Engine, Placement: t.Placement, Region: t.Region}, Holds: []certificate.Hold{}}
	d.Erased.Schema, d.Erased.HostSchema = s.db.Registry().Version()
	out, delivered, err := s.takenOut(h, t.ID, t.EndsAt)
	if err != nil {
		return d, err
	}
	d.TakenOut = out
	if d.Notices, err = s.notices(h, t.ID, t.EndsAt); err != nil {
		return d, err
	}
	holds, err := s.db.Tenants().Holds(h.platform, t.ID)
	if err != nil {
		return d, err
	}
	for _, hold := range holds {
		if s.opt.Quiet == nil || !s.opt.Quiet(hold) {
			d.Holds = append(d.Holds, certificate.Hold{PlacedAt: hold.PlacedAt, ReleasedAt: hold.ReleasedAt})
		}
	}
	root, err := s.inventory(ctx, l, &d.Erased)
	if err != nil {
		return d, err
	}
	if root != "" {
		d.TakenOut.Whole = root == delivered
		d.Erased.Root = salted(root)
	}
	return d, nil
}

// inventory counts the rows of every table, and gives the root of the archive that could be made of them. Where a sealed column does not open any more there is no such
// archive; the data go all the same, and the certificate says why it has no root.
func (s *Service) inventory(ctx context.Context, l *tenancy.Leaving, out *certificate.Erased) (root string, err error) {
	counts := map[string]int64{}
	err = l.Read(ctx, func(ctx context.Context, rows tenancy.LeavingRows) error {
		m, err := privacy.DigestOf(ctx, s.db.Registry(), rows.Stream)
		if err != nil {
			return err
		}
		root = m.Root
		for _, f := range m.Files {
			counts[f.Table] = f.Rows
		}
		return s.count(ctx, rows, counts)
	})
	for _, known := range []error{tenancy.ErrKey, tenancy.ErrKeyDestroyed, tenancy.ErrUnordered} {
		if errors.Is(err, known) {
			root, out.NoRoot = "", "what was sealed did not open any more: "+codeOf(err)
			clear(counts)
			err = l.Read(ctx, func(ctx context.Context, rows tenancy.LeavingRows) error { return s.count(ctx, rows, counts) })
			break
		}
	}
	if err != nil {
		return "", err
	}
	out.Tables, out.Rows = make([]certificate.Table, 0, len(counts)), 0
	for table, n := range counts {
		out.Tables, out.Rows = append(out.Tables, certificate.Table{Name: table, Rows: n}), out.Rows+n
	}
	slices.SortFunc(out.Tables, func(a, b certificate.Table) int { return strings.Compare(a.Name, b.Name) })
	return root, nil
}

// count counts what was not counted yet.
func (s *Service) count(ctx context.Context, rows tenancy.LeavingRows, counts map[string]int64) error {
	for _, m := range s.db.Registry().Models {
		if _, done := counts[m.Table]; done || m.Table == gateTable {
			continue
		}
		n, err := rows.Count(ctx, m)
		if err != nil {
			return err
		}
		counts[m.Table] = n
	}
	return nil
}

// salted is a hash over a root and a salt that nobody knows: it is made here, written nowhere, and gone when this returns.
func salted(root string) string {
	var salt [32]byte
	_, _ = rand.Read(salt[:]) // never fails: the program would have ended
	sum := sha256.Sum256(append(salt[:], root...))
	clear(salt[:])
	return hex.EncodeToString(sum[:])
}
