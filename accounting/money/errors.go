package money

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. All are of kind invalid: the input cannot be worked with, and nothing was changed.
var (
	// ErrOverflow: the exact result does not fit into a signed 64-bit count of minor units or millionths.
	ErrOverflow = fault.Define(fault.Invalid, "money.overflow", "the result is too large to be held")
	// ErrCurrencyMismatch: two currencies meet in one calculation; convert with a Rate first.
	ErrCurrencyMismatch = fault.Define(fault.Invalid, "money.currency_mismatch", "amounts of different currencies cannot be combined")
	// ErrUnknownCurrency: the code is not one that ISO 4217 gives minor units to.
	ErrUnknownCurrency = fault.Define(fault.Invalid, "money.unknown_currency", "the currency code is not in ISO 4217")
	// ErrNotAnAmount: text, JSON or a decimal is not an exact amount of the currency.
	ErrNotAnAmount = fault.Define(fault.Invalid, "money.not_an_amount", "this is not an amount of money")
	// ErrNotAQuantity: text is not a decimal number with at most six decimals.
	ErrNotAQuantity = fault.Define(fault.Invalid, "money.not_a_quantity", "this is not a quantity")
	// ErrAllocation: the weights of a split are missing, negative or all zero.
	ErrAllocation = fault.Define(fault.Invalid, "money.allocation", "the weights do not describe a split")
	// ErrRounding: the rounding rule is not one of those declared here.
	ErrRounding = fault.Define(fault.Invalid, "money.rounding", "the rounding rule is unknown")
	// ErrRate: an exchange rate is zero, negative or between unknown currencies.
	ErrRate = fault.Define(fault.Invalid, "money.rate", "the exchange rate cannot be used")
	// ErrDivisionByZero: MulDiv was asked to divide by zero.
	ErrDivisionByZero = fault.Define(fault.Invalid, "money.division_by_zero", "an amount cannot be divided by zero")
)
