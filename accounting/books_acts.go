package accounting

import (
	"context"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// OpenBooks begins a tenant's books: its base currency, the accounts of a chart template, the standard journals, and the
// first fiscal year with twelve open monthly periods and its number series. The same input again gives the books that
// are there.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.books_differ.
func (s *Service) OpenBooks(ctx context.Context, in NewBooks) (Books, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Books, error) {
		const op = "accounting.OpenBooks"
		if err := checkInput(op, "", in); err != nil {
			return Books{}, err
		}
		if in.YearStart.Day() > 28 {
			return Books{}, ErrBadInput.New(op, "YearStart must be a day from the 1st to the 28th")
		}
		there, err := tenancy.Find[Books](ctx, tx)
		if err != nil {
			return Books{}, err
		}
		if len(there) > 0 {
			return sameBooks(op, there[0], in)
		}
		books := &Books{Currency: in.Currency, Country: in.Country, Chart: in.Chart, YearStart: in.YearStart, OpenedAt: tx.Now()}
		b := tx.Batch()
		tenancy.Put(b, []*Books{books})
		tenancy.Put(b, chartAccounts(in.Chart, tx))
		journals := make([]*Journal, len(standardJournals))
		for i, j := range standardJournals {
			journals[i] = &Journal{Code: j.Code, Name: j.Name}
		}
		tenancy.Put(b, journals)
		putFiscalYear(b, tx, in.YearStart)
		tx.Forget(setupKey)
		return done(books, b.Run(ctx))
	})
}

// DescribeBusiness sets the name, address, country and tax id of the tenant's own business. Documents take a copy when they are
// issued or recorded; those of before keep theirs.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.books_not_open.
func (s *Service) DescribeBusiness(ctx context.Context, in Business) (Books, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Books, error) {
		const op = "accounting.DescribeBusiness"
		if err := checkInput(op, "", in); err != nil {
			return Books{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Books{}, err
		}
		books := set.books
		books.Name, books.Address, books.Country, books.TaxID = in.Name, strings.Join(in.Address, "\n"), in.Country, in.TaxID
		tx.Forget(setupKey)
		return done(&books, tenancy.Update(ctx, tx, &books, "name", "address", "country", "tax_id"))
	})
}

func sameBooks(op string, there Books, in NewBooks) (Books, error) {
	if there.Currency != in.Currency || there.Chart != in.Chart || there.YearStart != in.YearStart || there.Country != in.Country {
		return Books{}, ErrBooksDiffer.New(op, "the books were opened on %s in %s with the chart %s", there.YearStart, there.Currency, there.Chart)
	}
	return there, nil
}

func chartAccounts(chart Chart, tx *tenancy.Tx) []*Account {
	accounts := make([]*Account, len(charts[chart]))
	for i, a := range charts[chart] {
		accounts[i] = &Account{Code: a.Code, Name: a.Name, Type: a.Type, Role: a.Role, Control: roleControls[a.Role], Active: true, CreatedAt: tx.Now()}
	}
	return accounts
}

// GetBooks reads the settings of the tenant's books.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) GetBooks(ctx context.Context) (Books, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Books, error) {
		set, err := s.setup(ctx, tx, "accounting.GetBooks", nil)
		if err != nil {
			return Books{}, err
		}
		return set.books, nil
	})
}
