package audit

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Entry is an audit event as its readers see it.
type Entry struct {
	tenancy.Event
	// Seq is its number in the chain; 0 while it waits for its seal.
	Seq      int64
	SealedAt time.Time
	// Name is what [Options].Names calls the actor now; "" when nobody knows. It is no part of the trail.
	Name string
}

// Filter narrows [Service.List]. The zero value of each field asks for nothing.
type Filter struct {
	// Row is the record that the events are about.
	Row uuid.UUID
	// Table is "schema.name" of the records that they are about.
	Table string
	Actor string
	// Act is how the act begins: "sales.sell" finds "sales.sell/accounting.issue" as well.
	Act string
	// From and To are instants between which the events occurred, To not included.
	From, To time.Time
}

// List tells who did what, the newest first unless page.Sort says otherwise ("id" for the oldest). An event stands where its id
// puts it, which is when it was committed. By record it is quick; other filters look at every event that the page passes.
//
// Permission: audit.read. Errors: tenancy.bad_input (the cursor or the sort order), and those of [Options].Names.
func (s *Service) List(ctx context.Context, f Filter, page tenancy.PageRequest) (tenancy.PageOf[Entry], error) {
	if page.Sort == "" {
		page.Sort = "-id"
	}
	out, err := tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Entry], error) {
		found, err := tenancy.Page[tenancy.Event](ctx, tx, page, f.options()...)
		if err != nil || len(found.Items) == 0 {
			return tenancy.PageOf[Entry]{}, err
		}
		ids := make([]uuid.UUID, len(found.Items))
		for i := range found.Items {
			ids[i] = found.Items[i].ID
		}
		seals, err := tenancy.Find[seal](ctx, tx, tenancy.In("event_id", ids))
		if err != nil {
			return tenancy.PageOf[Entry]{}, err
		}
		of := make(map[uuid.UUID]*seal, len(seals))
		for i := range seals {
			of[seals[i].EventID] = &seals[i]
		}
		out := tenancy.PageOf[Entry]{Next: found.Next, Items: make([]Entry, len(found.Items))}
		for i, e := range found.Items {
			out.Items[i] = Entry{Event: e}
			if at := of[e.ID]; at != nil {
				out.Items[i].Seq, out.Items[i].SealedAt = at.Seq, at.SealedAt
			}
		}
		return out, nil
	})
	if err != nil {
		return tenancy.PageOf[Entry]{}, err
	}
	return out, s.name(ctx, out.Items)
}

func (f Filter) options() []tenancy.Option {
	var out []tenancy.Option
	if f.Row != uuid.Nil {
		out = append(out, tenancy.Eq("row_id", f.Row))
	}
	if f.Table != "" {
		out = append(out, tenancy.Eq("model", f.Table))
	}
	if f.Actor != "" {
		out = append(out, tenancy.Eq("actor", f.Actor))
	}
	if f.Act != "" { // '0' comes behind '/', which joins an act with those that it consists of
		out = append(out, tenancy.Ge("act", f.Act), tenancy.Lt("act", f.Act+"0"))
	}
	if !f.From.IsZero() {
		out = append(out, tenancy.Ge("occurred_at", f.From.UTC()))
	}
	if !f.To.IsZero() {
		out = append(out, tenancy.Lt("occurred_at", f.To.UTC()))
	}
	return out
}

// name asks for the actors' names, each once.
func (s *Service) name(ctx context.Context, entries []Entry) error {
	if s.opt.Names == nil || len(entries) == 0 {
		return nil
	}
	var actors []string
	seen := map[string]bool{}
	for i := range entries {
		if a := entries[i].Actor; !seen[a] {
			seen[a] = true
			actors = append(actors, a)
		}
	}
	names, err := s.opt.Names(ctx, actors)
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].Name = names[entries[i].Actor]
	}
	return nil
}
