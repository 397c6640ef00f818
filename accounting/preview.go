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
	return out, s.nameLines(ctx, &out)
}

// nameLines spells out what the lines are analysed by, also by combinations that are undone with the rest.
func (s *Service) nameLines(ctx context.Context, p *Preview) error {
	var sets []uuid.UUID
	for i := range p.Entries {
		for _, l := range p.Entries[i].Lines {
			sets = append(sets, l.DimensionSetID)
		}
	}
	named, err := tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Dimensions, error) {
		named, err := spellOut(ctx, tx, sets)
		if err != nil {
			return nil, err
		}
		var dimensions []Dimension
		var values []DimensionValue
		var parts []dimensionSetValue
		for _, c := range p.Changes.Rows {
			if part, ok := c.Row.(dimensionSetValue); ok && named[part.SetID] == nil {
				parts = append(parts, part)
			}
		}
		if len(parts) == 0 {
			return named, nil
		}
		ids := make([]uuid.UUID, len(parts))
		for i := range parts {
			ids[i] = parts[i].ValueID
		}
		b := tx.Batch()
		tenancy.Load(b, &dimensions)
		tenancy.Load(b, &values, tenancy.In("id", unique(ids)))
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		code := map[uuid.UUID]string{}
		for _, c := range p.Changes.Rows { // what the acts made themselves is undone as well
			switch row := c.Row.(type) {
			case Dimension:
				code[row.ID] = row.Code
			case DimensionValue:
				code[row.ID] = row.Code
			}
		}
		for _, d := range dimensions {
			code[d.ID] = d.Code
		}
		for _, v := range values {
			code[v.ID] = v.Code
		}
		for _, part := range parts {
			if named[part.SetID] == nil {
				named[part.SetID] = Dimensions{}
			}
			named[part.SetID][code[part.DimensionID]] = code[part.ValueID]
		}
		return named, nil
	})
	for i := range p.Entries {
		for j := range p.Entries[i].Lines {
			l := &p.Entries[i].Lines[j]
			l.Dimensions = named[l.DimensionSetID]
		}
	}
	return err
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
