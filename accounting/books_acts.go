package accounting

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// OpenBooks begins a tenant's books: its base currency, the accounts of a chart template, the standard journals, and the
// first fiscal year with twelve open monthly periods and its number series. The same input again gives the books that
// are there. [ChartOwn] takes the accounts from the input.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.books_differ; for [ChartOwn] accounting.code_taken,
// accounting.role_type, accounting.roles_missing (all that are missing are named).
func (s *Service) OpenBooks(ctx context.Context, in NewBooks) (Books, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Books, error) {
		const op = "accounting.OpenBooks"
		if err := checkInput(op, "", in); err != nil {
			return Books{}, err
		}
		if in.YearStart.Day() > 28 {
			return Books{}, ErrBadInput.New(op, "YearStart must be a day from the 1st to the 28th")
		}
		chart, err := openingChart(op, in, tx)
		if err != nil {
			return Books{}, err
		}
		there, err := tenancy.Find[Books](ctx, tx)
		if err != nil {
			return Books{}, err
		}
		if len(there) > 0 {
			return sameBooks(ctx, tx, op, there[0], in)
		}
		books := &Books{Currency: in.Currency, Country: in.Country, Chart: in.Chart, YearStart: in.YearStart,
			RateMaxAgeDays: DefaultRateMaxAgeDays, OpenedAt: tx.Now(), Revision: tenancy.NewID()}
		b := tx.Batch()
		tenancy.Put(b, []*Books{books})
		tenancy.Put(b, chart)
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
		books.Revision = tenancy.NewID()
		tx.Forget(setupKey)
		return done(&books, tenancy.Update(ctx, tx, &books, "name", "address", "country", "tax_id", "revision"))
	})
}

// sameBooks answers a repeated opening. What has become of the accounts since is no difference, but that one of an own chart is
// not there at all, or is of another type.
func sameBooks(ctx context.Context, tx *tenancy.Tx, op string, there Books, in NewBooks) (Books, error) {
	if there.Currency != in.Currency || there.Chart != in.Chart || there.YearStart != in.YearStart || there.Country != in.Country {
		return Books{}, ErrBooksDiffer.New(op, "the books were opened on %s in %s with the chart %s for the country %q, and not on %s in %s with %s for %q",
			there.YearStart, there.Currency, there.Chart, there.Country, in.YearStart, in.Currency, in.Chart, in.Country)
	}
	if len(in.Accounts) == 0 {
		return there, nil
	}
	accounts, err := tenancy.Find[Account](ctx, tx)
	if err != nil {
		return Books{}, err
	}
	types := make(map[string]AccountType, len(accounts))
	for i := range accounts {
		types[accounts[i].Code] = accounts[i].Type
	}
	for i := range in.Accounts {
		if types[in.Accounts[i].Code] != in.Accounts[i].Type {
			return Books{}, ErrBooksDiffer.New(op, "the books have no account %s of type %s", in.Accounts[i].Code, in.Accounts[i].Type)
		}
	}
	return there, nil
}

// openingChart makes the accounts that books begin with, from a template or from the input.
func openingChart(op string, in NewBooks, tx *tenancy.Tx) ([]*Account, error) {
	if (in.Chart == ChartOwn) != (len(in.Accounts) > 0) {
		return nil, ErrBadInput.New(op, "Accounts are given with the chart %q, and with no other", ChartOwn)
	}
	given := in.Accounts
	for _, a := range charts[in.Chart] {
		given = append(given, NewAccount{Code: a.Code, Name: a.Name, Type: a.Type, Role: a.Role, CashFlow: in.Chart.CashFlow(a.Code), Distribution: in.Chart.Distribution(a.Code)})
	}
	out := make([]*Account, len(given))
	codes, roles := make(map[string]bool, len(given)), make(map[Role]bool, len(roleTypes))
	for i := range given {
		a := given[i].row()
		a.CreatedAt = tx.Now()
		switch {
		case codes[a.Code]:
			return nil, ErrCodeTaken.New(op, "account %d: the code %s stands twice in the chart", i+1, a.Code)
		case a.Role != "" && roles[a.Role]:
			return nil, ErrRoleType.New(op, "account %d: the role %s is given to two accounts", i+1, a.Role)
		}
		if err := a.checkRole(op, fmt.Sprintf("account %d: ", i+1)); err != nil {
			return nil, err
		}
		codes[a.Code], roles[a.Role], out[i] = true, true, &a
	}
	var missing []string
	for _, r := range Roles() {
		if !roles[r] {
			missing = append(missing, string(r))
		}
	}
	if len(missing) > 0 {
		return nil, ErrRolesMissing.New(op, "the chart has no account with these roles: %s", strings.Join(missing, ", "))
	}
	return out, nil
}

// UpdateBooks changes how old rates may be, how much may be written off, and how far a vendor's tax may be from ours.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.wrong_currency, accounting.books_not_open.
func (s *Service) UpdateBooks(ctx context.Context, in BooksChange) (Books, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Books, error) {
		const op = "accounting.UpdateBooks"
		if err := checkInput(op, "", in); err != nil {
			return Books{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Books{}, err
		}
		for _, limit := range []struct {
			name string
			money.Amount
		}{{"WriteOffLimit", in.WriteOffLimit}, {"TaxTolerance", in.TaxTolerance}} {
			switch {
			case limit.Minor < 0 || limit.Minor > maxMinor:
				return Books{}, ErrBadInput.New(op, "%s is not below zero, and within what the books hold", limit.name)
			case limit.Minor > 0 && limit.Currency != set.books.Currency:
				return Books{}, ErrWrongCurrency.New(op, "%s is not in the books' currency, %s", limit.name, set.books.Currency)
			}
		}
		books := set.books
		books.RateMaxAgeDays, books.WriteOffLimitMinor, books.TaxToleranceMinor = in.RateMaxAgeDays, in.WriteOffLimit.Minor, in.TaxTolerance.Minor
		books.Revision = tenancy.NewID()
		tx.Forget(setupKey)
		return done(&books, tenancy.Update(ctx, tx, &books, "rate_max_age_days", "write_off_limit_minor", "tax_tolerance_minor", "revision"))
	})
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
