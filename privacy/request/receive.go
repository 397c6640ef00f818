package request

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewRequest is the input of [Service.Receive].
type NewRequest struct {
	// Reference is the register's number, such as "R-2026-017", and the idempotency key; 1 to 200 characters. Required. It names nobody.
	Reference string
	Kind      Kind
	// Channel is how it came. No channel is the wrong one.
	Channel Channel
	// ReceivedAt is when it reached the controller: when the e-mail or the letter came in, not when somebody read or entered it. Required; in the future it is refused.
	ReceivedAt time.Time
	// Jurisdiction is whose rules count: a country of the EEA or "EU", "GB", "US-CA", [General], or a region of [Options].Rules. Default: that of the controller
	// ([privacy.Service.SetController]).
	Jurisdiction string
	From         Requester
	// Person is whose data it is about, by the id of their own row, where that is known already: see [Service.Identify].
	Person uuid.UUID
	// Ask is what was asked, in the person's words; at most 10,000 characters.
	Ask string
}

var regionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,19}$`)

func (in NewRequest) check(op string, now time.Time) error {
	switch {
	case !between(in.Reference, 1, 200):
		return ErrBadInput.New(op, "a request has a reference of at most 200 characters")
	case !listed(Kinds(), in.Kind) || !listed(Channels(), in.Channel):
		return ErrBadInput.New(op, "a request is of one of the kinds, and came by one of the channels: see Kinds and Channels")
	case in.ReceivedAt.IsZero():
		return ErrBadInput.New(op, "it is stated when the request was received")
	case in.ReceivedAt.After(now):
		return ErrFuture.New(op, "received at %s", in.ReceivedAt.UTC().Format(time.RFC3339))
	case in.Jurisdiction != "" && !regionName.MatchString(in.Jurisdiction):
		return ErrBadInput.New(op, "%q is no jurisdiction", in.Jurisdiction)
	case !between(in.Ask, 0, 10_000):
		return ErrBadInput.New(op, "what is asked has at most 10,000 characters")
	}
	return in.From.check(op)
}

func (r Requester) check(op string) error {
	if !oneLine(r.Name) || !oneLine(r.Email) || !oneLine(r.Phone) || !oneLine(strings.ReplaceAll(r.Address, "\n", " ")) {
		return ErrBadInput.New(op, "a name, an e-mail address and a telephone number are of one line, and no control characters stand in them")
	}
	if !between(r.Name, 1, 200) || !between(r.Email, 0, 254) || !between(r.Phone, 0, 40) || !between(r.Address, 0, 500) {
		return ErrBadInput.New(op, "who asked has a name of at most 200 characters, an e-mail address of at most 254, a telephone number of at most 40 and an address of at most 500")
	}
	return nil
}

// Receive enters a request into the register of the scope's controller. Its clocks start at ReceivedAt, on that day in the controller's time zone (the tenant's): the
// law's by the rule of the jurisdiction, and the policy's. Neither knows how late it was entered.
//
// The same reference again gives the same request. Permission: request.receive. Errors: request.bad_input, request.future, request.no_rule, request.reference_taken
// (the reference belongs to another request), tenancy.duplicate (somebody entered the same in this very moment, and the transaction is the caller's: try again).
func (s *Service) Receive(ctx context.Context, in NewRequest) (Request, error) {
	return s.receive(ctx, PermReceive, in, uuid.Nil, uuid.Nil)
}

// attempts is how often an act is tried that lost a race for a key.
const attempts = 4

// receive is Receive, also for what another controller forwarded.
func (s *Service) receive(ctx context.Context, perm tenancy.Permission, in NewRequest, from, forward uuid.UUID) (out Request, err error) {
	for range attempts {
		out, err = tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) (Request, error) {
			const op = "request.Receive"
			if err := in.check(op, tx.Now()); err != nil {
				return Request{}, err
			}
			sum, err := fingerprint(in)
			if err != nil {
				return Request{}, err
			}
			done, err := tenancy.First[Request](ctx, tx, tenancy.Eq("reference", in.Reference))
			if err == nil {
				return received(ctx, tx, op, done, forward, sum)
			}
			if !tenancy.IsNotFound(err) {
				return Request{}, err
			}
			if in.Jurisdiction == "" {
				if in.Jurisdiction, err = s.jurisdiction(ctx, op); err != nil {
					return Request{}, err
				}
			}
			return s.enter(ctx, tx, op, in, from, forward, sum)
		})
		if !errors.Is(err, tenancy.ErrDuplicate) || ctx.Err() != nil {
			break
		}
	}
	return out, err
}

// jurisdiction is the controller's own, as it was last stated.
func (s *Service) jurisdiction(ctx context.Context, op string) (string, error) {
	stated, err := s.data.Controllers(ctx)
	if err != nil {
		return "", err
	}
	if len(stated) == 0 {
		return "", ErrNoRule.New(op, "nobody stated the controller's jurisdiction (privacy.SetController), nor the request's")
	}
	return stated[0].Jurisdiction, nil
}

// received answers a reference that was used before.
func received(ctx context.Context, tx *tenancy.Tx, op string, r *Request, forward uuid.UUID, sum string) (Request, error) {
	text, err := tenancy.First[requestText](ctx, tx, tenancy.Eq("request_id", r.ID))
	if err != nil {
		return Request{}, err
	}
	// A forwarded part has one decision, and that arrived: what is known of who asked may have been put right where it comes from since.
	if r.ForwardID != forward || forward == uuid.Nil && text.Fingerprint != "" && text.Fingerprint != sum {
		return Request{}, ErrReferenceTaken.New(op, "%q", r.Reference)
	}
	r.Replayed = true
	return *r, know(ctx, tx, r)
}

// enter makes the rows of a request.
func (s *Service) enter(ctx context.Context, tx *tenancy.Tx, op string, in NewRequest, from, forward uuid.UUID, sum string) (Request, error) {
	day := date.In(in.ReceivedAt, tx.Scope().Zone())
	rule, err := ruleFor(s.opt.Rules, op, in.Jurisdiction, in.Kind, day)
	if err != nil {
		return Request{}, err
	}
	who := &requester{Row: tenancy.Row{ID: tenancy.NewID()}, Name: in.From.Name, Email: in.From.Email, Phone: in.From.Phone, Address: in.From.Address}
	r := &Request{Row: tenancy.Row{ID: tenancy.NewID()}, Reference: in.Reference, RequesterID: who.ID, PersonID: in.Person, Kind: in.Kind, Channel: in.Channel, Jurisdiction: in.Jurisdiction,
		ReceivedAt: in.ReceivedAt.UTC().Truncate(time.Microsecond), EnteredAt: tx.Now(), EnteredBy: tx.Scope().Actor(), State: Open, LawFrom: day, Steps: 1,
		PolicyDueOn: day.AddDays(s.opt.PolicyDays), ReportedOn: tx.Today().AddDays(-1), FromTenant: from, ForwardID: forward}
	c := s.calendar(r)
	if !rule.Acknowledge.IsZero() {
		r.AcknowledgeDueOn = c.after(day, rule.Acknowledge, rule.Rolls)
	}
	r.wind(rule, c)
	step := &Step{RequestID: r.ID, Seq: 1, Reference: in.Reference, Act: Receive, Code: string(in.Kind), Channel: in.Channel, State: Open, LawDueOn: r.LawDueOn, DueOn: r.DueOn,
		OccurredAt: r.ReceivedAt, EnteredAt: tx.Now(), EnteredBy: r.EnteredBy}
	b := tx.Batch()
	tenancy.Put(b, []*requester{who})
	tenancy.Put(b, []*Request{r})
	if r.PersonID != uuid.Nil {
		tenancy.Put(b, []*subject{r.subject()})
	}
	tenancy.Put(b, []*requestText{{RequestID: r.ID, Ask: in.Ask, Fingerprint: sum}})
	tenancy.Put(b, []*Step{step})
	tenancy.Put(b, []*stepText{{RequestID: r.ID, Seq: 1}})
	return *r, b.Run(ctx)
}

// NewAcknowledgement is the input of [Service.Acknowledge].
type NewAcknowledgement struct{ Act }

// Acknowledge records that the receipt was confirmed to the person, which the law asks for in some jurisdictions ([Rule].Acknowledge) and is good manners in all.
//
// The same reference again changes nothing. Permission: request.receive. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state.
func (s *Service) Acknowledge(ctx context.Context, in NewAcknowledgement) (Request, error) {
	return perform(ctx, s, PermReceive, Acknowledge, in.Act, in, func(op string) error { return in.told(op, false) }, func(_ context.Context, w *work) error {
		if w.r.AcknowledgedAt.IsZero() {
			w.r.AcknowledgedAt = w.at
		}
		return nil
	})
}

// NewAssignment is the input of [Service.Assign].
type NewAssignment struct {
	Act
	// Handler is the opaque id of who deals with the request from now on: an actor, as scopes have it; 1 to 64 characters.
	Handler string
}

var actor = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Assign says who deals with a request. A complaint is answered by somebody whom it was assigned to.
//
// The same reference again changes nothing. Permission: request.handle. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state.
func (s *Service) Assign(ctx context.Context, in NewAssignment) (Request, error) {
	return perform(ctx, s, PermHandle, Assign, in.Act, in, func(op string) error {
		if !actor.MatchString(in.Handler) {
			return ErrBadInput.New(op, "a handler is an opaque id of 1 to 64 letters, digits and . _ : -")
		}
		return nil
	}, func(_ context.Context, w *work) error {
		w.r.Handler, w.step.Code = in.Handler, in.Handler
		return nil
	})
}
