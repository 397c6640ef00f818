package purchasing

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
)

// What buying is analysed by. An order's line has one combination of dimensions: its own over the order's, and where it is about goods over
// their warehouse's. It is held to what accounts require when the order is placed, and stands from then on: receipts, returns, bills,
// credits and price variances of the line are booked under it, so that goods received become clear under each combination.

// goodsAccounts are those that goods are booked to as they come, are billed and go back.
func goodsAccounts() []accounting.AccountRef {
	return []accounting.AccountRef{accounting.ByRole(accounting.RoleGoodsReceived), accounting.ByRole(accounting.RolePriceVariance),
		accounting.ByRole(accounting.RoleStock)}
}

// analysed is what line j of order i is analysed by. A product that there is not is refused elsewhere.
func (w *ordering) analysed(i, j int) accounting.Dimensions {
	o := &w.in[i]
	l := &o.Lines[j]
	of := l.Dimensions.Over(o.Dimensions)
	if l.ProductID != uuid.Nil && w.products[l.ProductID].Kind == inventory.Goods {
		return of.Over(w.placed[i])
	}
	return of
}

// readDimensions finds what the orders' lines are analysed by, and reads what of it there is.
func (w *ordering) readDimensions(ctx context.Context) error {
	var all []accounting.Dimensions
	var err error
	w.placed = make([]accounting.Dimensions, len(w.in))
	for i := range w.in {
		o := &w.in[i]
		if w.placed[i], err = w.s.stock.WarehouseDimensions(ctx, o.WarehouseID); err != nil {
			return err
		}
		all = append(all, o.Dimensions)
		for j := range o.Lines {
			all = append(all, w.analysed(i, j))
		}
	}
	w.stated, err = w.s.books.ReadDimensions(ctx, w.op, all...)
	return err
}

// analyse gives a line its combination, and holds it to what the accounts require that it will be booked to.
func (w *ordering) analyse(what string, i, j int, l *OrderLine) (err error) {
	l.Dimensions = w.analysed(i, j)
	accounts := goodsAccounts()
	if !l.Goods {
		accounts = []accounting.AccountRef{accounting.ByID(l.AccountID)}
	}
	l.DimensionSetID, err = w.stated.Hold(what+": ", l.Dimensions, accounts...)
	return err
}

// spell says what combinations are, in one statement; where there are none, in none.
func (s *Service) spell(ctx context.Context, sets []uuid.UUID) (map[uuid.UUID]accounting.Dimensions, error) {
	sets = slices.DeleteFunc(sets, func(id uuid.UUID) bool { return id == uuid.Nil })
	if len(sets) == 0 {
		return map[uuid.UUID]accounting.Dimensions{}, nil
	}
	return s.books.SpellDimensions(ctx, sets)
}

// spell says what the lines of held orders are analysed by.
func (h *held) spell(ctx context.Context, s *Service) (map[uuid.UUID]accounting.Dimensions, error) {
	sets := make([]uuid.UUID, 0, len(h.lines))
	for _, l := range h.lines {
		sets = append(sets, l.DimensionSetID)
	}
	return s.spell(ctx, sets)
}

// spellOrder says what an order and its lines are analysed by.
func (s *Service) spellOrder(ctx context.Context, o *Order) error {
	sets := []uuid.UUID{o.DimensionSetID}
	for i := range o.Lines {
		sets = append(sets, o.Lines[i].DimensionSetID)
	}
	named, err := s.spell(ctx, sets)
	o.Dimensions = named[o.DimensionSetID]
	for i := range o.Lines {
		o.Lines[i].Dimensions = named[o.Lines[i].DimensionSetID]
	}
	return err
}

// readDimensions finds what bills are analysed by: their orders' lines, and what they state for those beside the orders.
func (w *billing) readDimensions(ctx context.Context) (err error) {
	if w.named, err = w.held.spell(ctx, w.s); err != nil {
		return err
	}
	var all []accounting.Dimensions
	for _, d := range w.drafts {
		all = append(all, d.dimensions)
		for i := range d.lines {
			if d.lines[i].OrderID == uuid.Nil {
				all = append(all, d.lines[i].Dimensions.Over(d.dimensions))
			}
		}
	}
	w.stated, err = w.s.books.ReadDimensions(ctx, w.op, all...)
	return err
}
