package accounting

import (
	"context"
	"maps"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// accountSum is what was posted to an account, in minor units of the base currency.
type accountSum struct {
	AccountID   uuid.UUID `bun:"account_id"`
	DebitMinor  int64     `bun:"debit_minor"`
	CreditMinor int64     `bun:"credit_minor"`
}

func (s accountSum) net() int64 { return s.DebitMinor - s.CreditMinor }

// sums adds up what was posted to each account from one day to another, both included, by entry date. A zero from is the
// beginning. Whole periods come from the kept balances; only the periods that a bound cuts are read line by line, so the
// cost does not grow with the ledger.
func sums(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date) (map[uuid.UUID]accountSum, error) {
	return sumsOf(ctx, tx, set, from, to, nil)
}

// sumsOf is sums of what is in a cut.
func sumsOf(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date, in *cut) (map[uuid.UUID]accountSum, error) {
	groups, err := groupedSums(ctx, tx, set, from, to, in)
	if err != nil || groups[""] == nil {
		return make(map[uuid.UUID]accountSum), err
	}
	return groups[""], nil
}

// groupedSums are the sums of a cut by the value that it groups by, "" for lines without one; all under "" when it does not group.
func groupedSums(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date, in *cut) (map[string]map[uuid.UUID]accountSum, error) {
	out := map[string]map[uuid.UUID]accountSum{}
	if from.After(to) {
		return out, nil
	}
	add := func(rows []slicedSum, err error) error {
		for i := 0; i < len(rows) && err == nil; i++ {
			group := out[rows[i].Value]
			if group == nil {
				group = make(map[uuid.UUID]accountSum, len(set.accounts))
				out[rows[i].Value] = group
			}
			err = addSums(group, []accountSum{rows[i].accountSum})
		}
		return err
	}
	var whole []uuid.UUID
	for i := range set.periods {
		p := &set.periods[i]
		switch {
		case p.EndsOn.Before(from) || p.StartsOn.After(to):
		case !p.StartsOn.Before(from) && !p.EndsOn.After(to):
			whole = append(whole, p.ID)
		default:
			if err := add(in.lineSums(ctx, tx, set, later(p.StartsOn, from), earlier(p.EndsOn, to))); err != nil {
				return nil, err
			}
		}
	}
	if len(whole) > 0 {
		if err := add(in.keptSums(ctx, tx, whole)); err != nil {
			return nil, err
		}
	}
	if set.known.IsZero() {
		return out, nil
	}
	if err := in.forget(ctx, tx, set, later(from, set.periods[0].StartsOn), to, out); err != nil {
		return nil, err
	}
	maps.DeleteFunc(out, func(_ string, group map[uuid.UUID]accountSum) bool { return len(group) == 0 }) // nothing of it was posted then
	return out, nil
}

// addSums adds rows to what is there. Both sides are held below maxSum, so that nothing made of a few of them wraps.
func addSums(out map[uuid.UUID]accountSum, rows []accountSum) error {
	for _, r := range rows {
		s := out[r.AccountID]
		s.AccountID = r.AccountID
		s.DebitMinor += r.DebitMinor
		s.CreditMinor += r.CreditMinor
		if s.DebitMinor > maxSum || s.CreditMinor > maxSum {
			return ErrAmountLimit.New("accounting.sums", "the account %s has been moved by more than a statement can hold", r.AccountID)
		}
		out[r.AccountID] = s
	}
	return nil
}

// maxSum is the most that an account may have been moved by on one side, in minor units: a third of int64, so that two of
// them can be added. The database holds what it keeps to the same.
const maxSum = 3_000_000_000_000_000_000

func later(a, b date.Date) date.Date {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b date.Date) date.Date {
	if a.Before(b) {
		return a
	}
	return b
}

// checkDay refuses a missing date.
func checkDay(op string, d date.Date) error {
	if d.IsZero() {
		return ErrBadInput.New(op, "the day is needed, and the zero Date is none")
	}
	return nil
}
