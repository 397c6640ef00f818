package exchange

import (
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
)

// addPrepayments states what a final invoice sets off: the sum as paid in advance (BT-113), each prepayment as a preceding document
// (BG-3), and its net amount and taxes in a note (BT-22), for which EN 16931 has no other place.
func (p *papers) addPrepayments(doc *einvoice.Document, v *accounting.InvoiceDetail) {
	if len(v.Prepayments) == 0 {
		return
	}
	doc.Totals.Prepaid = v.Prepaid
	for i := range v.Prepayments {
		set := &v.Prepayments[i]
		before := p.before[set.PrepaymentID]
		doc.Preceding = append(doc.Preceding, einvoice.Preceding{Number: before.Number, IssueDate: before.InvoiceDate})
		var parts []string
		for k := range v.PrepaidTaxes {
			if t := &v.PrepaidTaxes[k]; t.SourceID == set.PrepaymentID {
				parts = append(parts, fmt.Sprintf("%s on %s at %s %%", money.Of(-t.DocumentTaxMinor, t.DocumentCurrency), money.Of(-t.DocumentBaseMinor, t.DocumentCurrency), t.Rate))
			}
		}
		text := fmt.Sprintf("Prepayment %s of %s: %s net, %s tax, %s in all", before.Number, before.InvoiceDate, set.Net, set.Tax, set.Gross)
		if len(parts) > 0 {
			text += " (tax: " + strings.Join(parts, "; ") + ")"
		}
		doc.Notes = append(doc.Notes, einvoice.Note{Text: text})
	}
}
