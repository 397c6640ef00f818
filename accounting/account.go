package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// AccountType says where an account stands in the statements.
type AccountType string

// The types. Assets to Equity make the balance sheet, Income to Expense the profit and loss.
const (
	Asset       AccountType = "asset"
	Liability   AccountType = "liability"
	Equity      AccountType = "equity"
	Income      AccountType = "income"
	CostOfSales AccountType = "cost_of_sales" // direct cost of what was sold: income less this is the gross profit
	Expense     AccountType = "expense"
)

// Temporary reports whether accounts of the type begin every fiscal year at zero: those of the profit and loss.
func (t AccountType) Temporary() bool { return t == Income || t == CostOfSales || t == Expense }

// DebitNormal reports whether a positive balance of the type is a debit.
func (t AccountType) DebitNormal() bool { return t == Asset || t == CostOfSales || t == Expense }

// Control says of what an account is the control account: a line on it names a party and opens an open item, so that its
// balance always equals the open items. (The control account of goods is another matter: see [Service.KeepStock].)
type Control string

// The kinds of control.
const (
	NoControl         Control = ""
	ControlReceivable Control = "receivable"
	ControlPayable    Control = "payable"
)

// Account is one account of the chart.
type Account struct {
	tenancy.Row
	// Code is the account's number in the chart, unique: "4000". Codes sort as text.
	Code string `bun:"code" privacy:"none"`
	// Name is the bookkeeper's word for it. An account is never named after a person: parties are.
	Name string      `bun:"name" privacy:"none"`
	Type AccountType `bun:"type" privacy:"none"`
	// Role is what the account is for; "" for most.
	Role Role `bun:"role,nullzero" privacy:"none"`
	// Control makes it a control account; it never changes.
	Control Control `bun:"control,nullzero" privacy:"none"`
	// Active accounts take postings.
	Active bool `bun:"active"`
	// Monetary accounts hold units of currency, or claims and debts in fixed numbers of them (IAS 21.16): [Service.Revalue]
	// brings their foreign balances to the rate of the day. The others keep what they cost.
	Monetary bool `bun:"monetary"`
	// CashFlow is where the account stands in the statement of cash flows.
	CashFlow CashFlow `bun:"cash_flow" privacy:"none"`
	// Distribution accounts are equity that shows what the owners took out of the profits during the year: dividends, drawings. They are
	// no expense (IAS 32.35), and [Service.CloseYear] empties them into retained earnings.
	Distribution bool `bun:"distribution"`
	// RequiredDimensions are the codes of the dimensions that every line on it names, in order, joined by commas. They stand
	// here so that posting need not look them up.
	RequiredDimensions string    `bun:"required_dimensions" privacy:"none"`
	CreatedAt          time.Time `bun:"created_at"`
}

// NewAccount is the input of [Service.CreateAccounts], and of a chart of one's own ([NewBooks]).
type NewAccount struct {
	Code    string      `validate:"code"`
	Name    string      `validate:"line=200"`
	Type    AccountType `validate:"account_type"`
	Role    Role        `validate:"omitempty,role"`
	Control Control     `validate:"omitempty,oneof=receivable payable"` // set by the roles receivable and payable
	// Monetary is as in [Account]. Control accounts, and the roles bank, cash and card clearing, always are.
	Monetary bool
	// CashFlow is as in [Account]. Default by role, and else by type: assets and liabilities are operating, equity is financing,
	// income is from customers, and costs go to suppliers. The roles bank and cash are cash, and distributions are dividends paid.
	CashFlow CashFlow `validate:"omitempty,cash_flow"`
	// Distribution is as in [Account]: of equity without a role.
	Distribution bool
}

// AccountChange is the input of [Service.UpdateAccount]: the whole of what may change, so that Active left out closes the account.
// What an account is (code, type, control) never changes once it exists: figures already reported would change with it.
type AccountChange struct {
	ID   uuid.UUID `validate:"required"`
	Name string    `validate:"line=200"`
	// Role moves here from the account that has it now. An account that has one states it: a role goes only by being given to another.
	Role   Role `validate:"omitempty,role"`
	Active bool
	// Monetary changes whether [Service.Revalue] looks at it; nil leaves it as it is.
	Monetary *bool
	// CashFlow moves it in the statement of cash flows, in that of earlier days as well, so that columns compare; "" leaves it where
	// it is. Domains above may need it to stay cash (an account at a bank, a drawer).
	CashFlow CashFlow `validate:"omitempty,cash_flow"`
	// Distribution changes whether closing a year empties it; nil leaves it as it is. Years that are closed stay as they are: what the
	// account holds of them goes with the next one.
	Distribution *bool
}

// monetary is whether an account of this nature always is: money, and claims and debts in fixed amounts of it.
func (a *Account) monetary() bool {
	switch a.Role { //nolint:exhaustive // the other roles' accounts say so themselves
	case RoleBank, RoleCash, RoleCardClearing:
		return true
	}
	return a.Control != NoControl
}
