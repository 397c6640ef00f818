package accounting

import (
	"context"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateAccount adds an account to the chart. With a role it takes that role over from the account that has it.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.code_taken, accounting.role_type,
// accounting.books_not_open.
func (s *Service) CreateAccount(ctx context.Context, in NewAccount) (Account, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Account, error) {
		const op = "accounting.CreateAccount"
		if err := checkInput(op, "", in); err != nil {
			return Account{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Account{}, err
		}
		if set.findAccount(ByCode(in.Code)) != nil {
			return Account{}, ErrCodeTaken.New(op, "there is an account %s already", in.Code)
		}
		a := Account{Code: in.Code, Name: in.Name, Type: in.Type, Role: in.Role, Control: in.Control, Active: true, Monetary: in.Monetary, CreatedAt: tx.Now()}
		if c := roleControls[in.Role]; c != NoControl && a.Control == NoControl {
			a.Control = c
		}
		a.Monetary = a.Monetary || a.monetary()
		b := tx.Batch()
		if err := takeRole(op, set, b, &a); err != nil {
			return Account{}, err
		}
		if err := checkMonetary(op, &a); err != nil {
			return Account{}, err
		}
		tenancy.Put(b, []*Account{&a})
		tx.Forget(setupKey)
		return done(&a, b.Run(ctx))
	})
}

// checkMonetary refuses what cannot be revalued: the profit and loss, the accounts that a revaluation books to, and currency
// clearing, which holds of each currency what was given for the others and is zero in base.
func checkMonetary(op string, a *Account) error {
	of := a.Role == RoleReceivableValuation || a.Role == RolePayableValuation || a.Role == RoleCurrencyClearing
	if a.Monetary && (of || a.Type.Temporary()) {
		return ErrRoleType.New(op, "account %s is not monetary: it is of the profit and loss, or has the role %s", a.Code, a.Role)
	}
	return nil
}

// takeRole checks that the account can play its role, and takes the role from whoever has it.
func takeRole(op string, set *setup, b *tenancy.Batch, a *Account) error {
	if a.Control == ControlReceivable && a.Type != Asset || a.Control == ControlPayable && a.Type != Liability {
		return ErrRoleType.New(op, "receivables are an asset and payables a liability")
	}
	if a.Role == "" {
		return nil
	}
	if a.Type != roleTypes[a.Role] || a.Control != roleControls[a.Role] {
		return ErrRoleType.New(op, "account %s cannot have the role %s: it is of type %s", a.Code, a.Role, a.Type)
	}
	if old := set.findAccount(ByRole(a.Role)); old != nil && old.ID != a.ID {
		before := *old
		before.Role = ""
		tenancy.Set(b, []*Account{&before}, "role")
	}
	return nil
}

// UpdateAccount renames an account, moves a role to it, or opens and closes it for postings.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.unknown_account, accounting.role_type,
// accounting.role_needed (a role that an account has is taken from it by giving it to another).
func (s *Service) UpdateAccount(ctx context.Context, in AccountChange) (Account, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Account, error) {
		const op = "accounting.UpdateAccount"
		if err := checkInput(op, "", in); err != nil {
			return Account{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Account{}, err
		}
		there, err := set.account(op, "", ByID(in.ID))
		if err != nil {
			return Account{}, err
		}
		if there.Role != "" && (in.Role != there.Role || !in.Active) {
			return Account{}, ErrRoleNeeded.New(op, "account %s has the role %s: give it to another account first", there.Code, there.Role)
		}
		a := *there
		a.Name, a.Role, a.Active = in.Name, in.Role, in.Active
		if in.Monetary != nil {
			a.Monetary = *in.Monetary
		}
		a.Monetary = a.Monetary || a.monetary()
		if err := checkMonetary(op, &a); err != nil {
			return Account{}, err
		}
		b := tx.Batch()
		if err := takeRole(op, set, b, &a); err != nil {
			return Account{}, err
		}
		tenancy.Set(b, []*Account{&a}, "name", "role", "active", "monetary")
		tx.Forget(setupKey)
		return done(&a, b.Run(ctx))
	})
}

// GetAccount finds an account by role, code or id.
//
// Permission: accounting.read. Errors: accounting.unknown_account, accounting.books_not_open.
func (s *Service) GetAccount(ctx context.Context, ref AccountRef) (Account, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Account, error) {
		const op = "accounting.GetAccount"
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Account{}, err
		}
		a, err := set.account(op, "", ref)
		if err != nil {
			return Account{}, err
		}
		return *a, nil
	})
}

// ListAccounts gives a page of the chart, by code unless another sort (code, name, type) is asked for.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListAccounts(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Account], error) {
	return listPage[Account](ctx, s, page, "accounting.ListAccounts", []string{"code", "name", "type"})
}

// listPage is the common body of lists: only declared sorts, the first of which is the default. opts state the conditions of
// partial indexes.
func listPage[T any](ctx context.Context, s *Service, page tenancy.PageRequest, op string, sorts []string, opts ...tenancy.Option) (tenancy.PageOf[T], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[T], error) {
		if page.Sort == "" {
			page.Sort = sorts[0]
		}
		if name := page.Sort; !slices.Contains(sorts, name) && (name[0] != '-' || !slices.Contains(sorts, name[1:])) {
			return tenancy.PageOf[T]{}, ErrBadInput.New(op, "this list is sorted by %v, not by %q", sorts, name)
		}
		return tenancy.Page[T](ctx, tx, page, opts...)
	})
}
