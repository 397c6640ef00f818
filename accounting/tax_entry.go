package accounting

import (
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// TaxEntry is one tax of one document, as it is declared: what it was computed on, what it came to, on which side, and in
// which boxes. There is one row per document, tax, rate and side. What a credit takes back is below zero. It never changes.
type TaxEntry struct {
	tenancy.Row
	// SourceModel and SourceID are the document: "erp.invoices", "erp.bills", or what another domain booked.
	SourceModel string    `bun:"source_model" privacy:"none"`
	SourceID    uuid.UUID `bun:"source_id"`
	PartyID     uuid.UUID `bun:"party_id,nullzero"`
	// EntryID is the journal entry; zero where the document had nothing to book.
	EntryID uuid.UUID `bun:"entry_id,nullzero"`
	// EntryDate is the entry's date: it decides in which period the tax is declared. TaxPoint decided the rate.
	EntryDate date.Date `bun:"entry_date"`
	TaxPoint  date.Date `bun:"tax_point"`
	TaxID     uuid.UUID `bun:"tax_id"`
	Kind      TaxKind   `bun:"kind" privacy:"none"`
	Trade     Trade     `bun:"trade" privacy:"none"`
	Side      TaxSide   `bun:"side" privacy:"none"`
	// Rate is the tax's own rate in percent, as it was on the tax point.
	Rate decimal.Decimal `bun:"rate"`
	// AccountID is where Tax is booked: credited when it is owed, debited when it is claimed.
	AccountID uuid.UUID    `bun:"account_id"`
	Base      money.Amount `bun:"embed:base_"`
	Tax       money.Amount `bun:"embed:tax_"`
	// ResidualMinor is the part of Tax that the sum of the lines' rounded taxes does not have, where a document rounds once.
	ResidualMinor int64 `bun:"residual_minor"`
	// NotRecoverableMinor is the tax of a purchase that cannot be claimed: it is not in Tax but in the cost.
	NotRecoverableMinor int64 `bun:"not_recoverable_minor"`
	// VarianceMinor is the part of Tax, and of what cannot be claimed, that the vendor states and we do not compute, in the currency of
	// the document.
	VarianceMinor int64 `bun:"variance_minor"`
	// DocumentBaseMinor, DocumentTaxMinor and DocumentNotRecoverableMinor are Base, Tax and NotRecoverableMinor in the currency of the
	// document, of which they are converted once; the same figures where that is the base currency. ResidualMinor is in it as well.
	DocumentBaseMinor           int64          `bun:"document_base_minor"`
	DocumentTaxMinor            int64          `bun:"document_tax_minor"`
	DocumentNotRecoverableMinor int64          `bun:"document_not_recoverable_minor"`
	DocumentCurrency            money.Currency `bun:"document_currency" privacy:"none"`
	// DimensionSetID is what its line in the journal is analysed by; what follows the tax is too.
	DimensionSetID uuid.UUID `bun:"dimension_set_id,nullzero"`
	// SupplySetID is what the supply was analysed by: the combination that all lines have that bear the tax, or where they differ the
	// document's own. What becomes of the tax keeps it. Of tax that is posted by an entry it is what its income and expenses share.
	SupplySetID uuid.UUID `bun:"supply_set_id,nullzero"`
	// Due is false while the tax waits, for its document to be paid or until DueOn: then it is in no box.
	Due bool `bun:"due"`
	// DueOn is the day on which tax that waits for the supply is due, if it is not paid for before; else zero.
	DueOn      date.Date `bun:"due_on,nullzero"`
	BaseBox    string    `bun:"base_box" privacy:"none"`
	TaxBox     string    `bun:"tax_box" privacy:"none"`
	RecordedAt time.Time `bun:"recorded_at"`
}

// ledgerMinor is what the entry puts on its account, debits positive.
func (t *TaxEntry) ledgerMinor() int64 {
	if t.Side == TaxOwed {
		return -t.Tax.Minor
	}
	return t.Tax.Minor
}

// taxFigures are parts of the figures of a tax entry: base, tax and what cannot be claimed, in base and in the document's currency.
type taxFigures [6]int64

func (f taxFigures) negated() taxFigures {
	for i := range f {
		f[i] = -f[i]
	}
	return f
}

// figures are all that is split when a part of a tax becomes due or is taken back.
func (t *TaxEntry) figures() []*int64 {
	return []*int64{&t.Base.Minor, &t.Tax.Minor, &t.NotRecoverableMinor, &t.DocumentBaseMinor, &t.DocumentTaxMinor, &t.DocumentNotRecoverableMinor}
}

// parts are the figures as they are.
func (t *TaxEntry) parts() (out taxFigures) {
	for i, x := range t.figures() {
		out[i] = *x
	}
	return out
}

// line is what the row puts on its account in the journal, as amounts of the document's currency and of base.
func (t *TaxEntry) line() NewLine {
	base, document := t.ledgerMinor(), money.Amount{Minor: t.DocumentTaxMinor, Currency: t.DocumentCurrency}
	if t.Side == TaxOwed {
		document.Minor = -document.Minor
	}
	l := signedLine(ByID(t.AccountID), document, 1)
	if document.Currency != t.Tax.Currency {
		l.Base = money.Amount{Minor: abs(base), Currency: t.Tax.Currency}
	}
	l.booked = &bookedAmounts{transaction: document, base: base, set: t.DimensionSetID}
	return l
}

// box puts the row into the boxes of its tax, trade and side; into none while it waits.
func (t *TaxEntry) box(of *Tax) {
	boxes := of.Boxes()
	switch {
	case !t.Due:
		t.BaseBox, t.TaxBox = "", ""
	case t.Trade == Sale:
		t.BaseBox, t.TaxBox = boxes.SaleBase, boxes.SaleTax
	case t.Side == TaxOwed && of.Kind.selfAssessed():
		t.BaseBox, t.TaxBox = boxes.SelfBase, boxes.SelfTax
	default:
		t.BaseBox, t.TaxBox = boxes.PurchaseBase, boxes.PurchaseTax
	}
}

// stand puts the row where it stands: when it is due on the tax's own account and in its boxes, else where tax waits.
func (set *setup) stand(op, where string, t *TaxEntry, due bool) error {
	tax := set.taxByID(t.TaxID)
	owed, claim, err := set.taxPlaces(op, where, tax, !due)
	if err != nil {
		return err
	}
	t.Due, t.AccountID = due, owed
	if t.Side == TaxClaimed {
		t.AccountID = claim
	}
	if due {
		t.DueOn = date.Date{}
	}
	t.box(tax)
	return nil
}

// entries makes the rows of a document. like has what they share; sign is -1 for a credit.
func (d *documentTaxes) entries(op, where string, set *setup, dims *dimensionBook, like TaxEntry, sign int64) ([]*TaxEntry, error) {
	var rows []*TaxEntry
	for i := range d.sums {
		s := &d.sums[i]
		t := s.part.tax
		waits, until := d.waits(t)
		owed, claim, err := set.taxPlaces(op, where, t, waits)
		if err != nil {
			return nil, err
		}
		if s.base == 0 && s.tax == 0 && s.lines == 0 {
			continue
		}
		row := like
		row.ID = tenancy.NewID()
		if !s.mixed {
			row.SupplySetID = s.supply
		}
		row.TaxID, row.Kind, row.Trade, row.Rate, row.Due, row.DueOn = t.ID, t.Kind, d.trade, s.part.rate, !waits, until
		row.Base.Minor, row.Tax.Minor, row.ResidualMinor, row.VarianceMinor = sign*s.netInBase, sign*s.inBase, sign*(s.tax-s.lines), sign*s.varies
		row.DocumentBaseMinor, row.DocumentTaxMinor = sign*s.base, sign*s.tax
		switch {
		case d.trade == Sale:
			row.Side, row.AccountID = TaxOwed, owed
			if t.Kind == TaxWithholding {
				row.Side, row.AccountID = TaxClaimed, claim
			}
		case t.Kind == TaxWithholding:
			row.Side, row.AccountID = TaxOwed, owed
		default:
			if t.Kind.selfAssessed() {
				self := row
				self.ID = tenancy.NewID()
				self.Side, self.AccountID = TaxOwed, owed
				self.box(t)
				if err := self.analysed(where, set, dims, d.dims); err != nil {
					return nil, err
				}
				rows = append(rows, &self)
				row.ResidualMinor = 0 // it is the owed side's
			}
			row.Side, row.AccountID = TaxClaimed, claim
			row.Tax.Minor, row.NotRecoverableMinor = sign*s.claimInBase, sign*(s.inBase-s.claimInBase)
			row.DocumentTaxMinor, row.DocumentNotRecoverableMinor = sign*(s.tax-s.cost), sign*s.cost
		}
		row.box(t)
		if err := row.analysed(where, set, dims, d.dims); err != nil {
			return nil, err
		}
		rows = append(rows, &row)
	}
	return rows, nil
}

// analysed notes what the row's line is analysed by.
func (t *TaxEntry) analysed(where string, set *setup, dims *dimensionBook, document Dimensions) error {
	of, err := dims.whole(where, set.byID[t.AccountID], document)
	t.DimensionSetID = of.set
	return err
}
