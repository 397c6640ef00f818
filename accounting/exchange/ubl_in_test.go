package exchange_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// example is one of the documents of the EU's own examples; variances are the lines that are not quantity x price.
type example struct {
	name      string
	variances []int
}

var examples = []example{{"example1", []int{20}}, {"example2", []int{1}}, {"example3", []int{1, 2}}, {"example5", nil}, {"example7", nil}, {"creditnote1", nil}}

func exampleFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "en16931", "ubl-tc434-"+name+".xml"))
	require.NoError(t, err, "the examples lie beside the project: see docs/development.md")
	return data
}

// codesFor makes a tax of each kind that a document has, and gives its codes.
func codesFor(t *testing.T, h *house, bill *einvoice.Bill) map[string]string {
	t.Helper()
	codes := map[string]string{}
	for _, l := range bill.Lines {
		if codes[l.Tax.String()] != "" {
			continue
		}
		in := accounting.NewTax{Code: "T" + string(rune('A'+len(codes))), Name: l.Tax.String(), Kind: accounting.TaxStandard}
		switch l.Tax.Category {
		case einvoice.Exempt:
			in.Kind, in.Reason = accounting.TaxExempt, "as the document says"
		case einvoice.NotSubject:
			in.Kind, in.Reason = accounting.TaxOutsideScope, "as the document says"
		case einvoice.ZeroRated:
			in.Kind, in.Reason = accounting.TaxZero, "as the document says"
		default:
			in.Rates = []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: l.Tax.Rate.Decimal, Source: "the document"}}
		}
		_, err := h.books.CreateTax(h.ctx, in)
		require.NoError(t, err)
		codes[l.Tax.String()] = in.Code
	}
	return codes
}

// Each of the six documents becomes a draft, and the recorded bill has the document's own figures.
func TestUBLBecomesADraftBill(t *testing.T) {
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			data := exampleFile(t, e.name)
			received, err := einvoice.ReadUBL(bytes.NewReader(data))
			require.NoError(t, err)
			bill, err := received.Bill()
			require.NoError(t, err)
			tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
				h := &house{t: t, env: env, ctx: env.Tenant(t), books: accounting.New(env.DB)}
				h.ex = exchange.New(env.DB, h.books)
				_, err := h.books.OpenBooks(h.ctx, accounting.NewBooks{Chart: accounting.ChartUKRetail, Currency: bill.Currency, YearStart: date.Of(bill.IssueDate.Year(), 1, 1)})
				require.NoError(t, err)
				vendor, err := h.books.CreateParties(h.ctx, []accounting.NewParty{{Name: bill.Vendor.Name, Vendor: true}})
				require.NoError(t, err)
				in := func() exchange.UBLBill {
					return exchange.UBLBill{File: bytes.NewReader(data), VendorID: vendor[0].ID, Account: accounting.ByCode("6100"), Reference: "ubl-1"}
				}
				_, err = h.ex.DraftBill(h.ctx, in())
				require.ErrorIs(t, err, exchange.ErrUnknownTax)
				codes := codesFor(t, h, &bill)
				draft := func() exchange.UBLDraft {
					in := in()
					in.TaxCodes = codes
					made, err := h.ex.DraftBill(h.ctx, in)
					require.NoError(t, err)
					return made
				}
				made := draft()
				require.Equal(t, made.Draft.ID, draft().Draft.ID, "once, however often")
				var variances []int
				for i, l := range made.Bill.Lines {
					if l.Variance.Minor != 0 {
						variances = append(variances, i+1)
					}
				}
				require.Equal(t, e.variances, variances)
				booked, err := h.books.RecordDrafts(h.ctx, []uuid.UUID{made.Draft.ID})
				require.NoError(t, err)
				require.Equal(t, bill.Tax.Minor+bill.Net.Minor+bill.Rounding.Minor, booked[0].Gross.Minor, "what is owed, before prepayments")
				require.Equal(t, bill.Net.Minor+made.RoundingMinor, booked[0].Net.Minor)
				require.Equal(t, bill.Payable.Minor, booked[0].Gross.Minor-bill.Prepaid.Minor)
				require.Equal(t, bill.Credit, booked[0].Kind == accounting.VendorCreditDocument)
				require.Equal(t, bill.Number, booked[0].VendorNumber)
				checks, err := h.books.Verify(h.ctx)
				require.NoError(t, err)
				for _, c := range checks {
					require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
				}
			})
		})
	}
}

func TestUBLThatIsNoDraft(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		data := exampleFile(t, "example1")
		good := exchange.UBLBill{VendorID: h.ben.ID, Account: accounting.ByCode("6100"), TaxCodes: map[string]string{}}
		draft := func(ctx func() exchange.UBLBill) error {
			_, err := h.ex.DraftBill(h.ctx, ctx())
			return err
		}
		with := func(text string, change func(*exchange.UBLBill)) func() exchange.UBLBill {
			return func() exchange.UBLBill {
				in := good
				in.File = strings.NewReader(text)
				if change != nil {
					change(&in)
				}
				return in
			}
		}
		require.ErrorIs(t, draft(with(string(data), nil)), exchange.ErrUnknownTax)
		require.ErrorIs(t, draft(with("<Invoice/>", nil)), einvoice.ErrNotUBL)
		require.ErrorIs(t, draft(with(string(data), func(in *exchange.UBLBill) { in.VendorID = uuid.Nil })), exchange.ErrBadInput)
		require.ErrorIs(t, draft(with(string(data), func(in *exchange.UBLBill) { in.Account = accounting.AccountRef{} })), exchange.ErrBadInput)
		require.ErrorIs(t, draft(with(strings.Repeat(" ", einvoice.MaxBytes+1), nil)), einvoice.ErrTooLarge)
		poor := h.env.TenantWith(t, "accounting.draft")
		_, err := h.ex.DraftBill(poor, with(string(data), nil)())
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		drafts, err := h.books.ListDrafts(h.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, drafts.Items)
	})
}
