package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetPayment reads a payment. What it paid stands in [Service.Allocations] of its id.
//
// Permission: accounting.read. Errors: tenancy.not_found.
func (s *Service) GetPayment(ctx context.Context, id uuid.UUID) (Payment, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Payment, error) {
		return done(tenancy.Get[Payment](ctx, tx, id))
	})
}

// ListPayments gives a page of payments, by date unless another sort (payment_date, posted_at) is asked for.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListPayments(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Payment], error) {
	return listPage[Payment](ctx, s, page, "accounting.ListPayments", []string{"payment_date", "posted_at"})
}

// PaymentsByReference finds payments by their outside numbers; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) PaymentsByReference(ctx context.Context, references []string) (map[string]Payment, error) {
	return byReference[Payment](ctx, s, "accounting.PaymentsByReference", references)
}
