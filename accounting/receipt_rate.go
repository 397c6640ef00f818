package accounting

import "github.com/opsmatiq/erp/tenancy/date"

// Tax of a document in a foreign currency is declared at the document's rate, also where it waits for payment (cash accounting). The United
// Kingdom has it so: the rate of the time of supply is used for good (VAT Notice 700, section 7.7; VAT Notice 731). In the European Union the rate is
// that of the time when tax becomes chargeable (Directive 2006/112/EC, Art. 91(2)), and under cash accounting that is the receipt (Art. 66(b)): Germany asks
// for the rate of the month of receipt (UStG § 16 Abs. 6 with § 20). That is not done, so it is refused.

// ratesOfReceipt reports whether a country's law asks for the rate of the receipt.
func ratesOfReceipt(country string, on date.Date) bool {
	return country != "GB" && memberState(country, on)
}

// receiptRate refuses a document in a foreign currency that bears tax due on payment, where that has the rate of the receipt. A prepayment has it; what
// is settled at once is received on its date. Errors: accounting.tax_unsupported.
func (w *documents[T, P]) receiptRate(d *draft) error {
	if w.trade != Sale || !d.worth.foreign() || d.advance || d.of.credit || d.of.atOnce || !ratesOfReceipt(w.set.books.Country, d.date) {
		return nil
	}
	for i := range d.taxes.sums {
		if t := d.taxes.sums[i].part.tax; t.Due == TaxDueOnPayment && t.Kind.charged() {
			return ErrTaxUnsupported.New(w.op, "%s%s is due on payment, and in %s tax on a document in a foreign currency then has the rate of the receipt (Directive 2006/112/EC, Art. 66(b) and 91(2)): "+
				"invoice in %s, or claim it by a prepayment", d.where, t.Code, w.set.books.Country, w.set.books.Currency)
		}
	}
	return nil
}
