package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// TaxEntriesOf reads what an entry declares, tax by tax: of a document, of tax that became due, of a discount, of an advance or of a
// bad debt. It is empty where the entry declares nothing.
//
// Permission: accounting.read.
func (s *Service) TaxEntriesOf(ctx context.Context, entryID uuid.UUID) ([]TaxEntry, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]TaxEntry, error) {
		return tenancy.Find[TaxEntry](ctx, tx, tenancy.Eq("entry_id", entryID), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	})
}
