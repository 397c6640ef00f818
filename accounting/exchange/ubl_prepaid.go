package exchange

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
)

// addPrepayments states what a final invoice sets off: the sum as paid in advance (BT-113), each prepayment as a preceding document
// (BG-3), and its net amount and taxes in a note (BT-22), for which EN 16931 has no other place.
func (s *Service) addPrepayments(ctx context.Context, doc *einvoice.Document, v *accounting.InvoiceDetail) error {
	if len(v.Prepayments) == 0 {
		return nil
	}
	doc.Totals.Prepaid = v.Prepaid
	for _, p := range v.Prepayments {
		before, err := s.books.GetInvoice(ctx, p.PrepaymentID)
		if err != nil {
			return err
		}
		doc.Preceding = append(doc.Preceding, einvoice.Preceding{Number: before.Number, IssueDate: before.InvoiceDate})
		var parts []string
		for i := range v.PrepaidTaxes {
			if t := &v.PrepaidTaxes[i]; t.SourceID == p.PrepaymentID {
				parts = append(parts, fmt.Sprintf("%s on %s at %s %%", money.Of(-t.DocumentTaxMinor, t.DocumentCurrency), money.Of(-t.DocumentBaseMinor, t.DocumentCurrency), t.Rate))
			}
		}
		text := fmt.Sprintf("Prepayment %s of %s: %s net, %s tax, %s in all", before.Number, before.InvoiceDate, p.Net, p.Tax, p.Gross)
		if len(parts) > 0 {
			text += " (tax: " + strings.Join(parts, "; ") + ")"
		}
		doc.Notes = append(doc.Notes, einvoice.Note{Text: text})
	}
	return nil
}
