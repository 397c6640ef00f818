package statement_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func code(err error) string { return string(fault.CodeOf(err)) }

// swap replaces within a file that is good; what is to be replaced must be there.
func swap(t *testing.T, file, from, to string) string {
	t.Helper()
	require.Contains(t, file, from)
	return strings.Replace(file, from, to, 1)
}

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

func TestEachVersionOfCAMT053IsReadOrRefusedByName(t *testing.T) {
	old, v8 := file(t, "collected.v2.xml"), file(t, "party.v8.xml")
	for n := 1; n <= 12; n++ {
		name := fmt.Sprintf("camt.053.001.%02d", n)
		in := swap(t, old, "camt.053.001.02", name)
		if n == 8 {
			in = v8
		}
		out, err := statement.ReadCAMT053(strings.NewReader(in))
		if n >= 2 && n <= 8 {
			require.NoError(t, err, name)
			require.NotEmpty(t, out[0].Lines)
			continue
		}
		require.Equal(t, "statement.unsupported", code(err))
		require.ErrorContains(t, err, name)
	}
	_, err := statement.ReadCAMT053(strings.NewReader(swap(t, old, "camt.053.001.02", "camt.052.001.02")))
	require.Equal(t, "statement.unsupported", code(err), "an intraday report is no statement")
}

func TestRefusalsOfCAMT053(t *testing.T) {
	good := file(t, "collected.v2.xml")
	bomb := `<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	head := `<?xml version="1.0" encoding="UTF-8"?>`
	cases := map[string]struct{ in, code, says string }{
		"empty":                         {"", "statement.unreadable", "no statement"},
		"no XML":                        {":20:X", "statement.unreadable", "no statement"},
		"cut off":                       {good[:len(good)-40], "statement.unreadable", "line 3"},
		"a declaration of entities":     {swap(t, good, head, head+bomb), "statement.unsupported", "line 1"},
		"an entity from a file":         {swap(t, good, head, head+`<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>`), "statement.unsupported", "line 1"},
		"an entity that nobody defined": {swap(t, good, "INV-1", "&f;"), "statement.unreadable", "entity"},
		"too deep":                      {swap(t, good, "<GrpHdr>", strings.Repeat("<x>", 100)), "statement.too_large", "line 4"},
		"too deep within a statement":   {swap(t, good, "<BkTxCd/>", strings.Repeat("<x>", 100)), "statement.too_large", "line 30"},
		"another encoding":              {swap(t, good, "UTF-8", "EBCDIC-CP-US"), "statement.unsupported", "EBCDIC"},
		"no opening balance":            {swap(t, good, "PRCD", "FWAV"), "statement.unreadable", "no opening"},
		"no closing balance":            {swap(t, good, "CLBD", "FWAV"), "statement.unreadable", "closing"},
		"a balance of no day":           {swap(t, good, "2026-01-30", "2026-02-30"), "statement.unreadable", "line 8"},
		"no direction":                  {swap(t, good, "300.50</Amt><CdtDbtInd>CRDT", "300.50</Amt><CdtDbtInd>BOTH"), "statement.unreadable", "line 14"},
		"no currency":                   {swap(t, good, `<Amt Ccy="GBP">300.50`, `<Amt Ccy="XXX">300.50`), "statement.unreadable", "line 14"},
		"too many decimals":             {swap(t, good, "300.50</Amt>", "300.501</Amt>"), "statement.unreadable", "line 14"},
		"a negative amount":             {swap(t, good, "300.50</Amt>", "-300.50</Amt>"), "statement.unreadable", "line 14"},
		"an amount too large":           {swap(t, good, "300.50</Amt>", "99999999999999999.00</Amt>"), "statement.unreadable", "line 14"},
		"an unknown status":             {swap(t, good, "PDNG", "MAYB"), "statement.unreadable", "MAYB"},
		"no truth":                      {swap(t, good, "<RvslInd>true", "<RvslInd>perhaps"), "statement.unreadable", "line 25"},
		"no id":                         {swap(t, good, "<Id>ST-1</Id>", ""), "statement.unreadable", "no id"},
		"no page":                       {swap(t, good, "<Id>ST-1</Id>", "<Id>ST-1</Id><StmtPgntn><PgNb>one</PgNb></StmtPgntn>"), "statement.unreadable", "one"},
		"a text too long":               {swap(t, good, "INV-1", strings.Repeat("x", statement.MaxText+1)), "statement.too_large", "line 14"},
		"too many entries":              {swap(t, good, "      <Ntry><Amt", strings.Repeat("<Ntry/>", statement.MaxLines)+"<Ntry><Amt"), "statement.too_large", "entries"},
		"too large":                     {good + strings.Repeat(" ", statement.MaxBytes), "statement.too_large", "bytes"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := statement.ReadCAMT053(strings.NewReader(tc.in))
			require.Equal(t, tc.code, code(err), "%v", err)
			require.ErrorContains(t, err, tc.says)
			require.Nil(t, out)
		})
	}
}

func TestRefusalsOfMT940(t *testing.T) {
	good := file(t, "dutch.sta")
	cases := map[string]struct{ in, code, says string }{
		"empty":                    {"", "statement.unreadable", "no field :20:"},
		"no balances":              {":20:X\n:25:1\n-\n", "statement.unreadable", "line 1"},
		"no closing balance":       {swap(t, good, ":62M:C260131EUR1237,66\n", ""), "statement.unreadable", "line 2"},
		"a balance of no day":      {swap(t, good, ":60F:C260130", ":60F:C260230"), "statement.unreadable", "2026-02-30"},
		"a balance of no currency": {swap(t, good, "C260130EUR", "C260130EUX"), "statement.unreadable", "line 5"},
		"a mark that is none":      {swap(t, good, "0131C250,00", "0131X250,00"), "statement.unreadable", "line 6"},
		"a point for a comma":      {swap(t, good, "C250,00N", "C250.00N"), "statement.unreadable", "line 6"},
		"too many decimals":        {swap(t, good, "C250,00N", "C250,001N"), "statement.unreadable", "line 6"},
		"an amount too large":      {swap(t, good, "C250,00N", "C999999999999999,00N"), "statement.unreadable", "line 6"},
		"a line before the balance": {swap(t, good, ":60F:C260130EUR1000,00\n:61:2601310131C250,00NTRFEREF//6027GT81",
			":61:2601310131C250,00NTRFEREF//6027GT81\n:60F:C260130EUR1000,00"), "statement.unreadable", "line 5"},
		"a number that is none": {swap(t, good, "00031/001", "31-1"), "statement.unreadable", "line 4"},
		"no account":            {swap(t, good, ":25:NL91ABNA0417164300EUR\n", ""), "statement.unreadable", "no account"},
		"a text too long":       {swap(t, good, "J. JANSEN", strings.Repeat("J", statement.MaxText+1)), "statement.too_large", "line 6"},
		"too many statements":   {strings.Repeat(":20:X\n:25:1\n:60F:C260130EUR1,\n:62F:C260130EUR1,\n-\n", statement.MaxStatements+1), "statement.too_large", "statements"},
		"too many lines": {":20:X\n:25:1\n:60F:C260130EUR1,\n" + strings.Repeat(":61:260131C1,NTRFX\n", statement.MaxLines+1), "statement.too_large",
			"lines"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := statement.ReadMT940(strings.NewReader(tc.in))
			require.Equal(t, tc.code, code(err), "%v", err)
			require.ErrorContains(t, err, tc.says)
			require.Nil(t, out)
		})
	}
	out, err := statement.ReadMT940(strings.NewReader(swap(t, good, ":60F:", ":13D:2601311200+0100\n:60F:")))
	require.NoError(t, err)
	require.Equal(t, statement.NotRead, out[0].Notes[0].Code, "what is not read is told")
	windows := strings.ReplaceAll(good, "\n", "\r\n")
	same, err := statement.ReadMT940(strings.NewReader(windows))
	require.NoError(t, err)
	require.Len(t, same, 2)
}

func TestRefusalsOfCSV(t *testing.T) {
	good := file(t, "signs.csv")
	cases := map[string]struct{ in, code, says string }{
		"empty":                  {"", "statement.unreadable", "no header"},
		"no lines":               {"Date,Description,Amount,CR/DR,Reference\n", "statement.unreadable", "no lines"},
		"a column is missing":    {swap(t, good, "Amount", "Amt"), "statement.bad_profile", `line 1: the header has no column "Amount"`},
		"a column stands twice":  {swap(t, good, "Description", "Amount"), "statement.bad_profile", "line 1"},
		"a field too many":       {swap(t, good, "DR,R1", "DR,R1,R2"), "statement.unreadable", "line 2"},
		"a quote left open":      {swap(t, good, "Card", `"Card`), "statement.unreadable", "line"},
		"a day that is none":     {swap(t, good, "03/02/2026", "31/02/2026"), "statement.unreadable", `line 3, column "Date"`},
		"another form of days":   {swap(t, good, "03/02/2026", "2026-02-03"), "statement.unreadable", `line 3, column "Date"`},
		"no amount":              {swap(t, good, "12.50", `"12,50"`), "statement.unreadable", `line 2, column "Amount"`},
		"a sign too many":        {swap(t, good, "12.50", "-12.50"), "statement.unreadable", `line 2, column "Amount"`},
		"a mark that is none":    {swap(t, good, "DR,R1", "XX,R1"), "statement.unreadable", `line 2, column "CR/DR"`},
		"an amount in fractions": {swap(t, good, "12.50", "12.505"), "statement.unreadable", `line 2, column "Amount"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := statement.ReadCSV(strings.NewReader(tc.in), signs)
			require.Equal(t, tc.code, code(err), "%v", err)
			require.ErrorContains(t, err, tc.says)
		})
	}
	broken := map[string]func(p *statement.Profile){
		"no account":            func(p *statement.Profile) { p.Account = "" },
		"no currency":           func(p *statement.Profile) { p.Currency = "XXX" },
		"no day":                func(p *statement.Profile) { p.Columns.Booked = "" },
		"no amount":             func(p *statement.Profile) { p.Columns.Amount = "" },
		"amount and debit":      func(p *statement.Profile) { p.Columns.Debit = "Description" },
		"signs without marks":   func(p *statement.Profile) { p.DebitMarks, p.CreditMarks = nil, nil },
		"a mark of both":        func(p *statement.Profile) { p.CreditMarks = p.DebitMarks },
		"no balances":           func(p *statement.Profile) { p.Opening, p.Closing = nil, nil },
		"half a balance":        func(p *statement.Profile) { p.Closing = nil },
		"balances twice":        func(p *statement.Profile) { p.Columns.Balance = "Reference" },
		"a balance in euros":    func(p *statement.Profile) { p.Opening = amount(0, "EUR") },
		"a strange decimal":     func(p *statement.Profile) { p.Decimal = '#' },
		"grouped by decimals":   func(p *statement.Profile) { p.Grouping = '.' },
		"days without a year":   func(p *statement.Profile) { p.Dates = "DD/MM" },
		"a delimiter of quotes": func(p *statement.Profile) { p.Delimiter = '"' },
		"skips backwards":       func(p *statement.Profile) { p.Skip = -1 },
	}
	for name, change := range broken {
		t.Run(name, func(t *testing.T) {
			p := signs
			change(&p)
			_, err := statement.ReadCSV(strings.NewReader(good), p)
			require.Equal(t, "statement.bad_profile", code(err), "%v", err)
		})
	}
}

func TestARunningBalanceThatDoesNotFollowIsTold(t *testing.T) {
	in := swap(t, file(t, "german.csv"), "-1.000,00", "-1.000,01")
	out, err := statement.ReadCSV(strings.NewReader(in), germanBank)
	require.NoError(t, err)
	require.Equal(t, "-0.01 EUR", difference(t, out), "and the statement does not add up")
	require.Equal(t, statement.BalanceDiffers, out.Notes[len(out.Notes)-1].Code)
}

func TestIBANs(t *testing.T) {
	for _, good := range []string{"GB82WEST12345698765432", "DE75512108001245126199", "NL91ABNA0417164300", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"} {
		require.True(t, statement.ValidIBAN(good), good)
	}
	for _, bad := range []string{"", "GB82", "GB83WEST12345698765432", "gb82west12345698765432", "GB82 WEST 1234 5698 7654 32", "82GBWEST12345698765432", "GBA2WEST12345698765432"} {
		require.False(t, statement.ValidIBAN(bad), bad)
	}
}

// What is read of anything at all is within the limits, can be weighed, and is read the same again.
func sane(t *testing.T, out []statement.Statement, err error) {
	t.Helper()
	if err != nil {
		require.Contains(t, []string{"statement.unreadable", "statement.unsupported", "statement.too_large", "statement.bad_profile"}, code(err), "%v", err)
		return
	}
	for i := range out {
		s := &out[i]
		require.NotEmpty(t, s.Account)
		require.NotEmpty(t, s.ID)
		require.False(t, s.Opening.On.IsZero() || s.Closing.On.IsZero())
		require.True(t, s.Opening.Amount.Currency.Valid() && s.Closing.Amount.Currency.Valid())
		for _, l := range s.Lines {
			require.False(t, l.BookedOn.IsZero())
			require.LessOrEqual(t, len(l.Text), statement.MaxText)
			require.NotContains(t, l.Text+l.Party+l.Reference+l.BankReference+l.Code+l.PartyAccount, "\x00")
		}
		if _, err := s.Difference(); err != nil {
			require.Contains(t, []string{"statement.mixed_currencies", "money.overflow"}, code(err))
		}
	}
}

func FuzzMT940(f *testing.F) {
	for _, name := range []string{"mt940-sepa.sta", "mt940-abnamro.sta", "mt940-ing.sta", "mt940-february-30.sta"} {
		f.Add(shared(f, name))
	}
	f.Add([]byte(file(f, "dutch.sta")))
	f.Add([]byte(file(f, "german.sta")))
	f.Add([]byte(":20:\n:25:\n:60F:C0,\n:61:\n:86:166?\n:86:/REMI/\n:62F:D"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := statement.ReadMT940(bytes.NewReader(in))
		sane(t, out, err)
	})
}

func FuzzCAMT053(f *testing.F) {
	for _, name := range []string{"camt053.v2.minimal.xml", "camt053.v2.multi.statement.xml", "camt053.v4.xml"} {
		f.Add(shared(f, name))
	}
	f.Add([]byte(file(f, "collected.v2.xml")))
	f.Add([]byte(file(f, "party.v8.xml")))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := statement.ReadCAMT053(bytes.NewReader(in))
		sane(t, out, err)
	})
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte(file(f, "german.csv")))
	f.Add([]byte(file(f, "signs.csv")))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, p := range []statement.Profile{germanBank, signs} {
			out, err := statement.ReadCSV(bytes.NewReader(in), p)
			sane(t, []statement.Statement{out}[:map[bool]int{true: 1}[err == nil]], err)
		}
	})
}
