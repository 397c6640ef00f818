package register

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Safeguard is what makes a transfer into a third country lawful (GDPR Chapter V).
type Safeguard string

// The safeguards.
const (
	Adequate   Safeguard = "adequacy"   // Art. 45: an adequacy decision covers the country
	Framework  Safeguard = "dpf"        // Art. 45: one covers certified recipients alone, and this one is: the Data Privacy Framework, with its UK Extension
	Clauses    Safeguard = "scc"        // Art. 46(2)(c): standard contractual clauses, Implementing Decision (EU) 2021/914, by their module
	Binding    Safeguard = "bcr"        // Art. 46(2)(b), 47: binding corporate rules
	Agreement  Safeguard = "idta"       // UK: International Data Transfer Agreement, section 119A of the Data Protection Act 2018, from 21 March 2022
	Addendum   Safeguard = "addendum"   // UK: Addendum to the Union's clauses, by their module, likewise
	Derogation Safeguard = "derogation" // Art. 49: in a specific situation, with the reason
)

// The days from which a safeguard could be agreed on.
var (
	clausesFrom  = date.Must("2021-06-27") // Implementing Decision (EU) 2021/914, Art. 4(1): on the twentieth day following its publication of 7 June 2021
	addendumFrom = date.Must("2022-03-21")
)

// derogations are those of Art. 49(1), by their letters; "compelling" is its second subparagraph.
var derogations = []string{"a", "b", "c", "d", "e", "f", "g", "compelling"}

// NewTransfer is the input of [Service.AddTransfers].
type NewTransfer struct {
	Reference   string
	RecipientID uuid.UUID
	// Country is into which. Default: the recipient's.
	Country   string
	Safeguard Safeguard
	// Module is that of the clauses: 1 controller to controller, 2 controller to processor, 3 processor to processor, 4 processor to controller. For Clauses and Addendum.
	Module int64
	// Letter is that of Art. 49(1), or "compelling" for its second subparagraph. For a Derogation.
	Letter string
	// Evidence says where the signed clauses, the approval, the certificate lie, and for a derogation the reason; EvidenceHash is its SHA-256. Required but for Adequate; at most 1,000 characters.
	Evidence     string
	EvidenceHash string
	// From and Until are its first and last day. From is required; a certificate and a derogation have a last one, at most 366 days on.
	From, Until date.Date
}

// Transfer is what makes it lawful that data go to a recipient in a third country.
type Transfer struct {
	Entry
	RecipientID uuid.UUID
	Country     string
	Law         Law
	Safeguard   Safeguard
	Module      int64
	Letter      string
	// Source is the decision or the law that it rests on.
	Source       string
	Evidence     string
	EvidenceHash string
	From, Until  date.Date
	EndedOn      date.Date
}

type transferRow struct {
	tenancy.Owned
	EntryID      uuid.UUID `bun:"entry_id,pk"`
	RecipientID  uuid.UUID `bun:"recipient_id"`
	Country      string    `bun:"country" privacy:"none"`
	Law          string    `bun:"law" privacy:"none"`
	Safeguard    string    `bun:"safeguard" privacy:"none"`
	Module       int64     `bun:"module"`
	Letter       string    `bun:"letter" privacy:"none"`
	Source       string    `bun:"source" privacy:"none"`
	EvidenceHash string    `bun:"evidence_hash" privacy:"none"`
	ValidFrom    date.Date `bun:"valid_from"`
	ValidUntil   date.Date `bun:"valid_until,nullzero"`
}

func (r transferRow) of() uuid.UUID { return r.EntryID }

func (r *transferRow) words() string { return r.Safeguard + ": " + r.Source }

func transfer(e Entry, t *textRow, r *transferRow) Transfer {
	return Transfer{Entry: e, RecipientID: r.RecipientID, Country: r.Country, Law: Law(r.Law), Safeguard: Safeguard(r.Safeguard), Module: r.Module, Letter: r.Letter, Source: r.Source,
		Evidence: t.Evidence, EvidenceHash: r.EvidenceHash, From: r.ValidFrom, Until: r.ValidUntil}
}

// AddTransfers enters what makes it lawful that data go to recipients in third countries: by the law of the controller's country. Which is a third country, and which is adequate on the first day, the
// dated list says ([Adequacies]); it is asked again whenever something is disclosed, so that a decision that has run out covers nothing any more.
//
// Permission: register.parties. Errors: register.bad_input, register.reference_taken, register.jurisdiction, register.not_adequate, tenancy.not_found.
func (s *Service) AddTransfers(ctx context.Context, in []NewTransfer) ([]Transfer, error) {
	const op = "register.AddTransfers"
	return act(ctx, s.db, PermParties, func(ctx context.Context, tx *tenancy.Tx) ([]Transfer, error) {
		given, to := make([]input, len(in)), make([]uuid.UUID, len(in))
		for i, t := range in {
			given[i], to[i] = input{reference: t.Reference, said: t, text: textRow{Evidence: t.Evidence}}, t.RecipientID
		}
		law, err := s.law(ctx, op)
		if err != nil {
			return nil, err
		}
		known, err := recipientsOf(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		f, err := enter(ctx, tx, op, kindTransfer, given, nil, func(i int, id uuid.UUID) (*transferRow, error) {
			t, r := in[i], known[in[i].RecipientID]
			if r == nil {
				return nil, tenancy.ErrNotFound.New(op, "%d: there is no such recipient", i+1)
			}
			if t.Country == "" {
				t.Country = r.Country
			}
			source, err := t.check(op, law)
			if err != nil {
				return nil, err
			}
			return &transferRow{EntryID: id, RecipientID: t.RecipientID, Country: t.Country, Law: string(law), Safeguard: string(t.Safeguard), Module: t.Module, Letter: t.Letter,
				Source: source, EvidenceHash: t.EvidenceHash, ValidFrom: t.From, ValidUntil: t.Until}, nil
		})
		if err != nil {
			return nil, err
		}
		return answer(ctx, tx, f, transfer)
	})
}

// law is that of the controller whose scope it is.
func (s *Service) law(ctx context.Context, op string) (Law, error) {
	where := ""
	if s.opt.Jurisdiction != nil {
		var err error
		if where, err = s.opt.Jurisdiction(ctx); err != nil {
			return "", err
		}
	}
	if law := lawOf(where); law != "" {
		return law, nil
	}
	if where == "" {
		return "", ErrJurisdiction.New(op, "nobody stated the controller's country (privacy.SetController)")
	}
	return "", ErrJurisdiction.New(op, "the rules on transfers of %s are not known here", where)
}

// check says what the safeguard rests on, or why it is none.
func (t *NewTransfer) check(op string, law Law) (source string, err error) {
	proven := between(t.Evidence, 1, 1000) && sha256Hex.MatchString(t.EvidenceHash)
	passing := t.Safeguard == Framework || t.Safeguard == Derogation
	switch {
	case !country.MatchString(t.Country) || !law.third(t.Country):
		return "", ErrBadInput.New(op, "%q is no third country to the law of the controller", t.Country)
	case t.From.IsZero() || !t.Until.IsZero() && t.Until.Before(t.From):
		return "", ErrBadInput.New(op, "a transfer has a first day, and no last day ahead of it")
	case t.Safeguard != Adequate && !proven:
		return "", ErrBadInput.New(op, "a safeguard says in at most 1,000 characters where its proof lies, or the reason, with a SHA-256 of 64 hexadecimal digits")
	case passing && (t.Until.IsZero() || t.From.DaysUntil(t.Until) > 366):
		return "", ErrBadInput.New(op, "a certificate and a derogation end, at most 366 days on")
	case (t.Safeguard == Clauses || t.Safeguard == Addendum) != (t.Module != 0) || t.Module < 0 || t.Module > 4:
		return "", ErrBadInput.New(op, "clauses have a module of 1 to 4, and nothing else has")
	case (t.Safeguard == Derogation) != slices.Contains(derogations, t.Letter):
		return "", ErrBadInput.New(op, "a derogation has its letter of Art. 49(1), and nothing else has")
	}
	switch t.Safeguard {
	case Adequate, Framework:
		a, ok := adequate(law, t.Country, t.From, t.Safeguard == Framework)
		if !ok {
			return "", ErrNotAdequate.New(op, "%s on %s", t.Country, t.From)
		}
		return a.Source, nil
	case Clauses:
		if law == LawUK {
			return "", ErrBadInput.New(op, "under the law of the United Kingdom the Union's clauses need the Addendum")
		}
		return fmt.Sprintf("Implementing Decision (EU) 2021/914, module %d", t.Module), since(op, t.From, clausesFrom)
	case Binding:
		return "Art. 46(2)(b) and 47", nil
	case Agreement, Addendum:
		if law != LawUK {
			return "", ErrBadInput.New(op, "the United Kingdom's agreements are none under the law of the Union")
		}
		if t.Safeguard == Agreement {
			return "Data Protection Act 2018, section 119A: International Data Transfer Agreement", since(op, t.From, addendumFrom)
		}
		return fmt.Sprintf("Data Protection Act 2018, section 119A: Addendum to Implementing Decision (EU) 2021/914, module %d", t.Module), since(op, t.From, addendumFrom)
	case Derogation:
		if t.Letter == "compelling" {
			return "Art. 49(1), second subparagraph", nil
		}
		return "Art. 49(1)(" + t.Letter + ")", nil
	}
	return "", ErrBadInput.New(op, "%q is no safeguard", t.Safeguard)
}

func since(op string, day, from date.Date) error {
	if day.Before(from) {
		return ErrBadInput.New(op, "there has been such an agreement from %s on", from)
	}
	return nil
}

// ListTransfers lists them, in the order in which they were entered. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) ListTransfers(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Transfer], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Transfer], error) {
		out, err := pageOf(ctx, tx, kindTransfer, uuid.Nil, page, transfer)
		if err != nil {
			return out, err
		}
		ids := make([]uuid.UUID, len(out.Items))
		for i := range out.Items {
			ids[i] = out.Items[i].ID
		}
		ends, err := endsOf(ctx, tx, ids)
		for i := range out.Items {
			out.Items[i].EndedOn = ends[out.Items[i].ID]
		}
		return out, err
	})
}

// roads are the lawful ways abroad to some recipients.
type roads struct {
	law  Law
	why  error // the law is not known
	home string
	rows []transferRow
	ends map[uuid.UUID]date.Date
}

// roads reads them. Whether the law is known is not asked before somebody goes abroad.
func (s *Service) roads(ctx context.Context, tx *tenancy.Tx, op string, to []uuid.UUID) (*roads, error) {
	r := &roads{}
	r.law, r.why = s.law(ctx, op)
	if s.opt.Jurisdiction != nil {
		var err error
		if r.home, err = s.opt.Jurisdiction(ctx); err != nil {
			return nil, err
		}
	}
	if len(to) == 0 {
		return r, nil
	}
	var err error
	if r.rows, err = tenancy.Find[transferRow](ctx, tx, tenancy.In("recipient_id", to), tenancy.OrderBy("-entry_id")); err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(r.rows))
	for i := range r.rows {
		ids[i] = r.rows[i].EntryID
	}
	r.ends, err = endsOf(ctx, tx, ids)
	return r, err
}

// to finds the way to a recipient in a country on a day; the zero id where none is needed. What rests on a decision is held against the list once more.
func (r *roads) to(op string, recipient uuid.UUID, country string, on date.Date) (uuid.UUID, error) {
	if r.home != "" && country == r.home {
		return uuid.Nil, nil
	}
	if r.why != nil {
		return uuid.Nil, r.why
	}
	if !r.law.third(country) {
		return uuid.Nil, nil
	}
	for i := range r.rows {
		t := &r.rows[i]
		if t.RecipientID != recipient || t.Country != country || t.Law != string(r.law) || !holds(on, t.ValidFrom, t.ValidUntil, r.ends[t.EntryID]) {
			continue
		}
		if by := Safeguard(t.Safeguard); by == Adequate || by == Framework {
			if _, ok := adequate(r.law, country, on, by == Framework); !ok {
				continue
			}
		}
		return t.EntryID, nil
	}
	return uuid.Nil, ErrNoSafeguard.New(op, "%s on %s", country, on)
}
