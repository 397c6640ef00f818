package statement

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. The detail begins with the line of the file.
var (
	// ErrUnreadable: the file is not what its format says; the detail gives the line and what is wrong with it.
	ErrUnreadable = fault.Define(fault.Invalid, "statement.unreadable", "the file cannot be read as a bank statement")
	// ErrUnsupported: the file is of a format, version or encoding that is not read; the detail names it.
	ErrUnsupported = fault.Define(fault.Invalid, "statement.unsupported", "this format, version or encoding is not read")
	// ErrTooLarge: the file is larger, deeper or longer than is read.
	ErrTooLarge = fault.Define(fault.Invalid, "statement.too_large", "the file is larger than is read at once")
	// ErrBadProfile: the profile of a CSV file contradicts itself, or the file lacks a column that it names.
	ErrBadProfile = fault.Define(fault.Invalid, "statement.bad_profile", "the profile of the CSV file is not one that can be read by")
	// ErrMixedCurrencies: balances and lines are in several currencies, so that no difference can be stated.
	ErrMixedCurrencies = fault.Define(fault.Invalid, "statement.mixed_currencies", "the statement's balances and lines are in several currencies")
)
