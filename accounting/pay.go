package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Pay books payments from and to parties, all or none, in a number of statements that does not depend on how many there are.
// Each gets a journal entry and an open item, which the allocations settle together with what they name. A payment
// whose reference was booked before with the same content is given back with Replayed set.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_party, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.wrong_currency, accounting.amount_limit,
// accounting.unknown_item, accounting.over_allocated, accounting.allocation_mismatch, accounting.no_period,
// accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden, accounting.reference_taken;
// tenancy.duplicate when another transaction has just booked the same reference (a retry is answered with the replay).
func (s *Service) Pay(ctx context.Context, in []NewPayment) ([]Payment, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Payment, error) {
		const op = "accounting.Pay"
		if err := checkPayments(op, in); err != nil {
			return nil, err
		}
		w := &paying{op: op, tx: tx, in: in, replays: newReplays[Payment](op, "payment", len(in))}
		var hash fingerprint
		for i := range in {
			w.replays.expect(in[i].Reference, in[i].fingerprint(&hash))
		}
		if err := w.read(ctx, s); err != nil {
			return nil, err
		}
		out, err := w.replays.run(w.pay)
		if err != nil {
			return nil, err
		}
		if err := w.settle.releaseTax(ctx, w.plan, nil); err != nil {
			return nil, err
		}
		b := tx.Batch()
		w.plan.write(b)
		tenancy.Put(b, w.payments)
		w.settle.write(b)
		return give(out, b.Run(ctx))
	})
}

// paying is one call of Pay.
type paying struct {
	op       string
	tx       *tenancy.Tx
	in       []NewPayment
	set      *setup
	replays  *replays[Payment, *Payment]
	items    []OpenItem // locked
	plan     *plan
	settle   *settlement
	payments []*Payment
}

func checkPayments(op string, in []NewPayment) error {
	if err := checkBatch(op, "payments", len(in)); err != nil {
		return err
	}
	total := 0
	for i := range in {
		p := &in[i]
		where := fmt.Sprintf("payment %d: ", i+1)
		if err := checkInput(op, where, p); err != nil {
			return err
		}
		if total += len(p.Allocate); len(p.Allocate) > MaxLines || total > MaxBatchLines {
			return ErrTooMany.New(op, "%smore than %d allocations, or more than %d in one call", where, MaxLines, MaxBatchLines)
		}
		left := p.Amount.Minor
		if err := checkAmount(op, where, p.Amount); err != nil {
			return err
		}
		for j, a := range p.Allocate {
			if err := checkAmount(op, fmt.Sprintf("%sallocation %d: ", where, j+1), a.Amount); err != nil {
				return err
			}
			if left -= a.Amount.Minor; left < 0 {
				return ErrOverAllocated.New(op, "%smore is allocated than was paid", where)
			}
		}
	}
	return nil
}

// checkAmount asks for an amount above zero and within the limits.
func checkAmount(op, where string, a money.Amount) error {
	switch {
	case a.Minor <= 0:
		return ErrBadInput.New(op, "%sAmount is above zero", where)
	case a.Minor > maxMinor:
		return ErrAmountLimit.New(op, "%sthe amount is larger than the books hold", where)
	}
	return nil
}

// fingerprint is of a payment's figures and names.
func (p *NewPayment) fingerprint(f *fingerprint) string {
	f.reset()
	f.id(p.PartyID)
	f.text(string(p.Direction))
	f.day(p.Date)
	f.amount(p.Amount)
	f.text(p.Account.text)
	f.text(p.Against.text)
	for _, a := range p.Allocate {
		f.id(a.InvoiceID)
		f.amount(a.Amount)
	}
	return f.sum()
}

// read asks for all that the batch needs to know, in one round trip, and locks the items that are paid.
func (w *paying) read(ctx context.Context, s *Service) (err error) {
	var wanted, items []uuid.UUID
	for i := range w.in {
		wanted = append(wanted, w.in[i].PartyID)
		for _, a := range w.in[i].Allocate {
			items = append(items, a.InvoiceID)
		}
	}
	wanted, items = unique(wanted), unique(items)
	var parties []Party
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		w.replays.load(b)
		loadParties(b, &parties, wanted)
		lockItems(b, &w.items, items)
	})
	if err != nil {
		return err
	}
	w.plan = newPlan(w.op, w.tx, w.set, len(w.in))
	w.settle = newSettlement(w.op, w.tx, w.items)
	return allFound(w.op, wanted, parties)
}

// pay plans payment i.
func (w *paying) pay(i int) (*Payment, error) {
	in := &w.in[i]
	where := fmt.Sprintf("payment %d: ", i+1)
	base := w.set.books.Currency
	if in.Amount.Currency != base || slices.ContainsFunc(in.Allocate, func(a PaymentAllocation) bool { return a.Amount.Currency != base }) {
		return nil, ErrWrongCurrency.New(w.op, "%sthe amount is not in the books' currency, %s", where, base)
	}
	account, err := w.set.ordinary(w.op, where, in.Account.orDefault(RoleBank))
	if err != nil {
		return nil, err
	}
	control, err := w.control(where, in)
	if err != nil {
		return nil, err
	}
	p := &Payment{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, Reference: in.Reference, Fingerprint: w.replays.prints[i],
		PartyID: in.PartyID, Direction: in.Direction, PaymentDate: in.Date, Amount: in.Amount, AccountID: account.ID, ControlID: control.ID,
		PostedAt: w.tx.Now()}
	e := paymentEntry(&paymentFact{ID: p.ID, PartyID: in.PartyID, Direction: in.Direction, Date: in.Date, Amount: in.Amount, Money: ByID(account.ID),
		MoneyRole: account.Role, Control: ByID(control.ID), Memo: in.Memo, Lock: in.LockException})
	entry, err := w.plan.add(where, &e, booking{})
	if err != nil {
		return nil, err
	}
	p.EntryID = entry.ID
	w.payments = append(w.payments, p)
	return p, w.allocate(where, in, w.plan.items[len(w.plan.items)-1])
}

// control finds the account on the other side: the stated one, that of what is paid, or the default of the direction.
func (w *paying) control(where string, in *NewPayment) (*Account, error) {
	ref := in.Against
	if ref.IsZero() && len(in.Allocate) > 0 {
		if item := w.settle.items[in.Allocate[0].InvoiceID]; item != nil {
			ref = ByID(item.AccountID)
		}
	}
	if in.Direction == MoneyOut {
		ref = ref.orDefault(RolePayable)
	}
	account, err := w.set.postable(w.op, where, ref.orDefault(RoleReceivable))
	if err == nil && account.Control == NoControl {
		err = ErrControlAccount.New(w.op, "%sa party is paid on a control account; account %s %s is none", where, account.Code, account.Name)
	}
	return account, err
}

// allocate settles the payment's own open item with what it pays.
func (w *paying) allocate(where string, in *NewPayment, own *OpenItem) error {
	for j, a := range in.Allocate {
		where := fmt.Sprintf("%sallocation %d: ", where, j+1)
		item := w.settle.items[a.InvoiceID]
		if item == nil {
			return ErrUnknownItem.New(w.op, "%sthere is no open item of the document %s", where, a.InvoiceID)
		}
		debit, credit := item, own
		if in.Direction == MoneyOut {
			debit, credit = own, item
		}
		if err := w.settle.pair(where, debit, credit, a.Amount.Minor, in.Date); err != nil {
			return err
		}
	}
	return nil
}
