package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy/date"
)

type saleLine struct {
	ProductID uuid.UUID       `json:"product_id"`
	Quantity  money.Quantity  `json:"quantity" example:"3"`
	UnitPrice decimal.Decimal `json:"unit_price" example:"4.99"`
	TaxCode   string          `json:"tax_code,omitempty" maxLength:"20"`
}

type newSale struct {
	Body struct {
		Reference  string                `json:"reference" minLength:"1" doc:"the caller's own number: sent again, it is sold once"`
		CustomerID uuid.UUID             `json:"customer_id,omitzero" doc:"none is a walk-in, who pays at once"`
		Date       date.Date             `json:"date,omitzero" doc:"default today in the tenant's time zone"`
		PaidBy     accounting.AccountRef `json:"paid_by,omitzero" example:"role:cash" doc:"none: it goes on the customer's account"`
		Lines      []saleLine            `json:"lines" minItems:"1" maxItems:"10000"`
	}
}

type sale struct {
	ID        uuid.UUID `json:"id"`
	Kind      string    `json:"kind"`
	Reference string    `json:"reference"`
	Date      date.Date `json:"date"`
	Invoice   string    `json:"invoice" example:"INV-2026-00001"`
	Gross     string    `json:"gross"`
	Currency  string    `json:"currency"`
	Replayed  bool      `json:"replayed" doc:"it had been booked before, and nothing was written now"`
}

func saleOf(s sales.Sale) sale {
	return sale{s.ID, string(s.Kind), s.Reference, s.Date, s.Invoice.Number, s.Invoice.Gross.String(), string(s.Invoice.Gross.Currency), s.Replayed}
}

func salesRoutes(api huma.API, s *sales.Service) {
	get(api, "/v1/sales/sales", "list-sales", "Sales and credits (sales.read)",
		func(ctx context.Context, in *page) (*body[listOf[sale]], error) {
			sold, err := s.ListSales(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return list(sold, saleOf), nil
		})
	post(api, "/v1/sales/sales", "sell", "Sell: invoice, goods, revenue and cost in one act (sales.sell)",
		func(ctx context.Context, in *newSale) (*body[sale], error) {
			n := sales.NewSale{Reference: in.Body.Reference, PartyID: in.Body.CustomerID, Date: in.Body.Date, SettledBy: in.Body.PaidBy}
			for _, l := range in.Body.Lines {
				n.Lines = append(n.Lines, sales.NewLine{ProductID: l.ProductID, Quantity: l.Quantity, UnitPrice: l.UnitPrice, TaxCode: l.TaxCode})
			}
			sold, err := s.Sell(ctx, []sales.NewSale{n})
			if err != nil {
				return nil, err
			}
			return &body[sale]{Body: saleOf(sold[0])}, nil
		})
}
