package accounting

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// TaxDeclaration is one tax of an entry that was posted without a document of this package, such as a till's closing.
type TaxDeclaration struct {
	EntryID uuid.UUID `validate:"required"`
	// TaxID is a tax on sales that is due at the tax point: charged, or with a reason why it is not.
	TaxID uuid.UUID `validate:"required"`
	// Base and Tax are above zero for what was sold, below for what was taken back.
	Base, Tax money.Amount
}

// DeclareTaxes declares the taxes of posted entries: what they put on accounts that hold tax, tax by tax, so that it appears
// in the tax report. All taxes of an entry are declared in one call, once; the same figures again are answered with what
// is there.
//
// Permission: accounting.post. Errors: accounting.bad_input, accounting.too_many, accounting.books_not_open,
// accounting.unknown_tax, accounting.tax_kind (a group, a withholding, what is due on payment), accounting.wrong_currency,
// accounting.tax_differs (the entry puts other amounts on these accounts, or other figures were declared before),
// accounting.period_locked, accounting.period_soft_locked; tenancy.not_found (the entry).
func (s *Service) DeclareTaxes(ctx context.Context, in []TaxDeclaration) ([]TaxEntry, error) {
	return tenancy.Act(ctx, s.db, PermPost, func(ctx context.Context, tx *tenancy.Tx) ([]TaxEntry, error) {
		const op = "accounting.DeclareTaxes"
		if err := checkBatch(op, "declarations", len(in)); err != nil || len(in) == 0 {
			return nil, err
		}
		w := &declaring{op: op, tx: tx, in: in, entry: map[uuid.UUID]*Entry{}, sums: map[postedTax]int64{}}
		if err := w.read(ctx, s); err != nil {
			return nil, err
		}
		out := make([]TaxEntry, 0, len(in))
		for i := range in {
			t, err := w.declare(i)
			if err != nil {
				return nil, err
			}
			out = append(out, t)
		}
		if len(w.known) > 0 {
			return w.again(out)
		}
		if err := w.compare(); err != nil {
			return nil, err
		}
		b := tx.Batch()
		tenancy.Put(b, pointers(out))
		return out, b.Run(ctx)
	})
}

// postedTax is an account that holds tax, in an entry.
type postedTax struct{ entry, account uuid.UUID }

// declaring is one call of DeclareTaxes.
type declaring struct {
	op    string
	tx    *tenancy.Tx
	in    []TaxDeclaration
	set   *setup
	entry map[uuid.UUID]*Entry
	lines []Line
	known []TaxEntry
	sums  map[postedTax]int64 // declared less booked, debits positive
}

func (w *declaring) read(ctx context.Context, s *Service) (err error) {
	ids := make([]uuid.UUID, len(w.in))
	for i := range w.in {
		if err := checkInput(w.op, fmt.Sprintf("declaration %d: ", i+1), w.in[i]); err != nil {
			return err
		}
		ids[i] = w.in[i].EntryID
	}
	ids = unique(ids)
	var entries []Entry
	w.set, err = s.setup(ctx, w.tx, w.op, func(b *tenancy.Batch) {
		tenancy.Load(b, &entries, tenancy.In("id", ids))
		tenancy.Load(b, &w.lines, tenancy.In("entry_id", ids))
		tenancy.Load(b, &w.known, tenancy.In("entry_id", ids), tenancy.Ne("source_model", ""))
	})
	for i := range entries {
		w.entry[entries[i].ID] = &entries[i]
	}
	return err
}

// declare makes row i.
func (w *declaring) declare(i int) (TaxEntry, error) {
	in, where := &w.in[i], fmt.Sprintf("declaration %d: ", i+1)
	e, t, base := w.entry[in.EntryID], w.set.taxByID(in.TaxID), w.set.books.Currency
	switch {
	case e == nil:
		return TaxEntry{}, tenancy.ErrNotFound.New(w.op, "%sthere is no such entry", where)
	case t == nil:
		return TaxEntry{}, ErrUnknownTax.New(w.op, "%sthere is no such tax", where)
	case t.Kind == TaxGroup || t.Kind == TaxWithholding || t.Due == TaxDueOnPayment:
		return TaxEntry{}, ErrTaxKind.New(w.op, "%s%s is declared by documents only", where, t.Code)
	case in.Base.Currency != base || in.Tax.Currency != base:
		return TaxEntry{}, ErrWrongCurrency.New(w.op, "%sthe amounts are not in the books' currency, %s", where, base)
	case beyond(in.Base) || beyond(in.Tax):
		return TaxEntry{}, ErrAmountLimit.New(w.op, "%sthe amount is larger than the books hold", where)
	}
	exception := ""
	if e.LockException {
		exception = "as the entry"
	}
	if _, err := w.set.writable(w.tx, w.op, where, e.JournalID, e.EntryDate, exception); err != nil {
		return TaxEntry{}, err
	}
	rate, ok := t.RateOn(e.EntryDate)
	if !ok {
		return TaxEntry{}, ErrNoTaxRate.New(w.op, "%s%s has no rate on %s", where, t.Code, e.EntryDate)
	}
	row := TaxEntry{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: uuid.NewSHA1(e.ID, t.ID[:])}, SourceModel: e.SourceModel, SourceID: e.SourceID, EntryID: e.ID,
		EntryDate: e.EntryDate, TaxPoint: e.EntryDate, TaxID: t.ID, Kind: t.Kind, Trade: Sale, Side: TaxOwed, Rate: rate, AccountID: t.AccountID, Base: in.Base, Tax: in.Tax,
		DocumentBaseMinor: in.Base.Minor, DocumentTaxMinor: in.Tax.Minor, DocumentCurrency: base,
		Due: true, BaseBox: t.BoxSaleBase, TaxBox: t.BoxSaleTax, SupplySetID: w.supply(e.ID), RecordedAt: w.tx.Now()}
	if row.SourceModel == "" {
		row.SourceModel, row.SourceID = "erp.journal_entries", e.ID
	}
	w.sums[postedTax{e.ID, t.AccountID}] += row.ledgerMinor()
	return row, nil
}

// supply is what an entry's lines of income and expense share.
func (w *declaring) supply(entry uuid.UUID) (set uuid.UUID) {
	first := true
	for i := range w.lines {
		switch l := &w.lines[i]; {
		case l.EntryID != entry || !w.set.byID[l.AccountID].Type.Temporary():
		case first:
			set, first = l.DimensionSetID, false
		case set != l.DimensionSetID:
			return uuid.Nil
		}
	}
	return set
}

// compare holds what is declared to what the entries book.
func (w *declaring) compare() error {
	for i := range w.lines {
		if l := &w.lines[i]; w.set.taxAccounts[l.AccountID] {
			w.sums[postedTax{l.EntryID, l.AccountID}] -= l.Amount.Minor
		}
	}
	for at, minor := range w.sums {
		if minor != 0 {
			return ErrTaxDiffers.New(w.op, "what is declared and what is booked to account %s differ by %d minor units", w.set.byID[at.account].Code, minor)
		}
	}
	return nil
}

// again answers what was declared before.
func (w *declaring) again(out []TaxEntry) ([]TaxEntry, error) {
	before := make(map[uuid.UUID]TaxEntry, len(w.known))
	for _, t := range w.known {
		before[t.ID] = t
	}
	for i := range out {
		t, ok := before[out[i].ID]
		if !ok || t.Base != out[i].Base || t.Tax != out[i].Tax || len(w.known) != len(out) {
			return nil, ErrTaxDiffers.New(w.op, "other taxes of the entry were declared before")
		}
		out[i] = t
	}
	return out, nil
}
