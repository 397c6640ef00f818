package pos

import (
	"fmt"

	"github.com/opsmatiq/erp/accounting/money"
)

// settle works out the payments of a ticket: cards take what they say, the rest is due in cash and rounded to what coins can
// pay, and change is given on cash alone. Rounding is of the ticket's one cash payment, never of lines and never of cards.
func (m *making) settle(it *item) (references []string, err error) {
	if it.draft.kind == KindVoid {
		return m.mirror(it), nil
	}
	asked := it.draft.payments
	if it.draft.kind == KindRefund && len(asked) == 0 && it.ticket.Gross.Sign() > 0 {
		asked = []NewPayment{{Method: Cash}}
	}
	left := it.ticket.Gross
	var cash *NewPayment
	for i := range asked {
		p := &asked[i]
		if p.Method == Cash {
			cash = p
			continue
		}
		amount := p.Amount
		where := fmt.Sprintf("%s, payment %d", it.draft.what, i+1)
		if it.draft.kind == KindRefund && amount == (money.Amount{}) {
			amount = left
		}
		if err := checkAmount(m.op, where, amount, m.currency, 1); err != nil {
			return nil, err
		}
		if amount.Minor > left.Minor {
			return nil, ErrOverpaid.New(m.op, "%s: %s to a card, where %s is due", where, amount, left)
		}
		left.Minor -= amount.Minor
		it.pay(Card, amount, amount.Minor)
		references = append(references, p.Reference)
	}
	if cash == nil {
		if left.Minor != 0 {
			return nil, ErrUnderpaid.New(m.op, "%s: %s is still due", it.draft.what, left)
		}
		return references, nil
	}
	references = append(references, "")
	return references, m.settleCash(it, *cash, left)
}

// settleCash pays what is left in cash.
func (m *making) settleCash(it *item, cash NewPayment, left money.Amount) error {
	due, rounding := money.RoundCash(left, m.register.Country, m.session.BusinessDate)
	tendered := cash.Amount
	if it.draft.kind == KindRefund && tendered == (money.Amount{}) {
		tendered = due
	}
	if err := checkAmount(m.op, it.draft.what+", cash", tendered, m.currency, 0); err != nil {
		return err
	}
	switch {
	case tendered.Minor < due.Minor:
		return ErrUnderpaid.New(m.op, "%s: %s is due in cash, and %s was given", it.draft.what, due, tendered)
	case tendered.Minor > 0 && left.Minor == 0, tendered.Minor > due.Minor && it.draft.kind == KindRefund:
		return ErrOverpaid.New(m.op, "%s: %s is due in cash, not %s", it.draft.what, due, tendered)
	}
	it.ticket.Rounding = rounding
	it.pay(Cash, due, tendered.Minor)
	return nil
}

// mirror pays a void back the way that its sale was paid.
func (m *making) mirror(it *item) (references []string) {
	it.ticket.Rounding = it.origin.Rounding
	for _, p := range it.origin.payments {
		it.pay(p.Method, p.Amount, p.Amount.Minor)
		references = append(references, "")
	}
	return references
}

func (it *item) pay(method Method, amount money.Amount, tendered int64) {
	it.payments = append(it.payments, &Payment{TicketID: it.ticket.ID, LineNo: int64(len(it.payments)) + 1, Method: method, Amount: amount, TenderedMinor: tendered})
}
