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
	"github.com/opsmatiq/erp/internal/oracle"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// issued gives a document as it leaves, read again: by us, and by another engine that finds nothing wrong with it.
func (h *house) issued(in accounting.NewInvoice, complete func(*einvoice.Document)) (accounting.Invoice, einvoice.Document, error) {
	h.t.Helper()
	if in.Date.IsZero() {
		in.Date = day("2026-03-31")
	}
	in.TaxRounding = accounting.RoundPerDocument
	out, err := h.books.Issue(h.ctx, []accounting.NewInvoice{in})
	require.NoError(h.t, err)
	files, err := h.ex.RenderUBL(h.ctx, []exchange.UBLInvoice{{InvoiceID: out[0].ID, Complete: complete}})
	require.NoError(h.t, err)
	if files[0].Refusal != nil {
		return out[0], einvoice.Document{}, files[0].Refusal
	}
	require.Empty(h.t, oracle.Broken(h.t, h.t.TempDir(), "../einvoice/testdata/en16931.xsl", files[0].Content))
	got, err := einvoice.ReadUBL(bytes.NewReader(files[0].Content))
	require.NoError(h.t, err)
	require.Empty(h.t, einvoice.Validate(got.Document))
	return out[0], got.Document, nil
}

// Each term of EN 16931 that something of ours becomes, one at a time.
func TestWhatOfADocumentBecomesWhatInUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		h.t = t
		for _, tax := range []accounting.NewTax{
			{Code: "Z", Name: "zero", Kind: accounting.TaxZero, Reason: "books"},
			{Code: "G", Name: "both", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S19"}, {Code: "S7"}}},
			{Code: "W", Name: "withheld", Kind: accounting.TaxWithholding, Rates: []accounting.NewTaxRate{{From: day("2007-01-01"), Rate: decimal.NewFromInt(5), Source: "EStG"}}},
			{Code: "WG", Name: "taxed and withheld", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "S19"}, {Code: "W"}}},
		} {
			_, err := h.books.CreateTax(h.ctx, tax)
			require.NoError(t, err)
		}
		with := func(lines ...accounting.NewInvoiceLine) accounting.NewInvoice {
			return accounting.NewInvoice{PartyID: ann.ID, Due: day("2026-04-30"), Lines: lines}
		}
		thanked := with(soldLine("Lamp", "S19", 2, "10"), soldLine("Taken back", "S19", 1, "-5"))
		thanked.Note = "Thank you"
		v, doc, err := h.issued(thanked, nil)
		require.NoError(t, err)
		require.Equal(t, []einvoice.Note{{Text: "Thank you"}}, doc.Notes)
		require.Equal(t, []string{"-1", "5", "1", "2"}, []string{doc.Lines[1].Quantity.Decimal.String(), doc.Lines[1].Price.Net.Decimal.String(), doc.Lines[0].ID, doc.Lines[1].ID}, "the sign stands on the quantity (BR-27)")
		require.True(t, doc.TaxPointDate.IsZero(), "it is the day of issue")
		require.Empty(t, doc.Preceding)

		first := v
		note := with(soldLine("Forgotten", "S19", 1, "3"))
		note.Kind, note.CorrectsID = accounting.DebitNoteDocument, first.ID
		_, doc, err = h.issued(note, nil)
		require.NoError(t, err)
		require.Equal(t, einvoice.DebitNote, doc.Type)
		require.Equal(t, []einvoice.Preceding{{Number: first.Number, IssueDate: first.InvoiceDate}}, doc.Preceding)

		late := with(soldLine("Zeroed", "Z", 1, "3"), soldLine("Zeroed too", "Z", 2, "4"), soldLine("Course", "EX", 1, "5"), soldLine("Course 2", "EX", 1, "6"))
		late.TaxPoint = day("2026-03-02")
		late.Lines[0].Charge = accounting.Adjust{Amount: money.Of(70, "EUR")}
		_, doc, err = h.issued(late, nil)
		require.NoError(t, err)
		require.Equal(t, day("2026-03-02"), doc.TaxPointDate)
		require.Equal(t, []einvoice.AllowanceCharge{{Charge: true, Amount: money.Of(70, "EUR"), Reason: "Charge"}}, doc.Lines[0].AllowanceCharges)
		require.Len(t, doc.Breakdown, 2)
		for _, b := range doc.Breakdown {
			require.Equal(t, map[einvoice.Category]string{einvoice.ZeroRated: "", einvoice.Exempt: "UStG § 4 Nr. 21"}[b.Tax.Category], b.Reason)
		}

		untaxed := with(soldLine("Membership", "", 1, "40"))
		_, _, err = h.issued(untaxed, nil)
		require.ErrorContains(t, err, "BR-O-02", "whoever is outside the scope shows no VAT identifier")
		_, doc, err = h.issued(untaxed, func(doc *einvoice.Document) {
			doc.Seller.TaxID, doc.Buyer.TaxID, doc.Seller.RegistrationID = "", "", einvoice.Identifier{ID: "HRB 1"}
		})
		require.NoError(t, err)
		require.Equal(t, einvoice.Untaxed(einvoice.NotSubject), doc.Lines[0].Tax)

		_, _, err = h.issued(with(soldLine("Both", "G", 1, "40")), nil)
		require.ErrorIs(t, err, exchange.ErrNotInUBL)
		require.ErrorContains(t, err, "line 1: a tax of the kind group")
		_, _, err = h.issued(with(soldLine("Work", "WG", 1, "40")), nil)
		require.ErrorIs(t, err, exchange.ErrNotInUBL)
		require.ErrorContains(t, err, "withheld")
	})
}

// Of an address the lines go where the standard has room: three, the third with the rest; cities are not told from other lines.
func TestAddressesAndUnitsInUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, _ := seller(t, env)
		for _, c := range []struct {
			lines []string
			want  einvoice.Address
		}{
			{nil, einvoice.Address{Country: "FR"}},
			{[]string{"1 rue A"}, einvoice.Address{Line1: "1 rue A", Country: "FR"}},
			{[]string{"1 rue A", "Bâtiment B", "Escalier C"}, einvoice.Address{Line1: "1 rue A", Line2: "Bâtiment B", Line3: "Escalier C", Country: "FR"}},
			{[]string{"1 rue A", "Bâtiment B", "Escalier C", "69001", "Lyon"}, einvoice.Address{Line1: "1 rue A", Line2: "Bâtiment B", Line3: "Escalier C, 69001, Lyon", Country: "FR"}},
		} {
			party, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Zoë", Customer: true, Address: c.lines, Country: "FR", TaxID: "FR 123 45678901"}})
			require.NoError(t, err)
			line := soldLine("", "S19", 1, "1")
			out, err := h.books.Issue(h.ctx, []accounting.NewInvoice{{PartyID: party[0].ID, Date: day("2026-03-31"), TaxRounding: accounting.RoundPerDocument, Lines: []accounting.NewInvoiceLine{line}}})
			require.NoError(t, err)
			files, err := h.ex.RenderUBL(h.ctx, []exchange.UBLInvoice{{InvoiceID: out[0].ID, Unit: "HUR"}})
			require.NoError(t, err)
			require.NoError(t, files[0].Refusal)
			got, err := einvoice.ReadUBL(bytes.NewReader(files[0].Content))
			require.NoError(t, err)
			require.Equal(t, &c.want, got.Document.Buyer.Address)
			require.Equal(t, []string{"FR12345678901", "HUR", "Line 1"}, []string{got.Document.Buyer.TaxID, got.Document.Lines[0].Unit, got.Document.Lines[0].Item.Name})
		}
	})
}

// What a vendor's document says of rounding, dates and long texts is in the draft; a tax that states an amount needs a code of ours.
func TestOddBillsFromUBL(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, _ := seller(t, env)
		vendor, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: "Ann SARL", Vendor: true}})
		require.NoError(t, err)
		draft := func(change func(*einvoice.Document), codes map[string]string) (accounting.BillDetail, error) {
			doc := einvoice.Document{Number: "V" + uuid.NewString()[:8], IssueDate: day("2026-03-31"), DueDate: day("2026-04-30"), Type: einvoice.CommercialInvoice, Currency: "EUR",
				Seller: einvoice.Party{Name: "Ann SARL", TaxID: "FR12345678901", Address: &einvoice.Address{Country: "FR"}},
				Buyer:  einvoice.Party{Name: "Lampen GmbH", Address: &einvoice.Address{Country: "DE"}},
				Lines: []einvoice.Line{{ID: "1", Quantity: einvoice.Dec("1"), Unit: "C62", Item: einvoice.Item{Name: "Work"}, Price: einvoice.Price{Net: einvoice.Dec("100")},
					Tax: einvoice.Rated(decimal.NewFromInt(19))}}}
			change(&doc)
			require.NoError(t, einvoice.Calculate(&doc))
			file, err := einvoice.WriteUBL(doc)
			require.NoError(t, err)
			made, err := h.ex.DraftBill(h.ctx, exchange.UBLBill{File: bytes.NewReader(file), VendorID: vendor[0].ID, Account: accounting.ByRole(accounting.RoleFees), TaxCodes: codes})
			if err != nil {
				return accounting.BillDetail{}, err
			}
			booked, err := h.books.RecordDrafts(h.ctx, []uuid.UUID{made.Draft.ID})
			require.NoError(t, err)
			return h.books.GetBill(h.ctx, booked[0].ID)
		}
		codes := map[string]string{"S 19": "S19"}
		plain, err := draft(func(*einvoice.Document) {}, codes)
		require.NoError(t, err)
		require.Len(t, plain.Lines, 1)
		require.Equal(t, []any{day("2026-03-31"), day("2026-04-30")}, []any{plain.TaxPoint, plain.DueDate})

		rounded, err := draft(func(doc *einvoice.Document) { doc.Totals.Rounding = money.Of(-3, "EUR") }, codes)
		require.NoError(t, err)
		require.Len(t, rounded.Lines, 2)
		require.Equal(t, []int64{10_000, -3}, []int64{rounded.Lines[0].Net.Minor, rounded.Lines[1].Net.Minor})
		require.EqualValues(t, 11_897, rounded.Payable.Minor)

		early, err := draft(func(doc *einvoice.Document) { doc.DueDate = day("2026-03-01") }, codes)
		require.NoError(t, err)
		require.Equal(t, day("2026-03-31"), early.DueDate, "what was due before it was issued is due at once")

		supplied, err := draft(func(doc *einvoice.Document) { doc.TaxPointDate = day("2026-03-15") }, codes)
		require.NoError(t, err)
		require.Equal(t, day("2026-03-15"), supplied.TaxPoint)

		_, err = draft(func(*einvoice.Document) {}, nil)
		require.ErrorIs(t, err, exchange.ErrUnknownTax)
	})
}
