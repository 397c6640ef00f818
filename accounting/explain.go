package accounting

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Explanation is a page of the lines behind a figure: what was posted to an account over a span of days, and how each amount came about.
type Explanation struct {
	GeneralLedger
	// Reasons are one for each of Lines, in order.
	Reasons []Reason
}

// Reason is where a line of the ledger comes from.
type Reason struct {
	// Source is the document; zero for an entry that somebody posted, whose memo and reference are all there is.
	Source Source
	// Document is the number on it: our legal number, or the vendor's; "" where it is no invoice or bill.
	Document string
	// Rate is what one unit of the document's currency was worth in base (if RateIndirect, the other way round), RateOn the day of that quotation and
	// RateSource who quoted it. Not set for documents in the base currency.
	Rate         decimal.Decimal
	RateIndirect bool
	RateOn       date.Date
	RateSource   string
	// Steps are how the amount came about; their amounts sum to the line's. None where the entry books no invoice or bill.
	Steps []Step
}

// StepKind says what a step of a reason is.
type StepKind string

// The kinds of steps.
const (
	StepLine           StepKind = "line"            // a line of the document: quantity x price, less discount, plus charge, rounded
	StepNotRecoverable StepKind = "not_recoverable" // tax of a purchase that cannot be claimed and goes with its line
	StepTax            StepKind = "tax"             // a tax of the document: base x rate, rounded as the document declares
	StepWhole          StepKind = "whole"           // the document's total, or an instalment of it
	StepRounding       StepKind = "rounding"        // what rounding once per document leaves over, or converting each part once
	StepConversion     StepKind = "conversion"      // what converting the sum of the steps differs from converting each, or what was paid in advance at other rates makes of it
)

// Step is one step of a reason. Amounts have the line's sign: debits are positive.
type Step struct {
	Kind   StepKind
	LineNo int64 // of the document's line; zero for taxes, totals and roundings
	// Quantity, UnitPrice, DiscountMinor and ChargeMinor are those of a line. UnitPrice is zero where the amount was stated.
	Quantity                   money.Quantity
	UnitPrice                  decimal.Decimal
	DiscountMinor, ChargeMinor int64
	// TaxCode, Rate (percent) and RateSource, the law, are those of a tax; Base is what it was computed on.
	TaxCode    string
	Rate       decimal.Decimal
	RateSource string
	Base       money.Amount
	// Exact is the amount before it was rounded, above zero for what the document adds; not set for totals and roundings.
	Exact decimal.NullDecimal
	// Stated is the amount in the currency of the document, debits positive; not set in the base currency.
	Stated money.Amount
	// IncludedTaxMinor is the tax that a line's price includes, rounded: it is taken off the amount.
	IncludedTaxMinor int64
	// Lines are a tax of each line of the document, in its currency, before and after rounding: with ResidualMinor they sum to the tax. None where the document
	// bears the tax both by itself and within a group.
	Lines []TaxOfLine
	// Residual is the part of a tax that the sum of its lines' rounded taxes does not have, where the document rounds once.
	ResidualMinor int64
	Amount        money.Amount
}

// Explain walks from a figure to what made it: an account's balance or movement over a span of days, to its lines, their documents, and
// for invoices and bills to the lines, tax rates with their source and roundings that the amount is made of. Pages are those of
// GeneralLedger, and cost a constant number of statements.
//
// Permission: accounting.read. Errors: those of GeneralLedger.
func (s *Service) Explain(ctx context.Context, account AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...Slice) (Explanation, error) {
	return Statements{s, time.Time{}}.Explain(ctx, account, from, to, page, slices...)
}

// Explain is [Service.Explain] as the books said then.
func (v Statements) Explain(ctx context.Context, account AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...Slice) (Explanation, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Explanation, error) {
		const op = "accounting.Explain"
		ledger, err := v.GeneralLedger(ctx, account, from, to, page, slices...)
		if err != nil {
			return Explanation{}, err
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return Explanation{}, err
		}
		w := &explaining{tenant: tx.Scope().TenantID(), set: set, account: &ledger.Account, entries: map[uuid.UUID]*Entry{}, invoices: map[uuid.UUID]*Invoice{}, bills: map[uuid.UUID]*Bill{}}
		if err := w.read(ctx, tx, ledger.Lines); err != nil {
			return Explanation{}, err
		}
		out := Explanation{GeneralLedger: ledger, Reasons: make([]Reason, len(ledger.Lines))}
		for i := range ledger.Lines {
			out.Reasons[i] = w.reason(&ledger.Lines[i])
		}
		return out, nil
	})
}

// explaining is what is read for one page.
type explaining struct {
	tenant   uuid.UUID
	set      *setup
	account  *Account
	entries  map[uuid.UUID]*Entry
	invoices map[uuid.UUID]*Invoice
	bills    map[uuid.UUID]*Bill

	invoiceLines []InvoiceLine
	billLines    []BillLine
	taxes        []TaxEntry
	taxed        map[uuid.UUID][]taxedLine // by document, for an account that holds tax
}

func (w *explaining) read(ctx context.Context, tx *tenancy.Tx, lines []LedgerLine) error {
	ids := make([]uuid.UUID, len(lines))
	for i := range lines {
		ids[i] = lines[i].EntryID
	}
	if ids = unique(ids); len(ids) == 0 {
		return nil
	}
	var entries []Entry
	b := tx.Batch()
	tenancy.Load(b, &entries, tenancy.In("id", ids))
	tenancy.Load(b, &w.taxes, tenancy.In("entry_id", ids), tenancy.Ne("source_model", ""), tenancy.Le("recorded_at", w.set.knownUntil()), tenancy.OrderBy("id"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	sources := map[string][]uuid.UUID{}
	for i := range entries {
		e := &entries[i]
		w.entries[e.ID] = e
		sources[e.SourceModel] = append(sources[e.SourceModel], e.SourceID)
	}
	var invoices []Invoice
	var bills []Bill
	if of := sources["erp.invoices"]; len(of) > 0 {
		tenancy.Load(b, &invoices, tenancy.In("id", of))
		tenancy.Load(b, &w.invoiceLines, tenancy.In("invoice_id", of), tenancy.Eq("account_id", w.account.ID), tenancy.OrderBy("line_no"))
	}
	if of := sources["erp.bills"]; len(of) > 0 {
		tenancy.Load(b, &bills, tenancy.In("id", of))
		tenancy.Load(b, &w.billLines, tenancy.In("bill_id", of), tenancy.Eq("account_id", w.account.ID), tenancy.OrderBy("line_no"))
	}
	if err := b.Run(ctx); err != nil {
		return err
	}
	if err := w.readTaxed(ctx, tx, sources, invoices, bills); err != nil {
		return err
	}
	for i := range invoices {
		w.invoices[invoices[i].ID] = &invoices[i]
	}
	for i := range bills {
		w.bills[bills[i].ID] = &bills[i]
	}
	return nil
}

// reason explains one line.
func (w *explaining) reason(l *LedgerLine) Reason {
	e := w.entries[l.EntryID]
	if e == nil {
		return Reason{}
	}
	out := Reason{Source: Source{e.SourceModel, e.SourceID}}
	set := uuid.Nil
	if len(l.Dimensions) > 0 {
		set = l.Dimensions.setID(w.tenant)
	}
	if v := w.invoices[e.SourceID]; v != nil && v.EntryID == e.ID {
		out.of(v.Number, &v.DocumentWorth)
		sign := int64(-1) // what is sold is credited
		if v.Kind == CreditNoteDocument {
			sign = 1
		}
		for i := range w.invoiceLines {
			if x := &w.invoiceLines[i]; x.InvoiceID == v.ID && x.DimensionSetID == set {
				out.Steps = append(out.Steps, w.lineStep(&v.DocumentWorth, x.LineNo, x.Quantity, x.UnitPrice, x.DiscountMinor, x.ChargeMinor, x.Net, sign))
				out.included(v.TaxIncluded, x.Tax)
			}
		}
	}
	if v := w.bills[e.SourceID]; v != nil && v.EntryID == e.ID {
		out.of(v.VendorNumber, &v.DocumentWorth)
		sign := int64(1) // what is bought is debited
		if v.Kind == VendorCreditDocument {
			sign = -1
		}
		for i := range w.billLines {
			x := &w.billLines[i]
			if x.BillID != v.ID || x.DimensionSetID != set {
				continue
			}
			out.Steps = append(out.Steps, w.lineStep(&v.DocumentWorth, x.LineNo, x.Quantity, x.UnitPrice, x.DiscountMinor, x.ChargeMinor, x.Net, sign))
			out.included(v.TaxIncluded, x.Tax)
			if x.NotRecoverableMinor != 0 {
				step := Step{Kind: StepNotRecoverable, LineNo: x.LineNo, Rate: x.TaxRate, Base: x.Net}
				w.state(&step, &v.DocumentWorth, money.Amount{Minor: sign * x.NotRecoverableMinor, Currency: x.Net.Currency})
				out.Steps = append(out.Steps, step)
			}
		}
	}
	for i := range w.taxes {
		if t := &w.taxes[i]; t.EntryID == e.ID && t.AccountID == w.account.ID && w.isOn(t, l) {
			out.Steps = append(out.Steps, w.taxStep(t))
		}
	}
	w.rest(&out, l, e)
	return out
}

// lineStep is a line of a document.
func (w *explaining) lineStep(worth *DocumentWorth, no int64, quantity money.Quantity, price decimal.Decimal, discount, charge int64, net money.Amount, sign int64) Step {
	s := Step{Kind: StepLine, LineNo: no, Quantity: quantity, UnitPrice: price, DiscountMinor: discount, ChargeMinor: charge}
	w.state(&s, worth, money.Amount{Minor: sign * net.Minor, Currency: net.Currency})
	if !price.IsZero() {
		s.Exact = decimal.NewNullDecimal(quantity.Decimal().Mul(price))
	}
	return s
}

// of notes which document a line comes from, and at which rate it was converted.
func (r *Reason) of(number string, worth *DocumentWorth) {
	r.Document = number
	if worth.Foreign() {
		r.Rate, r.RateIndirect, r.RateOn, r.RateSource = worth.Rate, worth.RateIndirect, worth.RateOn, worth.RateSource
	}
}

// state gives a step its amount in base: what it comes to for itself.
func (w *explaining) state(s *Step, worth *DocumentWorth, a money.Amount) {
	s.Amount = a
	if !worth.Foreign() {
		return
	}
	base := w.set.books.Currency
	s.Stated = a
	s.Amount = money.Zero(base)
	if x, err := worth.quoted(a.Currency, base).Convert(a, money.HalfUp); err == nil {
		s.Amount = x
	}
}

// isOn reports whether a tax stands on a line: in a foreign currency each has a line of its own.
func (w *explaining) isOn(t *TaxEntry, l *LedgerLine) bool {
	if t.DocumentCurrency == t.Tax.Currency {
		return true
	}
	on := t.line().booked
	return on.transaction == l.Transaction && on.base == l.Debit.Minor-l.Credit.Minor
}

// taxStep is a tax of a document, with the law that its rate is from.
func (w *explaining) taxStep(t *TaxEntry) Step {
	on := money.Amount{Minor: t.DocumentBaseMinor, Currency: t.DocumentCurrency}
	s := Step{Kind: StepTax, Rate: t.Rate, Base: on, ResidualMinor: t.ResidualMinor, Amount: money.Amount{Minor: t.ledgerMinor(), Currency: t.Tax.Currency},
		Exact: decimal.NewNullDecimal(on.Decimal().Mul(t.Rate).Shift(-2))}
	if t.DocumentCurrency != t.Tax.Currency {
		s.Stated = t.line().booked.transaction
	}
	if tax := w.set.taxByID(t.TaxID); tax != nil {
		s.TaxCode = tax.Code
		for i := len(tax.Rates) - 1; i >= 0; i-- {
			if !t.TaxPoint.Before(tax.Rates[i].ValidFrom) {
				s.RateSource = tax.Rates[i].Source
				break
			}
		}
	}
	w.byLine(&s, t)
	return s
}

// rest is what the steps leave of a line that books a document: its total on the side of who pays, or what rounding left over.
func (w *explaining) rest(out *Reason, l *LedgerLine, e *Entry) {
	if w.invoices[e.SourceID] == nil && w.bills[e.SourceID] == nil {
		return
	}
	if w.account.Role == RoleRounding && l.Transaction.Currency == l.Debit.Currency && !out.RateOn.IsZero() {
		out.Steps = nil // the line that takes what the conversion leaves over
	}
	rest := l.Debit.Minor - l.Credit.Minor
	for i := range out.Steps {
		rest -= out.Steps[i].Amount.Minor
	}
	if rest == 0 {
		return
	}
	kind := StepWhole
	switch {
	case w.account.Role == RoleRounding:
		kind = StepRounding
	case len(out.Steps) > 0 && !out.RateOn.IsZero():
		kind = StepConversion
	}
	out.Steps = append(out.Steps, Step{Kind: kind, Amount: money.Amount{Minor: rest, Currency: l.Debit.Currency}})
}
