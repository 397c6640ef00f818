package request

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Search says by what a person is looked for: by any of these that is given.
type Search struct {
	// Party is the id of the person's own row, User the opaque id of a user.
	Party uuid.UUID
	User  string
	Email string
	Phone string
}

// Match is a person who may be meant: their own row, and how many rows of each table lead there. It shows no value.
type Match struct {
	Person uuid.UUID
	// Table is where the person's own row is.
	Table string
	Rows  []Rows
}

// Rows is a number of rows of a table.
type Rows struct {
	Table string
	Rows  int64
	// Controller is who answers for them. Where that is the platform and the scope is not the platform's, that part of a request is forwarded: see [Service.Forward].
	Controller tenancy.Controller
}

// Finder finds people among the data of the scope's controller, and of nobody else.
type Finder func(ctx context.Context, by Search) ([]Match, error)

// Find looks for the person whom a request may be about, among the data of the scope's controller: of no other, whoever asks.
//
// Permission: request.find. Errors: request.bad_input, request.no_finder, and those of [Options].Find.
func (s *Service) Find(ctx context.Context, by Search) ([]Match, error) {
	const op = "request.Find"
	_, err := tenancy.View(ctx, s.db, PermFind, func(context.Context, *tenancy.Tx) (any, error) {
		if by == (Search{}) {
			return nil, ErrBadInput.New(op, "it is said by what to look")
		}
		if s.opt.Find == nil {
			return nil, ErrNoFinder.New(op, "")
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	found, err := s.opt.Find(ctx, by) // a search is on record, so it is an act of its own
	for i := range found {
		for j := range found[i].Rows {
			if m := s.db.Registry().Table(found[i].Rows[j].Table); m != nil {
				found[i].Rows[j].Controller = m.Controller
			}
		}
	}
	return found, err
}

// NewIdentification is the input of [Service.Identify].
type NewIdentification struct {
	// Act's Note says how the person was recognised. Required.
	Act
	// Person is the id of their own row: of a party, a user's member, or a row of a host's model whose subject is "self".
	Person uuid.UUID
}

// Identify says whose data a request is about. It is said once: who was mistaken has not touched anybody's data yet, and refuses or answers the request and enters it anew.
//
// The same reference again changes nothing. Permission: request.find. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.no_person (it was said otherwise before), tenancy.not_found (nobody has this id).
func (s *Service) Identify(ctx context.Context, in NewIdentification) (Request, error) {
	return perform(ctx, s, PermFind, Identify, in.Act, in, func(op string) error {
		if in.Person == uuid.Nil || !between(in.Note, 1, 4000) {
			return ErrBadInput.New(op, "an identification names the person's own row, and says how they were recognised")
		}
		return nil
	}, func(ctx context.Context, w *work) error {
		if w.r.PersonID != uuid.Nil && w.r.PersonID != in.Person {
			return ErrNoPerson.New(w.op, "the request %q is about another person", w.r.Reference)
		}
		there, err := w.tx.Persons(ctx, true, in.Person)
		if err != nil {
			return err
		}
		if len(there) == 0 {
			return tenancy.ErrNotFound.New(w.op, "nobody has this id")
		}
		if w.r.PersonID == uuid.Nil {
			w.r.PersonID = in.Person
			w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Put(b, []*subject{w.r.subject()}) })
		}
		return nil
	})
}
