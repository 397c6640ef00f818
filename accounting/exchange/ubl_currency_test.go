package exchange_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A document in dollars leaves with the tax that is declared of it in euro, and comes back as a draft in dollars.
func TestUBLInForeignCurrency(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		in := accounting.NewInvoice{PartyID: ann.ID, Date: day("2026-03-31"), Due: day("2026-04-30"), TaxRounding: accounting.RoundPerDocument, Currency: "USD",
			Rate:  accounting.DocumentRate{Rate: decimal.RequireFromString("0.8537"), Source: "ECB"},
			Lines: []accounting.NewInvoiceLine{soldLine("Lamp", "S19", 3, "12.345"), soldLine("Book", "S7", 1, "20")}}
		issued, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
		require.NoError(t, err)
		v := &issued[0]
		// 37.04 at 19 % is 7.04 dollars, 6.01 euro; 20.00 at 7 % is 1.40 dollars, 1.20 euro: each tax is converted once.
		require.Equal(t, int64(721), v.TaxBaseMinor)
		write := func(complete func(*einvoice.Document)) ([]byte, error) {
			var file bytes.Buffer
			err := h.ex.WriteUBL(h.ctx, &file, exchange.UBLInvoice{InvoiceID: v.ID, Complete: complete})
			return file.Bytes(), err
		}
		file, err := write(nil)
		require.NoError(t, err)
		got, err := einvoice.ReadUBL(bytes.NewReader(file))
		require.NoError(t, err)
		require.Empty(t, einvoice.Validate(got.Document))
		require.Equal(t, []any{money.Currency("USD"), money.Currency("EUR"), money.Of(721, "EUR"), v.Tax, v.Payable},
			[]any{got.Document.Currency, got.Document.TaxCurrency, got.Document.Totals.TaxInTaxCurrency, got.Document.Totals.Tax, got.Document.Totals.Payable})
		_, err = write(func(doc *einvoice.Document) { doc.Totals.TaxInTaxCurrency.Minor++ })
		require.ErrorIs(t, err, exchange.ErrUBLFigures)
		require.ErrorContains(t, err, "BT-111")

		vendor, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Lampen GmbH", Vendor: true}})
		require.NoError(t, err)
		made, err := h.ex.DraftBill(h.ctx, exchange.UBLBill{File: bytes.NewReader(file), VendorID: vendor[0].ID, Account: accounting.ByRole(accounting.RoleFees), Rate: in.Rate,
			TaxCodes: map[string]string{"S 19": "S19", "S 7": "S7"}})
		require.NoError(t, err)
		require.Equal(t, money.Of(721, "EUR"), made.Bill.TaxDeclared)
		booked, err := h.books.RecordDrafts(h.ctx, []uuid.UUID{made.Draft.ID})
		require.NoError(t, err)
		require.Equal(t, []any{v.Net, v.Tax, v.Gross, v.TaxBaseMinor, v.PayableBaseMinor},
			[]any{booked[0].Net, booked[0].Tax, booked[0].Gross, booked[0].TaxBaseMinor, booked[0].PayableBaseMinor})
		checks, err := h.books.Verify(h.ctx)
		require.NoError(t, err)
		for _, c := range checks {
			require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	})
}
