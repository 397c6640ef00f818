package bank

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Break is where a statement does not begin with what the one before it ended with: one is missing between them, or the bank erred.
type Break struct {
	BankAccountID     uuid.UUID
	AfterID, BeforeID uuid.UUID // the statements on both sides
	ClosingOn         date.Date // of the first
	OpeningOn         date.Date // of the second
	Closing, Opening  money.Amount
	// Difference is Opening less Closing.
	Difference money.Amount
}

// chain orders the statements of one account: by the day they close on, then by number and page, then as they were imported.
func chain(all []Statement) {
	slices.SortFunc(all, func(a, b Statement) int {
		return cmp.Or(a.ClosingOn.Compare(b.ClosingOn), cmp.Compare(a.SequenceNo, b.SequenceNo), cmp.Compare(a.Page, b.Page), slices.Compare(a.ID[:], b.ID[:]))
	})
}

// breaks finds them between the ordered statements of one account.
func breaks(ordered []Statement) []Break {
	var out []Break
	for i := 1; i < len(ordered); i++ {
		before, after := &ordered[i-1], &ordered[i]
		if before.Closing != after.Opening {
			out = append(out, Break{BankAccountID: after.BankAccountID, AfterID: before.ID, BeforeID: after.ID, ClosingOn: before.ClosingOn,
				OpeningOn: after.OpeningOn, Closing: before.Closing, Opening: after.Opening,
				Difference: money.Amount{Minor: after.Opening.Minor - before.Closing.Minor, Currency: after.Opening.Currency}})
		}
	}
	return out
}

// Breaks lists where the statements of a bank account do not continue one another, oldest first.
//
// Permission: bank.read. Errors: tenancy.not_found.
func (s *Service) Breaks(ctx context.Context, bankAccountID uuid.UUID) ([]Break, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Break, error) {
		if _, err := tenancy.Get[Account](ctx, tx, bankAccountID); err != nil {
			return nil, err
		}
		all, err := tenancy.Find[Statement](ctx, tx, tenancy.Eq("bank_account_id", bankAccountID))
		if err != nil {
			return nil, err
		}
		chain(all)
		return breaks(all), nil
	})
}

// report finds, for the statements of an import, what they do not continue and which of their lines others have as well.
func (w *importing) report(ctx context.Context) error {
	if len(w.statements) == 0 {
		return nil
	}
	at := map[uuid.UUID]*Imported{}
	for i := range w.out {
		if !w.out[i].Replayed {
			at[w.out[i].Statement.ID] = &w.out[i]
		}
	}
	if err := w.reportBreaks(ctx, at); err != nil {
		return err
	}
	return w.reportOverlaps(ctx, at)
}

// reportBreaks looks at the statements from the last one that closed before the earliest of the import.
func (w *importing) reportBreaks(ctx context.Context, at map[uuid.UUID]*Imported) error {
	first := w.statements[0].ClosingOn
	var accounts []uuid.UUID
	for _, st := range w.statements {
		accounts = append(accounts, st.BankAccountID)
		if st.ClosingOn.Before(first) {
			first = st.ClosingOn
		}
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, w.tx, `SELECT s.id FROM {bank_statements} AS s
		WHERE s.bank_account_id IN (?) AND s.closing_on >= COALESCE((SELECT MAX(p.closing_on) FROM {bank_statements} AS p
			WHERE p.bank_account_id = s.bank_account_id AND p.closing_on < ?), ?)`, tenancy.List(uniqueIDs(accounts)), first, first)
	if err != nil {
		return err
	}
	var near []Statement
	b := w.tx.Batch()
	tenancy.Load(b, &near, tenancy.In("id", ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	chain(near)
	byAccount := map[uuid.UUID][]Statement{}
	for i := range near {
		byAccount[near[i].BankAccountID] = append(byAccount[near[i].BankAccountID], near[i])
	}
	for _, ordered := range byAccount {
		for _, br := range breaks(ordered) {
			if i := at[br.BeforeID]; i != nil {
				i.Breaks = append(i.Breaks, br)
			} else if i := at[br.AfterID]; i != nil {
				i.Breaks = append(i.Breaks, br)
			}
		}
	}
	return nil
}

// reportOverlaps compares the new lines with those of other statements of the same days and amounts.
func (w *importing) reportOverlaps(ctx context.Context, at map[uuid.UUID]*Imported) error {
	var fresh, others []uuid.UUID
	for _, st := range w.statements {
		fresh = append(fresh, st.ID)
	}
	type pair struct {
		ID        uuid.UUID `bun:"id"`
		Other     uuid.UUID `bun:"other"`
		Statement uuid.UUID `bun:"statement"`
		Of        uuid.UUID `bun:"of_statement"`
	}
	pairs, err := tenancy.Report[pair](ctx, w.tx, `SELECT n.id, o.id AS other, o.statement_id AS statement, n.statement_id AS of_statement
		FROM {bank_lines} AS n JOIN {bank_lines} AS o ON o.bank_account_id = n.bank_account_id AND o.booked_on = n.booked_on
			AND o.amount_minor = n.amount_minor AND o.code = n.code AND o.statement_id <> n.statement_id
		WHERE n.statement_id IN (?) ORDER BY n.id, o.id LIMIT ?`, tenancy.List(fresh), 4*MaxOverlaps)
	if err != nil || len(pairs) == 0 {
		return err
	}
	for _, p := range pairs {
		others = append(others, p.ID, p.Other)
	}
	var texts []LineText
	b := w.tx.Batch()
	tenancy.Load(b, &texts, tenancy.In("line_id", uniqueIDs(others)))
	if err := b.Run(ctx); err != nil {
		return err
	}
	of := map[uuid.UUID]*LineText{}
	for i := range texts {
		of[texts[i].LineID] = &texts[i]
	}
	found := 0
	for _, p := range pairs {
		mutual := at[p.Statement] != nil && p.ID.String() < p.Other.String() // both are new: told once, of the later one
		if i := at[p.Of]; i != nil && !mutual && found < MaxOverlaps && of[p.ID].same(of[p.Other]) {
			i.Overlaps = append(i.Overlaps, Overlap{LineID: p.ID, OtherLineID: p.Other, OtherStatementID: p.Statement})
			found++
		}
	}
	return nil
}
