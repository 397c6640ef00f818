package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Reserve keeps goods that are on hand for somebody, in order and all or none: each sees what those before it left. Nothing
// is booked, and nothing moves: an issue that names the reservation takes from it ([NewMove].Reservation), and other issues
// leave it alone, but for those that may go below zero.
//
// A reservation whose reference was used before with the same content is given back as it is now, marked Replayed.
//
// Permission: inventory.reserve. Errors: inventory.bad_input, inventory.too_many, inventory.not_configured,
// inventory.unknown_product, inventory.unknown_warehouse, inventory.not_goods, inventory.insufficient_stock,
// inventory.reference_taken, accounting.books_not_open.
func (s *Service) Reserve(ctx context.Context, in []NewReservation) ([]Reservation, error) {
	const op = "inventory.Reserve"
	return againstRivals(func() ([]Reservation, error) {
		return tenancy.Act(ctx, s.db, PermReserve, func(ctx context.Context, tx *tenancy.Tx) ([]Reservation, error) {
			if len(in) > MaxBatch {
				return nil, ErrTooMany.New(op, "%d reservations are more than the %d that one act takes", len(in), MaxBatch)
			}
			prints := make([]string, len(in))
			for i, n := range in {
				if err := checkInput(op, position("reservation", i, n.Reference), n); err != nil {
					return nil, err
				}
				if err := checkSource(op, position("reservation", i, n.Reference), n.Source); err != nil {
					return nil, err
				}
				var err error
				if prints[i], err = n.digest(op); err != nil {
					return nil, err
				}
			}
			if len(in) == 0 {
				return nil, nil
			}
			b := &booking{s: s, tx: tx, op: op}
			if err := b.readFor(ctx, in); err != nil {
				return nil, err
			}
			return b.reserve(ctx, in, prints)
		})
	})
}

func checkSource(op, what string, source accounting.Source) error {
	if (source.Model == "") != (source.ID == uuid.Nil) || check.Var(source.Model, "reference") != nil {
		return ErrBadInput.New(op, "%s: Source has a model and an id, or neither", what)
	}
	return nil
}

// readFor reads and locks what reservations need to know.
func (b *booking) readFor(ctx context.Context, in []NewReservation) error {
	var err error
	if b.settings, err = settings(ctx, b.tx, b.op); err != nil {
		return err
	}
	products, warehouses := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	var ask reading
	for _, n := range in {
		products[n.ProductID], warehouses[b.warehouseFor(n.WarehouseID)] = true, true
		if n.Reference != "" {
			ask.reserved = append(ask.reserved, n.Reference)
		}
	}
	ask.products, ask.warehouses = keys(products), keys(warehouses)
	return b.lock(ctx, ask)
}

// lock is ask, of shelves that are only locked and never made.
func (b *booking) lock(ctx context.Context, ask reading) error {
	books, err := b.s.books.GetBooks(ctx)
	if err != nil {
		return err
	}
	if err := b.ask(ctx, ask, nil); err != nil {
		return err
	}
	b.facts.currency = books.Currency
	b.plan, err = newPlan(b.op, b.tx.Now(), b.settings.Method, b.facts)
	return err
}

// reserve makes the reservations that are new.
func (b *booking) reserve(ctx context.Context, in []NewReservation, prints []string) ([]Reservation, error) {
	made := map[string]*Reservation{}
	var added []*Reservation
	out := make([]*Reservation, len(in))
	replayed := make([]bool, len(in))
	for i, n := range in {
		what := position("reservation", i, n.Reference)
		known := b.facts.reserved[n.Reference]
		if known == nil {
			known = made[n.Reference]
		}
		if n.Reference != "" && known != nil {
			if known.Fingerprint != prints[i] {
				return nil, ErrReferenceTaken.New(b.op, "%s was made before with other content", what)
			}
			out[i], replayed[i] = known, true
			continue
		}
		r, err := b.hold(what, n)
		if err != nil {
			return nil, err
		}
		r.Fingerprint = prints[i]
		out[i], made[n.Reference] = r, r
		added = append(added, r)
	}
	_, changed, _ := b.plan.changes()
	write := b.tx.Batch()
	tenancy.Put(write, added)
	tenancy.Set(write, changed, "reserved")
	if err := write.Run(ctx); err != nil {
		return nil, err
	}
	rows := make([]Reservation, len(out))
	for i, r := range out {
		rows[i] = *r
		rows[i].Replayed = replayed[i]
	}
	return rows, nil
}

// hold is one new reservation, kept on its shelf.
func (b *booking) hold(what string, n NewReservation) (*Reservation, error) {
	key := shelfKey{n.ProductID, b.warehouseFor(n.WarehouseID)}
	product, ok := b.facts.products[n.ProductID]
	switch {
	case !b.facts.warehouses[key.warehouse]:
		return nil, ErrUnknownWarehouse.New(b.op, "%s: there is no such warehouse", what)
	case !ok:
		return nil, ErrUnknownProduct.New(b.op, "%s: there is no such product", what)
	case product.Kind != Goods:
		return nil, ErrNotGoods.New(b.op, "%s: %s is a service and has no stock", what, product.SKU)
	case !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(b.tx.Now()):
		return nil, ErrBadInput.New(b.op, "%s: it would have expired already", what)
	case len(b.facts.layers[key]) == 0:
		return nil, ErrInsufficientStock.New(b.op, "%s: %s has 0 on hand and %s are asked for", what, product.SKU, n.Quantity)
	}
	s, err := b.plan.shelf(key)
	if err != nil {
		return nil, err
	}
	if s.free() < n.Quantity {
		return nil, b.plan.insufficient(what, s, n.Quantity)
	}
	s.hold(n.Quantity)
	r := &Reservation{Reference: n.Reference, ProductID: key.product, WarehouseID: key.warehouse, State: Held, Quantity: n.Quantity, Open: n.Quantity,
		ExpiresAt: n.ExpiresAt, SourceModel: n.Source.Model, SourceID: n.Source.ID, CreatedAt: b.tx.Now()}
	r.ID = tenancy.NewID()
	return r, nil
}
