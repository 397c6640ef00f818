package register

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewProcessor is the input of [Service.AddProcessors]: a contract, a change of one, or a sub-processor's.
type NewProcessor struct {
	Reference string
	// RecipientID is with whom: a recipient of the role processor.
	RecipientID uuid.UUID
	// ParentID is the contract of the processor that engages this one (GDPR Art. 28(4)). Default: the controller itself does.
	ParentID uuid.UUID
	// Service is what they do, such as "hosting"; 1 to 200 characters.
	Service string
	// Country is where they do it, ISO 3166-1. Default: the recipient's.
	Country string
	// Contract says where the contract lies (GDPR Art. 28(3)), 1 to 1,000 characters; ContractHash is its SHA-256, 64 hexadecimal digits in lower case. Both are required.
	Contract     string
	ContractHash string
	// Confidential says that the contract binds them to confidentiality (Art. 28(3)(b)). Without it there is no entry.
	Confidential bool
	// From and Until are its first and last day. From is required; without Until it has no end yet.
	From, Until date.Date
}

// Processor is a contract under which somebody processes on the controller's behalf.
type Processor struct {
	Entry
	RecipientID  uuid.UUID
	ParentID     uuid.UUID
	Service      string
	Country      string
	Contract     string
	ContractHash string
	From, Until  date.Date
	// EndedOn is the last day when it was ended ahead of that; zero when it was not.
	EndedOn date.Date
}

// Current reports whether the contract holds on a day.
func (p *Processor) Current(on date.Date) bool { return holds(on, p.From, p.Until, p.EndedOn) }

type processorRow struct {
	tenancy.Owned
	EntryID      uuid.UUID `bun:"entry_id,pk"`
	RecipientID  uuid.UUID `bun:"recipient_id"`
	ParentID     uuid.UUID `bun:"parent_id,nullzero"`
	Service      string    `bun:"service" privacy:"none"`
	Country      string    `bun:"country" privacy:"none"`
	ContractHash string    `bun:"contract_hash" privacy:"none"`
	Confidential bool      `bun:"confidential"`
	ValidFrom    date.Date `bun:"valid_from"`
	ValidUntil   date.Date `bun:"valid_until,nullzero"`
}

func (r processorRow) of() uuid.UUID { return r.EntryID }

func processor(e Entry, t *textRow, r *processorRow) Processor {
	return Processor{Entry: e, RecipientID: r.RecipientID, ParentID: r.ParentID, Service: r.Service, Country: r.Country, Contract: t.Evidence, ContractHash: r.ContractHash,
		From: r.ValidFrom, Until: r.ValidUntil}
}

// AddProcessors enters contracts with processors. A change of a contract is another entry, and the one before it is ended. In the platform's own tenant a contract under which tenants' data
// are processed has to be announced ([Service.Announce]): it is used for a tenant from the end of its notice period on, unless the tenant objects ([Service.RequireNotice]).
// Where they work in a third country, what makes that lawful is entered as a transfer ahead of it ([Service.AddTransfers]).
//
// Permission: register.parties. Errors: register.bad_input, register.reference_taken, register.no_contract (it does not bind to confidentiality), register.no_safeguard,
// register.jurisdiction, tenancy.not_found.
func (s *Service) AddProcessors(ctx context.Context, in []NewProcessor) ([]Processor, error) {
	const op = "register.AddProcessors"
	return act(ctx, s.db, PermParties, func(ctx context.Context, tx *tenancy.Tx) ([]Processor, error) {
		given := make([]input, len(in))
		to := make([]uuid.UUID, len(in))
		for i, p := range in {
			if err := p.check(op, i); err != nil {
				return nil, err
			}
			given[i], to[i] = input{reference: p.Reference, said: p, text: textRow{Evidence: p.Contract}}, p.RecipientID
		}
		known, err := recipientsOf(ctx, tx, to)
		if err != nil {
			return nil, err
		}
		roads, err := s.roads(ctx, tx, op, to)
		if err != nil {
			return nil, err
		}
		f, err := enter(ctx, tx, op, kindProcessor, given, nil, func(i int, id uuid.UUID) (*processorRow, error) {
			p := in[i]
			r := known[p.RecipientID]
			if r == nil || r.Role != string(RoleProcessor) {
				return nil, tenancy.ErrNotFound.New(op, "%d: there is no such recipient of the role processor", i+1)
			}
			row := &processorRow{EntryID: id, RecipientID: p.RecipientID, ParentID: p.ParentID, Service: p.Service, Country: cmp.Or(p.Country, r.Country),
				ContractHash: p.ContractHash, Confidential: p.Confidential, ValidFrom: p.From, ValidUntil: p.Until}
			_, err := roads.to(op, p.RecipientID, row.Country, maxDate(tx.Today(), p.From))
			return row, err
		})
		if err != nil {
			return nil, err
		}
		return processorsOf(ctx, tx, f)
	})
}

func (p *NewProcessor) check(op string, i int) error {
	switch {
	case !between(p.Service, 1, 200) || !between(p.Contract, 1, 1000) || !sha256Hex.MatchString(p.ContractHash):
		return ErrBadInput.New(op, "%d: a contract has a service of at most 200 characters, says where it lies in at most 1,000, and has a SHA-256 of 64 hexadecimal digits", i+1)
	case p.Country != "" && !country.MatchString(p.Country):
		return ErrBadInput.New(op, "%d: a country is its two capital letters (ISO 3166-1)", i+1)
	case p.From.IsZero() || !p.Until.IsZero() && p.Until.Before(p.From):
		return ErrBadInput.New(op, "%d: a contract has a first day, and no last day ahead of it", i+1)
	case !p.Confidential:
		return ErrNoContract.New(op, "%d: a processor is bound to confidentiality (GDPR Art. 28(3)(b))", i+1)
	}
	return nil
}

func maxDate(a, b date.Date) date.Date {
	if a.Before(b) {
		return b
	}
	return a
}

// processorsOf reads back what was entered, with what has ended.
func processorsOf(ctx context.Context, tx *tenancy.Tx, f filed) ([]Processor, error) {
	out, err := answer(ctx, tx, f, processor)
	if err != nil {
		return nil, err
	}
	ends, err := endsOf(ctx, tx, f.ids)
	for i := range out {
		out[i].EndedOn = ends[out[i].ID]
	}
	return out, err
}

// Processors lists contracts with processors, in the order in which they were entered. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Processors(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Processor], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Processor], error) {
		out, err := pageOf(ctx, tx, kindProcessor, uuid.Nil, page, processor)
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

// recipientsOf finds recipients by their ids.
func recipientsOf(ctx context.Context, tx *tenancy.Tx, ids []uuid.UUID) (map[uuid.UUID]*recipientRow, error) {
	out := map[uuid.UUID]*recipientRow{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := tenancy.Find[recipientRow](ctx, tx, tenancy.In("entry_id", ids))
	for i := range rows {
		out[rows[i].EntryID] = &rows[i]
	}
	return out, err
}

// Recipients are to whom personal data of the scope's controller go, for its data map and its records of processing ([privacy.Options].Recipients): processors whose contract holds today, those
// that the platform engages for the tenant, and whom anything was disclosed to.
//
// Permission: privacy.map. It writes nothing.
func (s *Service) Recipients(ctx context.Context) ([]privacy.Recipient, error) {
	return tenancy.View(ctx, s.db, privacy.PermMap, func(ctx context.Context, tx *tenancy.Tx) ([]privacy.Recipient, error) {
		rows, err := tenancy.Find[recipientRow](ctx, tx, tenancy.OrderBy("entry_id"))
		if err != nil {
			return nil, err
		}
		all, err := bundle(ctx, tx, rows, recipient)
		if err != nil {
			return nil, err
		}
		l := lister{tables: map[uuid.UUID][]string{}, goes: map[uuid.UUID]bool{}, country: map[uuid.UUID]string{}, safeguard: map[uuid.UUID]string{}}
		if err := l.learn(ctx, tx); err != nil {
			return nil, err
		}
		var out []privacy.Recipient
		for _, r := range all {
			if l.goes[r.ID] {
				tables := l.tables[r.ID]
				slices.Sort(tables)
				out = append(out, privacy.Recipient{Name: r.Name, Role: string(r.Role), Country: cmp.Or(l.country[r.ID], r.Country), Safeguard: l.safeguard[r.ID], Tables: slices.Compact(tables)})
			}
		}
		engaged, err := s.engaged(ctx, tx)
		return append(out, engaged...), err
	})
}

// lister gathers what is known of recipients.
type lister struct {
	tables    map[uuid.UUID][]string
	goes      map[uuid.UUID]bool
	country   map[uuid.UUID]string
	safeguard map[uuid.UUID]string
}

// counted is a recipient and the tables of which something went there.
type counted struct {
	RecipientID uuid.UUID `bun:"recipient_id"`
	Tables      string    `bun:"tables"`
}

func (l *lister) learn(ctx context.Context, tx *tenancy.Tx) error {
	contracts, err := tenancy.Find[processorRow](ctx, tx)
	if err != nil {
		return err
	}
	roads, err := tenancy.Find[transferRow](ctx, tx, tenancy.OrderBy("entry_id"))
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, 0, len(contracts)+len(roads))
	for i := range contracts {
		ids = append(ids, contracts[i].EntryID)
	}
	for i := range roads {
		ids = append(ids, roads[i].EntryID)
	}
	ends, err := endsOf(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, c := range contracts {
		if holds(tx.Today(), c.ValidFrom, c.ValidUntil, ends[c.EntryID]) {
			l.goes[c.RecipientID], l.country[c.RecipientID] = true, c.Country
		}
	}
	for i := range roads {
		if r := &roads[i]; holds(tx.Today(), r.ValidFrom, r.ValidUntil, ends[r.EntryID]) {
			l.safeguard[r.RecipientID] = r.words()
		}
	}
	went, err := tenancy.Report[counted](ctx, tx, `SELECT d.recipient_id, d.tables FROM {disclosures} AS d GROUP BY d.recipient_id, d.tables`)
	for _, w := range went {
		l.goes[w.RecipientID] = true
		l.tables[w.RecipientID] = append(l.tables[w.RecipientID], listed(w.Tables)...)
	}
	return err
}
