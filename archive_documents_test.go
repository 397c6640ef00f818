package erp_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// packed are the files of an archive.
func packed(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		out[f.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return out
}

// documentsIn are the files of an archive's tar.
func documentsIn(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out[h.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
}

// theCopy is what a person is given.
func (s *shop) theCopy(t *testing.T, id uuid.UUID) (map[string][]byte, privacy.Manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := s.suite.Privacy.ExportSubject(s.ctx, &out, privacy.SubjectCopy{PersonID: id})
	require.NoError(t, err)
	return packed(t, out.Bytes()), m
}

func (s *shop) party(t *testing.T, name, email string) uuid.UUID {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: name, Name: name, Customer: true, Email: email, Address: []string{"1 " + name + " Row", "London"}, Country: "GB"}})
	require.NoError(t, err)
	return parties[0].ID
}

// Issued invoices lie in an archive as UBL that validates, with the amounts of the books; one that the standard has no place for says why it is not there.
func TestAnArchiveHasItsInvoicesAsUBL(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		_, err := suite.Accounting.DescribeBusiness(s.ctx, accounting.Business{Name: "The Shop", Address: []string{"1 High Street", "London"}, Country: "GB", TaxID: "GB123456789"})
		require.NoError(t, err)
		ada, ben := s.party(t, "Ada", "ada@canary.example"), s.party(t, "Ben", "ben@canary.example")
		first, second, other := s.sale("U-1", 1), s.sale("U-2", 2), s.sale("U-3", 3)
		for _, sale := range []*sales.NewSale{&first, &second, &other} {
			sale.Lines = sale.Lines[:1]
		}
		first.PartyID, second.PartyID, other.PartyID = ada, ada, ben
		sold, err := suite.Sales.Sell(s.ctx, []sales.NewSale{first, second, other})
		require.NoError(t, err)
		gross, err := suite.Accounting.Issue(s.ctx, []accounting.NewInvoice{{Reference: "G", PartyID: ben, Date: day(20), TaxIncluded: true, Lines: []accounting.NewInvoiceLine{
			{Description: "Tea", Quantity: pieces(1), UnitPrice: price("6.00"), TaxCode: "S20"}}}})
		require.NoError(t, err)

		var out bytes.Buffer
		m, err := suite.Privacy.Export(s.ctx, &out)
		require.NoError(t, err)
		require.Len(t, m.Documents, 1)
		require.EqualValues(t, 3, m.Documents[0].Documents)
		require.Equal(t, map[string]int64{"exchange.not_in_ubl": 1}, m.Documents[0].Refused)
		documents := documentsIn(t, packed(t, out.Bytes())["documents/erp.invoices.ubl.tar"])
		require.Contains(t, string(documents[gross[0].ID.String()+".refused.txt"]), "exchange.not_in_ubl")
		for _, v := range sold {
			got, err := einvoice.ReadUBL(bytes.NewReader(documents[v.InvoiceID.String()+".xml"]))
			require.NoError(t, err)
			require.Empty(t, einvoice.Validate(got.Document))
			bill, err := got.Bill()
			require.NoError(t, err)
			require.Equal(t, []any{v.Invoice.Number, v.Invoice.Net, v.Invoice.Tax, v.Invoice.Gross}, []any{bill.Number, bill.Net, bill.Tax, bill.Gross})
		}
		require.NotContains(t, string(packed(t, out.Bytes())["erp.audit_events.jsonl"]), "exchange.export", "the export is on record, once")
		moved := &shop{suite: suite}
		moved.ctx = moved.take(t, env, out.Bytes())
		require.Equal(t, m.Root, root(t, moved))

		there, copied := s.theCopy(t, ada)
		require.EqualValues(t, 2, copied.Documents[0].Documents)
		require.Len(t, documentsIn(t, there["documents/erp.invoices.ubl.tar"]), 2)
	})
}

// Two people in one entry: of the lines each gets their own, and of the memo everything but who the other is.
func TestTwoPeopleInOneEntry(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		ada, ben := s.party(t, "Ada Canary", "ada@canary.example"), s.party(t, "Ben Finch", "ben@finch.example")
		posted, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{{Reference: "SHARED", Date: day(16), Memo: "Ben Finch (ben@finch.example) pays what Ada Canary owes", Lines: []accounting.NewLine{
			{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: ben, Debit: money.Of(731, "GBP")},
			{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: ada, Credit: money.Of(731, "GBP")}}}})
		require.NoError(t, err)
		there, m := s.theCopy(t, ada)
		rows := map[string]int64{}
		for _, f := range m.Files {
			rows[f.Table] = f.Rows
		}
		require.EqualValues(t, 1, rows["erp.journal_entries"])
		require.EqualValues(t, 1, rows["erp.journal_lines"])
		require.EqualValues(t, 1, rows["erp.parties"])
		require.Contains(t, string(there["erp.journal_entries.jsonl"]), posted[0].ID.String())
		require.Contains(t, string(there["erp.journal_lines.jsonl"]), `"party_id":"`+ada.String()+`"`)
		require.Contains(t, string(there["erp.entry_texts.jsonl"]), `"memo":"[another person] ([another person]) pays what Ada Canary owes"`)
		for name, data := range there {
			for _, other := range []string{"ben finch", "ben@finch", ben.String()} {
				require.NotContains(t, strings.ToLower(string(data)), other, name)
			}
		}
	})
}

// A canary in each personal text that leads to the customer, of every model, in two tenants and of two people: the copy has all of one, and none of anybody else.
func TestACopyHasEveryColumn(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		mine, theirs := openShop(t, env, suite, inventory.Average), openShop(t, env, suite, inventory.Average)
		var want, foreign []string
		for _, s := range []*shop{mine, theirs} {
			s.trade(t)
			entry := s.entry("LENT", 500)
			entry.Lines[0].Account, entry.Lines[0].PartyID = accounting.ByRole(accounting.RoleReceivable), s.customer
			_, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{entry})
			require.NoError(t, err)
		}
		want = append(want, sown(t, mine, "mine")...)
		foreign = append(foreign, sown(t, theirs, "theirs")...)
		require.Greater(t, len(want), 10)
		there, m := mine.theCopy(t, mine.customer)
		var all strings.Builder
		for name, data := range there {
			if name != "documents/erp.invoices.ubl.tar" {
				all.Write(data)
			}
		}
		for _, canary := range want {
			require.True(t, strings.Contains(all.String(), canary), canary)
		}
		for _, canary := range foreign {
			require.False(t, strings.Contains(all.String(), canary), canary)
		}
		require.True(t, slices.ContainsFunc(m.Files, func(f privacy.File) bool { return f.Table == "erp.invoice_lines" && f.Rows > 0 }), "what was bought is in it")
	})
}

// sown puts a canary of its own into every personal text column of every row that leads to the customer, whatever the services would have written there, and gives those that it put.
func sown(t *testing.T, s *shop, word string) (canaries []string) {
	t.Helper()
	_, err := tenancy.Act(s.ctx, s.suite.Tenancy, "test.plant", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		for _, m := range s.suite.Tenancy.Registry().Models {
			ids := aboutCustomer(ctx, t, tx, s, m)
			if len(ids) == 0 {
				continue
			}
			key := "id"
			if m.Column("id") == nil {
				key = m.Keys[1].Name
			}
			rows, err := m.Verbs().Find(ctx, tx, tenancy.In(key, ids))
			require.NoError(t, err)
			for _, c := range m.Columns {
				if !m.Erasable(c) || c.Type != tenancy.Text {
					continue
				}
				for i, row := range rows {
					canary := strings.Join([]string{"planted", word, m.Name(), c.Name, string(rune('a' + i%26))}, "-") + "-" + uuid.NewString()
					set(row, c, canary)
					canaries = append(canaries, canary)
				}
				require.NoError(t, tx.Erase(ctx, m, rows, c.Name))
			}
		}
		return nil, nil
	})
	require.NoError(t, err)
	return canaries
}

// An archive of many invoices takes the statements of one of few: they are rendered by the batch, and nothing but the export is on record.
func TestAnArchiveRendersInvoicesByTheBatch(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		_, err := suite.Accounting.DescribeBusiness(s.ctx, accounting.Business{Name: "The Shop", Address: []string{"1 High Street", "London"}, Country: "GB", TaxID: "GB123456789"})
		require.NoError(t, err)
		ada, issued := s.party(t, "Ada", "ada@canary.example"), 0
		export := func(invoices int64) int {
			return env.Count(t, func() {
				m, err := suite.Privacy.Export(s.ctx, io.Discard)
				require.NoError(t, err)
				require.Equal(t, invoices, m.Documents[0].Documents)
				require.Empty(t, m.Documents[0].Refused)
			})
		}
		issue := func(n int) {
			in := make([]accounting.NewInvoice, n)
			for i := range in {
				in[i] = accounting.NewInvoice{PartyID: ada, Date: day(20), TaxRounding: accounting.RoundPerDocument,
					Lines: []accounting.NewInvoiceLine{{Description: "Tea", Quantity: pieces(1), UnitPrice: price("6.00"), TaxCode: "S20"}}}
			}
			_, err := suite.Accounting.Issue(s.ctx, in)
			require.NoError(t, err)
			issued += n
		}
		issue(2)
		few := export(int64(issued))
		issue(40)
		require.Equal(t, few, export(int64(issued)))
	})
}
