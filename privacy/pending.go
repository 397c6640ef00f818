package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// PendingErasures lists erasures that are not done: of whom, what is left, under which rule, and when they go on. The earliest come first, at most limit (1 to
// 1,000).
//
// Permission: privacy.erase. Errors: privacy.bad_input.
func (s *Service) PendingErasures(ctx context.Context, limit int) ([]PendingErasure, error) {
	return tenancy.View(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) ([]PendingErasure, error) {
		if limit < 1 || limit > 1000 {
			return nil, ErrBadInput.New("privacy.PendingErasures", "limit is between 1 and 1,000")
		}
		rows, err := tenancy.Find[request](ctx, tx, tenancy.NotNull("due_on"), tenancy.OrderBy("due_on", "id"), tenancy.Limit(limit))
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		out := make([]PendingErasure, len(rows))
		ids, at := make([]uuid.UUID, len(rows)), map[uuid.UUID]int{}
		for i, r := range rows {
			out[i] = PendingErasure{ID: r.ID, PersonID: r.SubjectID, Reference: r.Reference, ErasedAt: r.ErasedAt, State: r.State, DueOn: r.DueOn, Account: r.AccountID != uuid.Nil && r.State == ErasureOpen}
			ids[i], at[r.ID] = r.ID, i
		}
		held, err := tenancy.Find[holdRow](ctx, tx, tenancy.In("erasure_id", ids), tenancy.OrderBy("erasure_id", "seq"))
		if err != nil {
			return nil, err
		}
		for i := range held {
			p := &out[at[held[i].ErasureID]]
			p.Held = append(p.Held, held[i].line())
		}
		return out, nil
	})
}

// FinishErasures goes on with erasures, one piece at a time, and says whether there is more: it erases what was held and is no more, by the rules as they are now;
// takes away what accounts have left in the tenant; and has the files beneath the tables hold nothing of what was erased ([tenancy.DB.Scrub]). A piece that
// is cut short is done again. What has an end that nobody knows, a legal hold or a suspended rule, is asked after every day.
//
// An erasure that cannot go on stands in nobody's way: it is passed over, stays pending, and is tried again by the next call; all others are done, and then its error is given, with those of others like it.
// An account that has come back, which cannot be forgotten, is such a one until it has left, or somebody decides that it stays ([Service.KeepAccount]).
//
// It is meant for a background job. Permission: privacy.erase. Errors: as [Service.Erase]'s, and tenancy.busy (somebody reads while the files are to be
// scrubbed; it is done the next time).
func (s *Service) FinishErasures(ctx context.Context) (more bool, err error) {
	var failed []error
	for len(failed) == 0 {
		due, err := s.due(ctx, tenancy.Limit(1))
		if err != nil {
			return false, err
		}
		if len(due) == 0 {
			break
		}
		if went, err := s.goOn(ctx, due[0]); went || ctx.Err() != nil {
			return went, err
		} else if err != nil {
			failed = s.passBy(ctx)
		}
	}
	return false, errors.Join(append(failed, s.beneath(ctx))...)
}

// passBy erases all that can be erased, and says of the rest why it cannot.
func (s *Service) passBy(ctx context.Context) (failed []error) {
	due, err := s.due(ctx)
	if err != nil {
		return []error{err}
	}
	for _, id := range due {
		if _, err := s.goOn(ctx, id); err != nil {
			failed = append(failed, fmt.Errorf("privacy: erasure %s: %w", id, err))
		}
	}
	return failed
}

// due are the erasures of which something that was held may be held no more, the first first.
func (s *Service) due(ctx context.Context, opts ...tenancy.Option) ([]uuid.UUID, error) {
	return tenancy.View(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (ids []uuid.UUID, err error) {
		err = tenancy.Stream(ctx, tx, func(r *request) error {
			ids = append(ids, r.ID)
			return nil
		}, append(opts, tenancy.Le("due_on", tx.Today()), tenancy.Eq("state", ErasureHeld), tenancy.OrderBy("due_on", "id"))...)
		return ids, err
	})
}

// beneath sees to what lies beside the tables, of erasures that are done with the tables. What cannot be forgotten of an account leaves its erasure open, and the files are scrubbed all the same.
func (s *Service) beneath(ctx context.Context) error {
	open, err := s.open(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	var failed []error
	var done []uuid.UUID
	for _, r := range open {
		if s.opt.Accounts != nil && r.account != uuid.Nil {
			if err := s.opt.Accounts.ForgetAccount(ctx, r.account); err != nil {
				failed = append(failed, fmt.Errorf("privacy: erasure %s: %w", r.id, err))
				continue
			}
		}
		done = append(done, r.id)
	}
	if err := s.db.Scrub(ctx); err != nil {
		return errors.Join(append(failed, err)...)
	}
	for part := range slices.Chunk(done, chunk) {
		if err := s.close(ctx, part); err != nil {
			return errors.Join(append(failed, err)...)
		}
	}
	return errors.Join(failed...)
}

// goOn erases what is held no more of an erasure, if that is so of it; by default if it is due, and nobody else was quicker.
func (s *Service) goOn(ctx context.Context, id uuid.UUID, only ...tenancy.Option) (bool, error) {
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		is := []tenancy.Option{tenancy.Le("due_on", tx.Today()), tenancy.Eq("state", ErasureHeld)}
		if len(only) > 0 {
			is = only
		}
		row, err := tenancy.First[request](ctx, tx, append(is, tenancy.Eq("id", id), tenancy.ForUpdate())...)
		if tenancy.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		err = s.piece(ctx, tx, row)
		return err == nil, err
	})
}

func (s *Service) piece(ctx context.Context, tx *tenancy.Tx, row *request) error {
	e, err := s.newSolver(ctx, tx, row.SubjectID, true)
	if err != nil {
		return err
	}
	if e.Self == nil { // the row has been removed; its texts have not
		e.Self = e.Registry.Table(row.SubjectTable)
		if err := s.addActors(ctx, &e.finder, row.AccountID); err != nil {
			return err
		}
	}
	old, err := e.recall(ctx, row.ID)
	if err != nil {
		return err
	}
	if err := e.solve(ctx); err != nil {
		return err
	}
	report := e.report(tx.Today())
	row.State, row.DueOn = ErasureOpen, tx.Today()
	b := tx.Batch()
	tenancy.Set(b, []*request{row}, "state", "due_on")
	old(b)
	if err := e.leave(b, row.ID, report); err != nil {
		return err
	}
	if err := b.Run(ctx); err != nil {
		return err
	}
	return e.restrict(ctx, row.Reference, report)
}

// recall gives what an erasure had left: the words are known again, and the function adds the removal of it all to a batch.
func (e *solver) recall(ctx context.Context, id uuid.UUID) (func(*tenancy.Batch), error) {
	var held []holdRow
	var left []words
	b := e.Tx.Batch()
	tenancy.Load(b, &held, tenancy.Eq("erasure_id", id))
	tenancy.Load(b, &left, tenancy.Eq("erasure_id", id))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	gone := make([]*holdRow, len(held))
	for i := range held {
		gone[i] = &held[i]
	}
	for i := range left {
		var list []string
		if err := json.Unmarshal([]byte(left[i].Words), &list); err != nil {
			return nil, fmt.Errorf("privacy: %w", err)
		}
		for _, w := range list {
			e.known.values[w] = true
		}
	}
	return func(b *tenancy.Batch) {
		if len(gone) > 0 {
			tenancy.Remove(b, gone)
		}
		if len(left) > 0 {
			tenancy.Remove(b, []*words{&left[0]})
		}
	}, nil
}

// opened is an erasure of which only what lies beside the tables is still to be done.
type opened struct {
	id, account uuid.UUID
	asked       bool // the day has come, or it was done again by a restore: what held the rest may have ended since
}

func (s *Service) open(ctx context.Context) ([]opened, error) {
	return tenancy.View(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (out []opened, err error) {
		err = tenancy.Stream(ctx, tx, func(r *request) error {
			out = append(out, opened{r.ID, r.AccountID, r.DueOn.Before(tx.Today()) || strings.HasPrefix(r.Reference, ledgerReference)})
			return nil
		}, tenancy.NotNull("due_on"), tenancy.Eq("state", ErasureOpen), tenancy.OrderBy("due_on", "id"))
		return out, err
	})
}

// close says of open erasures that they wait, or are done.
func (s *Service) close(ctx context.Context, ids []uuid.UUID) error {
	_, err := tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		rows, err := tenancy.Find[request](ctx, tx, tenancy.In("id", ids), tenancy.Eq("state", ErasureOpen), tenancy.ForUpdate())
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		held, err := tenancy.Find[holdRow](ctx, tx, tenancy.In("erasure_id", ids))
		if err != nil {
			return nil, err
		}
		due := map[uuid.UUID]date.Date{}
		for _, h := range held {
			due[h.ErasureID] = sooner(due[h.ErasureID], dueOn(h.UntilOn, tx.Today()))
		}
		changed := make([]*request, len(rows))
		for i := range rows {
			rows[i].State, rows[i].DueOn = ErasureDone, due[rows[i].ID]
			if !rows[i].DueOn.IsZero() {
				rows[i].State = ErasureHeld
			}
			changed[i] = &rows[i]
		}
		b := tx.Batch()
		tenancy.Set(b, changed, "state", "due_on")
		return nil, b.Run(ctx)
	})
	return err
}

// dueOn is when it is asked again after what is held until a day. A day that is not known, or has come and the rule holds still, is asked after every day.
func dueOn(until, today date.Date) date.Date {
	if !until.After(today) {
		return today.AddDays(1)
	}
	return until
}

// sooner is the earlier of two days, of which the first may be none.
func sooner(a, b date.Date) date.Date {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
