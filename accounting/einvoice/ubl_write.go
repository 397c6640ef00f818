package einvoice

import (
	"encoding/base64"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// WriteUBL writes a document as an Invoice or, where its type credits, a CreditNote of UBL 2.1, with the elements in the order
// of the schema. The same document gives the same bytes. What [ReadUBL] reads of them is the document again, with numbers in
// their shortest form (20 for 20.00).
//
// A document that breaks a rule of [Rules] is refused with einvoice.invalid, whose cause is a [ValidationError]; nothing is written
// then, whether or not the CEN artefacts would tolerate it.
//
// Errors: einvoice.invalid, einvoice.not_in_ubl (a term that UBL has no place for: the detail names it), einvoice.bad_value
// (text that XML cannot carry, or with white space at its ends; a number with too many digits), einvoice.too_large.
func WriteUBL(doc Document) ([]byte, error) {
	const op = "einvoice.WriteUBL"
	if len(doc.Lines) > MaxLines || len(doc.Breakdown) > MaxBreakdowns {
		return nil, ErrTooLarge.New(op, "at most %d lines and %d tax breakdowns are written", MaxLines, MaxBreakdowns)
	}
	content := 0
	for _, a := range doc.Attachments {
		content += base64.StdEncoding.EncodedLen(len(a.Content))
	}
	if content > MaxBytes { // said before it is encoded
		return nil, ErrTooLarge.New(op, "the attachments have %d bytes as text, at most %d are written", content, MaxBytes)
	}
	if err := Validate(doc).refused(op); err != nil {
		return nil, err
	}
	if err := fitsUBL(op, doc); err != nil {
		return nil, err
	}
	w := &ublWriter{xmlWriter{op: op, depth: 1}}
	root, space := "Invoice", nsInvoice
	if doc.Type.IsCredit() {
		root, space = "CreditNote", nsCreditNote
	}
	w.out.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<" + root + ` xmlns="` + space + `" xmlns:cac="` + nsAggregate +
		`" xmlns:cbc="` + nsBasic + `">` + "\n")
	w.document(doc)
	w.out.WriteString("</" + root + ">\n")
	switch {
	case w.err != nil:
		return nil, w.err
	case w.out.Len() > MaxBytes:
		return nil, ErrTooLarge.New(op, "the file has %d bytes, at most %d are written", w.out.Len(), MaxBytes)
	}
	return w.out.Bytes(), nil
}

// fitsUBL refuses what the syntax has no place for.
func fitsUBL(op string, doc Document) error {
	switch {
	case doc.SalesOrder != "" && doc.PurchaseOrder == "":
		return ErrNotInUBL.New(op, "a sales order (BT-14) is carried only beside a purchase order (BT-13)")
	case doc.Type.IsCredit() && !doc.DueDate.IsZero() && len(doc.PaymentMeans) == 0:
		return ErrNotInUBL.New(op, "a credit note's due date (BT-9) is carried only within payment means (BG-16)")
	case doc.TaxCurrency != "" && doc.TaxCurrency == doc.Currency:
		return ErrNotInUBL.New(op, "a tax currency (BT-6) that is the document's own would give two totals of tax in one currency")
	}
	for _, n := range doc.Notes {
		if n.Subject == "" && notePattern.MatchString(n.Text) {
			return ErrNotInUBL.New(op, "a note without a subject begins like one with a subject (BT-21)")
		}
	}
	for _, p := range doc.PaymentMeans {
		if p.Card != nil && p.Card.Network == "" {
			return ErrNotInUBL.New(op, "a card (BG-18) needs its network")
		}
	}
	for n, l := range doc.Lines {
		if err := lineFitsUBL(op, l, lineName(l, n)); err != nil {
			return err
		}
	}
	for _, a := range doc.Attachments {
		if len(a.Content) > 0 && (a.MIME == "" || a.Filename == "") || len(a.Content) == 0 && a.MIME+a.Filename != "" {
			return ErrNotInUBL.New(op, "an attachment's content (BT-125) goes with its MIME type and file name")
		}
	}
	return nil
}

func lineFitsUBL(op string, l Line, where string) error {
	switch {
	case l.Price.Gross.Valid && !l.Price.Discount.Valid:
		return ErrNotInUBL.New(op, "%s: a gross price (BT-148) is carried only beside a discount (BT-147), if only of 0", where)
	case l.Price.BaseUnit != "" && !l.Price.Base.Valid:
		return ErrNotInUBL.New(op, "%s: a unit of the base quantity (BT-150) needs the quantity (BT-149)", where)
	}
	for _, a := range l.AllowanceCharges {
		if a.Tax != (Tax{}) {
			return ErrNotInUBL.New(op, "%s: its allowances and charges are taxed as the line is, and have no tax of their own", where)
		}
	}
	return nil
}

// ublWriter knows where UBL keeps the terms.
type ublWriter struct{ xmlWriter }

// document writes what is in the root element. Where the schemas of the two kinds differ in order or names, it says so.
func (w *ublWriter) document(doc Document) {
	credit := doc.Type.IsCredit()
	w.leaf("cbc:CustomizationID", doc.Specification)
	w.leaf("cbc:ProfileID", doc.ProcessType)
	w.leaf("cbc:ID", doc.Number)
	w.date("cbc:IssueDate", doc.IssueDate)
	if credit { // the tax point comes first, and there is no due date
		w.date("cbc:TaxPointDate", doc.TaxPointDate)
		w.leaf("cbc:CreditNoteTypeCode", string(doc.Type))
		w.notes(doc.Notes)
	} else {
		w.date("cbc:DueDate", doc.DueDate)
		w.leaf("cbc:InvoiceTypeCode", string(doc.Type))
		w.notes(doc.Notes)
		w.date("cbc:TaxPointDate", doc.TaxPointDate)
	}
	w.leaf("cbc:DocumentCurrencyCode", string(doc.Currency))
	w.leaf("cbc:TaxCurrencyCode", string(doc.TaxCurrency))
	w.leaf("cbc:AccountingCost", doc.AccountingCost)
	w.leaf("cbc:BuyerReference", doc.BuyerReference)
	w.period(doc.Period, doc.TaxPointCode)
	w.references(doc, credit)
	w.in("cac:AccountingSupplierParty", func() { w.party(doc.Seller) })
	w.in("cac:AccountingCustomerParty", func() { w.party(doc.Buyer) })
	w.payee(doc.Payee)
	w.representative(doc.Representative)
	w.delivery(doc.Delivery)
	for n, p := range doc.PaymentMeans {
		due := doc.DueDate
		if n > 0 || !credit {
			due = date.Date{} // it stands once (UBL-SR-45)
		}
		w.paymentMeans(p, due)
	}
	w.in("cac:PaymentTerms", func() { w.leaf("cbc:Note", doc.PaymentTerms) })
	for _, a := range doc.AllowanceCharges {
		w.allowance(a)
	}
	w.taxTotals(doc)
	w.totals(doc.Totals)
	for _, l := range doc.Lines {
		w.line(l, credit)
	}
}

func (w *ublWriter) notes(notes []Note) {
	for _, n := range notes {
		text := n.Text
		if n.Subject != "" {
			text = "#" + n.Subject + "#" + text
		}
		w.leaf("cbc:Note", text)
	}
}

func (w *ublWriter) period(p *Period, taxPoint string) {
	w.in("cac:InvoicePeriod", func() {
		if p != nil {
			w.date("cbc:StartDate", p.Start)
			w.date("cbc:EndDate", p.End)
		}
		w.leaf("cbc:DescriptionCode", taxPoint)
	})
}

// references writes what the document refers to. A credit note has the tender after the contract, and no project.
func (w *ublWriter) references(doc Document, credit bool) {
	w.in("cac:OrderReference", func() {
		w.leaf("cbc:ID", doc.PurchaseOrder)
		w.leaf("cbc:SalesOrderID", doc.SalesOrder)
	})
	for _, p := range doc.Preceding {
		w.in("cac:BillingReference", func() {
			w.in("cac:InvoiceDocumentReference", func() {
				w.leaf("cbc:ID", p.Number)
				w.date("cbc:IssueDate", p.IssueDate)
			})
		})
	}
	w.in("cac:DespatchDocumentReference", func() { w.leaf("cbc:ID", doc.DespatchAdvice) })
	w.in("cac:ReceiptDocumentReference", func() { w.leaf("cbc:ID", doc.ReceivingAdvice) })
	tender := func() { w.in("cac:OriginatorDocumentReference", func() { w.leaf("cbc:ID", doc.Tender) }) }
	if !credit {
		tender()
	}
	w.in("cac:ContractDocumentReference", func() { w.leaf("cbc:ID", doc.Contract) })
	w.object("cac:AdditionalDocumentReference", doc.InvoicedObject)
	for _, a := range doc.Attachments {
		w.attachment(a)
	}
	if credit {
		if doc.Project != "" {
			w.in("cac:AdditionalDocumentReference", func() {
				w.leaf("cbc:ID", doc.Project)
				w.leaf("cbc:DocumentTypeCode", typeProject)
			})
		}
		tender()
		return
	}
	w.in("cac:ProjectReference", func() { w.leaf("cbc:ID", doc.Project) })
}

// object writes an invoiced object, which its type code tells from other documents.
func (w *ublWriter) object(name string, i Identifier) {
	if i.ID == "" {
		return
	}
	w.in(name, func() {
		w.identifier("cbc:ID", i)
		w.leaf("cbc:DocumentTypeCode", typeObject)
	})
}

func (w *ublWriter) attachment(a Attachment) {
	w.in("cac:AdditionalDocumentReference", func() {
		w.leaf("cbc:ID", a.ID)
		w.leaf("cbc:DocumentDescription", a.Description)
		w.in("cac:Attachment", func() {
			w.leaf("cbc:EmbeddedDocumentBinaryObject", base64.StdEncoding.EncodeToString(a.Content), attr{"mimeCode", a.MIME}, attr{"filename", a.Filename})
			w.in("cac:ExternalReference", func() { w.leaf("cbc:URI", a.URL) })
		})
	})
}

// taxTotals writes the breakdown with its total, and the total in the tax currency, which has no breakdown.
func (w *ublWriter) taxTotals(doc Document) {
	w.in("cac:TaxTotal", func() {
		w.amount("cbc:TaxAmount", doc.Totals.Tax)
		for _, g := range doc.Breakdown {
			w.in("cac:TaxSubtotal", func() {
				w.amount("cbc:TaxableAmount", g.Taxable)
				w.amount("cbc:TaxAmount", g.Amount)
				w.tax("cac:TaxCategory", g.Tax, func() {
					w.leaf("cbc:TaxExemptionReasonCode", g.ReasonCode)
					w.leaf("cbc:TaxExemptionReason", g.Reason)
				})
			})
		}
	})
	w.in("cac:TaxTotal", func() { w.amount("cbc:TaxAmount", doc.Totals.TaxInTaxCurrency) })
}

func (w *ublWriter) totals(t Totals) {
	w.in("cac:LegalMonetaryTotal", func() {
		for _, total := range []struct {
			name   string
			amount money.Amount
		}{
			{"cbc:LineExtensionAmount", t.LineNet}, {"cbc:TaxExclusiveAmount", t.WithoutTax}, {"cbc:TaxInclusiveAmount", t.WithTax},
			{"cbc:AllowanceTotalAmount", t.Allowances}, {"cbc:ChargeTotalAmount", t.Charges}, {"cbc:PrepaidAmount", t.Prepaid},
			{"cbc:PayableRoundingAmount", t.Rounding}, {"cbc:PayableAmount", t.Payable},
		} {
			w.amount(total.name, total.amount)
		}
	})
}
