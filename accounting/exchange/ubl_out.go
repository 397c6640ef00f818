package exchange

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// UBLInvoice is the input of [Service.WriteUBL].
type UBLInvoice struct {
	// InvoiceID is an issued invoice, credit note or debit note.
	InvoiceID uuid.UUID
	// Unit is the code of the lines' quantities (UN/ECE Recommendation 20). Default "C62", one.
	Unit string
	// Complete fills in what the books do not know: electronic addresses, means of payment, orders, contacts, cities. Optional. Figures that
	// it changes are refused.
	Complete func(doc *einvoice.Document)
}

// WriteUBL writes an issued document as UBL 2.1 after EN 16931, with both parties as they were when it was issued. Instalments and an
// early-payment discount stand in the payment terms (BT-20) in words; a form that a country prescribes for them is for Complete to write. What would not
// validate is refused with the ids of the rules that it breaks (einvoice.invalid), and nothing is written. The standard rounds tax once
// for each category, so a document that rounds it per line can be refused for a minor unit (exchange.ubl_figures). A document in a foreign
// currency names the books' as the one that tax is declared in (BT-6), and what is declared of it (BT-111; Directive 2006/112/EC, Art. 230).
//
// Permission: exchange.export; it is on record that it leaves the house. Errors: exchange.bad_input, exchange.not_in_ubl (prices that
// include tax, withheld tax, grouped taxes), exchange.ubl_figures, tenancy.not_found, those of [einvoice.Calculate] and
// [einvoice.WriteUBL], and the writer's own.
func (s *Service) WriteUBL(ctx context.Context, w io.Writer, in UBLInvoice) error {
	const op = "exchange.WriteUBL"
	check := func() error {
		if w == nil || in.InvoiceID == uuid.Nil {
			return ErrBadInput.New(op, "a writer and InvoiceID are needed")
		}
		return nil
	}
	var file []byte
	err := s.export(ctx, check, func(ctx context.Context, _ *tenancy.Tx) error {
		made, err := s.renderUBL(ctx, op, []UBLInvoice{in})
		if err != nil {
			return err
		}
		file = made[0].Content
		return made[0].Refusal
	})
	if err != nil {
		return err
	}
	_, err = w.Write(file)
	return err
}

// MaxRendered is how many documents [Service.RenderUBL] makes in one call.
const MaxRendered = accounting.MaxDetails

// UBLFile is what [Service.RenderUBL] made of a document.
type UBLFile struct {
	InvoiceID uuid.UUID
	// Content is the file; nil where it was refused.
	Content []byte
	// Refusal is why there is none: tenancy.not_found, or what [Service.WriteUBL] refuses.
	Refusal error
}

// RenderUBL makes the files that [Service.WriteUBL] writes, in the order of in: at most [MaxRendered], in a number of statements that does not
// grow with them. What cannot be made of one document is that document's refusal, and the others are made. It reads, as
// [accounting.Service.GetInvoice] does, and records nothing: it is for what is on record itself, such as an archive, or goes no further, such as a preview.
//
// Permission: accounting.read. Errors: exchange.bad_input, accounting.books_not_open.
func (s *Service) RenderUBL(ctx context.Context, in []UBLInvoice) ([]UBLFile, error) {
	const op = "exchange.RenderUBL"
	if len(in) > MaxRendered || slices.ContainsFunc(in, func(d UBLInvoice) bool { return d.InvoiceID == uuid.Nil }) {
		return nil, ErrBadInput.New(op, "at most %d documents, each with InvoiceID", MaxRendered)
	}
	return tenancy.View(ctx, s.db, accounting.PermRead, func(ctx context.Context, _ *tenancy.Tx) ([]UBLFile, error) {
		return s.renderUBL(ctx, op, in)
	})
}

// addLine adds a line, or a discount or charge of the whole document.
func addLine(op string, doc *einvoice.Document, v *accounting.InvoiceDetail, i int, taxes map[uuid.UUID]*accounting.Tax, in *UBLInvoice) error {
	l := &v.Lines[i]
	tax, reason, err := taxIn(op, l, taxes)
	if err != nil {
		return err
	}
	if reason != nil && !slices.ContainsFunc(doc.Breakdown, func(b einvoice.TaxBreakdown) bool { return b.Tax.Category == tax.Category }) {
		doc.Breakdown = append(doc.Breakdown, *reason)
	}
	text := "Line " + strconv.Itoa(i+1)
	if i < len(v.Descriptions) && v.Descriptions[i] != "" {
		text = v.Descriptions[i]
	}
	if l.Kind != accounting.LineItem {
		amount := l.Net
		if l.Kind == accounting.LineDiscount {
			amount.Minor = -amount.Minor
		}
		doc.AllowanceCharges = append(doc.AllowanceCharges, einvoice.AllowanceCharge{Charge: l.Kind == accounting.LineCharge, Amount: amount, Tax: tax, Reason: text})
		return nil
	}
	unit := in.Unit
	if unit == "" {
		unit = "C62"
	}
	quantity, price := l.Quantity.Decimal(), l.UnitPrice
	if price.IsNegative() { // the standard wants the sign on the quantity (BR-27)
		quantity, price = quantity.Neg(), price.Neg()
	}
	line := einvoice.Line{ID: strconv.FormatInt(l.LineNo, 10), Quantity: decimal.NewNullDecimal(quantity), Unit: unit, Item: einvoice.Item{Name: text},
		Price: einvoice.Price{Net: decimal.NewNullDecimal(price)}, Tax: tax}
	if l.DiscountMinor != 0 {
		line.AllowanceCharges = append(line.AllowanceCharges, einvoice.AllowanceCharge{Amount: money.Of(l.DiscountMinor, l.Net.Currency), Reason: "Discount"})
	}
	if l.ChargeMinor != 0 {
		line.AllowanceCharges = append(line.AllowanceCharges, einvoice.AllowanceCharge{Charge: true, Amount: money.Of(l.ChargeMinor, l.Net.Currency), Reason: "Charge"})
	}
	doc.Lines = append(doc.Lines, line)
	return nil
}

// taxIn is a line's tax in the standard's terms, with the reason where none is charged. A line without a tax is outside its scope.
func taxIn(op string, l *accounting.InvoiceLine, taxes map[uuid.UUID]*accounting.Tax) (einvoice.Tax, *einvoice.TaxBreakdown, error) {
	if l.TaxID == uuid.Nil {
		return einvoice.Untaxed(einvoice.NotSubject), nil, nil
	}
	t := taxes[l.TaxID]
	if t == nil {
		return einvoice.Tax{}, nil, ErrNotInUBL.New(op, "line %d: its tax is not known", l.LineNo)
	}
	category := einvoice.Category(t.Kind.Category())
	switch category {
	case "":
		return einvoice.Tax{}, nil, ErrNotInUBL.New(op, "line %d: a tax of the kind %s has no category of the standard", l.LineNo, t.Kind)
	case einvoice.StandardRated:
		return einvoice.Rated(l.TaxRate), nil, nil
	case einvoice.ZeroRated: // it is rated, at zero: the standard wants no reason
		return einvoice.Untaxed(category), nil, nil
	}
	untaxed := einvoice.Untaxed(category)
	return untaxed, &einvoice.TaxBreakdown{Tax: untaxed, Reason: t.Reason, ReasonCode: t.ReasonCode}, nil
}

// partyIn puts a party's text where the standard has places. Cities are not told from other lines.
func partyIn(name, address, country, taxID string) einvoice.Party {
	p := einvoice.Party{Name: name, TaxID: strings.ReplaceAll(taxID, " ", ""), Address: &einvoice.Address{Country: country}}
	for i, line := range strings.Split(address, "\n") {
		switch a := p.Address; i {
		case 0:
			a.Line1 = line
		case 1:
			a.Line2 = line
		case 2:
			a.Line3 = line
		default:
			a.Line3 += ", " + line
		}
	}
	return p
}
