package exchange

import (
	"context"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Service takes books out and in. It has no tables of its own: out, it reads accounting's; in, it goes through accounting's acts.
// It is safe for use by many goroutines.
type Service struct {
	db    *tenancy.DB
	books *accounting.Service
}

// New makes the service; books must be of the same database.
func New(db *tenancy.DB, books *accounting.Service) *Service { return &Service{db: db, books: books} }

// The permissions of this package's acts. Each vouches for what the act consists of: who may import need not be allowed to post,
// and who may export takes along what accounting.read shows a page at a time.
const (
	PermExport tenancy.Permission = "exchange.export" // everything that is written to a file
	PermImport tenancy.Permission = "exchange.import" // Import, DryRun and DraftBill
)

// export runs fn in a transaction that reads one state of the books, after the input was checked and it is on record that they leave
// the house.
func (s *Service) export(ctx context.Context, check func() error, fn func(ctx context.Context, tx *tenancy.Tx) error) error {
	record := func(_ context.Context, tx *tenancy.Tx) (bool, error) {
		if err := check(); err != nil {
			return false, err
		}
		return true, tx.RecordAct()
	}
	if _, err := tenancy.Act(ctx, s.db, PermExport, record); err != nil {
		return err
	}
	_, err := tenancy.View(ctx, s.db, PermExport, func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, fn(ctx, tx) })
	return err
}
