package register

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Ground is why something is disclosed. The list is closed, and is section 6 of the policy: nothing is sold, and nothing goes out for advertising.
type Ground string

// The grounds.
const (
	ServiceProvider  Ground = "service_provider"  // 6-2: a processor, under its contract
	LegalRequirement Ground = "legal_requirement" // 6-3: a law, an order
	BusinessTransfer Ground = "business_transfer" // 6-4: whoever takes the business over, after notice
	WithConsent      Ground = "consent"           // 6-5: the person wants this third party to have it
)

// NewDisclosure is the input of [Service.Disclose]: what of one person goes to one recipient.
type NewDisclosure struct {
	Reference   string
	PersonID    uuid.UUID
	RecipientID uuid.UUID
	Ground      Ground
	// ProcessorID is the contract, for a service provider: one that holds today.
	ProcessorID uuid.UUID
	// Order cites the law or the order, with who gave it and when, for a legal requirement; at most 1,000 characters. OrderHash is the SHA-256 of the document, or of the law's text that was
	// relied on.
	Order     string
	OrderHash string
	// AnnouncementID is that of the business transfer, which has reached everybody, and whose time is over.
	AnnouncementID uuid.UUID
	// ConsentID is the person's consent to this very recipient, not withdrawn.
	ConsentID uuid.UUID
	// What says in words what goes out, 1 to 1,000 characters; Tables are those that it comes from, as "schema.name". What is required.
	What   string
	Tables []string
}

// Disclosure is what went to somebody of one person.
type Disclosure struct {
	Entry
	PersonID    uuid.UUID
	RecipientID uuid.UUID
	Ground      Ground
	At          time.Time
	ProcessorID, AnnouncementID, ConsentID,
	TransferID uuid.UUID
	Order     string
	OrderHash string
	What      string
	Tables    []string
}

type disclosureRow struct {
	tenancy.Owned
	EntryID        uuid.UUID `bun:"entry_id,pk"`
	PersonID       uuid.UUID `bun:"person_id"`
	RecipientID    uuid.UUID `bun:"recipient_id"`
	Ground         string    `bun:"ground" privacy:"none"`
	HappenedAt     time.Time `bun:"happened_at"`
	Tables         string    `bun:"tables" privacy:"none"`
	ProcessorID    uuid.UUID `bun:"processor_id,nullzero"`
	OrderHash      string    `bun:"order_hash" privacy:"none"`
	AnnouncementID uuid.UUID `bun:"announcement_id,nullzero"`
	ConsentID      uuid.UUID `bun:"consent_id,nullzero"`
	TransferID     uuid.UUID `bun:"transfer_id,nullzero"`
}

func (r disclosureRow) of() uuid.UUID { return r.EntryID }

func disclosure(e Entry, t *textRow, r *disclosureRow) Disclosure {
	return Disclosure{Entry: e, PersonID: r.PersonID, RecipientID: r.RecipientID, Ground: Ground(r.Ground), At: r.HappenedAt.UTC(), ProcessorID: r.ProcessorID,
		AnnouncementID: r.AnnouncementID, ConsentID: r.ConsentID, TransferID: r.TransferID, Order: t.Evidence, OrderHash: r.OrderHash, What: t.Body, Tables: listed(r.Tables)}
}

// Disclose enters what is disclosed of whom, to whom and on which ground, and refuses what has none: whoever hands data out calls it in the same transaction, ahead of that, and hands out nothing
// that it refuses. Into a third country nothing goes without what makes that lawful. Of a restricted person nothing goes out but on a legal requirement (tenancy.restricted).
//
// Permission: register.disclose. Errors: register.bad_input, register.no_ground, register.no_contract, register.no_consent, register.notice_period, register.no_safeguard, register.jurisdiction,
// register.reference_taken, tenancy.not_found (the recipient, or nobody has the person's id), tenancy.restricted.
func (s *Service) Disclose(ctx context.Context, in []NewDisclosure) ([]Disclosure, error) {
	const op = "register.Disclose"
	reach, err := s.reachFor(ctx, PermDisclose, slices.ContainsFunc(in, func(d NewDisclosure) bool { return d.Ground == BusinessTransfer }))
	if err != nil {
		return nil, err
	}
	return act(ctx, s.db, PermDisclose, func(ctx context.Context, tx *tenancy.Tx) ([]Disclosure, error) {
		given, to := make([]input, len(in)), make([]uuid.UUID, len(in))
		for i := range in {
			if err := s.checkDisclosure(op, i, &in[i]); err != nil {
				return nil, err
			}
			d := in[i]
			given[i] = input{reference: d.Reference, person: d.PersonID, said: d, text: textRow{Body: d.What, Evidence: d.Order}, books: d.Ground == LegalRequirement}
			to[i] = d.RecipientID
		}
		known, err := recipientsOf(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		roads, err := s.roads(ctx, tx, op, to)
		if err != nil {
			return nil, err
		}
		g := &grounds{op: op, reach: reach}
		f, err := enter(ctx, tx, op, kindDisclosure, given, func() error { return g.load(ctx, tx, in) }, func(i int, id uuid.UUID) (*disclosureRow, error) {
			d := in[i]
			r := known[d.RecipientID]
			if r == nil {
				return nil, tenancy.ErrNotFound.New(op, "%d: there is no such recipient", i+1)
			}
			where, err := g.stands(ctx, tx, i, &d, r)
			if err != nil {
				return nil, err
			}
			row := &disclosureRow{EntryID: id, PersonID: d.PersonID, RecipientID: d.RecipientID, Ground: string(d.Ground), HappenedAt: tx.Now(), Tables: strings.Join(d.Tables, ","),
				ProcessorID: d.ProcessorID, OrderHash: d.OrderHash, AnnouncementID: d.AnnouncementID, ConsentID: d.ConsentID}
			row.TransferID, err = roads.to(op, d.RecipientID, where, tx.Today())
			return row, err
		})
		if err != nil {
			return nil, err
		}
		return answer(ctx, tx, f, disclosure)
	})
}

// checkDisclosure refuses what is on no ground, or shows nothing for it.
func (s *Service) checkDisclosure(op string, i int, d *NewDisclosure) error {
	if d.PersonID == uuid.Nil || !between(d.What, 1, 1000) || !between(d.Order, 0, 1000) {
		return ErrBadInput.New(op, "%d: a disclosure is of one person, says in at most 1,000 characters what goes out, and cites in at most 1,000", i+1)
	}
	for _, table := range d.Tables {
		if s.db.Registry().Table(table) == nil {
			return ErrBadInput.New(op, "%d: there is no table %q", i+1, table)
		}
	}
	shown := map[Ground]bool{ServiceProvider: d.ProcessorID != uuid.Nil, LegalRequirement: between(d.Order, 1, 1000) && sha256Hex.MatchString(d.OrderHash),
		BusinessTransfer: d.AnnouncementID != uuid.Nil, WithConsent: d.ConsentID != uuid.Nil}
	if !shown[d.Ground] {
		return ErrNoGround.New(op, "%d: on the ground of %q nothing is shown", i+1, d.Ground)
	}
	for ground, there := range map[Ground]bool{ServiceProvider: d.ProcessorID != uuid.Nil, LegalRequirement: d.Order != "" || d.OrderHash != "", BusinessTransfer: d.AnnouncementID != uuid.Nil,
		WithConsent: d.ConsentID != uuid.Nil} {
		if there && ground != d.Ground {
			return ErrBadInput.New(op, "%d: a disclosure is on one ground, and has the proof of no other", i+1)
		}
	}
	return nil
}

// grounds are what disclosures rest on.
type grounds struct {
	op            string
	reach         *reach
	contracts     map[uuid.UUID]*processorRow
	ends          map[uuid.UUID]date.Date
	consents      map[uuid.UUID]*consentRow
	heads         map[link]*consentRow
	purposes      map[uuid.UUID]*purposeRow
	announcements map[uuid.UUID]*announcementRow
}

func (g *grounds) load(ctx context.Context, tx *tenancy.Tx, in []NewDisclosure) error {
	var contracts, consents, announcements []uuid.UUID
	for _, d := range in {
		switch d.Ground {
		case ServiceProvider:
			contracts = append(contracts, d.ProcessorID)
		case WithConsent:
			consents = append(consents, d.ConsentID)
		case BusinessTransfer:
			announcements = append(announcements, d.AnnouncementID)
		case LegalRequirement:
		}
	}
	g.contracts, g.announcements = map[uuid.UUID]*processorRow{}, map[uuid.UUID]*announcementRow{}
	if len(contracts) > 0 {
		rows, err := tenancy.Find[processorRow](ctx, tx, tenancy.In("entry_id", contracts))
		if err != nil {
			return err
		}
		for i := range rows {
			g.contracts[rows[i].EntryID] = &rows[i]
		}
	}
	if len(announcements) > 0 {
		rows, err := tenancy.Find[announcementRow](ctx, tx, tenancy.In("entry_id", announcements))
		if err != nil {
			return err
		}
		for i := range rows {
			g.announcements[rows[i].EntryID] = &rows[i]
		}
	}
	var err error
	if g.ends, err = endsOf(ctx, tx, contracts); err != nil || len(consents) == 0 {
		return err
	}
	return g.loadConsents(ctx, tx, consents)
}

func (g *grounds) loadConsents(ctx context.Context, tx *tenancy.Tx, ids []uuid.UUID) error {
	g.consents, g.purposes = map[uuid.UUID]*consentRow{}, map[uuid.UUID]*purposeRow{}
	rows, err := tenancy.Find[consentRow](ctx, tx, tenancy.In("entry_id", ids))
	if err != nil || len(rows) == 0 {
		return err
	}
	var persons, of []uuid.UUID
	for i := range rows {
		g.consents[rows[i].EntryID] = &rows[i]
		persons, of = append(persons, rows[i].PersonID), append(of, rows[i].PurposeID)
	}
	chain, err := tenancy.Find[consentRow](ctx, tx, tenancy.In("person_id", persons), tenancy.In("purpose_id", of))
	if err != nil {
		return err
	}
	g.heads = headsOf(chain)
	purposes, err := tenancy.Find[purposeRow](ctx, tx, tenancy.In("entry_id", of))
	for i := range purposes {
		g.purposes[purposes[i].EntryID] = &purposes[i]
	}
	return err
}

// stands says where the data go, or why there is no ground for it.
func (g *grounds) stands(ctx context.Context, tx *tenancy.Tx, i int, d *NewDisclosure, r *recipientRow) (where string, err error) {
	switch d.Ground {
	case ServiceProvider:
		c := g.contracts[d.ProcessorID]
		if c == nil || c.RecipientID != d.RecipientID || !holds(tx.Today(), c.ValidFrom, c.ValidUntil, g.ends[c.EntryID]) {
			return "", ErrNoContract.New(g.op, "%d: on %s the recipient has no such contract", i+1, tx.Today())
		}
		return c.Country, nil
	case LegalRequirement:
		return r.Country, nil
	case BusinessTransfer:
		a := g.announcements[d.AnnouncementID]
		if a == nil || a.Kind != string(OfTransfer) || a.AboutID != d.RecipientID {
			return "", ErrNoticePeriod.New(g.op, "%d: no business transfer to the recipient was announced", i+1)
		}
		return r.Country, g.reach.over(ctx, tx, g.op, a)
	case WithConsent:
		c := g.consents[d.ConsentID]
		if c == nil || c.PersonID != d.PersonID || g.purposes[c.PurposeID].RecipientID != d.RecipientID || c.State != string(Given) || g.heads[link{c.PersonID, c.PurposeID}].Seq != c.Seq {
			return "", ErrNoConsent.New(g.op, "%d: the person does not consent to this recipient", i+1)
		}
		return r.Country, nil
	}
	return "", ErrNoGround.New(g.op, "%d: %q", i+1, d.Ground)
}

// Disclosures lists what was disclosed, in the order in which it was entered: of one person, or, with the zero id, of all.
//
// Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Disclosures(ctx context.Context, person uuid.UUID, page tenancy.PageRequest) (tenancy.PageOf[Disclosure], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Disclosure], error) {
		return pageOf(ctx, tx, kindDisclosure, person, page, disclosure)
	})
}

// Disclosed are the recipients whom anything of a person was disclosed to: whom an answer names (GDPR Art. 15(1)(c)) and who are told of a correction, an erasure or a restriction (Art. 19),
// each once, in the order in which they were entered.
//
// Permission: register.read. It writes nothing.
func (s *Service) Disclosed(ctx context.Context, person uuid.UUID) ([]Recipient, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Recipient, error) {
		ids, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT DISTINCT d.recipient_id FROM {disclosures} AS d WHERE d.person_id = ?`, person)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		rows, err := tenancy.Find[recipientRow](ctx, tx, tenancy.In("entry_id", ids), tenancy.OrderBy("entry_id"))
		if err != nil {
			return nil, err
		}
		return bundle(ctx, tx, rows, recipient)
	})
}
