package register

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
)

// Notice is what the platform told a tenant, as it stands in the tenant's own register.
type Notice struct {
	Entry
	AnnouncementID uuid.UUID
	Kind           AnnouncementKind
	// About is the id, in the platform's registers, of what it is about: Number and Hash are those of the version of the policy, Who and Country of the processor or the acquirer.
	About       uuid.UUID
	Number      int64
	Hash        string
	Who         string
	Country     string
	Title, Body string
	AnnouncedAt time.Time
	// EffectFrom is when the time is over that the tenant has: so many full days after the notice was entered here.
	EffectFrom time.Time
	// Objections are the tenant's, in their order.
	Objections []Objection
}

// Objection is a tenant's to a processor (GDPR Art. 28(2)), or to whatever else it was told.
type Objection struct {
	Entry
	NoticeID uuid.UUID
	Reason   string
	// Outcome is what came of it; "" as long as nothing has.
	Outcome   Outcome
	OutcomeAt time.Time
	Settled   string // in words
}

// Outcome is what came of an objection.
type Outcome string

// The outcomes.
const (
	ObjectionWithdrawn Outcome = "withdrawn" // by the tenant: what was announced takes effect for it
	TenantExcluded     Outcome = "excluded"  // the platform does without: it never takes effect for this tenant
)

type noticeRow struct {
	tenancy.Owned
	EntryID        uuid.UUID `bun:"entry_id,pk"`
	AnnouncementID uuid.UUID `bun:"announcement_id"`
	Kind           string    `bun:"kind" privacy:"none"`
	AboutID        uuid.UUID `bun:"about_id"`
	Days           int64     `bun:"days"`
	Number         int64     `bun:"number"`
	Digest         string    `bun:"digest" privacy:"none"`
	Country        string    `bun:"country" privacy:"none"`
	AnnouncedAt    time.Time `bun:"announced_at"`
}

func (r noticeRow) of() uuid.UUID { return r.EntryID }

type objectionRow struct {
	tenancy.Owned
	EntryID  uuid.UUID `bun:"entry_id,pk"`
	NoticeID uuid.UUID `bun:"notice_id"`
}

func (r objectionRow) of() uuid.UUID { return r.EntryID }

type outcomeRow struct {
	tenancy.Owned
	EntryID     uuid.UUID `bun:"entry_id,pk"`
	ObjectionID uuid.UUID `bun:"objection_id"`
	Outcome     string    `bun:"outcome" privacy:"none"`
}

func (r outcomeRow) of() uuid.UUID { return r.EntryID }

func notice(e Entry, t *textRow, r *noticeRow) Notice {
	return Notice{Entry: e, AnnouncementID: r.AnnouncementID, Kind: AnnouncementKind(r.Kind), About: r.AboutID, Number: r.Number, Hash: r.Digest, Who: t.Name, Country: r.Country, Title: t.Evidence,
		Body: t.Body, AnnouncedAt: r.AnnouncedAt.UTC(), EffectFrom: after(e.EnteredAt, r.Days)}
}

// objected adds objections to notices.
func objected(ctx context.Context, tx *tenancy.Tx, out []Notice) error {
	ids := make([]uuid.UUID, len(out))
	at := map[uuid.UUID]int{}
	for i := range out {
		ids[i], at[out[i].ID] = out[i].ID, i
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := tenancy.Find[objectionRow](ctx, tx, tenancy.In("notice_id", ids), tenancy.OrderBy("entry_id"))
	if err != nil || len(rows) == 0 {
		return err
	}
	all, err := bundle(ctx, tx, rows, func(e Entry, t *textRow, r *objectionRow) Objection {
		return Objection{Entry: e, NoticeID: r.NoticeID, Reason: t.Body}
	})
	if err != nil {
		return err
	}
	if err := settled(ctx, tx, all); err != nil {
		return err
	}
	for _, o := range all {
		n := &out[at[o.NoticeID]]
		n.Objections = append(n.Objections, o)
	}
	return nil
}

// settled adds outcomes to objections.
func settled(ctx context.Context, tx *tenancy.Tx, all []Objection) error {
	ids := make([]uuid.UUID, len(all))
	at := map[uuid.UUID]int{}
	for i := range all {
		ids[i], at[all[i].ID] = all[i].ID, i
	}
	rows, err := tenancy.Find[outcomeRow](ctx, tx, tenancy.In("objection_id", ids))
	if err != nil {
		return err
	}
	_, err = bundle(ctx, tx, rows, func(e Entry, t *textRow, r *outcomeRow) any {
		o := &all[at[r.ObjectionID]]
		o.Outcome, o.OutcomeAt, o.Settled = Outcome(r.Outcome), e.EnteredAt, t.Body
		return nil
	})
	return err
}

// Notices lists what the platform told the tenant, in the order in which it did. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Notices(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Notice], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Notice], error) {
		out, err := pageOf(ctx, tx, kindNotice, uuid.Nil, page, notice)
		if err != nil {
			return out, err
		}
		return out, objected(ctx, tx, out.Items)
	})
}

// RequireNotice refuses to do for a tenant what was announced to it, before its time is over, or while it objects: it is asked in the tenant's scope, with the announcement's id, ahead of handing its data to a new
// processor. An objection holds it up until something comes of it, however long.
//
// Permission: register.read. Errors: register.notice_period (the tenant has no such notice, or has time left), register.objected.
func (s *Service) RequireNotice(ctx context.Context, announcement uuid.UUID) error {
	const op = "register.RequireNotice"
	_, err := tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		rows, err := tenancy.Find[noticeRow](ctx, tx, tenancy.Eq("announcement_id", announcement))
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			return nil, ErrNoticePeriod.New(op, "the tenant has no such notice")
		}
		all, err := bundle(ctx, tx, rows, notice)
		if err != nil {
			return nil, err
		}
		if err := objected(ctx, tx, all); err != nil {
			return nil, err
		}
		return nil, all[0].stands(op, tx.Now())
	})
	return err
}

// stands says whether what the notice is of is in effect for the tenant.
func (n *Notice) stands(op string, now time.Time) error {
	for _, o := range n.Objections {
		switch o.Outcome {
		case "":
			return ErrObjected.New(op, "the tenant objected on %s", o.EnteredAt.Format(time.DateOnly))
		case TenantExcluded:
			return ErrObjected.New(op, "the tenant is excluded since %s", o.OutcomeAt.Format(time.DateOnly))
		case ObjectionWithdrawn:
		}
	}
	if now.Before(n.EffectFrom) {
		return ErrNoticePeriod.New(op, "the tenant has until %s", n.EffectFrom.Format(time.RFC3339))
	}
	return nil
}

// engaged are processors that the platform engages for a tenant, as it was told of them.
func (s *Service) engaged(ctx context.Context, tx *tenancy.Tx) ([]privacy.Recipient, error) {
	rows, err := tenancy.Find[noticeRow](ctx, tx, tenancy.Eq("kind", string(OfProcessor)), tenancy.OrderBy("entry_id"))
	if err != nil {
		return nil, err
	}
	all, err := bundle(ctx, tx, rows, notice)
	if err != nil {
		return nil, err
	}
	if err := objected(ctx, tx, all); err != nil {
		return nil, err
	}
	var out []privacy.Recipient
	for i := range all {
		if all[i].stands("register.Recipients", tx.Now()) == nil {
			out = append(out, privacy.Recipient{Name: all[i].Who, Role: "sub-processor", Country: all[i].Country})
		}
	}
	return out, nil
}

// Object enters that the tenant objects to what it was told, with its reason of at most 1,000 characters: what was announced does not take effect for it before something has come of it. It can object as long as it likes,
// and to what is in effect already: then it is held up from now on.
//
// Permission: register.answer. Errors: register.bad_input, register.reference_taken, tenancy.not_found.
func (s *Service) Object(ctx context.Context, reference string, notice uuid.UUID, reason string) (Objection, error) {
	const op = "register.Object"
	return act(ctx, s.db, PermAnswer, func(ctx context.Context, tx *tenancy.Tx) (Objection, error) {
		if !between(reason, 1, 1000) {
			return Objection{}, ErrBadInput.New(op, "an objection has a reason of at most 1,000 characters")
		}
		given := []input{{reference: reference, said: []string{notice.String(), reason}, text: textRow{Body: reason}}}
		f, err := enter(ctx, tx, op, kindObjection, given, nil, func(_ int, id uuid.UUID) (*objectionRow, error) {
			n, err := tenancy.First[noticeRow](ctx, tx, tenancy.Eq("entry_id", notice))
			if err != nil {
				return nil, err
			}
			return &objectionRow{EntryID: id, NoticeID: n.EntryID}, nil
		})
		if err != nil {
			return Objection{}, err
		}
		return one(answer(ctx, tx, f, func(e Entry, t *textRow, r *objectionRow) Objection {
			return Objection{Entry: e, NoticeID: r.NoticeID, Reason: t.Body}
		}))
	})
}

// Settle enters what came of an objection, once: that the tenant withdrew it, or that the platform does without for it; in words of at most 1,000 characters. It is an act in the tenant, of its own people.
//
// Permission: register.answer. Errors: register.bad_input, register.ended (something came of it already), register.reference_taken, tenancy.not_found.
func (s *Service) Settle(ctx context.Context, reference string, objection uuid.UUID, outcome Outcome, how string) (Entry, error) {
	const op = "register.Settle"
	return act(ctx, s.db, PermAnswer, func(ctx context.Context, tx *tenancy.Tx) (Entry, error) {
		if outcome != ObjectionWithdrawn && outcome != TenantExcluded || !between(how, 1, 1000) {
			return Entry{}, ErrBadInput.New(op, "an objection is withdrawn, or the tenant excluded; in words of at most 1,000 characters")
		}
		given := []input{{reference: reference, said: []string{objection.String(), string(outcome), how}, text: textRow{Body: how}}}
		f, err := enter(ctx, tx, op, kindOutcome, given, nil, func(_ int, id uuid.UUID) (*outcomeRow, error) {
			if _, err := tenancy.First[objectionRow](ctx, tx, tenancy.Eq("entry_id", objection)); err != nil {
				return nil, err
			}
			over, err := tenancy.Exists[outcomeRow](ctx, tx, tenancy.Eq("objection_id", objection))
			if over {
				return nil, ErrEnded.New(op, "")
			}
			return &outcomeRow{EntryID: id, ObjectionID: objection, Outcome: string(outcome)}, err
		})
		if err != nil {
			return Entry{}, err
		}
		return one(answer(ctx, tx, f, func(e Entry, _ *textRow, _ *outcomeRow) Entry { return e }))
	})
}

// Acknowledgement says that somebody of a tenant was shown a version of the platform's policy and took note of it. It is no consent, and nothing rests on it.
type Acknowledgement struct {
	Entry
	// Number and Hash are the version's.
	Number int64
	Hash   string
	// Actor is the opaque id of who did.
	Actor string
}

type acknowledgementRow struct {
	tenancy.Owned
	EntryID    uuid.UUID `bun:"entry_id,pk"`
	Number     int64     `bun:"number"`
	PolicyHash string    `bun:"policy_hash" privacy:"none"`
	Actor      string    `bun:"actor" privacy:"none"`
}

func (r acknowledgementRow) of() uuid.UUID { return r.EntryID }

func acknowledgement(e Entry, _ *textRow, r *acknowledgementRow) Acknowledgement {
	return Acknowledgement{Entry: e, Number: r.Number, Hash: r.PolicyHash, Actor: r.Actor}
}

// Acknowledge enters that the scope's actor took note of a version of the platform's policy: its number, and the hash of the text that they were shown. Once each; doing so again gives the first.
//
// Permission: register.answer. Errors: register.bad_input, register.reference_taken (the same number, another text).
func (s *Service) Acknowledge(ctx context.Context, number int64, hash string) (Acknowledgement, error) {
	const op = "register.Acknowledge"
	return act(ctx, s.db, PermAnswer, func(ctx context.Context, tx *tenancy.Tx) (Acknowledgement, error) {
		if number < 1 || !sha256Hex.MatchString(hash) {
			return Acknowledgement{}, ErrBadInput.New(op, "a version has a number, and a text with a SHA-256 of 64 hexadecimal digits")
		}
		given := []input{{reference: ackReference(tx.Scope().Actor(), number), said: hash}}
		f, err := enter(ctx, tx, op, kindAcknowledgement, given, nil, func(_ int, id uuid.UUID) (*acknowledgementRow, error) {
			return &acknowledgementRow{EntryID: id, Number: number, PolicyHash: hash, Actor: tx.Scope().Actor()}, nil
		})
		if err != nil {
			return Acknowledgement{}, err
		}
		return one(answer(ctx, tx, f, acknowledgement))
	})
}

// Acknowledgements lists who took note of what, in the order in which they did. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Acknowledgements(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Acknowledgement], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Acknowledgement], error) {
		return pageOf(ctx, tx, kindAcknowledgement, uuid.Nil, page, acknowledgement)
	})
}

func ackReference(actor string, number int64) string {
	return actor + " " + strconv.FormatInt(number, 10)
}
