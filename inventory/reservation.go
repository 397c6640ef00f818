package inventory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// ReservationState is what became of a reservation.
type ReservationState string

// The states of a reservation. It begins held and ends once, in one of the others.
const (
	// Held: some of it is still kept for whoever reserved it.
	Held ReservationState = "held"
	// Taken: issues took all of it.
	Taken ReservationState = "taken"
	// Released: what was not taken was let go, by an act.
	Released ReservationState = "released"
	// Expired: what was not taken was let go, because its time had passed.
	Expired ReservationState = "expired"
)

// Reservation keeps goods on hand for somebody: an ordinary issue cannot take them.
type Reservation struct {
	tenancy.Row
	// Reference is the caller's own key: reserving again with the same content reserves nothing. "" when none was given.
	Reference   string    `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string    `bun:"fingerprint,notnull" privacy:"none"`
	ProductID   uuid.UUID `bun:"product_id,notnull"`
	WarehouseID uuid.UUID `bun:"warehouse_id,notnull"`

	State ReservationState `bun:"state,notnull" privacy:"none"`
	// Quantity is what was reserved, Open what of it is still held, Taken what issues took.
	Quantity money.Quantity `bun:"quantity,notnull"`
	Open     money.Quantity `bun:"open_quantity,notnull"`
	Taken    money.Quantity `bun:"taken_quantity,notnull"`
	// ExpiresAt is when [Service.ExpireReservations] may let it go; zero is never.
	ExpiresAt time.Time `bun:"expires_at,nullzero"`
	// SourceModel and SourceID are the document that it was made for, such as an order.
	SourceModel string    `bun:"source_model,notnull" privacy:"none"`
	SourceID    uuid.UUID `bun:"source_id,nullzero"`
	CreatedAt   time.Time `bun:"created_at,notnull"`
	// EndedAt is when it was taken, released or expired.
	EndedAt time.Time `bun:"ended_at,nullzero"`

	// Replayed is true when the reference had been used before, with the same content, and this is that reservation.
	Replayed bool `bun:"-"`
}

// take gives a part of what is held to an issue.
func (r *Reservation) take(q money.Quantity, now time.Time) {
	r.Open -= q
	r.Taken += q
	if r.Open == 0 {
		r.State, r.EndedAt = Taken, now
	}
}

// NewReservation is the input of [Service.Reserve].
type NewReservation struct {
	// Reference is the caller's own key, unique per tenant: reserving the same again under it reserves nothing. Optional, but
	// without it a repeated call reserves twice.
	Reference string `validate:"reference"`
	// ProductID names goods.
	ProductID uuid.UUID `validate:"required"`
	// WarehouseID is where. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Quantity is how many, above zero and at most what is on hand and not reserved.
	Quantity money.Quantity `validate:"gt=0"`
	// ExpiresAt is when the goods may be let go; until [Service.ExpireReservations] has seen to it they stay held. Zero: never.
	ExpiresAt time.Time `validate:"-"`
	// Source is the document that it is made for. Optional.
	Source accounting.Source `validate:"-"`
}

// digest tells two inputs apart.
func (n NewReservation) digest(op string) (string, error) {
	n.Reference = ""
	n.ExpiresAt = n.ExpiresAt.UTC().Truncate(time.Microsecond) // as it is stored
	return digest(op, n)
}

// GetReservation reads one reservation. Permission: inventory.read. Errors: tenancy.not_found.
func (s *Service) GetReservation(ctx context.Context, id uuid.UUID) (Reservation, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Reservation, error) {
		r, err := tenancy.Get[Reservation](ctx, tx, id)
		if err != nil {
			return Reservation{}, err
		}
		return *r, nil
	})
}

// ListReservations reads a page of reservations of all states, in the order in which they were made unless the request sorts
// by another column. Permission: inventory.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListReservations(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Reservation], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Reservation], error) {
		return tenancy.Page[Reservation](ctx, tx, page)
	})
}
