package accounting

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A vendor's document that comes twice is drafted twice before it is recorded twice. Drafts have no figures yet, so what they come to as
// they are stated is compared: among each other, and with what documents in the books come to in the same way.

// likeness is what a vendor's document says of itself, as far as it can be compared.
type likeness struct {
	ID       uuid.UUID      `bun:"id"`
	Party    uuid.UUID      `bun:"party_id"`
	Kind     BillKind       `bun:"document_kind"`
	Number   string         `bun:"vendor_number"`
	On       date.Date      `bun:"document_date"`
	Minor    int64          `bun:"stated_minor"` // with or without tax, as Included says; zero where it is not known
	Currency money.Currency `bun:"stated_currency"`
	Included bool           `bun:"tax_included"`
}

// like reports whether two are likely the same document: by the vendor's number, or within some days by what they come to.
func (x *likeness) like(other *likeness, days int) bool {
	switch {
	case x.Party != other.Party || x.Kind != other.Kind:
		return false
	case x.Number != "" && x.Number == other.Number:
		return true
	case days == 0 || x.On.IsZero() || other.On.IsZero() || x.Minor == 0 || x.Minor != other.Minor || x.Currency != other.Currency || x.Included != other.Included:
		return false
	}
	n := other.On.DaysUntil(x.On)
	return n >= -days && n <= days
}

// likeness is what the draft says of itself.
func (d *Draft) likeness() likeness {
	return likeness{d.ID, d.PartyID, d.DocumentKind, d.VendorNumber, d.DocumentDate, d.StatedMinor, d.StatedCurrency, d.TaxIncluded}
}

// likeness is what a recorded document says of itself, with tax or without.
func (v *Bill) likeness(included bool) likeness {
	total := v.Net
	if included {
		total = v.Gross
	}
	return likeness{v.ID, v.PartyID, v.Kind, v.VendorNumber, v.BillDate, total.Minor, total.Currency, included}
}

// likeness is what an input says of itself. What is unfinished is left out.
func (v *NewBill) likeness(base money.Currency) likeness {
	out := likeness{Party: v.PartyID, Kind: v.Kind, On: v.Date, Included: v.TaxIncluded}
	if out.Kind == "" {
		out.Kind = BillDocument
	}
	switch out.Kind {
	case BillDocument, VendorCreditDocument, VendorDebitDocument, PrepaymentBillDocument:
	default:
		return likeness{}
	}
	if validReference(v.VendorNumber) {
		out.Number = v.VendorNumber
	}
	cur := v.Currency
	if cur == "" && len(v.Lines) > 0 {
		cur = v.Lines[0].Net.Currency
	}
	if cur == "" && v.CorrectsID == uuid.Nil { // a correction has the currency of what it corrects
		cur = base
	}
	if total, ok := v.paperwork().statedTotal(cur); ok {
		out.Minor, out.Currency = total.Minor, total.Currency
	}
	return out
}

// window is for how many days around it the input looks for duplicates.
func (v *NewBill) window() int {
	if v.Duplicates < 0 || v.Duplicates > 366 || v.Date.IsZero() {
		return 0
	}
	return v.Duplicates
}

// statedTotal is what a document comes to as it is stated: its lines, less discounts and plus charges, with tax or without as it declares.
// It is false of what is unfinished or comes to nothing.
func (p *paperwork) statedTotal(cur money.Currency) (money.Amount, bool) {
	total, byCode := money.Zero(cur), map[string]int64{}
	if !cur.Valid() || len(p.items) == 0 || len(p.items) > MaxLines || len(p.adjustments) > maxAdjustments {
		return total, false
	}
	add := func(a money.Amount, err error) bool {
		if err != nil || a.Currency != cur || beyond(a) {
			return false
		}
		total.Minor += a.Minor
		return !beyond(total)
	}
	for i := range p.items {
		in := &p.items[i]
		amount, err := in.net, in.check()
		if err == nil && !in.netStated() {
			if amount, err = extended("", "", i, in.quantity, in.price, cur); err == nil {
				_, _, err = adjusted(&amount, in.discount, in.charge)
			}
		}
		if !add(amount, err) {
			return total, false
		}
		byCode[in.tax] += amount.Minor
	}
	for j := range p.adjustments {
		a := &p.adjustments[j]
		if a.check() != nil {
			return total, false
		}
		amount, _, err := a.settle("", "", j, byCode, cur)
		if !add(amount, err) {
			return total, false
		}
	}
	return total, total.Minor != 0
}

// draftColumns are those that a draft's content stands in.
var draftColumns = []string{"content", "document_kind", "vendor_number", "document_date", "stated_minor", "stated_currency", "tax_included"}

// hold puts what content says of itself into the draft; the zero value takes it out.
func (d *Draft) hold(content string, x *likeness) {
	d.Content, d.DocumentKind, d.VendorNumber, d.DocumentDate = content, x.Kind, x.Number, x.On
	d.StatedMinor, d.StatedCurrency, d.TaxIncluded = x.Minor, x.Currency, x.Included
}

// openDrafts are what open drafts of some vendors say of themselves, without their content.
func openDrafts(ctx context.Context, tx *tenancy.Tx, parties []uuid.UUID) ([]likeness, error) {
	if len(parties) == 0 {
		return nil, nil
	}
	return tenancy.Report[likeness](ctx, tx, `SELECT id, party_id, document_kind, COALESCE(vendor_number, '') AS vendor_number, document_date, stated_minor, stated_currency, tax_included
		FROM {document_drafts} AS d WHERE party_id IN (?) AND state = 'draft' AND document_kind IS NOT NULL ORDER BY id`, tenancy.List(parties))
}

// remark notes on open drafts of bills what is likely the same document of the vendor. It looks whenever drafts are handed out, so that two
// who draft at once are told later. It costs a constant number of statements.
func remark(ctx context.Context, tx *tenancy.Tx, drafts []*Draft) error {
	var open []*Draft
	var inputs []NewBill
	var parties []uuid.UUID
	var numbers []string
	for _, d := range drafts {
		if d.State != DraftOpen || d.Kind != DraftOfBill || d.PartyID == uuid.Nil || d.DocumentKind == "" || d.Content == "" {
			continue
		}
		in, err := d.Bill()
		if err != nil {
			return err
		}
		in.Duplicates = in.window()
		open, inputs, parties = append(open, d), append(inputs, in), append(parties, d.PartyID)
		if d.VendorNumber != "" {
			numbers = append(numbers, d.VendorNumber)
		}
	}
	if len(open) == 0 {
		return nil
	}
	others, err := openDrafts(ctx, tx, unique(parties))
	if err != nil {
		return err
	}
	var known, similar []Bill
	b := tx.Batch()
	if len(numbers) > 0 {
		slices.Sort(numbers)
		tenancy.Load(b, &known, tenancy.In("vendor_number", slices.Compact(numbers)))
	}
	loadSimilar(b, &similar, inputs)
	if err := b.Run(ctx); err != nil {
		return err
	}
	bills := append(known, similar...)
	for i, d := range open {
		own := d.likeness()
		d.LikelyDrafts, d.LikelyDuplicates = alike(&own, inputs[i].Duplicates, others), nil
		for j := range bills {
			if v := bills[j].likeness(own.Included); own.like(&v, inputs[i].Duplicates) {
				d.LikelyDuplicates = append(d.LikelyDuplicates, v.ID)
			}
		}
		d.LikelyDuplicates = unique(d.LikelyDuplicates)
	}
	return nil
}

// alike are the drafts that are likely the document.
func alike(own *likeness, days int, drafts []likeness) (ids []uuid.UUID) {
	for j := range drafts {
		if drafts[j].ID != own.ID && own.like(&drafts[j], days) {
			ids = append(ids, drafts[j].ID)
		}
	}
	return ids
}
