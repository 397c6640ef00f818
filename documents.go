package erp

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/privacy"
)

// renderers are what the suite makes of rows for archives, and the host's own. What EN 16931 has no place for is refused, and stands in the archive as refused with the reason.
func (s *Suite) renderers(own []privacy.Renderer) []privacy.Renderer {
	ubl := privacy.Renderer{Name: "ubl", Table: "erp.invoices", Extension: ".xml", About: "Issued invoices, credit notes and debit notes as UBL 2.1 after EN 16931.",
		Batch: 1, // a refusal within an act undoes the whole transaction
		Render: func(ctx context.Context, ids []uuid.UUID, hand func(privacy.Document)) error {
			for _, id := range ids {
				var file bytes.Buffer
				if err := s.Exchange.WriteUBL(ctx, &file, exchange.UBLInvoice{InvoiceID: id}); err != nil {
					return err
				}
				hand(privacy.Document{ID: id, Content: file.Bytes()})
			}
			return nil
		}}
	return append([]privacy.Renderer{ubl}, own...)
}
