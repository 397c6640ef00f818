package pos

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// maxShown is how many differences a failed check names.
const maxShown = 5

// Verify proves that tills add up: tickets equal their lines and payments, receipts are without a gap, nothing came back that
// was not sold, goods moved as the tickets say, the arithmetic of every drawer, and closed sessions equal their entries account
// by account and under the dimensions of their lines. It reads all tickets. Chains of receipts are proved by [Service.VerifyChain].
//
// Permission: pos.read.
func (s *Service) Verify(ctx context.Context) ([]tenancy.Check, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Check, error) {
		var checks []tenancy.Check
		for _, p := range append(proofs[:len(proofs):len(proofs)], dimensionProof) {
			c, err := p.run(ctx, tx)
			if err != nil {
				return nil, err
			}
			checks = append(checks, c)
		}
		return checks, nil
	})
}

// proof is a query that finds where something does not hold.
type proof struct {
	name  string
	query string // its columns are those of violation
	count string // how many were looked at
	of    string // what those are
}

// violation is what says one thing and should say another.
type violation struct {
	What   string `bun:"what"`
	Says   int64  `bun:"says"`
	Should int64  `bun:"should"`
}

const (
	countTickets  = `SELECT COUNT(*) FROM {tickets} AS t`
	countSessions = `SELECT COUNT(*) FROM {till_closings} AS c`
)

var proofs = []proof{
	{"tickets equal their lines and payments", `SELECT t.number AS what, b.says, b.should
		FROM (SELECT d.id, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should, d.part
			FROM (SELECT t.id, 1 AS part, t.net_minor AS says, 0 AS should FROM {tickets} AS t
				UNION ALL SELECT l.ticket_id, 1, 0, l.net_minor FROM {ticket_lines} AS l
				UNION ALL SELECT t.id, 2, t.tax_minor, 0 FROM {tickets} AS t
				UNION ALL SELECT l.ticket_id, 2, 0, l.tax_minor FROM {ticket_lines} AS l
				UNION ALL SELECT t.id, 3, t.gross_minor + t.rounding_minor, 0 FROM {tickets} AS t
				UNION ALL SELECT p.ticket_id, 3, 0, p.amount_minor FROM {ticket_payments} AS p) AS d
			GROUP BY d.id, d.part HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {tickets} AS t ON t.id = b.id ORDER BY t.number, b.part LIMIT ?`, countTickets, "tickets"},
	{"no gaps in receipts", `SELECT b.what, b.says, b.should
		FROM (SELECT n.code AS what, COUNT(*) AS says, CASE WHEN MAX(t.seq) > n.taken THEN MAX(t.seq) ELSE n.taken END AS should
				FROM {tickets} AS t JOIN {number_series} AS n ON n.id = t.series_id GROUP BY t.series_id, n.code, n.taken
			UNION ALL SELECT r.code, COUNT(*), CASE WHEN MAX(t.receipt_no) > d.receipts THEN MAX(t.receipt_no) ELSE d.receipts END
				FROM {tickets} AS t JOIN {drawers} AS d ON d.register_id = t.register_id JOIN {registers} AS r ON r.id = t.register_id
				GROUP BY r.id, r.code, d.receipts) AS b
		WHERE b.says <> b.should ORDER BY b.what LIMIT ?`, countTickets, "receipts"},
	{"receipts are not dated backwards", `SELECT b.what, b.says, b.should
		FROM (SELECT t.number AS what, t.seq AS says, 1 AS should, t.ticket_date AS day,
				LAG(t.ticket_date) OVER (PARTITION BY t.register_id ORDER BY t.receipt_no) AS before FROM {tickets} AS t) AS b
		WHERE b.before > b.day ORDER BY b.what LIMIT ?`, countTickets, "receipts"},
	{"nothing came back that was not sold", `SELECT t.number AS what, b.says, b.should
		FROM (SELECT d.ticket_id, d.line_no, d.part, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT l.ticket_id, l.line_no, 1 AS part, l.refunded AS says, 0 AS should, l.quantity AS most FROM {ticket_lines} AS l
				UNION ALL SELECT l.origin_ticket_id, l.origin_line_no, 1, 0, l.quantity, 0 FROM {ticket_lines} AS l WHERE l.origin_ticket_id IS NOT NULL
				UNION ALL SELECT l.ticket_id, l.line_no, 2, l.refunded_gross_minor, 0, ABS(l.net_minor + l.tax_minor) FROM {ticket_lines} AS l
				UNION ALL SELECT l.origin_ticket_id, l.origin_line_no, 2, 0, l.net_minor + l.tax_minor, 0 FROM {ticket_lines} AS l WHERE l.origin_ticket_id IS NOT NULL
				UNION ALL SELECT l.ticket_id, l.line_no, 3, l.refunded_tax_minor, 0, ABS(l.tax_minor) FROM {ticket_lines} AS l
				UNION ALL SELECT l.origin_ticket_id, l.origin_line_no, 3, 0, l.tax_minor, 0 FROM {ticket_lines} AS l WHERE l.origin_ticket_id IS NOT NULL
				UNION ALL SELECT t.id, 0, 4, t.refunded_minor, 0, t.gross_minor FROM {tickets} AS t
				UNION ALL SELECT t.origin_id, 0, 4, 0, t.gross_minor, 0 FROM {tickets} AS t WHERE t.origin_id IS NOT NULL) AS d
			GROUP BY d.ticket_id, d.line_no, d.part HAVING SUM(d.says) <> SUM(d.should) OR ABS(SUM(d.says)) > SUM(d.most)) AS b
		JOIN {tickets} AS t ON t.id = b.ticket_id ORDER BY t.number, b.part LIMIT ?`, countTickets, "tickets"},
	{"goods on tickets equal the moves of stock", `SELECT t.number AS what, b.says, b.should
		FROM (SELECT d.ticket_id, d.line_no, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT l.ticket_id, l.line_no, CASE WHEN t.kind = 'sale' THEN 0 - l.quantity ELSE l.quantity END AS says, 0 AS should
					FROM {ticket_lines} AS l JOIN {tickets} AS t ON t.id = l.ticket_id WHERE l.moved
				UNION ALL SELECT t.id, m.line_no, 0, m.quantity FROM {tickets} AS t JOIN {stock_moves} AS m ON m.document_id = t.stock_document_id) AS d
			GROUP BY d.ticket_id, d.line_no HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {tickets} AS t ON t.id = b.ticket_id ORDER BY t.number LIMIT ?`, countTickets, "tickets"},
	{"what drawers should hold is what came in less what went out", `SELECT s.reference AS what, b.says, b.should
		FROM (SELECT d.session_id, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT c.session_id, c.expected_minor AS says, s.float_minor AS should FROM {till_closings} AS c JOIN {till_sessions} AS s ON s.id = c.session_id
				UNION ALL SELECT m.session_id, 0, CASE WHEN m.direction = 'in' THEN m.amount_minor ELSE 0 - m.amount_minor END
					FROM {cash_moves} AS m JOIN {till_closings} AS c ON c.session_id = m.session_id
				UNION ALL SELECT t.session_id, 0, CASE WHEN t.kind = 'sale' THEN p.amount_minor ELSE 0 - p.amount_minor END
					FROM {tickets} AS t JOIN {till_closings} AS c ON c.session_id = t.session_id JOIN {ticket_payments} AS p ON p.ticket_id = t.id
					WHERE p.method = 'cash') AS d
			GROUP BY d.session_id HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {till_sessions} AS s ON s.id = b.session_id ORDER BY s.reference LIMIT ?`, countSessions, "closed sessions"},
	{"what a session leaves is what the next one finds", `SELECT b.what, b.says, COALESCE(b.before, b.found) AS should
		FROM (SELECT s.reference AS what, s.left_minor AS says, s.float_minor AS found,
				LAG(c.counted_minor) OVER (PARTITION BY s.register_id ORDER BY s.opened_at, s.id) AS before
				FROM {till_sessions} AS s LEFT JOIN {till_closings} AS c ON c.session_id = s.id) AS b
		WHERE b.says <> COALESCE(b.before, b.found) ORDER BY b.what LIMIT ?`, countSessions, "closed sessions"},
	{"closed sessions equal their entries", `SELECT s.reference AS what, b.says, b.should
		FROM (SELECT d.session_id, d.account_id, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT c.session_id, l.account_id, l.amount_minor AS says, 0 AS should FROM {till_closings} AS c JOIN {journal_lines} AS l ON l.entry_id = c.entry_id
				UNION ALL SELECT t.session_id, l.account_id, 0, CASE WHEN t.kind = 'sale' THEN 0 - l.net_minor ELSE l.net_minor END
					FROM {till_closings} AS c JOIN {tickets} AS t ON t.session_id = c.session_id JOIN {ticket_lines} AS l ON l.ticket_id = t.id
				UNION ALL SELECT t.session_id, x.account_id, 0, CASE WHEN t.kind = 'sale' THEN 0 - l.tax_minor ELSE l.tax_minor END
					FROM {till_closings} AS c JOIN {tickets} AS t ON t.session_id = c.session_id JOIN {ticket_lines} AS l ON l.ticket_id = t.id
					JOIN {taxes} AS x ON x.id = l.tax_id
				UNION ALL SELECT m.session_id, m.account_id, 0, CASE WHEN m.direction = 'in' THEN 0 - m.amount_minor ELSE m.amount_minor END
					FROM {till_closings} AS c JOIN {cash_moves} AS m ON m.session_id = c.session_id
				UNION ALL SELECT c.session_id, r.cash_account_id, 0, c.counted_minor - s.left_minor
					FROM {till_closings} AS c JOIN {till_sessions} AS s ON s.id = c.session_id JOIN {registers} AS r ON r.id = s.register_id
				UNION ALL SELECT t.session_id, r.card_account_id, 0, CASE WHEN t.kind = 'sale' THEN p.amount_minor ELSE 0 - p.amount_minor END
					FROM {till_closings} AS c JOIN {tickets} AS t ON t.session_id = c.session_id JOIN {ticket_payments} AS p ON p.ticket_id = t.id
					JOIN {registers} AS r ON r.id = t.register_id WHERE p.method = 'card'
				UNION ALL SELECT t.session_id, c.rounding_account_id, 0, CASE WHEN t.kind = 'sale' THEN 0 - t.rounding_minor ELSE t.rounding_minor END
					FROM {till_closings} AS c JOIN {tickets} AS t ON t.session_id = c.session_id WHERE t.rounding_minor <> 0 AND c.rounding_account_id IS NOT NULL
				UNION ALL SELECT c.session_id, c.over_short_account_id, 0, s.left_minor - s.float_minor - c.over_short_minor
					FROM {till_closings} AS c JOIN {till_sessions} AS s ON s.id = c.session_id WHERE c.over_short_account_id IS NOT NULL) AS d
			GROUP BY d.session_id, d.account_id HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {till_sessions} AS s ON s.id = b.session_id ORDER BY s.reference, b.account_id LIMIT ?`, countSessions, "closed sessions"},
}

// dimensionProof holds what a closing booked under dimensions to what its lines, its cash moves and its session were stated with. Cash and
// cards are left out: they are booked under the session's where their accounts required any at the time.
var dimensionProof = proof{"closed sessions stand under their lines' dimensions", `SELECT s.reference AS what, b.says, b.should
	FROM (SELECT d.session_id, d.dimension_set_id, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
		FROM (SELECT c.session_id, l.account_id, l.dimension_set_id, l.amount_minor AS says, 0 AS should
				FROM {till_closings} AS c JOIN {journal_lines} AS l ON l.entry_id = c.entry_id
			UNION ALL SELECT t.session_id, l.account_id, l.dimension_set_id, 0, CASE WHEN t.kind = 'sale' THEN 0 - l.net_minor ELSE l.net_minor END
				FROM {till_closings} AS c JOIN {tickets} AS t ON t.session_id = c.session_id JOIN {ticket_lines} AS l ON l.ticket_id = t.id
			UNION ALL SELECT m.session_id, m.account_id, m.dimension_set_id, 0, CASE WHEN m.direction = 'in' THEN 0 - m.amount_minor ELSE m.amount_minor END
				FROM {till_closings} AS c JOIN {cash_moves} AS m ON m.session_id = c.session_id
			UNION ALL SELECT c.session_id, c.over_short_account_id, s.dimension_set_id, 0, s.left_minor - s.float_minor - c.over_short_minor
				FROM {till_closings} AS c JOIN {till_sessions} AS s ON s.id = c.session_id WHERE c.over_short_account_id IS NOT NULL) AS d
			JOIN {till_sessions} AS s ON s.id = d.session_id JOIN {registers} AS r ON r.id = s.register_id
		WHERE d.dimension_set_id IS NOT NULL AND d.account_id <> r.cash_account_id AND d.account_id <> r.card_account_id
		GROUP BY d.session_id, d.account_id, d.dimension_set_id HAVING SUM(d.says) <> SUM(d.should)) AS b
	JOIN {till_sessions} AS s ON s.id = b.session_id ORDER BY s.reference, b.dimension_set_id LIMIT ?`, countSessions, "closed sessions"}

func (p proof) run(ctx context.Context, tx *tenancy.Tx) (tenancy.Check, error) {
	rows, err := tenancy.Report[violation](ctx, tx, p.query, maxShown)
	if err != nil {
		return tenancy.Check{}, err
	}
	if len(rows) > 0 {
		shown := make([]string, len(rows))
		for i, r := range rows {
			shown[i] = fmt.Sprintf("%s: %d, should be %d", r.What, r.Says, r.Should)
		}
		return tenancy.Check{Name: p.name, Detail: strings.Join(shown, "; ")}, nil
	}
	n, err := tenancy.Report[int64](ctx, tx, p.count)
	if err != nil {
		return tenancy.Check{}, err
	}
	return tenancy.Check{Name: p.name, OK: true, Detail: fmt.Sprintf("%d %s", n[0], p.of)}, nil
}
