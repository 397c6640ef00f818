package exchange

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. What is refused has changed nothing. Problems of a file carry these codes, or those of accounting.
var (
	// ErrBadInput: an argument is missing or malformed; the detail names it.
	ErrBadInput = fault.Define(fault.Invalid, "exchange.bad_input", "an argument is missing or malformed")
	// ErrRejected: files have problems; the error's cause is a [*FilesError] that lists them by file, line and column.
	ErrRejected = fault.Define(fault.Invalid, "exchange.rejected", "the files have problems, listed by line and column; nothing was imported")
	// ErrTooLarge: a file has more rows or bytes than one import takes.
	ErrTooLarge = fault.Define(fault.Invalid, "exchange.too_large", "the file is larger than one import takes; split it")

	// ErrBadCSV: the file is no CSV as RFC 4180 has it, in UTF-8.
	ErrBadCSV = fault.Define(fault.Invalid, "exchange.bad_csv", "the file is not comma-separated text in UTF-8 (RFC 4180)")
	// ErrBadHeader: a column is missing from the header, unknown, or there twice.
	ErrBadHeader = fault.Define(fault.Invalid, "exchange.bad_header", "a column is missing from the header, unknown, or there twice")
	// ErrBadValue: a cell cannot be read as what its column holds.
	ErrBadValue = fault.Define(fault.Invalid, "exchange.bad_value", "the cell does not hold what its column is for")
	// ErrRepeated: a key stands in the file twice.
	ErrRepeated = fault.Define(fault.Invalid, "exchange.repeated", "the same key stands in the file twice")
	// ErrAccountDiffers: the chart has this account with another type, role or control.
	ErrAccountDiffers = fault.Define(fault.Conflict, "exchange.account_differs", "the chart has this account with another type, role or control")
	// ErrControlDiffers: a control account's opening balance is not the sum of its open items.
	ErrControlDiffers = fault.Define(fault.Invalid, "exchange.control_differs", "a control account's opening balance is not the sum of its open items")
	// ErrOwnExport: the entry is one of these very books.
	ErrOwnExport = fault.Define(fault.Conflict, "exchange.own_export", "the entry stands in these books already: the file was exported from them")
	// ErrUnknownTax: a tax of the document has no code of the tenant's.
	ErrUnknownTax = fault.Define(fault.Invalid, "exchange.unknown_tax", "there is no code for a tax of the document")
	// ErrTaxRate: a tax of the document is mapped to a code that charges another rate.
	ErrTaxRate = fault.Define(fault.Invalid, "exchange.tax_rate_differs", "the code for a tax of the document charges another rate")
	// ErrNotInUBL: the document has something that EN 16931 has no place for.
	ErrNotInUBL = fault.Define(fault.Invalid, "exchange.not_in_ubl", "the document has something that EN 16931 has no place for")
	// ErrUBLFigures: the standard's sums are others than the document's.
	ErrUBLFigures = fault.Define(fault.Conflict, "exchange.ubl_figures", "the sums of EN 16931 are others than the document's")
	// ErrAllocationsNeeded: an entry is what an allocation realised, and books it when it is imported; without the file of allocations it
	// would be missing.
	ErrAllocationsNeeded = fault.Define(fault.Invalid, "exchange.allocations_needed", "the entry is what an allocation realised: give the file of allocations too")
	// ErrUnknownEntry: an allocation names an entry and line that opened no item.
	ErrUnknownEntry = fault.Define(fault.Invalid, "exchange.unknown_entry", "no entry of this name has an open item on this line")
)
