package einvoice

import (
	"io"
	"regexp"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
)

// Received is a document that was read, as it states itself.
type Received struct {
	Document Document
	// NotUnderstood lists the elements that nothing here understands, in the order of the file. Those with Money keep
	// [Received.Bill] from making a bill: who has looked at them and accepts them takes them off this list.
	NotUnderstood []Unknown
}

// ReadUBL reads an Invoice or CreditNote of UBL 2.1 as EN 16931 uses it. It keeps what the file states, whether or not it adds
// up: [Validate] says what breaks which rule, [Variances] which lines are not quantity x price. Elements that it does not
// know are listed, and never dropped in silence. Unknown attributes, comments and processing instructions are passed over.
//
// A file is at most [MaxBytes] long and has at most [MaxLines] lines. Document type declarations are refused, and with them
// entities of the file's own making. Only UTF-8 is read.
//
// Errors: those of the reader; einvoice.bad_xml, einvoice.too_large, einvoice.not_ubl, einvoice.bad_value (a date, number, amount or code that
// cannot be read, with the element and, for decimals, the BR-DEC), einvoice.mixed_currency, money.overflow.
func ReadUBL(r io.Reader) (Received, error) {
	const op = "einvoice.ReadUBL"
	if r == nil {
		return Received{}, ErrBadXML.New(op, "a reader is needed")
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Received{}, err
	}
	return readUBL(op, data)
}

func readUBL(op string, data []byte) (Received, error) {
	root, err := parse(op, data)
	if err != nil {
		return Received{}, err
	}
	credit := root.name == "CreditNote" && root.space == nsCreditNote
	if !credit && (root.name != "Invoice" || root.space != nsInvoice) {
		return Received{}, ErrNotUBL.New(op, "the root element is %s in the namespace %q", shortened(root.name), shortened(root.space))
	}
	r := &ublReader{op: op}
	doc := r.document(root, credit)
	if r.err != nil {
		return Received{}, r.err
	}
	return Received{Document: doc, NotUnderstood: root.unknown(root.name)}, nil
}

// document reads the root element.
func (r *ublReader) document(root *node, credit bool) Document {
	var doc Document
	if v := root.peek("cbc:UBLVersionID"); v != nil && strings.HasPrefix(v.text, "2.") {
		root.take("cbc:UBLVersionID")
	}
	r.cur = r.currency(root, "cbc:DocumentCurrencyCode", "BR-CL-04")
	doc.Currency, doc.TaxCurrency = r.cur, r.currency(root, "cbc:TaxCurrencyCode", "BR-CL-05")
	doc.Type = r.typeCode(root, credit)
	doc.Specification, doc.ProcessType = root.str("cbc:CustomizationID"), root.str("cbc:ProfileID")
	doc.Number, doc.IssueDate = root.str("cbc:ID"), r.date(root, "cbc:IssueDate")
	doc.DueDate, doc.TaxPointDate = r.date(root, "cbc:DueDate"), r.date(root, "cbc:TaxPointDate")
	for _, n := range root.takeAll("cbc:Note") {
		doc.Notes = append(doc.Notes, noteOf(n.text))
	}
	doc.AccountingCost, doc.BuyerReference = root.str("cbc:AccountingCost"), root.str("cbc:BuyerReference")
	doc.Period, doc.TaxPointCode = r.period(root)
	r.references(root, &doc)
	doc.Seller = r.party(root.take("cac:AccountingSupplierParty"))
	doc.Buyer = r.party(root.take("cac:AccountingCustomerParty"))
	doc.Payee = r.payee(root.take("cac:PayeeParty"))
	doc.Representative = r.representative(root.take("cac:TaxRepresentativeParty"))
	doc.Delivery = r.delivery(root.take("cac:Delivery"))
	for _, n := range root.takeAll("cac:PaymentMeans") {
		doc.PaymentMeans = append(doc.PaymentMeans, r.paymentMeans(n, &doc))
	}
	doc.PaymentTerms = root.take("cac:PaymentTerms").str("cbc:Note")
	for _, n := range root.takeAll("cac:AllowanceCharge") {
		doc.AllowanceCharges = append(doc.AllowanceCharges, r.allowance(n, documentDecimals))
	}
	r.taxTotals(root, &doc)
	r.totals(root.take("cac:LegalMonetaryTotal"), &doc.Totals)
	name, quantity := "cac:InvoiceLine", "cbc:InvoicedQuantity"
	if credit {
		name, quantity = "cac:CreditNoteLine", "cbc:CreditedQuantity"
	}
	lines := root.takeAll(name)
	if len(lines) > MaxLines && r.err == nil {
		r.err = ErrTooLarge.New(r.op, "the document has %d lines, at most %d are read", len(lines), MaxLines)
	}
	for _, n := range lines {
		if r.err == nil {
			doc.Lines = append(doc.Lines, r.line(n, quantity))
		}
	}
	return doc
}

func (r *ublReader) currency(root *node, name, rule string) money.Currency {
	n := root.take(name)
	if n == nil {
		return ""
	}
	cur, err := money.ParseCurrency(n.text)
	if err != nil {
		r.fail(n, "the currency %q is not in ISO 4217 (%s)", shortened(n.text), rule)
	}
	return cur
}

// typeCode is BT-3. The root element and the code must agree on who owes whom: everything hangs on it. An Invoice with a code
// that is on no list is read, for Validate to find.
func (r *ublReader) typeCode(root *node, credit bool) TypeCode {
	name := "cbc:InvoiceTypeCode"
	if credit {
		name = "cbc:CreditNoteTypeCode"
	}
	n := root.take(name)
	if n == nil {
		if credit {
			r.fail(root, "%s is missing (BR-04)", name)
		}
		return ""
	}
	code := TypeCode(n.text)
	if credit != code.IsCredit() {
		r.fail(n, "the type code %q is not one of this kind of document (BR-CL-01)", shortened(n.text))
	}
	return code
}

// notePattern is a note with its subject code, as the syntax binding of EN 16931 puts the two into one element.
var notePattern = regexp.MustCompile(`(?s)^#([A-Z]{3})#(.*)$`)

func noteOf(text string) Note {
	if parts := notePattern.FindStringSubmatch(text); parts != nil {
		return Note{Subject: parts[1], Text: strings.TrimSpace(parts[2])}
	}
	return Note{Text: text}
}

// period is BG-14 or BG-26, and the code of the tax point that UBL keeps in the same element.
func (r *ublReader) period(parent *node) (*Period, string) {
	n := parent.take("cac:InvoicePeriod")
	if n == nil {
		return nil, ""
	}
	p := Period{Start: r.date(n, "cbc:StartDate"), End: r.date(n, "cbc:EndDate")}
	code := n.str("cbc:DescriptionCode")
	if code != "" && p == (Period{}) {
		return nil, code
	}
	return &p, code
}

// references reads what the document refers to.
func (r *ublReader) references(root *node, doc *Document) {
	order := root.take("cac:OrderReference")
	doc.PurchaseOrder, doc.SalesOrder = order.str("cbc:ID"), order.str("cbc:SalesOrderID")
	for _, n := range root.takeAll("cac:BillingReference") {
		p := n.take("cac:InvoiceDocumentReference")
		doc.Preceding = append(doc.Preceding, Preceding{Number: p.str("cbc:ID"), IssueDate: r.date(p, "cbc:IssueDate")})
	}
	doc.DespatchAdvice = root.take("cac:DespatchDocumentReference").str("cbc:ID")
	doc.ReceivingAdvice = root.take("cac:ReceiptDocumentReference").str("cbc:ID")
	doc.Tender = root.take("cac:OriginatorDocumentReference").str("cbc:ID")
	doc.Contract = root.take("cac:ContractDocumentReference").str("cbc:ID")
	doc.Project = root.take("cac:ProjectReference").str("cbc:ID")
	for _, n := range root.takeAll("cac:AdditionalDocumentReference") {
		r.additional(n, doc)
	}
}

func (r *ublReader) additional(n *node, doc *Document) {
	code := n.peek("cbc:DocumentTypeCode")
	switch {
	case code != nil && code.text == typeObject && doc.InvoicedObject.IsZero():
		n.take("cbc:DocumentTypeCode")
		doc.InvoicedObject = r.identifier(n, "cbc:ID")
		return
	case code != nil && code.text == typeProject && doc.Project == "":
		n.take("cbc:DocumentTypeCode")
		doc.Project = n.str("cbc:ID")
		return
	}
	a := Attachment{ID: n.str("cbc:ID"), Description: n.str("cbc:DocumentDescription")}
	attachment := n.take("cac:Attachment")
	if object := attachment.take("cbc:EmbeddedDocumentBinaryObject"); object != nil {
		a.Content, a.MIME, a.Filename = r.binary(object), object.attribute("mimeCode"), object.attribute("filename")
	}
	a.URL = attachment.take("cac:ExternalReference").str("cbc:URI")
	doc.Attachments = append(doc.Attachments, a)
}
