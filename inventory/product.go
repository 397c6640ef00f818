package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// ProductKind says whether a product has stock.
type ProductKind string

// The kinds of products.
const (
	// Goods are received, stored and issued.
	Goods ProductKind = "goods"
	// Services are sold without stock: carriage, repairs, fees.
	Services ProductKind = "service"
)

// Product is something that is bought or sold.
type Product struct {
	tenancy.Row
	// SKU is the tenant's code for it, unique and exactly as written: "85123a" is not "85123A".
	SKU  string      `bun:"sku,notnull" privacy:"none"`
	Name string      `bun:"name,notnull" privacy:"none"`
	Kind ProductKind `bun:"kind,notnull" privacy:"none"`
	// Unit is what quantities count: "piece", "kg".
	Unit      string    `bun:"unit,notnull" privacy:"none"`
	CreatedAt time.Time `bun:"created_at,notnull"`
}

// NewProduct is the input of [Service.CreateProducts].
type NewProduct struct {
	SKU  string      `validate:"required,max=64,line"`
	Name string      `validate:"required,max=200,line"`
	Kind ProductKind `validate:"omitempty,oneof=goods service"` // default Goods
	Unit string      `validate:"max=20,line"`                   // default "piece"
}

func (n NewProduct) product(now time.Time) *Product {
	p := &Product{SKU: n.SKU, Name: n.Name, Kind: n.Kind, Unit: n.Unit, CreatedAt: now}
	p.ID = tenancy.NewID()
	if p.Kind == "" {
		p.Kind = Goods
	}
	if p.Unit == "" {
		p.Unit = "piece"
	}
	return p
}

// same reports whether p says what the input o says.
func (p *Product) same(o *Product) bool {
	return p.SKU == o.SKU && p.Name == o.Name && p.Kind == o.Kind && p.Unit == o.Unit
}

// CreateProducts adds up to [MaxProducts] products and gives them back in order. A SKU that exists is not created again: the
// product is given back if it says the same, so an import can be run twice.
//
// Permission: inventory.products. Errors: inventory.bad_input, inventory.sku_taken.
func (s *Service) CreateProducts(ctx context.Context, in []NewProduct) ([]Product, error) {
	const op = "inventory.CreateProducts"
	return againstRivals(func() ([]Product, error) {
		return tenancy.Act(ctx, s.db, PermProducts, func(ctx context.Context, tx *tenancy.Tx) ([]Product, error) {
			if len(in) > MaxProducts {
				return nil, ErrTooMany.New(op, "%d products are more than the %d that one act takes", len(in), MaxProducts)
			}
			skus := make([]string, len(in))
			for i, n := range in {
				if err := checkInput(op, fmt.Sprintf("product %d", i+1), n); err != nil {
					return nil, err
				}
				skus[i] = n.SKU
			}
			known, err := productsBySKU(ctx, tx, skus)
			if err != nil {
				return nil, err
			}
			added, err := unknownProducts(op, in, known, tx.Now())
			if err != nil {
				return nil, err
			}
			b := tx.Batch()
			tenancy.Put(b, added)
			if err := b.Run(ctx); err != nil {
				return nil, err
			}
			out := make([]Product, len(in))
			for i, n := range in {
				out[i] = *known[n.SKU]
			}
			return out, nil
		})
	})
}

// unknownProducts are those of the input that do not exist yet, each once; they are added to the known.
func unknownProducts(op string, in []NewProduct, known map[string]*Product, now time.Time) ([]*Product, error) {
	var added []*Product
	for _, n := range in {
		p := n.product(now)
		old, exists := known[n.SKU]
		switch {
		case !exists:
			known[n.SKU] = p
			added = append(added, p)
		case !old.same(p):
			return nil, ErrSKUTaken.New(op, "the SKU %s belongs to another product: %s, %s, %s", n.SKU, old.Name, old.Kind, old.Unit)
		}
	}
	return added, nil
}

// ProductsBySKU finds products by their SKU; those that do not exist are left out.
//
// Permission: inventory.read.
func (s *Service) ProductsBySKU(ctx context.Context, skus []string) (map[string]Product, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]Product, error) {
		found, err := productsBySKU(ctx, tx, skus)
		if err != nil {
			return nil, err
		}
		out := make(map[string]Product, len(found))
		for sku, p := range found {
			out[sku] = *p
		}
		return out, nil
	})
}

func productsBySKU(ctx context.Context, tx *tenancy.Tx, skus []string) (map[string]*Product, error) {
	found, err := loadIn[Product](ctx, tx, "sku", skus)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*Product, len(found))
	for i := range found {
		out[found[i].SKU] = &found[i]
	}
	return out, nil
}

// loadIn reads the rows whose column is one of the values, in one statement; for no values, in none.
func loadIn[T, V any](ctx context.Context, tx *tenancy.Tx, column string, values []V) ([]T, error) {
	var found []T
	b := tx.Batch()
	if len(values) > 0 {
		tenancy.Load(b, &found, tenancy.In(column, values))
	}
	return found, b.Run(ctx)
}

// ProductsByID finds products by their id; those that do not exist, or are another tenant's, are left out.
//
// Permission: inventory.read.
func (s *Service) ProductsByID(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Product, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Product, error) {
		found, err := loadIn[Product](ctx, tx, "id", ids)
		if err != nil {
			return nil, err
		}
		out := make(map[uuid.UUID]Product, len(found))
		for _, p := range found {
			out[p.ID] = p
		}
		return out, nil
	})
}

// GetProduct reads one product. Permission: inventory.read. Errors: tenancy.not_found.
func (s *Service) GetProduct(ctx context.Context, id uuid.UUID) (Product, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Product, error) {
		p, err := tenancy.Get[Product](ctx, tx, id)
		if err != nil {
			return Product{}, err
		}
		return *p, nil
	})
}

// ListProducts reads a page of products, by "sku" unless the request sorts by another column.
//
// Permission: inventory.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListProducts(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Product], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Product], error) {
		if page.Sort == "" {
			page.Sort = "sku"
		}
		return tenancy.Page[Product](ctx, tx, page)
	})
}

// ProductChange is the input of [Service.UpdateProduct]: the whole of what can change. SKU and kind are what documents
// know a product by and stay.
type ProductChange struct {
	ID   uuid.UUID `validate:"required"`
	Name string    `validate:"required,max=200,line"`
	Unit string    `validate:"required,max=20,line"`
}

// UpdateProduct changes how a product is called. Documents that are booked keep their own text.
//
// Permission: inventory.products. Errors: inventory.bad_input, tenancy.not_found.
func (s *Service) UpdateProduct(ctx context.Context, in ProductChange) (Product, error) {
	const op = "inventory.UpdateProduct"
	return tenancy.Act(ctx, s.db, PermProducts, func(ctx context.Context, tx *tenancy.Tx) (Product, error) {
		if err := checkInput(op, "product", in); err != nil {
			return Product{}, err
		}
		p, err := tenancy.Lock[Product](ctx, tx, in.ID)
		if err != nil {
			return Product{}, err
		}
		p.Name, p.Unit = in.Name, in.Unit
		return *p, tenancy.Update(ctx, tx, p, "name", "unit")
	})
}
