package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// RelieveBadDebts writes off what customers will not pay and takes the tax on it back, all or none: of each tax that the invoice
// declared, less what credits and discounts took back, the share that goes with the amount. It is declared on the stated day, in the
// boxes of relief ([TaxBoxes]) or, where the tax has none, taken off those of the sale; the rest is a loss on Account. Tax that
// waits for the payment was never due: it is taken off where it waits. The limit of [Service.WriteOff] does not hold here.
//
// A debt in a foreign currency is written off at what it stands in the books at, and its tax taken back at what was declared: the rate of the
// day has no part in it.
//
// Whether a tax gives relief, and after how many months, is the tax's to say ([NewTaxRelief]).
//
// Permission: accounting.relief, and accounting.exception where a LockException is given. Errors: accounting.bad_input,
// accounting.too_many, accounting.books_not_open, accounting.unknown_item (no such invoice or debit note), accounting.no_relief (a
// tax of it gives none, or not yet), accounting.over_allocated (more than is open), accounting.wrong_currency,
// accounting.reference_taken, and those of Post.
func (s *Service) RelieveBadDebts(ctx context.Context, in []NewBadDebt) ([]BadDebt, error) {
	return tenancy.Act(ctx, s.db, PermRelief, func(ctx context.Context, tx *tenancy.Tx) ([]BadDebt, error) {
		const op = "accounting.RelieveBadDebts"
		w := &relieving{op: op, tx: tx, in: in, replays: newReplays[BadDebt](op, "bad debt", len(in)), left: map[uuid.UUID]*relievable{}}
		ids, dims, err := opening(tx, op, "bad debt", "bad debts", in, w.replays.expect)
		if err != nil || len(in) == 0 {
			return nil, err
		}
		w.dims = dims
		if err := w.read(ctx, s, ids); err != nil {
			return nil, err
		}
		out, err := w.replays.run(w.relieve)
		if err != nil {
			return nil, err
		}
		if err := w.settle.releaseTax(ctx, w.plan, nil); err != nil {
			return nil, err
		}
		b := tx.Batch()
		w.plan.write(b)
		tenancy.Put(b, w.debts)
		w.settle.write(b)
		tenancy.Put(b, w.taxes)
		return give(out, b.Run(ctx))
	})
}

// relievable is an invoice that may give relief. It is locked.
type relievable struct {
	v    *Invoice
	left int64       // what was charged less what was taken back, tax included
	tax  []*TaxEntry // the same of its taxes that were declared
}

// relieving is one call of RelieveBadDebts.
type relieving struct {
	op       string
	tx       *tenancy.Tx
	in       []NewBadDebt
	set      *setup
	replays  *replays[BadDebt, *BadDebt]
	dims     *dimensionBook
	invoices []Invoice
	left     map[uuid.UUID]*relievable
	plan     *plan
	settle   *settlement
	debts    []*BadDebt
	taxes    []*TaxEntry
}

// read locks the invoices and then their items, and finds what is left of their taxes.
func (w *relieving) read(ctx context.Context, s *Service, ids []uuid.UUID) (err error) {
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		tenancy.Load(b, &w.invoices, tenancy.In("id", ids), tenancy.ForUpdate())
		w.replays.load(b)
		w.dims.load(b)
	})
	if err != nil {
		return err
	}
	if err := w.dims.complete(ctx); err != nil {
		return err
	}
	var items []uuid.UUID
	for i := range w.invoices {
		v := &w.invoices[i]
		if v.Kind == InvoiceDocument || v.Kind == DebitNoteDocument {
			w.left[v.ID] = &relievable{v: v, left: v.Gross.Minor - v.CreditedMinor}
			items = furtherInstalments(append(items, v.ID), v.ID, v.Instalments)
		}
	}
	var locked []OpenItem
	if err := lockMoreItems(ctx, w.tx, &locked, items); err != nil {
		return err
	}
	w.plan = newPlan(w.op, w.tx, w.set, len(w.in))
	w.plan.dims = w.dims
	w.settle = newSettlement(w.plan, locked)
	return w.readTaken(ctx, ids)
}

// readTaken finds what was taken back of the invoices before, by credits, discounts and relief.
func (w *relieving) readTaken(ctx context.Context, ids []uuid.UUID) error {
	var credits []Invoice
	var debts []BadDebt
	var discounts []Entry
	b := w.tx.Batch()
	tenancy.Load(b, &credits, tenancy.In("corrects_id", ids), tenancy.Eq("kind", string(CreditNoteDocument)))
	tenancy.Load(b, &debts, tenancy.In("invoice_id", ids))
	of := map[uuid.UUID]uuid.UUID{}
	for _, id := range ids {
		of[id] = id
	}
	tenancy.Load(b, &discounts, tenancy.In("source_id", ids), tenancy.Eq("source_model", discountModel), tenancy.Ne("source_model", ""))
	if err := b.Run(ctx); err != nil {
		return err
	}
	for i := range credits {
		of[credits[i].ID] = credits[i].CorrectsID
	}
	for i := range debts {
		d := &debts[i]
		of[d.ID] = d.InvoiceID
		if r := w.left[d.InvoiceID]; r != nil {
			r.left -= d.Amount.Minor - d.RecoveredMinor
		}
	}
	var sources, entries []uuid.UUID
	for id := range of {
		sources = append(sources, id)
	}
	for i := range discounts {
		entries = append(entries, discounts[i].ID)
	}
	var rows []TaxEntry
	var items []OpenItem
	tenancy.Load(b, &rows, tenancy.In("source_id", unique(sources)), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
	if len(entries) > 0 {
		tenancy.Load(b, &items, tenancy.In("entry_id", unique(entries)))
	}
	if err := b.Run(ctx); err != nil {
		return err
	}
	for i := range items {
		for j := range discounts {
			if r := w.left[discounts[j].SourceID]; discounts[j].ID == items[i].EntryID && r != nil {
				r.left += items[i].Original.Minor // a credit; a debit where it was taken back
			}
		}
	}
	for id, rows := range bySource(pointers(rows)) {
		if r := w.left[of[id]]; r != nil {
			r.tax = append(r.tax, rows...)
		}
	}
	for _, r := range w.left {
		r.tax = declaredTaxes(w.set, r.tax)
	}
	return nil
}

// declaredTaxes sums what is left of the charged taxes of an invoice, whether they are due or wait for a day. What waits for payment is
// not among them.
func declaredTaxes(set *setup, rows []*TaxEntry) []*TaxEntry {
	var out []*TaxEntry
	for _, t := range rows {
		if t.Kind.charged() && set.taxByID(t.TaxID).Due != TaxDueOnPayment {
			out = append(out, t.asSale())
		}
	}
	return netTaxes(out)
}

// asSale is a row of relief that was claimed, as what it takes off the sale; any other row as it is.
func (t *TaxEntry) asSale() *TaxEntry {
	if t.SourceModel != badDebtModel || t.Side != TaxClaimed {
		return t
	}
	out := *t
	out.Side = TaxOwed
	out.otherSide()
	return &out
}

// otherSide turns the figures to what they are on the other side.
func (t *TaxEntry) otherSide() {
	for _, x := range []*int64{&t.Base.Minor, &t.Tax.Minor, &t.DocumentBaseMinor, &t.DocumentTaxMinor} {
		*x = -*x
	}
}

// relieve plans bad debt i.
func (w *relieving) relieve(i int) (*BadDebt, error) {
	in, where := &w.in[i], fmt.Sprintf("bad debt %d: ", i+1)
	r := w.left[in.InvoiceID]
	if r == nil {
		return nil, ErrUnknownItem.New(w.op, "%sthere is no such invoice or debit note", where)
	}
	amount, err := w.amount(where, in, r)
	if err != nil {
		return nil, err
	}
	account, err := w.set.ordinary(w.op, where, in.Account.orDefault(RoleBadDebt))
	if err != nil {
		return nil, err
	}
	control := w.settle.items[r.v.ID].AccountID
	d := &BadDebt{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, Reference: in.Reference, Fingerprint: w.replays.prints[i], InvoiceID: r.v.ID,
		PartyID: r.v.PartyID, RelievedOn: in.Date, Amount: amount, Tax: money.Zero(amount.Currency), AccountID: account.ID, RecordedAt: w.tx.Now()}
	if d.BaseMinor, _, err = w.settle.worthOf(r.v.ID, r.v.Instalments, amount.Minor); err != nil {
		return nil, err
	}
	rows, err := w.takeBack(where, r, d)
	if err != nil {
		return nil, err
	}
	r.left -= amount.Minor
	to := DebitLine(ByID(account.ID), amount)
	to.Dimensions = in.Dimensions
	e := badDebtEntry(&badDebtFact{ID: d.ID, Date: in.Date, PartyID: d.PartyID, Control: ByID(control), To: to, Amount: amount, Base: w.base(d.BaseMinor), Taxes: rows,
		Lock: in.LockException})
	if err := w.plan.bookTaxes(where, e, rows, booking{reason: in.Reason}); err != nil {
		return nil, err
	}
	d.EntryID = w.plan.entries[len(w.plan.entries)-1].ID
	w.debts, w.taxes = append(w.debts, d), append(w.taxes, rows...)
	fresh, before := w.plan.items[len(w.plan.items)-1], len(w.settle.events)
	w.settle.exception = in.LockException
	if err := w.settle.setOff(where, fresh, r.v.ID, r.v.Instalments, in.Date); err != nil {
		return nil, err
	}
	for j := before; j < len(w.settle.events); j++ {
		w.settle.events[j].given, w.settle.events[j].source = &to, Source{badDebtModel, d.ID}
	}
	return d, nil
}

// amount is how much is written off: at most what is open.
func (w *relieving) amount(where string, in *NewBadDebt, r *relievable) (money.Amount, error) {
	open := money.Zero(r.v.Gross.Currency)
	for n := 1; int64(n) <= r.v.Instalments; n++ {
		if item := w.settle.items[InstalmentID(r.v.ID, n)]; item != nil {
			open.Minor += item.OpenMinor
		}
	}
	amount := in.Amount
	if amount == (money.Amount{}) {
		amount = open
	}
	switch {
	case amount.Currency != open.Currency:
		return amount, ErrWrongCurrency.New(w.op, "%sinvoice %s is in %s", where, r.v.Number, open.Currency)
	case in.Date.Before(r.v.InvoiceDate):
		return amount, ErrBadInput.New(w.op, "%sDate is before that of invoice %s", where, r.v.Number)
	case amount.Minor == 0 || amount.Minor > open.Minor:
		return amount, ErrOverAllocated.New(w.op, "%s%s is open of invoice %s", where, open, r.v.Number)
	}
	return amount, nil
}

// base is an amount of the base currency.
func (w *relieving) base(minor int64) money.Amount {
	return money.Amount{Minor: minor, Currency: w.set.books.Currency}
}

// takeBack makes the tax entries of the relief.
func (w *relieving) takeBack(where string, r *relievable, d *BadDebt) ([]*TaxEntry, error) {
	var rows []*TaxEntry
	for _, t := range r.tax {
		tax := w.set.taxByID(t.TaxID)
		from := later(r.v.DueDate, r.v.TaxPoint).AddMonths(int(max(0, tax.ReliefMonths)))
		switch {
		case tax.ReliefMonths == NoRelief:
			return nil, ErrNoRelief.New(w.op, "%s%s gives no relief for bad debts: write invoice %s off, or credit it", where, tax.Code, r.v.Number)
		case d.RelievedOn.Before(from):
			return nil, ErrNoRelief.New(w.op, "%s%s of invoice %s gives relief from %s on (%s)", where, tax.Code, r.v.Number, from, tax.ReliefSource)
		}
		parts, err := t.cut(d.Amount.Minor, r.left)
		if err != nil {
			return nil, err
		}
		row := w.plan.taxPart(t, d.RelievedOn, -1, parts)
		row.SourceModel, row.SourceID, row.PartyID = badDebtModel, d.ID, d.PartyID
		d.Tax.Minor, d.TaxBaseMinor = d.Tax.Minor+parts[4], d.TaxBaseMinor+parts[1]
		if err := w.set.stand(w.op, where, row, true); err != nil {
			return nil, err
		}
		if tax.BoxReliefTax != "" || tax.BoxReliefBase != "" { // it is claimed, and the sale stays as it was declared
			row.Side, row.AccountID, row.BaseBox, row.TaxBox = TaxClaimed, tax.ClaimID, tax.BoxReliefBase, tax.BoxReliefTax
			row.otherSide()
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// first is the first row that is as it should be; nil where none is.
func first[T any](rows []T, is func(*T) bool) *T {
	for i := range rows {
		if is(&rows[i]) {
			return &rows[i]
		}
	}
	return nil
}
