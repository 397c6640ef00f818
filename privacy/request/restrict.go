package request

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// RestrictionRecord is a restriction by the request that asked for it. Several may stand for one person; the data are free again when the last was lifted.
type RestrictionRecord struct {
	tenancy.Row
	RequestID uuid.UUID      `bun:"request_id"`
	PersonID  uuid.UUID      `bun:"person_id"`
	Ground    tenancy.Ground `bun:"ground" privacy:"none"`
	ImposedAt time.Time      `bun:"imposed_at"`
	// AnnouncedAt is when the person was told that it would be lifted, and LiftedAt when it was (GDPR Art. 18(3)).
	AnnouncedAt time.Time `bun:"announced_at,nullzero"`
	LiftedAt    time.Time `bun:"lifted_at,nullzero"`
}

// NewRestriction is the input of [Service.Restrict].
type NewRestriction struct {
	Act
	// Ground is one of GDPR Art. 18(1). [tenancy.ObjectionPending] comes with an objection: see [Service.Object].
	Ground tenancy.Ground
	// KnownAs is by what recipients know the person; needed when there are any: see [Notice].
	KnownAs string
}

// Restrict has every service refuse new processing of the person's data, from now on ([tenancy.Tx.Restrict]), for a request of any kind: accuracy is contested by who asks for a correction, claims are a
// reason of who asks for deletion. Recipients are to be told (Art. 19).
//
// The same reference again changes nothing. Permission: request.restrict. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state (the request has restricted already, or its state), request.no_person, request.known_as, tenancy.not_found (the person's own row is gone).
func (s *Service) Restrict(ctx context.Context, in NewRestriction) (Request, error) {
	return perform(ctx, s, PermLimit, Restrict, in.Act, in, func(op string) error {
		if !slices.Contains([]tenancy.Ground{tenancy.AccuracyContested, tenancy.UnlawfulUse, tenancy.NeededForClaims}, in.Ground) {
			return ErrBadInput.New(op, "%q is none of the grounds of GDPR Art. 18(1)(a) to (c)", in.Ground)
		}
		return nil
	}, func(ctx context.Context, w *work) error {
		person, err := w.person()
		if err != nil {
			return err
		}
		if err := w.restrict(ctx, person, in.Ground); err != nil {
			return err
		}
		w.step.Code = string(in.Ground)
		w.fulfils(Restriction)
		return w.notify(ctx, person, in.KnownAs)
	})
}

// restrict restricts a person's data for the request.
func (w *work) restrict(ctx context.Context, person uuid.UUID, ground tenancy.Ground) error {
	standing, err := tenancy.Exists[RestrictionRecord](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.IsNull("lifted_at"))
	if err != nil {
		return err
	}
	if standing {
		return ErrWrongState.New(w.op, "the request %q has restricted the data already", w.r.Reference)
	}
	if err := w.tx.Restrict(ctx, person, ground, w.r.Reference); err != nil {
		return err
	}
	row := &RestrictionRecord{RequestID: w.r.ID, PersonID: person, Ground: ground, ImposedAt: w.tx.Now()}
	w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Put(b, []*RestrictionRecord{row}) })
	return nil
}

// NewAnnouncement is the input of [Service.AnnounceLifting].
type NewAnnouncement struct {
	// Act says when and how the person was told; its Note says why the restriction ends. Both are required.
	Act
}

// AnnounceLifting records that the person was told that the restriction of the request will be lifted: before it is (GDPR Art. 18(3)).
//
// The same reference again changes nothing. Permission: request.restrict. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state (nothing is restricted).
func (s *Service) AnnounceLifting(ctx context.Context, in NewAnnouncement) (Request, error) {
	return perform(ctx, s, PermLimit, Announce, in.Act, in, func(op string) error { return in.told(op, true) }, func(ctx context.Context, w *work) error {
		row, err := w.restriction(ctx)
		if err != nil {
			return err
		}
		row.AnnouncedAt = w.at
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Set(b, []*RestrictionRecord{row}, "announced_at") })
		return nil
	})
}

func (w *work) restriction(ctx context.Context) (*RestrictionRecord, error) {
	row, err := tenancy.First[RestrictionRecord](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.IsNull("lifted_at"), tenancy.ForUpdate())
	if tenancy.IsNotFound(err) {
		return nil, ErrWrongState.New(w.op, "the request %q restricts nothing", w.r.Reference)
	}
	return row, err
}

// NewLifting is the input of [Service.Lift].
type NewLifting struct {
	Act
	// KnownAs is by what recipients know the person; needed when there are any: those who were told of the restriction are told of its end.
	KnownAs string
}

// Lift ends the restriction of the request, which the person was told of before. The data are free again unless another request restricts them as well. That works after the answer too:
// what is restricted stays so until it is lifted.
//
// The same reference again changes nothing. Permission: request.restrict. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state (nothing is restricted, or the objection is not decided), request.not_announced, request.known_as.
func (s *Service) Lift(ctx context.Context, in NewLifting) (Request, error) {
	return perform(ctx, s, PermLimit, Lift, in.Act, in, func(string) error { return nil }, func(ctx context.Context, w *work) error {
		person, err := w.person()
		if err != nil {
			return err
		}
		there, err := w.tx.Persons(ctx, true, person) // whoever restricts meanwhile waits, or has done so
		if err != nil {
			return err
		}
		row, err := w.restriction(ctx)
		if err != nil {
			return err
		}
		pending, err := tenancy.Exists[ObjectionRecord](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.Eq("state", string(ObjectionPending)))
		if err != nil {
			return err
		}
		switch {
		case pending:
			return ErrWrongState.New(w.op, "an objection of the request %q is not decided", w.r.Reference)
		case row.AnnouncedAt.IsZero() || !row.AnnouncedAt.Before(w.tx.Now()):
			return ErrNotAnnounced.New(w.op, "the request %q", w.r.Reference)
		}
		others, err := tenancy.Find[RestrictionRecord](ctx, w.tx, tenancy.Eq("person_id", person), tenancy.IsNull("lifted_at"), tenancy.Ne("id", row.ID), tenancy.OrderBy("id"), tenancy.Limit(1))
		if err != nil {
			return err
		}
		if err := w.free(ctx, person, len(there) > 0, others); err != nil {
			return err
		}
		row.LiftedAt = w.tx.Now()
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Set(b, []*RestrictionRecord{row}, "lifted_at") })
		if len(others) > 0 {
			return nil // the data stay restricted: there is nothing to tell anybody
		}
		return w.notify(ctx, person, in.KnownAs)
	})
}

// free ends the restriction of a person's data, or leaves it to another request.
func (w *work) free(ctx context.Context, person uuid.UUID, there bool, others []RestrictionRecord) error {
	if len(others) == 0 || !there {
		return w.tx.Unrestrict(ctx, person)
	}
	other, err := tenancy.Get[Request](ctx, w.tx, others[0].RequestID)
	if err != nil {
		return err
	}
	return w.tx.Restrict(ctx, person, others[0].Ground, other.Reference)
}

// Restrictions lists what requests restrict, or restricted, of a person's data, the oldest first; without a person, all that is restricted now. Permission: request.read.
func (s *Service) Restrictions(ctx context.Context, person uuid.UUID) ([]RestrictionRecord, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]RestrictionRecord, error) {
		by := tenancy.IsNull("lifted_at")
		if person != uuid.Nil {
			by = tenancy.Eq("person_id", person)
		}
		return tenancy.Find[RestrictionRecord](ctx, tx, by, tenancy.OrderBy("id"))
	})
}
