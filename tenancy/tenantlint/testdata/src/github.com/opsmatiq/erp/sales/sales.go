package sales // want package:"."

import (
	"context"

	"github.com/opsmatiq/erp/tenancy"
)

const saleTable = "erp.sales"

type Sale struct {
	tenancy.Row
	Reference string
}

type Line struct {
	tenancy.Owned
	SaleID string
}

var models = []*tenancy.Model{
	tenancy.Define[Sale](tenancy.Spec{Table: saleTable}),
	tenancy.Define[Line](tenancy.Spec{Table: "erp.sale_lines", PartOf: saleTable}),
}

type Service struct{ db *tenancy.DB }

func New(db *tenancy.DB) *Service { return &Service{db} }

func (s *Service) Sell(ctx context.Context, what string) (Sale, error) { return Sale{}, nil }

func Models() []*tenancy.Model { return models }
