package retail_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/examples/quickstart/retail"
)

// row is a sold line of an invoice on a day of December 2010.
func row(number string, day int) string {
	return fmt.Sprintf("%s,A,thing,1,2010-12-%02dT08:00:00Z,2.50,17850,United Kingdom", number, day)
}

func bad(number string) string {
	return number + ",A,thing,x,2010-12-01T08:00:00Z,2.50,17850,United Kingdom"
}

func TestWhichDocumentsAreRefused(t *testing.T) {
	const garbage = "garbage"
	for name, tc := range map[string]struct {
		rows    []string
		booked  []string
		refused []int64 // lines
		lost    int64   // rows
	}{
		"all good":                       {[]string{row("1", 1), row("1", 1), row("2", 1)}, []string{"1", "2"}, nil, 0},
		"a bad row refuses its document": {[]string{row("1", 1), row("2", 1), bad("2"), row("2", 1), row("3", 1)}, []string{"1", "3"}, []int64{4}, 3},
		"the first row is bad":           {[]string{row("1", 1), bad("2"), row("2", 1), row("3", 1)}, []string{"1", "3"}, []int64{3}, 2},
		"two bad rows of one document":   {[]string{bad("2"), row("2", 1), bad("2"), row("3", 1)}, []string{"3"}, []int64{2, 4}, 3},
		"a row too short, with number":   {[]string{row("1", 1), "1,A", row("2", 1)}, []string{"2"}, []int64{3}, 2},
		"a short first row":              {[]string{row("1", 1), "2,A", row("2", 1), row("3", 1)}, []string{"1", "3"}, []int64{3}, 2},
		"a row without number, inside":   {[]string{row("1", 1), row("", 1), row("1", 1), row("2", 1)}, []string{"2"}, []int64{3}, 3},
		"a row without number, between":  {[]string{row("1", 1), row("", 1), row("2", 1)}, []string{"1", "2"}, []int64{3}, 1},
		"garbage inside a document":      {[]string{row("1", 1), garbage, garbage, row("1", 1), row("2", 1)}, []string{"2"}, []int64{3, 4}, 4},
		"garbage between documents":      {[]string{garbage, row("1", 1), garbage, row("2", 1), garbage}, []string{"1", "2"}, []int64{2, 4, 6}, 3},
		"nothing but garbage":            {[]string{garbage, garbage}, []string{}, []int64{2, 3}, 2},
		"a number not in UTF-8":          {[]string{row("1", 1), row("\xff", 1), row("2", 1)}, []string{"1", "2"}, []int64{3}, 1},
		"a number that comes again":      {[]string{row("1", 1), row("2", 1), row("1", 1), row("3", 1)}, []string{"2", "3"}, []int64{2, 4}, 2},
		"again, three times, and bad":    {[]string{row("1", 1), row("2", 1), bad("1"), row("3", 1), row("1", 1)}, []string{"2", "3"}, []int64{2, 4, 6}, 3},
		"two customers":                  {[]string{row("1", 1), strings.Replace(row("1", 1), "17850", "", 1), row("2", 1)}, []string{"2"}, []int64{3}, 2},
		"two days":                       {[]string{row("1", 1), row("1", 2), row("2", 2)}, []string{"2"}, []int64{3}, 2},
		"a date that goes back":          {[]string{row("1", 2), row("2", 2), row("3", 1), row("4", 3)}, []string{"1", "2", "4"}, []int64{4}, 1},
		"a date far ahead":               {[]string{row("1", 1), row("2", 30), row("3", 2), row("4", 3)}, []string{"1", "3", "4"}, []int64{3}, 1},
		"a date far ahead, first":        {[]string{row("1", 30), row("2", 2), row("3", 3)}, []string{"2", "3"}, []int64{2}, 1},
		"a date far ahead, last":         {[]string{row("1", 1), row("2", 30)}, []string{"1", "2"}, nil, 0},
		"empty lines":                    {[]string{"", row("1", 1), "", row("1", 1), "", ""}, []string{"1"}, nil, 0},
		"nothing":                        {nil, []string{}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := fileOf(text(tc.rows...))
			s := survey(t, f)
			docs := documents(t, f, s)
			require.Equal(t, tc.booked, numbers(docs))
			var lines []int64
			for _, r := range s.Refused {
				lines = append(lines, r.Line)
			}
			require.Equal(t, tc.refused, lines)
			require.Equal(t, tc.lost, s.RefusedRows)
			require.EqualValues(t, len(docs), s.TotalDocuments())
			require.Equal(t, s.Rows, s.Lines+s.RefusedRows)
		})
	}
}

// A quote that nobody closes must not swallow the rows below it.
func TestAnOpenQuoteCostsOneRow(t *testing.T) {
	open := `2,A,"thing,1,2010-12-01T08:00:00Z,2.50,17850,United Kingdom`
	quoted := `4,A,"a ""good"" thing",1,2010-12-01T08:00:00Z,2.50,17850,United Kingdom`
	many := []string{row("1", 1), open}
	for i := range 200 {
		many = append(many, row(fmt.Sprint(1000+i), 1))
	}
	for name, tc := range map[string]struct {
		rows   []string
		booked int
	}{
		"nothing follows":               {[]string{row("1", 1), open}, 1},
		"a row follows":                 {[]string{row("1", 1), open, row("3", 1)}, 2},
		"a quoted row follows":          {[]string{row("1", 1), open, row("3", 1), quoted, row("5", 1)}, 4},
		"more rows than one record has": {many, 201},
		"a line too long follows":       {[]string{row("1", 1), open, strings.Repeat("x", 200_000), row("3", 1)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := fileOf(text(tc.rows...))
			s := survey(t, f)
			require.Len(t, documents(t, f, s), tc.booked)
			require.Equal(t, "a quoted field is not closed (invoice 2 is not booked)", s.Refused[0].Reason)
			require.EqualValues(t, 3, s.Refused[0].Line)
		})
	}
}

func TestKindsOfDocuments(t *testing.T) {
	line := func(number, code string, quantity int, price string) string {
		return fmt.Sprintf("%s,%s,thing,%d,2010-12-01T08:00:00Z,%s,,United Kingdom", number, code, quantity, price)
	}
	for name, tc := range map[string]struct {
		rows   []string
		kind   retail.Kind // "" when refused
		reason string
	}{
		"sale":                         {[]string{line("1", "A", 2, "1")}, retail.Sale, ""},
		"sale with a gift":             {[]string{line("1", "A", 2, "1"), line("1", "B1", 1, "0.00")}, retail.Sale, ""},
		"sale with a rebate":           {[]string{line("1", "A", 2, "1"), line("1", "D", -1, "1.50")}, retail.Sale, ""},
		"sale at a price too small":    {[]string{line("1", "PADS", 1, "0.001")}, retail.Sale, ""},
		"credit note":                  {[]string{line("C1", "A", -2, "1")}, retail.CreditNote, ""},
		"credit note for a gift":       {[]string{line("C1", "A", -2, "0")}, retail.CreditNote, ""},
		"fee":                          {[]string{line("C1", "AMAZONFEE", -1, "13541.33")}, retail.CreditNote, ""},
		"giveaway":                     {[]string{line("1", "A", 2, "0")}, retail.Giveaway, ""},
		"adjustment":                   {[]string{line("1", "A", -2, "0"), line("1", "B1", -2, "0")}, retail.Adjustment, ""},
		"bad debt":                     {[]string{line("A1", "B", 1, "-11062.06")}, retail.BadDebt, ""},
		"bad debt taken back":          {[]string{line("A1", "B", 1, "11062.06")}, retail.BadDebt, ""},
		"bad debt of nothing":          {[]string{line("A1", "B", 1, "0")}, "", "the bad debt comes to nothing"},
		"sold and adjusted":            {[]string{line("1", "A", 2, "1"), line("1", "A", -2, "0")}, "", "it has both sold lines and stock adjustments"},
		"given and adjusted":           {[]string{line("1", "A", 2, "0"), line("1", "A", -2, "0")}, "", "it has both lines given away and stock adjustments"},
		"goods at less than nothing":   {[]string{line("1", "A", 2, "-1")}, "", "line 2 takes goods back; that needs a credit note"},
		"goods out on a credit note":   {[]string{line("C1", "A", -2, "1"), line("C1", "A", 1, "1")}, "", "line 3 of the credit note hands out goods"},
		"credit note with a demand":    {[]string{line("C1", "A", -2, "1"), line("C1", "M", 1, "3")}, "", "the credit note comes to more than nothing, 1.00"},
		"total too large for a ledger": {[]string{line("1", "A", 10000, "99999999"), line("1", "A", 10000, "99999999")}, "", "its total 1999999980000.00 is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fileOf(text(tc.rows...))
			s := survey(t, f)
			if tc.kind == "" {
				require.Len(t, s.Refused, 1)
				require.EqualValues(t, 2, s.Refused[0].Line)
				require.True(t, strings.HasPrefix(s.Refused[0].Reason, tc.reason+" (invoice "), s.Refused[0].Reason)
				require.Empty(t, s.Products, "a refused document counts nowhere")
				return
			}
			require.Empty(t, s.Refused)
			require.Equal(t, map[retail.Kind]int64{tc.kind: 1}, s.Documents)
		})
	}
}

func TestTurnoverIsLimitedOverTheFile(t *testing.T) {
	large := strings.Replace(row("1", 1), ",1,2010", ",10000,2010", 1)
	large = strings.Replace(large, "2.50", "60000000", 1)
	f := fileOf(text(large, strings.Replace(large, "1,A", "2,A", 1), row("3", 1)))
	s := survey(t, f)
	require.Equal(t, []string{"1", "3"}, numbers(documents(t, f, s)))
	require.Equal(t, "with it the file's turnover is too large (invoice 2 is not booked)", s.Refused[0].Reason)
}

func TestOpeningCountsOnlyWhatIsBooked(t *testing.T) {
	f := fileOf(text(
		"1,A,refused first,1,2010-12-01T08:00:00Z,9.99,,", "1,A,refused first,oops,2010-12-01T08:00:00Z,9.99,,",
		"C2,A,,-7,2010-12-01T08:00:00Z,0.55,,", // the first price, on a credit note: 60 % is 0.33, 70 % is 0.385
		"3,A,the thing,4,2010-12-01T08:00:00Z,0.60,,", "3,POST,POSTAGE,1,2010-12-01T08:00:00Z,3,,",
		"4,A,,-1,2010-12-01T08:00:00Z,0,,",
		"5,NEW,,3,2010-12-01T08:00:00Z,0,,",
		"C6,BACK,came back,-3,2010-12-01T08:00:00Z,1,,",
	))
	s := survey(t, f)
	require.Equal(t, "the thing", s.Product("A").Name)
	require.Equal(t, "NEW", s.Product("NEW").Name)
	require.Equal(t, "0.6", s.Product("BACK").ReturnCost().String())
	require.Nil(t, s.Product("a"))
	show := func(two bool) (out []string) {
		for _, r := range s.Opening(two) {
			out = append(out, fmt.Sprintf("%s %d at %s", r.Code, r.Units, r.UnitCost))
		}
		return out
	}
	require.Equal(t, []string{"A 5 at 0.33", "NEW 3 at 0"}, show(false))
	require.Equal(t, []string{"A 3 at 0.33", "A 2 at 0.39", "NEW 2 at 0", "NEW 1 at 0"}, show(true))
}
