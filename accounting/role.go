package accounting

import (
	"maps"
	"slices"
)

// Role is what an account is for. Acts that book on their own (an invoice, a stock issue) name roles, and the tenant's
// chart says which account plays each. At most one account has a role at a time.
type Role string

// The roles.
const (
	RoleReceivable       Role = "receivable"         // what customers owe; a control account, kept with open items
	RolePayable          Role = "payable"            // what is owed to vendors; a control account, kept with open items
	RoleBank             Role = "bank"               // money at the bank: where payments go by default
	RoleCash             Role = "cash"               // money in the till
	RoleSales            Role = "sales"              // revenue from goods and services: an invoice line's default
	RoleCostOfGoodsSold  Role = "cost_of_goods_sold" // cost of goods that left for sales
	RoleStock            Role = "stock"              // goods on hand at cost; once inventory keeps it a control account
	RoleTax              Role = "tax"                // output tax owed to the state
	RoleRounding         Role = "rounding"           // residues of declared rounding
	RoleOpeningEquity    Role = "opening_equity"     // the other side of opening balances
	RoleRetainedEarnings Role = "retained_earnings"  // profits and losses of earlier years, once closed into it
	RoleMarketing        Role = "marketing"          // goods given away
	RoleStockLoss        Role = "stock_loss"         // goods damaged, lost or found
	RoleBadDebt          Role = "bad_debt"           // expense: receivables not expected to be paid
	RoleBadDebtAllowance Role = "bad_debt_allowance" // contra-asset: the allowance for doubtful accounts
	RoleFees             Role = "fees"               // bank charges, marketplace and payment fees
	RoleInputTax         Role = "input_tax"          // tax on purchases, to be had back from the state
	RoleGoodsReceived    Role = "goods_received"     // goods received, not yet billed (GRNI): receipts against bills
	RolePriceVariance    Role = "price_variance"     // purchase price differences of goods that have left
	RoleStockVariance    Role = "stock_variance"     // what goods sold below zero turned out to cost
	RoleCardClearing     Role = "card_clearing"      // card takings that the acquirer has yet to pay
	RoleOverShort        Role = "over_short"         // what a till's count differs by from what it should hold
	RoleTaxNotDue        Role = "tax_not_due"        // tax on sales that is due when they are paid
	RoleInputTaxNotDue   Role = "input_tax_not_due"  // tax on purchases that can be claimed when they are paid
	RoleWithholdingOwed  Role = "withholding_owed"   // tax kept back from vendors and owed to the state
	RoleWithholdingClaim Role = "withholding_claim"  // tax kept back by customers and claimed from the state
	RoleDiscountGiven    Role = "discount_given"     // early-payment discounts that customers took: a deduction from revenue
	RoleDiscountTaken    Role = "discount_taken"     // early-payment discounts taken from vendors: a deduction from the cost of purchases
	RoleCustomerAdvances Role = "customer_advances"  // net amounts of prepayment invoices that no final invoice has set off
	RoleVendorAdvances   Role = "vendor_advances"    // net amounts of vendors' prepayment bills that no final bill has set off

	RoleCurrencyClearing    Role = "currency_clearing"    // what currencies were given for one another; zero in base
	RoleExchangeGain        Role = "exchange_gain"        // realised: settled for more than it stood in the books at
	RoleExchangeLoss        Role = "exchange_loss"        // realised: settled for less
	RoleUnrealisedGain      Role = "unrealised_gain"      // of a revaluation, taken back on the next day
	RoleUnrealisedLoss      Role = "unrealised_loss"      // of a revaluation, taken back on the next day
	RoleReceivableValuation Role = "receivable_valuation" // receivables: the difference to the rate of the day
	RolePayableValuation    Role = "payable_valuation"    // payables: the difference to the rate of the day
)

// roleTypes says which type an account must have to play a role; [otherTypes] has the exceptions.
var roleTypes = map[Role]AccountType{
	RoleReceivable: Asset, RolePayable: Liability, RoleBank: Asset, RoleCash: Asset, RoleSales: Income,
	RoleCostOfGoodsSold: CostOfSales, RoleStock: Asset, RoleTax: Liability, RoleRounding: Expense, RoleOpeningEquity: Equity,
	RoleRetainedEarnings: Equity, RoleMarketing: Expense, RoleStockLoss: Expense, RoleBadDebt: Expense, RoleBadDebtAllowance: Asset,
	RoleFees: Expense, RoleInputTax: Asset, RoleGoodsReceived: Liability, RolePriceVariance: CostOfSales, RoleStockVariance: CostOfSales,
	RoleCardClearing: Asset, RoleOverShort: Expense, RoleTaxNotDue: Liability, RoleInputTaxNotDue: Asset, RoleWithholdingOwed: Liability,
	RoleWithholdingClaim: Asset, RoleDiscountGiven: Income, RoleDiscountTaken: CostOfSales, RoleCustomerAdvances: Liability, RoleVendorAdvances: Asset,
	RoleCurrencyClearing: Asset, RoleExchangeGain: Income, RoleExchangeLoss: Expense, RoleUnrealisedGain: Income, RoleUnrealisedLoss: Expense,
	RoleReceivableValuation: Asset, RolePayableValuation: Liability,
}

// otherTypes are types that a role's account may have instead. Early-payment discounts are deductions: what customers take from revenue (IFRS 15.51,
// HGB § 277 Abs. 1), what vendors grant from the cost of purchases (IAS 2.11, HGB § 255 Abs. 1 Satz 3). The French plan comptable général has them in
// the financial result (accounts 665 and 765), and so may the chart of a tenant.
var otherTypes = map[Role]AccountType{RoleDiscountGiven: Expense, RoleDiscountTaken: Income}

// roleControls says which roles are control accounts, and of what.
var roleControls = map[Role]Control{RoleReceivable: ControlReceivable, RolePayable: ControlPayable}

// Valid reports whether the role is one of those above.
func (r Role) Valid() bool { _, ok := roleTypes[r]; return ok }

// Roles lists all roles by name: a chart of the host's own has an account for each.
func Roles() []Role { return slices.Sorted(maps.Keys(roleTypes)) }

// AccountType is the type that an account with the role has, of those of early-payment discounts the one that is a deduction; "" when there is
// no such role.
func (r Role) AccountType() AccountType { return roleTypes[r] }

// takes reports whether an account of the type can play the role.
func (r Role) takes(t AccountType) bool { return t == roleTypes[r] || t != "" && t == otherTypes[r] }
