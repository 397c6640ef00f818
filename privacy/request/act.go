package request

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Act is what every act on a request says.
type Act struct {
	// Request is the request's reference. Required.
	Request string
	// Reference is the act's own, such as the number of a letter: the idempotency key among the acts on the request; 1 to 200 characters. Required.
	Reference string
	// At is when it was done: when a letter was sent, or something came. Not before the receipt, and not in the future. Zero: now.
	At time.Time
	// Channel is how the person was told, or wrote; required where somebody was.
	Channel Channel
	// Note says what there is to say, such as reasons in the words in which the person was told them. At most 4,000 characters.
	Note string
}

func (a Act) check(op string, now time.Time) error {
	switch {
	case !between(a.Request, 1, 200) || !between(a.Reference, 1, 200):
		return ErrBadInput.New(op, "an act names the request's reference and one of its own, each of at most 200 characters")
	case a.Channel != "" && !listed(Channels(), a.Channel):
		return ErrBadInput.New(op, "%q is no channel", a.Channel)
	case !between(a.Note, 0, 4000):
		return ErrBadInput.New(op, "a note has at most 4,000 characters")
	case a.At.After(now):
		return ErrFuture.New(op, "%s", a.At.UTC().Format(time.RFC3339))
	}
	return nil
}

// told checks what an act says of telling the person something, or of hearing from them.
func (a Act) told(op string, reasoned bool) error {
	if a.Channel == "" {
		return ErrBadInput.New(op, "it is said by which channel")
	}
	if reasoned && !between(a.Note, 1, 4000) {
		return ErrBadInput.New(op, "the reasons are stated (Note)")
	}
	return nil
}

// work is an act under way.
type work struct {
	s    *Service
	tx   *tenancy.Tx
	op   string
	act  Act
	at   time.Time // when it was done
	r    *Request  // locked
	rule Rule
	step *Step
	text *stepText
	// after are records that the act leaves, to be written once its step is there.
	after []func(b *tenancy.Batch)
}

// perform does an act on a request, once: with the request locked, against the table of transitions, with a step in its history. input is what makes two
// calls the same; check looks at it before the database is asked anything.
func perform(ctx context.Context, s *Service, perm tenancy.Permission, by Verb, act Act, input any, check func(op string) error, fn func(ctx context.Context, w *work) error) (Request, error) {
	op := string(perm)
	return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) (Request, error) {
		if err := act.check(op, tx.Now()); err != nil {
			return Request{}, err
		}
		if err := check(op); err != nil {
			return Request{}, err
		}
		sum, err := fingerprint(input)
		if err != nil {
			return Request{}, err
		}
		r, err := tenancy.First[Request](ctx, tx, tenancy.Eq("reference", act.Request), tenancy.ForUpdate())
		if tenancy.IsNotFound(err) {
			return Request{}, ErrUnknown.New(op, "%q", act.Request)
		}
		if err != nil {
			return Request{}, err
		}
		if err := know(ctx, tx, r); err != nil {
			return Request{}, err
		}
		if done, err := replay(ctx, tx, op, r, act.Reference, by, sum); done || err != nil {
			r.Replayed = done
			return *r, err
		}
		w, err := s.begin(tx, op, by, act, r, sum)
		if err != nil {
			return Request{}, err
		}
		if err := fn(ctx, w); err != nil {
			return Request{}, err
		}
		return *r, w.finish(ctx)
	})
}

// replay reports whether the act was done before, under the same reference and with the same input.
func replay(ctx context.Context, tx *tenancy.Tx, op string, r *Request, reference string, by Verb, sum string) (bool, error) {
	step, err := tenancy.First[Step](ctx, tx, tenancy.Eq("request_id", r.ID), tenancy.Eq("reference", reference))
	if tenancy.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	text, err := tenancy.First[stepText](ctx, tx, tenancy.Eq("request_id", r.ID), tenancy.Eq("seq", step.Seq))
	if err != nil {
		return false, err
	}
	// Where the fingerprint is erased, the reference alone says that it is the same.
	if step.Act != by || text.Fingerprint != "" && text.Fingerprint != sum {
		return false, ErrReferenceTaken.New(op, "%q of the request %q", reference, r.Reference)
	}
	return true, nil
}

// begin moves the request to the state that follows, in memory.
func (s *Service) begin(tx *tenancy.Tx, op string, by Verb, act Act, r *Request, sum string) (*work, error) {
	w := &work{s: s, tx: tx, op: op, act: act, at: act.At.UTC().Truncate(time.Microsecond), r: r}
	if act.At.IsZero() {
		w.at = tx.Now()
	}
	if w.at.Before(r.ReceivedAt) {
		return nil, ErrBadInput.New(op, "%s is before the request was received", w.at.Format(time.RFC3339))
	}
	to, err := r.next(op, by)
	if err != nil {
		return nil, err
	}
	if w.rule, err = ruleFor(s.opt.Rules, op, r.Jurisdiction, r.Kind, date.In(r.ReceivedAt, tx.Scope().Zone())); err != nil {
		return nil, err
	}
	r.State = to
	r.Steps++
	w.step = &Step{RequestID: r.ID, Seq: r.Steps, Reference: act.Reference, Act: by, Channel: act.Channel, OccurredAt: w.at, EnteredAt: tx.Now(), EnteredBy: tx.Scope().Actor()}
	w.text = &stepText{RequestID: r.ID, Seq: r.Steps, Note: act.Note, Fingerprint: sum}
	return w, nil
}

// moving are the columns of a request that acts change.
var moving = []string{"state", "outcome", "handler", "law_from", "paused_days", "extra_months", "extra_days", "law_due_on", "due_on", "acknowledged_at", "extended_at",
	"waiting_since", "waiting_for", "closed_at", "fulfilled", "steps"}

// finish writes the step, the request and what the act leaves besides, in one trip. Of a request that is over the clocks stay as they were.
func (w *work) finish(ctx context.Context) error {
	if !w.r.State.Over() {
		w.r.wind(w.rule, w.s.calendar(w.r))
	}
	w.step.State, w.step.LawDueOn, w.step.DueOn = w.r.State, w.r.LawDueOn, w.r.DueOn
	b := w.tx.Batch()
	tenancy.Put(b, []*Step{w.step})
	tenancy.Put(b, []*stepText{w.text})
	tenancy.Set(b, []*Request{w.r}, moving...)
	for _, add := range w.after {
		add(b)
	}
	return b.Run(ctx)
}

// day is the day of an instant in the controller's zone.
func (w *work) day(t time.Time) date.Date { return date.In(t, w.tx.Scope().Zone()) }

// person is whose data the request is about; an act that touches them needs to know.
func (w *work) person() (uuid.UUID, error) {
	if w.r.PersonID == uuid.Nil {
		return uuid.Nil, ErrNoPerson.New(w.op, "the request %q: find and identify the person first", w.r.Reference)
	}
	return w.r.PersonID, nil
}

// fulfils counts an act as what the request asked for, if it is.
func (w *work) fulfils(kinds ...Kind) {
	if slices.Contains(kinds, w.r.Kind) {
		w.r.Fulfilled++
	}
}

// fingerprint is of an input: 128 bits of SHA-256 over its JSON.
func fingerprint(input any) (string, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("request: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// between reports whether a text has so many characters, beside the space around it.
// oneLine reports that a text has neither line breaks nor other control characters.
func oneLine(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

func between(text string, least, most int) bool {
	n := len([]rune(text))
	return n <= most && len([]rune(strings.TrimSpace(text))) >= least
}
