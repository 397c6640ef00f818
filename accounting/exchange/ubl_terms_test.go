package exchange_test

import (
	"bytes"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// What was agreed about payment leaves with the document.
func TestPaymentTermsLeaveAsUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		in := accounting.NewInvoice{PartyID: ann.ID, Date: day("2026-03-31"), TaxRounding: accounting.RoundPerDocument, Lines: []accounting.NewInvoiceLine{soldLine("Lamp", "S19", 1, "100")}}
		in.Terms.Discount = accounting.EarlyDiscount{Percent: decimal.NewFromInt(2), Until: day("2026-04-10")}
		in.Terms.Instalments = []accounting.Instalment{{Due: day("2026-04-30"), Percent: decimal.NewFromInt(40)}, {Due: day("2026-05-31"), Percent: decimal.NewFromInt(60)}}
		issued, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
		require.NoError(t, err)
		var file bytes.Buffer
		require.NoError(t, h.ex.WriteUBL(h.ctx, &file, exchange.UBLInvoice{InvoiceID: issued[0].ID}))
		got, err := einvoice.ReadUBL(&file)
		require.NoError(t, err)
		require.Equal(t, "Instalment 1: 47.60 EUR due on 2026-04-30.\nInstalment 2: 71.40 EUR due on 2026-05-31.\n2 % discount if paid by 2026-04-10.", got.Document.PaymentTerms)
		require.Empty(t, einvoice.Validate(got.Document))
	})
}

// A code that charges another rate than the document is refused: the recorded bill would not be what the vendor asks for.
func TestCodesChargeTheDocumentsRates(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		vendor, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Vendor", Vendor: true}})
		require.NoError(t, err)
		_, err = h.books.CreateTax(h.ctx, accounting.NewTax{Code: "G", Name: "group", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S19"}}})
		require.NoError(t, err)
		_, err = h.books.CreateTax(h.ctx, accounting.NewTax{Code: "S30", Name: "later", Rates: []accounting.NewTaxRate{{From: day("2030-01-01"), Rate: decimal.NewFromInt(19), Source: "none yet"}}})
		require.NoError(t, err)
		issued, err := h.books.Issue(h.ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: day("2026-03-31"), TaxRounding: accounting.RoundPerDocument,
			Lines: []accounting.NewInvoiceLine{soldLine("Lamp", "S19", 1, "100")}}})
		require.NoError(t, err)
		var file bytes.Buffer
		require.NoError(t, h.ex.WriteUBL(h.ctx, &file, exchange.UBLInvoice{InvoiceID: issued[0].ID}))
		for code, says := range map[string]string{"S7": "the document charges 19 % (S 19), and the code S7 7 % on 2026-03-31", "EX": "and the code EX 0 %", "RC": "and the code RC 0 %",
			"G": "no single rate", "S30": "has no rate on 2026-03-31", "S19": ""} {
			_, err := h.ex.DraftBill(h.ctx, exchange.UBLBill{File: bytes.NewReader(file.Bytes()), VendorID: vendor[0].ID, Account: accounting.ByRole(accounting.RoleFees),
				TaxCodes: map[string]string{"S 19": code}})
			if says == "" {
				require.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, exchange.ErrTaxRate, code)
			require.ErrorContains(t, err, says)
		}
		_, err = h.ex.DraftBill(h.ctx, exchange.UBLBill{File: bytes.NewReader(file.Bytes()), VendorID: vendor[0].ID, Account: accounting.ByRole(accounting.RoleFees), TaxCodes: map[string]string{"S 19": "S91"}})
		require.ErrorIs(t, err, exchange.ErrUnknownTax)
	})
}
