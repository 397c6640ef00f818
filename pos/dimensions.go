package pos

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
)

// What a till books is analysed by. A register has dimensions of its own, such as its shop, which a session keeps from its opening to its
// closing. A line of a ticket names others over them, and where it is about goods it has those of the warehouse besides: its revenue and
// the cost of its goods are booked under the same combination. What accounts require is asked for when the session is opened and when
// the line is made, and not when the session is closed: by then nobody could say it any more.

// dimensioned is what a till's records name, with what it comes to.
type dimensioned struct {
	s      *Service
	stated *accounting.StatedDimensions
	named  map[uuid.UUID]accounting.Dimensions
}

// spell says what combinations are, in one statement; where there are none, in none.
func (s *Service) spell(ctx context.Context, sets ...uuid.UUID) (map[uuid.UUID]accounting.Dimensions, error) {
	sets = slices.DeleteFunc(sets, func(id uuid.UUID) bool { return id == uuid.Nil })
	if len(sets) == 0 {
		return map[uuid.UUID]accounting.Dimensions{}, nil
	}
	return s.books.SpellDimensions(ctx, sets)
}

// spellRegisters says what registers are analysed by.
func (s *Service) spellRegisters(ctx context.Context, registers []Register) error {
	sets := make([]uuid.UUID, len(registers))
	for i := range registers {
		sets[i] = registers[i].DimensionSetID
	}
	named, err := s.spell(ctx, sets...)
	for i := range registers {
		registers[i].Dimensions = named[registers[i].DimensionSetID]
	}
	return err
}

// goodsAccounts are those that goods are booked to as they leave.
func goodsAccounts() []accounting.AccountRef {
	return []accounting.AccountRef{accounting.ByRole(accounting.RoleCostOfGoodsSold), accounting.ByRole(accounting.RoleStock)}
}

// drawerAccounts are those that the closing of a register books to besides what its tickets and cash moves name.
func (r *Register) drawerAccounts() []accounting.AccountRef {
	return []accounting.AccountRef{accounting.ByID(r.CashAccountID), accounting.ByID(r.CardAccountID), accounting.ByRole(accounting.RoleOverShort)}
}

// readDimensions finds what the batch's lines are analysed by, and reads what of it there is.
func (m *making) readDimensions(ctx context.Context) error {
	sets := []uuid.UUID{m.session.DimensionSetID}
	for _, o := range m.origins {
		for _, l := range o.lines {
			sets = append(sets, l.DimensionSetID)
		}
	}
	named, err := m.s.spell(ctx, sets...)
	if err != nil {
		return err
	}
	var place accounting.Dimensions
	for id := range m.products {
		if m.isGoods(id) {
			if place, err = m.s.stock.WarehouseDimensions(ctx, m.register.WarehouseID); err != nil {
				return err
			}
			break
		}
	}
	var all []accounting.Dimensions
	for _, d := range m.fresh {
		d.analysed = make([]accounting.Dimensions, len(d.lines))
		for i := range d.lines {
			l := &d.lines[i]
			d.analysed[i] = l.Dimensions.Over(named[m.session.DimensionSetID])
			if m.isGoods(l.ProductID) {
				d.analysed[i] = d.analysed[i].Over(place)
			}
		}
		all = append(all, d.analysed...)
	}
	stated, err := m.s.books.ReadDimensions(ctx, m.op, all...)
	m.dimensioned = dimensioned{m.s, stated, named}
	return err
}

// analyse gives line i of a sale its combination, and holds it to what the accounts require that it will be booked to.
func (m *making) analyse(where string, d *draft, i int, l *Line) (err error) {
	accounts := []accounting.AccountRef{accounting.ByID(l.AccountID)}
	if l.Moved {
		accounts = append(accounts, goodsAccounts()...)
	}
	l.DimensionSetID, err = m.stated.Hold(where+": ", d.analysed[i], accounts...)
	l.Dimensions = d.analysed[i]
	m.named[l.DimensionSetID] = l.Dimensions
	return err
}
