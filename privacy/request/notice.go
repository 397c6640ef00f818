package request

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Recipient is one to whom a person's data were disclosed.
type Recipient struct {
	// Key tells recipients apart, such as the id of the disclosure register's line; 1 to 200 characters.
	Key string
	// Name is who it is, at most 200 characters.
	Name string
}

// NoticeState is where a notice stands.
type NoticeState string

// The states of a notice.
const (
	NoticeOpen       NoticeState = "open"
	Told             NoticeState = "told"
	Impossible       NoticeState = "impossible"       // such as a recipient that is no more (GDPR Art. 19)
	Disproportionate NoticeState = "disproportionate" // it would involve disproportionate effort (Art. 19)
)

// Notice is that a recipient has to be told of a correction, an erasure or a restriction of a person's data (GDPR Art. 19).
type Notice struct {
	tenancy.Row
	// RequestID and Seq are the step that it comes from.
	RequestID uuid.UUID `bun:"request_id"`
	Seq       int64     `bun:"seq"`
	PersonID  uuid.UUID `bun:"person_id"`
	Act       Verb      `bun:"act" privacy:"none"`
	// RecipientKey and Recipient are who is to be told.
	RecipientKey string `bun:"recipient_key" privacy:"none"`
	Recipient    string `bun:"-"`
	// KnownAs is by what the recipient knows the person, such as a name and a customer number: after an erasure nothing else says it. It is emptied when the notice is closed.
	KnownAs string      `bun:"known_as" privacy:"identity,delete,sealed"`
	State   NoticeState `bun:"state" privacy:"none"`
	// Reason says why it is impossible or disproportionate.
	Reason  string  `bun:"reason" privacy:"free-text,delete,sealed"`
	Channel Channel `bun:"channel" privacy:"none"`
	// DueFrom is since when the recipient should know; ClosedAt when they were told, or it was decided that they are not, by ClosedBy.
	DueFrom  time.Time `bun:"due_from"`
	ClosedAt time.Time `bun:"closed_at,nullzero"`
	ClosedBy string    `bun:"closed_by" privacy:"none"`

	// Replayed says that it was closed so before, and nothing was done now.
	Replayed bool `bun:"-"`
}

// noticeName is whom a notice is for, by name: nobody's own, and not of the person whom the notice is about, with whom it is not erased ([privacy.Service.Redact]).
type noticeName struct {
	tenancy.Owned
	NoticeID uuid.UUID `bun:"notice_id,pk"`
	Name     string    `bun:"name" privacy:"identity,keep"`
}

// name fills in whom notices are for.
func name(ctx context.Context, tx *tenancy.Tx, notices ...*Notice) error {
	if len(notices) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(notices))
	for i, n := range notices {
		ids[i] = n.ID
	}
	rows, err := tenancy.Find[noticeName](ctx, tx, tenancy.In("notice_id", ids))
	by := map[uuid.UUID]string{}
	for _, r := range rows {
		by[r.NoticeID] = r.Name
	}
	for _, n := range notices {
		n.Recipient = by[n.ID]
	}
	return err
}

// notify leaves a notice for each recipient of the person's data, with the step.
func (w *work) notify(ctx context.Context, person uuid.UUID, knownAs string) error {
	to, err := w.s.recipients(ctx, person)
	if err != nil || len(to) == 0 {
		return err
	}
	return w.leaveNotices(person, to, knownAs)
}

func (w *work) leaveNotices(person uuid.UUID, to []Recipient, knownAs string) error {
	if len(to) == 0 {
		return nil
	}
	if !between(knownAs, 1, 500) {
		return ErrKnownAs.New(w.op, "%d recipients; at most 500 characters", len(to))
	}
	rows, names := make([]*Notice, len(to)), make([]*noticeName, len(to))
	for i, r := range to {
		if !between(r.Key, 1, 200) || !between(r.Name, 1, 200) {
			return ErrBadInput.New(w.op, "a recipient has a key and a name, each of at most 200 characters")
		}
		rows[i] = &Notice{Row: tenancy.Row{ID: tenancy.NewID()}, RequestID: w.r.ID, Seq: w.step.Seq, PersonID: person, Act: w.step.Act, RecipientKey: r.Key, Recipient: r.Name, KnownAs: knownAs, State: NoticeOpen, DueFrom: w.tx.Now()}
		names[i] = &noticeName{NoticeID: rows[i].ID, Name: r.Name}
	}
	w.after = append(w.after, func(b *tenancy.Batch) {
		tenancy.Put(b, rows)
		tenancy.Put(b, names)
	})
	return nil
}

// recipients are asked of the register of disclosures, each once.
func (s *Service) recipients(ctx context.Context, person uuid.UUID) ([]Recipient, error) {
	if s.opt.Recipients == nil {
		return nil, nil
	}
	to, err := s.opt.Recipients(ctx, person)
	if err != nil {
		return nil, err
	}
	to = slices.Clone(to)
	slices.SortFunc(to, func(a, b Recipient) int { return strings.Compare(a.Key, b.Key) })
	return slices.CompactFunc(to, func(a, b Recipient) bool { return a.Key == b.Key }), nil
}

// NoticeFilter says which notices [Service.Notices] gives. The zero value of each means all.
type NoticeFilter struct {
	// Person is whose data they are about: what a person is told who asks which recipients were told (Art. 19, second sentence).
	Person uuid.UUID
	// Open keeps those that are still to be sent.
	Open bool
}

// Notices lists notices to recipients, the oldest first unless page.Sort says otherwise. Permission: request.open. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Notices(ctx context.Context, f NoticeFilter, page tenancy.PageRequest) (tenancy.PageOf[Notice], error) {
	return tenancy.View(ctx, s.db, PermOpen, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Notice], error) {
		var by []tenancy.Option
		if f.Person != uuid.Nil {
			by = append(by, tenancy.Eq("person_id", f.Person))
		}
		if f.Open {
			by = append(by, tenancy.Eq("state", string(NoticeOpen)))
		}
		out, err := tenancy.Page[Notice](ctx, tx, page, by...)
		if err != nil {
			return out, err
		}
		all := make([]*Notice, len(out.Items))
		for i := range out.Items {
			all[i] = &out.Items[i]
		}
		return out, name(ctx, tx, all...)
	})
}

// ClosedNotice is the input of [Service.CloseNotice].
type ClosedNotice struct {
	Notice uuid.UUID
	// As is [Told], [Impossible] or [Disproportionate].
	As NoticeState
	// At is when the recipient was told, or when it was decided that they are not. Zero: now.
	At time.Time
	// Channel is how they were told; required for [Told].
	Channel Channel
	// Reason is why they are not; required for the other two, at most 1,000 characters.
	Reason string
}

// CloseNotice records that a recipient was told, or why that is impossible or disproportionate. By what the recipient knows the person is forgotten then.
//
// Closing it again in the same way changes nothing. Permission: request.notify. Errors: request.bad_input, request.future, tenancy.not_found, request.wrong_state (it was closed
// otherwise).
func (s *Service) CloseNotice(ctx context.Context, in ClosedNotice) (Notice, error) {
	return tenancy.Act(ctx, s.db, PermNotify, func(ctx context.Context, tx *tenancy.Tx) (Notice, error) {
		const op = "request.CloseNotice"
		at := in.At.UTC().Truncate(time.Microsecond)
		if in.At.IsZero() {
			at = tx.Now()
		}
		switch {
		case in.As != Told && in.As != Impossible && in.As != Disproportionate:
			return Notice{}, ErrBadInput.New(op, "a notice is closed as told, impossible or disproportionate")
		case in.As == Told && !listed(Channels(), in.Channel), in.As != Told && in.Channel != "":
			return Notice{}, ErrBadInput.New(op, "who was told, was told by a channel")
		case in.As != Told && !between(in.Reason, 1, 1000), in.As == Told && in.Reason != "":
			return Notice{}, ErrBadInput.New(op, "whoever is not told, is not told for a reason of at most 1,000 characters")
		case at.After(tx.Now()):
			return Notice{}, ErrFuture.New(op, "%s", at.Format(time.RFC3339))
		}
		n, err := tenancy.Lock[Notice](ctx, tx, in.Notice)
		if err == nil {
			err = name(ctx, tx, n)
		}
		if err != nil {
			return Notice{}, err
		}
		if n.State != NoticeOpen {
			if n.State != in.As || n.Channel != in.Channel {
				return Notice{}, ErrWrongState.New(op, "the notice was closed as %s", n.State)
			}
			n.Replayed = true
			return *n, nil
		}
		if at.Before(n.DueFrom) {
			return Notice{}, ErrBadInput.New(op, "%s is before there was anything to tell", at.Format(time.RFC3339))
		}
		n.State, n.Channel, n.Reason, n.KnownAs, n.ClosedAt, n.ClosedBy = in.As, in.Channel, in.Reason, "", at, tx.Scope().Actor()
		return *n, tenancy.Update(ctx, tx, n, "state", "channel", "reason", "known_as", "closed_at", "closed_by")
	})
}
