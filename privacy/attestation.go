package privacy

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// LongestAttestation is for how long an attestation stands at most: what was so a year ago is to be looked at again.
const LongestAttestation = 366 * 24 * time.Hour

// NewAttestation is the input of [Service.Attest].
type NewAttestation struct {
	// Promise is one of [Promises] that can be attested.
	Promise PromiseID
	// Reference is the idempotency key, such as "training-2026"; 1 to 200 characters. Required.
	Reference string
	// Owner answers for it: a role, or a person; 1 to 200 characters.
	Owner string
	// Evidence says where the proof lies: a document, a ticket, a report; 1 to 1,000 characters.
	Evidence string
	// EvidenceHash is the SHA-256 of that document, 64 hexadecimal digits, so that it can be told from another. Required.
	EvidenceHash string
	// Expires is until when it stands: after now, at most [LongestAttestation] from now.
	Expires time.Time
}

// Attestation is what the operator vouches for, until when.
type Attestation struct {
	ID           uuid.UUID `json:"id"`
	Promise      PromiseID `json:"promise"`
	Seq          int64     `json:"seq"` // of the promise's attestations; the last counts
	Reference    string    `json:"reference"`
	Owner        string    `json:"owner"`
	Evidence     string    `json:"evidence"`
	EvidenceHash string    `json:"evidence_hash"`
	MadeAt       time.Time `json:"made_at"`
	MadeBy       string    `json:"made_by"` // the opaque id of who did so
	ExpiresAt    time.Time `json:"expires_at"`
	// Withdrawn says that it takes back those before it; Evidence says why.
	Withdrawn bool `json:"withdrawn,omitempty"`

	// Replayed says that the reference had been used before for the same, and nothing was done now.
	Replayed bool `json:"-"`
}

// stands reports whether it vouches for its promise at an instant: up to its end, and not beyond.
func (a *Attestation) stands(now time.Time) bool { return !a.Withdrawn && now.Before(a.ExpiresAt) }

// attestationRow is an attestation without what may name a person.
type attestationRow struct {
	tenancy.Row
	Promise      string    `bun:"promise" privacy:"none"`
	Seq          int64     `bun:"seq"`
	Reference    string    `bun:"reference" privacy:"none"`
	Withdrawn    bool      `bun:"withdrawn"`
	EvidenceHash string    `bun:"evidence_hash" privacy:"none"`
	MadeAt       time.Time `bun:"made_at"`
	MadeBy       string    `bun:"made_by" privacy:"none"`
	ExpiresAt    time.Time `bun:"expires_at"`
}

// attestationText is what may: both are searched when a person is erased.
type attestationText struct {
	tenancy.Owned
	AttestationID uuid.UUID `bun:"attestation_id,pk"`
	Owner         string    `bun:"owner" privacy:"free-text,delete"`
	Evidence      string    `bun:"evidence" privacy:"free-text,delete"`
}

func (r *attestationRow) attestation(text attestationText) Attestation {
	return Attestation{ID: r.ID, Promise: PromiseID(r.Promise), Seq: r.Seq, Reference: r.Reference, Owner: text.Owner, Evidence: text.Evidence, EvidenceHash: r.EvidenceHash,
		MadeAt: r.MadeAt.UTC(), MadeBy: r.MadeBy, ExpiresAt: r.ExpiresAt.UTC(), Withdrawn: r.Withdrawn}
}

// Attest records that somebody vouches for a promise of the policy that no code can keep. It stands until it expires, is renewed by a later one, or
// is withdrawn; none of them is ever changed. It is an act in the platform's own tenant (NewTenant.Platform).
//
// The same reference again gives the same attestation. Permission: privacy.attest. Errors: privacy.bad_input, privacy.not_platform,
// privacy.attestation_taken (the reference belongs to another), tenancy.duplicate (somebody attested the same in this very moment, and the transaction
// is the caller's: try again).
func (s *Service) Attest(ctx context.Context, in NewAttestation) (Attestation, error) {
	return s.attest(ctx, PermAttest, in, func(now time.Time) error { return in.check("privacy.Attest", now) })
}

// WithdrawAttestation takes back what was attested of a promise, because it is not so, or not any more: from now on the promise is absent. It is recorded beside what it takes
// back. reference is the idempotency key, reason is at most 1,000 characters; both are required.
//
// Permission: privacy.attest. Errors: privacy.bad_input, privacy.not_platform, privacy.attestation_taken, privacy.not_attested (there is nothing to take
// back), tenancy.duplicate (see [Service.Attest]).
func (s *Service) WithdrawAttestation(ctx context.Context, promise PromiseID, reference, reason string) (Attestation, error) {
	in := NewAttestation{Promise: promise, Reference: reference, Evidence: reason}
	return s.attest(ctx, PermAttest, in, func(time.Time) error {
		if p := promiseOf(promise); p == nil || !p.Attested || !between(reference, 1, 200) || !between(reason, 1, 1000) {
			return ErrBadInput.New("privacy.WithdrawAttestation", "an attestation is withdrawn of a promise that can be attested, with a reference of at most 200 characters and a reason of at most 1,000")
		}
		return nil
	})
}

// attempts is how often an act is tried whose number somebody else took first.
const attempts = 16

// again runs fn until it did not lose its number to a rival. Inside a caller's transaction there is no second attempt: what failed has doomed it.
func again[T any](ctx context.Context, fn func() (T, error)) (out T, err error) {
	for range attempts {
		if out, err = fn(); !errors.Is(err, tenancy.ErrDuplicate) || ctx.Err() != nil {
			return out, err
		}
	}
	return out, err
}

func (s *Service) attest(ctx context.Context, perm tenancy.Permission, in NewAttestation, check func(now time.Time) error) (Attestation, error) {
	const op = "privacy.Attest"
	return again(ctx, func() (Attestation, error) {
		return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) (Attestation, error) {
			if err := check(tx.Now()); err != nil {
				return Attestation{}, err
			}
			if !tx.Scope().OfPlatform() {
				return Attestation{}, ErrNotPlatform.New(op, "")
			}
			done, err := tenancy.First[attestationRow](ctx, tx, tenancy.Eq("reference", in.Reference))
			if err == nil {
				return in.replay(ctx, tx, done)
			}
			if !tenancy.IsNotFound(err) {
				return Attestation{}, err
			}
			last, err := tenancy.First[attestationRow](ctx, tx, tenancy.Eq("promise", string(in.Promise)), tenancy.OrderBy("-seq"))
			if err != nil && !tenancy.IsNotFound(err) {
				return Attestation{}, err
			}
			withdrawing := in.Expires.IsZero()
			if withdrawing && (last == nil || err != nil || last.Withdrawn) {
				return Attestation{}, ErrNotAttested.New(op, "%s", in.Promise)
			}
			row := &attestationRow{Row: tenancy.Row{ID: tenancy.NewID()}, Promise: string(in.Promise), Seq: 1, Reference: in.Reference, Withdrawn: withdrawing,
				EvidenceHash: strings.ToLower(in.EvidenceHash), MadeAt: tx.Now(), MadeBy: tx.Scope().Actor(), ExpiresAt: in.Expires.UTC().Truncate(time.Microsecond)}
			if withdrawing {
				row.ExpiresAt = row.MadeAt
			}
			if last != nil && err == nil {
				row.Seq = last.Seq + 1
			}
			text := &attestationText{AttestationID: row.ID, Owner: in.Owner, Evidence: in.Evidence}
			b := tx.Batch()
			tenancy.Put(b, []*attestationRow{row})
			tenancy.Put(b, []*attestationText{text})
			return row.attestation(*text), b.Run(ctx)
		})
	})
}

// replay answers a reference that was used before.
func (in NewAttestation) replay(ctx context.Context, tx *tenancy.Tx, done *attestationRow) (Attestation, error) {
	text, err := tenancy.First[attestationText](ctx, tx, tenancy.Eq("attestation_id", done.ID))
	if err != nil {
		return Attestation{}, err
	}
	// The texts themselves are held against each other: a hash of them would outlive an erasure, and could be guessed at.
	out := done.attestation(*text)
	same := out.Promise == in.Promise && out.Withdrawn == in.Expires.IsZero() && out.Owner == in.Owner && out.Evidence == in.Evidence && out.EvidenceHash == strings.ToLower(in.EvidenceHash)
	if !same || !out.Withdrawn && !out.ExpiresAt.Equal(in.Expires.Truncate(time.Microsecond)) {
		return Attestation{}, ErrAttestationTaken.New("privacy.Attest", "%q", in.Reference)
	}
	out.Replayed = true
	return out, nil
}

var sha256Hex = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func (in NewAttestation) check(op string, now time.Time) error {
	p := promiseOf(in.Promise)
	switch {
	case p == nil:
		return ErrBadInput.New(op, "%q is none of the policy's promises: see Promises", in.Promise)
	case !p.Attested:
		return ErrBadInput.New(op, "%s is looked at, and nobody's word stands for it", in.Promise)
	case !between(in.Reference, 1, 200) || !between(in.Owner, 1, 200) || !between(in.Evidence, 1, 1000):
		return ErrBadInput.New(op, "an attestation has a reference and an owner of at most 200 characters, and evidence of at most 1,000")
	case !sha256Hex.MatchString(in.EvidenceHash):
		return ErrBadInput.New(op, "the evidence has a SHA-256 of 64 hexadecimal digits")
	case !now.Before(in.Expires) || in.Expires.After(now.Add(LongestAttestation)):
		return ErrBadInput.New(op, "an attestation ends after now, and at most %d days from now", LongestAttestation/(24*time.Hour))
	}
	return nil
}

// between reports whether a text has so many characters, beside the space around it.
func between(text string, least, most int) bool {
	n := len([]rune(text))
	return n <= most && len([]rune(strings.TrimSpace(text))) >= least
}

// Attestations lists what was attested and withdrawn, by promise and number: of all promises, or of one. Permission: privacy.posture. Errors: privacy.not_platform.
func (s *Service) Attestations(ctx context.Context, promise PromiseID) ([]Attestation, error) {
	return tenancy.View(ctx, s.db, PermPosture, func(ctx context.Context, tx *tenancy.Tx) ([]Attestation, error) {
		if !tx.Scope().OfPlatform() {
			return nil, ErrNotPlatform.New("privacy.Attestations", "")
		}
		opts := []tenancy.Option{tenancy.OrderBy("promise", "seq")}
		if promise != "" {
			opts = append(opts, tenancy.Eq("promise", string(promise)))
		}
		return attested(ctx, tx, opts...)
	})
}

// attested reads attestations with their texts.
func attested(ctx context.Context, tx *tenancy.Tx, opts ...tenancy.Option) ([]Attestation, error) {
	rows, err := tenancy.Find[attestationRow](ctx, tx, opts...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	texts, err := tenancy.Find[attestationText](ctx, tx, tenancy.In("attestation_id", ids))
	if err != nil {
		return nil, err
	}
	by := map[uuid.UUID]attestationText{}
	for _, t := range texts {
		by[t.AttestationID] = t
	}
	out := make([]Attestation, len(rows))
	for i := range rows {
		out[i] = rows[i].attestation(by[rows[i].ID])
	}
	return out, nil
}

// latest is the attestation that counts, by promise.
func latest(all []Attestation) map[PromiseID]Attestation {
	out := map[PromiseID]Attestation{}
	for _, a := range all {
		if cmp.Compare(a.Seq, out[a.Promise].Seq) > 0 {
			out[a.Promise] = a
		}
	}
	return out
}
