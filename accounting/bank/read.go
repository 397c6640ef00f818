package bank

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// ListStatements gives a page of the statements of a bank account, by closing day unless another sort (closing_on, imported_at) is asked
// for.
//
// Permission: bank.read. Errors: tenancy.bad_input (the cursor or the sort).
func (s *Service) ListStatements(ctx context.Context, bankAccountID uuid.UUID, page tenancy.PageRequest) (tenancy.PageOf[Statement], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Statement], error) {
		if page.Sort == "" {
			page.Sort = "closing_on"
		}
		return tenancy.Page[Statement](ctx, tx, page, tenancy.Eq("bank_account_id", bankAccountID))
	})
}

// StatementLine is a line with its texts and, while it is reconciled, with what it was found to be.
type StatementLine struct {
	Line
	Text LineText
	// Reconciliation is the one in force, nil where the line is not reconciled.
	Reconciliation *Reconciliation
}

// Lines gives the lines of a statement in order.
//
// Permission: bank.read. Errors: tenancy.not_found.
func (s *Service) Lines(ctx context.Context, statementID uuid.UUID) ([]StatementLine, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]StatementLine, error) {
		if _, err := tenancy.Get[Statement](ctx, tx, statementID); err != nil {
			return nil, err
		}
		return lines(ctx, tx, tenancy.Eq("statement_id", statementID), tenancy.OrderBy("line_no"))
	})
}

// AcceptedBecause gives the reason for which a statement was imported that does not add up; "" for one that does.
//
// Permission: bank.read.
func (s *Service) AcceptedBecause(ctx context.Context, statementID uuid.UUID) (string, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (string, error) {
		texts, err := tenancy.Find[StatementText](ctx, tx, tenancy.Eq("statement_id", statementID))
		if err != nil || len(texts) == 0 {
			return "", err
		}
		return texts[0].Reason, nil
	})
}

// lines reads lines with their texts and reconciliations.
func lines(ctx context.Context, tx *tenancy.Tx, which ...tenancy.Option) ([]StatementLine, error) {
	rows, err := tenancy.Find[Line](ctx, tx, which...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	out := make([]StatementLine, len(rows))
	at := map[uuid.UUID]*StatementLine{}
	for i := range rows {
		ids[i], out[i].Line = rows[i].ID, rows[i]
		at[rows[i].ID] = &out[i]
	}
	var texts []LineText
	var done []Reconciliation
	b := tx.Batch()
	tenancy.Load(b, &texts, tenancy.In("line_id", ids))
	tenancy.Load(b, &done, tenancy.In("line_id", ids), tenancy.Eq("active", true))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	for i := range texts {
		at[texts[i].LineID].Text = texts[i]
	}
	for i := range done {
		at[done[i].LineID].Reconciliation = &done[i]
	}
	return out, nil
}
