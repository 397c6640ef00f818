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
// their quantity and value, the ledger's stock account says the same, and nothing is below zero or came back twice. It
// reads all moves.
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
			v.onHand, v.layers, v.ledger, v.notNegative, v.returns,
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

// ledger compares the layers with the balance of the stock account.
func (v verifier) ledger(ctx context.Context) (tenancy.Check, error) {
	values, err := tenancy.Report[int64](ctx, v.tx, `SELECT CAST(COALESCE(SUM(value_minor), 0) AS BIGINT) FROM {stock_layers} AS l`)
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
	return tenancy.Check{Name: "stock value equals the ledger's stock account", OK: layers == ledger, Detail: detail}, nil
}

// notNegative looks for layers that the database should have refused.
func (v verifier) notNegative(ctx context.Context) (tenancy.Check, error) {
	rows, err := tenancy.Report[stockRow](ctx, v.tx, `SELECT product_id, warehouse_id, quantity, value_minor FROM {stock_layers} AS l
		WHERE quantity < 0 OR value_minor < 0 OR (quantity = 0 AND value_minor <> 0) ORDER BY product_id, warehouse_id LIMIT ?`, maxShown+1)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("product %s in warehouse %s: a layer of %s units has %s", r.ProductID, r.WarehouseID, money.Quantity(r.Quantity), v.amount(r.ValueMinor)))
	}
	return verdict("no layer is negative, and an empty one has no value", "", bad), nil
}

// returns looks for issues that more came back of than went out.
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
		GROUP BY o.document_id, o.line_no
		HAVING SUM(r.quantity) + MIN(o.quantity) > 0 OR SUM(r.value_minor) + MIN(o.value_minor) > 0
		ORDER BY o.document_id, o.line_no LIMIT ?`, maxShown+1)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("document %s, line %d: %s units and %s came back too much", r.DocumentID, r.LineNo, money.Quantity(r.Quantity), v.amount(r.ValueMinor)))
	}
	return verdict("returns do not exceed the issues they name", "", bad), nil
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
