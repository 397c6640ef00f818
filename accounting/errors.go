package accounting

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. What is refused has changed nothing. Besides these, acts return those of tenancy (scope,
// permission, not_found, duplicate) and of accounting/money (overflow).
var (
	// ErrBadInput: a field of the input is missing or malformed; the detail names it.
	ErrBadInput = fault.Define(fault.Invalid, "accounting.bad_input", "a field of the input is missing or malformed")
	// ErrTooMany: a batch or document is larger than one act takes.
	ErrTooMany = fault.Define(fault.Invalid, "accounting.too_many", "this is more than one act takes; split it")
	// ErrAmountLimit: an amount is beyond what the books hold (999,999,999,999,999 minor units).
	ErrAmountLimit = fault.Define(fault.Invalid, "accounting.amount_limit", "the amount is larger than the books hold")
	// ErrWrongCurrency: an amount is in no currency, or not in the one that is called for.
	ErrWrongCurrency = fault.Define(fault.Invalid, "accounting.wrong_currency", "the amount is not in the currency that is called for")

	// ErrNotOpened: the tenant has no books yet; call OpenBooks.
	ErrNotOpened = fault.Define(fault.Conflict, "accounting.books_not_open", "the tenant has no books yet: open them first")
	// ErrBooksDiffer: the tenant's books were opened with other settings.
	ErrBooksDiffer = fault.Define(fault.Conflict, "accounting.books_differ", "the tenant's books were opened with other settings")
	// ErrReferenceTaken: the reference was used before with other content.
	ErrReferenceTaken = fault.Define(fault.Conflict, "accounting.reference_taken", "the reference was used before with other content")
	// ErrCodeTaken: another account, journal or tax has this code.
	ErrCodeTaken = fault.Define(fault.Conflict, "accounting.code_taken", "the code is taken")
	// ErrRoleType: the account's type cannot play the role.
	ErrRoleType = fault.Define(fault.Invalid, "accounting.role_type", "an account of this type cannot have this role")
	// ErrRoleNeeded: the role can be moved to another account, but not left without one.
	ErrRoleNeeded = fault.Define(fault.Conflict, "accounting.role_needed", "the role would be left without an account")

	// ErrRolesMissing: a chart of the tenant's own lacks accounts for roles that acts book to; the detail names all of them.
	ErrRolesMissing = fault.Define(fault.Invalid, "accounting.roles_missing", "the chart lacks accounts for roles that acts book to")

	// ErrUnknownAccount: no account has this role, code or id.
	ErrUnknownAccount = fault.Define(fault.Invalid, "accounting.unknown_account", "there is no such account")
	// ErrAccountInactive: the account takes no postings.
	ErrAccountInactive = fault.Define(fault.Invalid, "accounting.account_inactive", "the account takes no postings")
	// ErrControlAccount: the account is a control account, and here it must not be (or must be).
	ErrControlAccount = fault.Define(fault.Invalid, "accounting.control_account", "control accounts are moved by open items only, and the one of goods by inventory")
	// ErrStockBalance: the stock account holds something, and inventory would keep it from now on.
	ErrStockBalance = fault.Define(fault.Conflict, "accounting.stock_balance", "the stock account holds what no goods stand behind: book it to another account first")
	// ErrUnknownJournal: no journal has this code.
	ErrUnknownJournal = fault.Define(fault.Invalid, "accounting.unknown_journal", "there is no such journal")
	// ErrPartyKind: an invoice is to somebody who is no customer, or a bill from somebody who is no vendor.
	ErrPartyKind = fault.Define(fault.Invalid, "accounting.party_kind", "the party is no customer, or no vendor")
	// ErrMoneyAccount: a document's line would be booked to the bank or the till.
	ErrMoneyAccount = fault.Define(fault.Invalid, "accounting.money_account", "the account is the bank or the till: money is moved by payments")
	// ErrNoMoneyAccount: currencies are exchanged between accounts that hold money.
	ErrNoMoneyAccount = fault.Define(fault.Invalid, "accounting.no_money_account", "the account holds no money that could be exchanged")
	// ErrUnknownParty: there is no such party, or a line on a control account names none.
	ErrUnknownParty = fault.Define(fault.Invalid, "accounting.unknown_party", "there is no such party")
	// ErrUnknownTax: no active tax has this code.
	ErrUnknownTax = fault.Define(fault.Invalid, "accounting.unknown_tax", "there is no such tax")
	// ErrNoTaxRate: the tax has no rate yet on the tax point.
	ErrNoTaxRate = fault.Define(fault.Invalid, "accounting.no_tax_rate", "the tax has no rate on this day")
	// ErrTaxKind: a tax of this kind cannot be used here.
	ErrTaxKind = fault.Define(fault.Invalid, "accounting.tax_kind", "a tax of this kind cannot be used here")
	// ErrTaxAccount: a line would be booked to an account that holds tax.
	ErrTaxAccount = fault.Define(fault.Invalid, "accounting.tax_account", "the account holds tax: tax is booked through a tax code")
	// ErrTaxDiffers: declared tax is not what the entry books to the tax accounts.
	ErrTaxDiffers = fault.Define(fault.Invalid, "accounting.tax_differs", "declared tax is not what the entry books")
	// ErrNoTaxRule: no rule covers the supply.
	ErrNoTaxRule = fault.Define(fault.Invalid, "accounting.no_tax_rule", "no tax rule covers this supply")
	// ErrTaxRulesDiffer: several rules of the same rank cover the supply, with different taxes.
	ErrTaxRulesDiffer = fault.Define(fault.Conflict, "accounting.tax_rules_differ", "several tax rules of the same rank cover this supply")
	// ErrTaxUnsupported: the supply falls under a scheme that this library does not do; the detail names it.
	ErrTaxUnsupported = fault.Define(fault.Invalid, "accounting.tax_unsupported", "this tax scheme is not supported")

	// ErrNoPeriod: the date lies in no fiscal year. The database refuses it as well.
	ErrNoPeriod = fault.Define(fault.Invalid, "accounting.no_period", "the date lies in no period of the books")
	// ErrNoOpenPeriod: a late entry finds no open period after its date.
	ErrNoOpenPeriod = fault.Define(fault.Locked, "accounting.no_open_period", "no period after the date is open")
	// ErrPeriodLocked: the period, or a later one, is locked. The database refuses it as well.
	ErrPeriodLocked = fault.Define(fault.Locked, "accounting.period_locked", "the period is locked")
	// ErrPeriodSoftLocked: the period takes only entries with a lock exception. The database refuses it as well.
	ErrPeriodSoftLocked = fault.Define(fault.Locked, "accounting.period_soft_locked", "the period is soft-locked: a reason is needed")
	// ErrNoException: the scope may not post into a soft-locked period.
	ErrNoException = fault.Define(fault.Forbidden, "accounting.exception_forbidden", "the scope lacks the permission accounting.exception")
	// ErrPeriodState: the period's state does not allow this change.
	ErrPeriodState = fault.Define(fault.Conflict, "accounting.period_state", "the period's state cannot be changed so")
	// ErrYearOpen: the year cannot be closed yet, or its last period is locked by closing it; the detail says what is in the way.
	ErrYearOpen = fault.Define(fault.Conflict, "accounting.year_open", "the fiscal year cannot be closed yet")
	// ErrNotAPerson: a locked period is opened again by people, not by background work or an API key.
	ErrNotAPerson = fault.Define(fault.Forbidden, "accounting.not_a_person", "people open a locked period again, not programs")
	// ErrSamePerson: whoever asks for a reopening does not approve it.
	ErrSamePerson = fault.Define(fault.Forbidden, "accounting.same_person", "whoever asks for a reopening does not approve it")
	// ErrReopeningState: the reopening has expired, or was approved by somebody else.
	ErrReopeningState = fault.Define(fault.Conflict, "accounting.reopening_state", "the reopening cannot be approved any more")
	// ErrOpeningDate: opening balances are of a day of the first fiscal year, and on its first day nothing has been earned yet.
	ErrOpeningDate = fault.Define(fault.Invalid, "accounting.opening_date", "opening balances stand at the beginning of the books")
	// ErrYearGap: a fiscal year joins the last one or precedes the first, without a gap.
	ErrYearGap = fault.Define(fault.Conflict, "accounting.year_gap", "fiscal years follow one another without a gap")

	// ErrUnbalanced: debits and credits differ. The database refuses it as well.
	ErrUnbalanced = fault.Define(fault.Invalid, "accounting.entry_unbalanced", "debits and credits differ")
	// ErrIncomplete: an entry without all its lines, or a line without its entry. Raised by the database alone.
	ErrIncomplete = fault.Define(fault.Conflict, "accounting.entry_incomplete", "an entry and all its lines are recorded together, once")
	// ErrEntryOfDocument: the entry books a document and is corrected through it.
	ErrEntryOfDocument = fault.Define(fault.Conflict, "accounting.entry_of_document", "the entry books a document: correct the document")
	// ErrAlreadyReversed: an entry is reversed once.
	ErrAlreadyReversed = fault.Define(fault.Conflict, "accounting.already_reversed", "the entry is reversed already")

	// ErrIssuedChanged: an issued document never changes. Raised by the database alone.
	ErrIssuedChanged = fault.Define(fault.Locked, "accounting.issued_changed", "an issued document never changes")
	// ErrDraftState: the draft is issued, discarded or emptied, or of another kind.
	ErrDraftState = fault.Define(fault.Conflict, "accounting.draft_state", "the draft's state or kind does not allow this")
	// ErrNegativeTotal: the lines of a document sum to less than zero.
	ErrNegativeTotal = fault.Define(fault.Invalid, "accounting.negative_total", "the document's total is below zero: issue the other kind")
	// ErrBackdated: a legal number would stand after one of a later date.
	ErrBackdated = fault.Define(fault.Conflict, "accounting.backdated", "a document cannot be dated before the last one of its series")
	// ErrOverCredited: credit notes would exceed the invoice, or a vendor's credits the bill.
	ErrOverCredited = fault.Define(fault.Conflict, "accounting.over_credited", "credits would exceed the document that they correct")
	// ErrNotCreditable: what the credit corrects is not an invoice, or bill, of this party.
	ErrNotCreditable = fault.Define(fault.Invalid, "accounting.not_creditable", "this is not a document that the credit can correct")
	// ErrBillTaken: a bill (or credit) of this vendor with the same number is recorded already.
	ErrBillTaken = fault.Define(fault.Conflict, "accounting.bill_taken", "a document of this vendor with this number is recorded already")
	// ErrBillDuplicate: another document of this vendor has the same total and nearly the same date.
	ErrBillDuplicate = fault.Define(fault.Conflict, "accounting.bill_duplicate", "this looks like a document that is recorded already")
	// ErrNotDeductible: what a document would set off is not a prepayment of this party.
	ErrNotDeductible = fault.Define(fault.Invalid, "accounting.not_deductible", "this is not a prepayment that the document can set off")
	// ErrOverDeducted: more would be set off than is paid of a prepayment and not set off yet, or than the document comes to.
	ErrOverDeducted = fault.Define(fault.Conflict, "accounting.over_deducted", "more would be set off than was prepaid")
	// ErrTaxVariance: the vendor states a tax that differs from ours by more than the books' tolerance.
	ErrTaxVariance = fault.Define(fault.Conflict, "accounting.tax_variance", "the vendor's tax differs from ours by more than the tolerance")
	// ErrNoRelief: the tax of the debt gives no relief, or not yet.
	ErrNoRelief = fault.Define(fault.Conflict, "accounting.no_relief", "this debt gives no relief of tax")
	// ErrNoDiscount: the document's terms give no early-payment discount on this day.
	ErrNoDiscount = fault.Define(fault.Conflict, "accounting.no_discount", "there is no early-payment discount on this day")

	// ErrUnknownItem: there is no such open item.
	ErrUnknownItem = fault.Define(fault.Invalid, "accounting.unknown_item", "there is no such open item")
	// ErrOverAllocated: more would be allocated than is open.
	ErrOverAllocated = fault.Define(fault.Conflict, "accounting.over_allocated", "more would be allocated than is open")
	// ErrAlreadyUnallocated: an allocation is undone once. The database refuses it as well.
	ErrAlreadyUnallocated = fault.Define(fault.Conflict, "accounting.already_unallocated", "the allocation is undone already")
	// ErrOfReversal: the allocation belongs to a reversal: what it took back stays taken back.
	ErrOfReversal = fault.Define(fault.Conflict, "accounting.of_reversal", "the allocation belongs to a reversal, which is not undone")
	// ErrEntryOfSettlement: the entry belongs to a settlement and is taken back with it.
	ErrEntryOfSettlement = fault.Define(fault.Conflict, "accounting.entry_of_settlement", "the entry belongs to a settlement: undo the allocation")
	// ErrDiscountTaken: the document's early-payment discount is taken already.
	ErrDiscountTaken = fault.Define(fault.Conflict, "accounting.discount_taken", "the discount of this document is taken already")
	// ErrNoRate: there is no exchange rate for the day that is young enough.
	ErrNoRate = fault.Define(fault.Invalid, "accounting.no_rate", "there is no exchange rate for the day")
	// ErrRateTaken: another rate is recorded for the pair and day; a revision says that it replaces it.
	ErrRateTaken = fault.Define(fault.Conflict, "accounting.rate_taken", "another rate is recorded for this day")
	// ErrNotPeriodEnd: revaluation is of the last day of a period.
	ErrNotPeriodEnd = fault.Define(fault.Invalid, "accounting.not_period_end", "this is not the last day of a period")
	// ErrWriteOffLimit: a write-off is larger than the books' limit.
	ErrWriteOffLimit = fault.Define(fault.Conflict, "accounting.write_off_limit", "the write-off is larger than the limit")
	// ErrUnknownDimension: no dimension has this code, or it has no value with that code.
	ErrUnknownDimension = fault.Define(fault.Invalid, "accounting.unknown_dimension", "there is no such dimension, or it has no such value")
	// ErrDimensionInactive: the dimension or its value takes no postings.
	ErrDimensionInactive = fault.Define(fault.Invalid, "accounting.dimension_inactive", "the dimension or its value takes no postings")
	// ErrDimensionNeeded: the account's lines name a dimension, and this one does not.
	ErrDimensionNeeded = fault.Define(fault.Invalid, "accounting.dimension_needed", "lines on this account name a dimension")
	// ErrMismatch: the items are of different parties, accounts or currencies, or on the same side.
	ErrMismatch = fault.Define(fault.Invalid, "accounting.allocation_mismatch", "these items cannot be set off against each other")
)
