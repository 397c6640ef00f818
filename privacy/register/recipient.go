package register

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Role is what a recipient is to the controller.
type Role string

// The roles.
const (
	RoleProcessor  Role = "processor"   // processes on the controller's behalf, under a contract
	RoleAuthority  Role = "authority"   // a court, an office, whoever the law lets demand
	RoleAcquirer   Role = "acquirer"    // takes the business over, or a part of it
	RoleThirdParty Role = "third_party" // whom the person themselves want to have it
)

// NewRecipient is the input of [Service.AddRecipients].
type NewRecipient struct {
	// Reference is the idempotency key, 1 to 200 characters. Required, as everywhere in the registers.
	Reference string
	// Name is whom people are told of, at most 200 characters; Contact how they are reached, at most 1,000. Name is required.
	Name, Contact string
	Role          Role
	// Country is where they receive the data, ISO 3166-1 alpha-2. Required.
	Country string
}

// Recipient is somebody outside to whom personal data can go (GDPR Art. 4(9)).
type Recipient struct {
	Entry
	Name, Contact string
	Role          Role
	Country       string
}

type recipientRow struct {
	tenancy.Owned
	EntryID uuid.UUID `bun:"entry_id,pk"`
	Role    string    `bun:"role" privacy:"none"`
	Country string    `bun:"country" privacy:"none"`
}

func (r recipientRow) of() uuid.UUID { return r.EntryID }

func recipient(e Entry, t *textRow, r *recipientRow) Recipient {
	return Recipient{Entry: e, Name: t.Name, Contact: t.Contact, Role: Role(r.Role), Country: r.Country}
}

// AddRecipients enters to whom personal data can go. Nothing goes to them by that.
//
// Permission: register.parties. Errors: register.bad_input, register.reference_taken, tenancy.duplicate (somebody used the reference in this very moment, and
// the transaction is the caller's: try again; so everywhere in the registers).
func (s *Service) AddRecipients(ctx context.Context, in []NewRecipient) ([]Recipient, error) {
	const op = "register.AddRecipients"
	return act(ctx, s.db, PermParties, func(ctx context.Context, tx *tenancy.Tx) ([]Recipient, error) {
		given := make([]input, len(in))
		for i, r := range in {
			switch r.Role {
			case RoleProcessor, RoleAuthority, RoleAcquirer, RoleThirdParty:
			default:
				return nil, ErrBadInput.New(op, "%d: %q is nothing that a recipient can be", i+1, r.Role)
			}
			if !between(r.Name, 1, 200) || !between(r.Contact, 0, 1000) || !country.MatchString(r.Country) {
				return nil, ErrBadInput.New(op, "%d: a recipient has a name of at most 200 characters, contact details of at most 1,000, and a country by its two letters", i+1)
			}
			given[i] = input{reference: r.Reference, said: r, text: textRow{Name: r.Name, Contact: r.Contact}}
		}
		f, err := enter(ctx, tx, op, kindRecipient, given, nil, func(i int, id uuid.UUID) (*recipientRow, error) {
			return &recipientRow{EntryID: id, Role: string(in[i].Role), Country: in[i].Country}, nil
		})
		if err != nil {
			return nil, err
		}
		return answer(ctx, tx, f, recipient)
	})
}

// ListRecipients lists them, in the order in which they were entered. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) ListRecipients(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Recipient], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Recipient], error) {
		return pageOf(ctx, tx, kindRecipient, uuid.Nil, page, recipient)
	})
}

// NewEnd is the input of [Service.End].
type NewEnd struct {
	Reference string
	// ID is the entry of the processor's contract or the transfer that ends.
	ID uuid.UUID
	// On is the last day on which it held: not before it began. Default: today.
	On date.Date
	// Reason is at most 1,000 characters.
	Reason string
}

type endRow struct {
	tenancy.Owned
	EntryID uuid.UUID `bun:"entry_id,pk"`
	EndedID uuid.UUID `bun:"ended_id"`
	EndedOn date.Date `bun:"ended_on"`
}

func (r endRow) of() uuid.UUID { return r.EntryID }

// End enters that a processor's contract, or what made a transfer lawful, holds no longer. It is never taken back: what holds again is entered again.
//
// Permission: register.parties. Errors: register.bad_input, register.reference_taken, register.ended, register.dated, tenancy.not_found.
func (s *Service) End(ctx context.Context, in NewEnd) (Entry, error) {
	const op = "register.End"
	return act(ctx, s.db, PermParties, func(ctx context.Context, tx *tenancy.Tx) (Entry, error) {
		if !between(in.Reason, 0, 1000) {
			return Entry{}, ErrBadInput.New(op, "a reason has at most 1,000 characters")
		}
		said := in
		f, err := enter(ctx, tx, op, kindEnd, []input{{reference: in.Reference, said: said, text: textRow{Body: in.Reason}}}, nil, func(_ int, id uuid.UUID) (*endRow, error) {
			from, err := beganOn(ctx, tx, in.ID)
			if err != nil {
				return nil, err
			}
			row := &endRow{EntryID: id, EndedID: in.ID, EndedOn: in.On}
			if row.EndedOn.IsZero() {
				row.EndedOn = tx.Today()
			}
			if row.EndedOn.Before(from) {
				return nil, ErrDated.New(op, "it began on %s", from)
			}
			over, err := tenancy.Exists[endRow](ctx, tx, tenancy.Eq("ended_id", in.ID))
			if over {
				return nil, ErrEnded.New(op, "")
			}
			return row, err
		})
		if err != nil {
			return Entry{}, err
		}
		return one(answer(ctx, tx, f, func(e Entry, _ *textRow, _ *endRow) Entry { return e }))
	})
}

// beganOn is the first day of what can end.
func beganOn(ctx context.Context, tx *tenancy.Tx, id uuid.UUID) (date.Date, error) {
	p, err := tenancy.First[processorRow](ctx, tx, tenancy.Eq("entry_id", id))
	if err == nil {
		return p.ValidFrom, nil
	}
	if !tenancy.IsNotFound(err) {
		return date.Date{}, err
	}
	t, err := tenancy.First[transferRow](ctx, tx, tenancy.Eq("entry_id", id))
	if err != nil {
		return date.Date{}, err
	}
	return t.ValidFrom, nil
}

// endsOf are the last days of entries that have ended.
func endsOf(ctx context.Context, tx *tenancy.Tx, ids []uuid.UUID) (map[uuid.UUID]date.Date, error) {
	out := map[uuid.UUID]date.Date{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := tenancy.Find[endRow](ctx, tx, tenancy.In("ended_id", ids))
	for _, r := range rows {
		out[r.EndedID] = r.EndedOn
	}
	return out, err
}

// holds reports whether something that holds from one day to another, both included, holds on a day.
func holds(on, from, until, ended date.Date) bool {
	return !on.Before(from) && (until.IsZero() || !on.After(until)) && (ended.IsZero() || !on.After(ended))
}
