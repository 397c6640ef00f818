package accounting

import (
	"slices"
)

// CashFlow says where an account stands in the statement of cash flows. Every account has one: an account of income or expense
// that of the assets and debts that its lines go against, so that what moves no money adds up to nothing (depreciation is
// investing, as what it lowers is). The numbers are paragraphs of IAS 7 as in force for years beginning in 2024; IFRS 18 changes
// which of them interest and dividends belong to for years from 2027, and then their accounts change with [Service.UpdateAccount].
type CashFlow string

// The places. What receivables, payables, stock and taxes on turnover move by goes with the sales and purchases that they
// arose from.
const (
	// CashFlowCash are cash and cash equivalents (6 to 9): what the statement explains the change of. Assets, and liabilities that
	// are overdrafts repayable on demand (8).
	CashFlowCash CashFlow = "cash"

	CashFlowCustomers CashFlow = "customers" // operating: received from customers (14(a), (b))
	CashFlowSuppliers CashFlow = "suppliers" // operating: paid to suppliers (14(c))
	CashFlowEmployees CashFlow = "employees" // operating: paid to and on behalf of employees (14(d))
	CashFlowOperating CashFlow = "operating" // operating: whatever else

	CashFlowInterestPaid      CashFlow = "interest_paid"      // operating, and shown by itself (31, 33)
	CashFlowInterestReceived  CashFlow = "interest_received"  // operating, and shown by itself (31, 33)
	CashFlowDividendsReceived CashFlow = "dividends_received" // operating, and shown by itself (31, 33)
	CashFlowIncomeTax         CashFlow = "income_tax"         // operating, and shown by itself (35)

	CashFlowInvesting     CashFlow = "investing"      // long-lived assets and what was lent to others (16)
	CashFlowFinancing     CashFlow = "financing"      // capital and loans (17)
	CashFlowDividendsPaid CashFlow = "dividends_paid" // financing, and shown by itself (31, 34)
)

// Activity is a part of the statement of cash flows (IAS 7.10).
type Activity string

// The activities.
const (
	ActivityOperating Activity = "operating"
	ActivityInvesting Activity = "investing"
	ActivityFinancing Activity = "financing"
)

// cashFlows are the places in the order in which the statement shows them, with their names there.
var cashFlows = []struct {
	place    CashFlow
	activity Activity
	name     string
	apart    bool // shown by itself whatever the method: taken out of the profit that the indirect one begins with
}{
	{CashFlowCustomers, ActivityOperating, "Received from customers", false},
	{CashFlowSuppliers, ActivityOperating, "Paid to suppliers", false},
	{CashFlowEmployees, ActivityOperating, "Paid to and for employees", false},
	{CashFlowOperating, ActivityOperating, "Other operating receipts and payments", false},
	{CashFlowInterestPaid, ActivityOperating, "Interest paid", true},
	{CashFlowInterestReceived, ActivityOperating, "Interest received", true},
	{CashFlowDividendsReceived, ActivityOperating, "Dividends received", true},
	{CashFlowIncomeTax, ActivityOperating, "Income taxes paid", true},
	{CashFlowInvesting, ActivityInvesting, "Investing activities", true},
	{CashFlowFinancing, ActivityFinancing, "Capital and loans", true},
	{CashFlowDividendsPaid, ActivityFinancing, "Dividends paid", true},
}

// Valid reports whether it is one of the places.
func (c CashFlow) Valid() bool { return c == CashFlowCash || c.Activity() != "" }

// Activity is the part of the statement that the place is in; "" for cash, which is in none.
func (c CashFlow) Activity() Activity {
	for i := range cashFlows {
		if cashFlows[i].place == c {
			return cashFlows[i].activity
		}
	}
	return ""
}

// CashFlows lists all places, cash first.
func CashFlows() []CashFlow {
	out := []CashFlow{CashFlowCash}
	for i := range cashFlows {
		out = append(out, cashFlows[i].place)
	}
	return out
}

// The roles whose accounts are not where their type stands.
var (
	customerRoles = []Role{RoleReceivable, RoleReceivableValuation, RoleBadDebtAllowance, RoleBadDebt, RoleCardClearing, RoleOverShort, RoleTax,
		RoleTaxNotDue, RoleCustomerAdvances, RoleWithholdingClaim, RoleDiscountGiven}
	supplierRoles = []Role{RolePayable, RolePayableValuation, RoleStock, RoleGoodsReceived, RoleInputTax, RoleInputTaxNotDue, RoleVendorAdvances, RoleWithholdingOwed,
		RoleDiscountTaken}
	otherRoles = []Role{RoleExchangeGain, RoleExchangeLoss, RoleUnrealisedGain, RoleUnrealisedLoss, RoleRounding, RoleCurrencyClearing}
)

// cashFlow is where an account stands when nobody says: by its role, and else by its type.
func (a *Account) cashFlow() CashFlow {
	switch {
	case a.holdsCash():
		return CashFlowCash
	case a.Distribution:
		return CashFlowDividendsPaid
	case a.Control == ControlReceivable || slices.Contains(customerRoles, a.Role):
		return CashFlowCustomers
	case a.Control == ControlPayable || slices.Contains(supplierRoles, a.Role):
		return CashFlowSuppliers
	case slices.Contains(otherRoles, a.Role):
		return CashFlowOperating
	}
	switch a.Type {
	case Equity:
		return CashFlowFinancing
	case Income:
		return CashFlowCustomers
	case CostOfSales, Expense:
		return CashFlowSuppliers
	case Asset, Liability:
	}
	return CashFlowOperating
}

// holdsCash reports whether the account is cash whatever anybody says: payments go there by default.
func (a *Account) holdsCash() bool { return a.Role == RoleBank || a.Role == RoleCash }

// checkCashFlow refuses a place that the account cannot have. Errors: accounting.role_type.
func (a *Account) checkCashFlow(op, where string) error {
	money := a.Control == NoControl && (a.Type == Asset || a.Type == Liability)
	switch {
	case a.CashFlow == CashFlowCash && !money:
		return ErrRoleType.New(op, "%saccount %s is not cash: that is an asset, or an overdraft, and no control account", where, a.Code)
	case a.CashFlow != CashFlowCash && a.holdsCash():
		return ErrRoleType.New(op, "%saccount %s has the role %s and is cash", where, a.Code, a.Role)
	}
	return nil
}
