package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// maxShown is how many differences a failed check names.
const maxShown = 5

// Verify proves the books of stock from what is stored: what is on hand is what the moves add up to, the layers carry
// their quantity and value, the ledger's stock account says the same but for what groups have yet to post, which it counts,
// nothing is below zero that was not let out so, and nothing came back twice. It reads all moves.
//
// Permission: inventory.read. Errors: accounting.books_not_open.
func (s *Service) Verify(ctx context.Context) ([]tenancy.Check, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Check, error) {
		books, err := s.books.GetBooks(ctx)
		if err != nil {
			return nil, err
		}
		v := verifier{s: s, tx: tx, currency: books.Currency}
		var checks []tenancy.Check
		for _, check := range []func(context.Context) (tenancy.Check, error){
			v.onHand, v.layers, v.ledger, v.groups, v.notNegative, v.returns, v.reserved, v.dimensions,
		} {
			c, err := check(ctx)
			if err != nil {
				return nil, err
			}
			checks = append(checks, c)
		}
		return checks, nil
	})
}

type verifier struct {
	s        *Service
	tx       *tenancy.Tx
	currency money.Currency
}

// onHand compares per product, over all warehouses.
func (v verifier) onHand(ctx context.Context) (tenancy.Check, error) {
	type row struct {
		ProductID uuid.UUID `bun:"product_id"`
		OnHand    int64     `bun:"on_hand"`
		Moved     int64     `bun:"moved"`
	}
	rows, err := tenancy.Report[row](ctx, v.tx, `SELECT product_id, CAST(SUM(on_hand) AS BIGINT) AS on_hand, CAST(SUM(moved) AS BIGINT) AS moved
		FROM (SELECT product_id, quantity AS on_hand, 0 AS moved FROM {stock_layers} AS l
			UNION ALL SELECT product_id, 0 AS on_hand, quantity AS moved FROM {stock_moves} AS m) AS b
		GROUP BY product_id ORDER BY product_id`)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	var total money.Quantity
	for _, r := range rows {
		if r.OnHand != r.Moved {
			bad = append(bad, fmt.Sprintf("product %s: %s on hand, moves give %s", r.ProductID, money.Quantity(r.OnHand), money.Quantity(r.Moved)))
		}
		if total, err = total.Add(money.Quantity(r.OnHand)); err != nil {
			return tenancy.Check{}, err
		}
	}
	return verdict("on hand equals the moves", fmt.Sprintf("%d products, %s units", len(rows), total), bad), nil
}

// layers compares per product and warehouse, in quantity and value.
func (v verifier) layers(ctx context.Context) (tenancy.Check, error) {
	const name = "layers equal the moves in quantity and value"
	rows, err := tenancy.Report[stockRow](ctx, v.tx, `SELECT product_id, warehouse_id, CAST(SUM(quantity) AS BIGINT) AS quantity, CAST(SUM(value_minor) AS BIGINT) AS value_minor
		FROM (SELECT product_id, warehouse_id, quantity, value_minor FROM {stock_layers} AS l
			UNION ALL SELECT product_id, warehouse_id, -quantity, -value_minor FROM {stock_moves} AS m) AS b
		GROUP BY product_id, warehouse_id ORDER BY product_id, warehouse_id`)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		if r.Quantity != 0 || r.ValueMinor != 0 {
			bad = append(bad, fmt.Sprintf("product %s in warehouse %s: the layers have %s units and %s too much", r.ProductID, r.WarehouseID,
				money.Quantity(r.Quantity), v.amount(r.ValueMinor)))
		}
	}
	return verdict(name, fmt.Sprintf("%d shelves", len(rows)), bad), nil
}

// ledger compares the layers with the balance of the stock account and what open groups have yet to bring to it, once inventory is
// configured: before, the account is none of its business.
func (v verifier) ledger(ctx context.Context) (tenancy.Check, error) {
	const name = "stock value equals the ledger's stock account"
	if chosen, err := chosen(ctx, v.tx); err != nil || len(chosen.settings) == 0 {
		return tenancy.Check{Name: name, OK: true, Detail: "inventory keeps no goods: the account is the bookkeeper's"}, err
	}
	values, err := tenancy.Report[int64](ctx, v.tx, `SELECT CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) FROM {stock_layers} AS l`)
	if err != nil {
		return tenancy.Check{}, err
	}
	pending, err := tenancy.Report[int64](ctx, v.tx, `SELECT CAST(COALESCE(SUM(-c.value_minor), 0) AS BIGINT)
		FROM {stock_charges} AS c JOIN {stock_groups} AS g ON g.id = c.group_id WHERE c.posting_no > g.postings`)
	if err != nil {
		return tenancy.Check{}, err
	}
	open, err := tenancy.Report[int64](ctx, v.tx, `SELECT COUNT(*) FROM {stock_documents} AS d JOIN {stock_groups} AS g ON g.id = d.group_id
		WHERE d.posting_no > g.postings`)
	if err != nil {
		return tenancy.Check{}, err
	}
	trial, err := v.s.books.TrialBalance(ctx, date.Last)
	if err != nil {
		return tenancy.Check{}, err
	}
	layers, ledger := v.amount(values[0]), money.Zero(v.currency)
	for _, l := range trial.Lines {
		if l.Role == accounting.RoleStock {
			if ledger, err = l.Debit.Sub(l.Credit); err != nil {
				return tenancy.Check{}, err
			}
		}
	}
	detail := fmt.Sprintf("layers %s, ledger %s", layers.Format(), ledger.Format())
	if open[0] > 0 {
		detail += fmt.Sprintf(", and %s to come from %d documents of groups that are not posted yet", v.amount(pending[0]).Format(), open[0])
	}
	come, err := ledger.Add(v.amount(pending[0]))
	if err != nil {
		return tenancy.Check{}, err
	}
	return tenancy.Check{Name: name, OK: layers == come, Detail: detail}, nil
}

// groups compares the documents of groups with what they charge, and the postings with their documents.
func (v verifier) groups(ctx context.Context) (tenancy.Check, error) {
	type row struct {
		GroupID   uuid.UUID `bun:"group_id"`
		PostingNo int64     `bun:"posting_no"`
		Documents int64     `bun:"documents"`
		Value     int64     `bun:"value_minor"`
	}
	rows, err := tenancy.Report[row](ctx, v.tx, `SELECT group_id, posting_no, CAST(SUM(documents) AS BIGINT) AS documents, CAST(SUM(value_minor) AS BIGINT) AS value_minor
		FROM (SELECT d.group_id, d.posting_no, 1 AS documents, 0 AS value_minor FROM {stock_documents} AS d
				JOIN {stock_groups} AS g ON g.id = d.group_id WHERE d.posting_no <= g.postings
			UNION ALL SELECT p.group_id, p.posting_no, -p.documents AS documents, 0 AS value_minor FROM {stock_group_postings} AS p
			UNION ALL SELECT d.group_id, d.posting_no, 0 AS documents, m.value_minor FROM {stock_documents} AS d
				JOIN {stock_moves} AS m ON m.document_id = d.id WHERE d.group_id IS NOT NULL
			UNION ALL SELECT c.group_id, c.posting_no, 0 AS documents, c.value_minor FROM {stock_charges} AS c) AS b
		GROUP BY group_id, posting_no HAVING SUM(documents) <> 0 OR SUM(value_minor) <> 0
		ORDER BY group_id, posting_no LIMIT ?`, maxShown+1)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("group %s, posting %d: %d documents and %s too much", r.GroupID, r.PostingNo, r.Documents, v.amount(r.Value)))
	}
	return verdict("groups are posted once, and charge what their documents moved", "", bad), nil
}

// notNegative looks for layers that the database should have refused, and for goods missing on shelves that no document was
// allowed to empty below zero.
func (v verifier) notNegative(ctx context.Context) (tenancy.Check, error) {
	rows, err := tenancy.Report[stockRow](ctx, v.tx, `SELECT product_id, warehouse_id, quantity, value_minor FROM {stock_layers} AS l
		WHERE (quantity >= 0 AND value_minor < 0) OR (quantity = 0 AND value_minor <> 0) OR (quantity < 0 AND (seq > 0 OR value_minor > 0
			OR NOT EXISTS (SELECT 1 FROM {stock_moves} AS m JOIN {stock_documents} AS d ON d.id = m.document_id
				WHERE m.product_id = l.product_id AND m.warehouse_id = l.warehouse_id AND d.below_zero)))
		ORDER BY product_id, warehouse_id LIMIT ?`, maxShown+1)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("product %s in warehouse %s: a layer of %s units has %s", r.ProductID, r.WarehouseID, money.Quantity(r.Quantity), v.amount(r.ValueMinor)))
	}
	return verdict("no layer is negative that was not let out so, and an empty one has no value", "", bad), nil
}

// returns looks for issues that more came back of than went out, and for receipts that more went back of than came.
func (v verifier) returns(ctx context.Context) (tenancy.Check, error) {
	type row struct {
		DocumentID uuid.UUID `bun:"document_id"`
		LineNo     int64     `bun:"line_no"`
		Quantity   int64     `bun:"quantity"`
		ValueMinor int64     `bun:"value_minor"`
	}
	rows, err := tenancy.Report[row](ctx, v.tx, `SELECT o.document_id, o.line_no,
			CAST(SUM(r.quantity) + MIN(o.quantity) AS BIGINT) AS quantity, CAST(SUM(r.value_minor) + MIN(o.value_minor) AS BIGINT) AS value_minor
		FROM {stock_moves} AS r JOIN {stock_moves} AS o ON o.document_id = r.origin_document_id AND o.line_no = r.origin_line_no
		WHERE r.quantity <> 0
		GROUP BY o.document_id, o.line_no
		HAVING (MIN(o.quantity) < 0 AND (SUM(r.quantity) + MIN(o.quantity) > 0 OR SUM(r.value_minor) + MIN(o.value_minor) > 0))
			OR (MIN(o.quantity) > 0 AND SUM(r.quantity) + MIN(o.quantity) < 0)
		ORDER BY o.document_id, o.line_no LIMIT ?`, maxShown+1)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("document %s, line %d: %s units and %s came or went back too much", r.DocumentID, r.LineNo, money.Quantity(r.Quantity), v.amount(r.ValueMinor)))
	}
	return verdict("returns do not exceed the issues and receipts they name", "", bad), nil
}

// reserved compares what the shelves say is reserved with what the reservations hold.
func (v verifier) reserved(ctx context.Context) (tenancy.Check, error) {
	type row struct {
		ProductID   uuid.UUID `bun:"product_id"`
		WarehouseID uuid.UUID `bun:"warehouse_id"`
		Reserved    int64     `bun:"reserved"`
		Open        int64     `bun:"open_quantity"`
	}
	rows, err := tenancy.Report[row](ctx, v.tx, `SELECT product_id, warehouse_id, CAST(SUM(reserved) AS BIGINT) AS reserved, CAST(SUM(open_quantity) AS BIGINT) AS open_quantity
		FROM (SELECT product_id, warehouse_id, reserved, 0 AS open_quantity FROM {stock_layers} AS l WHERE reserved <> 0
			UNION ALL SELECT product_id, warehouse_id, 0 AS reserved, open_quantity FROM {stock_reservations} AS r WHERE open_quantity > 0) AS b
		GROUP BY product_id, warehouse_id HAVING SUM(reserved) <> SUM(open_quantity) ORDER BY product_id, warehouse_id LIMIT ?`, maxShown+1)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("product %s in warehouse %s: %s reserved, reservations hold %s", r.ProductID, r.WarehouseID,
			money.Quantity(r.Reserved), money.Quantity(r.Open)))
	}
	return verdict("what is reserved equals the open reservations", "", bad), nil
}

func (v verifier) amount(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: v.currency}
}

// verdict is a check that passes when nothing is bad.
func verdict(name, detail string, bad []string) tenancy.Check {
	if len(bad) == 0 {
		return tenancy.Check{Name: name, OK: true, Detail: detail}
	}
	shown := bad[:min(len(bad), maxShown)]
	detail = strings.Join(shown, "; ")
	if len(bad) > len(shown) {
		detail += "; and more"
	}
	return tenancy.Check{Name: name, Detail: detail}
}

// dimensions compares what entries booked on the other side of stock with what the moves were worth, combination by combination.
func (v verifier) dimensions(ctx context.Context) (tenancy.Check, error) {
	stock, err := v.s.books.GetAccount(ctx, accounting.ByRole(accounting.RoleStock))
	if err != nil {
		return tenancy.Check{}, err
	}
	type row struct {
		EntryID uuid.UUID `bun:"entry_id"`
		Minor   int64     `bun:"minor"`
	}
	rows, err := tenancy.Report[row](ctx, v.tx, `SELECT d.entry_id, CAST(SUM(d.minor) AS BIGINT) AS minor
		FROM (SELECT s.entry_id, m.dimension_set_id, m.value_minor AS minor FROM {stock_moves} AS m JOIN {stock_documents} AS s ON s.id = m.document_id
				WHERE s.entry_id IS NOT NULL
			UNION ALL SELECT p.entry_id, m.dimension_set_id, m.value_minor FROM {stock_moves} AS m JOIN {stock_documents} AS s ON s.id = m.document_id
				JOIN {stock_group_postings} AS p ON p.group_id = s.group_id AND p.posting_no = s.posting_no WHERE p.entry_id IS NOT NULL
			UNION ALL SELECT j.entry_id, j.dimension_set_id, j.amount_minor FROM {journal_lines} AS j WHERE j.account_id <> ? AND j.entry_id IN
				(SELECT s.entry_id FROM {stock_documents} AS s WHERE s.entry_id IS NOT NULL
				UNION ALL SELECT p.entry_id FROM {stock_group_postings} AS p WHERE p.entry_id IS NOT NULL)) AS d
		GROUP BY d.entry_id, d.dimension_set_id HAVING SUM(d.minor) <> 0 ORDER BY d.entry_id LIMIT ?`, stock.ID, maxShown)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("entry %s books %s too much under one combination", r.EntryID, v.amount(r.Minor)))
	}
	moves, err := tenancy.Count[Move](ctx, v.tx)
	return verdict("entries stand under the dimensions of their moves", fmt.Sprintf("%d moves", moves), bad), err
}
