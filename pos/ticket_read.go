package pos

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetTicket reads one ticket with everything on it. Permission: pos.read. Errors: tenancy.not_found.
func (s *Service) GetTicket(ctx context.Context, id uuid.UUID) (TicketDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (TicketDetail, error) {
		t, err := tenancy.Get[Ticket](ctx, tx, id)
		if err != nil {
			return TicketDetail{}, err
		}
		if err := complete(ctx, tx, []*Ticket{t}); err != nil {
			return TicketDetail{}, err
		}
		if err := s.spellLines(ctx, t.Lines); err != nil {
			return TicketDetail{}, err
		}
		register, err := tenancy.Get[Register](ctx, tx, t.RegisterID)
		if err != nil {
			return TicketDetail{}, err
		}
		origins, err := originNumbers(ctx, tx, []*Ticket{t})
		if err != nil {
			return TicketDetail{}, err
		}
		texts, err := tenancy.Find[TicketText](ctx, tx, tenancy.Eq("ticket_id", id))
		if err != nil {
			return TicketDetail{}, err
		}
		out := TicketDetail{Ticket: *t, Register: *register, OriginNumber: origins[t.OriginID],
			Descriptions: make([]string, len(t.Lines)), References: make([]string, len(t.Payments))}
		for _, text := range texts {
			out.Note = text.Note
			copy(out.Descriptions, listed(text.LineTexts))
			copy(out.References, listed(text.CardReferences))
		}
		return out, nil
	})
}

// TicketsByReference finds tickets by their references, with lines and payments; those that do not exist are left out.
// Permission: pos.read. Errors: pos.too_many.
func (s *Service) TicketsByReference(ctx context.Context, references []string) (map[string]Ticket, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]Ticket, error) {
		if len(references) > MaxBatch {
			return nil, ErrTooMany.New("pos.TicketsByReference", "%d references are more than the %d that one act takes", len(references), MaxBatch)
		}
		out := make(map[string]Ticket, len(references))
		if len(references) == 0 {
			return out, nil
		}
		found, err := tenancy.Find[Ticket](ctx, tx, tenancy.In("reference", references))
		if err != nil {
			return nil, err
		}
		tickets := make([]*Ticket, len(found))
		for i := range found {
			tickets[i] = &found[i]
		}
		if err := complete(ctx, tx, tickets); err != nil {
			return nil, err
		}
		for _, t := range tickets {
			out[t.Reference] = *t
		}
		return out, nil
	})
}

// ListTickets reads a page of tickets without lines and payments, in the order in which they were made unless the request
// sorts by another column. Permission: pos.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListTickets(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Ticket], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Ticket], error) {
		return tenancy.Page[Ticket](ctx, tx, page)
	})
}

// spellLines says what lines are analysed by.
func (s *Service) spellLines(ctx context.Context, lines []Line) error {
	sets := make([]uuid.UUID, len(lines))
	for i := range lines {
		sets[i] = lines[i].DimensionSetID
	}
	named, err := s.spell(ctx, sets...)
	for i := range lines {
		lines[i].Dimensions = named[lines[i].DimensionSetID]
	}
	return err
}

// complete gives stored tickets their lines and payments, in two statements; for no tickets, in none.
func complete(ctx context.Context, tx *tenancy.Tx, tickets []*Ticket) error {
	if len(tickets) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID]*Ticket, len(tickets))
	for _, t := range tickets {
		byID[t.ID] = t
		t.Lines, t.Payments = nil, nil
	}
	ids := slices.Collect(maps.Keys(byID))
	var lines []Line
	var payments []Payment
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("ticket_id", ids), tenancy.OrderBy("ticket_id", "line_no"))
	tenancy.Load(q, &payments, tenancy.In("ticket_id", ids), tenancy.OrderBy("ticket_id", "line_no"))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		byID[l.TicketID].Lines = append(byID[l.TicketID].Lines, l)
	}
	for _, p := range payments {
		byID[p.TicketID].Payments = append(byID[p.TicketID].Payments, p)
	}
	return nil
}
