package accounting_test

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// ahead says whether an item is that of a prepayment.
func ahead(o accounting.OpenItem) bool {
	return o.Kind == accounting.KindPrepayment || o.Kind == accounting.KindVendorPrepayment
}

func (h *trade) realised() int64 {
	return h.balance(accounting.RoleExchangeGain) + h.balance(accounting.RoleExchangeLoss)
}

// used says whether an allocation settles a prepayment.
func (h *trade) used(a accounting.Allocation) bool {
	return slices.ContainsFunc(slices.Concat(h.ahead, h.behind), func(id uuid.UUID) bool { return id == a.DebitID || id == a.CreditID })
}

// prepayOne claims money in advance in any currency, or is asked for it by a vendor.
func (h *trade) prepayOne() {
	a := money.Of(rapid.Int64Range(50, 50_000).Draw(h.rt, "minor"), h.amount().Currency)
	if rapid.Bool().Draw(h.rt, "a vendor's") {
		h.behind = append(h.behind, h.bill(accounting.NewBill{Kind: accounting.PrepaymentBillDocument, PartyID: h.ben.ID, Date: h.date(), Currency: a.Currency, Dimensions: h.dimensions(),
			Lines: []accounting.NewBillLine{{Net: a, TaxCode: h.taxCode()}}})[0].ID)
		return
	}
	h.issued = later(h.issued, h.date())
	h.ahead = append(h.ahead, h.issue(accounting.NewInvoice{Kind: accounting.PrepaymentDocument, PartyID: h.ann.ID, Date: h.issued, Currency: a.Currency,
		Lines: []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: a.Decimal(), TaxCode: h.taxCode(), Dimensions: h.dimensions()},
			{Quantity: units(1), UnitPrice: a.Decimal(), TaxCode: h.taxCode(), Dimensions: h.dimensions()}}})[0].ID)
}

// finalOne sets a prepayment off, in part or as far as it goes.
func (h *trade) finalOne() {
	if len(h.ahead)+len(h.behind) == 0 {
		return
	}
	i := rapid.IntRange(0, len(h.ahead)+len(h.behind)-1).Draw(h.rt, "prepayment")
	before := h.realised()
	if i < len(h.ahead) {
		h.setOffInvoice(h.ahead[i], rapid.Bool().Draw(h.rt, "in part"))
	} else {
		h.setOffBill(h.behind[i-len(h.ahead)], rapid.Bool().Draw(h.rt, "in part"))
	}
	require.Equal(h.rt, before, h.realised(), "what sets a prepayment off realises nothing")
}

// openOf is what is open of a document.
func (h *trade) openOf(id uuid.UUID) (minor int64) {
	for _, o := range h.items(func(o accounting.OpenItem) bool { return o.ID == id }) {
		minor += abs(o.OpenMinor)
	}
	return minor
}

// drawn is a part of what is usable.
func (h *trade) drawn(usable int64, some bool) int64 {
	if some {
		return rapid.Int64Range(1, usable).Draw(h.rt, "set off")
	}
	return usable
}

func (h *trade) setOffInvoice(id uuid.UUID, some bool) {
	p := h.invoice(id)
	usable := p.Gross.Minor - p.CreditedMinor - p.DeductedMinor - h.openOf(id)
	if usable == 0 {
		return
	}
	amount := money.Of(h.drawn(usable, some), p.Gross.Currency)
	h.issued = later(h.issued, day("2010-12-31")) // by then all is paid that is paid
	in := accounting.NewInvoice{PartyID: h.ann.ID, Date: h.issued, Currency: amount.Currency, Dimensions: h.dimensions(), Prepaid: []accounting.NewDeduction{{PrepaymentID: id, Amount: amount}}}
	rest := money.Of(rapid.Int64Range(1, 50_000).Draw(h.rt, "rest"), amount.Currency)
	for _, a := range []money.Amount{amount, rest} {
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(1), UnitPrice: a.Decimal(), TaxCode: h.taxCode(), Dimensions: h.dimensions()})
	}
	h.invoices = append(h.invoices, h.issue(in)[0])
}

func (h *trade) setOffBill(id uuid.UUID, some bool) {
	p, err := h.books.GetBill(h.ctx, id)
	require.NoError(h.rt, err)
	usable := p.Gross.Minor - p.CreditedMinor - p.DeductedMinor - h.openOf(id)
	if usable == 0 {
		return
	}
	amount := money.Of(h.drawn(usable, some), p.Gross.Currency)
	rest := money.Of(rapid.Int64Range(0, 50_000).Draw(h.rt, "rest"), amount.Currency)
	rest.Minor += amount.Minor
	h.bills = append(h.bills, h.bill(accounting.NewBill{PartyID: h.ben.ID, Date: day("2010-12-31"), Currency: amount.Currency, Dimensions: h.dimensions(),
		Prepaid: []accounting.NewDeduction{{PrepaymentID: id, Amount: amount}},
		Lines:   []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: rest, TaxCode: h.taxCode()}}})[0])
}

func (h *trade) invoice(id uuid.UUID) accounting.InvoiceDetail {
	v, err := h.books.GetInvoice(h.ctx, id)
	require.NoError(h.rt, err)
	return v
}

// creditAhead takes a part of a prepayment invoice back with its tax, but never the last of it.
func (h *trade) creditAhead() {
	if len(h.ahead) == 0 {
		return
	}
	p := h.invoice(rapid.SampledFrom(h.ahead).Draw(h.rt, "prepayment"))
	left := p.Gross.Minor - p.CreditedMinor - p.DeductedMinor - 1
	if left < 1 {
		return
	}
	before := h.realised()
	h.credited = later(h.credited, later(h.date(), p.InvoiceDate))
	in := accounting.NewInvoice{Kind: accounting.CreditNoteDocument, CorrectsID: p.ID, Date: h.credited, TaxIncluded: true}
	code := ""
	if !p.Lines[0].TaxRate.IsZero() && !p.Lines[1].TaxRate.IsZero() {
		code = "S20"
	}
	in.Lines = []accounting.NewInvoiceLine{{Quantity: units(1), UnitPrice: money.Of(rapid.Int64Range(1, left).Draw(h.rt, "part"), p.Gross.Currency).Decimal(), TaxCode: code}}
	h.issue(in)
	require.Equal(h.rt, before, h.realised(), "a credit realises nothing")
}

// loseOne takes the tax of a part of an invoice back, at what it was declared at. Nothing is gained or lost by rates.
func (h *trade) loseOne() {
	if len(h.invoices) == 0 {
		return
	}
	v := rapid.SampledFrom(h.invoices).Draw(h.rt, "invoice")
	open := h.items(func(o accounting.OpenItem) bool { return o.EntryID == v.EntryID })
	minor, reopened := int64(0), later(v.InvoiceDate, v.DueDate)
	for _, o := range open {
		minor, reopened = minor+o.OpenMinor, later(reopened, o.ReopenedOn)
	}
	if minor == 0 {
		return
	}
	before := h.realised()
	out, err := h.books.RelieveBadDebts(h.ctx, []accounting.NewBadDebt{{InvoiceID: v.ID, Date: later(day("2010-12-31"), reopened), Reason: "law",
		Amount: money.Of(rapid.Int64Range(1, minor).Draw(h.rt, "lost"), v.Gross.Currency)}})
	require.NoError(h.rt, err)
	require.Equal(h.rt, before, h.realised(), "relief realises nothing")
	h.debts = append(h.debts, out[0])
}

// findOne recovers a part of a debt: the loss, and its tax, are as much less as they had been more.
func (h *trade) findOne() {
	if len(h.debts) == 0 {
		return
	}
	d := &h.debts[rapid.IntRange(0, len(h.debts)-1).Draw(h.rt, "debt")]
	if left := d.Amount.Minor - d.RecoveredMinor; left > 0 {
		h.recovered(d, rapid.Int64Range(1, left).Draw(h.rt, "found"))
	}
}

func (h *trade) recovered(d *accounting.BadDebt, minor int64) {
	amount := money.Of(minor, d.Amount.Currency)
	p := h.pay(accounting.NewPayment{PartyID: h.ann.ID, Direction: accounting.MoneyIn, Date: later(day("2010-12-31"), d.RelievedOn), Amount: amount, Base: h.base(amount)})[0]
	h.recover(d.ID, p.ID)
	d.RecoveredMinor += minor
}

// lossOf is what entries of a debt put on the account of losses.
func (h *trade) lossOf(d *accounting.BadDebt) int64 {
	type sum struct {
		Minor int64 `bun:"minor"`
	}
	all, err := tenancy.View(h.ctx, h.env.DB, accounting.PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]sum, error) {
		return tenancy.Report[sum](ctx, tx, `SELECT CAST(COALESCE(SUM(l.amount_minor), 0) AS BIGINT) AS minor FROM {journal_lines} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id
			WHERE e.source_id = ? AND l.account_id = ?`, d.ID, d.AccountID)
	})
	require.NoError(h.rt, err)
	return all[0].Minor
}

// finish pays what is open of all prepayments and sets them off: nothing is left of them, in their currencies and in base, on the accounts of
// advances and of their taxes.
func (h *trade) finish() {
	for _, o := range h.items(ahead) {
		direction := accounting.MoneyIn
		if o.OpenMinor < 0 {
			direction = accounting.MoneyOut
		}
		amount := money.Of(abs(o.OpenMinor), o.Original.Currency)
		h.pay(accounting.NewPayment{PartyID: o.PartyID, Direction: direction, Date: day("2010-12-31"), Amount: amount, Base: h.base(amount),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: o.ID, Amount: amount}}})
	}
	loss := h.balance(accounting.RoleBadDebt)
	for i := range h.debts {
		d := &h.debts[i]
		loss -= h.lossOf(d)
		if left := d.Amount.Minor - d.RecoveredMinor; left > 0 {
			h.recovered(d, left)
		}
	}
	require.Equal(h.rt, loss, h.balance(accounting.RoleBadDebt), "recovered altogether, nothing is left of a loss")
	for _, id := range h.ahead {
		h.setOffInvoice(id, false)
	}
	for _, id := range h.behind {
		h.setOffBill(id, false)
	}
	for _, role := range []accounting.Role{accounting.RoleCustomerAdvances, accounting.RoleVendorAdvances} {
		held, err := h.books.Holdings(h.ctx, accounting.ByRole(role), day("2011-12-31"))
		require.NoError(h.rt, err)
		require.Empty(h.rt, held, "set off and credited altogether, nothing is left of advances")
	}
	type sum struct {
		Tax  int64 `bun:"tax"`
		Base int64 `bun:"base"`
	}
	left, err := tenancy.View(h.ctx, h.env.DB, accounting.PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]sum, error) {
		return tenancy.Report[sum](ctx, tx, `SELECT CAST(SUM(tax_minor + not_recoverable_minor) AS BIGINT) AS tax, CAST(SUM(base_minor) AS BIGINT) AS base FROM (
			SELECT t.*, p.id AS of FROM {tax_entries} AS t JOIN {invoices} AS p ON p.kind = 'prepayment' AND t.source_id = p.id
			UNION ALL SELECT t.*, p.id AS of FROM {tax_entries} AS t JOIN {bills} AS p ON p.kind = 'prepayment' AND t.source_id = p.id
			UNION ALL SELECT t.*, p.id AS of FROM {tax_entries} AS t JOIN {invoices} AS c ON t.source_id = c.id JOIN {invoices} AS p ON p.kind = 'prepayment' AND p.id = c.corrects_id
			) AS rows GROUP BY of, tax_id, rate HAVING SUM(tax_minor + not_recoverable_minor) <> 0 OR SUM(base_minor) <> 0`)
	})
	require.NoError(h.rt, err)
	require.Empty(h.rt, left, "what a prepayment declared is taken off altogether")
}
