package privacy

import (
	"context"
	"encoding/json"
	"fmt"

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
			out[i] = PendingErasure{ID: r.ID, PersonID: r.SubjectID, Reference: r.Reference, ErasedAt: r.ErasedAt, State: r.State, DueOn: r.DueOn}
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
// It is meant for a background job. Permission: privacy.erase. Errors: as [Service.Erase]'s, and tenancy.busy (somebody reads while the files are to be
// scrubbed; it is done the next time).
func (s *Service) FinishErasures(ctx context.Context) (more bool, err error) {
	went, err := s.goOn(ctx)
	if went || err != nil {
		return went, err
	}
	open, err := s.open(ctx)
	if err != nil || len(open) == 0 {
		return false, err
	}
	for _, r := range open {
		if s.opt.Accounts != nil && r.AccountID != uuid.Nil {
			if err := s.opt.Accounts.ForgetAccount(ctx, r.AccountID); err != nil {
				return false, err
			}
		}
	}
	if err := s.db.Scrub(ctx); err != nil {
		return false, err
	}
	return len(open) == chunk, s.close(ctx, open)
}

// goOn erases what is due of the erasure that is due first.
func (s *Service) goOn(ctx context.Context) (bool, error) {
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		row, err := tenancy.First[request](ctx, tx, tenancy.Le("due_on", tx.Today()), tenancy.Eq("state", ErasureHeld), tenancy.OrderBy("due_on", "id"), tenancy.ForUpdate())
		if tenancy.IsNotFound(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		e, err := s.newSolver(ctx, tx, row.SubjectID, true)
		if err != nil {
			return false, err
		}
		if e.Self == nil { // the row has been removed; its texts have not
			e.Self = e.Registry.Table(row.SubjectTable)
			if err := s.addActors(ctx, &e.finder, row.AccountID); err != nil {
				return false, err
			}
		}
		old, err := e.recall(ctx, row.ID)
		if err != nil {
			return false, err
		}
		if err := e.solve(ctx); err != nil {
			return false, err
		}
		report := e.report(tx.Today())
		row.State, row.DueOn = ErasureOpen, tx.Today()
		b := tx.Batch()
		tenancy.Set(b, []*request{row}, "state", "due_on")
		old(b)
		if err := e.leave(b, row.ID, report); err != nil {
			return false, err
		}
		if err := b.Run(ctx); err != nil {
			return false, err
		}
		return true, e.restrict(ctx, row.Reference, report)
	})
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

// open are erasures of which only what lies beside the tables is still to be done.
func (s *Service) open(ctx context.Context) ([]request, error) {
	return tenancy.View(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) ([]request, error) {
		return tenancy.Find[request](ctx, tx, tenancy.NotNull("due_on"), tenancy.Eq("state", ErasureOpen), tenancy.OrderBy("due_on", "id"), tenancy.Limit(chunk))
	})
}

// close says of open erasures that they wait, or are done.
func (s *Service) close(ctx context.Context, open []request) error {
	_, err := tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		ids := make([]uuid.UUID, len(open))
		for i := range open {
			ids[i] = open[i].ID
		}
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
