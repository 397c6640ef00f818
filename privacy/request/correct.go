package request

import (
	"context"
	"fmt"
	"time"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
)

// zeroTime is no instant.
var zeroTime time.Time

// NewCorrection is the input of [Service.Correct].
type NewCorrection struct {
	// Act's Note says what was inaccurate, and how that is known. Required.
	Act
	// Changes are what is put right: see [privacy.Service.Correct].
	Changes []privacy.Change
	// KnownAs is by what recipients know the person; needed when there are any: see [Notice].
	KnownAs string
}

// Correct puts right what is inaccurate of the person's data (GDPR Art. 16), by privacy, which keeps what it was and what it became. It works for a request of any kind: who asks for a copy may find a mistake.
// Recipients are to be told (Art. 19).
//
// The same reference again changes nothing. Permission: request.correct; while the person is restricted, tenancy.despite_restriction as well. Errors: request.bad_input, request.future,
// request.unknown, request.reference_taken, request.wrong_state, request.no_person, request.known_as, and those of [privacy.Service.Correct].
func (s *Service) Correct(ctx context.Context, in NewCorrection) (Request, error) {
	return perform(ctx, s, PermCorrect, Correct, in.Act, in, func(op string) error {
		if !between(in.Note, 1, 4000) {
			return ErrBadInput.New(op, "it is said what was inaccurate (Note)")
		}
		return nil
	}, func(ctx context.Context, w *work) error {
		person, err := w.person()
		if err != nil {
			return err
		}
		_, err = s.data.Correct(ctx, privacy.Correction{PersonID: person, Reference: fmt.Sprintf("%s/%d", w.r.ID, w.step.Seq), Changes: in.Changes})
		if err != nil {
			return err
		}
		w.fulfils(Correction)
		return w.notify(ctx, person, in.KnownAs)
	})
}

// NewErasure is the input of [Service.Erase].
type NewErasure struct {
	Act
	// KnownAs is by what recipients know the person; needed when there are any: see [Notice].
	KnownAs string
	// Confirmed is that of [privacy.Erasure]: a name of one word is taken out of others' texts.
	Confirmed bool
}

// Erase erases the person's data (GDPR Art. 17), by privacy, under the request's reference: what the law holds back is in the report, with the reason. Who asked can still be written to; see
// [Service.EraseRequester]. Recipients are to be told (Art. 19).
//
// The same reference again changes nothing. Permission: request.erase. Errors: request.bad_input, request.future, request.unknown, request.reference_taken, request.wrong_state,
// request.no_person, request.known_as, and those of [privacy.Service.Erase].
func (s *Service) Erase(ctx context.Context, in NewErasure) (Request, error) {
	return perform(ctx, s, PermErase, Erase, in.Act, in, func(string) error { return nil }, func(ctx context.Context, w *work) error {
		person, err := w.person()
		if err != nil {
			return err
		}
		to, err := s.recipients(ctx, person) // while the register still knows
		if err != nil {
			return err
		}
		if err := w.leaveNotices(person, to, in.KnownAs); err != nil { // written behind the erasure, which would empty them
			return err
		}
		w.fulfils(Deletion)
		_, err = s.data.Erase(ctx, privacy.Erasure{PersonID: person, Reference: w.r.Reference, Reason: "request " + w.r.ID.String(), Confirmed: in.Confirmed})
		return err
	})
}

// RequesterErasure is the input of [Service.EraseRequester].
type RequesterErasure struct {
	// Request is the request's reference, Reference the erasure's: the same again gives the same report.
	Request, Reference string
	// Confirmed is that of [privacy.Erasure].
	Confirmed bool
}

// EraseRequester erases who asked from a request that is closed: name, addresses and words. The register keeps its line, its days and its steps, and names nobody.
//
// Permission: request.erase. Errors: request.unknown, request.still_open, and those of [privacy.Service.Erase].
func (s *Service) EraseRequester(ctx context.Context, in RequesterErasure) (privacy.ErasureReport, error) {
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (privacy.ErasureReport, error) {
		const op = "request.EraseRequester"
		r, err := tenancy.First[Request](ctx, tx, tenancy.Eq("reference", in.Request), tenancy.ForUpdate())
		if tenancy.IsNotFound(err) {
			return privacy.ErasureReport{}, ErrUnknown.New(op, "%q", in.Request)
		}
		if err != nil {
			return privacy.ErasureReport{}, err
		}
		if !r.State.Over() {
			return privacy.ErasureReport{}, ErrStillOpen.New(op, "%q", in.Request)
		}
		return s.data.Erase(ctx, privacy.Erasure{PersonID: r.RequesterID, Reference: in.Reference, Reason: "the requester of " + r.ID.String(), Confirmed: in.Confirmed})
	})
}
