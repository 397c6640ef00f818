package exchange_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/internal/oracle"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// papers issues n documents of each kind that a file has to read something else for, and gives their ids: what they correct, what they set
// off, their instalments, their taxes and their currency's worth.
func papers(t *testing.T, h *house, ann accounting.Party, n int) (ids []uuid.UUID) {
	t.Helper()
	document := func(lines ...accounting.NewInvoiceLine) accounting.NewInvoice {
		return accounting.NewInvoice{PartyID: ann.ID, Date: day("2026-03-31"), Due: day("2026-04-30"), TaxRounding: accounting.RoundPerDocument, Lines: lines}
	}
	issue := func(in ...accounting.NewInvoice) []accounting.Invoice {
		out, err := h.books.Issue(h.ctx, in)
		require.NoError(t, err)
		for i := range out {
			ids = append(ids, out[i].ID)
		}
		return out
	}
	for range n {
		plain := document(soldLine("Lamp", "S19", 3, "12.345"), soldLine("Course", "EX", 1, "50"))
		parts := document(soldLine("Shelf", "S7", 1, "100"))
		parts.Due, parts.Terms.Discount = date.Date{}, accounting.EarlyDiscount{Percent: decimal.NewFromInt(2), Until: day("2026-04-10")}
		parts.Terms.Instalments = []accounting.Instalment{{Due: day("2026-04-30"), Percent: decimal.NewFromInt(40)}, {Due: day("2026-05-31"), Percent: decimal.NewFromInt(60)}}
		dollars := document(soldLine("Lamp", "S19", 3, "12.345"))
		dollars.Currency, dollars.Rate = "USD", accounting.DocumentRate{Rate: decimal.RequireFromString("0.8537"), Source: "ECB"}
		ahead := document(soldLine("On account", "S19", 1, "100"))
		ahead.Kind = accounting.PrepaymentDocument
		first := issue(plain, parts, dollars, ahead)
		p := first[3]
		_, err := h.books.Pay(h.ctx, []accounting.NewPayment{{PartyID: ann.ID, Direction: accounting.MoneyIn, Date: day("2026-03-31"), Amount: p.Gross,
			Allocate: []accounting.PaymentAllocation{{InvoiceID: p.ID, Amount: p.Gross}}}})
		require.NoError(t, err)
		credit, final := document(soldLine("Lamp", "S19", 1, "12.345")), document(soldLine("Work", "S19", 3, "100"))
		credit.Kind, credit.CorrectsID = accounting.CreditNoteDocument, first[0].ID
		final.Prepaid = []accounting.NewDeduction{{PrepaymentID: p.ID}}
		issue(credit, final)
	}
	return ids
}

func rendered(ids ...uuid.UUID) []exchange.UBLInvoice {
	in := make([]exchange.UBLInvoice, len(ids))
	for i, id := range ids {
		in[i].InvoiceID = id
	}
	return in
}

// What a batch is made into are the files that leave one by one; a document that cannot be made has its reason, and the others are made.
func TestRenderedDocumentsAreThoseThatAreWritten(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		ids := papers(t, h, ann, 1)
		gross, err := h.books.Issue(h.ctx, []accounting.NewInvoice{{PartyID: ann.ID, Date: day("2026-03-31"), TaxIncluded: true, Lines: []accounting.NewInvoiceLine{soldLine("Tea", "S19", 1, "6")}}})
		require.NoError(t, err)
		next, bob := seller(t, env)
		theirs := papers(t, next, bob, 1)
		payment, err := h.books.Pay(h.ctx, []accounting.NewPayment{{PartyID: ann.ID, Direction: accounting.MoneyIn, Date: day("2026-04-01"), Amount: gross[0].Gross}})
		require.NoError(t, err)
		refused := map[uuid.UUID]error{gross[0].ID: exchange.ErrNotInUBL, uuid.New(): tenancy.ErrNotFound, theirs[0]: tenancy.ErrNotFound, payment[0].ID: tenancy.ErrNotFound}
		all := append([]uuid.UUID(nil), ids...)
		for id := range refused {
			all = append([]uuid.UUID{id}, all...)
		}
		all = append(all, ids[0]) // twice asked for, twice made
		files, err := h.ex.RenderUBL(h.ctx, rendered(all...))
		require.NoError(t, err)
		require.Len(t, files, len(all))
		for i, id := range all {
			require.Equal(t, id, files[i].InvoiceID)
			if want := refused[id]; want != nil {
				require.ErrorIs(t, files[i].Refusal, want)
				require.Nil(t, files[i].Content)
				continue
			}
			require.NoError(t, files[i].Refusal)
			require.Empty(t, oracle.Broken(t, t.TempDir(), "../einvoice/testdata/en16931.xsl", files[i].Content), "read by another engine")
			var one bytes.Buffer
			require.NoError(t, h.ex.WriteUBL(h.ctx, &one, exchange.UBLInvoice{InvoiceID: id}))
			require.Equal(t, one.String(), string(files[i].Content))
		}
	})
}

func TestWhatIsNotRendered(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, _ := seller(t, env)
		many := make([]uuid.UUID, exchange.MaxRendered+1)
		for i := range many {
			many[i] = uuid.New()
		}
		for name, ids := range map[string][]uuid.UUID{"no id": {uuid.New(), uuid.Nil}, "too many": many} {
			_, err := h.ex.RenderUBL(h.ctx, rendered(ids...))
			require.ErrorIs(t, err, exchange.ErrBadInput, name)
		}
		files, err := h.ex.RenderUBL(h.ctx, nil)
		require.NoError(t, err)
		require.Empty(t, files)
		_, err = h.ex.RenderUBL(env.TenantWith(t, exchange.PermExport), rendered(uuid.New()))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

// However many documents there are, the same statements make them; and they only read. A document that leaves is on record, once.
func TestRenderingCostsTheSameForAnyNumber(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		h, ann := seller(t, env)
		ids := papers(t, h, ann, 6)
		few := ids[:len(ids)/6]
		readers := env.Enter(t, tenancy.ScopeOf(h.ctx).TenantID(), accounting.PermRead)
		render := func(ids []uuid.UUID) func() {
			return func() {
				files, err := h.ex.RenderUBL(readers, rendered(ids...))
				require.NoError(t, err)
				for _, f := range files {
					require.NoError(t, f.Refusal)
				}
			}
		}
		require.Equal(t, env.Count(t, render(few)), env.Count(t, render(ids)))

		var sent []string
		env.Observe(t, func(s tenancy.Sent) { sent = append(sent, fmt.Sprint(s.Verb, " ", s.Table)) })
		render(ids)()
		for _, s := range sent {
			require.NotRegexp(t, "^(insert|update|delete|accrue|upsert)", s)
		}
		require.NotEmpty(t, sent)
		sent = nil
		require.NoError(t, h.ex.WriteUBL(h.ctx, &bytes.Buffer{}, exchange.UBLInvoice{InvoiceID: ids[0]}))
		events := 0
		for _, s := range sent {
			if s == "insert erp.audit_events" {
				events++
			}
		}
		require.Equal(t, 1, events, "%v", sent)
	})
}
