package purchasing

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// maxShown is how many differences a failed check names.
const maxShown = 5

// Verify proves the books of purchasing from what is stored: the counters of orders and receipts are what notes and bills add up
// to, what was received is on the stock documents, what was billed on the documents in accounting, the states follow from
// the counters, no number is missing, and the account of goods received and not yet billed holds what the lines say and is
// clear of those that are billed. It reads all orders.
//
// Permission: purchasing.read. Errors: accounting.books_not_open.
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
		c, err := s.checkGoodsReceived(ctx, tx)
		return append(checks, c), err
	})
}

// proof is a query for what does not hold; each row names it.
type proof struct {
	name  string
	query string
	count string // what was looked at
}

var proofs = []proof{
	{"lines of purchase orders equal their notes and bills", `SELECT o.number AS id FROM (
		SELECT order_id, line_no, SUM(received) AS received, SUM(billed) AS billed, SUM(returned) AS returned, SUM(credited) AS credited, SUM(cancelled) AS cancelled FROM (
			SELECT order_id, line_no, received, billed, returned, credited, cancelled FROM {purchase_order_lines} AS l
			UNION ALL SELECT order_id, order_line_no AS line_no, CASE WHEN kind = 'receipt' THEN -quantity ELSE 0 END AS received, -billed AS billed,
				CASE WHEN kind = 'return' THEN -quantity ELSE 0 END AS returned, -credited AS credited,
				CASE WHEN kind = 'cancellation' THEN -quantity ELSE 0 END AS cancelled FROM {purchase_note_lines} AS n) AS both_sides
		GROUP BY order_id, line_no) AS d
		JOIN {purchase_orders} AS o ON o.id = d.order_id
		WHERE d.received <> 0 OR d.billed <> 0 OR d.returned <> 0 OR d.credited <> 0 OR d.cancelled <> 0 ORDER BY 1 LIMIT ?`,
		`SELECT COUNT(*) FROM {purchase_order_lines} AS l`},
	{"receipts equal their returns and matches", `SELECT o.reference AS id FROM (
		SELECT note_id, line_no, SUM(returned) AS returned, SUM(returned_minor) AS returned_minor, SUM(billed) AS billed, SUM(billed_minor) AS billed_minor,
			SUM(credited) AS credited, SUM(credited_minor) AS credited_minor FROM (
			SELECT note_id, line_no, returned, returned_minor, billed, billed_minor, credited, credited_minor FROM {purchase_note_lines} AS r WHERE kind = 'receipt'
			UNION ALL SELECT origin_note_id AS note_id, origin_line_no AS line_no, -quantity AS returned, -value_minor AS returned_minor, 0 AS billed, 0 AS billed_minor,
				0 AS credited, 0 AS credited_minor FROM {purchase_note_lines} AS b WHERE kind = 'return'
			UNION ALL SELECT m.receipt_id AS note_id, m.receipt_line_no AS line_no, 0 AS returned, 0 AS returned_minor,
				CASE WHEN p.kind = 'bill' THEN -m.quantity ELSE 0 END AS billed, CASE WHEN p.kind = 'bill' THEN -m.share_minor ELSE 0 END AS billed_minor,
				CASE WHEN p.kind = 'bill' THEN 0 ELSE -m.quantity END AS credited, CASE WHEN p.kind = 'bill' THEN 0 ELSE -m.share_minor END AS credited_minor
				FROM {purchase_matches} AS m JOIN {purchase_bills} AS p ON p.id = m.bill_id) AS both_sides
		GROUP BY note_id, line_no) AS d
		JOIN {purchase_notes} AS o ON o.id = d.note_id
		WHERE d.returned <> 0 OR d.returned_minor <> 0 OR d.billed <> 0 OR d.billed_minor <> 0 OR d.credited <> 0 OR d.credited_minor <> 0 ORDER BY 1 LIMIT ?`,
		`SELECT COUNT(*) FROM {purchase_note_lines} AS l WHERE kind = 'receipt'`},
	{"goods received and sent back equal the moves of stock", `SELECT o.reference AS id FROM (
		SELECT note_id, line_no, SUM(quantity) AS quantity, SUM(value_minor) AS value_minor FROM (
			SELECT n.note_id, n.line_no, n.quantity, n.value_minor FROM {purchase_note_lines} AS n
				JOIN {purchase_order_lines} AS l ON l.order_id = n.order_id AND l.line_no = n.order_line_no WHERE l.goods AND n.kind <> 'cancellation'
			UNION ALL SELECT p.id AS note_id, m.line_no, -abs(m.quantity) AS quantity,
				CASE WHEN p.kind = 'receipt' THEN -m.value_minor ELSE m.value_minor + m.variance_minor END AS value_minor
				FROM {purchase_notes} AS p JOIN {stock_moves} AS m ON m.document_id = p.stock_document_id) AS both_sides
		GROUP BY note_id, line_no) AS d
		JOIN {purchase_notes} AS o ON o.id = d.note_id WHERE d.quantity <> 0 OR d.value_minor <> 0 ORDER BY 1 LIMIT ?`,
		`SELECT COUNT(*) FROM {purchase_notes} AS n WHERE stock_document_id IS NOT NULL`},
	{"purchase bills equal their documents and matches", `SELECT o.reference AS id FROM (
		SELECT bill_id, line_no, SUM(net) AS net, SUM(matched) AS matched, SUM(matched_net) AS matched_net FROM (
			SELECT bill_id, line_no, net_minor AS net, CASE WHEN order_id IS NULL THEN 0 ELSE quantity END AS matched,
				CASE WHEN order_id IS NULL THEN 0 ELSE net_minor END AS matched_net FROM {purchase_bill_lines} AS l
			UNION ALL SELECT d.bill_id, d.line_no, -d.net_minor AS net, 0 AS matched, 0 AS matched_net FROM {bill_lines} AS d JOIN {purchase_bills} AS p ON p.id = d.bill_id
			UNION ALL SELECT bill_id, line_no, 0 AS net, -quantity AS matched, -net_minor AS matched_net FROM {purchase_matches} AS m) AS both_sides
		GROUP BY bill_id, line_no) AS d
		JOIN {purchase_bills} AS o ON o.id = d.bill_id WHERE d.net <> 0 OR d.matched <> 0 OR d.matched_net <> 0 ORDER BY 1 LIMIT ?`,
		`SELECT COUNT(*) FROM {purchase_bills} AS b`},
	{"states of purchase orders follow from their lines", `SELECT o.number AS id FROM {purchase_orders} AS o
		JOIN (SELECT order_id, SUM(quantity - received - cancelled) AS to_come, SUM(received) AS received FROM {purchase_order_lines} AS l GROUP BY order_id) AS s ON s.order_id = o.id
		LEFT JOIN (SELECT order_id, COUNT(*) AS n FROM {purchase_note_lines} AS r WHERE kind = 'receipt' AND quantity - returned <> billed - credited GROUP BY order_id) AS w
			ON w.order_id = o.id
		WHERE o.state <> CASE WHEN s.to_come > 0 THEN 'open' WHEN COALESCE(w.n, 0) > 0 THEN 'received' WHEN s.received > 0 THEN 'closed' ELSE 'cancelled' END
		ORDER BY 1 LIMIT ?`, `SELECT COUNT(*) FROM {purchase_orders} AS o`},
	{"receipts and bills stand under the dimensions of the orders' lines", `SELECT o.number AS id FROM (
		SELECT l.order_id FROM {purchase_note_lines} AS n JOIN {purchase_notes} AS p ON p.id = n.note_id
			JOIN {purchase_order_lines} AS l ON l.order_id = n.order_id AND l.line_no = n.order_line_no
			JOIN {stock_moves} AS m ON m.document_id = p.stock_document_id AND m.line_no = n.line_no
			WHERE m.dimension_set_id IS DISTINCT FROM l.dimension_set_id
		UNION SELECT l.order_id FROM {purchase_bill_lines} AS b JOIN {purchase_order_lines} AS l ON l.order_id = b.order_id AND l.line_no = b.order_line_no
			JOIN {bill_lines} AS d ON d.bill_id = b.bill_id AND d.line_no = b.line_no
			WHERE d.dimension_set_id IS DISTINCT FROM l.dimension_set_id) AS w
		JOIN {purchase_orders} AS o ON o.id = w.order_id ORDER BY 1 LIMIT ?`, `SELECT COUNT(*) FROM {purchase_order_lines} AS l`},
	{"no gaps in the numbers of purchase orders", `SELECT y.label AS id FROM {number_series} AS s JOIN {fiscal_years} AS y ON y.id = s.fiscal_year_id
		LEFT JOIN (SELECT series_id, COUNT(*) AS n, MAX(seq) AS high FROM {purchase_orders} AS o GROUP BY series_id) AS u ON u.series_id = s.id
		WHERE s.code = 'PO' AND (s.taken <> COALESCE(u.n, 0) OR s.taken <> COALESCE(u.high, 0)) ORDER BY 1 LIMIT ?`, `SELECT COUNT(*) FROM {purchase_orders} AS o`},
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

// checkGoodsReceived holds what the lines say to be received and not billed against what our documents booked on the
// account, and looks for lines that are billed and not clear. What others booked there is told, and not held against it.
func (s *Service) checkGoodsReceived(ctx context.Context, tx *tenancy.Tx) (tenancy.Check, error) {
	account, err := s.books.GetAccount(ctx, accounting.ByRole(accounting.RoleGoodsReceived))
	if err != nil {
		return tenancy.Check{}, err
	}
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return tenancy.Check{}, err
	}
	type row struct {
		Lines  int64 `bun:"lines"`  // what the lines say is owed
		Ours   int64 `bun:"ours"`   // what our documents booked, credits positive
		All    int64 `bun:"all_of"` // what stands on the account, credits positive
		Uneven int64 `bun:"uneven"` // lines that are billed and not clear
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT
		(SELECT CAST(COALESCE(SUM(value_minor - returned_minor - billed_minor + credited_minor), 0) AS BIGINT) FROM {purchase_note_lines} AS l WHERE kind = 'receipt') AS lines,
		(SELECT CAST(COALESCE(-SUM(j.amount_minor), 0) AS BIGINT) FROM {journal_lines} AS j JOIN {journal_entries} AS e ON e.id = j.entry_id
			JOIN (SELECT stock_document_id AS id FROM {purchase_notes} AS n WHERE stock_document_id IS NOT NULL
				UNION ALL SELECT revaluation_id AS id FROM {purchase_bills} AS r WHERE revaluation_id IS NOT NULL
				UNION ALL SELECT id FROM {purchase_bills} AS b) AS d ON d.id = e.source_id
			WHERE j.account_id = ?) AS ours,
		(SELECT CAST(COALESCE(-SUM(j.amount_minor), 0) AS BIGINT) FROM {journal_lines} AS j WHERE j.account_id = ?) AS all_of,
		(SELECT COUNT(*) FROM {purchase_note_lines} AS u WHERE kind = 'receipt' AND quantity - returned = billed - credited
			AND value_minor - returned_minor <> billed_minor - credited_minor) AS uneven`, account.ID, account.ID)
	if err != nil {
		return tenancy.Check{}, err
	}
	r := rows[0]
	of := func(minor int64) string { return money.Amount{Minor: minor, Currency: books.Currency}.Format() }
	return tenancy.Check{Name: "goods received and not billed clear exactly", OK: r.Lines == r.Ours && r.Uneven == 0,
		Detail: fmt.Sprintf("lines %s, ledger %s, booked there by others %s, %d lines billed and not clear", of(r.Lines), of(r.Ours), of(r.All-r.Ours), r.Uneven)}, nil
}
