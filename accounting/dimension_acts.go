package accounting

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// CreateDimension adds a dimension, without values.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.code_taken.
func (s *Service) CreateDimension(ctx context.Context, in NewDimension) (Dimension, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Dimension, error) {
		const op = "accounting.CreateDimension"
		if err := checkInput(op, "", in); err != nil {
			return Dimension{}, err
		}
		taken, err := tenancy.Exists[Dimension](ctx, tx, tenancy.Eq("code", in.Code))
		if err != nil {
			return Dimension{}, err
		}
		if taken {
			return Dimension{}, ErrCodeTaken.New(op, "there is a dimension %s already", in.Code)
		}
		d := Dimension{Code: in.Code, Name: in.Name, Active: true, CreatedAt: tx.Now()}
		return done(&d, tenancy.Insert(ctx, tx, &d))
	})
}

// UpdateDimension renames a dimension, or closes and opens it for postings. What was posted with it stays in every report.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.unknown_dimension, accounting.role_needed (an account
// requires it).
func (s *Service) UpdateDimension(ctx context.Context, in DimensionChange) (Dimension, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Dimension, error) {
		const op = "accounting.UpdateDimension"
		if err := checkInput(op, "", in); err != nil {
			return Dimension{}, err
		}
		d, err := findDimension(ctx, tx, op, in.Code)
		if err != nil {
			return Dimension{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Dimension{}, err
		}
		for i := range set.accounts {
			if a := &set.accounts[i]; !in.Active && slices.Contains(a.requires(), d.Code) {
				return Dimension{}, ErrRoleNeeded.New(op, "account %s %s requires the dimension %s", a.Code, a.Name, d.Code)
			}
		}
		d.Name, d.Active = in.Name, in.Active
		return done(&d, tenancy.Update(ctx, tx, &d, "name", "active"))
	})
}

func findDimension(ctx context.Context, tx *tenancy.Tx, op, code string) (Dimension, error) {
	rows, err := tenancy.Find[Dimension](ctx, tx, tenancy.Eq("code", code))
	if err != nil {
		return Dimension{}, err
	}
	if len(rows) == 0 {
		return Dimension{}, ErrUnknownDimension.New(op, "there is no dimension %s", code)
	}
	return rows[0], nil
}

// SetDimensionValues adds values to a dimension and changes those that are there, all or none. Values that are not named stay as
// they are; none is ever removed.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.too_many, accounting.unknown_dimension.
func (s *Service) SetDimensionValues(ctx context.Context, dimension string, in []NewDimensionValue) ([]DimensionValue, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) ([]DimensionValue, error) {
		const op = "accounting.SetDimensionValues"
		if err := checkBatch(op, "values", len(in)); err != nil {
			return nil, err
		}
		codes := make([]string, len(in))
		for i := range in {
			if err := checkInput(op, fmt.Sprintf("value %d: ", i+1), in[i]); err != nil {
				return nil, err
			}
			if slices.Contains(codes[:i], in[i].Code) {
				return nil, ErrBadInput.New(op, "value %d: %s stands in the list twice", i+1, in[i].Code)
			}
			codes[i] = in[i].Code
		}
		d, err := findDimension(ctx, tx, op, dimension)
		if err != nil || len(in) == 0 {
			return nil, err
		}
		var there []DimensionValue
		b := tx.Batch()
		tenancy.Load(b, &there, tenancy.Eq("dimension_id", d.ID), tenancy.In("code", codes), tenancy.ForUpdate())
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		rows, added, changed := make([]*DimensionValue, len(in)), []*DimensionValue(nil), []*DimensionValue(nil)
		for i := range in {
			if j := slices.IndexFunc(there, func(v DimensionValue) bool { return v.Code == in[i].Code }); j >= 0 {
				rows[i] = &there[j]
				rows[i].Name, rows[i].Active = in[i].Name, !in[i].Inactive
				changed = append(changed, rows[i])
				continue
			}
			rows[i] = &DimensionValue{DimensionID: d.ID, Code: in[i].Code, Name: in[i].Name, Active: !in[i].Inactive, CreatedAt: tx.Now()}
			added = append(added, rows[i])
		}
		b = tx.Batch()
		tenancy.Put(b, added)
		tenancy.Set(b, changed, "name", "active")
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		out := make([]DimensionValue, len(rows))
		for i, v := range rows {
			out[i] = *v
		}
		return out, nil
	})
}

// RequireDimensions says which dimensions every line on an account names from now on; none takes the requirement away. What was
// posted before stays, and can be reversed. Accounts that acts of this package book to on their own (control accounts, accounts that
// hold tax, and the roles of exchange, revaluation and rounding) cannot require any, for these acts know none. On other accounts
// what nobody can name the dimensions of is booked without: README.md says of each kind of derived entry how it is. What other domains'
// documents stated before (orders, tickets, goods to be posted with their group) is booked as it was stated.
//
// Permission: accounting.setup. Errors: accounting.unknown_account, accounting.role_type, accounting.unknown_dimension,
// accounting.dimension_inactive.
func (s *Service) RequireDimensions(ctx context.Context, account AccountRef, dimensions []string) (Account, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Account, error) {
		const op = "accounting.RequireDimensions"
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Account{}, err
		}
		there, err := set.account(op, "", account)
		if err != nil {
			return Account{}, err
		}
		if len(dimensions) > 0 && set.derived(there) {
			return Account{}, ErrRoleType.New(op, "account %s %s is booked to by acts that know no dimensions", there.Code, there.Name)
		}
		codes := slices.Compact(slices.Sorted(slices.Values(dimensions)))
		for _, code := range codes {
			d, err := findDimension(ctx, tx, op, code)
			if err != nil {
				return Account{}, err
			}
			if !d.Active {
				return Account{}, ErrDimensionInactive.New(op, "the dimension %s takes no postings", code)
			}
		}
		a := *there
		a.RequiredDimensions = strings.Join(codes, ",")
		b := changing(tx)
		tenancy.Set(b, []*Account{&a}, "required_dimensions")
		return done(&a, b.Run(ctx))
	})
}

// requires lists the dimensions that lines on the account name.
func (a *Account) requires() []string {
	if a.RequiredDimensions == "" {
		return nil
	}
	return strings.Split(a.RequiredDimensions, ",")
}

// ListDimensions gives all dimensions by code.
//
// Permission: accounting.read.
func (s *Service) ListDimensions(ctx context.Context) ([]Dimension, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Dimension, error) {
		return tenancy.Find[Dimension](ctx, tx, tenancy.OrderBy("code"))
	})
}

// ListDimensionValues gives all values of a dimension by code.
//
// Permission: accounting.read. Errors: accounting.unknown_dimension.
func (s *Service) ListDimensionValues(ctx context.Context, dimension string) ([]DimensionValue, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]DimensionValue, error) {
		d, err := findDimension(ctx, tx, "accounting.ListDimensionValues", dimension)
		if err != nil {
			return nil, err
		}
		return tenancy.Find[DimensionValue](ctx, tx, tenancy.Eq("dimension_id", d.ID), tenancy.OrderBy("code"))
	})
}

// spellOut gives the dimensions of sets.
func spellOut(ctx context.Context, tx *tenancy.Tx, sets []uuid.UUID) (map[uuid.UUID]Dimensions, error) {
	out := map[uuid.UUID]Dimensions{}
	if sets = slices.DeleteFunc(unique(sets), func(id uuid.UUID) bool { return id == uuid.Nil }); len(sets) == 0 {
		return out, nil
	}
	type row struct {
		SetID     uuid.UUID `bun:"set_id"`
		Dimension string    `bun:"dimension"`
		Value     string    `bun:"value"`
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT s.set_id, d.code AS dimension, v.code AS value FROM {dimension_set_values} AS s
		JOIN {dimensions} AS d ON d.id = s.dimension_id JOIN {dimension_values} AS v ON v.id = s.value_id WHERE s.set_id IN (?)`, tenancy.List(sets))
	for _, r := range rows {
		if out[r.SetID] == nil {
			out[r.SetID] = Dimensions{}
		}
		out[r.SetID][r.Dimension] = r.Value
	}
	return out, err
}
