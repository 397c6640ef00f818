package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Release lets go what reservations still hold, all or none. One that has ended stays as it is: releasing it again changes
// nothing.
//
// Permission: inventory.reserve. Errors: inventory.too_many, inventory.unknown_reservation, inventory.not_configured,
// accounting.books_not_open.
func (s *Service) Release(ctx context.Context, ids []uuid.UUID) error {
	const op = "inventory.Release"
	_, err := tenancy.Act(ctx, s.db, PermReserve, func(ctx context.Context, tx *tenancy.Tx) (int, error) {
		if len(ids) > MaxBatch {
			return 0, ErrTooMany.New(op, "%d reservations are more than the %d that one act takes", len(ids), MaxBatch)
		}
		wanted := map[uuid.UUID]bool{}
		for _, id := range ids {
			wanted[id] = true
		}
		found, err := loadIn[Reservation](ctx, tx, "id", keys(wanted))
		if err != nil {
			return 0, err
		}
		if len(found) < len(wanted) {
			return 0, ErrUnknownReservation.New(op, "%d of %d reservations do not exist", len(wanted)-len(found), len(wanted))
		}
		return s.end(ctx, tx, op, found, Released)
	})
	return err
}

// ExpireReservations lets go what is held past its time, the oldest first and at most limit of them, and tells how many it
// was: call it again while it gives the limit. It is for a background job.
//
// Permission: inventory.expire. Errors: inventory.bad_input (a limit below 1), inventory.too_many, inventory.not_configured,
// accounting.books_not_open.
func (s *Service) ExpireReservations(ctx context.Context, limit int) (int, error) {
	const op = "inventory.ExpireReservations"
	return tenancy.Act(ctx, s.db, PermExpire, func(ctx context.Context, tx *tenancy.Tx) (int, error) {
		switch {
		case limit < 1:
			return 0, ErrBadInput.New(op, "limit is at least 1, not %d", limit)
		case limit > MaxBatch:
			return 0, ErrTooMany.New(op, "%d reservations are more than the %d that one act takes", limit, MaxBatch)
		}
		var due []Reservation
		read := tx.Batch()
		tenancy.Load(read, &due, tenancy.Eq("state", string(Held)), tenancy.Le("expires_at", tx.Now()), tenancy.OrderBy("expires_at", "id"), tenancy.Limit(limit))
		if err := read.Run(ctx); err != nil {
			return 0, err
		}
		return s.end(ctx, tx, op, due, Expired)
	})
}

// end lets go what is still held once the shelves are locked: an issue may have taken it meanwhile. Whose shelf a reservation
// is on never changes, so that could be read before.
func (s *Service) end(ctx context.Context, tx *tenancy.Tx, op string, found []Reservation, state ReservationState) (int, error) {
	if len(found) == 0 {
		return 0, nil
	}
	b := &booking{s: s, tx: tx, op: op}
	var err error
	if b.settings, err = settings(ctx, tx, op); err != nil {
		return 0, err
	}
	ids, products, warehouses := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, r := range found {
		ids[r.ID], products[r.ProductID], warehouses[r.WarehouseID] = true, true, true
	}
	if err := b.lock(ctx, reading{held: keys(ids), products: keys(products), warehouses: keys(warehouses)}); err != nil {
		return 0, err
	}
	var ended []*Reservation
	for _, id := range keys(ids) {
		r := b.facts.held[id]
		if r.State != Held {
			continue
		}
		shelf, err := b.plan.shelf(shelfKey{r.ProductID, r.WarehouseID})
		if err != nil {
			return 0, err
		}
		shelf.hold(-r.Open)
		r.Open, r.State, r.EndedAt = 0, state, tx.Now()
		ended = append(ended, r)
	}
	_, changed, _ := b.plan.changes()
	write := tx.Batch()
	tenancy.Set(write, changed, "reserved")
	tenancy.Set(write, ended, "open_quantity", "state", "ended_at")
	return len(ended), write.Run(ctx)
}
