package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Availability is what of a product in a warehouse can be promised.
type Availability struct {
	ProductID   uuid.UUID
	WarehouseID uuid.UUID
	OnHand      money.Quantity // below zero when goods are owed
	Reserved    money.Quantity
	Available   money.Quantity // OnHand less Reserved; below zero when more is promised than there is
}

// Availability is what there is now, what of it is reserved, and what is left, in the order of product and warehouse. Products
// of which there is nothing and nothing is reserved are not listed.
//
// Permission: inventory.read. Errors: inventory.too_many, money.overflow.
func (s *Service) Availability(ctx context.Context, filter StockFilter) ([]Availability, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Availability, error) {
		where, args, err := filter.where("inventory.Availability")
		if err != nil {
			return nil, err
		}
		type row struct {
			ProductID   uuid.UUID `bun:"product_id"`
			WarehouseID uuid.UUID `bun:"warehouse_id"`
			Quantity    int64     `bun:"quantity"`
			Reserved    int64     `bun:"reserved"`
		}
		rows, err := tenancy.Report[row](ctx, tx, `SELECT product_id, warehouse_id, CAST(SUM(quantity) AS BIGINT) AS quantity, CAST(SUM(reserved) AS BIGINT) AS reserved
			FROM {stock_layers} AS l WHERE (quantity <> 0 OR reserved <> 0)`+where+` GROUP BY product_id, warehouse_id ORDER BY product_id, warehouse_id`, args...)
		if err != nil {
			return nil, err
		}
		out := make([]Availability, len(rows))
		for i, r := range rows {
			a := Availability{ProductID: r.ProductID, WarehouseID: r.WarehouseID, OnHand: money.Quantity(r.Quantity), Reserved: money.Quantity(r.Reserved)}
			if a.Available, err = a.OnHand.Sub(a.Reserved); err != nil {
				return nil, err
			}
			out[i] = a
		}
		return out, nil
	})
}
