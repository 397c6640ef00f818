package bank

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// maxShown is how many differences a failed check names.
const maxShown = 5

// Verify proves from what is stored that statements equal their lines, and that reconciled lines equal the journal lines that they were
// found to be, each on the account of the chart that stands for the bank account.
//
// Permission: bank.read.
func (s *Service) Verify(ctx context.Context) ([]tenancy.Check, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Check, error) {
		var checks []tenancy.Check
		for _, p := range proofs {
			c, err := p.run(ctx, tx)
			if err != nil {
				return nil, err
			}
			checks = append(checks, c)
		}
		return checks, nil
	})
}

// proof is a query for what does not hold; each row names it.
type proof struct{ name, query, count string }

var proofs = []proof{
	{"bank statements equal their lines", `SELECT s.statement_id AS id FROM {bank_statements} AS s
		LEFT JOIN (SELECT statement_id, COUNT(*) AS n, SUM(amount_minor) AS minor FROM {bank_lines} AS l GROUP BY statement_id) AS d ON d.statement_id = s.id
		WHERE s.line_count <> COALESCE(d.n, 0) OR s.sum_minor <> COALESCE(d.minor, 0) OR s.opening_minor + s.sum_minor + s.difference_minor <> s.closing_minor
		ORDER BY 1 LIMIT ?`, `SELECT COUNT(*) FROM {bank_statements} AS s`},
	{"reconciled bank lines equal the ledger", `SELECT s.statement_id AS id FROM {bank_reconciliations} AS r
		JOIN {bank_lines} AS l ON l.id = r.line_id JOIN {bank_statements} AS s ON s.id = l.statement_id JOIN {bank_accounts} AS a ON a.id = l.bank_account_id
		LEFT JOIN (SELECT m.reconciliation_id, l.account_id, SUM(CASE WHEN l.amount_currency = a.currency THEN l.amount_minor
			WHEN l.transaction_currency = a.currency THEN l.transaction_minor ELSE 0 END) AS minor FROM {bank_matches} AS m
			JOIN {journal_lines} AS l ON l.entry_id = m.entry_id AND l.line_no = m.entry_line_no JOIN {bank_accounts} AS a ON a.account_id = l.account_id
			WHERE m.active GROUP BY m.reconciliation_id, l.account_id) AS d
			ON d.reconciliation_id = r.id AND d.account_id = a.account_id
		WHERE r.active AND l.amount_minor <> COALESCE(d.minor, 0) ORDER BY 1 LIMIT ?`, `SELECT COUNT(*) FROM {bank_reconciliations} AS r WHERE r.active`},
}

func (p proof) run(ctx context.Context, tx *tenancy.Tx) (tenancy.Check, error) {
	bad, err := tenancy.Report[string](ctx, tx, p.query, maxShown)
	if err != nil {
		return tenancy.Check{}, err
	}
	n, err := tenancy.Report[int64](ctx, tx, p.count)
	if err != nil {
		return tenancy.Check{}, err
	}
	detail := fmt.Sprintf("%d looked at", n[0])
	if len(bad) > 0 {
		detail = strings.Join(bad, ", ")
	}
	return tenancy.Check{Name: p.name, OK: len(bad) == 0, Detail: detail}, nil
}
