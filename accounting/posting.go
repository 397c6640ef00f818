package accounting

import (
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
	Dues    []duePart     // what is to be paid: one part, or instalments
	Parts   []postingPart // revenue by account, then tax by account; tax that is withheld is below zero
	Lock    string
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
	e := NewEntry{Journal: JournalSales, Kind: KindInvoice, Date: f.Date, LockException: f.Lock, Source: Source{Model: "erp.invoices", ID: f.ID},
		Lines: make([]NewLine, 0, len(f.Parts)+1)}
	sign := int64(1)
	switch f.Kind { //nolint:exhaustive // an invoice
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
		if !f.Settled {
			line.Due = part.Due
		}
		line.PartyID = f.PartyID
		e.Lines = append(e.Lines, line)
	}
	for _, p := range f.Parts {
		if p.Amount.Minor != 0 {
			e.Lines = append(e.Lines, signedLine(p.Account, p.Amount, -sign))
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
	Dues    []duePart     // what is to be paid: one part, or instalments
	Parts   []postingPart // what was bought by account, then tax; tax that is owed to the state is below zero
	Lock    string
}

// billEntry books a vendor's document. A bill debits what was bought and the input tax and credits the vendor with what is to
// be paid, by instalment; so does a vendor's debit note, and a vendor's credit does the opposite. Tax that we owe instead of
// the vendor (reverse charge) or keep back from him is credited to what is owed to the state. Accounts whose parts cancel
// out are left out.
func billEntry(f *billFact) NewEntry {
	e := NewEntry{Journal: JournalPurchases, Kind: KindBill, Date: f.Date, LockException: f.Lock, Source: Source{Model: "erp.bills", ID: f.ID},
		Lines: make([]NewLine, 0, len(f.Parts)+1)}
	sign := int64(1)
	switch f.Kind { //nolint:exhaustive // a bill
	case VendorCreditDocument:
		e.Kind, sign = KindVendorCredit, -1
	case VendorDebitDocument:
		e.Kind = KindVendorDebit
	}
	for _, p := range f.Parts {
		if p.Amount.Minor != 0 {
			e.Lines = append(e.Lines, signedLine(p.Account, p.Amount, sign))
		}
	}
	for _, part := range f.Dues {
		if part.Amount.Minor == 0 {
			continue
		}
		line := signedLine(ByRole(RolePayable), part.Amount, -sign)
		line.PartyID, line.Due = f.PartyID, part.Due
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
	Money       AccountRef // bank or cash
	MoneyRole   Role       // of that account, which decides the journal
	Control     AccountRef
	Memo, Lock  string
}

// paymentEntry books a payment: money in debits the bank and credits the party, money out does the opposite.
func paymentEntry(f *paymentFact) NewEntry {
	e := NewEntry{Journal: JournalBank, Kind: KindPayment, Date: f.Date, Memo: f.Memo, LockException: f.Lock, Source: Source{Model: "erp.payments", ID: f.ID}}
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
	e.Lines = append(e.Lines, line)
	left := money.Amount{Minor: -sign * f.Amount.Minor, Currency: f.Amount.Currency} // debits positive
	for _, t := range f.Taxes {
		a := money.Amount{Minor: t.ledgerMinor(), Currency: f.Amount.Currency}
		if a.Minor != 0 {
			e.Lines = append(e.Lines, signedLine(ByID(t.AccountID), a, 1))
			left.Minor -= a.Minor
		}
	}
	if left.Minor != 0 {
		e.Lines = append(e.Lines, signedLine(ByRole(rest), left, 1))
	}
	return e
}

// taxDueFact is tax of a document that became due, as what it moves by account: debits are positive.
type taxDueFact struct {
	Date   date.Date
	Source Source
	Parts  []postingPart
}

// taxDueEntry books it: from where tax waits for payment to where it is owed or claimed.
func taxDueEntry(f *taxDueFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindTaxDue, Date: f.Date, Source: f.Source}
	for _, p := range f.Parts {
		if p.Amount.Minor != 0 {
			e.Lines = append(e.Lines, signedLine(p.Account, p.Amount, 1))
		}
	}
	return e
}

// reversalFact is an entry that is taken back.
type reversalFact struct {
	Journal    JournalCode
	Date       date.Date
	Lines      []Line // of the entry that is reversed
	Memo, Lock string
}

// reversalEntry books the mirror image: every line on the other side, in the same order.
func reversalEntry(f *reversalFact) NewEntry {
	e := NewEntry{Journal: f.Journal, Kind: KindReversal, Date: f.Date, Memo: f.Memo, LockException: f.Lock, Lines: make([]NewLine, len(f.Lines))}
	for i := range f.Lines {
		l := &f.Lines[i]
		e.Lines[i] = signedLine(ByID(l.AccountID), l.Amount, -1)
		e.Lines[i].PartyID = l.PartyID
	}
	return e
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
