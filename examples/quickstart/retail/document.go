package retail

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Kind is what a document does.
type Kind string

// The kinds of documents.
const (
	Sale       Kind = "sale"       // sold for a price; some lines may be given away
	CreditNote Kind = "credit"     // sold goods come back, a discount or a fee
	Giveaway   Kind = "giveaway"   // goods given away, and nothing else
	Adjustment Kind = "adjustment" // goods damaged or lost
	BadDebt    Kind = "bad_debt"   // a journal entry: no goods
)

// Document is one document that can be booked.
type Document struct {
	Number   string // invoice_no: an outside reference, and nobody's legal number
	Kind     Kind
	Line     int64 // of its first row in the file
	Date     date.Date
	Customer string // "" for a walk-in
	Country  string // a name, as in the file
	Lines    []Line
	Total    money.Amount // the sum of its lines' amounts: below zero for a credit note
}

// HasGoods reports whether any line stands for goods. A document without may have nothing to move.
func (d *Document) HasGoods() bool {
	for i := range d.Lines {
		if d.Lines[i].Goods {
			return true
		}
	}
	return false
}

// maxLines is the greatest number of lines of one document.
const maxLines = 10_000

// kindOf tells a document's kind, or why it cannot be booked.
func kindOf(d *Document) (Kind, error) {
	switch d.Number[0] {
	case 'C':
		return CreditNote, checkCredit(d)
	case 'A':
		if d.Total.IsZero() {
			return BadDebt, fmt.Errorf("the bad debt comes to nothing")
		}
		return BadDebt, nil
	}
	sold, given, written := 0, 0, 0
	for i := range d.Lines {
		l := &d.Lines[i]
		switch {
		case l.GivenAway():
			given++
		case l.WrittenOff():
			written++
		case l.Goods && (l.Quantity < 0 || l.Price.IsNegative()):
			return Sale, fmt.Errorf("line %d takes goods back; that needs a credit note", l.Number)
		default:
			sold++
		}
	}
	switch {
	case written > 0 && sold > 0:
		return Sale, fmt.Errorf("it has both sold lines and stock adjustments")
	case written > 0 && given > 0:
		return Giveaway, fmt.Errorf("it has both lines given away and stock adjustments")
	case written > 0:
		return Adjustment, nil
	case sold == 0:
		return Giveaway, nil
	case d.Total.Sign() < 0:
		return Sale, fmt.Errorf("the sale comes to less than nothing, %s", d.Total)
	}
	return Sale, nil
}

// checkCredit holds a credit note to what it is: nothing goes out on it, and it is not a demand.
func checkCredit(d *Document) error {
	for i := range d.Lines {
		if l := &d.Lines[i]; l.Goods && (l.Quantity > 0 || l.Price.IsNegative()) {
			return fmt.Errorf("line %d of the credit note hands out goods", l.Number)
		}
	}
	if d.Total.Sign() > 0 {
		return fmt.Errorf("the credit note comes to more than nothing, %s", d.Total)
	}
	return nil
}
