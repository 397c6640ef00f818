package audit

import (
	"context"
	"errors"
	"regexp"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Sealed events are also the outbox: what happened, in one order, for whoever must hear of it. An event that has number n was
// committed, and so were all before it; no lower number ever comes later. A reader that remembers the last number it has dealt
// with misses nothing and may see something twice.

// Events gives the sealed events behind a number, in order, at most limit (1 to 1,000): for readers that keep their place
// themselves. The last one's Seq is the place to go on from.
//
// Permission: audit.consume. Errors: audit.bad_input, audit.gap.
func (s *Service) Events(ctx context.Context, after int64, limit int) ([]Entry, error) {
	const op = "audit.Events"
	return tenancy.View(ctx, s.db, PermConsume, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		return s.events(ctx, tx, op, after, limit)
	})
}

func (s *Service) events(ctx context.Context, tx *tenancy.Tx, op string, after int64, limit int) ([]Entry, error) {
	if after < 0 || limit < 1 || limit > 1000 {
		return nil, ErrBadInput.New(op, "a place is a number from 0 on, a limit 1 to 1,000")
	}
	seals, err := tenancy.Find[seal](ctx, tx, tenancy.Gt("seq", after), tenancy.OrderBy("seq"), tenancy.Limit(limit))
	if err != nil || len(seals) == 0 {
		return nil, err
	}
	ids := make([]uuid.UUID, len(seals))
	for i := range seals {
		ids[i] = seals[i].EventID
	}
	rows, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.In("id", ids))
	if err != nil {
		return nil, err
	}
	events := make(map[uuid.UUID]*tenancy.Event, len(rows))
	for i := range rows {
		events[rows[i].ID] = &rows[i]
	}
	out := make([]Entry, len(seals))
	for i := range seals {
		e := events[seals[i].EventID]
		if seals[i].Seq != after+int64(i)+1 || e == nil { // somebody took it away: to go on would be to miss it
			return nil, ErrGap.New(op, "event %d is missing", after+int64(i)+1)
		}
		out[i] = Entry{Event: *e, Seq: seals[i].Seq, SealedAt: seals[i].SealedAt}
	}
	return out, nil
}

var consumerName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`)

func goodConsumer(op, name string) error {
	if !consumerName.MatchString(name) {
		return ErrBadInput.New(op, "a consumer's name has 1 to 64 lower-case letters, digits and . _ -")
	}
	return nil
}

// Consume gives the events behind those that the named consumer has acknowledged, in order, at most limit (1 to 1,000). It
// gives them again until [Service.Ack] says that they were dealt with, to every caller of that name.
//
// Consume within a scope that outlives many calls, such as a background job's: entering a tenant is itself an event.
//
// Permission: audit.consume. Errors: audit.bad_input, audit.gap.
func (s *Service) Consume(ctx context.Context, consumer string, limit int) ([]Entry, error) {
	const op = "audit.Consume"
	return tenancy.View(ctx, s.db, PermConsume, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		if err := goodConsumer(op, consumer); err != nil {
			return nil, err
		}
		at, err := tenancy.Find[cursor](ctx, tx, tenancy.Eq("consumer", consumer))
		if err != nil {
			return nil, err
		}
		after := int64(0)
		if len(at) > 0 {
			after = at[0].Seq
		}
		return s.events(ctx, tx, op, after, limit)
	})
}

// Ack notes that the named consumer has dealt with every event up to seq. A number that it has acknowledged before changes
// nothing: a cursor never goes back. Called inside a transaction it is part of it, so that what a consumer writes in its
// tenant's database and how far it is are one. It leaves no event.
//
// Permission: audit.consume. Errors: audit.bad_input (no event has that number).
func (s *Service) Ack(ctx context.Context, consumer string, seq int64) error {
	err := s.ack(ctx, consumer, seq)
	if errors.Is(err, tenancy.ErrDuplicate) { // the first of its name, and so was somebody else
		err = s.ack(ctx, consumer, seq)
	}
	return err
}

func (s *Service) ack(ctx context.Context, consumer string, seq int64) error {
	const op = "audit.Ack"
	_, err := tenancy.Act(ctx, s.db, PermConsume, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		var none struct{}
		if err := goodConsumer(op, consumer); err != nil {
			return none, err
		}
		there, err := tenancy.Exists[seal](ctx, tx, tenancy.Eq("seq", seq))
		if err != nil {
			return none, err
		}
		if !there {
			return none, ErrBadInput.New(op, "no event has the number %d", seq)
		}
		at, err := tenancy.Find[cursor](ctx, tx, tenancy.Eq("consumer", consumer), tenancy.ForUpdate())
		switch {
		case err != nil:
			return none, err
		case len(at) == 0:
			return none, tenancy.Insert(ctx, tx, &cursor{Consumer: consumer, Seq: seq, AckedAt: tx.Now()})
		case at[0].Seq >= seq:
			return none, nil
		}
		at[0].Seq, at[0].AckedAt = seq, tx.Now()
		return none, tenancy.Update(ctx, tx, &at[0], "seq", "acked_at")
	})
	return err
}
