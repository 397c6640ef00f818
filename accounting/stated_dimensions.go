package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// StatedDimensions are the combinations that one batch of another domain's documents names, read in one go, so that each is then held
// to accounts in memory, with the position of its line. It serves the transaction that it was read in.
//
// A document states dimensions long before they are booked: an order before its invoice, a ticket before its till is closed. What it
// lacks is refused when it states them, by [StatedDimensions.Hold]. From then on they stand, and are booked as they are: see AsStated
// in [NewEntry], [NewInvoice] and [NewBill].
type StatedDimensions struct {
	set  *setup
	book *dimensionBook
}

// ReadDimensions reads what there is of combinations that documents name; op is the act that refusals tell of. Where there are any it
// costs one round trip, and a second that locks the dimensions where one was never used: an act that locks goods as well reads first.
//
// Permission: accounting.post. Errors: accounting.books_not_open.
func (s *Service) ReadDimensions(ctx context.Context, op string, of ...Dimensions) (*StatedDimensions, error) {
	return tenancy.Act(ctx, s.db, PermPost, func(ctx context.Context, tx *tenancy.Tx) (*StatedDimensions, error) {
		book := newDimensionBook(op, tx)
		for _, d := range of {
			book.want(d)
		}
		var also func(*tenancy.Batch)
		if !book.none() {
			also = book.load
		}
		set, err := s.setup(ctx, tx, op, also)
		if err != nil {
			return nil, err
		}
		return &StatedDimensions{set: set, book: book}, book.complete(ctx)
	})
}

// Hold gives the id of a combination that was read, zero for none, after holding it to the dimensions that there are and to what the
// accounts require that it will be booked to. where begins the message of a refusal and says which line it is.
//
// Errors: accounting.dimension_needed, accounting.unknown_dimension, accounting.dimension_inactive, accounting.unknown_account.
func (d *StatedDimensions) Hold(where string, of Dimensions, accounts ...AccountRef) (uuid.UUID, error) {
	for _, ref := range accounts {
		account, err := d.set.account(d.book.op, where, ref)
		if err != nil {
			return uuid.Nil, err
		}
		if len(of) == 0 && d.set.derived(account) {
			continue
		}
		if err := d.book.needs(where, account, of); err != nil {
			return uuid.Nil, err
		}
	}
	if len(of) == 0 {
		return uuid.Nil, nil
	}
	return d.book.set(where, of)
}

// Keep is Hold for what was held to accounts before: it must have existed.
//
// Errors: accounting.unknown_dimension.
func (d *StatedDimensions) Keep(where string, of Dimensions) (uuid.UUID, error) {
	if len(of) == 0 {
		return uuid.Nil, nil
	}
	return d.book.asStated().set(where, of)
}

// Record stores the combinations that were never used before; rows that name them come after it. Where there are none it costs nothing.
func (d *StatedDimensions) Record(ctx context.Context) error {
	if len(d.book.fresh.sets) == 0 {
		return nil
	}
	b := d.book.tx.Batch()
	d.book.write(b)
	d.book.fresh.sets, d.book.fresh.parts = nil, nil
	return b.Run(ctx)
}

// SpellDimensions says which dimensions recorded combinations consist of, by id. Zero ids, and those that do not exist, are left out.
//
// Permission: accounting.read.
func (s *Service) SpellDimensions(ctx context.Context, sets []uuid.UUID) (map[uuid.UUID]Dimensions, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]Dimensions, error) {
		return spellOut(ctx, tx, append([]uuid.UUID(nil), sets...))
	})
}
