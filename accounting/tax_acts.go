package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateTax adds a tax that lines can name, with its dated rates.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.code_taken, accounting.unknown_tax (a component),
// accounting.unknown_account, accounting.account_inactive, accounting.control_account, accounting.role_type (the account of
// tax owed is not a liability, or that of tax claimed not an asset).
func (s *Service) CreateTax(ctx context.Context, in NewTax) (Tax, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Tax, error) {
		const op = "accounting.CreateTax"
		in = in.withDefaults()
		if err := checkNewTax(op, &in); err != nil {
			return Tax{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Tax{}, err
		}
		if slices.ContainsFunc(set.taxes, func(t Tax) bool { return t.Code == in.Code }) {
			return Tax{}, ErrCodeTaken.New(op, "there is a tax %s already", in.Code)
		}
		t := Tax{Row: tenancy.Row{TenantID: tx.Scope().TenantID(), ID: tenancy.NewID()}, Code: in.Code, Name: in.Name, Kind: in.Kind, Reason: in.Reason,
			ReasonCode: in.ReasonCode, Recoverable: hundred.Sub(in.NotRecoverable), Due: in.Due, ReliefMonths: in.Relief.months(), ReliefSource: in.Relief.Source, Active: true}
		t.setBoxes(in.Boxes)
		if err := t.findAccounts(op, set, &in); err != nil {
			return Tax{}, err
		}
		if err := t.addParts(op, set, &in); err != nil {
			return Tax{}, err
		}
		b := changing(tx)
		tenancy.Put(b, []*Tax{&t})
		tenancy.Put(b, pointers(t.Rates))
		tenancy.Put(b, pointers(t.Components))
		return done(&t, b.Run(ctx))
	})
}

var hundred = decimal.NewFromInt(100)

func (in NewTax) withDefaults() NewTax {
	if in.Kind == "" {
		in.Kind = TaxStandard
	}
	if in.Due == "" {
		in.Due = TaxDueAtTaxPoint
	}
	if in.ReasonCode == "" {
		in.ReasonCode = in.Kind.reasonCode()
	}
	return in
}

// checkNewTax holds a new tax to what its kind allows.
func checkNewTax(op string, in *NewTax) error {
	if err := checkInput(op, "", in); err != nil {
		return err
	}
	bad := func(say string) error {
		return ErrBadInput.New(op, "%s: a tax of the kind %s %s", in.Code, in.Kind, say)
	}
	switch {
	case in.Kind.rated() && len(in.Rates) == 0:
		return bad("has at least one dated rate")
	case !in.Kind.rated() && len(in.Rates) > 0:
		return bad("has no rates")
	case in.Kind.reasoned() && in.Reason == "":
		return bad("needs a reason: the law wants it on the document")
	case !in.Kind.reasoned() && in.Reason+in.ReasonCode != "":
		return bad("has no reason why no tax is charged")
	case in.Kind == TaxZero && in.ReasonCode != "":
		return bad("has no code of the VATEX list (EN 16931, BR-Z-10)")
	case (in.Kind == TaxGroup) != (len(in.Components) > 0):
		return bad("has components if and only if it is a group")
	case in.NotRecoverable.GreaterThan(hundred):
		return bad("has at most 100 per cent that cannot be recovered")
	case in.Due == TaxDueOnPayment && !in.Kind.charged():
		return bad("is due on the tax point: only what is charged can wait for its payment")
	}
	for i := 1; i < len(in.Rates); i++ {
		if !in.Rates[i-1].From.Before(in.Rates[i].From) {
			return bad(fmt.Sprintf("has rates in the order of their dates: rate %d is not after rate %d", i+1, i))
		}
	}
	if wrong := in.Relief.check(in.Kind); wrong != "" {
		return bad(wrong)
	}
	return checkBoxes(op, in.Boxes)
}

// checkBoxes bounds the names of boxes.
func checkBoxes(op string, b TaxBoxes) error {
	for _, box := range []string{b.SaleBase, b.SaleTax, b.PurchaseBase, b.PurchaseTax, b.SelfBase, b.SelfTax, b.ReliefBase, b.ReliefTax} {
		if box != "" && !only(box, 1, 20, codeRune) {
			return ErrBadInput.New(op, "a box is named by 1 to 20 letters, digits, dots, dashes or underscores, not %q", box)
		}
	}
	return nil
}

// findAccounts finds where the tax is owed and claimed.
func (t *Tax) findAccounts(op string, set *setup, in *NewTax) error {
	owed, claim := RoleTax, RoleInputTax
	if t.Kind == TaxWithholding {
		owed, claim = RoleWithholdingOwed, RoleWithholdingClaim
	}
	a, err := set.ordinary(op, "", in.Account.orDefault(owed))
	if err != nil {
		return err
	}
	c, err := set.ordinary(op, "", in.Claim.orDefault(claim))
	if err != nil {
		return err
	}
	switch {
	case a.Type != Liability:
		return ErrRoleType.New(op, "tax is owed on a liability: account %s is none", a.Code)
	case c.Type != Asset:
		return ErrRoleType.New(op, "tax is claimed on an asset: account %s is none", c.Code)
	}
	t.AccountID, t.ClaimID = a.ID, c.ID
	return nil
}

// addParts makes the rates and components of a new tax.
func (t *Tax) addParts(op string, set *setup, in *NewTax) error {
	for _, r := range in.Rates {
		t.Rates = append(t.Rates, t.rate(r))
	}
	seen := map[string]bool{}
	for i, c := range in.Components {
		member, err := set.tax(op, fmt.Sprintf("component %d: ", i+1), c.Code)
		if err != nil {
			return err
		}
		switch {
		case member.Kind == TaxGroup:
			return ErrBadInput.New(op, "component %d: a group does not consist of groups", i+1)
		case seen[c.Code]:
			return ErrBadInput.New(op, "component %d: the group has %s already", i+1, c.Code)
		case c.OnEarlier && (i == 0 || !member.Kind.charged()):
			return ErrBadInput.New(op, "component %d: OnEarlier is for a charged tax that others precede", i+1)
		}
		seen[c.Code] = true
		t.Components = append(t.Components, TaxComponent{GroupID: t.ID, Seq: int64(i + 1), TaxID: member.ID, OnEarlier: c.OnEarlier})
	}
	return nil
}

func (t *Tax) rate(r NewTaxRate) TaxRate {
	return TaxRate{TaxID: t.ID, ValidFrom: r.From, Rate: r.Rate, Source: r.Source}
}

// ChangeTaxRate adds a rate from a day after all others'. Documents whose tax point is before that day keep the rate that
// is valid then, whenever they are issued.
//
// Permission: accounting.setup. Errors: accounting.bad_input (the day is not after the last rate's; the kind has no
// rates), accounting.books_not_open, accounting.unknown_tax.
func (s *Service) ChangeTaxRate(ctx context.Context, in TaxRateChange) (Tax, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Tax, error) {
		const op = "accounting.ChangeTaxRate"
		if err := checkInput(op, "", in); err != nil {
			return Tax{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Tax{}, err
		}
		known, err := set.tax(op, "", in.Code)
		if err != nil {
			return Tax{}, err
		}
		// The row is locked, so that of two callers one sees what the other added.
		t, err := tenancy.Lock[Tax](ctx, tx, known.ID)
		if err != nil {
			return Tax{}, err
		}
		if t.Rates, err = tenancy.Find[TaxRate](ctx, tx, tenancy.Eq("tax_id", t.ID), tenancy.OrderBy("valid_from")); err != nil {
			return Tax{}, err
		}
		switch n := len(t.Rates); {
		case !t.Kind.rated():
			return Tax{}, ErrBadInput.New(op, "a tax of the kind %s has no rates", t.Kind)
		case n > 0 && !t.Rates[n-1].ValidFrom.Before(in.From):
			return Tax{}, ErrBadInput.New(op, "From is not after %s, when the last rate of %s began", t.Rates[n-1].ValidFrom, t.Code)
		}
		r := t.rate(in.NewTaxRate)
		b := changing(tx)
		tenancy.Put(b, []*TaxRate{&r})
		t.Rates = append(t.Rates, r)
		return done(t, b.Run(ctx))
	})
}

// UpdateTax renames a tax, changes its boxes, or takes it out of use and back.
//
// Permission: accounting.setup. Errors: accounting.bad_input, tenancy.not_found.
func (s *Service) UpdateTax(ctx context.Context, in TaxChange) (Tax, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Tax, error) {
		const op = "accounting.UpdateTax"
		if err := checkInput(op, "", in); err != nil {
			return Tax{}, err
		}
		if err := checkBoxes(op, in.Boxes); err != nil {
			return Tax{}, err
		}
		t, err := tenancy.Lock[Tax](ctx, tx, in.ID)
		if err != nil {
			return Tax{}, err
		}
		t.Name, t.Active = in.Name, in.Active
		t.setBoxes(in.Boxes)
		b := changing(tx)
		tenancy.Set(b, []*Tax{t}, "name", "active", "box_sale_base", "box_sale_tax", "box_purchase_base", "box_purchase_tax", "box_self_base", "box_self_tax", "box_relief_base", "box_relief_tax")
		return done(t, b.Run(ctx))
	})
}

// ListTaxes gives all taxes by code, with their rates and components.
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

// fitTaxes gives every tax its rates and components.
func fitTaxes(taxes []Tax, rates []TaxRate, components []TaxComponent) {
	at := make(map[uuid.UUID]*Tax, len(taxes))
	for i := range taxes {
		at[taxes[i].ID] = &taxes[i]
	}
	for _, r := range rates {
		if t := at[r.TaxID]; t != nil {
			t.Rates = append(t.Rates, r)
		}
	}
	for _, c := range components {
		if t := at[c.GroupID]; t != nil {
			t.Components = append(t.Components, c)
		}
	}
}
