package bank

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This is the only file of the package that makes journal entries: a pure function from a fact to a NewEntry. What settles open items is
// booked by accounting.Pay, whose entries are accounting's.

// chargeFact is what of a bank line goes to accounts that are nobody's: fees, interest, transfers.
type chargeFact struct {
	Date   date.Date
	Ledger uuid.UUID // the account of the chart that stands for the bank account
	Parts  []chargePart
	Memo   string
	Lock   string
}

// chargePart goes to one account; above zero for money in.
type chargePart struct {
	Account accounting.AccountRef
	Amount  money.Amount
}

// chargeEntry books them: of each part the bank's account takes the one side and the part's account the other, so that line 1, 3, 5 ... are
// the bank's. Money in debits the bank.
func chargeEntry(f *chargeFact) accounting.NewEntry {
	e := accounting.NewEntry{Journal: accounting.JournalBank, Date: f.Date, Memo: f.Memo, LockException: f.Lock, Lines: make([]accounting.NewLine, 0, 2*len(f.Parts))}
	for _, p := range f.Parts {
		bank, amount := accounting.ByID(f.Ledger), p.Amount
		if amount.Minor < 0 {
			amount.Minor = -amount.Minor
			e.Lines = append(e.Lines, accounting.CreditLine(bank, amount), accounting.DebitLine(p.Account, amount))
		} else {
			e.Lines = append(e.Lines, accounting.DebitLine(bank, amount), accounting.CreditLine(p.Account, amount))
		}
	}
	return e
}
