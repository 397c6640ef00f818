package sales

import (
	"slices"
)

// QuotationState is where a quotation stands.
type QuotationState string

// The states of a quotation. It is open, and then it is decided, once.
const (
	QuotationOpen      QuotationState = "open"
	QuotationAccepted  QuotationState = "accepted"  // it became an order
	QuotationDeclined  QuotationState = "declined"  // the customer does not want it
	QuotationExpired   QuotationState = "expired"   // its last day passed
	QuotationWithdrawn QuotationState = "withdrawn" // the seller took it back
)

// OrderState is where an order stands. It follows from what was done for its lines; see [Order].
type OrderState string

// The states of an order.
const (
	OrderOpen      OrderState = "open"      // something is still to be delivered, charged or credited
	OrderClosed    OrderState = "closed"    // what is not cancelled was delivered, and what the customer keeps is charged
	OrderCancelled OrderState = "cancelled" // all of it was cancelled
)

// act is what is done to a quotation or an order. The acts on an order are named as what they make.
type act string

// The acts on a quotation.
const (
	actAccept   act = "accept"
	actDecline  act = "decline"
	actExpire   act = "expire"
	actWithdraw act = "withdraw"
)

// transition says which states may follow a state by an act.
type transition[State ~string] struct {
	from State
	act  act
	to   []State
}

// The legal transitions. What does not stand here is refused with sales.wrong_state. Declining what is declined and
// withdrawing what is withdrawn stand here because a retry does it, and change nothing.
var (
	quotationTransitions = []transition[QuotationState]{
		{QuotationOpen, actAccept, []QuotationState{QuotationAccepted}},
		{QuotationOpen, actDecline, []QuotationState{QuotationDeclined}},
		{QuotationOpen, actExpire, []QuotationState{QuotationExpired}},
		{QuotationOpen, actWithdraw, []QuotationState{QuotationWithdrawn}},
		{QuotationDeclined, actDecline, []QuotationState{QuotationDeclined}},
		{QuotationWithdrawn, actWithdraw, []QuotationState{QuotationWithdrawn}},
	}
	orderTransitions = []transition[OrderState]{
		{OrderOpen, act(Delivery), []OrderState{OrderOpen, OrderClosed}},
		{OrderOpen, act(OrderInvoice), []OrderState{OrderOpen, OrderClosed}},
		{OrderOpen, act(Cancellation), []OrderState{OrderOpen, OrderClosed, OrderCancelled}},
		{OrderOpen, act(GoodsReturn), []OrderState{OrderOpen, OrderClosed}},
		{OrderOpen, act(OrderCredit), []OrderState{OrderOpen, OrderClosed}},
		{OrderClosed, act(GoodsReturn), []OrderState{OrderOpen}}, // a credit is due
		{OrderClosed, act(OrderCredit), []OrderState{OrderOpen}}, // goods are due back, or a better invoice
	}
)

// allowed are the states that may follow a state by an act; none when the act is not allowed there.
func allowed[State ~string](table []transition[State], from State, by act) []State {
	i := slices.IndexFunc(table, func(t transition[State]) bool { return t.from == from && t.act == by })
	if i < 0 {
		return nil
	}
	return table[i].to
}

// decide moves a quotation to the state that follows by an act, or refuses.
func (q *Quotation) decide(op, what string, by act) error {
	to := allowed(quotationTransitions, q.State, by)
	if len(to) == 0 {
		err := ErrWrongState.New(op, "%s: the quotation %q is %s", what, q.Reference, q.State)
		if by == actAccept && q.State == QuotationExpired {
			// The same answer, whether the background job has passed by or not.
			return ErrQuotationExpired.Wrap(op, err, "%s: the quotation %q was valid until %s", what, q.Reference, q.ValidUntil)
		}
		return err
	}
	q.State = to[0]
	return nil
}
