package accounting

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Tax is what a line's TaxCode names: how a supply is treated, at which rate from which day, where the tax is booked and in
// which boxes of the return it is declared. Documents keep the rate that they were issued under.
type Tax struct {
	tenancy.Row
	// Code is what lines name: "S20".
	Code string  `bun:"code" privacy:"none"`
	Name string  `bun:"name" privacy:"none"`
	Kind TaxKind `bun:"kind" privacy:"none"`
	// Reason says why no tax is charged (EN 16931 BT-120); ReasonCode is its code of the VATEX list (BT-121), or "".
	Reason     string `bun:"reason" privacy:"none"`
	ReasonCode string `bun:"reason_code" privacy:"none"`
	// AccountID is the liability that tax owed to the state is booked to, ClaimID the asset for tax claimed from it.
	AccountID uuid.UUID `bun:"account_id"`
	ClaimID   uuid.UUID `bun:"claim_id"`
	// Recoverable is how much of the tax on purchases can be claimed, in percent. The rest goes where its line goes.
	Recoverable decimal.Decimal `bun:"recoverable"`
	// Due is when the tax of a document is owed or can be claimed.
	Due TaxDue `bun:"due" privacy:"none"`
	// The boxes of the return, as in [TaxBoxes].
	BoxSaleBase     string `bun:"box_sale_base" privacy:"none"`
	BoxSaleTax      string `bun:"box_sale_tax" privacy:"none"`
	BoxPurchaseBase string `bun:"box_purchase_base" privacy:"none"`
	BoxPurchaseTax  string `bun:"box_purchase_tax" privacy:"none"`
	BoxSelfBase     string `bun:"box_self_base" privacy:"none"`
	BoxSelfTax      string `bun:"box_self_tax" privacy:"none"`
	// BoxReliefBase and BoxReliefTax are where relief for bad debts is claimed; "" takes it off the boxes of the sale.
	BoxReliefBase string `bun:"box_relief_base" privacy:"none"`
	BoxReliefTax  string `bun:"box_relief_tax" privacy:"none"`
	// ReliefMonths is after how many months a debt that is not paid gives relief; [NoRelief] where it gives none.
	ReliefMonths int64  `bun:"relief_months"`
	ReliefSource string `bun:"relief_source" privacy:"none"`
	Active       bool   `bun:"active"`

	// Rates are the dated rates, oldest first; none where the kind has none.
	Rates []TaxRate `bun:"-"`
	// Components are the taxes that a [TaxGroup] consists of, in order.
	Components []TaxComponent `bun:"-"`
}

// TaxRate is what a tax comes to from a day on, until the next rate begins. It never changes.
type TaxRate struct {
	tenancy.Row
	TaxID     uuid.UUID `bun:"tax_id"`
	ValidFrom date.Date `bun:"valid_from"`
	// Rate is in percent: 20 is 20 %. At most four decimals.
	Rate decimal.Decimal `bun:"rate"`
	// Source is the law that says so: "VATA 1994 s. 2(1)".
	Source string `bun:"source" privacy:"none"`
}

// TaxComponent is one tax of a [TaxGroup].
type TaxComponent struct {
	tenancy.Owned
	GroupID uuid.UUID `bun:"group_id,pk"`
	Seq     int64     `bun:"seq,pk"` // 1, 2, 3 ...
	TaxID   uuid.UUID `bun:"tax_id"`
	// OnEarlier is set where the tax is computed on the net amount plus the components before it, else on the net amount alone.
	OnEarlier bool `bun:"on_earlier"`
}

// TaxBoxes says in which boxes of the return a tax is declared; "" is none. A box is the host's word for it: "1", "Kz81".
type TaxBoxes struct {
	SaleBase, SaleTax         string // what is sold, and the tax charged (or, of a withholding, suffered)
	PurchaseBase, PurchaseTax string // what is bought, and the tax claimed (or, of a withholding, withheld)
	SelfBase, SelfTax         string // what is bought under reverse charge or within the community, and the tax owed on it
	ReliefBase, ReliefTax     string // bad debts, where relief is claimed and not taken off the sale (see [Service.RelieveBadDebts])
}

// Boxes are the boxes that the tax is declared in.
func (t *Tax) Boxes() TaxBoxes {
	return TaxBoxes{t.BoxSaleBase, t.BoxSaleTax, t.BoxPurchaseBase, t.BoxPurchaseTax, t.BoxSelfBase, t.BoxSelfTax, t.BoxReliefBase, t.BoxReliefTax}
}

func (t *Tax) setBoxes(b TaxBoxes) {
	t.BoxSaleBase, t.BoxSaleTax, t.BoxPurchaseBase = b.SaleBase, b.SaleTax, b.PurchaseBase
	t.BoxPurchaseTax, t.BoxSelfBase, t.BoxSelfTax = b.PurchaseTax, b.SelfBase, b.SelfTax
	t.BoxReliefBase, t.BoxReliefTax = b.ReliefBase, b.ReliefTax
}

// RateOn is the rate on a day, in percent; ok is false before the first rate. A kind without rates is at zero on every day.
func (t *Tax) RateOn(on date.Date) (rate decimal.Decimal, ok bool) {
	if !t.Kind.rated() {
		return decimal.Zero, true
	}
	for i := len(t.Rates) - 1; i >= 0; i-- {
		if !on.Before(t.Rates[i].ValidFrom) {
			return t.Rates[i].Rate, true
		}
	}
	return decimal.Zero, false
}

// NewTax is the input of [Service.CreateTax].
type NewTax struct {
	Code string `validate:"code"`
	Name string `validate:"line=200"`
	// Kind is how a supply is treated. Default [TaxStandard].
	Kind TaxKind `validate:"omitempty,tax_kind"`
	// Rates are the dated rates, oldest first: at least one where the kind has rates, none elsewhere.
	Rates []NewTaxRate `validate:"max=100,dive"`
	// Reason says why no tax is charged. It is needed where the kind charges none, as the law wants it on the document.
	Reason string `validate:"text=200"`
	// ReasonCode is the reason's code of the VATEX list, such as VATEX-EU-132. Optional; reverse charge, intra-community,
	// export and outside scope have their own.
	ReasonCode string `validate:"omitempty,vatex"`
	// Account is where tax is owed, a liability. Default: the account with [RoleTax], of a withholding [RoleWithholdingOwed].
	Account AccountRef
	// Claim is where tax is claimed, an asset. Default: the account with [RoleInputTax], of a withholding
	// [RoleWithholdingClaim].
	Claim AccountRef
	// NotRecoverable is how much of the tax on purchases cannot be claimed, in percent. Default 0.
	NotRecoverable decimal.Decimal `validate:"percent"`
	// Due is when the tax is due. Default [TaxDueAtTaxPoint].
	Due   TaxDue `validate:"omitempty,oneof=tax_point issue payment"`
	Boxes TaxBoxes
	// Relief says when a debt that is not paid gives its tax back. Default: never.
	Relief NewTaxRelief
	// Components are the codes that a [TaxGroup] consists of, 1 to 10 in order.
	Components []NewTaxComponent `validate:"max=10,dive"`
}

// NewTaxRate is a rate and the day from which it is valid.
type NewTaxRate struct {
	From date.Date       `validate:"day"`
	Rate decimal.Decimal `validate:"percent"`
	// Source is the law that says so, at most 200 characters.
	Source string `validate:"line=200"`
}

// NewTaxComponent is one tax of a group, as in [TaxComponent].
type NewTaxComponent struct {
	Code      string `validate:"code"`
	OnEarlier bool
}

// TaxChange is the input of [Service.UpdateTax]: the whole of what may change.
type TaxChange struct {
	ID     uuid.UUID `validate:"required"`
	Name   string    `validate:"line=200"`
	Boxes  TaxBoxes  // from now on; what is declared stays declared
	Active bool      // documents can name an active tax only
}

// TaxRateChange is the input of [Service.ChangeTaxRate].
type TaxRateChange struct {
	Code string `validate:"code"`
	NewTaxRate
}
