package ending

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
)

// about says of each of this package's tables what a row is and why it outlasts the tenant that it is about.
var about = map[string][2]string{
	"erp.ending_notices":        {"What the owner was told of the end, and when.", "that the owner was told in time is part of the account of the deletion"},
	"erp.ending_deliveries":     {"An archive that was handed over: when, to whom, how large.", "that the data could be taken out is part of the account of their deletion"},
	"erp.ending_waivers":        {"The owner's waiver of an archive.", "that the data could be taken out is part of the account of their deletion"},
	"erp.deletions":             {"That the tenant was deleted: tables with numbers of rows, and where and when.", "the platform answers for the deletion (GDPR Art. 5(2))"},
	"erp.deletion_certificates": {"This certificate, and its completion.", "the platform answers for the deletion (GDPR Art. 5(2))"},
}

// kept is what the platform keeps of its own about a tenant that is gone: tables of the control database that have rows about it, this package's, and what the host says
// besides; each with its law.
func (s *Service) kept(ctx context.Context, h *house, of uuid.UUID, ended, gone time.Time) ([]certificate.Kept, error) {
	tables, err := s.db.Tenants().Outlasting(h.platform, of)
	if err != nil {
		return nil, err
	}
	var out []certificate.Kept
	classes := map[string]tenancy.RecordClass{}
	for _, t := range tables {
		out = append(out, certificate.Kept{Name: t.Table, About: t.About, Why: t.Outlasts, Rows: t.Rows, Purpose: string(t.Purpose), Basis: string(t.Basis)})
		classes[t.Table] = t.Class
	}
	own, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) (map[string]int64, error) {
		rows := map[string]int64{"erp.deletion_certificates": 1, "erp.ending_notices": 1} // those that are issued with this
		for _, m := range models {
			if m.Column("of_tenant") == nil {
				continue
			}
			n, err := m.Verbs().Count(ctx, tx, tenancy.Eq("of_tenant", of))
			if err != nil {
				return nil, err
			}
			rows[m.Table] += n
		}
		return rows, nil
	})
	if err != nil {
		return nil, err
	}
	for _, m := range models {
		if n := own[m.Table]; n > 0 {
			out = append(out, certificate.Kept{Name: m.Table, About: about[m.Table][0], Why: about[m.Table][1], Rows: n, Purpose: string(m.Purpose), Basis: string(m.Basis)})
			classes[m.Table] = m.Class
		}
	}
	out = append(out, s.opt.Keeps...)
	slices.SortStableFunc(out, func(a, b certificate.Kept) int { return strings.Compare(a.Name, b.Name) })
	return out, s.ruled(ctx, h, out, classes, ended, gone)
}

// ruled adds the law of each that does not state its own.
func (s *Service) ruled(ctx context.Context, h *house, kept []certificate.Kept, classes map[string]tenancy.RecordClass, ended, gone time.Time) error {
	if s.opt.Rule == nil {
		return nil
	}
	of := Keeping{EndedAt: ended, GoneAt: gone}
	if s.opt.Jurisdictions != nil {
		stated, err := s.opt.Jurisdictions(h.inside)
		if err != nil {
			return err
		}
		of.Jurisdictions = stated
	}
	for i := range kept {
		if kept[i].Law != "" {
			continue
		}
		of.Name, of.Class = kept[i].Name, classes[kept[i].Name]
		law, until, err := s.opt.Rule(tenancy.Scope{}.Attach(ctx), of)
		if err != nil {
			return err
		}
		if kept[i].Law = law; !until.IsZero() {
			kept[i].Until = until.String()
		}
	}
	return nil
}
