package accounting

import (
	"context"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateTax adds a tax that invoice lines can name.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.code_taken, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.role_type (the account is not a liability).
func (s *Service) CreateTax(ctx context.Context, in NewTax) (Tax, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Tax, error) {
		const op = "accounting.CreateTax"
		if err := checkInput(op, "", in); err != nil {
			return Tax{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Tax{}, err
		}
		if slices.ContainsFunc(set.taxes, func(t Tax) bool { return t.Code == in.Code }) {
			return Tax{}, ErrCodeTaken.New(op, "there is a tax %s already", in.Code)
		}
		a, err := set.ordinary(op, "", in.Account.orDefault(RoleTax))
		if err != nil {
			return Tax{}, err
		}
		if a.Type != Liability {
			return Tax{}, ErrRoleType.New(op, "tax on sales is owed: account %s is not a liability", a.Code)
		}
		t := Tax{Code: in.Code, Name: in.Name, Rate: in.Rate, AccountID: a.ID, Active: true}
		b := changing(tx)
		tenancy.Put(b, []*Tax{&t})
		return done(&t, b.Run(ctx))
	})
}

// UpdateTax renames a tax, or takes it out of use and back.
//
// Permission: accounting.setup. Errors: accounting.bad_input, tenancy.not_found.
func (s *Service) UpdateTax(ctx context.Context, in TaxChange) (Tax, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Tax, error) {
		if err := checkInput("accounting.UpdateTax", "", in); err != nil {
			return Tax{}, err
		}
		t, err := tenancy.Lock[Tax](ctx, tx, in.ID)
		if err != nil {
			return Tax{}, err
		}
		t.Name, t.Active = in.Name, in.Active
		b := changing(tx)
		tenancy.Set(b, []*Tax{t}, "name", "active")
		return done(t, b.Run(ctx))
	})
}

// ListTaxes gives all taxes by code.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) ListTaxes(ctx context.Context) ([]Tax, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Tax, error) {
		set, err := s.setup(ctx, tx, "accounting.ListTaxes", nil)
		if err != nil {
			return nil, err
		}
		return slices.Clone(set.taxes), nil
	})
}
