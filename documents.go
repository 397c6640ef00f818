package erp

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/privacy"
)

// renderedAtOnce is how many documents are in memory at once while an archive is written.
const renderedAtOnce = 50

// renderers are what the suite makes of rows for archives, and the host's own. What EN 16931 has no place for is refused, and stands in the archive as refused with the reason.
func (s *Suite) renderers(own []privacy.Renderer) []privacy.Renderer {
	ubl := privacy.Renderer{Name: "ubl", Table: "erp.invoices", Extension: ".xml", About: "Issued invoices, credit notes and debit notes as UBL 2.1 after EN 16931.",
		Batch: renderedAtOnce,
		Render: func(ctx context.Context, ids []uuid.UUID, hand func(privacy.Document)) error {
			in := make([]exchange.UBLInvoice, len(ids))
			for i, id := range ids {
				in[i].InvoiceID = id
			}
			files, err := s.Exchange.RenderUBL(ctx, in)
			for i := range files {
				hand(privacy.Document{ID: files[i].InvoiceID, Content: files[i].Content, Refusal: files[i].Refusal})
			}
			return err
		}}
	return append([]privacy.Renderer{ubl}, own...)
}
