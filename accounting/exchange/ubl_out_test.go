package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// seller opens books in euro with a business that can send documents, a customer, and taxes.
func seller(t *testing.T, env *tenancytest.Env) (*house, accounting.Party) {
	t.Helper()
	h := &house{t: t, env: env, ctx: env.Tenant(t), books: accounting.New(env.DB)}
	h.ex = exchange.New(env.DB, h.books)
	_, err := h.books.OpenBooks(h.ctx, accounting.NewBooks{Chart: accounting.ChartGermany, Currency: "EUR", YearStart: day("2026-01-01"), Country: "DE"})
	require.NoError(t, err)
	_, err = h.books.DescribeBusiness(h.ctx, accounting.Business{Name: "Lampen GmbH", Address: []string{"Weg 1", "50667 Köln"}, Country: "DE", TaxID: "DE123456789"})
	require.NoError(t, err)
	parties, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Ann SARL", Customer: true, Address: []string{"1 rue A", "Lyon"}, Country: "FR", TaxID: "FR12345678901"}})
	require.NoError(t, err)
	for _, tax := range []accounting.NewTax{
		{Code: "S19", Name: "19 %", Rates: []accounting.NewTaxRate{{From: day("2007-01-01"), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"}}},
		{Code: "S7", Name: "7 %", Kind: accounting.TaxReduced, Rates: []accounting.NewTaxRate{{From: day("1983-07-01"), Rate: decimal.NewFromInt(7), Source: "UStG § 12 (2)"}}},
		{Code: "EX", Name: "exempt", Kind: accounting.TaxExempt, Reason: "UStG § 4 Nr. 21"},
		{Code: "RC", Name: "reverse charge", Kind: accounting.TaxReverseCharge, Reason: "UStG § 13b", Rates: []accounting.NewTaxRate{{From: day("2007-01-01"), Rate: decimal.NewFromInt(19), Source: "UStG § 12 (1)"}}},
	} {
		_, err := h.books.CreateTax(h.ctx, tax)
		require.NoError(t, err)
	}
	return h, parties[0]
}

func soldLine(text, code string, quantity int64, price string) accounting.NewInvoiceLine {
	q, err := money.Units(quantity)
	if err != nil {
		panic(err)
	}
	return accounting.NewInvoiceLine{Description: text, Quantity: q, UnitPrice: decimal.RequireFromString(price), TaxCode: code}
}

// An issued document leaves as one that validates, with its own figures, and comes back as a bill of the same ones.
func TestIssuedDocumentsLeaveAsUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		document := func(lines ...accounting.NewInvoiceLine) accounting.NewInvoice {
			return accounting.NewInvoice{PartyID: ann.ID, Date: day("2026-03-31"), Due: day("2026-04-30"), TaxRounding: accounting.RoundPerDocument, Lines: lines, Note: "Thank you"}
		}
		discounted := document(soldLine("Lamp", "S19", 3, "12.345"), soldLine("Book", "S7", 1, "20"), soldLine("Returned", "S19", -1, "5"))
		discounted.Lines[0].Discount = accounting.Adjust{Amount: money.Of(100, "EUR")}
		discounted.Adjustments = []accounting.Adjustment{{Reason: "Campaign", TaxCode: "S19", Adjust: accounting.Adjust{Amount: money.Of(200, "EUR")}},
			{Charge: true, Reason: "Freight", TaxCode: "S19", Adjust: accounting.Adjust{Amount: money.Of(1200, "EUR")}}}
		credit := document(soldLine("Lamp", "S19", 1, "12.345"))
		credit.Kind = accounting.CreditNoteDocument
		for name, in := range map[string]accounting.NewInvoice{
			"standard": document(soldLine("Lamp", "S19", 3, "12.345")), "discounts and charges": discounted, "exempt": document(soldLine("Course", "EX", 2, "50")),
			"reverse charge": document(soldLine("Work", "RC", 8, "61.99")), "credit note": credit,
		} {
			t.Run(name, func(t *testing.T) {
				if in.Kind == accounting.CreditNoteDocument {
					first, err := h.books.Issue(h.ctx, []accounting.NewInvoice{document(soldLine("Lamp", "S19", 3, "12.345"))})
					require.NoError(t, err)
					in.CorrectsID = first[0].ID
				}
				issued, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
				require.NoError(t, err)
				var file bytes.Buffer
				require.NoError(t, h.ex.WriteUBL(h.ctx, &file, exchange.UBLInvoice{InvoiceID: issued[0].ID}))
				got, err := einvoice.ReadUBL(&file)
				require.NoError(t, err)
				require.Empty(t, einvoice.Validate(got.Document))
				require.Empty(t, got.NotUnderstood)
				bill, err := got.Bill()
				require.NoError(t, err)
				v := &issued[0]
				require.Equal(t, []any{v.Number, v.Net, v.Tax, v.Gross, v.Payable, "Lampen GmbH"}, []any{bill.Number, bill.Net, bill.Tax, bill.Gross, bill.Payable, bill.Vendor.Name})
				require.Equal(t, !bill.Credit, v.DueDate == bill.Due)
				require.Equal(t, v.Kind == accounting.CreditNoteDocument, bill.Credit)
				if bill.Credit {
					require.Len(t, bill.Corrects, 1)
				}
			})
		}
	})
}

func TestWhatDoesNotLeaveAsUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		write := func(in accounting.NewInvoice, complete func(*einvoice.Document)) error {
			in.PartyID, in.Date = ann.ID, day("2026-03-31")
			issued, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
			require.NoError(t, err)
			var file bytes.Buffer
			err = h.ex.WriteUBL(h.ctx, &file, exchange.UBLInvoice{InvoiceID: issued[0].ID, Complete: complete})
			require.Zero(t, file.Len(), "nothing is written")
			return err
		}
		perLine := accounting.NewInvoice{TaxRounding: accounting.RoundPerLine, Lines: []accounting.NewInvoiceLine{soldLine("A", "S19", 1, "0.03"), soldLine("B", "S19", 1, "0.03"), soldLine("C", "S19", 1, "0.03")}}
		require.ErrorIs(t, write(perLine, nil), exchange.ErrUBLFigures)
		require.ErrorIs(t, write(accounting.NewInvoice{TaxIncluded: true, Lines: []accounting.NewInvoiceLine{soldLine("A", "S19", 1, "10")}}, nil), exchange.ErrNotInUBL)
		plain := accounting.NewInvoice{TaxRounding: accounting.RoundPerDocument, Lines: []accounting.NewInvoiceLine{soldLine("A", "S19", 1, "10")}}
		err := write(plain, func(doc *einvoice.Document) { doc.Seller.TaxID = "" })
		require.ErrorIs(t, err, einvoice.ErrInvalid)
		require.ErrorContains(t, err, "BR-S-02", "the rule is named")
		require.ErrorIs(t, write(plain, func(doc *einvoice.Document) { doc.Lines[0].Price.Net = einvoice.Dec("9") }), exchange.ErrUBLFigures)
		require.ErrorIs(t, h.ex.WriteUBL(h.ctx, &bytes.Buffer{}, exchange.UBLInvoice{InvoiceID: uuid.New()}), tenancy.ErrNotFound)
		require.ErrorIs(t, h.ex.WriteUBL(h.ctx, nil, exchange.UBLInvoice{}), exchange.ErrBadInput)
		poor := h.env.TenantWith(t, "accounting.read")
		require.ErrorIs(t, h.ex.WriteUBL(poor, &bytes.Buffer{}, exchange.UBLInvoice{InvoiceID: uuid.New()}), tenancy.ErrForbidden)
	})
}

// A vendor whose tax is a cent off is booked as he states it, where the books tolerate that.
func TestAVendorsOwnTaxIsBookedAsStated(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, _ := seller(t, env)
		vendor, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Ann SARL", Vendor: true}})
		require.NoError(t, err)
		doc := einvoice.Document{Number: "V1", IssueDate: day("2026-03-31"), DueDate: day("2026-04-30"), Type: einvoice.CommercialInvoice, Currency: "EUR",
			Seller: einvoice.Party{Name: "Ann SARL", TaxID: "FR12345678901", Address: &einvoice.Address{Country: "FR"}},
			Buyer:  einvoice.Party{Name: "Lampen GmbH", Address: &einvoice.Address{Country: "DE"}},
			Lines: []einvoice.Line{{ID: "1", Quantity: einvoice.Dec("1"), Unit: "C62", Item: einvoice.Item{Name: "Work"}, Price: einvoice.Price{Net: einvoice.Dec("100")},
				Tax: einvoice.Rated(decimal.NewFromInt(19))}}}
		require.NoError(t, einvoice.Calculate(&doc))
		file, err := einvoice.WriteUBL(doc)
		require.NoError(t, err)
		off := strings.ReplaceAll(strings.ReplaceAll(string(file), ">119.00<", ">119.01<"), ">19.00<", ">19.01<")
		require.NotEqual(t, string(file), off)
		made, err := h.ex.DraftBill(h.ctx, exchange.UBLBill{File: strings.NewReader(off), VendorID: vendor[0].ID, Account: accounting.ByRole(accounting.RoleFees),
			TaxCodes: map[string]string{"S 19": "S19"}})
		require.NoError(t, err)
		require.Equal(t, []int64{0, 1}, []int64{made.RoundingMinor, made.TaxVarianceMinor})
		_, err = h.books.RecordDrafts(h.ctx, []uuid.UUID{made.Draft.ID})
		require.ErrorIs(t, err, accounting.ErrTaxVariance)
		_, err = h.books.UpdateBooks(h.ctx, accounting.BooksChange{RateMaxAgeDays: 7, TaxTolerance: money.Of(2, "EUR")})
		require.NoError(t, err)
		booked, err := h.books.RecordDrafts(h.ctx, []uuid.UUID{made.Draft.ID})
		require.NoError(t, err)
		require.EqualValues(t, 11901, booked[0].Gross.Minor)
		for role, minor := range map[accounting.Role]int64{accounting.RoleRounding: 0, accounting.RoleInputTax: 1901} {
			got, err := h.books.Balance(h.ctx, accounting.ByRole(role), day("2026-12-31"))
			require.NoError(t, err)
			require.Equal(t, minor, got.Minor, role)
		}
	})
}
