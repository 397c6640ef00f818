package sales

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opsmatiq/erp/tenancy/date"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestOrderGolden shows an auditor an order from the offer to its end: each document, and what it booked.
func TestOrderGolden(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard rate", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: dec("20"), Source: "for the example"}}})
		require.NoError(t, err)
		tea, gift := line(s.tea, "10", "4.555"), line(s.cup, "1", "0")
		tea.TaxCode, gift.Giveaway = "S20", true
		discount := NewLine{Description: "For old times' sake", Quantity: qty("1"), UnitPrice: dec("-2"), TaxCode: "S20"}
		quoted := s.quote(t, s.quotation("Q-1", tea, gift, discount))[0]
		var b strings.Builder
		fmt.Fprintf(&b, "%s of %s, valid until %s, net %s\n", quoted.Number, quoted.Date, quoted.ValidUntil, quoted.Net.Format())
		order := s.accept(t, "Q-1", "O-1")
		for _, l := range order.Lines {
			fmt.Fprintf(&b, "  %d  %s  %s x %s %s\n", l.LineNo, l.Description, l.Quantity, l.UnitPrice, l.TaxCode)
		}
		do := done[Fulfilment](t)
		for _, made := range []Fulfilment{
			do(s.deliver("O-1", "O-1/1", parts(1, "4", 2, "1")...)), do(s.invoice("O-1", "O-1/2", parts(1, "3", 2, "1", 3, "1")...)),
			do(s.takeBack("O-1/1", "O-1/3", parts(1, "1")...)), do(s.cancel("O-1", "O-1/4", parts(1, "5")...)), do(s.deliver("O-1", "O-1/5")),
			do(s.invoice("O-1", "O-1/6")), do(s.credit("O-1/2", "O-1/7", parts(1, "1")...)), do(s.takeBack("O-1/5", "O-1/8")),
		} {
			fmt.Fprintf(&b, "\n%s %s %s\n", made.Kind, made.Reference, made.Invoice.Number)
			for _, l := range made.Lines {
				fmt.Fprintf(&b, "  line %d: %s\n", l.OrderLineNo, l.Quantity)
			}
			b.WriteString(s.entriesOf(t, made))
		}
		now := s.orderNow(t, "O-1")
		fmt.Fprintf(&b, "\nthe order is %s\n", now.State)
		for _, l := range now.Lines {
			fmt.Fprintf(&b, "  %d  ordered %s, delivered %s, returned %s, invoiced %s, credited %s, cancelled %s\n", l.LineNo, l.Quantity, l.Delivered, l.Returned,
				l.Invoiced, l.Credited, l.Cancelled)
		}
		s.verify(t)

		path := filepath.Join("testdata", "order.golden")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o750))
			require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), b.String())
	})
}

// entriesOf are the lines that a fulfilment's documents booked.
func (s *shop) entriesOf(t *testing.T, made Fulfilment) string {
	entry := made.Invoice.EntryID
	if made.StockDocumentID != uuid.Nil {
		doc, err := s.stock.GetDocument(s.ctx, made.StockDocumentID)
		require.NoError(t, err)
		entry = doc.EntryID
	}
	if entry == uuid.Nil {
		return ""
	}
	chart, err := s.books.ListAccounts(s.ctx, tenancy.PageRequest{Limit: 1000})
	require.NoError(t, err)
	names := map[uuid.UUID]string{}
	for _, a := range chart.Items {
		names[a.ID] = a.Code + " " + a.Name
	}
	detail, err := s.books.GetEntry(s.ctx, entry)
	require.NoError(t, err)
	out := ""
	for _, l := range detail.Lines {
		out += fmt.Sprintf("  %-40s %10s\n", names[l.AccountID], l.Amount)
	}
	return out
}
