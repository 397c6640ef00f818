package accounting

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

var update = flag.Bool("update", false, "write the golden files anew")

// documentParts are parts of a document in the base currency.
func documentParts(parts []postingPart) []documentPart {
	out := make([]documentPart, len(parts))
	for i := range parts {
		out[i].postingPart = parts[i]
	}
	return out
}

// TestPostingGolden shows an auditor every kind of entry that this package makes.
func TestPostingGolden(t *testing.T) {
	gbp := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	on, due := date.Must("2010-12-01"), date.Must("2010-12-31")
	id, party := uuid.MustParse("01900000-0000-7000-8000-000000000001"), uuid.MustParse("01900000-0000-7000-8000-0000000000aa")
	sales, discount, tax := ByCode("4000"), ByCode("4050"), ByCode("2100")
	invoice := func(kind InvoiceKind, settled bool, parts ...postingPart) NewEntry {
		f := &invoiceFact{Kind: kind, ID: id, PartyID: party, Date: on, Dues: []duePart{{Due: due, Amount: gbp(0)}}, Counter: ByRole(RoleReceivable), Parts: documentParts(parts)}
		if settled {
			f.PartyID, f.Counter, f.Settled = uuid.Nil, ByRole(RoleCash), true
		}
		for _, p := range parts {
			f.Dues[0].Amount.Minor += p.Amount.Minor
		}
		return invoiceEntry(f)
	}
	bill := func(kind BillKind, parts ...postingPart) NewEntry {
		f := &billFact{Kind: kind, ID: id, PartyID: party, Date: on, Dues: []duePart{{Due: due, Amount: gbp(0)}}, Parts: documentParts(parts)}
		for _, p := range parts {
			f.Dues[0].Amount.Minor += p.Amount.Minor
		}
		return billEntry(f)
	}
	payment := func(d Direction, role Role) NewEntry {
		control := ByRole(RoleReceivable)
		if d == MoneyOut {
			control = ByRole(RolePayable)
		}
		return paymentEntry(&paymentFact{ID: id, PartyID: party, Direction: d, Date: on, Amount: gbp(12345), Money: ByRole(role), MoneyRole: role, Control: control,
			Memo: "transfer 17"})
	}
	line := func(code string, minor int64) Line {
		return Line{AccountID: uuid.NewSHA1(uuid.Nil, []byte(code)), Amount: gbp(minor), Transaction: gbp(minor)}
	}
	usd := func(minor int64) money.Amount { return money.Of(minor, "USD") }
	dollars := func(code string, minor, base int64) Line {
		l := line(code, base)
		l.Transaction = usd(minor)
		return l
	}
	yearEnd := func(result ...postingPart) NewEntry {
		parts := make([]analysedPart, len(result))
		for i, p := range result {
			parts[i].postingPart = p
		}
		return yearEndEntry(&yearEndFact{ClosingID: id, Date: on, Result: parts, Retained: ByRole(RoleRetainedEarnings)})
	}
	cases := []struct {
		name  string
		entry NewEntry
	}{
		{"invoice_on_account", invoice(InvoiceDocument, false, postingPart{sales, gbp(10000)})},
		{"invoice_with_tax_and_discount", invoice(InvoiceDocument, false, postingPart{sales, gbp(10000)}, postingPart{discount, gbp(-500)}, postingPart{tax, gbp(1900)})},
		{"invoice_paid_in_cash", invoice(InvoiceDocument, true, postingPart{sales, gbp(250)})},
		{"invoice_in_dollars", invoiceEntry(&invoiceFact{Kind: InvoiceDocument, ID: id, PartyID: party, Date: on, Counter: ByRole(RoleReceivable),
			Dues: []duePart{{Due: due, Amount: usd(6000), Base: gbp(3853)}, {Due: due.AddMonths(1), Amount: usd(6001), Base: gbp(3853)}},
			Parts: []documentPart{{postingPart: postingPart{sales, usd(10001)}, Base: gbp(6421), Dimensions: lineDims{of: Dimensions{"shop": "york"}}},
				{postingPart: postingPart{tax, usd(2000)}, Base: gbp(1284)}, {postingPart: postingPart{ByRole(RoleRounding), gbp(1)}}}})},
		{"discount_in_dollars", discountEntry(&discountFact{Trade: Sale, DocumentID: id, Date: on, PartyID: party, Control: ByRole(RoleReceivable), Amount: usd(240), Base: gbp(154),
			Reference: "discount", Taxes: []*TaxEntry{{Side: TaxOwed, AccountID: party, Tax: gbp(-26), DocumentTaxMinor: -40, DocumentCurrency: "USD"}}})},
		{"invoice_of_nothing", invoice(InvoiceDocument, false, postingPart{sales, gbp(0)})},
		{"invoice_that_cancels_out", invoice(InvoiceDocument, false, postingPart{sales, gbp(700)}, postingPart{discount, gbp(-700)})},
		{"credit_note_on_account", invoice(CreditNoteDocument, false, postingPart{sales, gbp(10000)}, postingPart{tax, gbp(2000)})},
		{"credit_note_with_fee_refunded", invoice(CreditNoteDocument, true, postingPart{sales, gbp(1000)}, postingPart{ByRole(RoleFees), gbp(99)})},
		{"bill_with_input_tax", bill(BillDocument, postingPart{ByCode("6100"), gbp(10000)}, postingPart{ByRole(RoleGoodsReceived), gbp(5000)},
			postingPart{ByRole(RoleInputTax), gbp(3000)})},
		{"bill_with_discount", bill(BillDocument, postingPart{ByCode("6100"), gbp(10000)}, postingPart{ByCode("6200"), gbp(-500)})},
		{"bill_of_nothing", bill(BillDocument, postingPart{ByCode("6100"), gbp(0)})},
		{"vendor_credit", bill(VendorCreditDocument, postingPart{ByRole(RoleGoodsReceived), gbp(5000)}, postingPart{ByRole(RoleInputTax), gbp(1000)})},
		{"payment_received_at_bank", payment(MoneyIn, RoleBank)},
		{"payment_made_in_cash", payment(MoneyOut, RoleCash)},
		{"payment_received_in_dollars", paymentEntry(&paymentFact{ID: id, PartyID: party, Direction: MoneyIn, Date: on, Amount: usd(10000), Base: gbp(6412),
			Money: ByRole(RoleBank), MoneyRole: RoleBank, Control: ByRole(RoleReceivable)})},
		{"payment_in_dollars_banked_in_pounds", paymentEntry(&paymentFact{ID: id, PartyID: party, Direction: MoneyIn, Date: on, Amount: usd(10000), Base: gbp(6412),
			Banked: gbp(6412), Money: ByRole(RoleBank), MoneyRole: RoleBank, Control: ByRole(RoleReceivable)})},
		{"realised_gain", realisedEntry(&realisedFact{ID: id, PartyID: party, Control: ByRole(RoleReceivable), Date: on, Currency: "USD", Left: gbp(-150)})},
		{"realised_loss", realisedEntry(&realisedFact{ID: id, PartyID: party, Control: ByRole(RolePayable), Date: on, Currency: "USD", Left: gbp(75)})},
		{"write_off_of_a_claim", writeOffEntry(&writeOffFact{PartyID: party, Control: ByRole(RoleReceivable), To: ByRole(RoleBadDebt), Date: on, Open: usd(50),
			Base: gbp(32), ToDimensions: Dimensions{"shop": "york"}})},
		{"write_off_of_a_debt", writeOffEntry(&writeOffFact{PartyID: party, Control: ByRole(RolePayable), To: ByCode("4900"), Date: on, Open: gbp(-3), Base: gbp(3)})},
		{"contra", contraEntry(&contraFact{PartyID: party, Claim: ByRole(RoleReceivable), Debt: ByRole(RolePayable), Date: on, Amount: gbp(12000), Base: gbp(12000)})},
		{"exchange", exchangeEntry(&exchangeFact{Reference: "fx-1", Date: on, From: ByRole(RoleBank), To: ByCode("1010"), Sold: gbp(64000), Bought: usd(100000),
			Base: gbp(64000), Memo: "bought dollars"})},
		{"revaluation", revaluationEntry(&revaluationFact{ID: id, Kind: KindRevaluation, Date: on, Gain: RoleUnrealisedGain, Loss: RoleUnrealisedLoss,
			Moves: []revaluedMove{{ByCode("1010"), "USD", gbp(320)}, {ByRole(RoleReceivableValuation), "USD", gbp(80)}, {ByRole(RolePayableValuation), "EUR", gbp(-45)}}})},
		{"reversal_in_dollars", reversalEntry(&reversalFact{Journal: JournalGeneral, Date: on, Lines: []Line{dollars("1", 10000, 6412), dollars("2", -10000, -6412)}})},
		{"reversal", reversalEntry(&reversalFact{Journal: JournalGeneral, Date: on, Lines: []Line{line("1", 100), line("2", -60), line("3", -40)}})},
		{"year_end_profit", yearEnd(postingPart{sales, gbp(-50000)}, postingPart{ByCode("5000"), gbp(20000)}, postingPart{ByCode("6100"), gbp(12000)}, postingPart{ByCode("6200"), gbp(0)})},
		{"year_end_loss", yearEnd(postingPart{sales, gbp(-100)}, postingPart{ByCode("6100"), gbp(12000)})},
		{"year_end_without_result", yearEnd(postingPart{sales, gbp(-100)}, postingPart{ByCode("6100"), gbp(100)})},
		{"year_end_distribution", yearEndEntry(&yearEndFact{ClosingID: id, Date: on, Retained: ByRole(RoleRetainedEarnings),
			Result: []analysedPart{{postingPart: postingPart{sales, gbp(-50000)}}, {postingPart: postingPart{ByCode("6100"), gbp(12000)}}}, Distributed: []analysedPart{{postingPart: postingPart{ByCode("3300"), gbp(9000)}}}})},
		{"year_end_reversed", yearEndReversal(&yearEndFact{ClosingID: id, Date: on, Lock: "closed"}, []Line{line("4000", 500), line("3200", -500)})},
		{"opening", openingEntry(&openingFact{Reference: "opening", Date: on, Memo: "as audited", Rest: gbp(106000),
			Lines: []NewLine{DebitLine(ByRole(RoleBank), gbp(100000)), {Account: ByRole(RoleReceivable), PartyID: party, Due: due, Debit: gbp(6000)}}})},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { golden(t, c.name, shown(&c.entry)) })
	}
}

// shown prints an entry as a bookkeeper writes it.
func shown(e *NewEntry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s, journal %s", e.Date, e.Kind, e.Journal)
	if e.Source.Model != "" {
		fmt.Fprintf(&b, ", books %s %s", e.Source.Model, e.Source.ID)
	}
	if e.Reference != "" {
		fmt.Fprintf(&b, ", reference %s", e.Reference)
	}
	if e.Memo != "" {
		fmt.Fprintf(&b, ", %q", e.Memo)
	}
	b.WriteString("\n")
	for _, l := range e.Lines {
		fmt.Fprintf(&b, "  %-44s %10s %10s", l.Account, side(l.Debit), side(l.Credit))
		if l.PartyID != uuid.Nil {
			fmt.Fprintf(&b, "  party %s", l.PartyID)
		}
		if !l.Due.IsZero() {
			fmt.Fprintf(&b, "  due %s", l.Due)
		}
		transaction, base, err := l.amounts("GBP")
		if err == nil && transaction.Currency != "GBP" {
			fmt.Fprintf(&b, "  %s %s worth %s", transaction.Currency, transaction, money.Of(base, "GBP"))
		}
		if len(l.Dimensions) > 0 {
			fmt.Fprintf(&b, "  %v", l.Dimensions)
		}
		b.WriteString("\n")
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
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
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update to write it")
	require.Equal(t, string(want), got)
}

func TestFingerprintsTellInputsApart(t *testing.T) {
	base := NewEntry{Date: date.Must("2010-12-01"), Lines: []NewLine{DebitLine(ByRole(RoleCash), money.Of(5, "GBP")), CreditLine(ByRole(RoleSales), money.Of(5, "GBP"))}}
	change := []func(*NewEntry){
		func(*NewEntry) {},
		func(e *NewEntry) { e.Date = date.Must("2010-12-02") },
		func(e *NewEntry) { e.DocumentDate = date.Must("2010-12-02") },
		func(e *NewEntry) { e.Journal = JournalCash },
		func(e *NewEntry) { e.Kind = KindOpening },
		func(e *NewEntry) { e.Source = Source{"x", uuid.Max} },
		func(e *NewEntry) { e.Lines[0].Account = ByCode("cash") },
		func(e *NewEntry) { e.Lines[0].PartyID = uuid.Max },
		func(e *NewEntry) { e.Lines[0].Debit.Minor = 6 },
		func(e *NewEntry) { e.Lines[0].Debit.Currency = "EUR" },
		func(e *NewEntry) { e.Lines[0], e.Lines[1] = e.Lines[1], e.Lines[0] },
		func(e *NewEntry) { e.Lines[0].Base = money.Of(4, "GBP") },
		func(e *NewEntry) { e.Lines[0].Dimensions = Dimensions{"shop": "york"} },
		func(e *NewEntry) { e.Lines[0].Dimensions = Dimensions{"shop": "york", "x": "y"} },
		func(e *NewEntry) { e.Lines[0].Due = date.Must("2010-12-02") },
		func(e *NewEntry) { e.Lines = e.Lines[:1] },
	}
	seen := map[string]int{}
	var f fingerprint
	for i, c := range change {
		e := base
		e.Lines = append([]NewLine(nil), base.Lines...)
		c(&e)
		e = e.withDefaults()
		hash := e.fingerprint(&f)
		require.Len(t, hash, 32)
		require.NotContains(t, seen, hash, "%d and %d", i, seen[hash])
		seen[hash] = i
	}
}

func TestReasonable(t *testing.T) {
	for _, s := range []string{"0", "1.005", "-999999999999999", "0.00000000000000000001", "1e30"} {
		require.True(t, reasonable(decimal.RequireFromString(s)), s)
	}
	for _, d := range []decimal.Decimal{decimal.New(1, 31), decimal.New(1, -21), decimal.New(1, 1<<30), decimal.RequireFromString("1" + strings.Repeat("0", 40))} {
		require.False(t, reasonable(d))
	}
}

func TestNameKey(t *testing.T) {
	for name, key := range map[string]string{"  Ångström  & Søn ": "angstrom & søn", "STRASSE": "strasse", "Straße": "strasse", "ﬁne": "fine", "ÉMILE": "emile"} {
		require.Equal(t, key, NameKey(name))
	}
}
