package accounting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateParties adds parties in the order given, or none. A reference that exists with the same input gives the party that
// is there.
//
// Permission: accounting.parties. Errors: accounting.bad_input, accounting.too_many, accounting.reference_taken;
// tenancy.duplicate when another transaction has just used a reference (a retry finds it).
func (s *Service) CreateParties(ctx context.Context, in []NewParty) ([]Party, error) {
	return tenancy.Act(ctx, s.db, PermParties, func(ctx context.Context, tx *tenancy.Tx) ([]Party, error) {
		const op = "accounting.CreateParties"
		if err := checkBatch(op, "parties", len(in)); err != nil {
			return nil, err
		}
		var references []string
		for i := range in {
			if err := checkInput(op, fmt.Sprintf("party %d: ", i+1), &in[i]); err != nil {
				return nil, err
			}
			if in[i].Reference != "" {
				references = append(references, in[i].Reference)
			}
		}
		known, err := partiesByReference(ctx, tx, references)
		if err != nil {
			return nil, err
		}
		out := make([]Party, len(in))
		fresh := make([]*Party, 0, len(in))
		var hash fingerprint
		for i := range in {
			p := newParty(&in[i], &hash, tx)
			if in[i].Reference != "" {
				if there, ok := known[in[i].Reference]; ok {
					// An emptied fingerprint is an erased party: there is nothing left to compare with.
					if there.Fingerprint != "" && there.Fingerprint != p.Fingerprint {
						return nil, ErrReferenceTaken.New(op, "party %d: the reference %q belongs to another party", i+1, in[i].Reference)
					}
					out[i] = there
					continue
				}
				known[in[i].Reference] = p
			}
			out[i] = p
			fresh = append(fresh, &out[i])
		}
		b := tx.Batch()
		tenancy.Put(b, fresh)
		return out, b.Run(ctx)
	})
}

func newParty(in *NewParty, hash *fingerprint, tx *tenancy.Tx) Party {
	p := Party{Row: tenancy.Row{TenantID: tx.Scope().TenantID(), ID: tenancy.NewID()}, Reference: in.Reference, Name: in.Name, NameKey: NameKey(in.Name),
		Customer: in.Customer, Vendor: in.Vendor, Email: in.Email, Phone: in.Phone, Address: strings.Join(in.Address, "\n"),
		Country: in.Country, TaxID: in.TaxID, CreatedAt: tx.Now(), ChangedAt: tx.Now()}
	hash.reset()
	for _, s := range []string{in.Name, in.Email, in.Phone, p.Address, in.Country, in.TaxID, fmt.Sprint(in.Customer, in.Vendor)} {
		hash.text(s)
	}
	p.Fingerprint = hash.sum()
	return p
}

// NameKey folds a name for search and sorting: compatibility forms decomposed, accents dropped, case folded, blanks
// collapsed. Both engines order the result by its bytes.
func NameKey(name string) string {
	folded := cases.Fold().String(norm.NFKD.String(name))
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, folded)
	return strings.Join(strings.Fields(plain), " ")
}

// UpdateParty replaces what may change of a party. Documents issued before keep the name and address they were issued
// with.
//
// Permission: accounting.parties. Errors: accounting.bad_input, tenancy.not_found.
func (s *Service) UpdateParty(ctx context.Context, in PartyChange) (Party, error) {
	return tenancy.Act(ctx, s.db, PermParties, func(ctx context.Context, tx *tenancy.Tx) (Party, error) {
		if err := checkInput("accounting.UpdateParty", "", &in); err != nil {
			return Party{}, err
		}
		p, err := tenancy.Lock[Party](ctx, tx, in.ID)
		if errors.Is(err, tenancy.ErrNotFound) {
			err = tenancy.ErrNotFound.New("accounting.UpdateParty", "there is no such party")
		}
		if err != nil {
			return Party{}, err
		}
		p.Name, p.NameKey, p.Customer, p.Vendor, p.Email, p.Phone = in.Name, NameKey(in.Name), in.Customer, in.Vendor, in.Email, in.Phone
		p.Address, p.Country, p.TaxID, p.ChangedAt = strings.Join(in.Address, "\n"), in.Country, in.TaxID, tx.Now()
		return done(p, tenancy.Update(ctx, tx, p, "name", "name_key", "is_customer", "is_vendor", "email", "phone", "address", "country", "tax_id", "changed_at"))
	})
}

// GetParty reads a party.
//
// Permission: accounting.read. Errors: tenancy.not_found.
func (s *Service) GetParty(ctx context.Context, id uuid.UUID) (Party, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Party, error) {
		p, err := tenancy.Get[Party](ctx, tx, id)
		if errors.Is(err, tenancy.ErrNotFound) {
			err = tenancy.ErrNotFound.New("accounting.GetParty", "there is no such party")
		}
		return done(p, err)
	})
}

// ListParties gives a page of parties, by name unless another sort (name_key, created_at) is asked for.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListParties(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Party], error) {
	return listPage[Party](ctx, s, page, "accounting.ListParties", []string{"name_key", "created_at"}, tenancy.Ge("name_key", ""))
}

// PartiesByID finds parties by their ids, at most 1,000; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) PartiesByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Party, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Party, error) {
		return byID(ctx, tx, "accounting.PartiesByID", ids, func(p *Party) uuid.UUID { return p.ID })
	})
}

// PartiesByReference finds parties by their outside numbers; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) PartiesByReference(ctx context.Context, references []string) (map[string]Party, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]Party, error) {
		if err := checkBatch("accounting.PartiesByReference", "references", len(references)); err != nil {
			return nil, err
		}
		return partiesByReference(ctx, tx, references)
	})
}

func partiesByReference(ctx context.Context, tx *tenancy.Tx, references []string) (map[string]Party, error) {
	out := make(map[string]Party, len(references))
	if len(references) == 0 {
		return out, nil
	}
	references = slices.Compact(slices.Sorted(slices.Values(references)))
	var rows []Party
	b := tx.Batch()
	tenancy.Load(b, &rows, tenancy.In("reference", references))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	for i := range rows {
		out[rows[i].Reference] = rows[i]
	}
	return out, nil
}
