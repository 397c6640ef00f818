package request

import (
	"context"
	"regexp"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// NewAnswer is the input of [Service.Answer].
type NewAnswer struct {
	// Act says when and how the answer went out; its Note gives the words of it where not all was granted.
	Act
	Outcome Outcome
}

// Answer records that the person was answered, and closes the request. An answer says what was done: granted and partly need an act that gave what was asked for (a delivery for access
// and export; a correction, an erasure, a restriction, a decision about each objection; somebody to whom a complaint was assigned), forwarded needs the other controller to have it.
//
// The same reference again changes nothing. Permission: request.answer. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.not_done.
func (s *Service) Answer(ctx context.Context, in NewAnswer) (Request, error) {
	return perform(ctx, s, PermAnswer, Answer, in.Act, in, func(op string) error {
		if !listed(outcomes, in.Outcome) {
			return ErrBadInput.New(op, "%q is no outcome", in.Outcome)
		}
		return in.told(op, in.Outcome != Granted)
	}, func(ctx context.Context, w *work) error {
		if err := w.answerable(ctx, in.Outcome); err != nil {
			return err
		}
		w.r.Outcome, w.r.ClosedAt, w.step.Code = in.Outcome, w.at, string(in.Outcome)
		return nil
	})
}

// answerable holds an answer to what was done.
func (w *work) answerable(ctx context.Context, outcome Outcome) error {
	forwards, err := tenancy.Find[ForwardedPart](ctx, w.tx, tenancy.Eq("request_id", w.r.ID))
	if err != nil {
		return err
	}
	pending, err := tenancy.Exists[ObjectionRecord](ctx, w.tx, tenancy.Eq("request_id", w.r.ID), tenancy.Eq("state", string(ObjectionPending)))
	if err != nil {
		return err
	}
	passedOn := false
	for _, f := range forwards {
		passedOn = passedOn || f.State == ForwardReceived
		if f.State == ForwardPending {
			return ErrNotDone.New(w.op, "a part of the request %q is on its way to another controller, who does not have it yet", w.r.Reference)
		}
	}
	switch {
	case pending:
		return ErrNotDone.New(w.op, "an objection of the request %q is not decided", w.r.Reference)
	case outcome == PassedOn && !passedOn:
		return ErrNotDone.New(w.op, "the request %q was forwarded to nobody", w.r.Reference)
	case w.r.Kind == Complaint && w.r.Handler == "":
		return ErrNotDone.New(w.op, "the complaint %q was assigned to nobody", w.r.Reference)
	}
	if w.r.Kind == Complaint && (outcome == Granted || outcome == Partly) {
		w.r.Fulfilled++ // its answer is what a complaint asks for
	}
	if (outcome == Granted || outcome == Partly) && w.r.Fulfilled == 0 {
		return ErrNotDone.New(w.op, "nothing was done of what the request %q asks for", w.r.Reference)
	}
	return nil
}

// NewRefusal is the input of [Service.Refuse].
type NewRefusal struct {
	// Act says when and how the person was told; its Note gives the reasons in the words in which they were told. Both are required.
	Act
	Ground RefusalGround
	// Authority is the supervisory authority that was named to the person; at most 200 characters. Required (GDPR Art. 12(4)).
	Authority string
	// JudicialRemedy says that the person was told of the judicial remedy (Art. 12(4), 79). Required.
	JudicialRemedy bool
}

// Refuse records that the request is not complied with, and that the person was told so with the reasons and the remedies: a complaint to a supervisory authority, and the courts (GDPR
// Art. 12(4)). What was told late is recorded all the same, and stays late.
//
// The same reference again changes nothing. Permission: request.answer. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state.
func (s *Service) Refuse(ctx context.Context, in NewRefusal) (Request, error) {
	return perform(ctx, s, PermAnswer, Refuse, in.Act, in, func(op string) error {
		if !listed(refusalGrounds, in.Ground) {
			return ErrBadInput.New(op, "%q is no ground of a refusal", in.Ground)
		}
		if !between(in.Authority, 1, 200) || !in.JudicialRemedy {
			return ErrBadInput.New(op, "a refusal names the remedies: the supervisory authority that can be complained to, and the courts (GDPR Art. 12(4))")
		}
		return in.told(op, true)
	}, func(ctx context.Context, w *work) error {
		// Objections that nobody decided about are refused with the request.
		if err := w.decideAll(ctx, Overruled); err != nil {
			return err
		}
		w.r.ClosedAt, w.r.WaitingFor, w.r.WaitingSince = w.at, "", zeroTime
		w.step.Code, w.step.Ground, w.text.Remedies = string(in.Ground), in.Ground, in.Authority+"; judicial remedy"
		return nil
	})
}

// NewWithdrawal is the input of [Service.Withdraw].
type NewWithdrawal struct {
	// Act says when and how the person withdrew; its Note gives their words. Both are required.
	Act
}

// Withdraw records that the person took the request back. Nobody else can.
//
// The same reference again changes nothing. Permission: request.answer. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state.
func (s *Service) Withdraw(ctx context.Context, in NewWithdrawal) (Request, error) {
	return perform(ctx, s, PermAnswer, Withdraw, in.Act, in, func(op string) error { return in.told(op, true) }, func(ctx context.Context, w *work) error {
		if err := w.decideAll(ctx, ObjectionWithdrawn); err != nil {
			return err
		}
		w.r.ClosedAt, w.r.WaitingFor, w.r.WaitingSince = w.at, "", zeroTime
		return nil
	})
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// NewDelivery is the input of [Service.Deliver].
type NewDelivery struct {
	// Act says when and how the data went to the person.
	Act
	// SHA256 and SizeBytes are of the archive or letter that went out: 64 hexadecimal digits in lower case, and at least one byte.
	SHA256    string
	SizeBytes int64
}

// Deliver records what of their data a person was given: which archive, by its hash, when and how. The archive itself is privacy's to make, and is not kept here.
//
// The same reference again changes nothing. Permission: request.handle. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.no_person (nobody's data are given away before it is known whose they are).
func (s *Service) Deliver(ctx context.Context, in NewDelivery) (Request, error) {
	return perform(ctx, s, PermHandle, Deliver, in.Act, in, func(op string) error {
		if !sha256Hex.MatchString(in.SHA256) || in.SizeBytes < 1 {
			return ErrBadInput.New(op, "what was delivered has a SHA-256 of 64 hexadecimal digits, and a size")
		}
		return in.told(op, false)
	}, func(_ context.Context, w *work) error {
		if _, err := w.person(); err != nil {
			return err
		}
		w.step.SHA256, w.step.SizeBytes = in.SHA256, in.SizeBytes
		w.fulfils(Access, Export)
		return nil
	})
}

// Objected answers the question of whoever is about to use a person's data for a purpose on legitimate interests: whether the person has objected, and that was upheld or is not decided yet
// (GDPR Art. 21(1)). person is the id of the person's own row.
//
// Permission: request.ask. Errors: request.bad_input.
func (s *Service) Objected(ctx context.Context, person uuid.UUID, purpose tenancy.Purpose) (bool, error) {
	return tenancy.View(ctx, s.db, PermAsk, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		if person == uuid.Nil || !listed(tenancy.Purposes(), purpose) {
			return false, ErrBadInput.New("request.Objected", "a person and one of the purposes are named")
		}
		return tenancy.Exists[ObjectionRecord](ctx, tx, tenancy.Eq("person_id", person), tenancy.Eq("purpose", string(purpose)),
			tenancy.In("state", []string{string(ObjectionPending), string(Upheld)}))
	})
}
