package privacy

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// KeptAccount decides that what is left of an account is not forgotten with an erasure.
type KeptAccount struct {
	// Reference is that of the erasure.
	Reference string
	// Reason says why, such as that the person is employed again; 1 to 500 characters. It names nobody.
	Reason string
}

// KeepAccount ends what an erasure still waits for beside the tables, because the person has come back: sessions, keys and invitations of before cannot be told from those of now, and are needed for what they do again. What the tables held of them was erased, and
// stays so; what a rule holds is erased on its day as before. Who decided, when and why is kept with the erasure, and whoever leaves after that is erased by another one.
//
// The same again changes nothing. Permission: privacy.erase. Errors: privacy.bad_input, privacy.account_left (the erasure waits for no account, or the account can be forgotten: [Service.FinishErasures] does it), tenancy.not_found (no such erasure), and what
// [Accounts] refuses for another reason than that the person is there.
func (s *Service) KeepAccount(ctx context.Context, in KeptAccount) (PendingErasure, error) {
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (PendingErasure, error) {
		const op = "privacy.KeepAccount"
		if in.Reference == "" || !between(in.Reason, 1, 500) {
			return PendingErasure{}, ErrBadInput.New(op, "the erasure is named by its reference, with a reason of at most 500 characters")
		}
		row, err := tenancy.First[request](ctx, tx, tenancy.Eq("reference", in.Reference), tenancy.ForUpdate())
		if err != nil {
			return PendingErasure{}, err
		}
		if row.KeptAccountAt.IsZero() {
			if err := s.back(ctx, op, row); err != nil {
				return PendingErasure{}, err
			}
			row.AccountID, row.KeptAccountAt, row.KeptAccountBy, row.KeptAccountWhy = uuid.Nil, tx.Now(), tx.Scope().Actor(), in.Reason
			if err := tenancy.Update(ctx, tx, row, "account_id", "kept_account_at", "kept_account_by", "kept_account_why"); err != nil {
				return PendingErasure{}, err
			}
		}
		return PendingErasure{ID: row.ID, PersonID: row.SubjectID, Reference: row.Reference, ErasedAt: row.ErasedAt, State: row.State, DueOn: row.DueOn}, nil
	})
}

// back refuses where no account that has come back stands in an erasure's way.
func (s *Service) back(ctx context.Context, op string, row *request) error {
	if s.opt.Accounts == nil || row.AccountID == uuid.Nil || row.State == ErasureDone {
		return ErrAccountLeft.New(op, "")
	}
	err := s.opt.Accounts.CheckLeft(ctx, row.AccountID)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return ErrAccountLeft.New(op, "it has left")
	case kind == fault.Conflict || kind == fault.Forbidden:
		return nil
	}
	return err
}
