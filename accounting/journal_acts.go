package accounting

import (
	"context"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateJournal adds a book of first entry beside the standard ones.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.code_taken, accounting.books_not_open.
func (s *Service) CreateJournal(ctx context.Context, in NewJournal) (Journal, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Journal, error) {
		const op = "accounting.CreateJournal"
		if err := checkInput(op, "", in); err != nil {
			return Journal{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Journal{}, err
		}
		if _, err := set.journal(op, "", in.Code); err == nil {
			return Journal{}, ErrCodeTaken.New(op, "there is a journal %s already", in.Code)
		}
		j := Journal{Code: in.Code, Name: in.Name}
		b := changing(tx)
		tenancy.Put(b, []*Journal{&j})
		return done(&j, b.Run(ctx))
	})
}

// ListJournals gives all journals by code.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) ListJournals(ctx context.Context) ([]Journal, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Journal, error) {
		set, err := s.setup(ctx, tx, "accounting.ListJournals", nil)
		if err != nil {
			return nil, err
		}
		return slices.Clone(set.journals), nil
	})
}
