package register

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Entry is what every entry of every register has. None is ever changed: what is said later is another entry.
type Entry struct {
	ID        uuid.UUID
	Reference string
	// EnteredAt is when it was entered, by the program's clock; EnteredBy the opaque id of who did so.
	EnteredAt time.Time
	EnteredBy string
	// Replayed says that the reference had been used before for the same, and nothing was done now.
	Replayed bool
}

// kind is the register, and the sort of entry in it.
type kind string

const (
	kindPurpose         kind = "purpose"
	kindWording         kind = "wording"
	kindConsent         kind = "consent"
	kindRecipient       kind = "recipient"
	kindProcessor       kind = "processor"
	kindDisclosure      kind = "disclosure"
	kindTransfer        kind = "transfer"
	kindEnd             kind = "end"
	kindPolicy          kind = "policy"
	kindEffect          kind = "effect"
	kindAnnouncement    kind = "announcement"
	kindNotice          kind = "notice"
	kindAcknowledgement kind = "acknowledgement"
	kindObjection       kind = "objection"
	kindOutcome         kind = "outcome"
	kindBreach          kind = "breach"
	kindStep            kind = "step"
)

// entryRow is the root of an entry: the register's own columns are a part of it.
type entryRow struct {
	tenancy.Row
	Kind      string    `bun:"kind" privacy:"none"`
	Reference string    `bun:"reference" privacy:"none"`
	PersonID  uuid.UUID `bun:"person_id,nullzero"`
	EnteredAt time.Time `bun:"entered_at"`
	EnteredBy string    `bun:"entered_by" privacy:"none"`

	Books bool `bun:"-"` // though the person's data are restricted
}

func (e *entryRow) entry() Entry {
	return Entry{ID: e.ID, Reference: e.Reference, EnteredAt: e.EnteredAt.UTC(), EnteredBy: e.EnteredBy}
}

// textRow is what may name people. Names and addresses of recipients are what the register is kept for, and stay; the rest goes with whom it is about.
type textRow struct {
	tenancy.Owned
	EntryID  uuid.UUID `bun:"entry_id,pk"`
	Name     string    `bun:"name" privacy:"identity,keep"`
	Contact  string    `bun:"contact" privacy:"contact,keep,sealed"`
	Body     string    `bun:"body" privacy:"free-text,delete,sealed"`
	Evidence string    `bun:"evidence" privacy:"free-text,delete,sealed"`
	// Fingerprint tells a repeated reference from another's use of it. It is a hash of the texts too, so it is sealed and goes with them.
	Fingerprint string `bun:"fingerprint" privacy:"free-text,delete,sealed"`
}

// input is what is to be entered.
type input struct {
	reference string
	person    uuid.UUID // whom it is about; zero: nobody
	text      textRow
	said      any  // all that the caller said: the same reference again is held against it
	books     bool // though the person's data are restricted
}

// most is how many entries one call takes.
const most = 1000

// filed are the entries of a call, in the order of its input.
type filed struct {
	ids      []uuid.UUID
	replayed map[uuid.UUID]bool
}

// enter enters what is new and finds what was entered before under the same references. When anything is new, the persons whom it is about are locked, then load reads what it is held
// against, so that of two acts about one person the second sees the first. fresh checks a new one and makes the part of it that is the register's own; nothing is written before all are
// checked. However many they are, the statements are as many.
func enter[P any](ctx context.Context, tx *tenancy.Tx, op string, k kind, in []input, load func() error, fresh func(i int, id uuid.UUID) (*P, error)) (filed, error) {
	out := filed{ids: make([]uuid.UUID, len(in)), replayed: map[uuid.UUID]bool{}}
	if len(in) == 0 || len(in) > most {
		return out, ErrBadInput.New(op, "a call enters 1 to %d", most)
	}
	known, err := enteredBefore(ctx, tx, op, k, in)
	if err != nil {
		return out, err
	}
	if err := prepare(ctx, tx, in, known, load); err != nil {
		return out, err
	}
	var entries []*entryRow
	var texts []*textRow
	var parts []*P
	for i := range in {
		x := &in[i]
		mark, err := fingerprint(x.said)
		if err != nil {
			return out, err
		}
		if was, ok := known[x.reference]; ok {
			if was.print != "" && was.print != mark { // an erasure has emptied it
				return out, ErrReferenceTaken.New(op, "%d: the reference %q was used before with other content", i+1, x.reference)
			}
			out.ids[i], out.replayed[was.id] = was.id, was.stored
			continue
		}
		id := tenancy.NewID()
		part, err := fresh(i, id)
		if err != nil {
			return out, raced(ctx, tx, op, k, x.reference, err)
		}
		x.text.EntryID, x.text.Fingerprint = id, mark
		entries = append(entries, &entryRow{Row: tenancy.Row{ID: id}, Kind: string(k), Reference: x.reference, PersonID: x.person, EnteredAt: tx.Now(), EnteredBy: tx.Scope().Actor(), Books: x.books})
		texts, parts = append(texts, &x.text), append(parts, part)
		out.ids[i], known[x.reference] = id, prior{id: id, print: mark}
	}
	b := tx.Batch()
	tenancy.Put(b, entries)
	tenancy.Put(b, parts)
	tenancy.Put(b, texts)
	return out, b.Run(ctx)
}

// raced says why an input is refused: perhaps because a rival has entered the same since its reference was looked for, and then it is tried again, and is the rival's.
func raced(ctx context.Context, tx *tenancy.Tx, op string, k kind, reference string, refused error) error {
	there, err := tenancy.Exists[entryRow](ctx, tx, tenancy.Eq("kind", string(k)), tenancy.Eq("reference", reference))
	if err != nil || !there {
		return refused
	}
	return tenancy.ErrDuplicate.Wrap(op, refused, "somebody used the reference %q in this very moment", reference)
}

// prepare locks the persons of what is new, and loads.
func prepare(ctx context.Context, tx *tenancy.Tx, in []input, known map[string]prior, load func() error) error {
	var persons []uuid.UUID
	some := false
	for i := range in {
		if _, ok := known[in[i].reference]; ok {
			continue
		}
		if some = true; in[i].person != uuid.Nil {
			persons = append(persons, in[i].person)
		}
	}
	if !some {
		return nil
	}
	if err := tx.LockPersons(ctx, persons...); err != nil || load == nil {
		return err
	}
	return load()
}

// prior is what a reference was used for.
type prior struct {
	id     uuid.UUID
	print  string
	stored bool // and not further up in the same call
}

// enteredBefore finds what the references of a call were used for.
func enteredBefore(ctx context.Context, tx *tenancy.Tx, op string, k kind, in []input) (map[string]prior, error) {
	refs := make([]string, len(in))
	for i := range in {
		if refs[i] = in[i].reference; !between(refs[i], 1, 200) {
			return nil, ErrBadInput.New(op, "%d: a reference has 1 to 200 characters", i+1)
		}
	}
	rows, err := tenancy.Find[entryRow](ctx, tx, tenancy.Eq("kind", string(k)), tenancy.In("reference", refs))
	known := make(map[string]prior, len(in))
	if err != nil || len(rows) == 0 {
		return known, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	texts, err := tenancy.Find[textRow](ctx, tx, tenancy.In("entry_id", ids))
	if err != nil {
		return nil, err
	}
	prints := make(map[uuid.UUID]string, len(texts))
	for i := range texts {
		prints[texts[i].EntryID] = texts[i].Fingerprint
	}
	for i := range rows {
		known[rows[i].Reference] = prior{rows[i].ID, prints[rows[i].ID], true}
	}
	return known, nil
}

func fingerprint(said any) (string, error) {
	text, err := json.Marshal(said)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// part is the register's own side of an entry.
type part interface{ of() uuid.UUID }

// bundle reads entries and texts of parts and makes what is handed out, in the order of the parts.
func bundle[P part, T any](ctx context.Context, tx *tenancy.Tx, parts []P, whole func(e Entry, t *textRow, p *P) T) ([]T, error) {
	if len(parts) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(parts))
	for i := range parts {
		ids[i] = parts[i].of()
	}
	var entries []entryRow
	var texts []textRow
	b := tx.Batch()
	tenancy.Load(b, &entries, tenancy.In("id", ids))
	tenancy.Load(b, &texts, tenancy.In("entry_id", ids))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	entry, text := make(map[uuid.UUID]*entryRow, len(entries)), make(map[uuid.UUID]*textRow, len(texts))
	for i := range entries {
		entry[entries[i].ID] = &entries[i]
	}
	for i := range texts {
		text[texts[i].EntryID] = &texts[i]
	}
	out := make([]T, len(parts))
	for i := range parts {
		out[i] = whole(entry[ids[i]].entry(), text[ids[i]], &parts[i])
	}
	return out, nil
}

// ordered puts parts into the order of ids.
func ordered[P part](parts []P, ids []uuid.UUID) []P {
	by := make(map[uuid.UUID]P, len(parts))
	for _, p := range parts {
		by[p.of()] = p
	}
	out := make([]P, 0, len(ids))
	for _, id := range ids {
		if p, ok := by[id]; ok {
			out = append(out, p)
		}
	}
	return out
}

// answer reads back what a call entered, or found.
func answer[P part, T any](ctx context.Context, tx *tenancy.Tx, f filed, whole func(e Entry, t *textRow, p *P) T) ([]T, error) {
	parts, err := tenancy.Find[P](ctx, tx, tenancy.In("entry_id", f.ids))
	if err != nil {
		return nil, err
	}
	return bundle(ctx, tx, ordered(parts, f.ids), func(e Entry, t *textRow, p *P) T {
		e.Replayed = f.replayed[e.ID]
		return whole(e, t, p)
	})
}

// pageOf reads a page of a register: of all, or about one person.
func pageOf[P part, T any](ctx context.Context, tx *tenancy.Tx, k kind, person uuid.UUID, req tenancy.PageRequest, whole func(e Entry, t *textRow, p *P) T) (tenancy.PageOf[T], error) {
	opts := []tenancy.Option{tenancy.Eq("kind", string(k))}
	if person != uuid.Nil {
		opts = append(opts, tenancy.Eq("person_id", person))
	}
	page, err := tenancy.Page[entryRow](ctx, tx, req, opts...)
	if err != nil || len(page.Items) == 0 {
		return tenancy.PageOf[T]{}, err
	}
	f := filed{ids: make([]uuid.UUID, len(page.Items))}
	for i := range page.Items {
		f.ids[i] = page.Items[i].ID
	}
	items, err := answer(ctx, tx, f, whole)
	return tenancy.PageOf[T]{Items: items, Next: page.Next}, err
}

// attempts is how often an act is tried whose number somebody else took first.
const attempts = 16

// again runs fn until it did not lose its number or its reference to a rival. Inside a caller's transaction there is no second attempt: what failed has doomed it.
func again[T any](ctx context.Context, fn func() (T, error)) (out T, err error) {
	for range attempts {
		if out, err = fn(); !errors.Is(err, tenancy.ErrDuplicate) || ctx.Err() != nil {
			return out, err
		}
	}
	return out, err
}

// act is [tenancy.Act], tried again.
func act[T any](ctx context.Context, db *tenancy.DB, perm tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) (T, error)) (T, error) {
	return again(ctx, func() (T, error) { return tenancy.Act(ctx, db, perm, fn) })
}

// one is the only element of what a call with one input gave.
func one[T any](all []T, err error) (T, error) {
	if err != nil || len(all) == 0 {
		return *new(T), err
	}
	return all[0], nil
}

// between reports whether a text has so many characters, beside the space around it.
func between(text string, least, most int) bool {
	n := len([]rune(text))
	return n <= most && len([]rune(strings.TrimSpace(text))) >= least
}

var (
	sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)
	country   = regexp.MustCompile(`^[A-Z]{2}$`)
	plainCode = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,62}$`)
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
