package inventory

import (
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This file is the only one that makes journal entries. A document becomes one entry in the stock journal, dated like the
// document: the stock account by what the moves changed it, against the counter accounts of the lines. Lines of one
// account are added up, debits come first, and both in the order in which accounts first appear; an account that comes out
// at nothing is left out, and a document that does so altogether has no entry.
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
}

// entryOf is the journal entry of a document; ok is false when there is nothing to book. Errors: money.overflow.
func entryOf(doc *Document, charges []charge, lockException string) (entry accounting.NewEntry, ok bool, err error) {
	sums, err := sumsOf(charges)
	if err != nil {
		return entry, false, err
	}
	return stockEntry(doc.Date, sums, lockException, accounting.Source{Model: documentTable, ID: doc.ID})
}

// groupEntry is the one entry of a group's documents: what their accounts add up to, debits positive, against stock. Errors:
// money.overflow.
func groupEntry(posting *GroupPosting, totals []accountTotal, lockException string, source accounting.Source) (entry accounting.NewEntry, ok bool, err error) {
	var sums ledgerSums
	stock := accounting.ByRole(accounting.RoleStock)
	for _, t := range totals {
		opposite, err := t.value.Neg()
		if err != nil {
			return entry, false, err
		}
		if err := sums.add(stock, opposite); err != nil {
			return entry, false, err
		}
		if err := sums.add(accounting.ByID(t.account), t.value); err != nil {
			return entry, false, err
		}
	}
	if source == (accounting.Source{}) {
		source = accounting.Source{Model: groupPostingTable, ID: posting.ID}
	}
	return stockEntry(posting.Date, sums, lockException, source)
}

func stockEntry(day date.Date, sums ledgerSums, lockException string, source accounting.Source) (entry accounting.NewEntry, ok bool, err error) {
	lines, err := sums.lines()
	if err != nil || len(lines) == 0 {
		return entry, false, err
	}
	return accounting.NewEntry{Journal: accounting.JournalStock, Kind: accounting.KindStock, Date: day, Lines: lines,
		LockException: lockException, Source: source}, true, nil
}

// sumsOf adds up what a document's moves did to the accounts.
func sumsOf(charges []charge) (ledgerSums, error) {
	var sums ledgerSums
	stock, variance := accounting.ByRole(accounting.RoleStock), accounting.ByRole(accounting.RolePriceVariance)
	for _, c := range charges {
		if err := sums.add(stock, c.value); err != nil {
			return sums, err
		}
		opposite, err := c.value.Neg()
		if err != nil {
			return sums, err
		}
		if c.variance.Minor != 0 {
			if err := sums.add(variance, c.variance); err != nil {
				return sums, err
			}
			if opposite, err = opposite.Sub(c.variance); err != nil {
				return sums, err
			}
		}
		if err := sums.add(c.counter, opposite); err != nil {
			return sums, err
		}
	}
	return sums, nil
}

// ledgerSums adds up by account, in the order of first appearance. Debits are positive.
type ledgerSums struct {
	order  []accounting.AccountRef
	totals map[accounting.AccountRef]money.Amount
}

func (s *ledgerSums) add(account accounting.AccountRef, amount money.Amount) error {
	if s.totals == nil {
		s.totals = map[accounting.AccountRef]money.Amount{}
	}
	old, seen := s.totals[account]
	if !seen {
		s.order = append(s.order, account)
		old = money.Zero(amount.Currency)
	}
	total, err := old.Add(amount)
	s.totals[account] = total
	return err
}

// lines are the debits and then the credits.
func (s *ledgerSums) lines() ([]accounting.NewLine, error) {
	var debits, credits []accounting.NewLine
	for _, account := range s.order {
		total := s.totals[account]
		switch total.Sign() {
		case 1:
			debits = append(debits, accounting.DebitLine(account, total))
		case -1:
			opposite, err := total.Neg()
			if err != nil {
				return nil, err
			}
			credits = append(credits, accounting.CreditLine(account, opposite))
		}
	}
	return append(debits, credits...), nil
}
