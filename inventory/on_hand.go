package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Stock is what there is of one product in one warehouse, and what it cost.
type Stock struct {
	ProductID   uuid.UUID
	WarehouseID uuid.UUID
	Quantity    money.Quantity
	Value       money.Amount
}

// StockFilter narrows [Service.OnHand] and [Service.Availability]. The zero filter is everything.
type StockFilter struct {
	// ProductIDs keeps these products, at most [MaxProducts]. None is all.
	ProductIDs []uuid.UUID
	// WarehouseID keeps one warehouse. Zero is all.
	WarehouseID uuid.UUID
}

// where is the filter as conditions that follow others, with their arguments. Errors: inventory.too_many.
func (f StockFilter) where(op string) (conditions string, args []any, err error) {
	if len(f.ProductIDs) > MaxProducts {
		return "", nil, ErrTooMany.New(op, "%d products are more than the %d that one act takes", len(f.ProductIDs), MaxProducts)
	}
	if len(f.ProductIDs) > 0 {
		conditions, args = conditions+" AND product_id IN (?)", append(args, tenancy.List(f.ProductIDs))
	}
	if f.WarehouseID != uuid.Nil {
		conditions, args = conditions+" AND warehouse_id = ?", append(args, f.WarehouseID)
	}
	return conditions, args, nil
}

// OnHand is what there is now, in the order of product and warehouse. Products of which nothing is left are not listed; what
// went out below zero is, below zero. It is read from the layers, so it costs what there is and not what there was.
//
// Permission: inventory.read. Errors: inventory.too_many, accounting.books_not_open.
func (s *Service) OnHand(ctx context.Context, filter StockFilter) ([]Stock, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Stock, error) {
		where, args, err := filter.where("inventory.OnHand")
		if err != nil {
			return nil, err
		}
		return s.stocks(ctx, tx, `SELECT product_id, warehouse_id, CAST(SUM(quantity) AS BIGINT) AS quantity, CAST(SUM(value_minor) AS BIGINT) AS value_minor
			FROM {stock_layers} AS l WHERE quantity <> 0`+where+`
			GROUP BY product_id, warehouse_id ORDER BY product_id, warehouse_id`, args...)
	})
}

// Valuation is what there was at the end of a day.
type Valuation struct {
	AsOf  date.Date
	Lines []Stock // in the order of product and warehouse
	// Quantity is the sum over the lines; it means something only where they share a unit.
	Quantity money.Quantity
	Value    money.Amount
}

// Valuation is the stock at the end of a day by the dates of the documents, from the moves. As costs follow the order of
// posting, a document that was dated back changes the valuation of past days by what it cost when it was posted, as it
// does in the ledger. It reads all moves up to the day.
//
// Permission: inventory.read. Errors: inventory.bad_input (no date), accounting.books_not_open, money.overflow.
func (s *Service) Valuation(ctx context.Context, asOf date.Date) (Valuation, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Valuation, error) {
		const op = "inventory.Valuation"
		if asOf.IsZero() {
			return Valuation{}, ErrBadInput.New(op, "the day of the valuation is needed, and the zero Date is none")
		}
		books, err := s.books.GetBooks(ctx)
		if err != nil {
			return Valuation{}, err
		}
		out := Valuation{AsOf: asOf, Value: money.Zero(books.Currency)}
		out.Lines, err = s.stocks(ctx, tx, `SELECT product_id, warehouse_id, CAST(SUM(quantity) AS BIGINT) AS quantity, CAST(SUM(value_minor) AS BIGINT) AS value_minor
			FROM {stock_moves} AS m WHERE move_date <= ?
			GROUP BY product_id, warehouse_id HAVING SUM(quantity) <> 0 OR SUM(value_minor) <> 0
			ORDER BY product_id, warehouse_id`, asOf)
		if err != nil {
			return Valuation{}, err
		}
		for _, l := range out.Lines {
			if out.Quantity, err = out.Quantity.Add(l.Quantity); err != nil {
				return Valuation{}, err
			}
			if out.Value, err = out.Value.Add(l.Value); err != nil {
				return Valuation{}, err
			}
		}
		return out, nil
	})
}

// stockRow is a line of the reports over layers and moves.
type stockRow struct {
	ProductID   uuid.UUID `bun:"product_id"`
	WarehouseID uuid.UUID `bun:"warehouse_id"`
	Quantity    int64     `bun:"quantity"`
	ValueMinor  int64     `bun:"value_minor"`
}

func (s *Service) stocks(ctx context.Context, tx *tenancy.Tx, query string, args ...any) ([]Stock, error) {
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := tenancy.Report[stockRow](ctx, tx, query, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Stock, len(rows))
	for i, r := range rows {
		out[i] = Stock{ProductID: r.ProductID, WarehouseID: r.WarehouseID, Quantity: money.Quantity(r.Quantity),
			Value: money.Amount{Minor: r.ValueMinor, Currency: books.Currency}}
	}
	return out, nil
}
