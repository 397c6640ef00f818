package statement_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// message is one MT940 message with what stands between its balances, and after them.
func message(between, after string) string {
	return ":20:X\n:25:1\n:28C:1\n:60F:C260131EUR10,00\n" + between + ":62F:C260228EUR10,00\n" + after + "-\n"
}

// oneMT940 reads a message of one statement.
func oneMT940(t *testing.T, in string) statement.Statement {
	t.Helper()
	out, err := statement.ReadMT940(strings.NewReader(in))
	require.NoError(t, err)
	require.Len(t, out, 1)
	return out[0]
}

// oneCAMT reads a file of one statement.
func oneCAMT(t *testing.T, in string) statement.Statement {
	t.Helper()
	out, err := statement.ReadCAMT053(strings.NewReader(in))
	require.NoError(t, err)
	require.Len(t, out, 1)
	return out[0]
}

// The entry date of field 61 has no year: it lies within half a year of the value date.
func TestTheYearOfAnEntryDate(t *testing.T) {
	for in, want := range map[string]string{
		"2601020102": "2026-01-02", "2606300630": "2026-06-30", "2601021231": "2025-12-31", "2512310102": "2026-01-02",
		"2607310131": "2026-01-31", "2608310131": "2027-01-31", "2601310731": "2026-07-31", "2601310831": "2025-08-31", "260131": "2026-01-31",
		"9912310102": "2000-01-02", "8001010101": "1980-01-01", "7912310101": "2080-01-01",
	} {
		s := oneMT940(t, message(":61:"+in+"C1,00NTRFX\n", ""))
		require.Equal(t, want, s.Lines[0].BookedOn.String(), in)
		require.Empty(t, s.Notes, in)
	}
	s := oneMT940(t, message(":61:2601310230C1,00NTRFX\n", ""))
	require.Equal(t, "2026-01-31", s.Lines[0].BookedOn.String(), "the value date stands for a booking date that is none")
	require.Equal(t, []statement.Note{{FileLine: 5, Code: statement.NoSuchDay, Text: "the booking date is 2026-02-30, which is no day"},
		{FileLine: 5, Code: statement.NoBookingDate, Text: "the booking date is missing; 2026-01-31 stands for it"}}, s.Notes)
	s = oneMT940(t, message(":61:260230C1,00NTRFX\n", ""))
	require.Equal(t, "2026-02-28", s.Lines[0].BookedOn.String(), "and the closing balance's for both")
	s = oneMT940(t, message(":61:261331C1,00NTRFX\n:61:260031C1,00NTRFX\n", ""))
	require.Equal(t, "2026-13-31", s.Lines[0].ValueStated, "no month after the twelfth")
	require.Equal(t, "2026-00-31", s.Lines[1].ValueStated)
}

func TestFieldsOfMT940(t *testing.T) {
	s := oneMT940(t, "{1:F01BANKNL2AXXXX0000000000}{2:I940BANKNL2AXXXXN}{4:"+message("", ""))
	require.Equal(t, "X", s.ID, "a block may go on in the line that opens it")
	for account, want := range map[string]string{"NL91ABNA0417164300EUR": "NL91ABNA0417164300", "NL91ABNA0417164300": "NL91ABNA0417164300", "123EUR": "123EUR"} {
		require.Equal(t, want, oneMT940(t, strings.Replace(message("", ""), ":25:1", ":25:"+account, 1)).Account)
	}
	require.Equal(t, "a b c", oneMT940(t, message(":61:260131C1,00NTRFX\n:86:a\n\nb\nc\n", "")).Lines[0].Text)
	said := oneMT940(t, message("", ":86:Thank you\n"))
	require.False(t, said.Stated.Given, "a word of the bank's about the statement")
	require.Empty(t, oneMT940(t, message(":86:before any line\n", "")).Lines)
	require.Equal(t, "a b", oneMT940(t, message(":61:260131C1,00NTRFX\n:86:a\x00b\n", "")).Lines[0].Text)
	dollars := oneMT940(t, strings.Replace(message("", ""), ":62F:C260228EUR", ":62F:C260228USD", 1))
	require.Equal(t, "EUR", string(dollars.Currency), "the account's is that of the opening balance")
	around := oneMT940(t, ":86:before\n:61:before\n"+message("", "")+":61:after\n:13D:after\n")
	require.Empty(t, around.Notes, "what stands around a message is no part of it")
	for name, in := range map[string]string{
		"no opening": strings.Replace(message("", ""), ":60F:C260131EUR10,00\n", "", 1),
		"line 1: the statement has no opening (60F, 60M) or no closing": strings.TrimSuffix(strings.Replace(message("", ""), ":62F:C260228EUR10,00\n", "", 1), "-\n") + message("", ""),
		"line 4: field :60F:":              strings.Replace(message("", ""), "EUR10,00", "EUR10,001", 1),
		"line 6: field :61: stands before": message("", ":61:260131C1,00NTRFX\n"),
		"line 4: field :61: stands before": strings.Replace(message("", ""), ":60F:C", ":61:260131C1,00NTRFX\n:60F:C", 1),
	} {
		_, err := statement.ReadMT940(strings.NewReader(in))
		require.ErrorContains(t, err, name)
	}
	out, err := statement.ReadMT940(strings.NewReader(message(strings.Repeat(":61:260131C1,NTRFX\n", statement.MaxLines), "")))
	require.NoError(t, err)
	require.Len(t, out[0].Lines, statement.MaxLines)
	out, err = statement.ReadMT940(strings.NewReader(strings.TrimSuffix(message("", ""), "-\n") + message("", "")))
	require.NoError(t, err)
	require.Len(t, out, 2, "a message ends where the next one begins")
}

// What the bank states of its lines is held against them, each figure by itself.
func TestStatedTotalsAreHeldAgainstTheLines(t *testing.T) {
	lines := ":61:260131C1,00NTRFX\n:61:260131C2,00NTRFX\n:61:260131D5,00NTRFX\n"
	for trailer, notes := range map[string][]string{
		"D1C2D5,00C3,00":  nil,
		"D2C2D5,00C3,00":  {"the file states 2 debits and has 1"},
		"D1C3D5,00C3,00":  {"the file states 3 credits and has 2"},
		"D1C2D6,00C3,00":  {"the file states 6.00 EUR of debits and has 5.00 EUR"},
		"D1C2D5,00C4,00":  {"the file states 4.00 EUR of credits and has 3.00 EUR"},
		"D0C0D5,00C4,00":  {"the file states 0 debits and has 1", "the file states 0 credits and has 2", "the file states 4.00 EUR of credits and has 3.00 EUR"},
		"D1C2D4,00C3,001": nil, // a sum in fractions of a cent is none
		"D1C2D4,001C3,00": nil,
	} {
		s := oneMT940(t, message(lines, ":86:"+trailer+"\n"))
		require.True(t, s.Stated.Given, trailer)
		var got []string
		for _, n := range s.Notes {
			require.Equal(t, 1, n.FileLine)
			got = append(got, n.Text)
		}
		require.Equal(t, notes, got, trailer)
	}
	require.Empty(t, oneMT940(t, message(lines, "")).Notes, "what states nothing is held against nothing")
}

func TestFieldsOfGermanTexts(t *testing.T) {
	read := func(in string) statement.Line {
		return oneMT940(t, message(":61:260131C1,00NTRFOWN\n:86:"+in+"\n", "")).Lines[0]
	}
	require.Equal(t, "a b/c (60) (63)", read("166?00a?20 b/c ?60(60)?61 ?63(63)?64(64)?30(30)").Text)
	require.Equal(t, "29", read("166?2029?19x").Text)
	require.Equal(t, "x", read("166?29x").Text)
	require.Equal(t, "what??No", read("166?20what??No").Text, "a separator within a text stays")
	require.Equal(t, "?why", read("166?20?why").Text)
	require.Equal(t, "before now", read("166?20before?21SVWZ+now").Text)
	require.Equal(t, "MREF+M1 now", read("166?20MREF+M1?21SVWZ+now").Text, "words that have no field stay with their names")
	require.Equal(t, "E1", read("166?20EREF+E1").Reference)
	require.Equal(t, "OWN", read("166?20EREF+NOTPROVIDED").Reference)
	require.Equal(t, "OWN", read("166?20KREF+K1").Reference, "the line's own comes first")
	require.Equal(t, "K1", oneMT940(t, message(":61:260131C1,00NTRFNONREF\n:86:166?20KREF+K1\n", "")).Lines[0].Reference)
	require.Equal(t, "Ann", read("166?20ABWA+Ann").Party)
	require.Equal(t, "Ben", read("166?20ABWA+Ann?32Be?33n").Party)
	require.Equal(t, "BE68539007547034", read("166?31BE68 5390 0754?317034?32Ben").PartyAccount)
}

func TestFieldsOfDutchTexts(t *testing.T) {
	read := func(in string) statement.Line {
		return oneMT940(t, message(":61:260131C1,00NTRFOWN\n:86:"+in+"\n", "")).Lines[0]
	}
	require.Equal(t, "paid /REMI/x", read("paid /REMI/x").Text, "what does not begin with a word is a text")
	require.Equal(t, "/x", read("/x").Text)
	require.Equal(t, "x", read("/REMI/x").Text)
	require.Equal(t, "E1", read("/EREF/E1/REMI/x").Reference)
	require.Equal(t, "OWN", read("/EREF/NOTPROVIDED/REMI/x").Reference)
}

func TestDetailsOfCAMT053(t *testing.T) {
	good := file(t, "collected.v2.xml")
	change := func(pairs ...string) statement.Statement {
		in := good
		for i := 0; i < len(pairs); i += 2 {
			in = swap(t, in, pairs[i], pairs[i+1])
		}
		return oneCAMT(t, in)
	}
	require.Equal(t, "7", change("<ElctrncSeqNb>31</ElctrncSeqNb>", "<LglSeqNb>7</LglSeqNb>").Sequence)
	require.Equal(t, "31", change("<ElctrncSeqNb>31", "<LglSeqNb>7</LglSeqNb><ElctrncSeqNb>31").Sequence)
	require.Equal(t, int64(0), change("<Id>ST-1</Id>", "<Id>ST-1</Id><StmtPgntn><PgNb>0</PgNb></StmtPgntn>").Page)
	require.Equal(t, "GBP", string(change("<Ccy>GBP</Ccy>", "").Currency), "the opening balance's stands for the account's")
	require.Equal(t, "EUR", string(change("<Ccy>GBP</Ccy>", "<Ccy>EUR</Ccy>").Currency))
	require.Equal(t, []int{14, 25}, []int{change("<TxsSummry>", "<SplmtryData><Ntry/><Bal/></SplmtryData><TxsSummry>").Lines[0].FileLine, change().Lines[1].FileLine},
		"an element elsewhere is no entry")
	require.Equal(t, "2026-01-30", change("<Dt><Dt>2026-01-30</Dt></Dt>", "<Dt><Dt>2026-01-30+01:00</Dt></Dt>").Opening.On.String())
	require.Equal(t, "2026-01-30", change("<Dt><Dt>2026-01-30</Dt></Dt>", "<Dt><Dt>2026-01-30Z</Dt></Dt>").Opening.On.String())
	require.Equal(t, "999999999", change("<ValDt><Dt>2026-02-30", "<ValDt><Dt>999999999é").Lines[1].ValueStated, "no half of a letter is kept")
	mixed := change(`Ccy="GBP">300.50`, `Ccy="EUR">300.50`)
	_, err := mixed.Difference()
	require.ErrorIs(t, err, statement.ErrMixedCurrencies)
	_, err = mixed.Sum()
	require.ErrorIs(t, err, statement.ErrMixedCurrencies)
	interim := change("PRCD</Cd></CdOrPrtry>", "OPBD</Cd></CdOrPrtry><SubTp><Cd>INTM</Cd></SubTp>")
	require.True(t, interim.Opening.Intermediate)
	require.False(t, interim.Closing.Intermediate)

	booked := change("<BookgDt><Dt>2026-01-31", "<BookgDt><Dt>2026-02-30")
	require.Equal(t, "2026-01-31", booked.Lines[0].BookedOn.String())
	require.Equal(t, "the booking date is 2026-02-30, which is no day", booked.Notes[0].Text)
	require.Equal(t, "9999-99-99", change("<ValDt><Dt>2026-02-30", "<ValDt><Dt>9999-99-99 and more").Lines[1].ValueStated)
	require.Empty(t, change("<ValDt><Dt>2026-02-30</Dt></ValDt>", "").Lines[1].ValueStated, "a value date that is not given is none")

	// The summary counts what is booked and what is not; here all is booked.
	whole := []string{"PDNG</Sts>", "BOOK</Sts><BookgDt><Dt>2026-01-31</Dt></BookgDt>", `Ccy="GBP">9<`, `Ccy="GBP">1.00<`}
	with := func(more ...string) (notes []string) {
		for _, n := range change(append(append([]string{}, whole...), more...)...).Notes {
			if n.Code != statement.NoSuchDay {
				notes = append(notes, n.Text)
			}
		}
		return notes
	}
	require.Equal(t, []string{"the file states 300.50 GBP of credits and has 301.50 GBP"}, with())
	require.Empty(t, with("<Sum>300.50</Sum>", "<Sum>301.50</Sum>"))
	require.Empty(t, with("<Sum>300.50</Sum>", ""), "one sum is not compared alone")
	require.Empty(t, with("<Sum>300.50</Sum>", "<Sum>301.50</Sum>", "<NbOfNtries>1<", "<NbOfNtries><"), "nor one number")
	require.Equal(t, []string{"the file states 301.50 GBP of credits and has 302.50 GBP"}, with("<Sum>300.50</Sum>", "<Sum>301.50</Sum>", `Ccy="GBP">1.00<`, `Ccy="GBP">2.00<`))
	require.Empty(t, with("<NbOfNtries>2<", "<NbOfNtries>x<", "<Sum>50</Sum>", "<Sum></Sum>"))
}

func TestWhatTransactionsWithinAnEntrySay(t *testing.T) {
	good := file(t, "collected.v2.xml")
	line := func(details string, more ...string) statement.Line {
		in := swap(t, good, "<NtryDtls><TxDtls><RltdPties><Cdtr><Nm>Leaf</Nm></Cdtr><CdtrAcct><Id><IBAN>DE12500105170648489890</IBAN></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls>",
			"<NtryDtls>"+details+"</NtryDtls>")
		for i := 0; i < len(more); i += 2 {
			in = swap(t, in, more[i], more[i+1])
		}
		return oneCAMT(t, in).Lines[1]
	}
	end := "<Refs><EndToEndId>E-9</EndToEndId></Refs>"
	rf := "<RmtInf><Strd><CdtrRefInf><Ref>RF1</Ref></CdtrRefInf><AddtlRmtInf>more</AddtlRmtInf></Strd></RmtInf>"
	both := line("<TxDtls>" + end + rf + "<AddtlTxInf>said</AddtlTxInf></TxDtls>")
	require.Equal(t, "E-9", both.Reference, "the payer's own reference comes first")
	require.Equal(t, "RF1 more said", both.Text)
	require.Equal(t, "RF1", line("<TxDtls>"+rf+"</TxDtls>").Reference)
	bank := line("<TxDtls><Refs><AcctSvcrRef>B-9</AcctSvcrRef><Prtry><Ref>P-1</Ref></Prtry><Prtry><Ref>P-2</Ref></Prtry></Refs></TxDtls>")
	require.Equal(t, "B-9", bank.BankReference)
	require.Equal(t, "P-1 P-2", bank.Text)
	require.Equal(t, "NR", line("<TxDtls/>", "<RvslInd>true", "<NtryRef>NR</NtryRef><RvslInd>true").Reference, "the entry's own, where its transactions give none")
	require.Equal(t, "B-0", line("<TxDtls><Refs><AcctSvcrRef>B-9</AcctSvcrRef></Refs></TxDtls>", "<BkTxCd><Prtry>", "<AcctSvcrRef>B-0</AcctSvcrRef><BkTxCd><Prtry>").BankReference)
	require.Equal(t, "PMNT", line("<TxDtls/>", "<Prtry><Cd>544</Cd></Prtry>", "<Domn><Cd>PMNT</Cd></Domn>").Code)
	require.Equal(t, "E 9", line("<TxDtls><Refs><EndToEndId>E  9</EndToEndId></Refs></TxDtls>").Reference, "blanks are folded")
	one, none, other := "<TxDtls><RltdPties><Cdtr><Nm>Ann</Nm></Cdtr></RltdPties></TxDtls>", "<TxDtls/>", "<TxDtls><RltdPties><Cdtr><Nm>Ben</Nm></Cdtr></RltdPties></TxDtls>"
	require.Equal(t, "Ann", line(none+one+one).Party, "the one that all have, as far as they have one")
	require.Empty(t, line(one+other).Party)
	debtor := "<TxDtls><RltdPties><Dbtr><Nm>Us</Nm></Dbtr><Cdtr><Nm>Them</Nm></Cdtr></RltdPties></TxDtls>"
	require.Equal(t, "Them", line(debtor).Party)
	require.Equal(t, "Us", line(debtor, `Ccy="GBP">50.00</Amt><CdtDbtInd>DBIT`, `Ccy="GBP">50.00</Amt><CdtDbtInd>CRDT`).Party)
}

// What was paid in another currency: as ordered, else as transferred, of all transactions together or of the entry.
func TestForeignAmountsOfCAMT053(t *testing.T) {
	good := file(t, "collected.v2.xml")
	read := func(details string) (statement.Line, []statement.Note) {
		out := oneCAMT(t, swap(t, good, "<NtryDtls><TxDtls><RltdPties><Cdtr><Nm>Leaf</Nm></Cdtr><CdtrAcct><Id><IBAN>DE12500105170648489890</IBAN></Id></CdtrAcct></RltdPties></TxDtls></NtryDtls>", details))
		return out.Lines[1], out.Notes
	}
	amount := func(name, cur, value, rate string) string {
		if rate != "" {
			rate = "<CcyXchg><SrcCcy>USD</SrcCcy><XchgRate>" + rate + "</XchgRate></CcyXchg>"
		}
		return "<" + name + `><Amt Ccy="` + cur + `">` + value + "</Amt>" + rate + "</" + name + ">"
	}
	transaction := func(amounts ...string) string {
		return "<TxDtls><AmtDtls>" + strings.Join(amounts, "") + "</AmtDtls></TxDtls>"
	}
	entry := func(transactions ...string) string {
		return "<NtryDtls>" + strings.Join(transactions, "") + "</NtryDtls>"
	}
	ordered, transferred, own := amount("InstdAmt", "USD", "61.00", "0.8197"), amount("TxAmt", "USD", "60.50", ""), amount("InstdAmt", "GBP", "50.00", "")
	for name, c := range map[string]struct {
		in   string
		want money.Amount
		rate string
	}{
		"as ordered":                       {entry(transaction(ordered, transferred)), money.Of(-6_100, "USD"), "0.8197"},
		"as transferred":                   {entry(transaction(own, transferred)), money.Of(-6_050, "USD"), "0"},
		"a rate beside":                    {entry(transaction(transferred, amount("CntrValAmt", "GBP", "50.00", "1.22"))), money.Of(-6_050, "USD"), "1.22"},
		"of the entry":                     {"<AmtDtls>" + ordered + "</AmtDtls>" + entry("<TxDtls/>"), money.Of(-6_100, "USD"), "0.8197"},
		"a transaction before the entry":   {"<AmtDtls>" + ordered + "</AmtDtls>" + entry(transaction(transferred)), money.Of(-6_050, "USD"), "0"},
		"of all transactions":              {entry(transaction(ordered), transaction(ordered)), money.Of(-12_200, "USD"), "0.8197"},
		"at several rates":                 {entry(transaction(ordered), transaction(transferred)), money.Of(-12_150, "USD"), "0"},
		"of some of them":                  {entry(transaction(ordered), "<TxDtls/>"), money.Amount{}, "0"},
		"in several currencies":            {entry(transaction(ordered), transaction(amount("InstdAmt", "EUR", "1.00", ""))), money.Amount{}, "0"},
		"one of them the other way":        {entry(transaction(ordered), strings.Replace(transaction(ordered), "<TxDtls>", "<TxDtls><CdtDbtInd>CRDT</CdtDbtInd>", 1)), money.Amount{}, "0"},
		"the way of the entry":             {entry(strings.Replace(transaction(ordered), "<TxDtls>", "<TxDtls><CdtDbtInd>DBIT</CdtDbtInd>", 1)), money.Of(-6_100, "USD"), "0.8197"},
		"in the account's currency":        {entry(transaction(own)), money.Amount{}, "0"},
		"without minor units":              {entry(transaction(amount("TxAmt", "JPY", "7300", ""))), money.Of(-7_300, "JPY"), "0"},
		"nothing":                          {entry(transaction(amount("TxAmt", "USD", "0.00", ""))), money.Amount{}, "0"},
		"a rate that is none":              {entry(transaction(amount("TxAmt", "USD", "1.00", "1e9"))), money.Of(-100, "USD"), "0"},
		"more than the books hold, summed": {entry(transaction(amount("TxAmt", "USD", "9999999999999.99", "")), transaction(transferred)), money.Amount{}, "0"},
	} {
		l, notes := read(c.in)
		require.Equal(t, c.want, l.Foreign, name)
		require.Equal(t, c.rate, l.ForeignRate.String(), name)
		require.Equal(t, int64(-5_000), l.Amount.Minor)
		require.Len(t, notes, 2, "%s: those of the file alone: %v", name, notes)
	}
	for _, bad := range []string{amount("InstdAmt", "USD", "1,5", ""), amount("InstdAmt", "QQQ", "1.5", ""), amount("InstdAmt", "USD", "-1", "")} {
		l, notes := read(entry(transaction(bad)))
		require.Empty(t, l.Foreign, "it keeps no statement out")
		require.Equal(t, statement.NotRead, notes[len(notes)-2].Code, "%v", notes)
	}
	credit := oneCAMT(t, swap(t, swap(t, good, "<Refs><EndToEndId>E-1</EndToEndId></Refs>", "<AmtDtls>"+ordered+"</AmtDtls>"), "<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>", "<AmtDtls>"+ordered+"</AmtDtls>"))
	require.Equal(t, money.Of(12_200, "USD"), credit.Lines[0].Foreign)
}

func TestMoreRefusalsOfCAMT053(t *testing.T) {
	good := file(t, "collected.v2.xml")
	from, to := strings.Index(good, "    <Stmt>"), strings.Index(good, "  </BkToCstmrStmt>")
	second := good[from:to]
	least := second[:strings.Index(second, "      <TxsSummry>")] + "    </Stmt>\n"
	twice, err := statement.ReadCAMT053(strings.NewReader(good[:to] + second + good[to:]))
	require.NoError(t, err)
	require.Equal(t, twice[0].Lines[0].FileLine+strings.Count(second, "\n"), twice[1].Lines[0].FileLine, "lines are those of the statement's own entries")
	for says, in := range map[string]string{
		"more than 1000 statements":                       good[:to] + strings.Repeat(least, statement.MaxStatements) + good[to:],
		`the page "-1" is no number`:                      swap(t, good, "<Id>ST-1</Id>", "<Id>ST-1</Id><StmtPgntn><PgNb>-1</PgNb></StmtPgntn>"),
		`the page "3000000000" is`:                        swap(t, good, "<Id>ST-1</Id>", "<Id>ST-1</Id><StmtPgntn><PgNb>3000000000</PgNb></StmtPgntn>"),
		`the account's currency "XXX"`:                    swap(t, good, "<Ccy>GBP</Ccy>", "<Ccy>XXX</Ccy>"),
		"no closing balance":                              swap(t, swap(t, good, "PRCD", "FWAV"), "CLBD", "ITBD"),
		"line 8: ":                                        swap(t, good, `Ccy="GBP">100<`, `Ccy="GBP">1x0<`),
		`this is "` + strings.Repeat("x", 80) + `..." of`: swap(t, good, "<Document ", "<"+strings.Repeat("x", 81)+" "),
		`this is "` + strings.Repeat("x", 80) + `" of`:    swap(t, good, "<Document ", "<"+strings.Repeat("x", 80)+" "),
		`this is "Doc" of "urn`:                           swap(t, good, "<Document ", "<Doc "),
		"more than 100 bytes":                             swap(t, good, "<Id>ST-1</Id>", "<Id>"+strings.Repeat("x", 101)+"</Id>"),
		"no amount":                                       swap(t, good, `Ccy="GBP">300.50<`, `Ccy="GBP">.50<`),
		"elements stand more than 64 deep":                swap(t, good, "<BkTxCd/>", strings.Repeat("<x>", 61)+strings.Repeat("</x>", 61)),
		"line 14: \"300.x\" is no amount":                 swap(t, good, `Ccy="GBP">300.50<`, `Ccy="GBP">300.x<`),
		"\"10000000000000.00\" is larger":                 swap(t, good, `Ccy="GBP">300.50<`, `Ccy="GBP">10000000000000.00<`),
	} {
		out, err := statement.ReadCAMT053(strings.NewReader(in))
		require.ErrorContains(t, err, says, says)
		require.Nil(t, out)
	}
	require.Len(t, oneCAMT(t, swap(t, good, "<Id>ST-1</Id>", "<Id>"+strings.Repeat("x", 100)+"</Id>")).ID, 100)
	require.Len(t, oneCAMT(t, swap(t, good, "INV-1", strings.Repeat("x", statement.MaxText-6))).Lines[0].Text, statement.MaxText, "a text of the greatest length")
	require.Len(t, oneCAMT(t, swap(t, good, "<BkTxCd/>", strings.Repeat("<x>", 60)+strings.Repeat("</x>", 60))).Lines, 2, "elements of the greatest depth")
	most := oneCAMT(t, swap(t, good, `Ccy="GBP">300.50<`, `Ccy="GBP">9999999999999.99<`))
	require.Equal(t, int64(999_999_999_999_999), most.Lines[0].Amount.Minor)
}

// csvOf reads lines of a file with the header "D,V,A,S,C,B,T" of a profile that is changed.
func csvOf(t *testing.T, header, rows string, change func(*statement.Profile)) (statement.Statement, error) {
	t.Helper()
	p := statement.Profile{Account: "1", Currency: "EUR", Opening: amount(0, "EUR"), Closing: amount(0, "EUR"), Columns: statement.Columns{Booked: "D", Amount: "A"}}
	if change != nil {
		change(&p)
	}
	return statement.ReadCSV(strings.NewReader(header+"\n"+rows), p)
}

func TestDetailsOfCSV(t *testing.T) {
	columns := func(c statement.Columns) func(*statement.Profile) {
		return func(p *statement.Profile) { p.Columns = c }
	}
	two := columns(statement.Columns{Booked: "D", Debit: "S", Credit: "H"})
	s, err := csvOf(t, "D,S,H", "2026-01-02,1.00,\n2026-01-01,,2.00\n2026-01-03,-3.00,\n", two)
	require.NoError(t, err)
	require.Equal(t, []int64{-100, 200, -300}, []int64{s.Lines[0].Amount.Minor, s.Lines[1].Amount.Minor, s.Lines[2].Amount.Minor})
	require.Equal(t, []date.Date{date.Of(2026, 1, 1), date.Of(2026, 1, 3)}, []date.Date{s.Opening.On, s.Closing.On}, "the first and last day, in whatever order")
	require.Equal(t, "2026-01-01/2026-01-03", s.ID)

	s, err = csvOf(t, "D,A,T", "2026-01-01,1.00,Müller €\n", func(p *statement.Profile) { p.Columns.Text, p.ID = []string{"T"}, "\xff7" })
	require.NoError(t, err)
	require.Equal(t, "Müller €", s.Lines[0].Text, "UTF-8 is read as such")
	require.Equal(t, "7", s.ID)

	short := func(p *statement.Profile) { p.Dates = "DD.MM.YY" }
	s, err = csvOf(t, "D,A", "31.12.26,1.00\n", short)
	require.NoError(t, err)
	require.Equal(t, "2026-12-31", s.Lines[0].BookedOn.String())
	s, err = csvOf(t, "D,A", "01.01.00,1.00\n", short)
	require.NoError(t, err)
	require.Equal(t, "2000-01-01", s.Lines[0].BookedOn.String())

	for in, want := range map[string]int64{"1": 100, "+1.00": 100, "-1.00": -100, "1.00-": -100, "1'234.50": 123450, "0.00": 0, " 1.5 ": 150} {
		s, err = csvOf(t, "D,A", "2026-01-01,"+in+"\n", func(p *statement.Profile) { p.Grouping = '\'' })
		require.NoError(t, err, in)
		require.Equal(t, want, s.Lines[0].Amount.Minor, in)
	}
	s, err = csvOf(t, "D,A,E,E", "2026-01-01,1.00,,\n", nil)
	require.NoError(t, err, "a column that nobody asks for may stand twice")
	require.Len(t, s.Lines, 1)
	s, err = csvOf(t, "D,A,S", "2026-01-01,0.00,+\n", func(p *statement.Profile) {
		p.Columns.Sign, p.DebitMarks, p.CreditMarks = "S", []string{"-"}, []string{"+"}
	})
	require.NoError(t, err, "nothing has no sign of its own")
	require.Zero(t, s.Lines[0].Amount.Minor)
	_, err = csvOf(t, "D,A,S", "2026-01-01,1.00,-\n", func(p *statement.Profile) { p.Columns.Sign, p.DebitMarks = "S", []string{"-"} })
	require.NoError(t, err, "marks of debit alone will do for a file of debits")
	_, err = csvOf(t, "D,A", "2026-01-01,1.00\n", func(p *statement.Profile) { p.Skip = 0; p.Dates = "YYYY----MMDD" })
	require.ErrorContains(t, err, "not of the form")
}

func TestMoreRefusalsOfCSV(t *testing.T) {
	set := func(c statement.Columns) func(*statement.Profile) {
		return func(p *statement.Profile) { p.Columns = c }
	}
	two := set(statement.Columns{Booked: "D", Debit: "S", Credit: "H"})
	balance := func(p *statement.Profile) { p.Columns.Balance, p.Opening, p.Closing = "B", nil, nil }
	short := func(p *statement.Profile) { p.Dates = "DD.MM.YY" }
	skip := func(n int) func(*statement.Profile) { return func(p *statement.Profile) { p.Skip = n } }
	euros := func(p *statement.Profile) { p.Columns.Currency = "C" }
	for name, tc := range map[string]struct {
		header, rows string
		change       func(*statement.Profile)
		code, says   string
	}{
		"debit and credit":           {"D,S,H", "2026-01-01,1,1\n", two, "statement.unreadable", `column "S": one of debit and credit`},
		"neither debit nor credit":   {"D,S,H", "2026-01-01,,\n", two, "statement.unreadable", `column "S"`},
		"a credit that is none":      {"D,S,H", "2026-01-01,,x\n", two, "statement.unreadable", `column "H"`},
		"a debit that is none":       {"D,S,H", "2026-01-01,x,\n", two, "statement.unreadable", `column "S"`},
		"another currency":           {"D,A,C", "2026-01-01,1,EUR\n2026-01-01,1,USD\n", euros, "statement.unreadable", `line 3, column "C": "USD" is not`},
		"a balance that is none":     {"D,A,B", "2026-01-01,1,x\n", balance, "statement.unreadable", `line 2, column "B"`},
		"a value date that is none":  {"D,V,A", "2026-01-01,1.1.26,1\n", set(statement.Columns{Booked: "D", Value: "V", Amount: "A"}), "statement.unreadable", `line 2, column "V"`},
		"a day of other marks":       {"D,A", "2026/01/01,1\n", nil, "statement.unreadable", "not of the form"},
		"a day of letters":           {"D,A", "2026-01-xx,1\n", nil, "statement.unreadable", "not of the form"},
		"a month of letters":         {"D,A", "2026-xx-01,1\n", nil, "statement.unreadable", "not of the form"},
		"a year of letters":          {"D,A", "20xx-01-01,1\n", nil, "statement.unreadable", "not of the form"},
		"a short year of letters":    {"D,A", "01.01.xx,1\n", short, "statement.unreadable", "not of the form"},
		"a longer day":               {"D,A", "2026-01-011,1\n", nil, "statement.unreadable", "not of the form"},
		"no amount":                  {"D,A", "2026-01-01,\n", nil, "statement.unreadable", `column "A"`},
		"an amount without its mark": {"D,A", "2026-01-01,1.x\n", nil, "statement.unreadable", `column "A"`},
		"fewer lines than to skip":   {"D,A", "", skip(3), "statement.unreadable", "fewer than the 3 lines"},
		"a broken line after others": {"x\nD,A", "2026-01-01,1\n\"2026\n", skip(1), "statement.unreadable", "line 4"},
		"too many lines":             {"D,A", strings.Repeat("2026-01-01,1\n", statement.MaxLines+1), nil, "statement.too_large", "line 50002"},
		"too many bytes":             {"D,A", strings.Repeat(" ", statement.MaxBytes), nil, "statement.too_large", "bytes"},
		"a column twice":             {"D,A,A", "2026-01-01,1,1\n", nil, "statement.bad_profile", `the column "A" twice`},
		"no booking day":             {"E,A", "2026-01-01,1\n", nil, "statement.bad_profile", `no column "D"`},
		"an account too long":        {"D,A", "2026-01-01,1\n", func(p *statement.Profile) { p.Account = strings.Repeat("1", 101) }, "statement.too_large", "100 bytes"},
		"a balance before all":       {"D,A,B", "2026-01-01,-9999999999999.99,9999999999999.99\n", balance, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := csvOf(t, tc.header, tc.rows, tc.change)
			if tc.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, tc.code, code(err), "%v", err)
			require.ErrorContains(t, err, tc.says)
		})
	}
	for name, change := range map[string]func(p *statement.Profile){
		"debit without credit": set(statement.Columns{Booked: "D", Debit: "A"}),
		"credit without debit": set(statement.Columns{Booked: "D", Credit: "A"}),
		"amount and credit":    set(statement.Columns{Booked: "D", Amount: "A", Credit: "A"}),
		"nothing of amounts":   set(statement.Columns{Booked: "D"}),
		"a sign of two columns": func(p *statement.Profile) {
			p.Columns, p.DebitMarks = statement.Columns{Booked: "D", Debit: "A", Credit: "D", Sign: "A"}, []string{"-"}
		},
		"marks without a sign": func(p *statement.Profile) { p.CreditMarks = []string{"C"} },
		"a closing in dollars": func(p *statement.Profile) { p.Closing = amount(0, "USD") },
		"a strange grouping":   func(p *statement.Profile) { p.Grouping = '_' },
		"no currency": func(p *statement.Profile) {
			p.Currency, p.Opening, p.Closing, p.Columns.Balance = "XXX", nil, nil, "A"
		},
		"too much to skip":           skip(101),
		"a year twice":               func(p *statement.Profile) { p.Dates = "YYYY-YYYY-MM-DD" },
		"a short and a long year":    func(p *statement.Profile) { p.Dates = "YYYY-YY-MM-DD" },
		"days in digits":             func(p *statement.Profile) { p.Dates = "YYYY-MM-DD1" },
		"days in many words":         func(p *statement.Profile) { p.Dates = "YYYY/-/MM/-DD" },
		"a day too much":             func(p *statement.Profile) { p.Dates = "YYYY-MM-DDD" },
		"a delimiter of line breaks": func(p *statement.Profile) { p.Delimiter = '\n' },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := csvOf(t, "D,A", "2026-01-01,1\n", change)
			require.Equal(t, "statement.bad_profile", code(err), "%v", err)
		})
	}
	_, err := csvOf(t, "D,A", strings.Repeat("2026-01-01,1\n", statement.MaxLines), nil)
	require.NoError(t, err)
	_, err = csvOf(t, strings.Repeat("\n", 100)+"D,A", "2026-01-01,1\n", skip(100))
	require.NoError(t, err)
	_, err = csvOf(t, "D,A", "2026----01-01,1\n", func(p *statement.Profile) { p.Dates = "YYYY----MM-DD" })
	require.Equal(t, "statement.bad_profile", code(err))
}

// Check digits that come out right make no IBAN of what has not its form: of every pair of digits and letters only digits pass, and only
// with the right length, letters of a country before them and nothing but digits and capitals after.
func TestTheFormOfIBANs(t *testing.T) {
	const all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for bare, form := range map[string]bool{
		"NO00000000000": false, "NO000000000000": false, "NO0000000000000": true, "GB00" + strings.Repeat("0", 30): true, "GB00" + strings.Repeat("0", 31): false,
		"1200123456789012": false, "G000123456789012": false, "GB0012345/6789012": false, "GB0012345:6789012": false, "GB0012345@6789012": false, "GB0012345[6789012": false,
		"GB0012345A6789012": true, "GB0012345Z6789012": true, "gb0012345A6789012": false,
	} {
		digits, letters := 0, 0
		for i := range len(all) * len(all) {
			a, b := i/len(all), i%len(all)
			switch {
			case !statement.ValidIBAN(bare[:2] + all[a:a+1] + all[b:b+1] + bare[4:]):
			case a < 10 && b < 10:
				digits++
			default:
				letters++
			}
		}
		require.Equal(t, form, digits > 0, bare)
		require.Zero(t, letters, bare)
	}
}

// A file that breaks off while it is read is not taken for one that ends.
func TestAFileThatCannotBeRead(t *testing.T) {
	broken := iotest.ErrReader(errors.New("the line is dead"))
	_, err := statement.ReadMT940(broken)
	require.ErrorContains(t, err, "cannot be read: the line is dead")
	_, err = statement.ReadCAMT053(broken)
	require.ErrorContains(t, err, "cannot be read: the line is dead")
	_, err = statement.ReadCSV(broken, signs)
	require.ErrorContains(t, err, "cannot be read: the line is dead")
}
