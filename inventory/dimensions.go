package inventory

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// What goods are analysed by. A move has one combination of dimensions: its line's over its document's over its warehouse's, or that of
// the move which it names as its origin. The account on the other side of stock and price variance are booked under it. The stock
// account has it only where it requires any: goods come in for one purpose and go out for another, and where they lie the warehouses
// tell.

const placesMemo = "inventory.places"

// WarehouseDimensions are what goods are analysed by that come to a warehouse or leave it, where nobody says otherwise; zero is the
// tenant's default warehouse. Of a warehouse that does not exist there are none. It is read once a transaction.
//
// Permission: inventory.read.
func (s *Service) WarehouseDimensions(ctx context.Context, warehouse uuid.UUID) (accounting.Dimensions, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (accounting.Dimensions, error) {
		c, err := chosen(ctx, tx)
		if err != nil || len(c.warehouses) == 0 {
			return nil, err
		}
		if warehouse == uuid.Nil && len(c.settings) > 0 {
			warehouse = c.settings[0].DefaultWarehouseID
		}
		places, err := tenancy.Memo(tx, placesMemo, func() (map[uuid.UUID]accounting.Dimensions, error) {
			places := make(map[uuid.UUID]accounting.Dimensions, len(c.warehouses))
			err := s.spellWarehouses(ctx, c.warehouses)
			for _, w := range c.warehouses {
				places[w.ID] = w.Dimensions
			}
			return places, err
		})
		return places[warehouse], err
	})
}

// analyseWarehouse gives a warehouse its dimensions.
func (s *Service) analyseWarehouse(ctx context.Context, tx *tenancy.Tx, op string, w *Warehouse, of accounting.Dimensions) error {
	w.DimensionSetID, w.Dimensions = uuid.Nil, nil
	tx.Forget(settingsMemo)
	tx.Forget(placesMemo)
	if len(of) == 0 {
		return nil
	}
	stated, err := s.books.ReadDimensions(ctx, op, of)
	if err != nil {
		return err
	}
	if w.DimensionSetID, err = stated.Hold("warehouse "+w.Code+": ", of); err != nil {
		return err
	}
	w.Dimensions = of
	return stated.Record(ctx)
}

// spellWarehouses says what warehouses' dimensions are, in one statement; where there are none, in none.
func (s *Service) spellWarehouses(ctx context.Context, warehouses []Warehouse) error {
	sets := make([]uuid.UUID, len(warehouses))
	for i := range warehouses {
		sets[i] = warehouses[i].DimensionSetID
	}
	named, err := s.named(ctx, sets)
	for i := range warehouses {
		warehouses[i].Dimensions = named[warehouses[i].DimensionSetID]
	}
	return err
}

// spellMoves does so for moves.
func (s *Service) spellMoves(ctx context.Context, moves []Move) error {
	sets := make([]uuid.UUID, len(moves))
	for i := range moves {
		sets[i] = moves[i].DimensionSetID
	}
	named, err := s.named(ctx, sets)
	for i := range moves {
		moves[i].Dimensions = named[moves[i].DimensionSetID]
	}
	return err
}

// named says what combinations are; without any it asks nothing.
func (s *Service) named(ctx context.Context, sets []uuid.UUID) (map[uuid.UUID]accounting.Dimensions, error) {
	sets = slices.DeleteFunc(sets, func(id uuid.UUID) bool { return id == uuid.Nil })
	if len(sets) == 0 {
		return nil, nil
	}
	return s.books.SpellDimensions(ctx, sets)
}

// readDimensions finds what the lines are analysed by that do not have it from their origin, and reads what of it there is.
func (b *booking) readDimensions(ctx context.Context) error {
	var all []accounting.Dimensions
	for _, r := range b.requests {
		place, err := b.s.WarehouseDimensions(ctx, r.WarehouseID)
		if err != nil {
			return err
		}
		for i := range r.lines {
			switch l := &r.lines[i]; {
			case !l.Origin.isZero():
			case r.AsStated:
				l.analysed = l.Dimensions
			default:
				l.analysed = l.Dimensions.Over(r.Dimensions).Over(place)
			}
			all = append(all, r.lines[i].analysed)
		}
	}
	var err error
	b.stated, err = b.s.books.ReadDimensions(ctx, b.op, all...)
	return err
}

// analyse gives each line of a new document its combination, and holds what is stated now to what the accounts require. Errors:
// accounting.dimension_needed, accounting.unknown_dimension, accounting.dimension_inactive, accounting.unknown_account.
func (b *booking) analyse(r *request) error {
	for i := range r.lines {
		l := &r.lines[i]
		var err error
		switch {
		case !l.Origin.isZero():
			l.set = b.facts.origins[l.Origin.key()].DimensionSetID // an origin that there is not is refused when the line is valued
		case r.AsStated:
			l.set, err = b.stated.Keep(r.at(l)+": ", l.analysed)
		default:
			l.set, err = b.stated.Hold(r.at(l)+": ", l.analysed, counterOf(r.Kind, r.Counter, l.Counter), accounting.ByRole(accounting.RoleStock))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// spell says what the combinations of the batch's charges are, for its entries.
func (b *booking) spell(ctx context.Context) error {
	if len(b.booked) == 0 {
		return nil
	}
	var sets []uuid.UUID
	named := map[uuid.UUID]accounting.Dimensions{}
	for _, k := range b.booked {
		for i := range k.charges {
			if set := k.charges[i].set; set != uuid.Nil && k.request != nil && k.request.lines[i].analysed != nil {
				named[set] = k.request.lines[i].analysed
			}
		}
	}
	for _, k := range b.booked {
		for _, c := range k.charges {
			if _, known := named[c.set]; !known {
				sets = append(sets, c.set)
			}
		}
	}
	more, err := b.s.named(ctx, sets)
	if err != nil {
		return err
	}
	maps.Copy(named, more)
	b.analysis.named = named
	b.analysis.stock, err = b.s.stockAnalysed(ctx)
	return err
}

// stockAnalysed reports whether the stock account requires dimensions.
func (s *Service) stockAnalysed(ctx context.Context) (bool, error) {
	account, err := s.books.GetAccount(ctx, accounting.ByRole(accounting.RoleStock))
	return account.RequiredDimensions != "", err
}

// analysisOf is that of a group's totals.
func (s *Service) analysisOf(ctx context.Context, totals []accountTotal) (*analysis, error) {
	sets := make([]uuid.UUID, len(totals))
	for i, t := range totals {
		sets[i] = t.set
	}
	a := new(analysis)
	var err error
	if a.named, err = s.named(ctx, sets); err != nil {
		return nil, err
	}
	a.stock, err = s.stockAnalysed(ctx)
	return a, err
}
