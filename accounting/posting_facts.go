package accounting

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// invoiceFact is an issued document, as far as the ledger is concerned.
type invoiceFact struct {
	Kind    InvoiceKind
	ID      uuid.UUID
	PartyID uuid.UUID // zero for a walk-in
	Date    date.Date
	// Counter is the receivables account, or the cash or bank account that the document was settled by.
	Counter AccountRef
	Settled bool
	Dues    []duePart      // what is to be paid: one part, or instalments
	Parts   []documentPart // revenue by account, then tax by account; tax that is withheld is below zero
	Whole   Dimensions     // of what is to be paid, where its account requires any
	Lock    string
	Late    LatePolicy
}

// postingPart is the sum of what goes to one account; below zero when deductions prevail.
type postingPart struct {
	Account AccountRef
	Amount  money.Amount
}

// billFact is a vendor's bill or credit, as far as the ledger is concerned.
type billFact struct {
	Kind    BillKind
	ID      uuid.UUID
	PartyID uuid.UUID
	Date    date.Date
	Dues    []duePart      // what is to be paid: one part, or instalments
	Parts   []documentPart // what was bought by account, then tax; tax that is owed to the state is below zero
	Lock    string
	Late    LatePolicy
}

// paymentFact is money that came in or went out.
type paymentFact struct {
	ID, PartyID uuid.UUID
	Direction   Direction
	Date        date.Date
	Amount      money.Amount
	Base        money.Amount // what a foreign Amount is worth
	Banked      money.Amount // what the account took, where that is in another currency
	Money       AccountRef   // bank or cash
	MoneyRole   Role         // of that account, which decides the journal
	Control     AccountRef
	Memo, Lock  string
	Late        LatePolicy
}

// discountFact is an early-payment discount that was taken.
type discountFact struct {
	Trade      Trade
	DocumentID uuid.UUID // what it was taken on
	Date       date.Date
	PartyID    uuid.UUID
	Control    AccountRef
	Amount     money.Amount // of the discount, tax included
	Base       money.Amount // what it stood in the books at
	Dimensions Dimensions   // of what the discount is booked to
	Taxes      []*TaxEntry  // what is taken back of each tax: below zero for an invoice or bill
	Reference  string
	Lock       string
}

// restLines put what is left of an entry on an account, debits positive: as one line, or where roundings left nothing of the one
// currency, or something of both on different sides, each for itself.
func restLines(account AccountRef, left, worth money.Amount) []NewLine {
	switch {
	case left.Minor == 0 && worth.Minor == 0:
		return nil
	case left.Currency == worth.Currency:
		return []NewLine{signedLine(account, left, 1)}
	case left.Minor == 0:
		return []NewLine{signedLine(account, worth, 1)}
	}
	line := signedLine(account, left, 1)
	line.Base = money.Amount{Minor: abs(worth.Minor), Currency: worth.Currency}
	if worth.Minor == 0 || (left.Minor > 0) == (worth.Minor > 0) {
		return []NewLine{line}
	}
	line.Base.Minor = 0
	return []NewLine{line, signedLine(account, worth, 1)}
}

// discountBackFact is a part of a discount that a credit of its document takes back.
type discountBackFact struct {
	Trade       Trade
	DocumentID  uuid.UUID
	PartyID     uuid.UUID
	Date        date.Date
	Control     AccountRef
	Transaction money.Amount // of the discount on the control account, debits positive, and its worth in base
	Base        int64
	Taxes       []*TaxEntry // what is declared again of each tax
	Rest        AccountRef  // what the discount was booked to, and its dimensions
	RestSet     uuid.UUID
	Lock        string
}

// taxDueFact is tax of a document that became due: rows that take it from where it waits, and that put it where it is due.
type taxDueFact struct {
	Date            date.Date
	Source          Source
	Rows            []*TaxEntry
	Reference, Lock string
	Late            LatePolicy
}

// writtenOffTaxFact is tax that waited for the payment of what was written off: rows that take it off where it waits.
type writtenOffTaxFact struct {
	Date   date.Date
	Source Source
	Rows   []*TaxEntry
	To     *NewLine // what took what was written off
	Lock   string
}

// reversalFact is an entry that is taken back.
type reversalFact struct {
	Journal    JournalCode
	Date       date.Date
	Lines      []Line // of the entry that is reversed
	Memo, Lock string
	Late       LatePolicy
}

// yearEndFact is the result of a fiscal year, as far as the ledger is concerned.
type yearEndFact struct {
	ClosingID uuid.UUID
	Date      date.Date      // the last day of the year
	Result    []analysedPart // what was posted to accounts of income and expense in the year; debits are positive
	// Distributed is what accounts of distributions hold at the year's end; debits are positive.
	Distributed []analysedPart
	Retained    AccountRef
	Lock        string
}

// analysedPart is the sum of what was posted to an account with one combination of dimensions, which is zero for none.
type analysedPart struct {
	postingPart
	Set uuid.UUID
}

// realisedFact is what an allocation leaves over on the control account in base, when both items stood there at different worths.
type realisedFact struct {
	ID, PartyID uuid.UUID // of the allocation; whose items they are
	Control     AccountRef
	Date        date.Date
	Currency    money.Currency // the items'
	// Left is what the items' account still has, debits positive: a claim that brought less, or a debt that cost more, is a
	// loss.
	Left money.Amount
	Lock string
}

// advanceRateFact is what paying a prepayment leaves over on the control account in base, and what the rate of the day of payment makes of its
// tax.
type advanceRateFact struct {
	ID, PartyID uuid.UUID // of the allocation; whose prepayment it is
	Control     AccountRef
	Date        date.Date
	Currency    money.Currency
	Left        money.Amount // as in realisedFact
	Taxes       []*TaxEntry  // the differences, which are nothing in the currency
	Advances    []partSum    // what the rest goes to, debits positive
	Lock        string
}

// writeOffFact is what a party will not pay, or will not be paid.
type writeOffFact struct {
	PartyID      uuid.UUID
	Control, To  AccountRef
	Date         date.Date
	Open         money.Amount // what is written off, on the side that the item stands on
	Base         money.Amount // above zero, what it stood in the books at
	Lock         string
	ToDimensions Dimensions
}

// contraFact is a claim on a party that is set off against a debt to it.
type contraFact struct {
	PartyID     uuid.UUID
	Claim, Debt AccountRef // their control accounts
	Date        date.Date
	Amount      money.Amount
	Base        money.Amount // what the claim stood in the books at
	Lock        string
}

// badDebtFact is a debt that will not be paid, or was paid after all.
type badDebtFact struct {
	ID, PartyID     uuid.UUID
	Date            date.Date
	Control         AccountRef
	To              NewLine // what takes the loss, with the whole amount
	Amount          money.Amount
	Base            money.Amount // what it stood in the books at
	Back            bool         // it was paid after all
	Taxes           []*TaxEntry  // what is taken back of each tax, or is due again
	Reference, Lock string
}

// exchangeFact is an amount of one currency that was given for one of another.
type exchangeFact struct {
	Date         date.Date
	From, To     AccountRef
	Sold, Bought money.Amount
	Base         money.Amount // what either side is worth
	Reference    string
	Memo, Lock   string
}

// revaluationFact is the differences that a revaluation found.
type revaluationFact struct {
	ID         uuid.UUID
	Kind       EntryKind // KindRevaluation, or KindRealised for accounts that are empty in their currency
	Date       date.Date
	Gain, Loss Role
	Moves      []revaluedMove
	Lock       string
}

// revaluedMove is what the worth of an account in one currency moves by, debits positive.
type revaluedMove struct {
	Account AccountRef
	Of      money.Currency
	By      money.Amount
}

// openingFact is what a business brought along when its books began.
type openingFact struct {
	Reference string
	Date      date.Date
	Lines     []NewLine
	Rest      money.Amount // debits less credits of the lines
	Memo      string
}

// baseLine moves an account in the base currency alone: nothing of the currency that is held there.
func baseLine(account AccountRef, a money.Amount, sign int64, of money.Currency) NewLine {
	l := signedLine(account, a, sign)
	l.booked = &bookedAmounts{transaction: money.Zero(of), base: sign * a.Minor}
	return l
}

// signedLine puts an amount times a sign on the side that it belongs to.
func signedLine(account AccountRef, a money.Amount, sign int64) NewLine {
	a.Minor *= sign
	if a.Minor < 0 {
		a.Minor = -a.Minor
		return CreditLine(account, a)
	}
	return DebitLine(account, a)
}

// asBooked is a line that is analysed as another was, whatever its account requires by now.
func asBooked(l NewLine, base money.Currency, set uuid.UUID) NewLine {
	sign, a := int64(1), l.Debit
	if l.Credit.Minor != 0 {
		sign, a = -1, l.Credit
	}
	worth := a.Minor
	if l.Base.Currency == base && a.Currency != base {
		worth = l.Base.Minor
	}
	l.booked = &bookedAmounts{transaction: money.Amount{Minor: sign * a.Minor, Currency: a.Currency}, base: sign * worth, set: set}
	return l
}
