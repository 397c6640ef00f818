package sales

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// maxShown is how many differences a failed check names.
const maxShown = 5

// Verify proves that sales, their invoices and their goods say the same: line by line the same quantities on the invoice and,
// where goods moved, on the stock document, under the same dimensions; and what was taken back is what the credits add up to. Of orders it proves the
// same, and that their counters and states follow from what was done for them, and that no number of a quotation is missing.
// It reads all sales and orders.
//
// Permission: sales.read.
func (s *Service) Verify(ctx context.Context) ([]tenancy.Check, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Check, error) {
		var checks []tenancy.Check
		for i, part := range []struct {
			proofs []proof
			lines  func(context.Context, *tenancy.Tx, ...tenancy.Option) (int64, error)
		}{{proofs, tenancy.Count[Line]}, {orderProofs, tenancy.Count[OrderLine]}} {
			lines, err := part.lines(ctx, tx)
			if err != nil {
				return nil, err
			}
			for _, c := range part.proofs {
				check, err := c.run(ctx, tx, lines)
				if err != nil {
					return nil, err
				}
				checks = append(checks, check)
			}
			check, err := dimensionProofs[i].run(ctx, tx, lines)
			if err != nil {
				return nil, err
			}
			checks = append(checks, check)
		}
		return checks, nil
	})
}

// proof is a query that finds the lines where something does not hold.
type proof struct {
	name  string
	query string // its columns are those of violation
}

// violation is a line with what it says and what it should say, in millionths of a unit.
type violation struct {
	Reference string `bun:"reference"`
	LineNo    int64  `bun:"line_no"`
	Says      int64  `bun:"says"`
	Should    int64  `bun:"should"`
}

// Each adds up per line first and looks up the sale last: there are as many lines as were ever sold, and few differences.
var proofs = []proof{
	{"sales equal their invoices line by line", `SELECT s.reference, b.line_no, b.says, b.should
		FROM (SELECT d.sale_id, d.line_no, CAST(SUM(d.sold) AS BIGINT) AS says, CAST(SUM(d.invoiced) AS BIGINT) AS should
			FROM (SELECT l.sale_id, l.line_no, l.quantity AS sold, 0 AS invoiced FROM {sale_lines} AS l
				UNION ALL SELECT s.id AS sale_id, i.line_no, 0 AS sold, i.quantity AS invoiced
					FROM {sales} AS s JOIN {invoice_lines} AS i ON i.invoice_id = s.invoice_id) AS d
			GROUP BY d.sale_id, d.line_no HAVING SUM(d.sold) <> SUM(d.invoiced)) AS b
		JOIN {sales} AS s ON s.id = b.sale_id ORDER BY s.reference, b.line_no LIMIT ?`},
	{"goods sold and taken back equal the moves of stock", `SELECT s.reference, b.line_no, b.says, b.should
		FROM (SELECT d.sale_id, d.line_no, CAST(SUM(d.sold) AS BIGINT) AS says, CAST(SUM(d.moved) AS BIGINT) AS should
			FROM (SELECT l.sale_id, l.line_no, l.quantity AS sold, 0 AS moved FROM {sale_lines} AS l WHERE l.moved
				UNION ALL SELECT s.id AS sale_id, m.line_no, 0 AS sold, ABS(m.quantity) AS moved
					FROM {sales} AS s JOIN {stock_moves} AS m ON m.document_id = s.stock_document_id) AS d
			GROUP BY d.sale_id, d.line_no HAVING SUM(d.sold) <> SUM(d.moved)) AS b
		JOIN {sales} AS s ON s.id = b.sale_id ORDER BY s.reference, b.line_no LIMIT ?`},
	{"what was taken back is what the credits say, and no more than was sold", `SELECT s.reference, b.line_no, b.says, b.should
		FROM (SELECT d.sale_id, d.line_no, CAST(SUM(d.credited) AS BIGINT) AS says, CAST(SUM(d.taken_back) AS BIGINT) AS should
			FROM (SELECT l.sale_id, l.line_no, l.credited, 0 AS taken_back, l.quantity AS sold FROM {sale_lines} AS l
				UNION ALL SELECT c.origin_sale_id AS sale_id, c.origin_line_no AS line_no, 0 AS credited, c.quantity AS taken_back, 0 AS sold
					FROM {sale_lines} AS c WHERE c.origin_sale_id IS NOT NULL) AS d
			GROUP BY d.sale_id, d.line_no HAVING SUM(d.credited) <> SUM(d.taken_back) OR SUM(d.credited) > SUM(d.sold)) AS b
		JOIN {sales} AS s ON s.id = b.sale_id ORDER BY s.reference, b.line_no LIMIT ?`},
}

// run makes the check; lines is how many it looked at.
func (p proof) run(ctx context.Context, tx *tenancy.Tx, lines int64) (tenancy.Check, error) {
	rows, err := tenancy.Report[violation](ctx, tx, p.query, maxShown)
	if err != nil {
		return tenancy.Check{}, err
	}
	if len(rows) > 0 {
		shown := make([]string, len(rows))
		for i, r := range rows {
			shown[i] = fmt.Sprintf("%s, line %d: %s, should be %s", r.Reference, r.LineNo, money.Quantity(r.Says), money.Quantity(r.Should))
		}
		return tenancy.Check{Name: p.name, Detail: strings.Join(shown, "; ")}, nil
	}
	return tenancy.Check{Name: p.name, OK: true, Detail: fmt.Sprintf("%d lines", lines)}, nil
}
