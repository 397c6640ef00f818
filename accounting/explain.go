package accounting

import (
	"context"

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
	StepRounding       StepKind = "rounding"        // what rounding once per document leaves over
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
	// IncludedTaxMinor is the tax that a line's price includes, rounded: it is taken off the amount.
	IncludedTaxMinor int64
	// Lines are a tax of each line of the document, before and after rounding: with ResidualMinor they sum to the tax. None where the document
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
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Explanation, error) {
		const op = "accounting.Explain"
		ledger, err := s.GeneralLedger(ctx, account, from, to, page, slices...)
		if err != nil {
			return Explanation{}, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Explanation{}, err
		}
		w := &explaining{set: set, account: &ledger.Account, entries: map[uuid.UUID]*Entry{}, invoices: map[uuid.UUID]*Invoice{}, bills: map[uuid.UUID]*Bill{}}
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
	tenancy.Load(b, &w.taxes, tenancy.In("entry_id", ids), tenancy.Ne("source_model", ""), tenancy.OrderBy("id"))
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
	if v := w.invoices[e.SourceID]; v != nil && v.EntryID == e.ID {
		out.Document = v.Number
		sign := int64(-1) // what is sold is credited
		if v.Kind == CreditNoteDocument {
			sign = 1
		}
		for i := range w.invoiceLines {
			if x := &w.invoiceLines[i]; x.InvoiceID == v.ID {
				out.Steps = append(out.Steps, lineStep(x.LineNo, x.Quantity, x.UnitPrice, x.DiscountMinor, x.ChargeMinor, x.Net, sign))
				out.included(v.TaxIncluded, x.Tax)
			}
		}
	}
	if v := w.bills[e.SourceID]; v != nil && v.EntryID == e.ID {
		out.Document = v.VendorNumber
		sign := int64(1) // what is bought is debited
		if v.Kind == VendorCreditDocument {
			sign = -1
		}
		for i := range w.billLines {
			x := &w.billLines[i]
			if x.BillID != v.ID {
				continue
			}
			out.Steps = append(out.Steps, lineStep(x.LineNo, x.Quantity, x.UnitPrice, x.DiscountMinor, x.ChargeMinor, x.Net, sign))
			out.included(v.TaxIncluded, x.Tax)
			if x.NotRecoverableMinor != 0 {
				out.Steps = append(out.Steps, Step{Kind: StepNotRecoverable, LineNo: x.LineNo, Rate: x.TaxRate, Base: x.Net,
					Amount: money.Amount{Minor: sign * x.NotRecoverableMinor, Currency: x.Net.Currency}})
			}
		}
	}
	for i := range w.taxes {
		if t := &w.taxes[i]; t.EntryID == e.ID && t.AccountID == w.account.ID {
			out.Steps = append(out.Steps, w.taxStep(t))
		}
	}
	w.rest(&out, l, e)
	return out
}

// lineStep is a line of a document.
func lineStep(no int64, quantity money.Quantity, price decimal.Decimal, discount, charge int64, net money.Amount, sign int64) Step {
	s := Step{Kind: StepLine, LineNo: no, Quantity: quantity, UnitPrice: price, DiscountMinor: discount, ChargeMinor: charge,
		Amount: money.Amount{Minor: sign * net.Minor, Currency: net.Currency}}
	if !price.IsZero() {
		s.Exact = decimal.NewNullDecimal(quantity.Decimal().Mul(price))
	}
	return s
}

// taxStep is a tax of a document, with the law that its rate is from.
func (w *explaining) taxStep(t *TaxEntry) Step {
	s := Step{Kind: StepTax, Rate: t.Rate, Base: t.Base, ResidualMinor: t.ResidualMinor, Amount: money.Amount{Minor: t.ledgerMinor(), Currency: t.Tax.Currency},
		Exact: decimal.NewNullDecimal(t.Base.Decimal().Mul(t.Rate).Shift(-2))}
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
	rest := l.Debit.Minor - l.Credit.Minor
	for i := range out.Steps {
		rest -= out.Steps[i].Amount.Minor
	}
	if rest == 0 {
		return
	}
	kind := StepWhole
	if w.account.Role == RoleRounding {
		kind = StepRounding
	}
	out.Steps = append(out.Steps, Step{Kind: kind, Amount: money.Amount{Minor: rest, Currency: l.Debit.Currency}})
}
