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
	// VarianceMinor is the part of Tax, and of what cannot be claimed, that the vendor states and we do not compute.
	VarianceMinor int64 `bun:"variance_minor"`
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
func (d *documentTaxes) entries(op, where string, set *setup, like TaxEntry, sign int64) ([]*TaxEntry, error) {
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
		row.TaxID, row.Kind, row.Trade, row.Rate, row.Due = t.ID, t.Kind, d.trade, s.part.rate, !waits
		row.DueOn = until
		row.Base.Minor, row.Tax.Minor, row.ResidualMinor, row.VarianceMinor = sign*s.base, sign*s.tax, sign*(s.tax-s.lines), sign*s.varies
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
				rows = append(rows, &self)
				row.ResidualMinor = 0 // it is the owed side's
			}
			row.Side, row.AccountID = TaxClaimed, claim
			row.Tax.Minor, row.NotRecoverableMinor = sign*(s.tax-s.cost), sign*s.cost
		}
		row.box(t)
		rows = append(rows, &row)
	}
	return rows, nil
}
