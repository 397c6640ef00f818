package request

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// ForwardState is where a forwarded part is.
type ForwardState string

// The states of a forwarded part.
const (
	ForwardPending  ForwardState = "pending"  // decided, and not known to have arrived
	ForwardReceived ForwardState = "received" // it stands in the other controller's register
	ForwardRecalled ForwardState = "recalled" // it was given up, because the other controller is gone
)

// ForwardedPart is the part of a request that another controller answers for.
type ForwardedPart struct {
	tenancy.Row
	RequestID uuid.UUID `bun:"request_id"`
	// ToTenant is the other controller.
	ToTenant uuid.UUID `bun:"to_tenant"`
	Kind     Kind      `bun:"kind" privacy:"none"`
	// Ask is what the other is asked; emptied when they have it.
	Ask        string       `bun:"ask" privacy:"free-text,delete,sealed"`
	State      ForwardState `bun:"state" privacy:"none"`
	DecidedAt  time.Time    `bun:"decided_at"`
	ReceivedAt time.Time    `bun:"received_at,nullzero"`
}

// NewForward is the input of [Service.Forward].
type NewForward struct {
	// Act's Note says why the other controller is the one to answer. Required.
	Act
	// To is the tenant whose controller answers: any from the platform's own tenant. Zero: the platform, from any other.
	To uuid.UUID
	// Kind is what the other is asked for. Default: what the request asks for.
	Kind Kind
	// Ask is the part that concerns them, in the person's words. Default: all of it.
	Ask string
}

// Forward hands a request, or the part of it that concerns another controller, to that one's own register: from the platform to a tenant whose customer wrote to the platform, from a tenant to the
// platform for what the platform itself knows of a user. What is the scope's own stays and is answered here. Nothing crosses but the request: its kind, channel and day of receipt, who asked and the words; their clocks
// started with the same receipt. Between two tenants who are no platform nothing is forwarded (request.not_forwardable).
//
// It is two steps, since two controllers are two transactions: it is decided here, and then entered there under a reference made of the decision, and known here to have arrived. Where the second is cut short
// the part stays pending, [Service.ForwardPending] goes on with it, and the request cannot be answered before.
//
// The same reference again goes on with what was cut short. Permission: request.forward. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.not_forwardable, request.forwarded (to this controller, by another act), request.no_rule (the kind, in this jurisdiction), tenancy.not_found (there is no such
// tenant, or the platform has none of its own), tenancy.scope_mismatch (it is no part of another transaction), and those of [tenancy.DB.System] for a
// controller that is closed: the part stays pending.
func (s *Service) Forward(ctx context.Context, in NewForward) (Request, error) {
	var part *ForwardedPart
	given := in
	to, err := s.other(ctx, in.To)
	if err != nil {
		return Request{}, err
	}
	out, err := perform(ctx, s, PermForward, Forward, in.Act, given, func(op string) error {
		if in.Kind != "" && !listed(Kinds(), in.Kind) || !between(in.Note, 1, 4000) || !between(in.Ask, 0, 10_000) {
			return ErrBadInput.New(op, "a forwarded part is of one of the kinds, with a note that says why, and at most 10,000 characters")
		}
		return nil
	}, func(ctx context.Context, w *work) error {
		there, err := tenancy.Exists[ForwardedPart](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.Eq("to_tenant", to))
		if err != nil {
			return err
		}
		if there {
			return ErrForwarded.New(w.op, "the request %q", w.r.Reference)
		}
		part, err = s.newPart(ctx, w, in, to)
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Put(b, []*ForwardedPart{part}) })
		return err
	})
	if err != nil {
		return Request{}, err
	}
	if err := s.handOver(ctx, out.ID, to); err != nil {
		return out, err
	}
	return out, nil
}

// newPart is what is decided.
func (s *Service) newPart(ctx context.Context, w *work, in NewForward, to uuid.UUID) (*ForwardedPart, error) {
	if in.Kind == "" {
		in.Kind = w.r.Kind
	}
	if _, err := ruleFor(s.opt.Rules, w.op, w.r.Jurisdiction, in.Kind, w.day(w.r.ReceivedAt)); err != nil {
		return nil, err
	}
	if in.Ask == "" {
		text, err := tenancy.First[requestText](ctx, w.tx, tenancy.Eq("request_id", w.r.ID))
		if err != nil {
			return nil, err
		}
		in.Ask = text.Ask
	}
	return &ForwardedPart{Row: tenancy.Row{ID: tenancy.NewID()}, RequestID: w.r.ID, ToTenant: to, Kind: in.Kind, Ask: in.Ask, State: ForwardPending, DecidedAt: w.tx.Now()}, nil
}

// other is the controller to whom a part goes, held against who asks: see [Service.Forward].
func (s *Service) other(ctx context.Context, to uuid.UUID) (uuid.UUID, error) {
	const op = "request.Forward"
	// Scope and permission come first.
	ofPlatform, err := tenancy.View(ctx, s.db, PermForward, func(_ context.Context, tx *tenancy.Tx) (bool, error) { return tx.Scope().OfPlatform(), nil })
	if err != nil {
		return uuid.Nil, err
	}
	if ofPlatform == (to == uuid.Nil) || to == tenancy.ScopeOf(ctx).TenantID() {
		return uuid.Nil, ErrNotForwardable.New(op, "")
	}
	platform, err := s.db.EnterPlatform(ctx, "system:request.forward", tenancy.Permissions{tenancy.PermReadTenants})
	if err != nil {
		return uuid.Nil, err
	}
	if ofPlatform {
		t, err := s.db.Tenants().Get(platform, to)
		return t.ID, err
	}
	own, err := s.db.Tenants().Platform(platform)
	return own.ID, err
}

// ForwardPending goes on with at most limit (1 to 1,000) parts of the scope's requests that did not arrive yet, the oldest first, and says how many arrived. It is for a background job. A controller
// that does not take it (it is closed, or gone) leaves its part pending, and the first such error is given when all have been tried.
//
// Permission: request.forward. Errors: request.bad_input.
func (s *Service) ForwardPending(ctx context.Context, limit int) (int, error) {
	parts, err := tenancy.View(ctx, s.db, PermForward, func(ctx context.Context, tx *tenancy.Tx) ([]ForwardedPart, error) {
		if limit < 1 || limit > 1000 {
			return nil, ErrBadInput.New("request.ForwardPending", "limit is between 1 and 1,000")
		}
		return tenancy.Find[ForwardedPart](ctx, tx, tenancy.Eq("state", string(ForwardPending)), tenancy.OrderBy("decided_at", "id"), tenancy.Limit(limit))
	})
	if err != nil {
		return 0, err
	}
	done := 0
	var first error
	for i := range parts {
		switch err := s.handOver(ctx, parts[i].RequestID, parts[i].ToTenant); {
		case err == nil:
			done++
		case first == nil:
			first = err
		}
	}
	return done, first
}

// handedOver is what crosses.
type handedOver struct {
	part ForwardedPart
	r    *Request
	in   NewRequest
}

// handOver enters a part into the other's register, and then knows that it is there. Each half can be repeated: the other's reference is made of the decision, and what has arrived is passed over.
func (s *Service) handOver(ctx context.Context, request, to uuid.UUID) error {
	over, err := tenancy.Act(ctx, s.db, PermForward, func(ctx context.Context, tx *tenancy.Tx) (*handedOver, error) { return s.packed(ctx, tx, request, to) })
	if err != nil || over.part.State != ForwardPending {
		return err
	}
	there, err := s.db.System(ctx, to, "request.forward")
	if err != nil {
		return err
	}
	if _, err := s.receive(there, PermReceive, over.in, tenancy.ScopeOf(ctx).TenantID(), over.part.ID); err != nil {
		return err
	}
	act := Act{Request: over.r.Reference, Reference: "forward:" + over.part.ID.String()}
	_, err = perform(ctx, s, PermForward, Forwarded, act, act, func(string) error { return nil }, func(ctx context.Context, w *work) error {
		part, err := tenancy.Lock[ForwardedPart](ctx, w.tx, over.part.ID)
		if err != nil {
			return err
		}
		part.State, part.ReceivedAt, part.Ask = ForwardReceived, w.tx.Now(), ""
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Set(b, []*ForwardedPart{part}, "state", "received_at", "ask") })
		return nil
	})
	return err
}

// packed reads what crosses, and nothing else.
func (s *Service) packed(ctx context.Context, tx *tenancy.Tx, request, to uuid.UUID) (*handedOver, error) {
	part, err := tenancy.First[ForwardedPart](ctx, tx, tenancy.Eq("request_id", request), tenancy.Eq("to_tenant", to))
	if err != nil {
		return nil, err
	}
	if part.State != ForwardPending {
		return &handedOver{part: *part}, nil
	}
	r, err := tenancy.Get[Request](ctx, tx, request)
	if err != nil {
		return nil, err
	}
	who, err := tenancy.Get[requester](ctx, tx, r.RequesterID)
	if err != nil {
		return nil, err
	}
	return &handedOver{*part, r, NewRequest{Reference: "forward:" + part.ID.String(), Kind: part.Kind, Channel: r.Channel, ReceivedAt: r.ReceivedAt, Jurisdiction: r.Jurisdiction,
		From: Requester{Name: who.Name, Email: who.Email, Phone: who.Phone, Address: who.Address}, Ask: part.Ask}}, nil
}

// NewRecall is the input of [Service.Recall].
type NewRecall struct {
	// Act's Note says why the other controller will not have it. Required.
	Act
	// To is the tenant that the part was to go to: [ForwardedPart].ToTenant.
	To uuid.UUID
}

// Recall gives up a part that does not arrive, because the other controller is gone: the request can be answered without it. Where it arrives all the same, since somebody was handing it over in this
// very moment, it counts as received.
//
// The same reference again changes nothing. Permission: request.forward. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state (nothing is on its way to this tenant).
func (s *Service) Recall(ctx context.Context, in NewRecall) (Request, error) {
	return perform(ctx, s, PermForward, Recall, in.Act, in, func(op string) error {
		if in.To == uuid.Nil || !between(in.Note, 1, 4000) {
			return ErrBadInput.New(op, "a recall names the tenant, and says why")
		}
		return nil
	}, func(ctx context.Context, w *work) error {
		part, err := tenancy.First[ForwardedPart](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.Eq("to_tenant", in.To), tenancy.Eq("state", string(ForwardPending)), tenancy.ForUpdate())
		if tenancy.IsNotFound(err) {
			return ErrWrongState.New(w.op, "nothing of the request %q is on its way there", w.r.Reference)
		}
		if err != nil {
			return err
		}
		part.State, part.Ask = ForwardRecalled, ""
		w.after = append(w.after, func(b *tenancy.Batch) { tenancy.Set(b, []*ForwardedPart{part}, "state", "ask") })
		return nil
	})
}

// Forwards lists the parts of a request that other controllers answer for. Permission: request.read. Errors: request.unknown.
func (s *Service) Forwards(ctx context.Context, request string) ([]ForwardedPart, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]ForwardedPart, error) {
		r, err := tenancy.First[Request](ctx, tx, tenancy.Eq("reference", request))
		if tenancy.IsNotFound(err) {
			return nil, ErrUnknown.New("request.Forwards", "%q", request)
		}
		if err != nil {
			return nil, err
		}
		parts, err := tenancy.Find[ForwardedPart](ctx, tx, tenancy.Eq("request_id", r.ID), tenancy.OrderBy("id"))
		for i := range parts {
			parts[i].Ask = "" // for those who may open it
		}
		return parts, err
	})
}
