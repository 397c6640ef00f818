package inventory

import (
	"context"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Warehouse is a place where goods are kept. Each has its own layers: what moves between two keeps its cost.
type Warehouse struct {
	tenancy.Row
	Code string `bun:"code,notnull" privacy:"none"`
	Name string `bun:"name,notnull" privacy:"none"`
	// DimensionSetID is what goods that come to it or leave it are analysed by where nobody says otherwise, zero for nothing;
	// Dimensions spells it out.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
	CreatedAt      time.Time             `bun:"created_at,notnull"`
}

// NewWarehouse is the input of [Service.CreateWarehouse].
type NewWarehouse struct {
	Code string `validate:"required,max=20,line"`
	Name string `validate:"required,max=200,line"`
	// Dimensions are what goods are analysed by that come to it or leave it, on documents that say nothing else, such as
	// {"shop": "york"}. Optional.
	Dimensions accounting.Dimensions `validate:"-"`
}

// CreateWarehouse adds a warehouse. A code that exists is not created again: the warehouse is given back if its name and its
// dimensions are the same.
//
// Permission: inventory.setup. Errors: inventory.bad_input, inventory.warehouse_code_taken; where dimensions are named
// accounting.unknown_dimension, accounting.dimension_inactive, accounting.books_not_open.
func (s *Service) CreateWarehouse(ctx context.Context, in NewWarehouse) (Warehouse, error) {
	const op = "inventory.CreateWarehouse"
	return againstRivals(func() (Warehouse, error) {
		return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Warehouse, error) {
			if err := checkInput(op, "warehouse", in); err != nil {
				return Warehouse{}, err
			}
			known, err := tenancy.Find[Warehouse](ctx, tx, tenancy.Eq("code", in.Code))
			if err != nil {
				return Warehouse{}, err
			}
			if len(known) > 0 {
				if err := s.spellWarehouses(ctx, known); err != nil {
					return Warehouse{}, err
				}
				if known[0].Name != in.Name || !maps.Equal(known[0].Dimensions, in.Dimensions) {
					return Warehouse{}, ErrWarehouseCodeTaken.New(op, "the code %s belongs to the warehouse %s, which says otherwise", in.Code, known[0].Name)
				}
				return known[0], nil
			}
			w := &Warehouse{Code: in.Code, Name: in.Name, CreatedAt: tx.Now()}
			if err := s.analyseWarehouse(ctx, tx, op, w, in.Dimensions); err != nil {
				return Warehouse{}, err
			}
			if err := tenancy.Insert(ctx, tx, w); err != nil {
				return Warehouse{}, err
			}
			return *w, nil
		})
	})
}

// GetWarehouse reads one warehouse. Permission: inventory.read. Errors: tenancy.not_found.
func (s *Service) GetWarehouse(ctx context.Context, id uuid.UUID) (Warehouse, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Warehouse, error) {
		w, err := tenancy.Get[Warehouse](ctx, tx, id)
		if err != nil {
			return Warehouse{}, err
		}
		out := []Warehouse{*w}
		err = s.spellWarehouses(ctx, out)
		return out[0], err
	})
}

// ListWarehouses reads a page of warehouses, by "code" unless the request sorts by another column.
//
// Permission: inventory.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListWarehouses(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Warehouse], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Warehouse], error) {
		if page.Sort == "" {
			page.Sort = "code"
		}
		found, err := tenancy.Page[Warehouse](ctx, tx, page)
		if err != nil {
			return found, err
		}
		return found, s.spellWarehouses(ctx, found.Items)
	})
}

// WarehouseChange is the input of [Service.UpdateWarehouse]: the whole of what may change, so that Dimensions left out are none.
type WarehouseChange struct {
	ID         uuid.UUID             `validate:"required"`
	Name       string                `validate:"required,max=200,line"`
	Dimensions accounting.Dimensions `validate:"-"` // as in [NewWarehouse]; of what is booked from now on
}

// UpdateWarehouse renames a warehouse, and says by what goods are analysed there from now on.
//
// Permission: inventory.setup. Errors: inventory.bad_input, tenancy.not_found; where dimensions are named
// accounting.unknown_dimension, accounting.dimension_inactive, accounting.books_not_open.
func (s *Service) UpdateWarehouse(ctx context.Context, in WarehouseChange) (Warehouse, error) {
	const op = "inventory.UpdateWarehouse"
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Warehouse, error) {
		if err := checkInput(op, "warehouse", in); err != nil {
			return Warehouse{}, err
		}
		w, err := tenancy.Lock[Warehouse](ctx, tx, in.ID)
		if err != nil {
			return Warehouse{}, err
		}
		w.Name = in.Name
		if err := s.analyseWarehouse(ctx, tx, op, w, in.Dimensions); err != nil {
			return Warehouse{}, err
		}
		return *w, tenancy.Update(ctx, tx, w, "name", "dimension_set_id")
	})
}
