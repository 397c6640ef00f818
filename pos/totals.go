package pos

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// totalsSQL adds up what a session took and gave. Its rows are few, however many tickets there are.
const totalsSQL = `SELECT d.kind, d.what, CAST(SUM(d.minor) AS BIGINT) AS minor
	FROM (SELECT t.kind AS kind, p.method AS what, p.amount_minor AS minor
			FROM {tickets} AS t JOIN {ticket_payments} AS p ON p.ticket_id = t.id WHERE t.session_id = ?
		UNION ALL SELECT t.kind, 'rounding', t.rounding_minor FROM {tickets} AS t WHERE t.session_id = ?
		UNION ALL SELECT t.kind, 'ticket', 1 FROM {tickets} AS t WHERE t.session_id = ?
		UNION ALL SELECT m.direction, 'move', m.amount_minor FROM {cash_moves} AS m WHERE m.session_id = ?) AS d
	GROUP BY d.kind, d.what ORDER BY d.kind, d.what`

// totals adds a session up in the database. Errors: money.overflow.
func totals(ctx context.Context, tx *tenancy.Tx, session *Session) (Totals, error) {
	type row struct {
		Kind  string `bun:"kind"`
		What  string `bun:"what"`
		Minor int64  `bun:"minor"`
	}
	id := session.ID
	rows, err := tenancy.Report[row](ctx, tx, totalsSQL, id, id, id, id)
	if err != nil {
		return Totals{}, err
	}
	zero := money.Zero(session.Float.Currency)
	t := Totals{Float: session.Float, CashIn: zero, CashOut: zero, CashSales: zero, CashBack: zero, CardSales: zero, CardBack: zero, Rounding: zero}
	for _, r := range rows {
		sale := Kind(r.Kind) == KindSale
		switch {
		case r.What == "ticket":
			t.Tickets += r.Minor
		case r.What == "rounding":
			t.Rounding.Minor += Kind(r.Kind).sign() * r.Minor
		case r.What == "move" && CashDirection(r.Kind) == CashIn:
			t.CashIn.Minor += r.Minor
		case r.What == "move":
			t.CashOut.Minor += r.Minor
		case Method(r.What) == Cash && sale:
			t.CashSales.Minor += r.Minor
		case Method(r.What) == Cash:
			t.CashBack.Minor += r.Minor
		case sale:
			t.CardSales.Minor += r.Minor
		default:
			t.CardBack.Minor += r.Minor
		}
	}
	t.Expected, err = t.expected()
	return t, err
}

// expected is what should be in the drawer: float + in - out + sales - what was given back. Errors: money.overflow.
func (t *Totals) expected() (money.Amount, error) {
	in, err := money.Sum(t.Float, t.CashIn, t.CashSales)
	if err != nil {
		return in, err
	}
	out, err := money.Sum(t.CashOut, t.CashBack)
	if err != nil {
		return out, err
	}
	return in.Sub(out)
}

// postingsSQL adds up by account and combination of dimensions what a session's tickets and cash moves book beside money and rounding: revenue, tax, the
// other sides of cash moves; taxes have no dimensions. Debits are positive. Its rows are as many as there are accounts and combinations,
// in the order of the accounts' codes.
const postingsSQL = `SELECT a.id AS account_id, d.dimension_set_id, CAST(SUM(d.minor) AS BIGINT) AS minor
	FROM (SELECT l.account_id AS account_id, l.dimension_set_id AS dimension_set_id, CASE WHEN t.kind = 'sale' THEN 0 - l.net_minor ELSE l.net_minor END AS minor
			FROM {tickets} AS t JOIN {ticket_lines} AS l ON l.ticket_id = t.id WHERE t.session_id = ?
		UNION ALL SELECT x.account_id, NULL, CASE WHEN t.kind = 'sale' THEN 0 - l.tax_minor ELSE l.tax_minor END
			FROM {tickets} AS t JOIN {ticket_lines} AS l ON l.ticket_id = t.id JOIN {taxes} AS x ON x.id = l.tax_id WHERE t.session_id = ?
		UNION ALL SELECT m.account_id, m.dimension_set_id, CASE WHEN m.direction = 'in' THEN 0 - m.amount_minor ELSE m.amount_minor END
			FROM {cash_moves} AS m WHERE m.session_id = ?) AS d
		JOIN {accounts} AS a ON a.id = d.account_id
	GROUP BY a.id, a.code, d.dimension_set_id HAVING SUM(d.minor) <> 0 ORDER BY a.code, CASE WHEN d.dimension_set_id IS NULL THEN 0 ELSE 1 END, d.dimension_set_id`

// posted is what goes to one account under one combination of dimensions, debits positive.
type posted struct {
	AccountID uuid.UUID `bun:"account_id"`
	Set       uuid.UUID `bun:"dimension_set_id"`
	Minor     int64     `bun:"minor"`
}

// postings adds a session up by account and combination, in the database.
func postings(ctx context.Context, tx *tenancy.Tx, session uuid.UUID) ([]posted, error) {
	return tenancy.Report[posted](ctx, tx, postingsSQL, session, session, session)
}

// declaredSum is what a session's tickets come to for one tax; above zero for sales.
type declaredSum struct {
	TaxID uuid.UUID `bun:"tax_id"`
	Base  int64     `bun:"base"`
	Tax   int64     `bun:"tax"`
}

// taxes adds a session up by tax, in the database.
func taxes(ctx context.Context, tx *tenancy.Tx, session uuid.UUID) ([]declaredSum, error) {
	return tenancy.Report[declaredSum](ctx, tx, `SELECT l.tax_id, CAST(SUM(CASE WHEN t.kind = 'sale' THEN l.net_minor ELSE 0 - l.net_minor END) AS BIGINT) AS base,
			CAST(SUM(CASE WHEN t.kind = 'sale' THEN l.tax_minor ELSE 0 - l.tax_minor END) AS BIGINT) AS tax
		FROM {tickets} AS t JOIN {ticket_lines} AS l ON l.ticket_id = t.id
		WHERE t.session_id = ? AND l.tax_id IS NOT NULL GROUP BY l.tax_id ORDER BY l.tax_id`, session)
}
