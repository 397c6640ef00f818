package privacy

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	// settleAfter is how long an erasure may take between its entry into the ledger and its commit.
	settleAfter = 10 * time.Minute
	// replayAtOnce is how many entries of the ledger are looked at at a time.
	replayAtOnce = 200
	// ledgerReference is how the reference of an erasure begins that a restore did again.
	ledgerReference = "ledger "
)

// replayLedger does erasures again that the tenant's data do not know of, and places and releases legal holds again, in the order in which they were entered, and gives both: what a hold kept from an erasure then it keeps now, and
// what was erased before a hold was placed is erased. Each is an act of its own that can be repeated; the tenant is not opened before all are done.
func (s *Service) replayLedger(ctx context.Context) (held []tenancy.LedgerHold, done []tenancy.LedgerEntry, err error) {
	holds, err := s.db.Ledger().Holds(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(holds) > 0 && s.opt.HoldAgain == nil {
		return nil, nil, ErrHolds.New(opRestore, "the ledger knows of legal holds, and this program places none")
	}
	until := func(id uuid.UUID) error { // those that were entered before it; the zero id: all that are left
		for ; len(holds) > 0 && (id == uuid.Nil || bytes.Compare(holds[0].EntryID[:], id[:]) < 0); holds = holds[1:] {
			needed, err := s.opt.HoldAgain(ctx, holds[0])
			if err != nil {
				return err
			}
			if needed {
				held = append(held, holds[0])
			}
		}
		return nil
	}
	for after := uuid.Nil; ; {
		missing, next, err := s.db.Ledger().Missing(ctx, after, replayAtOnce)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range missing {
			if err := until(e.ErasureID); err != nil {
				return nil, nil, err
			}
			if err := s.eraseAgain(ctx, e); err != nil {
				return nil, nil, err
			}
			done = append(done, e)
		}
		if after = next; next == uuid.Nil {
			return held, done, until(uuid.Nil)
		}
	}
}

// eraseAgain erases whom an entry names, if the restored data have them: whoever came after the backup, or was removed before, is not there. Nobody asks whether their account has left: it had when they were erased, and
// whoever came back since did so after the data that are restored.
func (s *Service) eraseAgain(ctx context.Context, e tenancy.LedgerEntry) error {
	reference, reason := ledgerReference+e.ErasureID.String(), "erased before, and restored from a backup"
	var err error
	if s.isRecord(e) {
		err = s.redactAgain(ctx, e, reference, reason)
	} else {
		_, err = s.erase(ctx, Erasure{PersonID: e.RowID, Reference: reference, Reason: reason, Confirmed: true}, func(context.Context, *solver) error { return nil })
	}
	if err != nil && !tenancy.IsNotFound(err) {
		return err
	}
	_, err = tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		return struct{}{}, tx.RecordReplay(ctx, e)
	})
	if errors.Is(err, tenancy.ErrDuplicate) { // another call was quicker
		return nil
	}
	return err
}

// finishAgain asks erasures again of which something is held that may be held no more, and gives them: it may have been erased when the tenant was lost.
func (s *Service) finishAgain(ctx context.Context) ([]uuid.UUID, error) {
	due, err := s.due(ctx)
	if err != nil {
		return nil, err
	}
	open, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	open = slices.DeleteFunc(open, func(o opened) bool { return !o.asked })
	for part := range slices.Chunk(open, chunk) { // whose turn would come when the files have been scrubbed
		ids := make([]uuid.UUID, len(part))
		for i := range part {
			ids[i] = part[i].id
		}
		more, err := s.mayEnd(ctx, ids)
		if err != nil {
			return nil, err
		}
		due = append(due, more...)
	}
	for _, id := range due {
		if _, err := s.goOn(ctx, id, tenancy.NotNull("due_on")); err != nil {
			return nil, err
		}
	}
	return due, nil
}

// mayEnd are those of erasures that have left something whose end is not known, or has come.
func (s *Service) mayEnd(ctx context.Context, ids []uuid.UUID) ([]uuid.UUID, error) {
	return tenancy.View(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (out []uuid.UUID, err error) {
		held, err := tenancy.Find[holdRow](ctx, tx, tenancy.In("erasure_id", ids), tenancy.OrderBy("erasure_id", "seq"))
		for _, h := range held {
			if !h.UntilOn.After(tx.Today()) && (len(out) == 0 || out[len(out)-1] != h.ErasureID) {
				out = append(out, h.ErasureID)
			}
		}
		return out, err
	})
}

// restrictAgain restricts whom the ledger says to be restricted and frees whom it says to be free, where the restored data say otherwise, and gives those persons.
func (s *Service) restrictAgain(ctx context.Context) ([]tenancy.LastRestriction, error) {
	known, err := s.db.Ledger().Restrictions(ctx)
	if err != nil {
		return nil, err
	}
	var done []tenancy.LastRestriction
	for _, last := range known {
		changed, err := tenancy.Act(ctx, s.db, tenancy.PermRestoreTenant, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
			now, err := tx.Restricted(ctx, last.Person)
			if err != nil || (len(now) > 0) == last.Restricted && (!last.Restricted || now[0].Ground == last.Ground) {
				return false, err
			}
			if !last.Restricted {
				return true, tx.Unrestrict(ctx, last.Person)
			}
			return true, tx.Restrict(ctx, last.Person, last.Ground, "ledger")
		})
		if tenancy.IsNotFound(err) { // somebody of after the backup, or removed since
			continue
		}
		if err != nil {
			return nil, err
		}
		if changed {
			done = append(done, last)
		}
	}
	return done, nil
}

// SettleLedger finds out what became of erasures that were entered into the ledger ten minutes ago or longer and of which it is not known whether they were committed, at most limit (1 to 1,000), and
// tells how many there were.
//
// Permission: tenancy.ledger. It is meant for a background job. Errors: the unscoped codes, and those of [tenancy.Ledger.Settle].
func (s *Service) SettleLedger(ctx context.Context, limit int) (int, error) {
	now, err := tenancy.View(ctx, s.db, tenancy.PermLedger, func(_ context.Context, tx *tenancy.Tx) (time.Time, error) { return tx.Now(), nil })
	if err != nil {
		return 0, err
	}
	return s.db.Ledger().Settle(ctx, now.Add(-settleAfter), limit)
}
