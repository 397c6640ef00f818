package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// RecoverBadDebts declares again what relief took back, as a debt that was written off is paid after all: the party's claim is opened
// again by the amount and settled by the payment at once, tax is due in proportion, and the rest takes the loss back. In a foreign currency
// all three are what they were when it was written off; what the payment is worth more or less is a realised gain or loss. A debt and
// a payment meet once: again with the same content they are answered with the entry that is there.
//
// Permission: accounting.relief, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_item (no such debt or payment), accounting.over_allocated (more than
// is left of the debt, or open of the payment), accounting.allocation_mismatch (another party's), accounting.wrong_currency,
// accounting.reference_taken, and those of Post.
func (s *Service) RecoverBadDebts(ctx context.Context, in []NewRecovery) ([]Entry, error) {
	return tenancy.Act(ctx, s.db, PermRelief, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		const op = "accounting.RecoverBadDebts"
		w := &recovering{op: op, tx: tx, in: in, replays: newReplays[Entry](op, "recovery", len(in)), taken: map[uuid.UUID][]*TaxEntry{}}
		debts, dims, err := opening(tx, op, "recovery", "recoveries", in, w.replays.expect)
		if err != nil || len(in) == 0 {
			return nil, err
		}
		w.dims = dims
		if err := w.read(ctx, s, debts); err != nil {
			return nil, err
		}
		out, err := w.replays.run(w.recover)
		if err != nil {
			return nil, err
		}
		if err := w.settle.releaseTax(ctx, w.plan, nil); err != nil {
			return nil, err
		}
		b := tx.Batch()
		w.plan.write(b)
		tenancy.Set(b, w.changed, "recovered_minor")
		w.settle.write(b)
		tenancy.Put(b, w.taxes)
		return give(out, b.Run(ctx))
	})
}

// recovering is one call of RecoverBadDebts.
type recovering struct {
	op      string
	tx      *tenancy.Tx
	in      []NewRecovery
	set     *setup
	replays *replays[Entry, *Entry]
	dims    *dimensionBook
	debts   []BadDebt // locked
	taken   map[uuid.UUID][]*TaxEntry
	plan    *plan
	settle  *settlement
	changed []*BadDebt
	taxes   []*TaxEntry
}

// read locks the debts and then the payments, and finds what was taken back of the debts' taxes.
func (w *recovering) read(ctx context.Context, s *Service, debts []uuid.UUID) (err error) {
	payments := make([]uuid.UUID, len(w.in))
	for i := range w.in {
		payments[i] = w.in[i].PaymentID
	}
	var locked []OpenItem
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		tenancy.Load(b, &w.debts, tenancy.In("id", debts), tenancy.ForUpdate())
		lockItems(b, &locked, unique(payments))
		w.replays.load(b)
		w.dims.load(b)
	})
	if err != nil {
		return err
	}
	if err := w.dims.complete(ctx); err != nil {
		return err
	}
	rows, err := tenancy.Find[TaxEntry](ctx, w.tx, tenancy.In("source_id", debts), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	if err != nil {
		return err
	}
	for id, rows := range bySource(pointers(rows)) {
		for i := range rows {
			rows[i] = rows[i].asSale()
		}
		w.taken[id] = netTaxes(rows)
	}
	w.plan = newPlan(w.op, w.tx, w.set, len(w.in))
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, locked)
	return nil
}

// recover plans recovery i.
func (w *recovering) recover(i int) (*Entry, error) {
	in, where := &w.in[i], fmt.Sprintf("recovery %d: ", i+1)
	debt, payment := first(w.debts, func(d *BadDebt) bool { return d.ID == in.BadDebtID }), w.settle.items[in.PaymentID]
	if debt == nil || payment == nil || payment.Kind != KindPayment || payment.Original.Minor > 0 {
		return nil, ErrUnknownItem.New(w.op, "%sthere is no such debt, or no such payment received", where)
	}
	left, amount, on := debt.Amount.Minor-debt.RecoveredMinor, in.Amount, in.Date
	if on.IsZero() {
		on = payment.ItemDate
	}
	if amount == (money.Amount{}) {
		amount = money.Amount{Minor: min(left, -payment.OpenMinor), Currency: debt.Amount.Currency}
	}
	switch {
	case payment.PartyID != debt.PartyID:
		return nil, ErrMismatch.New(w.op, "%sthe payment is another party's", where)
	case amount.Currency != debt.Amount.Currency || payment.Original.Currency != debt.Amount.Currency:
		return nil, ErrWrongCurrency.New(w.op, "%sthe debt is in %s", where, debt.Amount.Currency)
	case amount.Minor == 0 || amount.Minor > left || amount.Minor > -payment.OpenMinor:
		return nil, ErrOverAllocated.New(w.op, "%s%s of the debt is left, and %s of the payment is open", where, money.Amount{Minor: left, Currency: amount.Currency},
			money.Amount{Minor: -payment.OpenMinor, Currency: amount.Currency})
	case on.Before(payment.ItemDate) || on.Before(debt.RelievedOn):
		return nil, ErrBadInput.New(w.op, "%sDate is before that of the payment, %s, or of the debt, %s", where, payment.ItemDate, debt.RelievedOn)
	}
	rows, err := w.declare(where, debt, amount.Minor, left, on)
	if err != nil {
		return nil, err
	}
	base := money.Zero(w.set.books.Currency)
	if base.Minor, err = part(debt.BaseMinor, debt.RecoveredMinor, debt.RecoveredMinor+amount.Minor, debt.Amount.Minor); err != nil {
		return nil, err
	}
	to := CreditLine(ByID(debt.AccountID), amount)
	to.Dimensions = in.Dimensions
	e := badDebtEntry(&badDebtFact{ID: debt.ID, Date: on, PartyID: debt.PartyID, Control: ByID(payment.AccountID), To: to, Amount: amount, Base: base, Back: true,
		Taxes: rows, Lock: in.LockException, Reference: w.replays.references[i]})
	if err := w.plan.bookTaxes(where, e, rows, booking{print: w.replays.prints[i]}); err != nil {
		return nil, err
	}
	debt.RecoveredMinor += amount.Minor
	w.changed, w.taxes = append(w.changed, debt), append(w.taxes, rows...)
	w.settle.exception = in.LockException
	fresh := w.plan.items[len(w.plan.items)-1]
	return w.plan.entries[len(w.plan.entries)-1], w.settle.pair(where, fresh, payment, amount.Minor, on)
}

// declare makes the tax entries of a recovery: what relief took back, and what waited and was never due, is due now.
func (w *recovering) declare(where string, debt *BadDebt, amount, left int64, on date.Date) ([]*TaxEntry, error) {
	var rows []*TaxEntry
	for _, t := range w.taken[debt.ID] {
		parts, err := t.cut(amount, left)
		if err != nil {
			return nil, err
		}
		row := w.plan.taxPart(t, on, -1, parts)
		row.SourceModel = badDebtModel
		if err := w.set.stand(w.op, where, row, true); err != nil {
			return nil, err
		}
		if tax := w.set.taxByID(t.TaxID); tax.Due != TaxDueOnPayment && (tax.BoxReliefTax != "" || tax.BoxReliefBase != "") {
			row.BaseBox = "" // the sale was never taken back
		}
		rows = append(rows, row)
	}
	return rows, nil
}
