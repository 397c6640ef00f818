package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Preview is what acts would do to the books.
type Preview struct {
	// Entries are those that would be booked, in order.
	Entries []PreviewEntry
	// Balances are the accounts that would stand otherwise, by code, over all days.
	Balances []BalanceChange
	// Changes is every row that would be written, of any domain.
	Changes *tenancy.Changes
}

// PreviewEntry is an entry that would be booked. Its ids are not those that it will have.
type PreviewEntry struct {
	Entry
	Journal JournalCode
	Lines   []Line
	Memo    string
	Reason  string
}

// BalanceChange is an account before and after; debits are positive.
type BalanceChange struct {
	AccountID     uuid.UUID
	Code          string
	Name          string
	Before, After money.Amount
}

// Preview runs fn, in which any acts of any domain may be called with the context that it is given, tells what they would do to
// the books, and undoes it whatever happens: legal numbers are given back, references are free again, nothing is sent. Checks
// are made as far as the database makes them before the commit.
//
// Permission: accounting.read, and those of the acts. Errors: fn's own; accounting.books_not_open; tenancy.dry_run_within.
func (s *Service) Preview(ctx context.Context, fn func(ctx context.Context) error) (Preview, error) {
	var out Preview
	var set *setup
	changes, err := s.db.DryRun(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		if err := tx.Require(PermRead); err != nil {
			return err
		}
		var err error
		if set, err = s.setup(ctx, tx, "accounting.Preview", nil); err != nil {
			return err
		}
		end := set.periods[len(set.periods)-1].EndsOn
		before, err := s.TrialBalance(ctx, end)
		if err != nil {
			return err
		}
		if err := fn(ctx); err != nil {
			return err
		}
		if set, err = s.setup(ctx, tx, "accounting.Preview", nil); err != nil { // fn may have changed it
			return err
		}
		after, err := s.TrialBalance(ctx, set.periods[len(set.periods)-1].EndsOn)
		if err != nil {
			return err
		}
		out.Balances = balanceChanges(before, after)
		return nil
	})
	if err != nil {
		return Preview{}, err
	}
	out.Changes, out.Entries = changes, previewEntries(set, changes)
	return out, nil
}

// balanceChanges are the accounts that differ between two trial balances of one currency.
func balanceChanges(before, after TrialBalance) []BalanceChange {
	was := make(map[uuid.UUID]int64, len(before.Lines))
	for i := range before.Lines {
		was[before.Lines[i].AccountID] = before.Lines[i].net()
	}
	var out []BalanceChange
	for i := range after.Lines {
		l := &after.Lines[i]
		if now, then := l.net(), was[l.AccountID]; now != then {
			out = append(out, BalanceChange{AccountID: l.AccountID, Code: l.Code, Name: l.Name,
				Before: money.Amount{Minor: then, Currency: after.Currency}, After: money.Amount{Minor: now, Currency: after.Currency}})
		}
	}
	return out
}

// net is the balance with debits positive.
func (l *TrialBalanceLine) net() int64 { return l.Debit.Minor - l.Credit.Minor }

// previewEntries puts entries, lines and texts that were written together again.
func previewEntries(set *setup, changes *tenancy.Changes) []PreviewEntry {
	var out []PreviewEntry
	at := map[uuid.UUID]int{}
	for _, c := range changes.Rows {
		switch row := c.Row.(type) {
		case Entry:
			at[row.ID] = len(out)
			out = append(out, PreviewEntry{Entry: row, Journal: set.journalCode(row.JournalID)})
		case Line:
			out[at[row.EntryID]].Lines = append(out[at[row.EntryID]].Lines, row)
		case EntryText:
			out[at[row.EntryID]].Memo, out[at[row.EntryID]].Reason = row.Memo, row.Reason
		}
	}
	return out
}
