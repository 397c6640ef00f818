package accounting

import (
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This is the only file of the package that makes journal entries: pure functions from a fact to a NewEntry, with all
// accounts and amounts settled before. Post checks them like anyone's.

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

// dateOnly is a document's entry as far as its day is concerned, before the rest of it is known.
func dateOnly(on date.Date, late LatePolicy, exception string) *NewEntry {
	return &NewEntry{Kind: KindInvoice, Date: on, Late: late, LockException: exception}
}

// postingPart is the sum of what goes to one account; below zero when deductions prevail.
type postingPart struct {
	Account AccountRef
	Amount  money.Amount
}

// invoiceEntry books a document. An invoice debits the customer (or the till) with what is to be paid, by instalment, and
// credits revenue and tax; so does a debit note, and a credit note does the opposite. Tax that the customer withholds is
// debited to the claim on the state. Accounts whose parts cancel out are left out.
func invoiceEntry(f *invoiceFact) NewEntry {
	e := NewEntry{Journal: JournalSales, Kind: KindInvoice, Date: f.Date, LockException: f.Lock, Late: f.Late, Source: Source{Model: "erp.invoices", ID: f.ID},
		Lines: make([]NewLine, 0, len(f.Parts)+1)}
	sign := int64(1)
	switch f.Kind { //nolint:exhaustive // an invoice
	case PrepaymentDocument:
		e.Kind = KindPrepayment
	case CreditNoteDocument:
		e.Kind, sign = KindCreditNote, -1
	case DebitNoteDocument:
		e.Kind = KindDebitNote
	}
	for _, part := range f.Dues {
		if part.Amount.Minor == 0 {
			continue
		}
		line := signedLine(f.Counter, part.Amount, sign)
		line.Base, line.Dimensions = part.Base, f.Whole
		if !f.Settled {
			line.Due = part.Due
		}
		line.PartyID = f.PartyID
		e.Lines = append(e.Lines, line)
	}
	for i := range f.Parts {
		if f.Parts[i].Amount.Minor != 0 {
			e.Lines = append(e.Lines, f.Parts[i].line(-sign))
		}
	}
	return e
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

// billEntry books a vendor's document. A bill debits what was bought and the input tax and credits the vendor with what is to
// be paid, by instalment; so does a vendor's debit note, and a vendor's credit does the opposite. Tax that we owe instead of
// the vendor (reverse charge) or keep back from him is credited to what is owed to the state. Accounts whose parts cancel
// out are left out.
func billEntry(f *billFact) NewEntry {
	e := NewEntry{Journal: JournalPurchases, Kind: KindBill, Date: f.Date, LockException: f.Lock, Late: f.Late, Source: Source{Model: "erp.bills", ID: f.ID},
		Lines: make([]NewLine, 0, len(f.Parts)+1)}
	sign := int64(1)
	switch f.Kind { //nolint:exhaustive // a bill
	case PrepaymentBillDocument:
		e.Kind = KindVendorPrepayment
	case VendorCreditDocument:
		e.Kind, sign = KindVendorCredit, -1
	case VendorDebitDocument:
		e.Kind = KindVendorDebit
	}
	for i := range f.Parts {
		if f.Parts[i].Amount.Minor != 0 {
			e.Lines = append(e.Lines, f.Parts[i].line(sign))
		}
	}
	for _, part := range f.Dues {
		if part.Amount.Minor == 0 {
			continue
		}
		line := signedLine(ByRole(RolePayable), part.Amount, -sign)
		line.PartyID, line.Due, line.Base = f.PartyID, part.Due, part.Base
		e.Lines = append(e.Lines, line)
	}
	return e
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

// paymentEntry books a payment: money in debits the bank and credits the party, money out does the opposite. Where the bank took
// another currency, both sides meet in currency clearing.
func paymentEntry(f *paymentFact) NewEntry {
	e := NewEntry{Journal: JournalBank, Kind: KindPayment, Date: f.Date, Memo: f.Memo, LockException: f.Lock, Late: f.Late, Source: Source{Model: "erp.payments", ID: f.ID}}
	if f.MoneyRole == RoleCash {
		e.Journal = JournalCash
	}
	sign := int64(1)
	if f.Direction == MoneyOut {
		sign = -1
	}
	party := signedLine(f.Control, f.Amount, -sign)
	party.PartyID = f.PartyID
	e.Lines = []NewLine{signedLine(f.Money, f.Amount, sign), party}
	if f.Banked.Currency != "" && f.Banked.Currency != f.Amount.Currency {
		clearing := ByRole(RoleCurrencyClearing)
		e.Lines = []NewLine{signedLine(f.Money, f.Banked, sign), signedLine(clearing, f.Banked, -sign), signedLine(clearing, f.Amount, sign), party}
	}
	for i := range e.Lines {
		e.Lines[i].Base = f.Base
	}
	return e
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

// discountEntry books a discount. On a sale it credits the customer, debits tax with its part and discounts given with the
// rest; on a purchase it debits the vendor, credits tax and discounts taken.
func discountEntry(f *discountFact) NewEntry {
	e := NewEntry{Journal: JournalSales, Kind: KindDiscount, Date: f.Date, Reference: f.Reference, LockException: f.Lock,
		Source: Source{Model: discountModel, ID: f.DocumentID}}
	sign, rest := int64(-1), RoleDiscountGiven
	if f.Trade == Purchase {
		e.Journal, sign, rest = JournalPurchases, 1, RoleDiscountTaken
	}
	line := signedLine(f.Control, f.Amount, sign)
	line.PartyID = f.PartyID
	if f.Base.Currency != f.Amount.Currency {
		line.Base = f.Base
	}
	e.Lines = append(e.Lines, line)
	left, worth := -sign*f.Amount.Minor, -sign*f.Base.Minor // debits positive
	for _, t := range f.Taxes {
		if l := t.line(); l.booked.base != 0 || l.booked.transaction.Minor != 0 {
			e.Lines = append(e.Lines, l)
			left, worth = left-l.booked.transaction.Minor, worth-l.booked.base
		}
	}
	for _, l := range restLines(ByRole(rest), money.Amount{Minor: left, Currency: f.Amount.Currency}, money.Amount{Minor: worth, Currency: f.Base.Currency}) {
		l.Dimensions = f.Dimensions
		e.Lines = append(e.Lines, l)
	}
	return e
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

// discountBackEntry books it: each line on the other side than the discount had it, and on the account of the discount what is left.
func discountBackEntry(f *discountBackFact) NewEntry {
	e := NewEntry{Journal: JournalSales, Kind: KindDiscount, Date: f.Date, LockException: f.Lock, Source: Source{Model: discountModel, ID: f.DocumentID}}
	if f.Trade == Purchase {
		e.Journal = JournalPurchases
	}
	left := bookedAmounts{transaction: money.Zero(f.Transaction.Currency)}
	add := func(account AccountRef, party uuid.UUID, b bookedAmounts) {
		if b.base == 0 && b.transaction.Minor == 0 {
			return
		}
		left.base, left.transaction.Minor = left.base-b.base, left.transaction.Minor-b.transaction.Minor
		e.Lines = append(e.Lines, NewLine{Account: account, PartyID: party, booked: &b})
	}
	add(f.Control, f.PartyID, bookedAmounts{base: -f.Base, transaction: money.Amount{Minor: -f.Transaction.Minor, Currency: f.Transaction.Currency}})
	for _, t := range f.Taxes {
		add(ByID(t.AccountID), uuid.Nil, *t.line().booked)
	}
	rest := left
	rest.set = f.RestSet
	add(f.Rest, uuid.Nil, rest)
	return e
}

// taxDueFact is tax of a document that became due: rows that take it from where it waits, and that put it where it is due.
type taxDueFact struct {
	Date            date.Date
	Source          Source
	Rows            []*TaxEntry
	Reference, Lock string
	Late            LatePolicy
}

// taxDueEntry books it: from where tax waits for payment to where it is owed or claimed.
func taxDueEntry(f *taxDueFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindTaxDue, Date: f.Date, Source: f.Source, Reference: f.Reference, LockException: f.Lock, Late: f.Late}
	for _, t := range f.Rows {
		if l := t.line(); l.booked.base != 0 || l.booked.transaction.Minor != 0 {
			e.Lines = append(e.Lines, l)
		}
	}
	return e
}

// writtenOffTaxFact is tax that waited for the payment of what was written off: rows that take it off where it waits.
type writtenOffTaxFact struct {
	Date   date.Date
	Source Source
	Rows   []*TaxEntry
	To     *NewLine // what took what was written off
	Lock   string
}

// writtenOffTaxEntry takes the tax off where it waits; what was written off is less by it.
func writtenOffTaxEntry(f *writtenOffTaxFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindWriteOff, Date: f.Date, Source: f.Source, LockException: f.Lock}
	var left, worth money.Amount // debits positive
	for _, t := range f.Rows {
		if l := t.line(); l.booked.base != 0 || l.booked.transaction.Minor != 0 {
			e.Lines = append(e.Lines, l)
			left = money.Amount{Minor: left.Minor - l.booked.transaction.Minor, Currency: t.DocumentCurrency}
			worth = money.Amount{Minor: worth.Minor - l.booked.base, Currency: t.Tax.Currency}
		}
	}
	if len(e.Lines) == 0 {
		return e
	}
	for _, to := range restLines(f.To.Account, left, worth) {
		to.Dimensions = f.To.Dimensions
		if f.To.booked != nil { // as the write-off was, which is undone
			to = asBooked(to, worth.Currency, f.To.booked.set)
		}
		e.Lines = append(e.Lines, to)
	}
	return e
}

// reversalFact is an entry that is taken back.
type reversalFact struct {
	Journal    JournalCode
	Date       date.Date
	Lines      []Line // of the entry that is reversed
	Memo, Lock string
	Late       LatePolicy
}

// reversalEntry books the mirror image: every line on the other side, in the same order.
func reversalEntry(f *reversalFact) NewEntry {
	e := NewEntry{Journal: f.Journal, Kind: KindReversal, Date: f.Date, Memo: f.Memo, LockException: f.Lock, Late: f.Late, Lines: make([]NewLine, len(f.Lines))}
	for i := range f.Lines {
		l := &f.Lines[i]
		e.Lines[i] = signedLine(ByID(l.AccountID), l.Amount, -1)
		e.Lines[i].PartyID = l.PartyID
		e.Lines[i].booked = &bookedAmounts{base: -l.Amount.Minor, set: l.DimensionSetID,
			transaction: money.Amount{Minor: -l.Transaction.Minor, Currency: l.Transaction.Currency}}
	}
	return e
}

// settlementReversal takes back what a settlement, or a payment, booked. A realised difference stays one: it opens no item.
func settlementReversal(f *reversalFact, of *Entry, source Source) NewEntry {
	e := reversalEntry(f)
	e.Source = source
	if of.Kind == KindRealised {
		e.Kind = KindRealised
	}
	return e
}

// yearEndFact is the result of a fiscal year, as far as the ledger is concerned.
type yearEndFact struct {
	ClosingID uuid.UUID
	Date      date.Date      // the last day of the year
	Result    []analysedPart // what was posted to accounts of income and expense in the year; debits are positive
	Retained  AccountRef
	Lock      string
}

// analysedPart is the sum of what was posted to an account with one combination of dimensions, which is zero for none.
type analysedPart struct {
	postingPart
	Set uuid.UUID
}

// yearEndEntry empties the accounts of income and expense into retained earnings: a line for each account and combination of
// dimensions, and as the last ones the profit (a credit) or loss of each combination. So every account is empty however it is
// looked at, and what a cost centre has earned stays that cost centre's.
func yearEndEntry(f *yearEndFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindYearEnd, Date: f.Date, LockException: f.Lock, Source: Source{Model: "erp.period_closings", ID: f.ClosingID}}
	var totals []analysedPart
	for _, p := range f.Result {
		if p.Amount.Minor == 0 {
			continue
		}
		e.Lines = append(e.Lines, p.line(-1))
		i := slices.IndexFunc(totals, func(t analysedPart) bool { return t.Set == p.Set })
		if i < 0 {
			i, totals = len(totals), append(totals, analysedPart{postingPart{f.Retained, money.Zero(p.Amount.Currency)}, p.Set})
		}
		totals[i].Amount.Minor += p.Amount.Minor
	}
	for _, t := range totals {
		if t.Amount.Minor != 0 {
			e.Lines = append(e.Lines, t.line(1))
		}
	}
	return e
}

// line books the sum as it is, whether or not the account requires dimensions by now and their values still take postings.
func (p *analysedPart) line(sign int64) NewLine {
	l := signedLine(p.Account, p.Amount, sign)
	l.booked = &bookedAmounts{base: sign * p.Amount.Minor, transaction: money.Amount{Minor: sign * p.Amount.Minor, Currency: p.Amount.Currency}, set: p.Set}
	return l
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

// allocationModel is the source of what an allocation, or what undoes it, books.
const allocationModel = "erp.allocations"

// realisedEntry takes what is left over off the control account, in base alone, to the realised gain or loss.
func realisedEntry(f *realisedFact) NewEntry {
	other := RoleExchangeLoss
	if f.Left.Minor < 0 {
		other = RoleExchangeGain
	}
	control := baseLine(f.Control, f.Left, -1, f.Currency)
	control.PartyID = f.PartyID
	return NewEntry{Journal: JournalGeneral, Kind: KindRealised, Date: f.Date, LockException: f.Lock, Source: Source{Model: allocationModel, ID: f.ID},
		Lines: []NewLine{control, signedLine(ByRole(other), f.Left, 1)}}
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

// writeOffEntry books the party's side away and the difference to an account.
func writeOffEntry(f *writeOffFact) NewEntry {
	to, party := signedLine(f.To, f.Open, 1), signedLine(f.Control, f.Open, -1)
	to.Base, to.Dimensions = f.Base, f.ToDimensions
	party.Base, party.PartyID = f.Base, f.PartyID
	return NewEntry{Journal: JournalGeneral, Kind: KindWriteOff, Date: f.Date, LockException: f.Lock, Lines: []NewLine{to, party}}
}

// badDebtFact is a debt that will not be paid, or was paid after all.
type badDebtFact struct {
	ID, PartyID     uuid.UUID
	Date            date.Date
	Control         AccountRef
	To              NewLine // what takes the loss, with the whole amount
	Amount          money.Amount
	Back            bool        // it was paid after all
	Taxes           []*TaxEntry // what is taken back of each tax, or is due again
	Reference, Lock string
}

// badDebtEntry credits the customer, debits tax with its part and the loss with the rest; paid after all, it does the opposite.
func badDebtEntry(f *badDebtFact) NewEntry {
	e := NewEntry{Journal: JournalSales, Kind: KindBadDebt, Date: f.Date, Reference: f.Reference, LockException: f.Lock, Source: Source{Model: badDebtModel, ID: f.ID}}
	sign := int64(-1)
	if f.Back {
		sign = 1
	}
	party := signedLine(f.Control, f.Amount, sign)
	party.PartyID = f.PartyID
	e.Lines = append(e.Lines, party)
	left := money.Amount{Minor: -sign * f.Amount.Minor, Currency: f.Amount.Currency} // debits positive
	for _, t := range f.Taxes {
		if l := t.line(); l.booked.base != 0 {
			e.Lines = append(e.Lines, l)
			left.Minor -= l.booked.base
		}
	}
	if left.Minor != 0 {
		to := signedLine(f.To.Account, left, 1)
		to.Dimensions = f.To.Dimensions
		e.Lines = append(e.Lines, to)
	}
	return e
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

// exchangeEntry books both sides through the currency clearing account, so that the entry balances in every currency and what
// one currency cost in the other can be read there.
func exchangeEntry(f *exchangeFact) NewEntry {
	line := func(account AccountRef, a money.Amount, sign int64) NewLine {
		l := signedLine(account, a, sign)
		l.Base = f.Base
		return l
	}
	clearing := ByRole(RoleCurrencyClearing)
	return NewEntry{Reference: f.Reference, Journal: JournalBank, Kind: KindExchange, Date: f.Date, Memo: f.Memo, LockException: f.Lock, Lines: []NewLine{
		line(f.From, f.Sold, -1), line(clearing, f.Sold, 1), line(f.To, f.Bought, 1), line(clearing, f.Bought, -1)}}
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

// revaluationEntry moves the worth of accounts in base alone, and books gains and losses each as one line.
func revaluationEntry(f *revaluationFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: f.Kind, Date: f.Date, LockException: f.Lock, Source: Source{Model: "erp.revaluations", ID: f.ID}}
	var gain, loss money.Amount
	for _, m := range f.Moves {
		e.Lines = append(e.Lines, baseLine(m.Account, m.By, 1, m.Of))
		sum := &loss
		if m.By.Minor > 0 {
			sum = &gain
		}
		sum.Minor, sum.Currency = sum.Minor+m.By.Minor, m.By.Currency
	}
	if gain.Minor != 0 {
		e.Lines = append(e.Lines, signedLine(ByRole(f.Gain), gain, -1))
	}
	if loss.Minor != 0 {
		e.Lines = append(e.Lines, signedLine(ByRole(f.Loss), loss, -1))
	}
	return e
}

// yearEndReversal takes a superseded closing of the same year back, so that the one that replaces it shows the whole result.
func yearEndReversal(f *yearEndFact, lines []Line) NewEntry {
	e := reversalEntry(&reversalFact{Journal: JournalGeneral, Date: f.Date, Lines: lines, Lock: f.Lock})
	e.Kind, e.Source = KindYearEnd, Source{Model: "erp.period_closings", ID: f.ClosingID}
	return e
}

// openingFact is what a business brought along when its books began.
type openingFact struct {
	Reference string
	Date      date.Date
	Lines     []NewLine
	Rest      money.Amount // debits less credits of the lines
	Memo      string
}

// openingEntry books opening balances, and what they do not sum to against opening equity.
func openingEntry(f *openingFact) NewEntry {
	e := NewEntry{Reference: f.Reference, Journal: JournalOpening, Kind: KindOpening, Date: f.Date, Memo: f.Memo, Lines: append([]NewLine(nil), f.Lines...)}
	if f.Rest.Minor != 0 {
		e.Lines = append(e.Lines, signedLine(ByRole(RoleOpeningEquity), f.Rest, -1))
	}
	return e
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
