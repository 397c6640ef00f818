package sales

// orderProofs hold orders against what was done for them. As in proofs, each adds up per line first and looks up what the
// line belongs to last.
var orderProofs = []proof{
	{"orders equal what was delivered, charged, cancelled and taken back for them", `SELECT o.reference, b.line_no, b.says, b.should
		FROM (SELECT d.order_id, d.line_no, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT l.order_id, l.line_no, 'delivery' AS kind, l.delivered AS says, 0 AS should FROM {order_lines} AS l
				UNION ALL SELECT l.order_id, l.line_no, 'return' AS kind, l.returned AS says, 0 AS should FROM {order_lines} AS l
				UNION ALL SELECT l.order_id, l.line_no, 'invoice' AS kind, l.invoiced AS says, 0 AS should FROM {order_lines} AS l
				UNION ALL SELECT l.order_id, l.line_no, 'credit' AS kind, l.credited AS says, 0 AS should FROM {order_lines} AS l
				UNION ALL SELECT l.order_id, l.line_no, 'cancellation' AS kind, l.cancelled AS says, 0 AS should FROM {order_lines} AS l
				UNION ALL SELECT f.order_id, l.order_line_no AS line_no, f.kind, 0 AS says, l.quantity AS should
					FROM {fulfilment_lines} AS l JOIN {fulfilments} AS f ON f.id = l.fulfilment_id AND f.order_id = l.order_id) AS d
			GROUP BY d.order_id, d.line_no, d.kind HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {orders} AS o ON o.id = b.order_id ORDER BY o.reference, b.line_no LIMIT ?`},
	{"deliveries and returns equal the moves of stock", `SELECT f.reference, b.line_no, b.says, b.should
		FROM (SELECT d.id, d.line_no, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT f.id, l.line_no, l.quantity AS says, 0 AS should
					FROM {fulfilments} AS f JOIN {fulfilment_lines} AS l ON l.fulfilment_id = f.id WHERE f.kind IN ('delivery', 'return')
				UNION ALL SELECT f.id, m.line_no, 0 AS says, CASE f.kind WHEN 'delivery' THEN -m.quantity ELSE m.quantity END AS should
					FROM {fulfilments} AS f JOIN {stock_moves} AS m ON m.document_id = f.stock_document_id) AS d
			GROUP BY d.id, d.line_no HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {fulfilments} AS f ON f.id = b.id ORDER BY f.reference, b.line_no LIMIT ?`},
	{"what was charged and credited for orders equals the invoices line by line", `SELECT f.reference, b.line_no, b.says, b.should
		FROM (SELECT d.id, d.line_no, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT f.id, l.line_no, l.quantity AS says, 0 AS should
					FROM {fulfilments} AS f JOIN {fulfilment_lines} AS l ON l.fulfilment_id = f.id WHERE f.kind IN ('invoice', 'credit')
				UNION ALL SELECT f.id, i.line_no, 0 AS says, i.quantity AS should
					FROM {fulfilments} AS f JOIN {invoice_lines} AS i ON i.invoice_id = f.invoice_id) AS d
			GROUP BY d.id, d.line_no HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {fulfilments} AS f ON f.id = b.id ORDER BY f.reference, b.line_no LIMIT ?`},
	{"what was taken back of deliveries and invoices is what the returns and credits say", `SELECT f.reference, b.line_no, b.says, b.should
		FROM (SELECT d.id, d.line_no, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT l.fulfilment_id AS id, l.line_no, l.taken_back AS says, 0 AS should, l.quantity AS given FROM {fulfilment_lines} AS l
				UNION ALL SELECT l.origin_id AS id, l.origin_line_no AS line_no, 0 AS says, l.quantity AS should, 0 AS given
					FROM {fulfilment_lines} AS l WHERE l.origin_id IS NOT NULL) AS d
			GROUP BY d.id, d.line_no HAVING SUM(d.says) <> SUM(d.should) OR SUM(d.says) > SUM(d.given)) AS b
		JOIN {fulfilments} AS f ON f.id = b.id ORDER BY f.reference, b.line_no LIMIT ?`},
	// The rule of stateOf, said a second time. A line shown is one that is not settled, or one of many that are.
	{"the states of orders follow from their lines", `SELECT o.reference, b.line_no, b.says, b.should
		FROM (SELECT l.order_id, MIN(l.line_no) AS line_no, CAST(SUM(l.delivered) AS BIGINT) AS says, CAST(SUM(l.quantity) AS BIGINT) AS should,
				SUM(CASE WHEN (l.goods AND l.delivered + l.cancelled < l.quantity) OR l.invoiced - l.credited <> l.quantity - l.cancelled - l.returned
					THEN 1 ELSE 0 END) AS unsettled, SUM(CASE WHEN l.cancelled < l.quantity THEN 1 ELSE 0 END) AS kept
			FROM {order_lines} AS l GROUP BY l.order_id) AS b
		JOIN {orders} AS o ON o.id = b.order_id
		WHERE o.state <> CASE WHEN b.unsettled > 0 THEN 'open' WHEN b.kept > 0 THEN 'closed' ELSE 'cancelled' END
		ORDER BY o.reference LIMIT ?`},
	{"no more is reserved for an order than is still to be delivered", `SELECT o.reference, l.line_no, r.open_quantity AS says, l.quantity - l.cancelled - l.delivered AS should
		FROM {stock_reservations} AS r JOIN {order_lines} AS l ON l.reservation_id = r.id JOIN {orders} AS o ON o.id = l.order_id
		WHERE r.open_quantity > l.quantity - l.cancelled - l.delivered ORDER BY o.reference, l.line_no LIMIT ?`},
	{"accepted quotations are the orders made of them, line by line", `SELECT q.reference, b.line_no, b.says, b.should
		FROM (SELECT d.id, d.line_no, CAST(SUM(d.says) AS BIGINT) AS says, CAST(SUM(d.should) AS BIGINT) AS should
			FROM (SELECT q.id, l.line_no, l.quantity AS says, 0 AS should
					FROM {quotations} AS q JOIN {quotation_lines} AS l ON l.quotation_id = q.id WHERE q.state = 'accepted'
				UNION ALL SELECT o.quotation_id AS id, l.line_no, 0 AS says, l.quantity AS should
					FROM {orders} AS o JOIN {order_lines} AS l ON l.order_id = o.id WHERE o.quotation_id IS NOT NULL) AS d
			GROUP BY d.id, d.line_no HAVING SUM(d.says) <> SUM(d.should)) AS b
		JOIN {quotations} AS q ON q.id = b.id ORDER BY q.reference, b.line_no LIMIT ?`},
	{"no number of a quotation is missing", `SELECT s.code AS reference, 1 AS line_no, COALESCE(c.given, 0) * 1000000 AS says, s.taken * 1000000 AS should
		FROM {number_series} AS s
		LEFT JOIN (SELECT n.series_id, COUNT(*) AS given, MAX(n.seq) AS last FROM {quotations} AS n GROUP BY n.series_id) AS c ON c.series_id = s.id
		WHERE s.code = 'QUO' AND (COALESCE(c.given, 0) <> s.taken OR COALESCE(c.last, 0) <> s.taken) ORDER BY s.code LIMIT ?`},
}
