package privacy

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	// settleAfter is how long an erasure may take between its entry into the ledger and its commit.
	settleAfter = 10 * time.Minute
	// replayAtOnce is how many entries of the ledger are looked at at a time.
	replayAtOnce = 200
)

// replayLedger does erasures again that the tenant's data do not know of, in the order in which they were entered, and gives them. Each is an act of its own that can be repeated; the tenant
// is not opened before all are done.
func (s *Service) replayLedger(ctx context.Context) ([]tenancy.LedgerEntry, error) {
	var done []tenancy.LedgerEntry
	for after := uuid.Nil; ; {
		missing, next, err := s.db.Ledger().Missing(ctx, after, replayAtOnce)
		if err != nil {
			return nil, err
		}
		for _, e := range missing {
			if err := s.eraseAgain(ctx, e); err != nil {
				return nil, err
			}
			done = append(done, e)
		}
		if after = next; next == uuid.Nil {
			return done, nil
		}
	}
}

// eraseAgain erases whom an entry names, if the restored data have them: whoever came after the backup, or was removed before, is not there. Nobody asks whether their account has left: it had when they were erased, and
// whoever came back since did so after the data that are restored.
func (s *Service) eraseAgain(ctx context.Context, e tenancy.LedgerEntry) error {
	_, err := s.erase(ctx, Erasure{PersonID: e.RowID, Reference: "ledger " + e.ErasureID.String(), Reason: "erased before, and restored from a backup"}, func(context.Context, *solver) error { return nil })
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

// finishAgain erases what was held by what has ended since the backup was taken, and gives those erasures: it may have been erased when the tenant was lost.
func (s *Service) finishAgain(ctx context.Context) ([]uuid.UUID, error) {
	due, err := s.due(ctx)
	for _, id := range due {
		if _, err := s.goOn(ctx, id); err != nil {
			return nil, err
		}
	}
	return due, err
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
