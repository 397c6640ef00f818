package register

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// NewPurpose is the input of [Service.AddPurposes]: something for which a controller asks consent.
type NewPurpose struct {
	Reference string
	// Code names it in programs and lists, such as "newsletter": a lower-case letter, then letters, digits, '_', '.' and '-', at most 63.
	Code string
	// Purpose is which of the closed list of purposes it serves. Required.
	Purpose tenancy.Purpose
	// RecipientID is the third party whom the person lets have their data (policy 6-5): a recipient of the role third_party. Default: nobody gets them by it.
	RecipientID uuid.UUID
	// Covers are tables ("crm.newsletters") whose models have the ground consent ([tenancy.OnConsent]) and lead to a person: with this consent they may be used. Default: none.
	Covers []string
}

// Purpose is something for which consent is asked.
type Purpose struct {
	Entry
	Code        string
	Purpose     tenancy.Purpose
	RecipientID uuid.UUID
	Covers      []string
}

type purposeRow struct {
	tenancy.Owned
	EntryID     uuid.UUID `bun:"entry_id,pk"`
	Code        string    `bun:"code" privacy:"none"`
	Purpose     string    `bun:"purpose" privacy:"none"`
	RecipientID uuid.UUID `bun:"recipient_id,nullzero"`
	Covers      string    `bun:"covers" privacy:"none"`
}

func (r purposeRow) of() uuid.UUID { return r.EntryID }

// listed reads what is written as a list.
func listed(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func purpose(e Entry, _ *textRow, r *purposeRow) Purpose {
	return Purpose{Entry: e, Code: r.Code, Purpose: tenancy.Purpose(r.Purpose), RecipientID: r.RecipientID, Covers: listed(r.Covers)}
}

// AddPurposes says for what the controller asks consent. The list is the controller's own, and closed: there is no consent for what is not on it. A purpose never changes, for what people
// consented to would change with it.
//
// Permission: register.purposes. Errors: register.bad_input, register.reference_taken, tenancy.not_found (the recipient), tenancy.duplicate (the code is taken).
func (s *Service) AddPurposes(ctx context.Context, in []NewPurpose) ([]Purpose, error) {
	const op = "register.AddPurposes"
	return act(ctx, s.db, PermPurposes, func(ctx context.Context, tx *tenancy.Tx) ([]Purpose, error) {
		given, to := make([]input, len(in)), []uuid.UUID{}
		for i, p := range in {
			if !plainCode.MatchString(p.Code) || !slices.Contains(tenancy.Purposes(), p.Purpose) {
				return nil, ErrBadInput.New(op, "%d: a purpose has a code of lower-case letters, digits, '_', '.' and '-', and is one of tenancy.Purposes", i+1)
			}
			for _, table := range p.Covers {
				m := s.db.Registry().Table(table)
				if m == nil || m.Basis != tenancy.OnConsent || m.Subject == "" {
					return nil, ErrBadInput.New(op, "%d: %q is no table that is used on the ground of a person's consent", i+1, table)
				}
			}
			given[i] = input{reference: p.Reference, said: p}
			if p.RecipientID != uuid.Nil {
				to = append(to, p.RecipientID)
			}
		}
		known, err := recipientsOf(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		f, err := enter(ctx, tx, op, kindPurpose, given, nil, func(i int, id uuid.UUID) (*purposeRow, error) {
			p := in[i]
			if r := known[p.RecipientID]; p.RecipientID != uuid.Nil && (r == nil || r.Role != string(RoleThirdParty)) {
				return nil, tenancy.ErrNotFound.New(op, "%d: there is no such recipient of the role third_party", i+1)
			}
			return &purposeRow{EntryID: id, Code: p.Code, Purpose: string(p.Purpose), RecipientID: p.RecipientID, Covers: strings.Join(p.Covers, ",")}, nil
		})
		if err != nil {
			return nil, err
		}
		return answer(ctx, tx, f, purpose)
	})
}

// Purposes lists them, in the order in which they were entered. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Purposes(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Purpose], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Purpose], error) {
		return pageOf(ctx, tx, kindPurpose, uuid.Nil, page, purpose)
	})
}

// NewWording is the input of [Service.AddWording].
type NewWording struct {
	Reference string
	// Purpose is the purpose's code.
	Purpose string
	// Language is that of the words, such as "en"; 2 to 35 characters (BCP 47).
	Language string
	// Wording is what people are shown, whole, with the right to take it back (GDPR Art. 7(3)); 1 to 20,000 characters.
	Wording string
}

// Wording is what people were shown when they were asked.
type Wording struct {
	Entry
	PurposeID uuid.UUID
	// Version counts a purpose's wordings, from 1.
	Version     int64
	Language    string
	Wording     string
	WordingHash string
}

type wordingRow struct {
	tenancy.Owned
	EntryID     uuid.UUID `bun:"entry_id,pk"`
	PurposeID   uuid.UUID `bun:"purpose_id"`
	Version     int64     `bun:"version"`
	Language    string    `bun:"language" privacy:"none"`
	Wording     string    `bun:"wording" privacy:"none"`
	WordingHash string    `bun:"wording_hash" privacy:"none"`
}

func (r wordingRow) of() uuid.UUID { return r.EntryID }

func wording(e Entry, _ *textRow, r *wordingRow) Wording {
	return Wording{Entry: e, PurposeID: r.PurposeID, Version: r.Version, Language: r.Language, Wording: r.Wording, WordingHash: r.WordingHash}
}

// AddWording enters the words in which consent is asked. Each is a version of its purpose, and those before it stay: whoever consented did so in one of them.
//
// Permission: register.purposes. Errors: register.bad_input, register.reference_taken, register.purpose.
func (s *Service) AddWording(ctx context.Context, in NewWording) (Wording, error) {
	const op = "register.AddWording"
	return act(ctx, s.db, PermPurposes, func(ctx context.Context, tx *tenancy.Tx) (Wording, error) {
		if !between(in.Language, 2, 35) || !between(in.Wording, 1, 20_000) {
			return Wording{}, ErrBadInput.New(op, "a wording has a language, and at most 20,000 characters")
		}
		f, err := enter(ctx, tx, op, kindWording, []input{{reference: in.Reference, said: in}}, nil, func(_ int, id uuid.UUID) (*wordingRow, error) {
			p, err := tenancy.First[purposeRow](ctx, tx, tenancy.Eq("code", in.Purpose))
			if tenancy.IsNotFound(err) {
				return nil, ErrPurpose.New(op, "%q", in.Purpose)
			}
			if err != nil {
				return nil, err
			}
			row := &wordingRow{EntryID: id, PurposeID: p.EntryID, Version: 1, Language: in.Language, Wording: in.Wording, WordingHash: hashOf(in.Wording)}
			last, err := tenancy.First[wordingRow](ctx, tx, tenancy.Eq("purpose_id", p.EntryID), tenancy.OrderBy("-version"))
			if err == nil {
				row.Version = last.Version + 1
			} else if !tenancy.IsNotFound(err) {
				return nil, err
			}
			return row, nil
		})
		if err != nil {
			return Wording{}, err
		}
		return one(answer(ctx, tx, f, wording))
	})
}

// Wordings lists those of a purpose, by version. Permission: register.read. Errors: register.purpose.
func (s *Service) Wordings(ctx context.Context, purpose string) ([]Wording, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Wording, error) {
		p, err := tenancy.First[purposeRow](ctx, tx, tenancy.Eq("code", purpose))
		if tenancy.IsNotFound(err) {
			return nil, ErrPurpose.New("register.Wordings", "%q", purpose)
		}
		if err != nil {
			return nil, err
		}
		rows, err := tenancy.Find[wordingRow](ctx, tx, tenancy.Eq("purpose_id", p.EntryID), tenancy.OrderBy("version"))
		if err != nil {
			return nil, err
		}
		return bundle(ctx, tx, rows, wording)
	})
}
