package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateAccounts adds accounts to the chart, in the order given, or none. An account with a role takes it over from the one that
// has it.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.too_many, accounting.code_taken, accounting.role_type,
// accounting.control_account (the role of the stock account that inventory keeps), accounting.books_not_open.
func (s *Service) CreateAccounts(ctx context.Context, in []NewAccount) ([]Account, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) ([]Account, error) {
		const op = "accounting.CreateAccounts"
		if err := checkBatch(op, "accounts", len(in)); err != nil {
			return nil, err
		}
		for i := range in {
			if err := checkInput(op, fmt.Sprintf("account %d: ", i+1), in[i]); err != nil {
				return nil, err
			}
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return nil, err
		}
		out, rows, seen := make([]Account, len(in)), make([]*Account, len(in)), map[string]bool{}
		b := changing(tx)
		for i := range in {
			where := fmt.Sprintf("account %d: ", i+1)
			a := in[i].row()
			a.CreatedAt = tx.Now()
			if seen["code "+a.Code] || set.findAccount(ByCode(a.Code)) != nil {
				return nil, ErrCodeTaken.New(op, "%sthere is an account %s already", where, a.Code)
			}
			if a.Role != "" && seen["role "+string(a.Role)] {
				return nil, ErrRoleType.New(op, "%sthe role %s is given to two accounts", where, a.Role)
			}
			seen["code "+a.Code], seen["role "+string(a.Role)] = true, true
			out[i], rows[i] = a, &out[i]
			if err := takeRole(op, where, set, b, rows[i]); err != nil {
				return nil, err
			}
		}
		tenancy.Put(b, rows)
		return out, b.Run(ctx)
	})
}

// CreateAccount is CreateAccounts with one.
//
// Permission and errors: those of CreateAccounts.
func (s *Service) CreateAccount(ctx context.Context, in NewAccount) (Account, error) {
	out, err := s.CreateAccounts(ctx, []NewAccount{in})
	if err != nil {
		return Account{}, err
	}
	return out[0], nil
}

// row is what the input makes, but for its time. The roles receivable and payable bring their control.
func (in NewAccount) row() Account {
	a := Account{Code: in.Code, Name: in.Name, Type: in.Type, Role: in.Role, Control: in.Control, Active: true, Monetary: in.Monetary, CashFlow: in.CashFlow,
		Distribution: in.Distribution}
	if c := roleControls[in.Role]; c != NoControl && a.Control == NoControl {
		a.Control = c
	}
	a.Monetary = a.Monetary || a.monetary()
	if a.CashFlow == "" {
		a.CashFlow = a.cashFlow()
	}
	return a
}

// checkMonetary refuses what cannot be revalued: the profit and loss, the accounts that a revaluation books to, and currency
// clearing, which holds of each currency what was given for the others and is zero in base.
func checkMonetary(op string, a *Account) error {
	of := a.Role == RoleReceivableValuation || a.Role == RolePayableValuation || a.Role == RoleCurrencyClearing
	switch {
	case a.Monetary && a.Type.Temporary():
		return ErrRoleType.New(op, "account %s is not monetary: it is of the profit and loss", a.Code)
	case a.Monetary && of:
		return ErrRoleType.New(op, "account %s is not monetary: it has the role %s", a.Code, a.Role)
	}
	return nil
}

// checkRole refuses a role or a control that the account's type cannot have. Errors: accounting.role_type.
func (a *Account) checkRole(op, where string) error {
	if a.Control == ControlReceivable && a.Type != Asset || a.Control == ControlPayable && a.Type != Liability {
		return ErrRoleType.New(op, "%sreceivables are an asset and payables a liability", where)
	}
	if a.Role != "" && (!a.Role.takes(a.Type) || a.Control != roleControls[a.Role]) {
		return ErrRoleType.New(op, "%saccount %s cannot have the role %s: it is of type %s", where, a.Code, a.Role, a.Type)
	}
	if a.Distribution && (a.Type != Equity || a.Role != "") {
		return ErrRoleType.New(op, "%saccount %s is no distribution: that is equity without a role", where, a.Code)
	}
	if err := a.checkCashFlow(op, where); err != nil {
		return err
	}
	return checkMonetary(op, a)
}

// takeRole checks that the account can play its role, and takes the role from whoever has it.
func takeRole(op, where string, set *setup, b *tenancy.Batch, a *Account) error {
	if err := a.checkRole(op, where); err != nil || a.Role == "" {
		return err
	}
	if old := set.findAccount(ByRole(a.Role)); old != nil && old.ID != a.ID {
		if set.keptStock(old) {
			return ErrControlAccount.New(op, "%saccount %s %s keeps the role %s: the goods that inventory keeps stand on it", where, old.Code, old.Name, a.Role)
		}
		before := *old
		before.Role = ""
		tenancy.Set(b, []*Account{&before}, "role")
	}
	return nil
}

// UpdateAccount renames an account, moves a role to it, opens and closes it for postings, moves it in the statement of cash flows, or makes it a
// distribution.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.unknown_account, accounting.role_type, accounting.control_account,
// accounting.role_needed (a role that an account has is taken from it by giving it to another); what domains above refuse, such as
// bank.ledger_account and pos.cash_account (what holds their money stays cash).
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
		if in.Distribution != nil {
			a.Distribution = *in.Distribution
		}
		switch {
		case in.CashFlow != "":
			a.CashFlow = in.CashFlow
		case a.holdsCash():
			a.CashFlow = CashFlowCash
		}
		b := changing(tx)
		if err := takeRole(op, "", set, b, &a); err != nil {
			return Account{}, err
		}
		tenancy.Set(b, []*Account{&a}, "name", "role", "active", "monetary", "cash_flow", "distribution")
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
