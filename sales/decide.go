package sales

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Decline notes that customers do not want what was offered them. The quotations are named by their references. One that
// was declined before is given back, marked Replayed.
//
// Permission: sales.quote. Errors: sales.too_many, sales.unknown_quotation, sales.wrong_state.
func (s *Service) Decline(ctx context.Context, quotations []string) ([]Quotation, error) {
	return s.decide(ctx, "sales.Decline", actDecline, quotations)
}

// Withdraw takes offers back. Otherwise as [Service.Decline]. Permission: sales.quote. Errors: as [Service.Decline].
func (s *Service) Withdraw(ctx context.Context, quotations []string) ([]Quotation, error) {
	return s.decide(ctx, "sales.Withdraw", actWithdraw, quotations)
}

func (s *Service) decide(ctx context.Context, op string, by act, references []string) ([]Quotation, error) {
	return tenancy.Act(ctx, s.db, PermQuote, func(ctx context.Context, tx *tenancy.Tx) ([]Quotation, error) {
		if len(references) > MaxBatch {
			return nil, ErrTooMany.New(op, "%d quotations are more than the %d that one act takes", len(references), MaxBatch)
		}
		if len(references) == 0 {
			return nil, nil
		}
		var found []Quotation
		q := tx.Batch()
		tenancy.Load(q, &found, tenancy.In("reference", unrepeated(references)), tenancy.ForUpdate())
		if err := q.Run(ctx); err != nil {
			return nil, err
		}
		known := make(map[string]*Quotation, len(found))
		for i := range found {
			known[found[i].Reference] = &found[i]
		}
		var changed []*Quotation
		out := make([]*Quotation, len(references))
		for i, reference := range references {
			found := known[reference]
			if found == nil {
				return nil, ErrUnknownQuotation.New(op, "there is no quotation %q", reference)
			}
			before := found.State
			if err := found.decide(op, fmt.Sprintf("quotation %d", i+1), by); err != nil {
				return nil, err
			}
			if found.State == before {
				found.Replayed = !slices.Contains(changed, found)
			} else {
				found.DecidedAt = tx.Now()
				changed = append(changed, found)
			}
			out[i] = found
		}
		tenancy.Set(q, changed, "state", "decided_at")
		if err := q.Run(ctx); err != nil {
			return nil, err
		}
		if err := s.completeQuotations(ctx, tx, pointers(found)); err != nil {
			return nil, err
		}
		return values(out), nil
	})
}

// ExpireQuotations marks open quotations expired whose last day is past in the tenant's time zone, at most limit (1 to
// 1,000) of them, and tells how many: call it again while it gives limit. It is for a background job; a quotation past its
// last day cannot be accepted either way.
//
// Permission: sales.expire. Errors: sales.bad_input.
func (s *Service) ExpireQuotations(ctx context.Context, limit int) (int, error) {
	return tenancy.Act(ctx, s.db, PermExpire, func(ctx context.Context, tx *tenancy.Tx) (int, error) {
		if limit < 1 || limit > MaxBatch {
			return 0, ErrBadInput.New("sales.ExpireQuotations", "a limit is 1 to %d, not %d", MaxBatch, limit)
		}
		var due []Quotation
		q := tx.Batch()
		tenancy.Load(q, &due, tenancy.Eq("state", QuotationOpen), tenancy.Lt("valid_until", tx.Today()), tenancy.ForUpdate(), tenancy.Limit(limit))
		if err := q.Run(ctx); err != nil {
			return 0, err
		}
		for i := range due {
			if err := due[i].decide("sales.ExpireQuotations", "the job", actExpire); err != nil {
				return 0, err
			}
			due[i].DecidedAt = tx.Now()
		}
		tenancy.Set(q, pointers(due), "state", "decided_at")
		return len(due), q.Run(ctx)
	})
}

// unrepeated are texts, each once, sorted.
func unrepeated(texts []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(texts)))
}

// values are what pointers point to.
func values[T any](rows []*T) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = *row
	}
	return out
}

// byID maps rows by their id.
func byID[T any](rows []*T, id func(*T) uuid.UUID) map[uuid.UUID]*T {
	out := make(map[uuid.UUID]*T, len(rows))
	for _, row := range rows {
		out[id(row)] = row
	}
	return out
}
