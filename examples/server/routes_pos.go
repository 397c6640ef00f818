package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/pos"
)

type newRegister struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"18" pattern:"^[A-Z0-9-]+$" doc:"begins the numbers of its receipts; never changes"`
		Name string `json:"name" minLength:"1" maxLength:"200"`
	}
}

type till struct {
	ID          uuid.UUID `json:"id"`
	Code        string    `json:"code"`
	Name        string    `json:"name"`
	WarehouseID uuid.UUID `json:"warehouse_id"`
}

func tillOf(r pos.Register) till { return till{r.ID, r.Code, r.Name, r.WarehouseID} }

func posRoutes(api huma.API, s *pos.Service) {
	get(api, "/v1/pos/registers", "list-registers", "Tills (pos.read)",
		func(ctx context.Context, in *page) (*body[listOf[till]], error) {
			registers, err := s.ListRegisters(ctx, in.request())
			if err != nil {
				return nil, err
			}
			return list(registers, tillOf), nil
		})
	post(api, "/v1/pos/registers", "create-register", "Create a till (pos.setup)",
		func(ctx context.Context, in *newRegister) (*body[till], error) {
			made, err := s.CreateRegisters(ctx, []pos.NewRegister{{Code: in.Body.Code, Name: in.Body.Name}})
			if err != nil {
				return nil, err
			}
			return &body[till]{Body: tillOf(made[0])}, nil
		})
}
