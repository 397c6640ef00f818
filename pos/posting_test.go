package pos

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

var update = flag.Bool("update", false, "write the golden files anew")

// names stand for accounts in the golden files.
var names = map[uuid.UUID]string{}

func named(name string) uuid.UUID {
	id := uuid.NewSHA1(uuid.Nil, []byte(name))
	names[id] = name
	return id
}

// TestPostingGolden shows an auditor every kind of entry that this package makes.
func TestPostingGolden(t *testing.T) {
	var here uuid.UUID // what the session is analysed by
	day := func(cash, card, rounding, over int64, postings ...posted) *closingFact {
		return &closingFact{SessionID: uuid.MustParse("01900000-0000-7000-8000-000000000001"), Date: date.Must("2026-01-05"), Currency: "CHF",
			Cash: posted{AccountID: named("cash"), Minor: cash}, Card: posted{AccountID: named("card takings"), Minor: card}, Postings: postings,
			Rounding: posted{AccountID: named("rounding"), Minor: rounding}, OverShort: posted{AccountID: named("over/short"), Set: here, Minor: over}}
	}
	sales, tax, bank, wages := named("sales"), named("tax"), named("bank"), named("wages")
	york, leeds := named("york"), named("leeds")
	here = york
	analysed := day(9900, 0, 0, 100, posted{sales, york, -6000}, posted{sales, leeds, -3000}, posted{tax, uuid.Nil, -1800}, posted{wages, york, 800})
	analysed.Named = map[uuid.UUID]accounting.Dimensions{york: {"shop": "york"}, leeds: {"shop": "leeds"}}
	here = uuid.Nil
	for name, f := range map[string]*closingFact{
		"analysed":                analysed,
		"a_day":                   day(11990, 8000, 10, 0, posted{AccountID: sales, Minor: -18000}, posted{AccountID: tax, Minor: -2000}),
		"short":                   day(11900, 0, 0, 100, posted{AccountID: sales, Minor: -12000}),
		"over":                    day(12100, 0, 0, -100, posted{AccountID: sales, Minor: -12000}),
		"more_given_back":         day(-500, -1500, 0, 0, posted{AccountID: sales, Minor: 1800}, posted{AccountID: tax, Minor: 200}),
		"cash_moved":              day(-45500, 0, 0, 0, posted{AccountID: bank, Minor: 40000}, posted{AccountID: wages, Minor: 5500}),
		"a_move_between_drawers":  day(-1000, 0, 0, 0, posted{AccountID: named("cash"), Minor: 1000}),
		"rounding_and_over_alike": day(100, 0, -50, -50),
		"nothing":                 day(0, 0, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			entry, ok := closingEntry(f)
			require.Equal(t, ok, len(entry.Lines) > 0)
			golden(t, "entry_"+name, shown(&entry))
		})
	}
}

// shown prints an entry as a bookkeeper writes it.
func shown(e *accounting.NewEntry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, journal %s, books %s %s\n", e.Date, e.Kind, e.Journal, e.Source.Model, e.Source.ID)
	var balance int64
	for _, l := range e.Lines {
		_, id, _ := strings.Cut(l.Account.String(), ":")
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-24s %10s %10s", names[uuid.MustParse(id)], side(l.Debit), side(l.Credit)), " "))
		if len(l.Dimensions) > 0 {
			fmt.Fprintf(&b, "  %v", l.Dimensions)
		}
		b.WriteByte('\n')
		balance += l.Debit.Minor - l.Credit.Minor
	}
	if balance != 0 {
		b.WriteString("  DOES NOT BALANCE\n")
	}
	if len(e.Lines) == 0 {
		b.WriteString("  nothing to book\n")
	}
	return b.String()
}

func side(a money.Amount) string {
	if a.Minor == 0 {
		return ""
	}
	return a.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run make golden")
	require.Equal(t, string(want), got)
}

// TestReceiptGolden is what customers take along, and what is signed.
func TestReceiptGolden(t *testing.T) {
	chf := func(minor int64) money.Amount { return money.Of(minor, "CHF") }
	sale := &TicketDetail{Register: Register{Code: "T1", Name: "By the door"}, Descriptions: []string{"Earl Grey, 100 g", "Gift wrapping", "Loyalty"},
		References: []string{"auth 4711", ""}, Note: "Thank you, Änn!",
		Ticket: Ticket{Kind: KindSale, Number: "R-T1-2026-00007", ReceiptNo: 7, Date: date.Must("2026-01-05"), MadeAt: time.Date(2026, 1, 5, 16, 30, 1, 500_000, time.UTC),
			TaxIncluded: true, Net: chf(1311), Tax: chf(101), Gross: chf(1412), Rounding: chf(-2),
			Lines: []Line{
				{LineNo: 1, Quantity: qty("3"), UnitPrice: dec("4.50"), TaxRate: dec("8.1"), Net: chf(1249), Tax: chf(101)},
				{LineNo: 2, Quantity: qty("0.333333"), UnitPrice: dec("2.999"), TaxRate: dec("0"), Net: chf(100), Tax: chf(0)},
				{LineNo: 3, Quantity: qty("1"), UnitPrice: dec("-0.38"), TaxRate: dec("0"), Net: chf(-38), Tax: chf(0)},
			},
			Payments: []Payment{{LineNo: 1, Method: Card, Amount: chf(1000), TenderedMinor: 1000}, {LineNo: 2, Method: Cash, Amount: chf(410), TenderedMinor: 500}}}}
	refund := &TicketDetail{Register: sale.Register, OriginNumber: sale.Number, Descriptions: []string{""}, References: []string{""},
		Ticket: Ticket{Kind: KindRefund, Number: "R-T1-2026-00008", ReceiptNo: 8, Date: sale.Date, MadeAt: sale.MadeAt, TaxIncluded: true,
			Net: chf(416), Tax: chf(34), Gross: chf(450), Rounding: chf(0),
			Lines:    []Line{{LineNo: 1, Quantity: qty("1"), UnitPrice: dec("4.50"), TaxRate: dec("8.1"), Net: chf(416), Tax: chf(34)}},
			Payments: []Payment{{LineNo: 1, Method: Cash, Amount: chf(450), TenderedMinor: 450}}}}
	digest, signature := "", ""
	for _, row := range []struct {
		name   string
		ticket *TicketDetail
	}{{"sale", sale}, {"refund_after_erasure", refund}} {
		r := row.ticket.receipt("T1", row.ticket.OriginNumber)
		r.follow(digest, signature)
		signed, err := signer(t).Sign(t.Context(), r)
		require.NoError(t, err)
		digest, signature = r.Digest, signed.Text
		row.ticket.Digest, row.ticket.Signer, row.ticket.Signature = r.Digest, signed.Signer, signed.Text
		golden(t, "receipt_"+row.name, row.ticket.Receipt())
		text, err := json.MarshalIndent(r, "", "  ")
		require.NoError(t, err)
		golden(t, "signed_"+row.name, string(text)+"\n")
	}
}
