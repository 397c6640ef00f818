package ending

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

var (
	plainReference = regexp.MustCompile(`^[A-Za-z0-9._:/-]{1,200}$`)
	plainActor     = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)
	hexRoot        = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// Duty is a duty to keep records that the law lays upon whoever keeps the books, and that rests on the tenant itself once its data are gone.
type Duty struct {
	// Class is what is to be kept, Jurisdiction whose law it is (ISO 3166-1).
	Class        tenancy.RecordClass
	Jurisdiction string
	// Rule is the law with its article, For how long it asks for, in words.
	Rule string
	For  string
	// Until is the last day for what is there now; zero where that cannot be said.
	Until date.Date
}

// TermsVersion is that of the text of a waiver: it changes with every word.
const TermsVersion = "2026-11-26"

// Terms are what an owner agrees to who wants no archive.
type Terms struct {
	Version string
	// Text says what is given up, and names the duties.
	Text   string
	Duties []Duty
	// Digest is that of the text, to be handed back to [Service.Waive].
	Digest string
}

// newTerms writes the text. It is ours alone and names nobody.
func newTerms(purgeAfter time.Time, duties []Duty) Terms {
	duties = slices.Clone(duties)
	slices.SortFunc(duties, func(a, b Duty) int {
		return cmp.Or(strings.Compare(a.Jurisdiction, b.Jurisdiction), strings.Compare(string(a.Class), string(b.Class)), strings.Compare(a.Rule, b.Rule))
	})
	lines := []string{
		"Waiver of an archive, terms of " + TermsVersion,
		"",
		"I act for the organisation whose tenant this is. All its data are deleted for good after " + purgeAfter.UTC().Format(time.RFC3339) + ", or earlier where the organisation asks for that in writing. Until then they can be taken out as an archive.",
		"I do not want an archive. I know that nobody can restore the data once they are deleted.",
	}
	if len(duties) == 0 {
		lines = append(lines, "The law may ask the organisation to keep records. The platform knows of no such duty by name; whichever there are, from then on they rest on the organisation alone.")
	} else {
		lines = append(lines, "The law asks to keep these records. From then on the duty rests on the organisation alone, which cannot fulfil it from this platform:")
		for _, d := range duties {
			until := "until the end of its term"
			if !d.Until.IsZero() {
				until = "until " + d.Until.String()
			}
			lines = append(lines, fmt.Sprintf("- %s (%s): %s, %s; %s", d.Class, d.Jurisdiction, d.For, until, d.Rule))
		}
	}
	text := strings.Join(append(lines, "", "Coming back before the deletion makes this waiver void."), "\n") + "\n"
	sum := sha256.Sum256([]byte(text))
	return Terms{Version: TermsVersion, Text: text, Duties: duties, Digest: hex.EncodeToString(sum[:])}
}

// Terms gives what an owner agrees to by [Service.Waive]: with the duties to keep records of each of [Options].Jurisdictions.
//
// Permission: tenancy.own, and what Duties and Jurisdictions ask for (in a suite privacy.map). Errors: the unscoped codes, tenancy.forbidden, ending.not_ended, and those of
// Duties and Jurisdictions.
func (s *Service) Terms(ctx context.Context) (Terms, error) {
	at, err := s.standing(ctx, "ending.Terms")
	if err != nil {
		return Terms{}, err
	}
	where := []string{""}
	if s.opt.Jurisdictions != nil {
		stated, err := s.opt.Jurisdictions(ctx)
		if err != nil {
			return Terms{}, err
		}
		if len(stated) > 0 {
			where = slices.Compact(slices.Sorted(slices.Values(stated)))
		}
	}
	var duties []Duty
	for _, w := range where {
		if s.opt.Duties == nil {
			break
		}
		more, err := s.opt.Duties(ctx, w)
		if err != nil {
			return Terms{}, err
		}
		duties = append(duties, more...)
	}
	return newTerms(at.PurgeAfter, duties), nil
}

// Waiver is an owner's word that no archive is wanted.
type Waiver struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	// Terms is the version of the text, Text the text itself, with the duties that it named.
	Terms    string
	Text     string
	WaivedAt time.Time
	WaivedBy string // the opaque id of who did

	// Replayed says that it was waived before, and nothing was done now.
	Replayed bool
}

func (r *waiverRow) waiver() Waiver {
	return Waiver{ID: r.ID, TenantID: r.OfTenant, Terms: r.Terms, Text: r.Text, WaivedAt: r.WaivedAt.UTC(), WaivedBy: r.WaivedBy}
}

// Waive records with the platform that the owner wants no archive, under the terms that digest is of: what was read is what is agreed to. It is of this end of service: if
// that is undone, it is void. An archive can be taken all the same.
//
// Waiving again gives the waiver that stands. Permission: ending.waive and tenancy.own. Errors: the unscoped codes, tenancy.forbidden, ending.not_ended, ending.no_platform,
// ending.terms_changed, and those of [Service.Terms].
func (s *Service) Waive(ctx context.Context, digest string) (Waiver, error) {
	const op = "ending.Waive"
	at, err := s.standing(ctx, op)
	if err != nil {
		return Waiver{}, err
	}
	terms, err := s.Terms(ctx)
	if err != nil {
		return Waiver{}, err
	}
	h, err := s.mustEnter(ctx, op, "waive")
	if err != nil {
		return Waiver{}, err
	}
	who := tenancy.ScopeOf(ctx)
	done, err := s.waived(h, who.TenantID(), at.EndsAt)
	if err != nil || done.Replayed {
		return done, err
	}
	if digest != terms.Digest {
		return Waiver{}, ErrTermsChanged.New(op, "")
	}
	if err := s.onRecord(ctx, PermWaive); err != nil {
		return Waiver{}, err
	}
	row := &waiverRow{Row: tenancy.Row{ID: tenancy.NewID()}, OfTenant: who.TenantID(), EndsAt: at.EndsAt, Terms: terms.Version, Text: terms.Text, Digest: terms.Digest,
		WaivedAt: s.db.Now(), WaivedBy: who.Actor()}
	_, err = tenancy.Act(h.inside, s.db, PermWaive, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		return struct{}{}, tenancy.Insert(ctx, tx, row)
	})
	if errors.Is(err, tenancy.ErrDuplicate) { // somebody has just waived the same
		return s.waived(h, who.TenantID(), at.EndsAt)
	}
	return row.waiver(), err
}

// waived is the waiver of an end of service, Replayed; the zero one when there is none.
func (s *Service) waived(h *house, of uuid.UUID, ends time.Time) (Waiver, error) {
	return tenancy.View(h.inside, s.db, PermWaive, func(ctx context.Context, tx *tenancy.Tx) (Waiver, error) {
		row, err := tenancy.First[waiverRow](ctx, tx, tenancy.Eq("of_tenant", of), tenancy.Eq("ends_at", ends))
		switch {
		case tenancy.IsNotFound(err):
			return Waiver{}, nil
		case err != nil:
			return Waiver{}, err
		}
		out := row.waiver()
		out.Replayed = true
		return out, nil
	})
}

// Waivers lists the waivers of a tenant, the oldest first; those of an end of service that was undone are void. It is an act in the platform's own tenant.
//
// Permission: ending.read. Errors: ending.not_platform.
func (s *Service) Waivers(ctx context.Context, tenant uuid.UUID) ([]Waiver, error) {
	rows, err := list[waiverRow](ctx, s, "ending.Waivers", tenancy.Eq("of_tenant", tenant), tenancy.OrderBy("waived_at", "id"))
	out := make([]Waiver, len(rows))
	for i := range rows {
		out[i] = rows[i].waiver()
	}
	return out, err
}
