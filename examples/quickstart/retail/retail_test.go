package retail_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/examples/quickstart/retail"
)

// december is real data that lies beside the checkout; without it the tests fail rather than pass unseen.
const december = "../../../../shared/data/online-retail/2010-12.csv.gz"

const head = "invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country\n"

// text makes a file of rows under the usual header.
func text(rows ...string) string { return head + strings.Join(rows, "\n") + "\n" }

func fileOf(content string) *retail.File {
	return retail.New(strings.NewReader(content), "test.csv")
}

func survey(t *testing.T, f *retail.File) *retail.Survey {
	t.Helper()
	s, err := f.Survey(t.Context())
	require.NoError(t, err)
	return s
}

func documents(t *testing.T, f *retail.File, s *retail.Survey) []*retail.Document {
	t.Helper()
	var out []*retail.Document
	for doc, err := range f.Documents(t.Context(), s) {
		require.NoError(t, err)
		out = append(out, doc)
	}
	return out
}

func numbers(docs []*retail.Document) []string {
	out := []string{}
	for _, d := range docs {
		out = append(out, d.Number)
	}
	return out
}

func compress(t *testing.T, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestDecemberIsAsItsDescriptionSays(t *testing.T) {
	f, err := retail.Open(december)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	s := survey(t, f)

	require.Empty(t, s.Refused)
	require.EqualValues(t, 42_481, s.Rows)
	require.EqualValues(t, 42_481, s.Lines)
	require.EqualValues(t, 2_025, s.TotalDocuments())
	require.EqualValues(t, 1_559, s.Documents[retail.Sale])
	require.EqualValues(t, 326, s.Documents[retail.CreditNote])
	require.EqualValues(t, 70, s.Documents[retail.Giveaway])
	require.EqualValues(t, 70, s.Documents[retail.Adjustment])
	require.EqualValues(t, 0, s.Documents[retail.BadDebt])
	require.Equal(t, "823746.14", s.Amounts[retail.Sale].String())
	require.Equal(t, "-74789.12", s.Amounts[retail.CreditNote].String())
	require.EqualValues(t, 203, s.GivenAway)
	require.EqualValues(t, 70, s.WrittenOff)
	require.Len(t, s.Products, 2_822)
	require.Len(t, s.Customers, 948)
	require.Equal(t, "2010-12-01", s.First.String())
	require.Equal(t, "2010-12-23", s.Last.String())
	require.Len(t, s.Digest, 64)

	units, value, err := retail.OpeningTotals(s.Opening(false))
	require.NoError(t, err)
	require.EqualValues(t, 365_872, units)
	require.Equal(t, "516974.96", value.String())
	units, value, err = retail.OpeningTotals(s.Opening(true))
	require.NoError(t, err)
	require.EqualValues(t, 365_872, units)
	require.Equal(t, "560214.46", value.String())

	docs := documents(t, f, s)
	require.Len(t, docs, 2_025)
	require.Equal(t, "536365", docs[0].Number)
	lines, net := 0, int64(0)
	for _, d := range docs {
		lines += len(d.Lines)
		for _, l := range d.Lines {
			net += l.Quantity
		}
	}
	require.Equal(t, 42_481, lines)
	require.EqualValues(t, 342_228, net)
}

func TestQuotesLineBreaksAndHeaderOrder(t *testing.T) {
	content := "\xef\xbb\xbfCountry,InvoiceNo,note,Stock Code,Quantity,InvoiceDate,unit_price,CustomerID,\"description\"\r\n" +
		"\"United\r\nKingdom\",1,x,A,2,2010-12-01T08:00:00Z,1.5,,\r\n" + // a line break in a name is refused, as one record
		"\r\n" +
		"EIRE,2,x,A,2,2010-12-01T08:00:00Z,1.005,17,\"He said \"\"7 inch\"\",\r\nthen left\"\r\n" +
		"EIRE,2,x,\"B\",1,2010-12-01T08:01:00Z,1.0050,17,plain"
	for name, f := range map[string]*retail.File{"plain": fileOf(content), "gzip": retail.New(bytes.NewReader(compress(t, content)), "x")} {
		t.Run(name, func(t *testing.T) {
			s := survey(t, f)
			require.Equal(t, []retail.Refusal{{Line: 2, Reason: `country "United\nKingdom" has a control character (invoice 1 is not booked)`}}, s.Refused)
			docs := documents(t, f, s)
			require.Equal(t, []string{"2"}, numbers(docs))
			d := docs[0]
			require.EqualValues(t, 5, d.Line)
			require.Equal(t, "17", d.Customer)
			require.Equal(t, "EIRE", d.Country)
			require.Equal(t, "He said \"7 inch\",\nthen left", d.Lines[0].Description)
			require.Equal(t, "2.01", d.Lines[0].Amount.String())
			require.Equal(t, "1.01", d.Lines[1].Amount.String(), "1.005 is half a penny")
			require.EqualValues(t, 7, d.Lines[1].Number)
			require.Equal(t, `He said "7 inch", then left`, s.Product("A").Name)
		})
	}
}

func TestRowsThatCannotBeRead(t *testing.T) {
	good := "9,A,thing,1,2010-12-02T08:00:00Z,2.50,17850,United Kingdom"
	for name, tc := range map[string]struct {
		row    string
		reason string
	}{
		"bad quantity":      {"1,A,thing,six,2010-12-01T08:00:00Z,2.50,,", `quantity "six" is not a whole number`},
		"broken quantity":   {"1,A,thing,1.5,2010-12-01T08:00:00Z,2.50,,", `quantity "1.5" is not a whole number`},
		"no quantity":       {"1,A,thing,,2010-12-01T08:00:00Z,2.50,,", `quantity "" is not a whole number`},
		"zero quantity":     {"1,A,thing,0,2010-12-01T08:00:00Z,2.50,,", `quantity is zero`},
		"large quantity":    {"1,A,thing,99999999999999999999,2010-12-01T08:00:00Z,2.50,,", `quantity "99999999999999999999" is too large`},
		"bad price":         {"1,A,thing,1,2010-12-01T08:00:00Z,1e9,,", `unit_price "1e9" is not a number`},
		"price with comma":  {`1,A,thing,1,2010-12-01T08:00:00Z,"1,50",,`, `unit_price "1,50" is not a number`},
		"open price":        {"1,A,thing,1,2010-12-01T08:00:00Z,1.,,", `unit_price "1." is not a number`},
		"large price":       {"1,A,thing,1,2010-12-01T08:00:00Z,100000000000000000000.5,,", `unit_price "100000000000000000000.5" is too large`},
		"fine price":        {"1,A,thing,1,2010-12-01T08:00:00Z,0.0000000001,,", `unit_price "0.0000000001" has more than 9 decimals`},
		"large amount":      {"1,A,thing,90000000,2010-12-01T08:00:00Z,90000000,,", `the amount 90000000 x 90000000 is too large`},
		"bad date":          {"1,A,thing,1,2010-13-01T08:00:00Z,2.50,,", `invoice_date "2010-13-01T08:00:00Z" is not a date and time such as 2010-12-01T08:26:00Z`},
		"30 February":       {"1,A,thing,1,2010-02-30T08:00:00Z,2.50,,", `invoice_date "2010-02-30T08:00:00Z" is not a date and time such as 2010-12-01T08:26:00Z`},
		"no date":           {"1,A,thing,1,,2.50,,", `invoice_date "" is not a date and time such as 2010-12-01T08:26:00Z`},
		"old date":          {"1,A,thing,1,0210-12-01T08:00:00Z,2.50,,", `invoice_date "0210-12-01T08:00:00Z" lies outside the years 1970 to 2100`},
		"missing column":    {"1,A,thing,1,2010-12-01T08:00:00Z,2.50,", `the row has 7 columns, the header has 8`},
		"column too many":   {"1,A,thing,1,2010-12-01T08:00:00Z,2.50,,,", `the row has 9 columns, the header has 8`},
		"not UTF-8":         {"1,A,th\xffing,1,2010-12-01T08:00:00Z,2.50,,", `description is not valid UTF-8`},
		"customer in bytes": {"1,A,thing,1,2010-12-01T08:00:00Z,2.50,\xc3,", `customer_id is not valid UTF-8`},
		"zero byte":         {"1,A,th\x00ing,1,2010-12-01T08:00:00Z,2.50,,", `description has a control character`},
		"blank customer":    {"1,A,thing,1,2010-12-01T08:00:00Z,2.50, 17,", `customer_id " 17" has blanks around it`},
		"no code":           {"1, ,thing,1,2010-12-01T08:00:00Z,2.50,,", `stock_code is empty`},
		"bare quote":        {`1,A,7" thing,1,2010-12-01T08:00:00Z,2.50,,`, `a quotation mark stands inside a field that is not quoted`},
		"text after quote":  {`1,A,"thing" x,1,2010-12-01T08:00:00Z,2.50,,`, `a quoted field is followed by something other than a comma`},
		"open quote":        {`1,A,"thing,1,2010-12-01T08:00:00Z,2.50,,`, `a quoted field is not closed`},
		"goods back":        {"1,A,thing,-1,2010-12-01T08:00:00Z,2.50,,", `line 2 takes goods back; that needs a credit note`},
		"below nothing":     {"1,D,rebate,-1,2010-12-01T08:00:00Z,2.50,,", `the sale comes to less than nothing, -2.50`},
	} {
		t.Run(name, func(t *testing.T) {
			f := fileOf(text(tc.row, good))
			s := survey(t, f)
			require.Equal(t, []retail.Refusal{{Line: 2, Reason: tc.reason + " (invoice 1 is not booked)"}}, s.Refused)
			require.EqualValues(t, 2, s.Rows)
			require.EqualValues(t, 1, s.RefusedRows)
			require.Equal(t, []string{"9"}, numbers(documents(t, f, s)))
		})
	}
}
