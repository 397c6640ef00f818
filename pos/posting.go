package pos

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// This is the only file of the package that makes journal entries. A session becomes one entry in the cash journal when it is
// closed, dated on its business date, added up by account and combination of dimensions: revenue and the other sides of cash moves under
// theirs, over/short under the session's, cash and cards under the session's where their accounts require any. Taxes and rounding
// have none.
//
//	                                            debit           credit
//	what the drawer holds more than before      cash
//	what cards were charged, less paid back     card takings
//	net amounts of sales, less taken back                       the lines' accounts
//	tax of sales, less taken back                               tax
//	cash put in                                                 where it came from
//	cash taken out                              where it went
//	cash rounding upwards                                       rounding
//	more counted than expected                                  over/short
//
// What comes out below zero stands on the other side. The goods have an entry of their own: inventory makes it of all documents
// of the group with the session's id.

// closingFact is a closed session, as far as the ledger is concerned. Amounts are signed: debits are positive.
type closingFact struct {
	SessionID  uuid.UUID
	Date       date.Date
	Cash, Card posted
	Postings   []posted // revenue, tax, the other sides of cash moves
	Rounding   posted
	OverShort  posted
	Currency   money.Currency
	Lock       string
	Named      map[uuid.UUID]accounting.Dimensions // what combinations are
}

// closingEntry books a session. Accounts that come out at nothing are left out; ok is false when there is nothing to book.
func closingEntry(f *closingFact) (entry accounting.NewEntry, ok bool) {
	sums := make(map[posted]int64, len(f.Postings)+4)
	var order []posted
	for _, p := range append([]posted{f.Cash, f.Card}, append(f.Postings[:len(f.Postings):len(f.Postings)], f.Rounding, f.OverShort)...) {
		key := posted{AccountID: p.AccountID, Set: p.Set}
		if _, seen := sums[key]; !seen {
			order = append(order, key)
		}
		sums[key] += p.Minor
	}
	var debits, credits []accounting.NewLine
	for _, key := range order {
		switch minor := sums[key]; {
		case minor > 0:
			l := accounting.DebitLine(accounting.ByID(key.AccountID), money.Amount{Minor: minor, Currency: f.Currency})
			l.Dimensions = f.Named[key.Set]
			debits = append(debits, l)
		case minor < 0:
			l := accounting.CreditLine(accounting.ByID(key.AccountID), money.Amount{Minor: -minor, Currency: f.Currency})
			l.Dimensions = f.Named[key.Set]
			credits = append(credits, l)
		}
	}
	lines := append(debits, credits...)
	return accounting.NewEntry{Journal: accounting.JournalCash, Kind: accounting.KindTill, Date: f.Date, Lines: lines, LockException: f.Lock,
		Source: accounting.Source{Model: sessionTable, ID: f.SessionID}, AsStated: true}, len(lines) > 0
}
