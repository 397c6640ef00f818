package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
)

type stock struct {
	ProductID   uuid.UUID      `json:"product_id"`
	WarehouseID uuid.UUID      `json:"warehouse_id"`
	Quantity    money.Quantity `json:"quantity" example:"12.5"`
	Value       string         `json:"value" doc:"what it cost, in the base currency"`
}

type newProduct struct {
	Body struct {
		SKU  string `json:"sku" minLength:"1" maxLength:"64"`
		Name string `json:"name" minLength:"1" maxLength:"200"`
		Kind string `json:"kind,omitempty" enum:"goods,service" doc:"default goods"`
		Unit string `json:"unit,omitempty" maxLength:"20" doc:"default piece"`
	}
}

type product struct {
	ID   uuid.UUID `json:"id"`
	SKU  string    `json:"sku"`
	Name string    `json:"name"`
	Kind string    `json:"kind"`
	Unit string    `json:"unit"`
}

func inventoryRoutes(api huma.API, s *inventory.Service) {
	get(api, "/v1/inventory/stock", "stock", "What is on hand, and what it cost (inventory.read)",
		func(ctx context.Context, in *struct {
			Products  []uuid.UUID `query:"product" doc:"these products; none is all"`
			Warehouse uuid.UUID   `query:"warehouse" doc:"this warehouse; none is all"`
		}) (*body[[]stock], error) {
			have, err := s.OnHand(ctx, inventory.StockFilter{ProductIDs: in.Products, WarehouseID: in.Warehouse})
			if err != nil {
				return nil, err
			}
			out := &body[[]stock]{Body: make([]stock, len(have))}
			for i, h := range have {
				out.Body[i] = stock{h.ProductID, h.WarehouseID, h.Quantity, h.Value.String()}
			}
			return out, nil
		})
	post(api, "/v1/inventory/products", "create-product", "Create a product (inventory.products)",
		func(ctx context.Context, in *newProduct) (*body[product], error) {
			made, err := s.CreateProducts(ctx, []inventory.NewProduct{{SKU: in.Body.SKU, Name: in.Body.Name, Kind: inventory.ProductKind(in.Body.Kind), Unit: in.Body.Unit}})
			if err != nil {
				return nil, err
			}
			p := made[0]
			return &body[product]{Body: product{p.ID, p.SKU, p.Name, string(p.Kind), p.Unit}}, nil
		})
}
