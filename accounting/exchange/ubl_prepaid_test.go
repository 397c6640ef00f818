package exchange_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A prepayment leaves as type 386, and the final invoice with what is prepaid and references to it; both come in again as what they
// are on the other side.
func TestPrepaymentsLeaveAndComeAsUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		issue := func(in accounting.NewInvoice) accounting.Invoice {
			out, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
			require.NoError(t, err)
			return out[0]
		}
		written := func(id uuid.UUID) (einvoice.Document, []byte) {
			var file bytes.Buffer
			require.NoError(t, h.ex.WriteUBL(h.ctx, &file, exchange.UBLInvoice{InvoiceID: id}))
			got, err := einvoice.ReadUBL(bytes.NewReader(file.Bytes()))
			require.NoError(t, err)
			require.Empty(t, einvoice.Validate(got.Document))
			return got.Document, file.Bytes()
		}
		p := issue(accounting.NewInvoice{Kind: accounting.PrepaymentDocument, PartyID: ann.ID, Date: day("2026-03-01"), TaxRounding: accounting.RoundPerDocument,
			Lines: []accounting.NewInvoiceLine{soldLine("On account", "S19", 1, "100")}})
		ahead, first := written(p.ID)
		require.Equal(t, einvoice.PrepaymentInvoice, ahead.Type)
		_, err := h.books.Pay(h.ctx, []accounting.NewPayment{{PartyID: ann.ID, Direction: accounting.MoneyIn, Date: day("2026-03-10"), Amount: p.Gross,
			Allocate: []accounting.PaymentAllocation{{InvoiceID: p.ID, Amount: p.Gross}}}})
		require.NoError(t, err)
		v := issue(accounting.NewInvoice{PartyID: ann.ID, Date: day("2026-03-31"), TaxRounding: accounting.RoundPerDocument, Lines: []accounting.NewInvoiceLine{soldLine("Work", "S19", 3, "100")},
			Prepaid: []accounting.NewDeduction{{PrepaymentID: p.ID}}})
		final, second := written(v.ID)
		require.Equal(t, money.Of(11_900, "EUR"), final.Totals.Prepaid)
		require.Equal(t, money.Of(23_800, "EUR"), final.Totals.Payable)
		require.Equal(t, []einvoice.Preceding{{Number: p.Number, IssueDate: p.InvoiceDate}}, final.Preceding)
		require.Equal(t, "Prepayment INV-2026-00001 of 2026-03-01: 100.00 net, 19.00 tax, 119.00 in all (tax: 19.00 on 100.00 at 19 %)", final.Notes[0].Text)

		vendor, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Lampen GmbH", Vendor: true}})
		require.NoError(t, err)
		record := func(file []byte, prepaid ...accounting.NewDeduction) accounting.Bill {
			made, err := h.ex.DraftBill(h.ctx, exchange.UBLBill{File: bytes.NewReader(file), VendorID: vendor[0].ID, Account: accounting.ByRole(accounting.RoleFees),
				TaxCodes: map[string]string{"S 19": "S19"}, Prepaid: prepaid})
			require.NoError(t, err)
			out, err := h.books.RecordDrafts(h.ctx, []uuid.UUID{made.Draft.ID})
			require.NoError(t, err)
			return out[0]
		}
		bought := record(first)
		require.Equal(t, accounting.PrepaymentBillDocument, bought.Kind)
		_, err = h.books.Pay(h.ctx, []accounting.NewPayment{{PartyID: vendor[0].ID, Direction: accounting.MoneyOut, Date: day("2026-03-10"), Amount: bought.Gross,
			Allocate: []accounting.PaymentAllocation{{InvoiceID: bought.ID, Amount: bought.Gross}}}})
		require.NoError(t, err)
		rest := record(second, accounting.NewDeduction{PrepaymentID: bought.ID})
		require.Equal(t, final.Totals.Payable, rest.Payable)
		checks, err := h.books.Verify(h.ctx)
		require.NoError(t, err)
		for _, c := range checks {
			require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	})
}
