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
	Kind      InvoiceKind
	ID        uuid.UUID
	PartyID   uuid.UUID // zero for a walk-in
	Date, Due date.Date
	// Counter is the receivables account, or the cash or bank account that the document was settled by.
	Counter AccountRef
	Settled bool
	Gross   money.Amount
	Parts   []postingPart // revenue by account, then tax by account
	Lock    string
	Late    LatePolicy
}

// postingPart is the sum of what goes to one account; below zero when deductions prevail.
type postingPart struct {
	Account AccountRef
	Amount  money.Amount
}

// invoiceEntry books a document. An invoice debits the customer (or the till) with the gross amount and credits revenue
// and tax; a credit note does the opposite. Accounts whose parts cancel out are left out.
func invoiceEntry(f *invoiceFact) NewEntry {
	e := NewEntry{Journal: JournalSales, Kind: KindInvoice, Date: f.Date, LockException: f.Lock, Late: f.Late, Source: Source{Model: "erp.invoices", ID: f.ID},
		Lines: make([]NewLine, 0, len(f.Parts)+1)}
	sign := int64(1)
	if f.Kind == CreditNoteDocument {
		e.Kind, sign = KindCreditNote, -1
	}
	if f.Gross.Minor != 0 {
		line := signedLine(f.Counter, f.Gross, sign)
		if !f.Settled {
			line.Due = f.Due
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
	Kind      BillKind
	ID        uuid.UUID
	PartyID   uuid.UUID
	Date, Due date.Date
	Gross     money.Amount
	Parts     []postingPart // what was bought by account, then input tax
	Lock      string
	Late      LatePolicy
}

// billEntry books a vendor's document. A bill debits what was bought and the input tax and credits the vendor with the
// gross amount; a vendor's credit does the opposite. Accounts whose parts cancel out are left out.
func billEntry(f *billFact) NewEntry {
	e := NewEntry{Journal: JournalPurchases, Kind: KindBill, Date: f.Date, LockException: f.Lock, Late: f.Late, Source: Source{Model: "erp.bills", ID: f.ID},
		Lines: make([]NewLine, 0, len(f.Parts)+1)}
	sign := int64(1)
	if f.Kind == VendorCreditDocument {
		e.Kind, sign = KindVendorCredit, -1
	}
	for _, p := range f.Parts {
		if p.Amount.Minor != 0 {
			e.Lines = append(e.Lines, signedLine(p.Account, p.Amount, sign))
		}
	}
	if f.Gross.Minor != 0 {
		line := signedLine(ByRole(RolePayable), f.Gross, -sign)
		line.PartyID, line.Due = f.PartyID, f.Due
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
	Late        LatePolicy
}

// paymentEntry books a payment: money in debits the bank and credits the party, money out does the opposite.
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
	}
	return e
}

// yearEndFact is the result of a fiscal year, as far as the ledger is concerned.
type yearEndFact struct {
	ClosingID uuid.UUID
	Date      date.Date     // the last day of the year
	Result    []postingPart // what was posted to each account of income and expense in the year; debits are positive
	Retained  AccountRef
	Lock      string
}

// yearEndEntry empties the accounts of income and expense into retained earnings: a line each, and the profit (a credit) or
// loss as the last.
func yearEndEntry(f *yearEndFact) NewEntry {
	e := NewEntry{Journal: JournalGeneral, Kind: KindYearEnd, Date: f.Date, LockException: f.Lock, Source: Source{Model: "erp.period_closings", ID: f.ClosingID}}
	var total money.Amount
	for _, p := range f.Result {
		if p.Amount.Minor == 0 {
			continue
		}
		e.Lines = append(e.Lines, signedLine(p.Account, p.Amount, -1))
		total.Minor, total.Currency = total.Minor+p.Amount.Minor, p.Amount.Currency
	}
	if total.Minor != 0 {
		e.Lines = append(e.Lines, signedLine(f.Retained, total, 1))
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

// signedLine puts an amount times a sign on the side that it belongs to.
func signedLine(account AccountRef, a money.Amount, sign int64) NewLine {
	a.Minor *= sign
	if a.Minor < 0 {
		a.Minor = -a.Minor
		return CreditLine(account, a)
	}
	return DebitLine(account, a)
}
