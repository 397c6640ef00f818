package accounting

import (
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This is the only file of the package that makes journal entries: pure functions from a fact to a NewEntry, with all
// accounts and amounts settled before. Post checks them like anyone's.

// dateOnly is a document's entry as far as its day is concerned, before the rest of it is known.
func dateOnly(on date.Date, late LatePolicy, exception string) *NewEntry {
	return &NewEntry{Kind: KindInvoice, Date: on, Late: late, LockException: exception}
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
		e.Lines = append(e.Lines, f.Parts[i].lines(-sign)...)
	}
	return e
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
		e.Lines = append(e.Lines, f.Parts[i].lines(sign)...)
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

// yearEndEntry empties the accounts of income and expense into retained earnings: a line for each account and combination of
// dimensions, and as the last ones the profit (a credit) or loss of each combination. So every account is empty however it is
// looked at, and what a cost centre has earned stays that cost centre's. Distributions follow in the same manner, with lines of their own on
// retained earnings: what changed them by profit and by what the owners took is shown apart (IAS 1.106(d)(iii)).
func yearEndEntry(f *yearEndFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindYearEnd, Date: f.Date, LockException: f.Lock, Source: Source{Model: "erp.period_closings", ID: f.ClosingID}}
	for _, parts := range [][]analysedPart{f.Result, f.Distributed} {
		e.Lines = append(e.Lines, emptied(parts, f.Retained)...)
	}
	return e
}

// emptied are the lines that empty accounts into another one, combination by combination.
func emptied(parts []analysedPart, into AccountRef) (lines []NewLine) {
	var totals []analysedPart
	for _, p := range parts {
		if p.Amount.Minor == 0 {
			continue
		}
		lines = append(lines, p.line(-1))
		i := slices.IndexFunc(totals, func(t analysedPart) bool { return t.Set == p.Set })
		if i < 0 {
			i, totals = len(totals), append(totals, analysedPart{postingPart{into, money.Zero(p.Amount.Currency)}, p.Set})
		}
		totals[i].Amount.Minor += p.Amount.Minor
	}
	for _, t := range totals {
		if t.Amount.Minor != 0 {
			lines = append(lines, t.line(1))
		}
	}
	return lines
}

// line books the sum as it is, whether or not the account requires dimensions by now and their values still take postings.
func (p *analysedPart) line(sign int64) NewLine {
	l := signedLine(p.Account, p.Amount, sign)
	l.booked = &bookedAmounts{base: sign * p.Amount.Minor, transaction: money.Amount{Minor: sign * p.Amount.Minor, Currency: p.Amount.Currency}, set: p.Set}
	return l
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

// advanceRateEntry takes what is left over off the control account, in base alone, to tax and to the advance.
func advanceRateEntry(f *advanceRateFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindRealised, Date: f.Date, LockException: f.Lock, Source: Source{Model: allocationModel, ID: f.ID}}
	if f.Left.Minor != 0 {
		control := baseLine(f.Control, f.Left, -1, f.Currency)
		control.PartyID = f.PartyID
		e.Lines = append(e.Lines, control)
	}
	for _, t := range f.Taxes {
		if l := t.line(); l.booked.base != 0 {
			e.Lines = append(e.Lines, l)
		}
	}
	for i := range f.Advances {
		if p := &f.Advances[i]; p.base != 0 {
			l := baseLine(ByID(p.account), money.Amount{Minor: p.base, Currency: f.Left.Currency}, 1, f.Currency)
			l.booked.set = p.dims.set
			e.Lines = append(e.Lines, l)
		}
	}
	return e
}

// writeOffEntry books the party's side away and the difference to an account.
func writeOffEntry(f *writeOffFact) NewEntry {
	to, party := signedLine(f.To, f.Open, 1), signedLine(f.Control, f.Open, -1)
	to.Base, to.Dimensions = f.Base, f.ToDimensions
	party.Base, party.PartyID = f.Base, f.PartyID
	return NewEntry{Journal: JournalGeneral, Kind: KindWriteOff, Date: f.Date, LockException: f.Lock, Lines: []NewLine{to, party}}
}

// contraEntry takes the amount off both control accounts: it debits what is owed to the party and credits what it owes.
func contraEntry(f *contraFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindContra, Date: f.Date, LockException: f.Lock,
		Lines: []NewLine{signedLine(f.Debt, f.Amount, 1), signedLine(f.Claim, f.Amount, -1)}}
	for i := range e.Lines {
		e.Lines[i].Base, e.Lines[i].PartyID = f.Base, f.PartyID
	}
	return e
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
	if f.Base.Currency != f.Amount.Currency {
		party.Base = f.Base
	}
	e.Lines = append(e.Lines, party)
	left, worth := -sign*f.Amount.Minor, -sign*f.Base.Minor // debits positive
	for _, t := range f.Taxes {
		if l := t.line(); l.booked.base != 0 || l.booked.transaction.Minor != 0 {
			e.Lines = append(e.Lines, l)
			left, worth = left-l.booked.transaction.Minor, worth-l.booked.base
		}
	}
	for _, to := range restLines(f.To.Account, money.Amount{Minor: left, Currency: f.Amount.Currency}, money.Amount{Minor: worth, Currency: f.Base.Currency}) {
		to.Dimensions = f.To.Dimensions
		e.Lines = append(e.Lines, to)
	}
	return e
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

// openingEntry books opening balances, and what they do not sum to against opening equity.
func openingEntry(f *openingFact) NewEntry {
	e := NewEntry{Reference: f.Reference, Journal: JournalOpening, Kind: KindOpening, Date: f.Date, Memo: f.Memo, Lines: append([]NewLine(nil), f.Lines...)}
	if f.Rest.Minor != 0 {
		e.Lines = append(e.Lines, signedLine(ByRole(RoleOpeningEquity), f.Rest, -1))
	}
	return e
}
