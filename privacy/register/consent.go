package register

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// How is the act by which somebody consents, or takes it back: a statement or a clear affirmative act (GDPR Art. 4(11)). Silence, a box that was ticked beforehand and the use of a
// service are none (recital 32), so they are not on the list.
type How string

// The acts.
const (
	ByForm      How = "form"      // a box that the person ticked, a button that they pressed, for this alone
	ByEmail     How = "email"     // a message of theirs
	ByLetter    How = "letter"    // on paper
	ByTelephone How = "telephone" // said to somebody
	InPerson    How = "in_person"
)

func (h How) known() bool {
	switch h {
	case ByForm, ByEmail, ByLetter, ByTelephone, InPerson:
		return true
	}
	return false
}

// NewConsent is the input of [Service.RecordConsents].
type NewConsent struct {
	Reference string
	// PersonID is the id of the person's own row: a customer's, a user's, or one of [Service.AddPersons].
	PersonID uuid.UUID
	// Purpose is the code of the purpose, and Version the wording that they were shown.
	Purpose string
	Version int64
	How     How
	// At is when they consented: not to come, not ahead of the wording, nor of what they did before for the same purpose. Default: now. Once entered it never changes.
	At time.Time
	// Evidence says where the proof lies (GDPR Art. 7(1)), 1 to 1,000 characters; EvidenceHash is its SHA-256, 64 hexadecimal digits in lower case. Both are required.
	Evidence     string
	EvidenceHash string
}

// Withdrawal is the input of [Service.WithdrawConsents]. It asks for less than consenting did (Art. 7(3)): no reason, no proof.
type Withdrawal struct {
	Reference string
	PersonID  uuid.UUID
	Purpose   string
	How       How
	// At is as in [NewConsent]. Default: now.
	At time.Time
	// Note is at most 1,000 characters. Optional.
	Note string
}

// ConsentState says what an entry is.
type ConsentState string

// The states.
const (
	Given     ConsentState = "given"
	Withdrawn ConsentState = "withdrawn"
)

// Consent is an entry of the register of consents: that a person consented, or took it back. The last of a person's entries for a purpose counts.
type Consent struct {
	Entry
	PersonID  uuid.UUID
	PurposeID uuid.UUID
	// Seq counts the person's entries for the purpose, from 1.
	Seq   int64
	State ConsentState
	At    time.Time
	// WordingID is the wording that they consented in.
	WordingID    uuid.UUID
	How          How
	Evidence     string
	EvidenceHash string
	Note         string
}

type consentRow struct {
	tenancy.Owned
	EntryID      uuid.UUID `bun:"entry_id,pk"`
	PersonID     uuid.UUID `bun:"person_id"`
	PurposeID    uuid.UUID `bun:"purpose_id"`
	Seq          int64     `bun:"seq"`
	State        string    `bun:"state" privacy:"none"`
	HappenedAt   time.Time `bun:"happened_at"`
	PriorSeq     int64     `bun:"prior_seq,nullzero"`
	PriorState   string    `bun:"prior_state,nullzero" privacy:"none"`
	PriorAt      time.Time `bun:"prior_at,nullzero"`
	WordingID    uuid.UUID `bun:"wording_id,nullzero"`
	How          string    `bun:"how" privacy:"none"`
	EvidenceHash string    `bun:"evidence_hash" privacy:"none"`
}

func (r consentRow) of() uuid.UUID { return r.EntryID }

func consent(e Entry, t *textRow, r *consentRow) Consent {
	return Consent{Entry: e, PersonID: r.PersonID, PurposeID: r.PurposeID, Seq: r.Seq, State: ConsentState(r.State), At: r.HappenedAt.UTC(), WordingID: r.WordingID, How: How(r.How),
		Evidence: t.Evidence, EvidenceHash: r.EvidenceHash, Note: t.Body}
}

// RecordConsents enters that people consented, each for one purpose, in one wording, by one act. Nobody consents by using a service: see [How]. It is entered for a restricted person too: it
// is what the person says.
//
// Permission: register.consent. Errors: register.bad_input, register.not_consent, register.purpose (or there is no such wording of it), register.dated, register.reference_taken,
// tenancy.not_found (nobody has the id).
func (s *Service) RecordConsents(ctx context.Context, in []NewConsent) ([]Consent, error) {
	const op = "register.RecordConsents"
	return act(ctx, s.db, PermConsent, func(ctx context.Context, tx *tenancy.Tx) ([]Consent, error) {
		given := make([]input, len(in))
		c := &chains{op: op}
		for i := range in {
			x := &in[i]
			x.At = x.At.UTC().Truncate(time.Microsecond)
			if !x.How.known() {
				return nil, ErrNotConsent.New(op, "%d: %q is no act by which somebody consents", i+1, x.How)
			}
			if x.PersonID == uuid.Nil || !between(x.Evidence, 1, 1000) || !sha256Hex.MatchString(x.EvidenceHash) {
				return nil, ErrBadInput.New(op, "%d: a consent is a person's, and says in at most 1,000 characters where its proof lies, with a SHA-256 of 64 hexadecimal digits", i+1)
			}
			given[i] = input{reference: x.Reference, person: x.PersonID, said: *x, text: textRow{Evidence: x.Evidence}, books: true}
			c.of(x.PersonID, x.Purpose)
		}
		f, err := enter(ctx, tx, op, kindConsent, given, func() error { return c.load(ctx, tx) }, func(i int, id uuid.UUID) (*consentRow, error) {
			x := in[i]
			w, err := c.wording(i, x.Purpose, x.Version)
			if err != nil {
				return nil, err
			}
			row, err := c.next(i, id, x.PersonID, x.Purpose, Given, x.At, tx.Now())
			if err != nil {
				return nil, err
			}
			if row.HappenedAt.Before(c.wordedAt[w.EntryID]) {
				return nil, ErrDated.New(op, "%d: nobody was shown version %d before %s", i+1, x.Version, c.wordedAt[w.EntryID].Format(time.RFC3339))
			}
			row.WordingID, row.How, row.EvidenceHash = w.EntryID, string(x.How), x.EvidenceHash
			return row, nil
		})
		if err != nil {
			return nil, err
		}
		return answer(ctx, tx, f, consent)
	})
}

// WithdrawConsents enters that people took their consent back. It is another entry: what was done until then stays lawful, and what was consented to stays on record. It is done for a restricted person too.
//
// Permission: register.withdraw. Errors: register.bad_input, register.purpose, register.no_consent (there is nothing to take back), register.dated, register.reference_taken,
// tenancy.not_found.
func (s *Service) WithdrawConsents(ctx context.Context, in []Withdrawal) ([]Consent, error) {
	const op = "register.WithdrawConsents"
	return act(ctx, s.db, PermWithdraw, func(ctx context.Context, tx *tenancy.Tx) ([]Consent, error) {
		given := make([]input, len(in))
		c := &chains{op: op}
		for i := range in {
			x := &in[i]
			x.At = x.At.UTC().Truncate(time.Microsecond)
			if x.PersonID == uuid.Nil || !x.How.known() || !between(x.Note, 0, 1000) {
				return nil, ErrBadInput.New(op, "%d: a withdrawal is a person's, by one of the acts that there are, with a note of at most 1,000 characters", i+1)
			}
			given[i] = input{reference: x.Reference, person: x.PersonID, said: *x, text: textRow{Body: x.Note}, books: true}
			c.of(x.PersonID, x.Purpose)
		}
		f, err := enter(ctx, tx, op, kindConsent, given, func() error { return c.load(ctx, tx) }, func(i int, id uuid.UUID) (*consentRow, error) {
			x := in[i]
			row, err := c.next(i, id, x.PersonID, x.Purpose, Withdrawn, x.At, tx.Now())
			if err == nil {
				row.How = string(x.How)
			}
			return row, err
		})
		if err != nil {
			return nil, err
		}
		return answer(ctx, tx, f, consent)
	})
}

// chains are what persons did for purposes, up to now.
type chains struct {
	op       string
	persons  []uuid.UUID
	codes    []string
	purposes map[string]*purposeRow
	wordings map[uuid.UUID]map[int64]*wordingRow
	wordedAt map[uuid.UUID]time.Time
	heads    map[link]*consentRow
}

type link struct{ person, purpose uuid.UUID }

func (c *chains) of(person uuid.UUID, code string) {
	c.persons, c.codes = append(c.persons, person), append(c.codes, code)
}

func (c *chains) load(ctx context.Context, tx *tenancy.Tx) error {
	c.purposes, c.wordings, c.wordedAt = map[string]*purposeRow{}, map[uuid.UUID]map[int64]*wordingRow{}, map[uuid.UUID]time.Time{}
	if len(c.codes) == 0 {
		return nil
	}
	purposes, err := tenancy.Find[purposeRow](ctx, tx, tenancy.In("code", c.codes))
	if err != nil || len(purposes) == 0 {
		return err
	}
	ids := make([]uuid.UUID, len(purposes))
	for i := range purposes {
		c.purposes[purposes[i].Code], ids[i] = &purposes[i], purposes[i].EntryID
	}
	var wordings []wordingRow
	var rows []consentRow
	b := tx.Batch()
	tenancy.Load(b, &wordings, tenancy.In("purpose_id", ids))
	tenancy.Load(b, &rows, tenancy.In("person_id", c.persons), tenancy.In("purpose_id", ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	c.heads = headsOf(rows)
	worded := make([]uuid.UUID, len(wordings))
	for i := range wordings {
		w := &wordings[i]
		if c.wordings[w.PurposeID] == nil {
			c.wordings[w.PurposeID] = map[int64]*wordingRow{}
		}
		c.wordings[w.PurposeID][w.Version], worded[i] = w, w.EntryID
	}
	if len(worded) == 0 {
		return nil
	}
	entries, err := tenancy.Find[entryRow](ctx, tx, tenancy.In("id", worded))
	for i := range entries {
		c.wordedAt[entries[i].ID] = entries[i].EnteredAt
	}
	return err
}

// headsOf are the last entries of the chains.
func headsOf(rows []consentRow) map[link]*consentRow {
	out := map[link]*consentRow{}
	for i := range rows {
		key := link{rows[i].PersonID, rows[i].PurposeID}
		if h := out[key]; h == nil || rows[i].Seq > h.Seq {
			out[key] = &rows[i]
		}
	}
	return out
}

func (c *chains) wording(i int, code string, version int64) (*wordingRow, error) {
	p := c.purposes[code]
	if p == nil {
		return nil, ErrPurpose.New(c.op, "%d: %q", i+1, code)
	}
	w := c.wordings[p.EntryID][version]
	if w == nil {
		return nil, ErrPurpose.New(c.op, "%d: %q has no wording %d", i+1, code, version)
	}
	return w, nil
}

// next is the entry that comes behind what the person did last for the purpose, and is that from now on.
func (c *chains) next(i int, id, person uuid.UUID, code string, state ConsentState, at, now time.Time) (*consentRow, error) {
	p := c.purposes[code]
	if p == nil {
		return nil, ErrPurpose.New(c.op, "%d: %q", i+1, code)
	}
	if at.IsZero() {
		at = now
	}
	if at.After(now) {
		return nil, ErrDated.New(c.op, "%d: it is dated to come", i+1)
	}
	row := &consentRow{EntryID: id, PersonID: person, PurposeID: p.EntryID, Seq: 1, State: string(state), HappenedAt: at}
	head := c.heads[link{person, p.EntryID}]
	if state == Withdrawn && (head == nil || head.State == string(Withdrawn)) {
		return nil, ErrNoConsent.New(c.op, "%d: there is nothing to take back for %q", i+1, code)
	}
	if head != nil {
		if at.Before(head.HappenedAt) {
			return nil, ErrDated.New(c.op, "%d: what the person did last for %q was on %s", i+1, code, head.HappenedAt.UTC().Format(time.RFC3339))
		}
		row.Seq, row.PriorSeq, row.PriorState, row.PriorAt = head.Seq+1, head.Seq, head.State, head.HappenedAt
	}
	c.heads[link{person, p.EntryID}] = row
	return row, nil
}

// Consented reports whether a person consents to a purpose now: whether the last that they did was to give it. It is for the host's own acts, inside their transaction.
//
// Permission: register.read. Errors: register.purpose.
func (s *Service) Consented(ctx context.Context, person uuid.UUID, purpose string) (bool, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		c := &chains{op: "register.Consented"}
		c.of(person, purpose)
		if err := c.load(ctx, tx); err != nil {
			return false, err
		}
		p := c.purposes[purpose]
		if p == nil {
			return false, ErrPurpose.New(c.op, "%q", purpose)
		}
		head := c.heads[link{person, p.EntryID}]
		return head != nil && head.State == string(Given), nil
	})
}

// RequireConsent refuses to use a table about a person without their consent. A model on another ground needs none. A model with the ground consent ([tenancy.OnConsent]) needs that the person
// consents, now, to a purpose that covers it ([NewPurpose].Covers). A host asks it in the transaction in which it writes or uses such rows:
//
//	if err := suite.Registers.RequireConsent(ctx, "crm.newsletters", customer); err != nil {
//		return err
//	}
//
// Permission: register.read. Errors: register.no_consent, register.bad_input (no such table).
func (s *Service) RequireConsent(ctx context.Context, table string, person uuid.UUID) error {
	const op = "register.RequireConsent"
	_, err := tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		m := s.db.Registry().Table(table)
		if m == nil {
			return nil, ErrBadInput.New(op, "there is no table %q", table)
		}
		if m.Basis != tenancy.OnConsent {
			return nil, nil
		}
		purposes, err := tenancy.Find[purposeRow](ctx, tx)
		if err != nil {
			return nil, err
		}
		var covering []uuid.UUID
		for _, p := range purposes {
			if slices.Contains(strings.Split(p.Covers, ","), table) {
				covering = append(covering, p.EntryID)
			}
		}
		if len(covering) > 0 {
			rows, err := tenancy.Find[consentRow](ctx, tx, tenancy.Eq("person_id", person), tenancy.In("purpose_id", covering))
			if err != nil {
				return nil, err
			}
			for _, head := range headsOf(rows) {
				if head.State == string(Given) {
					return nil, nil
				}
			}
		}
		return nil, ErrNoConsent.New(op, "%s is used with consent alone", table)
	})
	return err
}

// Consents lists what a person consented to and took back, for all purposes, in the order in which it was entered: the answer to what the register holds of them.
//
// Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Consents(ctx context.Context, person uuid.UUID, page tenancy.PageRequest) (tenancy.PageOf[Consent], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Consent], error) {
		return pageOf(ctx, tx, kindConsent, person, page, consent)
	})
}
