package ending

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
)

// Outlook is what the owner of a tenant whose service has ended has to expect.
type Outlook struct {
	// EndedAt is the end of service, PurgeAfter when the data go, unless Held: a legal hold keeps them.
	EndedAt    time.Time
	PurgeAfter time.Time
	Held       bool
	// TakenOut is whether and when an archive was delivered, or waived.
	TakenOut certificate.TakenOut
	// Notices are those that were told or are to be told, in order.
	Notices []certificate.Notice
}

// Outlook tells the owner of a tenant whose service has ended how long the data are kept and what became of the right to take them out. It works while the tenant is closed.
//
// Permission: tenancy.own. Errors: the unscoped codes, tenancy.forbidden, ending.not_ended, ending.no_platform.
func (s *Service) Outlook(ctx context.Context) (Outlook, error) {
	const op = "ending.Outlook"
	at, err := s.standing(ctx, op)
	if err != nil {
		return Outlook{}, err
	}
	h, err := s.mustEnter(ctx, op, "outlook")
	if err != nil {
		return Outlook{}, err
	}
	of := tenancy.ScopeOf(ctx).TenantID()
	out := Outlook{EndedAt: at.EndsAt, PurgeAfter: at.PurgeAfter}
	holds, err := s.holds(h, of)
	if err != nil {
		return Outlook{}, err
	}
	out.Held = len(holds) > 0
	if out.TakenOut, _, err = s.takenOut(h, of, at.EndsAt); err == nil {
		out.Notices, err = s.notices(h, of, at.EndsAt)
	}
	return out, err
}

// standing is where the scope's tenant stands, for its owner, once its service has ended.
func (s *Service) standing(ctx context.Context, op string) (tenancy.Standing, error) {
	at, err := s.db.Life().Standing(ctx)
	if err == nil && at.State != tenancy.StateCancelled {
		err = ErrNotEnded.New(op, "")
	}
	return at, err
}

func (s *Service) mustEnter(ctx context.Context, op, work string) (*house, error) {
	h, err := s.enter(ctx, work)
	if err == nil && h == nil {
		err = ErrNoPlatform.New(op, "")
	}
	return h, err
}

// notices are those of one end of service, in the order in which they were due.
func (s *Service) notices(h *house, of uuid.UUID, ends time.Time) ([]certificate.Notice, error) {
	rows, err := tenancy.View(h.inside, s.db, PermWork, func(ctx context.Context, tx *tenancy.Tx) ([]noticeRow, error) {
		return tenancy.Find[noticeRow](ctx, tx, tenancy.Eq("of_tenant", of), tenancy.Eq("ends_at", ends), tenancy.OrderBy("due_at", "id"))
	})
	out := make([]certificate.Notice, len(rows))
	for i, r := range rows {
		out[i] = certificate.Notice{Kind: r.Kind, Day: r.Day, DueAt: r.DueAt.UTC()}
		if r.Outcome == told {
			out[i].ToldAt = r.ToldAt.UTC()
		}
	}
	return out, err
}

// Delivery is an archive that was handed over.
type Delivery struct {
	ID        uuid.UUID
	TenantID  uuid.UUID
	Reference string
	// Root is the archive's: it is emptied when the tenant's deletion is certified.
	Root        string
	Bytes       int64
	DeliveredAt time.Time
	// DeliveredTo is the opaque id of who took it, RecordedBy of who wrote that down.
	DeliveredTo string
	RecordedBy  string

	// Replayed says that the reference had been used before for the same, and nothing was done now.
	Replayed bool
}

func (r *deliveryRow) delivery() Delivery {
	return Delivery{ID: r.ID, TenantID: r.OfTenant, Reference: r.Reference, Root: r.Root, Bytes: r.Bytes, DeliveredAt: r.DeliveredAt.UTC(), DeliveredTo: r.DeliveredTo, RecordedBy: r.RecordedBy}
}

// counting counts what goes through.
type counting struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counting) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// TakeOut writes an archive of everything that the tenant has to w ([Options].Archive), and records with the platform that the owner has it. Each call is a
// delivery of its own. What w has when an error is returned is no archive; where it was written whole and could not be recorded, the owner takes another.
//
// Permission: ending.take_out, tenancy.own and what Archive asks for (privacy.export). Errors: the unscoped codes, tenancy.forbidden, ending.not_ended (take it
// with [privacy.Service.Export]), ending.no_platform, and those of Archive and w.
func (s *Service) TakeOut(ctx context.Context, w io.Writer) (Delivery, error) {
	const op = "ending.TakeOut"
	at, err := s.standing(ctx, op)
	if err != nil {
		return Delivery{}, err
	}
	if w == nil {
		return Delivery{}, ErrBadInput.New(op, "there is nowhere to write to")
	}
	if err := s.onRecord(ctx, PermTakeOut); err != nil {
		return Delivery{}, err
	}
	h, err := s.mustEnter(ctx, op, "take_out")
	if err != nil {
		return Delivery{}, err
	}
	c := &counting{w: w}
	root, err := s.opt.Archive(ctx, c)
	if err != nil {
		return Delivery{}, err
	}
	who := tenancy.ScopeOf(ctx)
	row := &deliveryRow{Row: tenancy.Row{ID: tenancy.NewID()}, OfTenant: who.TenantID(), EndsAt: at.EndsAt, Root: root, Bytes: c.n, DeliveredAt: s.db.Now(), DeliveredTo: who.Actor(), RecordedBy: who.Actor()}
	row.Reference = "take-out-" + row.ID.String()
	_, err = tenancy.Act(h.inside, s.db, PermTakeOut, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		return struct{}{}, tenancy.Insert(ctx, tx, row)
	})
	return row.delivery(), err
}

// onRecord asks for a permission in the tenant's scope and leaves the act in its trail, closed as the tenant is.
func (s *Service) onRecord(ctx context.Context, act tenancy.Permission) error {
	_, err := tenancy.Act(ctx, s.db, act, func(_ context.Context, tx *tenancy.Tx) (struct{}, error) { return struct{}{}, tx.RecordAct() })
	return err
}

// NewDelivery is the input of [Service.RecordDelivery].
type NewDelivery struct {
	TenantID uuid.UUID
	// Reference is the idempotency key, and what leads to the proof: a receipt, a ticket; 1 to 200 characters, and no text about a person.
	Reference string
	// Root is that of the archive's manifest, 64 hexadecimal digits; Bytes its size.
	Root  string
	Bytes int64
	// DeliveredTo is the opaque id of who received it, as audit trails have it.
	DeliveredTo string
}

// RecordDelivery records that the owner of a tenant whose service has ended was handed an archive by other means than [Service.TakeOut]. It is an act in the platform's own tenant.
//
// The same reference again gives the same delivery. Permission: ending.deliver. Errors: ending.not_platform, ending.bad_input, ending.not_ended,
// ending.reference_taken, tenancy.not_found.
func (s *Service) RecordDelivery(ctx context.Context, in NewDelivery) (Delivery, error) {
	const op = "ending.RecordDelivery"
	actor, err := tenancy.View(ctx, s.db, PermDeliver, func(_ context.Context, tx *tenancy.Tx) (string, error) {
		if !tx.Scope().OfPlatform() {
			return "", ErrNotPlatform.New(op, "")
		}
		if !plainReference.MatchString(in.Reference) || !hexRoot.MatchString(in.Root) || in.Bytes < 1 || !plainActor.MatchString(in.DeliveredTo) {
			return "", ErrBadInput.New(op, "a delivery has a reference of at most 200 letters, digits and . _ : / -, a root of 64 hexadecimal digits, a size, and the opaque id of who received it")
		}
		return tx.Scope().Actor(), nil
	})
	if err != nil {
		return Delivery{}, err
	}
	h, err := s.mustEnter(ctx, op, "deliver")
	if err != nil {
		return Delivery{}, err
	}
	t, err := s.db.Tenants().Get(h.platform, in.TenantID)
	if err == nil && t.State != tenancy.StateCancelled {
		err = ErrNotEnded.New(op, "")
	}
	if err != nil {
		return Delivery{}, err
	}
	row := &deliveryRow{Row: tenancy.Row{ID: tenancy.NewID()}, OfTenant: t.ID, EndsAt: t.EndsAt, Reference: in.Reference, Root: in.Root, Bytes: in.Bytes, DeliveredTo: in.DeliveredTo, RecordedBy: actor}
	var out Delivery
	err = again(ctx, func() (err error) {
		out, err = tenancy.Act(ctx, s.db, PermDeliver, func(ctx context.Context, tx *tenancy.Tx) (Delivery, error) {
			done, err := tenancy.First[deliveryRow](ctx, tx, tenancy.Eq("of_tenant", t.ID), tenancy.Eq("reference", in.Reference))
			if err == nil {
				if done.Root != in.Root || done.Bytes != in.Bytes || done.DeliveredTo != in.DeliveredTo || !done.EndsAt.Equal(t.EndsAt) {
					return Delivery{}, ErrReferenceTaken.New(op, "%q", in.Reference)
				}
				out := done.delivery()
				out.Replayed = true
				return out, nil
			}
			if !tenancy.IsNotFound(err) {
				return Delivery{}, err
			}
			row.DeliveredAt = tx.Now()
			return row.delivery(), tenancy.Insert(ctx, tx, row)
		})
		return err
	})
	return out, err
}

// Deliveries lists the archives of a tenant that were recorded as delivered, the oldest first. It is an act in the platform's own tenant.
//
// Permission: ending.read. Errors: ending.not_platform.
func (s *Service) Deliveries(ctx context.Context, tenant uuid.UUID) ([]Delivery, error) {
	rows, err := list[deliveryRow](ctx, s, "ending.Deliveries", tenancy.Eq("of_tenant", tenant), tenancy.OrderBy("delivered_at", "id"))
	out := make([]Delivery, len(rows))
	for i := range rows {
		out[i] = rows[i].delivery()
	}
	return slices.Clip(out), err
}

// list reads rows of the platform's own tenant, in its scope.
func list[T any](ctx context.Context, s *Service, op string, opts ...tenancy.Option) ([]T, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]T, error) {
		if !tx.Scope().OfPlatform() {
			return nil, ErrNotPlatform.New(op, "")
		}
		return tenancy.Find[T](ctx, tx, opts...)
	})
}
