package purchasing

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This file is the only one that makes journal entries. Receipts, returns and revaluations are booked by inventory, bills and
// credits by accounting; all of them meet on the account of goods received, not yet billed:
//
//	                        debit                      credit
//	receipt                 stock                      goods received
//	bill                    goods received, tax        payable
//	  billed dearer         stock, price variance      goods received
//	return                  goods received             stock (and price variance)
//	vendor's credit         payable                    goods received, tax
//	  credited more         goods received             price variance      <- made here

// creditFact is what a vendor's credit gave back more than the goods were received at; below zero when it gave less.
type creditFact struct {
	ID   uuid.UUID
	Date date.Date
	More money.Amount
	Lock string
	Late accounting.LatePolicy
}

// creditEntry books the difference as price variance: the goods are gone, so no stock can take it. ok is false when there
// is none.
func creditEntry(f *creditFact) (entry accounting.NewEntry, ok bool) {
	received, variance := accounting.ByRole(accounting.RoleGoodsReceived), accounting.ByRole(accounting.RolePriceVariance)
	amount := f.More
	if amount.Minor < 0 {
		received, variance = variance, received
		amount.Minor = -amount.Minor
	}
	return accounting.NewEntry{
		Journal:       accounting.JournalPurchases,
		Date:          f.Date,
		LockException: f.Lock,
		Late:          f.Late,
		Source:        accounting.Source{Model: billTable, ID: f.ID},
		Lines:         []accounting.NewLine{accounting.DebitLine(received, amount), accounting.CreditLine(variance, amount)},
	}, amount.Minor != 0
}
