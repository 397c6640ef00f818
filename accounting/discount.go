package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewDiscount is the input of [Service.TakeDiscount]: an early-payment discount that was taken on an invoice, or that we take on
// a bill.
type NewDiscount struct {
	// Reference is the idempotency key, as in [NewEntry].
	Reference string `validate:"reference"`
	// DocumentID is an invoice, a bill or a debit note whose terms give a discount.
	DocumentID uuid.UUID `validate:"required"`
	// Date is the day of payment, not after the last day of the discount.
	Date date.Date `validate:"day"`
	// Dimensions are what the discount is analysed by, on [RoleDiscountGiven] or [RoleDiscountTaken].
	Dimensions Dimensions
	// LockException is as in [NewEntry].
	LockException string `validate:"text=500"`
}

// TakeDiscount books early-payment discounts, all or none: the percentage of the terms on what was to be paid, less what was
// credited, in one entry each. The discount lowers what the tax is computed on, so what credits left of each tax of the document is corrected
// in proportion (Directive 2006/112/EC, Art. 90(1)); the rest goes to [RoleDiscountGiven] or [RoleDiscountTaken], deductions from revenue and from the
// cost of purchases. It is set
// off against the document's open items at once. A document's discount is taken once, and again when [Service.Unallocate] has taken it
// back. A discount whose reference was used before with the same content is given back with Replayed set.
//
// Permission: accounting.pay, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_item (there is no such document), accounting.no_discount
// (the terms give none on this day), accounting.tax_unsupported (tax is withheld from the document), accounting.over_allocated
// (less is open than the discount), accounting.unknown_account, accounting.account_inactive, accounting.dimension_needed, accounting.no_period,
// accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden, accounting.discount_taken,
// accounting.reference_taken; tenancy.duplicate when another transaction has just used the same reference (a retry is answered with the
// replay).
func (s *Service) TakeDiscount(ctx context.Context, in []NewDiscount) ([]Entry, error) {
	return tenancy.Act(ctx, s.db, PermPay, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		const op = "accounting.TakeDiscount"
		w := &discounting{op: op, tx: tx, in: in, replays: newReplays[Entry](op, "discount", len(in)), documents: map[uuid.UUID]*discountable{}}
		ids, dims, err := opening(tx, op, "discount", "discounts", in, w.replays.expect)
		if err != nil {
			return nil, err
		}
		w.dims = dims
		if err := w.read(ctx, s, ids); err != nil {
			return nil, err
		}
		out, err := w.replays.run(w.take)
		if err != nil {
			return nil, err
		}
		if err := w.settle.releaseTax(ctx, w.plan, w.taxes); err != nil {
			return nil, err
		}
		b := tx.Batch()
		w.plan.write(b)
		w.settle.write(b)
		tenancy.Put(b, w.taxes)
		return give(out, b.Run(ctx))
	})
}

func (n *NewDiscount) asked() asked {
	return asked{reference: n.Reference, all: true, of: []uuid.UUID{n.DocumentID}, dimensions: n.Dimensions}
}

func (n *NewDiscount) fingerprint(f *fingerprint) string {
	f.reset()
	f.id(n.DocumentID)
	f.day(n.Date)
	f.text(n.Dimensions.key())
	return f.sum()
}

// discountModel is the source of what books a discount; the id is that of the document.
const discountModel = "erp.discounts"

// discountable is what a discount needs to know of a document.
type discountable struct {
	trade       Trade
	name        string
	party       uuid.UUID
	entry       uuid.UUID
	instalments int64
	terms       EarlyDiscount
	payable     money.Amount
	credited    int64
	withheld    int64
	gross       int64 // what the tax is computed on, tax included
}

// discounting is one call of TakeDiscount.
type discounting struct {
	op        string
	tx        *tenancy.Tx
	in        []NewDiscount
	set       *setup
	replays   *replays[Entry, *Entry]
	dims      *dimensionBook
	documents map[uuid.UUID]*discountable
	declared  []TaxEntry                // of the documents
	left      map[uuid.UUID][]*TaxEntry // of them, less what credits took back
	taken     map[uuid.UUID]bool
	plan      *plan
	settle    *settlement
	taxes     []*TaxEntry
}

// read locks the documents and then their items, and reads their taxes.
func (w *discounting) read(ctx context.Context, s *Service, ids []uuid.UUID) (err error) {
	var invoices []Invoice
	var bills []Bill
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		tenancy.Load(b, &invoices, tenancy.In("id", ids), tenancy.ForUpdate())
		tenancy.Load(b, &bills, tenancy.In("id", ids), tenancy.ForUpdate())
		w.replays.load(b)
		w.dims.load(b)
		tenancy.Load(b, &w.declared, tenancy.In("source_id", ids), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	})
	if err != nil {
		return err
	}
	if err := w.dims.complete(ctx); err != nil {
		return err
	}
	var items []uuid.UUID
	for _, v := range invoices {
		w.documents[v.ID] = &discountable{Sale, v.Number, v.PartyID, v.EntryID, v.Instalments, EarlyDiscount{v.DiscountPercent, v.DiscountUntil}, v.Payable, v.CreditedMinor, v.Withheld.Minor, v.Gross.Minor}
		items = furtherInstalments(append(items, v.ID), v.ID, v.Instalments)
	}
	for _, v := range bills {
		w.documents[v.ID] = &discountable{Purchase, "the bill " + v.VendorNumber, v.PartyID, v.EntryID, v.Instalments, EarlyDiscount{v.DiscountPercent, v.DiscountUntil}, v.Payable, v.CreditedMinor, v.Withheld.Minor, v.Gross.Minor}
		items = furtherInstalments(append(items, v.ID), v.ID, v.Instalments)
	}
	var locked []OpenItem
	if err := lockMoreItems(ctx, w.tx, &locked, items); err != nil {
		return err
	}
	if err := w.readTaken(ctx, items); err != nil {
		return err
	}
	entries := map[uuid.UUID]uuid.UUID{}
	for id, v := range w.documents {
		entries[v.entry] = id
	}
	if w.left, err = readLeft(ctx, w.tx, entries); err != nil {
		return err
	}
	w.plan = newPlan(w.op, w.tx, w.set, len(w.in))
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, locked)
	return nil
}

// readTaken finds the documents whose discount is in force: one of their items is settled by it, and that is not undone.
func (w *discounting) readTaken(ctx context.Context, items []uuid.UUID) error {
	w.taken = map[uuid.UUID]bool{}
	if len(items) == 0 {
		return nil
	}
	// The item of the discount stands on the other side than the document's.
	taken, err := tenancy.Report[uuid.UUID](ctx, w.tx, `SELECT e.source_id FROM {allocations} AS a JOIN {open_items} AS o ON o.id = a.credit_id
			JOIN {journal_entries} AS e ON e.id = o.entry_id
			WHERE a.debit_id IN (?) AND o.kind = 'discount' GROUP BY e.source_id HAVING SUM(a.amount_minor) <> 0
		UNION ALL SELECT e.source_id FROM {allocations} AS a JOIN {open_items} AS o ON o.id = a.debit_id
			JOIN {journal_entries} AS e ON e.id = o.entry_id
			WHERE a.credit_id IN (?) AND o.kind = 'discount' GROUP BY e.source_id HAVING SUM(a.amount_minor) <> 0`,
		tenancy.List(items), tenancy.List(items))
	for _, id := range taken {
		w.taken[id] = true
	}
	return err
}

// take plans discount i.
func (w *discounting) take(i int) (*Entry, error) {
	in, where := &w.in[i], fmt.Sprintf("discount %d: ", i+1)
	v := w.documents[in.DocumentID]
	switch {
	case v == nil:
		return nil, ErrUnknownItem.New(w.op, "%sthere is no such document", where)
	case w.taken[in.DocumentID]:
		return nil, ErrDiscountTaken.New(w.op, "%sthe discount of %s is taken already", where, v.name)
	case v.terms.Percent.IsZero():
		return nil, ErrNoDiscount.New(w.op, "%s%s gives no early-payment discount", where, v.name)
	case v.terms.Until.Before(in.Date):
		return nil, ErrNoDiscount.New(w.op, "%sthe discount of %s was given until %s: one that is allowed later is a credit, which lowers its tax as well", where, v.name, v.terms.Until)
	case v.withheld != 0:
		return nil, ErrTaxUnsupported.New(w.op, "%san early-payment discount on a document from which tax is withheld is not supported", where)
	}
	item := w.settle.items[in.DocumentID]
	left := v.payable.Minor - v.credited
	amount := percentOf(left, v.terms.Percent)
	if item == nil || amount <= 0 {
		return nil, ErrNoDiscount.New(w.op, "%snothing of %s is left to give a discount on", where, v.name)
	}
	rows, err := w.correct(v, in, amount)
	if err != nil {
		return nil, err
	}
	worth, beyond, err := w.settle.worthOf(in.DocumentID, v.instalments, amount)
	switch {
	case err != nil:
		return nil, err
	case beyond > 0:
		return nil, ErrOverAllocated.New(w.op, "%sthe discount of %s is more than is open of %s", where, money.Amount{Minor: amount, Currency: v.payable.Currency}, v.name)
	}
	e := discountEntry(&discountFact{Trade: v.trade, DocumentID: in.DocumentID, Date: in.Date, PartyID: v.party, Control: ByID(item.AccountID), Lock: in.LockException, Reference: w.replays.references[i],
		Amount: money.Amount{Minor: amount, Currency: v.payable.Currency}, Base: money.Amount{Minor: worth, Currency: w.set.books.Currency}, Dimensions: in.Dimensions, Taxes: rows})
	entry, err := w.plan.add(where, &e, booking{print: w.replays.prints[i]})
	if err != nil {
		return nil, err
	}
	for _, t := range rows {
		t.EntryID = entry.ID
	}
	due, err := w.plan.fallDue(where, Source{discountModel, in.DocumentID}, in.LockException, rows)
	if err != nil {
		return nil, err
	}
	w.taxes = append(append(w.taxes, rows...), due...)
	w.taken[in.DocumentID] = true
	fresh := w.plan.items[len(w.plan.items)-1]
	w.settle.exception = in.LockException
	if err := w.settle.setOff(where, fresh, in.DocumentID, v.instalments, in.Date); err != nil {
		return nil, err
	}
	return entry, nil
}

// correct makes the tax entries that take back the part of each tax that falls on a discount: of what credits left of it.
func (w *discounting) correct(v *discountable, in *NewDiscount, amount int64) ([]*TaxEntry, error) {
	var rows []*TaxEntry
	for i := range w.declared {
		t := &w.declared[i]
		if t.SourceID != in.DocumentID || t.EntryID != v.entry || t.SourceModel == prepaymentModel {
			continue // what became due later
		}
		row := *t
		row.ID, row.EntryDate, row.ResidualMinor, row.RecordedAt = tenancy.NewID(), in.Date, 0, w.tx.Now()
		row.SourceModel, row.VarianceMinor = discountModel, 0
		if !t.DueOn.IsZero() { // it waits for the supply, as what it is taken off
			if err := w.set.stand(w.op, "", &row, !in.Date.Before(t.DueOn)); err != nil {
				return nil, err
			}
		}
		left := t.sameIn(w.left[in.DocumentID])
		for k, x := range row.figures() {
			share, err := part(*left.figures()[k], 0, amount, v.gross-v.credited)
			if err != nil {
				return nil, err
			}
			*x = -share
		}
		rows = append(rows, &row)
	}
	return rows, nil
}
