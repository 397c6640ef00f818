package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory/purchasing"
	"github.com/opsmatiq/erp/tenancy/date"
)

type purchaseLine struct {
	ProductID uuid.UUID       `json:"product_id"`
	Quantity  money.Quantity  `json:"quantity" example:"12"`
	UnitPrice decimal.Decimal `json:"unit_price" example:"2.50"`
}

type newPurchaseOrder struct {
	Body struct {
		Reference string         `json:"reference" minLength:"1" doc:"the caller's own number: sent again, it is ordered once"`
		VendorID  uuid.UUID      `json:"vendor_id"`
		Date      date.Date      `json:"date,omitzero" doc:"default today in the tenant's time zone"`
		Lines     []purchaseLine `json:"lines" minItems:"1" maxItems:"10000"`
	}
}

type purchaseOrder struct {
	ID        uuid.UUID `json:"id"`
	Number    string    `json:"number" example:"PO-2026-00001"`
	Reference string    `json:"reference"`
	VendorID  uuid.UUID `json:"vendor_id"`
	Date      date.Date `json:"date"`
	Total     string    `json:"total"`
	Currency  string    `json:"currency"`
	State     string    `json:"state"`
}

func purchaseOrderOf(o purchasing.Order) purchaseOrder {
	return purchaseOrder{o.ID, o.Number, o.Reference, o.PartyID, o.Date, o.Total.String(), string(o.Total.Currency), string(o.State)}
}

func purchasingRoutes(api huma.API, s *purchasing.Service) {
	get(api, "/v1/purchasing/orders", "list-purchase-orders", "Orders to vendors (purchasing.read)",
		func(ctx context.Context, in *page) (*body[listOf[purchaseOrder]], error) {
			orders, err := s.ListOrders(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return list(orders, purchaseOrderOf), nil
		})
	post(api, "/v1/purchasing/orders", "order", "Order from a vendor (purchasing.order)",
		func(ctx context.Context, in *newPurchaseOrder) (*body[purchaseOrder], error) {
			o := purchasing.NewOrder{Reference: in.Body.Reference, PartyID: in.Body.VendorID, Date: in.Body.Date}
			for _, l := range in.Body.Lines {
				o.Lines = append(o.Lines, purchasing.NewOrderLine{ProductID: l.ProductID, Quantity: l.Quantity, UnitPrice: l.UnitPrice})
			}
			made, err := s.Order(ctx, []purchasing.NewOrder{o})
			if err != nil {
				return nil, err
			}
			return &body[purchaseOrder]{Body: purchaseOrderOf(made[0])}, nil
		})
}
