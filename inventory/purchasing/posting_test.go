package purchasing

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPostingGolden shows an auditor every entry that this package makes.
func TestPostingGolden(t *testing.T) {
	var b strings.Builder
	for _, c := range []struct {
		name string
		more []analysedAmount
	}{{"credited more than received at", []analysedAmount{{nil, gbp(125)}}}, {"credited less", []analysedAmount{{nil, gbp(-40)}}},
		{"credited the same", []analysedAmount{{nil, gbp(0)}}},
		{"credited more for one shop, less for another", []analysedAmount{{accounting.Dimensions{"shop": "york"}, gbp(125)}, {accounting.Dimensions{"shop": "leeds"}, gbp(-40)},
			{accounting.Dimensions{"shop": "hull"}, gbp(0)}}}} {
		e, ok := creditEntry(&creditFact{ID: uuid.MustParse("01900000-0000-7000-8000-000000000001"), Date: date.Must("2026-01-10"), More: c.more, Lock: "late"})
		fmt.Fprintf(&b, "%s: ", c.name)
		if !ok {
			b.WriteString("no entry\n")
			continue
		}
		fmt.Fprintf(&b, "%s, journal %s, books %s %s, exception %q\n", e.Date, e.Journal, e.Source.Model, e.Source.ID, e.LockException)
		for _, l := range e.Lines {
			fmt.Fprintf(&b, "  %-24s %8s %8s", l.Account, l.Debit, l.Credit)
			if len(l.Dimensions) > 0 {
				fmt.Fprintf(&b, "  %v", l.Dimensions)
			}
			b.WriteByte('\n')
		}
	}
	golden(t, "postings", b.String())
}

// TestWholeWayGolden shows every entry on the way of an order, whoever makes it.
func TestWholeWayGolden(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "10", "2.00"), s.service("1", "30"))
		n := s.receive(t, receipt("R-1", o, some(1, "9"), some(2, "1")))[0]
		_, err := s.stock.Issue(s.ctx, []inventory.NewDocument{{Date: newYear, Lines: []inventory.NewMove{{ProductID: s.tea, Quantity: qty("3")}}}})
		require.NoError(t, err)
		in := bill("B-1", billed(o, 1, "9", "2.10"), billed(o, 2, "1", "30"))
		in.Lines[0].TaxCode = "S20"
		b := s.bill(t, in)[0]
		s.sendBack(t, back("T-1", n, some(1, "2")))
		s.credit(t, credit("V-1", b, billed(o, 1, "2", "2.05")))
		s.verify(t)
		golden(t, "whole_way", s.journal(t))
	})
}

// journal is every entry, in the order of posting.
func (s *shop) journal(t *testing.T) string {
	var b strings.Builder
	accounts, err := s.books.ListAccounts(s.ctx, tenancy.PageRequest{Limit: 100})
	require.NoError(t, err)
	name := map[uuid.UUID]string{}
	for _, a := range accounts.Items {
		name[a.ID] = a.Code + " " + a.Name
	}
	page, err := s.books.ListEntries(s.ctx, tenancy.PageRequest{Limit: 100})
	require.NoError(t, err)
	for _, e := range page.Items {
		d, err := s.books.GetEntry(s.ctx, e.ID)
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s %s, journal %s, books %s\n", d.EntryDate, d.Kind, d.Journal, d.SourceModel)
		for _, l := range d.Lines {
			fmt.Fprintf(&b, "  %-42s %10s\n", name[l.AccountID], l.Amount)
		}
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update to write it")
	assert.Equal(t, string(want), got)
}

func tenantOf(s *shop) uuid.UUID { return tenancy.ScopeOf(s.ctx).TenantID() }

// Verify names what is wrong, whatever it is; and the database refuses what it can.
func TestVerifyFindsWhatIsWrong(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		o := s.order(t, "O-1", goods(s.tea, "10", "2.00"))
		n := s.receive(t, receipt("R-1", o, some(1, "9")))[0]
		s.bill(t, bill("B-1", billed(o, 1, "4", "2.10")))
		s.sendBack(t, back("T-1", n, some(1, "2")))
		s.verify(t)
		owner := s.env.Owner(t, tenantOf(s))
		where := " WHERE tenant_id = '" + tenantOf(s).String() + "'"
		for _, refused := range []string{
			"UPDATE erp.purchase_order_lines SET received = 11000000", "UPDATE erp.purchase_order_lines SET billed = 10000000", "UPDATE erp.purchase_order_lines SET credited = 3000000",
			"UPDATE erp.purchase_note_lines SET returned = 10000000", "UPDATE erp.purchase_note_lines SET billed = 7000000",
			"UPDATE erp.purchase_notes SET note_date = '2026-02-01'", "DELETE FROM erp.purchase_notes", "DELETE FROM erp.purchase_orders",
			"UPDATE erp.purchase_matches SET quantity = 1", "UPDATE erp.purchase_bills SET reference = 'x'", "UPDATE erp.purchase_orders SET state = 'lost'",
		} {
			_, err := owner.Exec(s.env.SQL(refused + where))
			require.Error(t, err, refused)
		}
		for _, row := range []struct{ statement, back, check string }{
			{"UPDATE erp.purchase_order_lines SET billed = billed - 1", "UPDATE erp.purchase_order_lines SET billed = billed + 1", "lines of purchase orders equal their notes and bills"},
			{"UPDATE erp.purchase_note_lines SET billed_minor = billed_minor + 1" + where + " AND kind = 'receipt'", "UPDATE erp.purchase_note_lines SET billed_minor = billed_minor - 1" + where + " AND kind = 'receipt'",
				"receipts equal their returns and matches"},
			{"UPDATE erp.purchase_note_lines SET billed_minor = billed_minor + 1" + where + " AND kind = 'receipt'", "UPDATE erp.purchase_note_lines SET billed_minor = billed_minor - 1" + where + " AND kind = 'receipt'",
				"goods received and not billed clear exactly"},
			{"UPDATE erp.purchase_note_lines SET value_minor = value_minor + 1", "UPDATE erp.purchase_note_lines SET value_minor = value_minor - 1", "goods received and sent back equal the moves of stock"},
			{"UPDATE erp.purchase_orders SET state = 'closed'", "UPDATE erp.purchase_orders SET state = 'open'", "states of purchase orders follow from their lines"},
			{"UPDATE erp.number_series SET taken = taken + 1", "", "no gaps in the numbers of purchase orders"},
		} {
			exec := func(statement string) {
				if statement == "" {
					return
				}
				if !strings.Contains(statement, "WHERE") {
					statement += where
				}
				_, err := owner.Exec(s.env.SQL(statement))
				require.NoError(t, err, statement)
			}
			exec(row.statement)
			checks, err := s.buying.Verify(s.ctx)
			require.NoError(t, err)
			failed := map[string]bool{}
			for _, c := range checks {
				failed[c.Name] = !c.OK
			}
			require.True(t, failed[row.check], "%s: %+v", row.check, checks)
			exec(row.back)
		}
	})
}

// What others book on the account is theirs: it is told, and held against nobody.
func TestOthersOnTheAccount(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		_, err := s.books.Post(s.ctx, []accounting.NewEntry{{Date: newYear, Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode("6900"), gbp(700)), accounting.CreditLine(accounting.ByRole(grni), gbp(700))}}})
		require.NoError(t, err)
		s.verify(t)
		checks, err := s.buying.Verify(s.ctx)
		require.NoError(t, err)
		assert.Contains(t, checks[len(checks)-1].Detail, "booked there by others 7.00")
	})
}
