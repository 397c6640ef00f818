package pos

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// CreateRegisters adds up to [MaxBatch] registers and gives them back in order. A code that exists is not created again: the
// register is given back if it says the same.
//
// Permission: pos.setup. Errors: pos.bad_input, pos.too_many, pos.code_taken, pos.cash_account, inventory.not_configured,
// accounting.books_not_open, accounting.unknown_account, accounting.account_inactive, accounting.control_account,
// tenancy.not_found (the warehouse), accounting.dimension_needed (cash, cards and over/short are booked under the register's),
// accounting.unknown_dimension, accounting.dimension_inactive.
func (s *Service) CreateRegisters(ctx context.Context, in []NewRegister) ([]Register, error) {
	const op = "pos.CreateRegisters"
	return againstRivals(func() ([]Register, error) {
		return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) ([]Register, error) {
			codes, err := registerCodes(op, in)
			if err != nil || len(in) == 0 {
				return nil, err
			}
			known, err := tenancy.Find[Register](ctx, tx, tenancy.In("code", codes))
			if err != nil {
				return nil, err
			}
			byCode := map[string]*Register{}
			for i := range known {
				byCode[known[i].Code] = &known[i]
			}
			out := make([]Register, len(in))
			var added []*Register
			var drawers []*drawer
			stated, err := s.books.ReadDimensions(ctx, op, registerDimensions(in)...)
			if err != nil {
				return nil, err
			}
			for i, n := range in {
				what := fmt.Sprintf("register %d (%s)", i+1, n.Code)
				r, err := s.register(ctx, tx, op, what, n)
				if err != nil {
					return nil, err
				}
				if r.DimensionSetID, err = stated.Keep(what+": ", n.Dimensions); err != nil {
					return nil, err
				}
				r.Dimensions = n.Dimensions
				if byCode[n.Code] == nil {
					if _, err = stated.Hold(what+": ", n.Dimensions, r.drawerAccounts()...); err != nil {
						return nil, err
					}
				}
				if old := byCode[n.Code]; old == nil {
					byCode[n.Code], added = r, append(added, r)
					drawers = append(drawers, &drawer{RegisterID: r.ID})
				} else if !old.same(r) {
					return nil, ErrCodeTaken.New(op, "register %d: the code %s belongs to the register %q, which says otherwise", i+1, n.Code, old.Name)
				}
				out[i] = *byCode[n.Code]
				out[i].Dimensions = r.Dimensions
			}
			if err := stated.Record(ctx); err != nil {
				return nil, err
			}
			b := tx.Batch()
			tenancy.Put(b, added)
			tenancy.Put(b, drawers)
			return out, b.Run(ctx)
		})
	})
}

func registerDimensions(in []NewRegister) []accounting.Dimensions {
	out := make([]accounting.Dimensions, len(in))
	for i, n := range in {
		out[i] = n.Dimensions
	}
	return out
}

func registerCodes(op string, in []NewRegister) ([]string, error) {
	if len(in) > MaxBatch {
		return nil, ErrTooMany.New(op, "%d registers are more than the %d that one act takes", len(in), MaxBatch)
	}
	codes := make([]string, len(in))
	for i, n := range in {
		if err := checkInput(op, fmt.Sprintf("register %d", i+1), n); err != nil {
			return nil, err
		}
		codes[i] = n.Code
	}
	return codes, nil
}

// register is a new register with everything filled in that was left out.
func (s *Service) register(ctx context.Context, tx *tenancy.Tx, op, what string, n NewRegister) (*Register, error) {
	r := &Register{Code: n.Code, Name: n.Name, WarehouseID: n.WarehouseID, Country: n.Country, MaxHours: n.MaxHours, CreatedAt: tx.Now()}
	r.ID = tenancy.NewID()
	if r.MaxHours == 0 {
		r.MaxHours = defaultMaxHours
	}
	if r.WarehouseID == uuid.Nil {
		settings, err := s.stock.Settings(ctx)
		if err != nil {
			return nil, err
		}
		r.WarehouseID = settings.DefaultWarehouseID
	} else if _, err := s.stock.GetWarehouse(ctx, r.WarehouseID); err != nil {
		return nil, err
	}
	cash, err := s.postable(ctx, op, what, n.CashAccount, accounting.RoleCash)
	if err != nil {
		return nil, err
	}
	if cash.CashFlow != accounting.CashFlowCash {
		return nil, ErrCashAccount.New(op, "%s: account %s %s is %s in the statement of cash flows, which would miss the money of this drawer: make it %s with accounting.UpdateAccount",
			what, cash.Code, cash.Name, cash.CashFlow, accounting.CashFlowCash)
	}
	card, err := s.postable(ctx, op, what, n.CardAccount, accounting.RoleCardClearing)
	if err != nil {
		return nil, err
	}
	if r.CashAccountID, r.CardAccountID = cash.ID, card.ID; r.CashAccountID == r.CardAccountID {
		return nil, ErrBadInput.New(op, "%s: cash and cards are booked to different accounts", what)
	}
	return r, nil
}

// account is the id of what postable finds.
func (s *Service) account(ctx context.Context, op, what string, ref accounting.AccountRef, role accounting.Role) (uuid.UUID, error) {
	a, err := s.postable(ctx, op, what, ref, role)
	return a.ID, err
}

// postable is the account that a reference names, else the one with the role, if an entry may have it on a line without a
// party. Errors: accounting.unknown_account, accounting.account_inactive, accounting.control_account, accounting.tax_account.
func (s *Service) postable(ctx context.Context, op, what string, ref accounting.AccountRef, role accounting.Role) (accounting.Account, error) {
	if ref.IsZero() {
		ref = accounting.ByRole(role)
	}
	a, err := s.books.GetAccount(ctx, ref)
	switch {
	case err != nil:
		return a, err
	case !a.Active:
		return a, accounting.ErrAccountInactive.New(op, "%s: account %s %s takes no postings", what, a.Code, a.Name)
	case a.Control != accounting.NoControl:
		return a, accounting.ErrControlAccount.New(op, "%s: account %s %s is a control account: it is moved by the party's documents only", what, a.Code, a.Name)
	}
	// What holds tax is moved by tax alone, so that what is declared equals what is booked.
	taxes, err := s.books.ListTaxes(ctx)
	if err == nil && slices.ContainsFunc(taxes, func(t accounting.Tax) bool { return t.AccountID == a.ID || t.ClaimID == a.ID }) {
		err = accounting.ErrTaxAccount.New(op, "%s: account %s %s holds tax", what, a.Code, a.Name)
	}
	return a, err
}

// UpdateRegister renames a register, and sets how long its next sessions may be open and what they are analysed by. Permission:
// pos.setup. Errors: pos.bad_input, tenancy.not_found, accounting.dimension_needed, accounting.unknown_dimension,
// accounting.dimension_inactive.
func (s *Service) UpdateRegister(ctx context.Context, in RegisterChange) (Register, error) {
	const op = "pos.UpdateRegister"
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Register, error) {
		if err := checkInput(op, "register", in); err != nil {
			return Register{}, err
		}
		r, err := tenancy.Lock[Register](ctx, tx, in.ID)
		if err != nil {
			return Register{}, err
		}
		stated, err := s.books.ReadDimensions(ctx, op, in.Dimensions)
		if err != nil {
			return Register{}, err
		}
		r.Name, r.MaxHours, r.Dimensions = in.Name, in.MaxHours, in.Dimensions
		if r.DimensionSetID, err = stated.Hold("register "+r.Code+": ", in.Dimensions, r.drawerAccounts()...); err != nil {
			return Register{}, err
		}
		if err := stated.Record(ctx); err != nil {
			return Register{}, err
		}
		return *r, tenancy.Update(ctx, tx, r, "name", "max_hours", "dimension_set_id")
	})
}

// GetRegister reads one register. Permission: pos.read. Errors: tenancy.not_found.
func (s *Service) GetRegister(ctx context.Context, id uuid.UUID) (Register, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Register, error) {
		r, err := tenancy.Get[Register](ctx, tx, id)
		if err != nil {
			return Register{}, err
		}
		out := []Register{*r}
		err = s.spellRegisters(ctx, out)
		return out[0], err
	})
}

// ListRegisters reads a page of registers, by code unless the request sorts by another column. Permission: pos.read. Errors:
// tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListRegisters(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Register], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Register], error) {
		if page.Sort == "" {
			page.Sort = "code"
		}
		found, err := tenancy.Page[Register](ctx, tx, page)
		if err != nil {
			return found, err
		}
		return found, s.spellRegisters(ctx, found.Items)
	})
}
