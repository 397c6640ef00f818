package purchasing

import (
	"maps"

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
	More []analysedAmount // in the order of the lines, each combination once
	Lock string
	Late accounting.LatePolicy
}

// analysedAmount is an amount under one combination of dimensions.
type analysedAmount struct {
	Dimensions accounting.Dimensions
	Amount     money.Amount
}

// add adds an amount to that of its combination. Errors: money.overflow.
func (f *creditFact) add(of accounting.Dimensions, amount money.Amount) (err error) {
	for i := range f.More {
		if m := &f.More[i]; maps.Equal(m.Dimensions, of) {
			m.Amount, err = m.Amount.Add(amount)
			return err
		}
	}
	f.More = append(f.More, analysedAmount{of, amount})
	return nil
}

// creditEntry books the difference as price variance, under the dimensions of the orders' lines: the goods are gone, so no stock can
// take it. ok is false when there is none.
func creditEntry(f *creditFact) (entry accounting.NewEntry, ok bool) {
	var lines []accounting.NewLine
	for _, m := range f.More {
		received, variance := accounting.ByRole(accounting.RoleGoodsReceived), accounting.ByRole(accounting.RolePriceVariance)
		amount := m.Amount
		if amount.Minor < 0 {
			received, variance = variance, received
			amount.Minor = -amount.Minor
		}
		if amount.Minor == 0 {
			continue
		}
		debit, credit := accounting.DebitLine(received, amount), accounting.CreditLine(variance, amount)
		debit.Dimensions, credit.Dimensions = m.Dimensions, m.Dimensions
		lines = append(lines, debit, credit)
	}
	return accounting.NewEntry{
		Journal:       accounting.JournalPurchases,
		Date:          f.Date,
		LockException: f.Lock,
		Late:          f.Late,
		Source:        accounting.Source{Model: billTable, ID: f.ID},
		Lines:         lines,
		AsStated:      true,
	}, len(lines) > 0
}
