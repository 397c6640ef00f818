package accounting

import (
	"context"

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
	out := make(map[uuid.UUID]accountSum, len(set.accounts))
	if from.After(to) {
		return out, nil
	}
	var whole []uuid.UUID
	for i := range set.periods {
		p := &set.periods[i]
		switch {
		case p.EndsOn.Before(from) || p.StartsOn.After(to):
		case !p.StartsOn.Before(from) && !p.EndsOn.After(to):
			whole = append(whole, p.ID)
		default:
			cut, err := lineSums(ctx, tx, set, later(p.StartsOn, from), earlier(p.EndsOn, to))
			if err != nil {
				return nil, err
			}
			addSums(out, cut)
		}
	}
	if len(whole) == 0 {
		return out, nil
	}
	kept, err := tenancy.Report[accountSum](ctx, tx, `SELECT account_id, CAST(SUM(debit_minor) AS BIGINT) AS debit_minor,
		CAST(SUM(credit_minor) AS BIGINT) AS credit_minor
		FROM {account_balances} AS b WHERE period_id IN (?) GROUP BY account_id`, tenancy.List(whole))
	if err != nil {
		return nil, err
	}
	addSums(out, kept)
	return out, nil
}

// lineSums adds up lines. The accounts are named so that the index on account and date is used.
func lineSums(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date) ([]accountSum, error) {
	ids := make([]uuid.UUID, len(set.accounts))
	for i := range set.accounts {
		ids[i] = set.accounts[i].ID
	}
	return tenancy.Report[accountSum](ctx, tx, `SELECT account_id,
		CAST(SUM(CASE WHEN amount_minor > 0 THEN amount_minor ELSE 0 END) AS BIGINT) AS debit_minor,
		CAST(SUM(CASE WHEN amount_minor < 0 THEN -amount_minor ELSE 0 END) AS BIGINT) AS credit_minor
		FROM {journal_lines} AS l WHERE account_id IN (?) AND entry_date >= ? AND entry_date <= ? GROUP BY account_id`,
		tenancy.List(ids), from, to)
}

func addSums(out map[uuid.UUID]accountSum, rows []accountSum) {
	for _, r := range rows {
		s := out[r.AccountID]
		s.AccountID = r.AccountID
		s.DebitMinor += r.DebitMinor
		s.CreditMinor += r.CreditMinor
		out[r.AccountID] = s
	}
}

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
func checkDay(op, field string, d date.Date) error {
	if d.IsZero() {
		return ErrBadInput.New(op, "%s is needed", field)
	}
	return nil
}
