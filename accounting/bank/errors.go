package bank

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. What is refused has changed nothing. Besides these, acts return those of accounting (documents, periods,
// parties) and of bank/statement.
var (
	// ErrBadInput: a field of the input is missing or malformed; the detail names it.
	ErrBadInput = fault.Define(fault.Invalid, "bank.bad_input", "a field of the input is missing or malformed")
	// ErrTooMany: a batch is larger than one act takes.
	ErrTooMany = fault.Define(fault.Invalid, "bank.too_many", "this is more than one act takes; split it")
	// ErrUnknownAccount: no bank account of this tenant has the id, or the number that a statement names.
	ErrUnknownAccount = fault.Define(fault.Invalid, "bank.unknown_account", "there is no such bank account: create it first")
	// ErrNumberTaken: another bank account has the IBAN, the number or the account of the chart.
	ErrNumberTaken = fault.Define(fault.Conflict, "bank.number_taken", "another bank account has this number, or this account of the chart")
	// ErrLedgerAccount: the account of the chart cannot stand for a bank account: it is no asset or liability, or a control account, or no cash
	// in the statement of cash flows. The database refuses the last, and that an account with a bank account ceases to be cash.
	ErrLedgerAccount = fault.Define(fault.Invalid, "bank.ledger_account", "this account of the chart cannot stand for a bank account")
	// ErrWrongCurrency: a statement is not in the currency of its account.
	ErrWrongCurrency = fault.Define(fault.Invalid, "bank.wrong_currency", "the statement is not in the currency of the bank account")
	// ErrForeignCurrency: an open item is in another currency than the bank account, and what the line settles of it is stated neither by
	// the bank nor by the caller. A rate of the day is not asked: it says what the money is worth, and not what was paid.
	ErrForeignCurrency = fault.Define(fault.Invalid, "bank.foreign_currency", "what is settled of an item in another currency is not known")

	// ErrUnbalanced: opening balance and lines are not the closing balance; the detail gives the figures. The database refuses it as well.
	ErrUnbalanced = fault.Define(fault.Invalid, "bank.unbalanced", "opening balance and lines are not the closing balance")
	// ErrNotAccepted: the scope may not accept statements that do not add up.
	ErrNotAccepted = fault.Define(fault.Forbidden, "bank.accept_forbidden", "the scope lacks the permission bank.accept")
	// ErrDiffers: the statement was imported before with other content.
	ErrDiffers = fault.Define(fault.Conflict, "bank.statement_differs", "the statement was imported before with other content")
	// ErrChanged: what a bank stated never changes. Raised by the database alone.
	ErrChanged = fault.Define(fault.Locked, "bank.statement_changed", "what a bank stated never changes")

	// ErrReconciled: the line is reconciled already, otherwise than asked.
	ErrReconciled = fault.Define(fault.Conflict, "bank.reconciled", "the line is reconciled already")
	// ErrSplit: the parts of a reconciliation do not add up to the line.
	ErrSplit = fault.Define(fault.Invalid, "bank.split_differs", "the parts do not add up to the line")
	// ErrUnknownItem: there is no such open item, payment or journal line on the bank's account.
	ErrUnknownItem = fault.Define(fault.Invalid, "bank.unknown_item", "there is no such open item, payment or journal line on the bank's account")
	// ErrLineTaken: the journal line is reconciled with another line of a statement.
	ErrLineTaken = fault.Define(fault.Conflict, "bank.ledger_line_taken", "the journal line is reconciled with another line")
	// ErrReconciliationChanged: a reconciliation is undone once and changes in nothing else. Raised by the database alone.
	ErrReconciliationChanged = fault.Define(fault.Locked, "bank.reconciliation_changed", "a reconciliation is undone once, and nothing else of it changes")
)
