package register

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// AuthorityWithin is how long a controller has to tell the authority, from the instant at which it became aware (GDPR Art. 33(1); UK GDPR likewise). It is hours: they run through nights, weekends and holidays
// (Regulation (EEC, Euratom) No 1182/71, Art. 3(3) and (4)), and are counted from the second.
const AuthorityWithin = 72 * time.Hour

// BreachRole is as what the entered tenant answers for a breach.
type BreachRole string

// The roles.
const (
	AsController BreachRole = "controller"
	AsProcessor  BreachRole = "processor" // of its tenants: the platform
)

// Risk is what a breach is to the rights and freedoms of people.
type Risk string

// The risks.
const (
	RiskUnlikely Risk = "unlikely" // the authority need not be told (Art. 33(1))
	RiskThere    Risk = "risk"
	RiskHigh     Risk = "high" // the people are told too (Art. 34)
)

// NewBreach is the input of [Service.OpenBreach].
type NewBreach struct {
	Reference string
	// Role is as what. Default: controller. A processor's is the platform's alone.
	Role BreachRole
	// AwareAt is when the controller became aware: not to come. Default: now. It never changes.
	AwareAt time.Time
	// BeganAt and EndedAt are between which instants it happened, as far as that is known.
	BeganAt, EndedAt time.Time
	// Facts say what happened, its effects and what was done at once (Art. 33(5)); 1 to 20,000 characters.
	Facts string
}

// Breach is an entry of the register of breaches, with where it stands.
type Breach struct {
	Entry
	Role    BreachRole
	AwareAt time.Time
	// Due is until when the authority has to be told; zero of a processor's.
	Due              time.Time
	BeganAt, EndedAt time.Time
	// NoticeID is the platform's notice, where it was one that made the controller aware.
	NoticeID uuid.UUID
	State    BreachState
	// Risk is as it was assessed last; "" before.
	Risk Risk
	// AuthorityToldAt, ControllersToldAt and PersonsToldAt are when they were told first; PersonsExcused by which letter of Art. 34(3) the last need not be.
	AuthorityToldAt, ControllersToldAt, PersonsToldAt time.Time
	PersonsExcused                                    string
	Steps                                             []Step
}

// Step is something that was done about a breach.
type Step struct {
	Entry
	Seq  int64
	Kind StepKind
	// State is where the breach stands behind it.
	State BreachState
	Risk  Risk
	At    time.Time
	// Late says that the authority was told later than within 72 hours; Reasons say why.
	Late    bool
	Reasons string
	Letter  string
	Text    string
}

type breachRow struct {
	tenancy.Owned
	EntryID  uuid.UUID `bun:"entry_id,pk"`
	Role     string    `bun:"role" privacy:"none"`
	AwareAt  time.Time `bun:"aware_at"`
	BeganAt  time.Time `bun:"began_at,nullzero"`
	EndedAt  time.Time `bun:"ended_at,nullzero"`
	NoticeID uuid.UUID `bun:"notice_id,nullzero"`
}

func (r breachRow) of() uuid.UUID { return r.EntryID }

type stepRow struct {
	tenancy.Owned
	EntryID    uuid.UUID `bun:"entry_id,pk"`
	BreachID   uuid.UUID `bun:"breach_id"`
	Seq        int64     `bun:"seq"`
	Kind       string    `bun:"kind" privacy:"none"`
	State      string    `bun:"state" privacy:"none"`
	Risk       string    `bun:"risk" privacy:"none"`
	HappenedAt time.Time `bun:"happened_at"`
	Late       bool      `bun:"late"`
	Letter     string    `bun:"letter" privacy:"none"`
	PriorSeq   int64     `bun:"prior_seq,nullzero"`
	PriorState string    `bun:"prior_state,nullzero" privacy:"none"`
}

func (r stepRow) of() uuid.UUID { return r.EntryID }

// breachPerson is somebody whom a breach affected.
type breachPerson struct {
	tenancy.Row
	BreachID uuid.UUID `bun:"breach_id"`
	PersonID uuid.UUID `bun:"person_id"`
	FoundAt  time.Time `bun:"found_at"`
}

func breach(e Entry, _ *textRow, r *breachRow) Breach {
	b := Breach{Entry: e, Role: BreachRole(r.Role), AwareAt: r.AwareAt.UTC(), NoticeID: r.NoticeID}
	if b.Role == AsController {
		b.Due = b.AwareAt.Add(AuthorityWithin)
	}
	if !r.BeganAt.IsZero() {
		b.BeganAt = r.BeganAt.UTC()
	}
	if !r.EndedAt.IsZero() {
		b.EndedAt = r.EndedAt.UTC()
	}
	return b
}

func step(e Entry, t *textRow, r *stepRow) Step {
	return Step{Entry: e, Seq: r.Seq, Kind: StepKind(r.Kind), State: BreachState(r.State), Risk: Risk(r.Risk), At: r.HappenedAt.UTC(), Late: r.Late, Reasons: t.Evidence, Letter: r.Letter, Text: t.Body}
}

// add takes a step into account.
func (b *Breach) add(s Step) {
	b.Steps, b.State = append(b.Steps, s), s.State
	first := func(at *time.Time) {
		if at.IsZero() {
			*at = s.At
		}
	}
	switch s.Kind { //nolint:exhaustive // the others say nothing but what they say
	case RiskAssessed:
		b.Risk = s.Risk
	case AuthorityTold:
		first(&b.AuthorityToldAt)
	case ControllersTold:
		first(&b.ControllersToldAt)
	case PersonsTold:
		first(&b.PersonsToldAt)
	case PersonsExcused:
		b.PersonsExcused = s.Letter
	}
}

// Overdue reports whether the authority should have been told by an instant, and was not: of a breach that may be a risk. A processor's is overdue as long as controllers are not told, for that is without undue delay.
func (b *Breach) Overdue(now time.Time) bool {
	if b.State == BreachClosed {
		return false
	}
	if b.Role == AsProcessor {
		return b.ControllersToldAt.IsZero()
	}
	return b.AuthorityToldAt.IsZero() && b.Risk != RiskUnlikely && now.After(b.Due)
}

// OpenBreach enters a breach of personal data (GDPR Art. 4(12)). From the instant of awareness the controller has 72 hours to tell the authority. A processor's (the platform's, of its tenants' data) is
// announced to those whom it concerns ([Service.Announce]), and each has it in a register of its own, whose clock begins when it was told.
//
// Permission: register.breach. Errors: register.bad_input, register.dated, register.not_platform, register.reference_taken.
func (s *Service) OpenBreach(ctx context.Context, in NewBreach) (Breach, error) {
	return act(ctx, s.db, PermBreach, func(ctx context.Context, tx *tenancy.Tx) (Breach, error) {
		return openBreach(ctx, tx, "register.OpenBreach", in, uuid.Nil)
	})
}

func openBreach(ctx context.Context, tx *tenancy.Tx, op string, in NewBreach, notice uuid.UUID) (Breach, error) {
	if in.Role == "" {
		in.Role = AsController
	}
	for _, at := range []*time.Time{&in.AwareAt, &in.BeganAt, &in.EndedAt} {
		*at = at.UTC().Truncate(time.Microsecond)
	}
	switch {
	case in.Role != AsController && in.Role != AsProcessor || !between(in.Facts, 1, 30_000):
		return Breach{}, ErrBadInput.New(op, "a breach is a controller's or a processor's, and its facts are stated in at most 20,000 characters")
	case in.Role == AsProcessor && !tx.Scope().OfPlatform():
		return Breach{}, ErrNotPlatform.New(op, "")
	case in.AwareAt.After(tx.Now()) || in.BeganAt.After(tx.Now()) || in.EndedAt.After(tx.Now()) || !in.EndedAt.IsZero() && in.EndedAt.Before(in.BeganAt):
		return Breach{}, ErrDated.New(op, "")
	}
	f, err := enter(ctx, tx, op, kindBreach, []input{{reference: in.Reference, said: in}}, nil, func(_ int, id uuid.UUID) (*breachRow, error) {
		row := &breachRow{EntryID: id, Role: string(in.Role), AwareAt: in.AwareAt, BeganAt: in.BeganAt, EndedAt: in.EndedAt, NoticeID: notice}
		if row.AwareAt.IsZero() {
			row.AwareAt = tx.Now()
		}
		return row, nil
	})
	if err != nil {
		return Breach{}, err
	}
	id := f.ids[0]
	given := []input{{reference: "opened:" + id.String(), said: in.Facts, text: textRow{Body: in.Facts}}}
	_, err = enter(ctx, tx, op, kindStep, given, nil, func(_ int, own uuid.UUID) (*stepRow, error) {
		return &stepRow{EntryID: own, BreachID: id, Seq: 1, Kind: string(BreachOpened), State: string(BreachOpen), HappenedAt: tx.Now()}, nil
	})
	if err != nil {
		return Breach{}, err
	}
	return one(breachesOf(ctx, tx, f))
}

// breachesOf reads breaches with their steps.
func breachesOf(ctx context.Context, tx *tenancy.Tx, f filed) ([]Breach, error) {
	out, err := answer(ctx, tx, f, breach)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	rows, err := tenancy.Find[stepRow](ctx, tx, tenancy.In("breach_id", f.ids), tenancy.OrderBy("breach_id", "seq"))
	if err != nil {
		return nil, err
	}
	at := map[uuid.UUID]int{}
	for i := range out {
		at[out[i].ID] = i
	}
	all, err := bundle(ctx, tx, rows, step)
	for i := range all {
		out[at[rows[i].BreachID]].add(all[i])
	}
	return out, err
}

// NewStep is the input of [Service.RecordStep].
type NewStep struct {
	Reference string
	BreachID  uuid.UUID
	Kind      StepKind
	// Risk is for an assessment.
	Risk Risk
	// At is when it was done: not to come, nor ahead of the awareness. Default: now.
	At time.Time
	// Letter is that of Art. 34(3) by which people need not be told: a (their data are protected, such as encrypted), b (the high risk is averted), c (it would be disproportionate, and the public is told).
	Letter string
	// Text says what; required, at most 20,000 characters.
	Text string
	// Reasons say why an authority is told for the first time after its 72 hours (Art. 33(1)), at most 5,000 characters; required then.
	Reasons string
}

// RecordStep enters what was done about a breach. Which step can be done in which state is one table (transitions.go; README.md). A breach is closed from assessed when a risk is unlikely, and otherwise from notified; of a
// high risk not before the people concerned were told, or need not be.
//
// Permission: register.breach. Errors: register.bad_input, register.dated, register.transition, register.late, register.reference_taken, tenancy.not_found.
func (s *Service) RecordStep(ctx context.Context, in NewStep) (Breach, error) {
	const op = "register.RecordStep"
	return act(ctx, s.db, PermBreach, func(ctx context.Context, tx *tenancy.Tx) (Breach, error) {
		if err := in.check(op, tx.Now()); err != nil {
			return Breach{}, err
		}
		given := []input{{reference: in.Reference, said: in, text: textRow{Body: in.Text, Evidence: in.Reasons}}}
		f, err := enter(ctx, tx, op, kindStep, given, nil, func(_ int, id uuid.UUID) (*stepRow, error) {
			b, err := one(breachesOf(ctx, tx, filed{ids: []uuid.UUID{in.BreachID}}))
			if err != nil {
				return nil, err
			}
			if b.ID == uuid.Nil {
				return nil, tenancy.ErrNotFound.New(op, "there is no such breach")
			}
			return b.next(op, id, &in, tx.Now())
		})
		if err != nil {
			return Breach{}, err
		}
		done, err := tenancy.First[stepRow](ctx, tx, tenancy.Eq("entry_id", f.ids[0]))
		if err != nil {
			return Breach{}, err
		}
		out, err := one(breachesOf(ctx, tx, filed{ids: []uuid.UUID{done.BreachID}}))
		out.Replayed = f.replayed[f.ids[0]]
		return out, err
	})
}

func (in *NewStep) check(op string, now time.Time) error {
	in.At = in.At.UTC().Truncate(time.Microsecond)
	assessed := in.Risk == RiskUnlikely || in.Risk == RiskThere || in.Risk == RiskHigh
	excused := in.Letter == "a" || in.Letter == "b" || in.Letter == "c"
	switch {
	case !between(in.Text, 1, 20_000) || !between(in.Reasons, 0, 5000):
		return ErrBadInput.New(op, "a step says what was done in at most 20,000 characters, and why it is late in at most 5,000")
	case (in.Kind == RiskAssessed) != assessed || !assessed && in.Risk != "":
		return ErrBadInput.New(op, "an assessment has a risk, and nothing else has")
	case (in.Kind == PersonsExcused) != excused || !excused && in.Letter != "":
		return ErrBadInput.New(op, "who need not be told need not by a letter of Art. 34(3), and nothing else has one")
	case in.At.After(now):
		return ErrDated.New(op, "it is dated to come")
	}
	return nil
}

// next is a step that can be done now.
func (b *Breach) next(op string, id uuid.UUID, in *NewStep, now time.Time) (*stepRow, error) {
	to := follows(b.State, in.Kind)
	if to == "" {
		return nil, ErrTransition.New(op, "a breach that is %s is not %s", b.State, in.Kind)
	}
	row := &stepRow{EntryID: id, BreachID: b.ID, Seq: int64(len(b.Steps)) + 1, Kind: string(in.Kind), State: string(to), Risk: string(in.Risk), HappenedAt: in.At, Letter: in.Letter,
		PriorSeq: int64(len(b.Steps)), PriorState: string(b.State)}
	if row.HappenedAt.IsZero() {
		row.HappenedAt = now
	}
	if row.HappenedAt.Before(b.AwareAt) {
		return nil, ErrDated.New(op, "nothing was done about it before it was known, on %s", b.AwareAt.Format(time.RFC3339))
	}
	switch {
	case in.Kind == ControllersTold && b.Role != AsProcessor, in.Kind == AuthorityTold && b.Role != AsController:
		return nil, ErrTransition.New(op, "of a %s's breach it is not the %s who tells", b.Role, b.Role)
	case in.Kind == AuthorityTold && b.AuthorityToldAt.IsZero() && row.HappenedAt.After(b.Due):
		if row.Late = true; !between(in.Reasons, 1, 5000) {
			return nil, ErrLate.New(op, "it was to be told by %s", b.Due.Format(time.RFC3339))
		}
	case in.Kind == BreachEnded:
		return row, b.mayClose(op)
	}
	return row, nil
}

// mayClose refuses to close what is not at its end.
func (b *Breach) mayClose(op string) error {
	switch {
	case b.Role == AsController && b.Risk == "":
		return ErrTransition.New(op, "what risk it is was not assessed")
	case b.Role == AsController && b.Risk != RiskUnlikely && b.AuthorityToldAt.IsZero():
		return ErrTransition.New(op, "the authority was not told")
	case b.Role == AsProcessor && b.ControllersToldAt.IsZero():
		return ErrTransition.New(op, "the controllers were not told")
	case b.Role == AsController && b.Risk == RiskHigh && b.PersonsToldAt.IsZero() && b.PersonsExcused == "":
		return ErrTransition.New(op, "it is a high risk, and the people concerned were not told")
	}
	return nil
}

// Breaches lists breaches with their steps, in the order in which they were entered. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Breaches(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Breach], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Breach], error) {
		found, err := pageOf(ctx, tx, kindBreach, uuid.Nil, page, breach)
		if err != nil {
			return found, err
		}
		f := filed{ids: make([]uuid.UUID, len(found.Items))}
		for i := range found.Items {
			f.ids[i] = found.Items[i].ID
		}
		found.Items, err = breachesOf(ctx, tx, f)
		return found, err
	})
}
