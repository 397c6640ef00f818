package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Pay books payments from and to parties, all or none, in a number of statements that does not depend on how many there are.
// Each gets a journal entry and an open item, which the allocations settle together with what they name (of a document in instalments, the first that is due
// before the next). What is paid beyond the
// allocations, or in advance, stays open on account of the party; a refund is a payment the other way. Where the items stood in
// the books at another worth than the payment, the difference is booked as a realised gain or loss. A payment whose reference was
// booked before with the same content is given back with Replayed set.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_party, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.wrong_currency, accounting.no_rate,
// accounting.amount_limit, accounting.write_off_limit, accounting.unknown_dimension, accounting.dimension_inactive,
// accounting.dimension_needed,
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
	parties  map[uuid.UUID]*Party
	plan     *plan
	settle   *settlement
	rates    *rateTable
	dims     *dimensionBook
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
			where := fmt.Sprintf("%sallocation %d: ", where, j+1)
			if err := checkAmount(op, where, a.Amount); err != nil {
				return err
			}
			if err := checkWriteOff(op, where+"write-off: ", a.WriteOff); err != nil {
				return err
			}
			if left -= a.Amount.Minor; left < 0 {
				return ErrOverAllocated.New(op, "%smore is allocated than was paid", where)
			}
		}
	}
	return nil
}

func checkWriteOff(op, where string, w *PaymentWriteOff) error {
	if w == nil {
		return nil
	}
	if err := checkInput(op, where, w); err != nil {
		return err
	}
	return checkAmount(op, where, w.Amount)
}

// checkAmount asks for an amount above zero and within the limits.
func checkAmount(op, where string, a money.Amount) error {
	switch {
	case a == (money.Amount{}):
		return ErrBadInput.New(op, "%sAmount is needed", where)
	case a.Minor <= 0:
		return ErrBadInput.New(op, "%sAmount is above zero", where)
	case a.Minor > maxMinor:
		return ErrAmountLimit.New(op, "%sthe amount is larger than the books hold", where)
	}
	return nil
}

// checkPart is checkAmount, where no amount stands for all that there is.
func checkPart(op, where string, a money.Amount) error {
	if a == (money.Amount{}) {
		return nil
	}
	return checkAmount(op, where, a)
}

// fingerprint is of a payment's figures and names.
func (p *NewPayment) fingerprint(f *fingerprint) string {
	f.reset()
	f.id(p.PartyID)
	f.text(string(p.Direction))
	f.day(p.Date)
	f.amount(p.Amount)
	f.amount(p.Base)
	f.amount(p.Banked)
	f.text(p.Account.text)
	f.text(p.Against.text)
	for _, a := range p.Allocate {
		f.id(a.InvoiceID)
		f.amount(a.Amount)
		if w := a.WriteOff; w != nil {
			f.amount(w.Amount)
			f.text(w.Account.text)
			f.text(w.Dimensions.key())
		}
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
	w.dims = newDimensionBook(w.op, w.tx)
	for i := range w.in {
		for _, a := range w.in[i].Allocate {
			if a.WriteOff != nil {
				w.dims.want(a.WriteOff.Dimensions)
			}
		}
	}
	var parties []Party
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		w.replays.load(b)
		loadParties(b, &parties, wanted)
		lockItems(b, &w.items, items)
		w.dims.load(b)
	})
	if err != nil {
		return err
	}
	if err := w.dims.complete(ctx); err != nil {
		return err
	}
	w.rates = newRateTable(w.op, w.set.books.Currency, w.set.books.RateMaxAgeDays)
	for i := range w.in {
		if p := &w.in[i]; p.unvalued(w.set.books.Currency) {
			w.rates.want(p.Amount.Currency, p.Date)
		}
	}
	if err := w.rates.load(ctx, w.tx); err != nil {
		return err
	}
	if err := lockMoreItems(ctx, w.tx, &w.items, w.instalments()); err != nil {
		return err
	}
	w.plan = newPlan(w.op, w.tx, w.set, len(w.in))
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, w.items)
	w.parties = make(map[uuid.UUID]*Party, len(parties))
	for i := range parties {
		w.parties[parties[i].ID] = &parties[i]
	}
	return allFound(w.op, wanted, parties)
}

// pay plans payment i.
func (w *paying) pay(i int) (*Payment, error) {
	in := &w.in[i]
	where := fmt.Sprintf("payment %d: ", i+1)
	base, err := w.worth(where, in)
	if err != nil {
		return nil, err
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
		PartyID: in.PartyID, Direction: in.Direction, PaymentDate: in.Date, Amount: in.Amount, BaseMinor: base.Minor, AccountID: account.ID, ControlID: control.ID,
		PostedAt: w.tx.Now()}
	e := paymentEntry(&paymentFact{ID: p.ID, PartyID: in.PartyID, Direction: in.Direction, Date: in.Date, Amount: in.Amount, Base: base, Banked: in.Banked, Money: ByID(account.ID),
		MoneyRole: account.Role, Control: ByID(control.ID), Memo: in.Memo, Lock: in.LockException, Late: in.Late})
	entry, err := w.plan.add(where, &e, booking{})
	if err != nil {
		return nil, err
	}
	p.EntryID = entry.ID
	w.payments = append(w.payments, p)
	w.settle.exception = in.LockException
	return p, w.allocate(where, in, w.plan.items[len(w.plan.items)-1])
}

// worth is what a payment is worth in base, as stated or at the rate of its date. Errors: accounting.wrong_currency,
// accounting.no_rate, accounting.bad_input.
func (w *paying) worth(where string, in *NewPayment) (money.Amount, error) {
	base, cur := w.set.books.Currency, in.Amount.Currency
	if err := in.checkBanked(w.op, where, base); err != nil {
		return money.Amount{}, err
	}
	for _, a := range in.Allocate {
		if a.Amount.Currency != cur || a.WriteOff != nil && a.WriteOff.Amount.Currency != cur {
			return money.Amount{}, ErrWrongCurrency.New(w.op, "%sit pays in %s, and an allocation is in another currency", where, cur)
		}
	}
	switch {
	case !cur.Valid():
		return money.Amount{}, ErrWrongCurrency.New(w.op, "%s%q is no currency", where, string(cur))
	case cur == base && in.Base != (money.Amount{}) && in.Base != in.Amount:
		return money.Amount{}, ErrBadInput.New(w.op, "%sBase of an amount in the base currency is left out", where)
	case cur == base:
		return in.Amount, nil
	case in.Banked.Currency == base && in.Base == (money.Amount{}):
		return in.Banked, nil
	case in.Base == (money.Amount{}):
		out, _, err := w.rates.convert(where, in.Amount, in.Date)
		return out, err
	case in.Base.Currency != base:
		return money.Amount{}, ErrWrongCurrency.New(w.op, "%sBase is not in the books' currency, %s", where, base)
	case in.Base.Minor < 0 || in.Base.Minor > maxMinor:
		return money.Amount{}, ErrBadInput.New(w.op, "%sBase is not below zero, and within what the books hold", where)
	}
	return in.Base, nil
}

// unvalued reports whether the payment's worth is left to the rate of the day.
func (p *NewPayment) unvalued(base money.Currency) bool {
	return p.Amount.Currency != base && p.Amount.Currency.Valid() && p.Base == (money.Amount{}) && p.Banked.Currency != base
}

// checkBanked holds what the account took to what was paid. Errors: accounting.wrong_currency, accounting.bad_input,
// accounting.amount_limit.
func (p *NewPayment) checkBanked(op, where string, base money.Currency) error {
	b := p.Banked
	switch {
	case b == (money.Amount{}):
		return nil
	case !b.Currency.Valid():
		return ErrWrongCurrency.New(op, "%sBanked: %q is no currency", where, string(b.Currency))
	case b.Currency == p.Amount.Currency && b != p.Amount:
		return ErrBadInput.New(op, "%sBanked is in the payment's own currency, and differs from Amount", where)
	case b.Currency == base && p.Base != (money.Amount{}) && p.Base != b:
		return ErrBadInput.New(op, "%sBase is %s, and Banked says %s", where, p.Base, b)
	}
	return checkAmount(op, where+"Banked: ", b)
}

// control finds the account on the other side: the stated one, that of what is paid, or what the party is.
func (w *paying) control(where string, in *NewPayment) (*Account, error) {
	ref := in.Against
	if ref.IsZero() && len(in.Allocate) > 0 {
		if item := w.settle.items[in.Allocate[0].InvoiceID]; item != nil {
			ref = ByID(item.AccountID)
		}
	}
	account, err := w.set.postable(w.op, where, ref.orDefault(w.parties[in.PartyID].side(in.Direction)))
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
		last, err := w.settle.payInOrder(where, w.settle.instalmentsFrom(item), own, a.Amount.Minor, in.Date)
		if err != nil {
			return err
		}
		if x := a.WriteOff; x != nil {
			paid := w.settle.last()
			if err := w.settle.writeOff(where, last, x, in.Date); err != nil {
				return err
			}
			w.settle.last().WithID = paid.ID
		}
	}
	return nil
}

// instalments are the ids of the further items of documents of which the batch pays more than is open of the first.
func (w *paying) instalments() (ids []uuid.UUID) {
	first := make(map[uuid.UUID]*OpenItem, len(w.items))
	for i := range w.items {
		first[w.items[i].ID] = &w.items[i]
	}
	paid := map[uuid.UUID]int64{}
	for i := range w.in {
		for _, a := range w.in[i].Allocate {
			item, before := first[a.InvoiceID], paid[a.InvoiceID]
			if item == nil || !item.Kind.document() || before > abs(item.OpenMinor) {
				continue // these are wanted already
			}
			if paid[a.InvoiceID] += a.Amount.Minor; paid[a.InvoiceID] > abs(item.OpenMinor) { // no more than the limits allow, or Post refuses them
				ids = furtherInstalments(ids, a.InvoiceID, MaxInstalments)
			}
		}
	}
	return ids
}
