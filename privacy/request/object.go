package request

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// ObjectionState is where an objection stands.
type ObjectionState string

// The states of an objection.
const (
	ObjectionPending   ObjectionState = "pending"   // it is looked into whose grounds weigh more
	Upheld             ObjectionState = "upheld"    // the person's data are not used for the purpose any more
	Overruled          ObjectionState = "overruled" // compelling legitimate grounds, or claims (GDPR Art. 21(1))
	ObjectionWithdrawn ObjectionState = "withdrawn" // by the person
)

// ObjectionRecord is a line of the register of objections: who objected to what.
type ObjectionRecord struct {
	tenancy.Row
	RequestID  uuid.UUID       `bun:"request_id"`
	PersonID   uuid.UUID       `bun:"person_id"`
	Purpose    tenancy.Purpose `bun:"purpose" privacy:"none"`
	State      ObjectionState  `bun:"state" privacy:"none"`
	ObjectedAt time.Time       `bun:"objected_at"`
	DecidedAt  time.Time       `bun:"decided_at,nullzero"`
}

// NewObjection is the input of [Service.Object].
type NewObjection struct {
	// Act says when and how the person objected; its Note gives the grounds of their particular situation.
	Act
	// Purposes are what the person objects to: one at least.
	Purposes []tenancy.Purpose
	// KnownAs is by what recipients know the person; needed when there are any: see [Notice].
	KnownAs string
}

// Object enters a person's objection to purposes for which data are used on legitimate interests (GDPR Art. 21(1)), and restricts the data until it is decided (Art. 18(1)(d)): every service
// refuses new processing. Processing on other grounds cannot be objected to: what rests on consent is withdrawn, what rests on a contract ends with it. Direct marketing (Art. 21(2)) does not exist here.
//
// The same reference again changes nothing. Permission: request.object. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.no_person, request.not_objectionable, request.objected, request.known_as, tenancy.not_found (the person's own row is gone).
func (s *Service) Object(ctx context.Context, in NewObjection) (Request, error) {
	return perform(ctx, s, PermDecide, Object, in.Act, in, func(op string) error {
		seen := slices.Sorted(slices.Values(in.Purposes))
		if len(seen) == 0 || len(slices.Compact(seen)) != len(in.Purposes) || slices.ContainsFunc(in.Purposes, func(p tenancy.Purpose) bool { return !listed(tenancy.Purposes(), p) }) {
			return ErrBadInput.New(op, "an objection is to purposes of the list, each named once")
		}
		return in.told(op, false)
	}, func(ctx context.Context, w *work) error {
		person, err := w.person()
		if err != nil {
			return err
		}
		var rows []*ObjectionRecord
		for _, p := range in.Purposes {
			if !s.objectionable(w.tx, p) {
				return ErrNotObjectable.New(w.op, "%s", p)
			}
			rows = append(rows, &ObjectionRecord{Row: tenancy.Row{ID: tenancy.NewID()}, RequestID: w.r.ID, PersonID: person, Purpose: p, State: ObjectionPending, ObjectedAt: w.at})
		}
		if err := w.restrict(ctx, person, tenancy.ObjectionPending); err != nil {
			return err
		}
		// Behind the lock on the person's row, so that two objections do not meet at the key.
		there, err := tenancy.Exists[ObjectionRecord](ctx, w.tx, tenancy.Eq("person_id", person), tenancy.In("purpose", names(in.Purposes)),
			tenancy.In("state", []string{string(ObjectionPending), string(Upheld)}))
		if err != nil {
			return err
		}
		if there {
			return ErrObjected.New(w.op, "")
		}
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Put(b, rows) })
		return w.notify(ctx, person, in.KnownAs)
	})
}

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// objectionable reports whether anything is done for a purpose on legitimate interests, by the scope's controller: in the platform's own tenant, with its control tables.
func (s *Service) objectionable(tx *tenancy.Tx, p tenancy.Purpose) bool {
	reg := s.db.Registry()
	if slices.ContainsFunc(reg.Models, func(m *tenancy.Model) bool { return m.Purpose == p && m.Basis == tenancy.LegitimateNeed }) {
		return true
	}
	return tx.Scope().OfPlatform() && slices.ContainsFunc(reg.Control, func(c tenancy.ControlTable) bool { return c.Purpose == p && c.Basis == tenancy.LegitimateNeed })
}

// NewDecision is the input of [Service.Decide].
type NewDecision struct {
	// Act says when and how the person was told; its Note gives the reasons, which are needed to overrule.
	Act
	Purpose tenancy.Purpose
	// Upheld says that the data are not used for the purpose any more. Else compelling legitimate grounds override the person's interests, or the data are needed for claims.
	Upheld bool
}

// Decide records what became of a request's objection to a purpose. The data stay restricted until the person was told that they will not be, and [Service.Lift]. What is upheld stands
// in the register, for [Service.Objected].
//
// The same reference again changes nothing. Permission: request.object. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state (the request, or its objection to this purpose, which may be none), tenancy.not_found.
func (s *Service) Decide(ctx context.Context, in NewDecision) (Request, error) {
	return perform(ctx, s, PermDecide, Decide, in.Act, in, func(op string) error {
		if !listed(tenancy.Purposes(), in.Purpose) {
			return ErrBadInput.New(op, "%q is no purpose", in.Purpose)
		}
		return in.told(op, !in.Upheld)
	}, func(ctx context.Context, w *work) error {
		row, err := tenancy.First[ObjectionRecord](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.Eq("purpose", string(in.Purpose)), tenancy.Eq("state", string(ObjectionPending)), tenancy.ForUpdate())
		if tenancy.IsNotFound(err) {
			return ErrWrongState.New(w.op, "no objection of the request %q to %s is pending", w.r.Reference, in.Purpose)
		}
		if err != nil {
			return err
		}
		row.State, row.DecidedAt = Overruled, w.at
		if in.Upheld {
			row.State = Upheld
		}
		w.step.Code = string(in.Purpose)
		w.fulfils(Objection)
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Set(b, []*ObjectionRecord{row}, "state", "decided_at") })
		return nil
	})
}

// decideAll ends the objections of a request that nobody decided about, with the request.
func (w *work) decideAll(ctx context.Context, as ObjectionState) error {
	rows, err := tenancy.Find[ObjectionRecord](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.Eq("state", string(ObjectionPending)), tenancy.ForUpdate())
	if err != nil || len(rows) == 0 {
		return err
	}
	var set []*ObjectionRecord
	for i := range rows {
		rows[i].State, rows[i].DecidedAt = as, w.at
		set = append(set, &rows[i])
	}
	w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Set(b, set, "state", "decided_at") })
	return nil
}

// Objections lists a person's objections, the oldest first. Permission: request.read. Errors: request.bad_input.
func (s *Service) Objections(ctx context.Context, person uuid.UUID) ([]ObjectionRecord, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]ObjectionRecord, error) {
		if person == uuid.Nil {
			return nil, ErrBadInput.New("request.Objections", "a person is named")
		}
		return tenancy.Find[ObjectionRecord](ctx, tx, tenancy.Eq("person_id", person), tenancy.OrderBy("id"))
	})
}
