package inventory

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This file is the only one that makes journal entries. A document becomes one entry in the stock journal, dated like the
// document: the stock account by what the moves changed it, against the counter accounts of the lines. Lines of one
// account and combination of dimensions are added up, debits come first, and both in the order in which accounts first appear; an
// account that comes out at nothing is left out, and a document that does so altogether has no entry.
//
//	                debit                    credit
//	receipt         stock                    the counter named (a supplier, opening equity)
//	issue           cost of goods sold       stock
//	return          stock                    cost of goods sold
//	adjustment +    stock                    stock losses
//	adjustment -    stock losses             stock
//	vendor return   goods received           stock; price variance takes the difference, on either side
//	revaluation     stock, price variance    the counter named (goods received); the reverse where goods cost less
//	variance        stock variance           stock, where goods sold below zero cost more than was thought; else the reverse
//
// A line may name another counter: goods given away go to marketing. The documents of a group become one entry when the group
// is posted: the same accounts, added up over all of them.

// defaultCounters are the accounts on the other side of stock. A receipt has no default: where goods come from is never
// obvious.
var defaultCounters = map[Kind]accounting.Role{
	Issue:        accounting.RoleCostOfGoodsSold,
	Return:       accounting.RoleCostOfGoodsSold,
	Adjustment:   accounting.RoleStockLoss,
	VendorReturn: accounting.RoleGoodsReceived,
	Variance:     accounting.RoleStockVariance,
}

// counterOf is the account on the other side for one line: its own, else the document's, else the kind's.
func counterOf(kind Kind, document, line accounting.AccountRef) accounting.AccountRef {
	switch {
	case !line.IsZero():
		return line
	case !document.IsZero():
		return document
	}
	return accounting.ByRole(defaultCounters[kind])
}

// charge is what one move did to the value on hand and to the price variance, and the account on the other side of both.
type charge struct {
	counter  accounting.AccountRef
	value    money.Amount // signed as the move's
	variance money.Amount // debits are positive
	set      uuid.UUID    // of dimensions, of counter and variance
}

// analysis says what combinations of dimensions are, and whether the stock account requires any. Else it has none: where goods lie,
// the warehouses tell.
type analysis struct {
	named map[uuid.UUID]accounting.Dimensions
	stock bool
}

// ofStock is the combination that the stock account has for goods of one.
func (a *analysis) ofStock(set uuid.UUID) uuid.UUID {
	if a.stock {
		return set
	}
	return uuid.Nil
}

// entryOf is the journal entry of a document; ok is false when there is nothing to book. Errors: money.overflow.
func entryOf(doc *Document, charges []charge, a *analysis, lockException string) (entry accounting.NewEntry, ok bool, err error) {
	sums, err := sumsOf(charges, a)
	if err != nil {
		return entry, false, err
	}
	return stockEntry(doc.Date, sums, a, lockException, accounting.Source{Model: documentTable, ID: doc.ID})
}

// groupEntry is the one entry of a group's documents: what their accounts add up to, debits positive, against stock. Errors:
// money.overflow.
func groupEntry(posting *GroupPosting, totals []accountTotal, a *analysis, lockException string, source accounting.Source) (entry accounting.NewEntry, ok bool, err error) {
	var sums ledgerSums
	stock := accounting.ByRole(accounting.RoleStock)
	for _, t := range totals {
		opposite, err := t.value.Neg()
		if err != nil {
			return entry, false, err
		}
		if err := sums.add(stock, a.ofStock(t.set), opposite); err != nil {
			return entry, false, err
		}
		if err := sums.add(accounting.ByID(t.account), t.set, t.value); err != nil {
			return entry, false, err
		}
	}
	if source == (accounting.Source{}) {
		source = accounting.Source{Model: groupPostingTable, ID: posting.ID}
	}
	return stockEntry(posting.Date, sums, a, lockException, source)
}

func stockEntry(day date.Date, sums ledgerSums, a *analysis, lockException string, source accounting.Source) (entry accounting.NewEntry, ok bool, err error) {
	lines, err := sums.lines(a.named)
	if err != nil || len(lines) == 0 {
		return entry, false, err
	}
	return accounting.NewEntry{Journal: accounting.JournalStock, Kind: accounting.KindStock, Date: day, Lines: lines,
		LockException: lockException, Source: source, AsStated: true}, true, nil
}

// sumsOf adds up what a document's moves did to the accounts.
func sumsOf(charges []charge, a *analysis) (ledgerSums, error) {
	var sums ledgerSums
	stock, variance := accounting.ByRole(accounting.RoleStock), accounting.ByRole(accounting.RolePriceVariance)
	for _, c := range charges {
		if err := sums.add(stock, a.ofStock(c.set), c.value); err != nil {
			return sums, err
		}
		opposite, err := c.value.Neg()
		if err != nil {
			return sums, err
		}
		if c.variance.Minor != 0 {
			if err := sums.add(variance, c.set, c.variance); err != nil {
				return sums, err
			}
			if opposite, err = opposite.Sub(c.variance); err != nil {
				return sums, err
			}
		}
		if err := sums.add(c.counter, c.set, opposite); err != nil {
			return sums, err
		}
	}
	return sums, nil
}

// ledgerPart is an account under one combination of dimensions.
type ledgerPart struct {
	account accounting.AccountRef
	set     uuid.UUID
}

// ledgerSums adds up by account and combination, in the order of first appearance. Debits are positive.
type ledgerSums struct {
	order  []ledgerPart
	totals map[ledgerPart]money.Amount
}

func (s *ledgerSums) add(account accounting.AccountRef, set uuid.UUID, amount money.Amount) error {
	if s.totals == nil {
		s.totals = map[ledgerPart]money.Amount{}
	}
	part := ledgerPart{account, set}
	old, seen := s.totals[part]
	if !seen {
		s.order = append(s.order, part)
		old = money.Zero(amount.Currency)
	}
	total, err := old.Add(amount)
	s.totals[part] = total
	return err
}

// lines are the debits and then the credits.
func (s *ledgerSums) lines(named map[uuid.UUID]accounting.Dimensions) ([]accounting.NewLine, error) {
	var debits, credits []accounting.NewLine
	for _, part := range s.order {
		total := s.totals[part]
		switch total.Sign() {
		case 1:
			l := accounting.DebitLine(part.account, total)
			l.Dimensions = named[part.set]
			debits = append(debits, l)
		case -1:
			opposite, err := total.Neg()
			if err != nil {
				return nil, err
			}
			l := accounting.CreditLine(part.account, opposite)
			l.Dimensions = named[part.set]
			credits = append(credits, l)
		}
	}
	return append(debits, credits...), nil
}
