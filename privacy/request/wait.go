package request

import (
	"context"
	"time"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewPause is the input of [Service.Pause].
type NewPause struct {
	// Act says when and how the person was asked; its Note gives the reasons, which for identity are why there is doubt (GDPR Art. 12(6)). Both are required.
	Act
	// Cause is what is waited for.
	Cause Cause
	// Fee is how much is asked, above zero, and FeeGround why: [Unfounded] or [Excessive], which alone allow it (GDPR Art. 12(5)(a)). For a [Fee] alone.
	Fee       money.Amount
	FeeGround RefusalGround
}

func (in NewPause) check(op string) error {
	if !listed(causes, in.Cause) {
		return ErrBadInput.New(op, "%q is nothing that is waited for", in.Cause)
	}
	charged := in.Fee.Minor > 0 && in.Fee.Currency.Valid() && (in.FeeGround == Unfounded || in.FeeGround == Excessive)
	if in.Cause == Fee && !charged || in.Cause != Fee && (in.Fee != money.Amount{} || in.FeeGround != "") {
		return ErrBadInput.New(op, "a fee, and nothing else, is an amount above zero, and asked for what is manifestly unfounded or excessive (GDPR Art. 12(5))")
	}
	return in.told(op, true)
}

// Pause records that the person was asked for something without which the request cannot be dealt with. What that does to the law's clock its rule says ([Rule].Waits); the policy's
// runs on. While it is waited, nothing is delivered, corrected, erased or restricted.
//
// A fee is asked for with its amount and the ground that allows it; the burden of showing that is the controller's (GDPR Art. 12(5)).
//
// The same reference again changes nothing. Permission: request.handle. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.too_late (the law's day has passed: who asks then cannot stop a clock that has run out).
func (s *Service) Pause(ctx context.Context, in NewPause) (Request, error) {
	return perform(ctx, s, PermHandle, Pause, in.Act, in, in.check, func(_ context.Context, w *work) error {
		if !w.r.LawDueOn.IsZero() && w.day(w.at).After(w.r.LawDueOn) && w.rule.Waits[in.Cause] != RunsOn {
			return ErrTooLate.New(w.op, "the person was asked on %s, and the answer was due on %s", w.day(w.at), w.r.LawDueOn)
		}
		w.r.WaitingSince, w.r.WaitingFor, w.step.Code = w.at, in.Cause, string(in.Cause)
		w.step.Ground, w.step.FeeMinor, w.step.FeeCurrency = in.FeeGround, in.Fee.Minor, in.Fee.Currency.String()
		return nil
	})
}

// NewResumption is the input of [Service.Resume].
type NewResumption struct {
	// Act says when what was waited for came, and how.
	Act
}

// Resume records that what was waited for came. Where the law's clock paused, the days since the person was asked are not counted; where it starts anew, it does on this day.
//
// The same reference again changes nothing. Permission: request.handle. Errors: request.bad_input (it came before it was asked for), request.future,
// request.unknown, request.reference_taken, request.wrong_state.
func (s *Service) Resume(ctx context.Context, in NewResumption) (Request, error) {
	return perform(ctx, s, PermHandle, Resume, in.Act, in, func(op string) error { return in.told(op, false) }, func(_ context.Context, w *work) error {
		if w.at.Before(w.r.WaitingSince) {
			return ErrBadInput.New(w.op, "what was waited for came before it was asked for, on %s", w.r.WaitingSince.Format(time.RFC3339))
		}
		switch w.rule.Waits[w.r.WaitingFor] {
		case Pauses:
			// The day on which it was asked is not counted, the day on which it came is. (Where a statute leaves out both, such as UK GDPR Art. 12A, this is a day early, and never late.)
			w.r.PausedDays += int64(w.day(w.r.WaitingSince).DaysUntil(w.day(w.at)))
		case Restarts:
			w.r.LawFrom, w.r.PausedDays = w.day(w.at), 0
		case RunsOn:
		}
		w.step.Code = string(w.r.WaitingFor)
		w.r.WaitingSince, w.r.WaitingFor = time.Time{}, ""
		return nil
	})
}

// NewExtension is the input of [Service.Extend].
type NewExtension struct {
	// Act says when and how the person was told; its Note gives the reasons in the words of the notice. Both are required.
	Act
	Ground ExtensionGround
	// Months or Days is by how much: at most what the rule allows. Both zero: by that.
	Months, Days int
}

// Extend records that the law's period was extended, once, and that the person was told so with the reasons before it ended (GDPR Art. 12(3)): on its last day, in the controller's time zone, at the latest. The
// policy's clock is not extended.
//
// The same reference again changes nothing. Permission: request.handle. Errors: request.bad_input, request.future, request.unknown, request.reference_taken,
// request.wrong_state, request.extended (it was before, or the rule knows no extension), request.too_late (the notice went out after the period).
func (s *Service) Extend(ctx context.Context, in NewExtension) (Request, error) {
	return perform(ctx, s, PermHandle, Extend, in.Act, in, func(op string) error {
		if !listed(extensionGrounds, in.Ground) || in.Months < 0 || in.Days < 0 || in.Months > 0 && in.Days > 0 {
			return ErrBadInput.New(op, "an extension is on the ground of complexity or number, by months or by days")
		}
		return in.told(op, true)
	}, func(_ context.Context, w *work) error {
		most := w.rule.Extension
		if most.IsZero() || !w.r.ExtendedAt.IsZero() {
			return ErrExtended.New(w.op, "the request %q", w.r.Reference)
		}
		by := Period{Months: in.Months, Days: in.Days}
		if by.IsZero() {
			by = most
		}
		if by.Months > most.Months || by.Days > most.Days && by.Months == 0 && most.Months == 0 || by.Days > 0 && most.Days == 0 {
			return ErrBadInput.New(w.op, "the period is extended by %d months or %d days at most", most.Months, most.Days)
		}
		if w.day(w.at).After(w.r.LawDueOn) {
			return ErrTooLate.New(w.op, "the notice went out on %s, and was due on %s", w.day(w.at), w.r.LawDueOn)
		}
		w.r.ExtendedAt, w.r.ExtraMonths, w.r.ExtraDays, w.step.Code = w.at, int64(by.Months), int64(by.Days), string(in.Ground)
		return nil
	})
}

// LateAt reports whether a clock had run out on a day, or on the day on which the request was closed.
func (r *Request) LateAt(day date.Date, zone *time.Location) bool {
	if !r.ClosedAt.IsZero() {
		day = date.In(r.ClosedAt, zone)
	}
	return r.DueOn.Before(day)
}
