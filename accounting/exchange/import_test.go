package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// csvFiles are the files of an import by name, as text.
type csvFiles map[string]string

func (f csvFiles) in() exchange.Import {
	read := func(name string) io.Reader {
		if text, ok := f[name]; ok {
			return strings.NewReader(text)
		}
		return nil
	}
	return exchange.Import{Chart: read("chart"), Parties: read("parties"), Balances: read("balances"), OpenItems: read("open_items"), Entries: read("entries"),
		Allocations: read("allocations"), OpeningOn: day("2010-01-01")}
}

// problems are what an import is refused for, a line each.
func problems(t *testing.T, err error) []string {
	t.Helper()
	require.ErrorIs(t, err, exchange.ErrRejected)
	var p *exchange.FilesError
	require.ErrorAs(t, err, &p)
	out := make([]string, len(p.Problems))
	for i := range p.Problems {
		out[i] = fmt.Sprintf("%s:%d:%s %s", p.Problems[i].File, p.Problems[i].Line, p.Problems[i].Column, p.Problems[i].Code)
		require.NotNil(t, fault.Lookup(p.Problems[i].Code))
	}
	return out
}

const entryHead = "entry,date,account,party,debit,credit\n"

// refusals are files that must not come in, and what each is refused for: all of it, at once.
var refusals = []struct {
	name  string
	files csvFiles
	want  []string
}{
	{"an empty file", csvFiles{"entries": ""}, []string{"entries:0: exchange.bad_header"}},
	{"a header with mistakes", csvFiles{"entries": "entry,date,acount,debit,debit\n1,,,,\n"},
		[]string{"entries:1: exchange.bad_header", "entries:1:debit exchange.bad_header", "entries:1:account exchange.bad_header", "entries:1:credit exchange.bad_header"}},
	{"a quotation mark astray", csvFiles{"entries": entryHead + "1,2010-12-01,1300,,\"5\"0,\n"}, []string{"entries:2: exchange.bad_csv"}},
	{"rows too short and too long", csvFiles{"entries": entryHead + "1,2010-12-01\n1,2010-12-01,1300,,5,,,\n"}, []string{"entries:2: exchange.bad_csv", "entries:3: exchange.bad_csv"}},
	{"no UTF-8", csvFiles{"parties": "reference,name,customer\nC9,\xff\xfe,yes\n"}, []string{"parties:2: exchange.bad_csv"}},
	{"cells of every wrong kind", csvFiles{"entries": entryHead + "1,31.12.2010,1300,,5.00,\n1,,4000,,,5.001\n2,2010-02-30,1300,,1e2,\n2,,4000,,-3,\n3,2010-12-01,1300,,1,1\n3,,4000,,,\n,2010-12-01,1300,,5,\n"},
		[]string{"entries:2:date exchange.bad_value", "entries:3:credit exchange.bad_value", "entries:4:date exchange.bad_value", "entries:4:debit exchange.bad_value",
			"entries:5:debit exchange.bad_value", "entries:6:credit exchange.bad_value", "entries:7:debit exchange.bad_value", "entries:8:entry exchange.bad_value"}},
	{"an amount beyond the books", csvFiles{"entries": entryHead + "1,2010-12-01,1300,,10000000000000.00,\n1,,4000,,,10000000000000.00\n"},
		[]string{"entries:2:debit accounting.amount_limit", "entries:3:credit accounting.amount_limit"}},
	{"amounts that come to too much", csvFiles{"entries": entryHead + "1,2010-12-01,1300,,9999999999999.99,\n1,,1300,,0.01,\n1,,4000,,,9999999999999.99\n"},
		[]string{"entries:3: accounting.amount_limit"}},
	{"what the books have not got", csvFiles{"entries": "entry,journal,date,account,party,debit,credit\n1,XYZ,2015-12-01,9999,,5,\n1,,,4000,C7,,5\n2,,2010-12-01,1100,,5,\n2,,,4000,,,5\n"},
		[]string{"entries:2:date accounting.no_period", "entries:2:journal accounting.unknown_journal", "entries:2:account accounting.unknown_account",
			"entries:3:party accounting.unknown_party", "entries:4:party accounting.unknown_party"}},
	{"periods that are locked", csvFiles{"entries": entryHead + "1,2010-03-31,1300,,5,\n1,,4000,,,5\n2,2010-04-01,1300,,5,\n2,,4000,,,5\n"},
		[]string{"entries:2:date accounting.period_locked", "entries:4:date accounting.period_soft_locked"}},
	{"entries that do not add up", csvFiles{"entries": entryHead + "1,2010-12-01,1300,,5,\n1,,4000,,,4\n2,2010-12-01,1300,,5,\n"},
		[]string{"entries:3: accounting.entry_unbalanced", "entries:4: accounting.bad_input"}},
	{"rows of an entry that part or disagree", csvFiles{"entries": entryHead + "1,2010-12-01,1300,,5,\n2,2010-12-01,1300,,5,\n2,2010-12-02,4000,,,5\n1,,4000,,,5\n"},
		[]string{"entries:2: accounting.bad_input", "entries:4:date exchange.bad_value", "entries:5:entry exchange.repeated"}},
	{"two entries of one reference", csvFiles{"entries": "entry,reference,date,account,debit,credit\n1,r,2010-12-01,1300,5,\n1,,,4000,,5\n2,r,2010-12-01,1300,5,\n2,,,4000,,5\n"},
		[]string{"entries:4:reference exchange.repeated"}},
	{"a reference of control characters", csvFiles{"entries": "entry,reference,date,account,debit,credit\n1,\"a\nb\",2010-12-01,1300,5,\n1,,,4000,,5\n"},
		[]string{"entries:2:reference accounting.bad_input"}},
	{"an account that takes nothing", csvFiles{"entries": entryHead + "1,2010-12-01,0200,,5,\n1,,4000,,,5\n"}, []string{"entries:2:account accounting.account_inactive"}},
	{"accounts", csvFiles{"chart": "code,name,type,role,control,active\n1300,Bank,liability,bank,,yes\n1310,Cards,asset,cash,,yes\n1100,Debtors,asset,receivable,payable,yes\n77 7,x,asset,,,yes\n7777,,asset,,,yes\n" +
		"7778,x,asset,,,perhaps\n7779,x,asset,captain,,yes\n7779,x,asset,,,yes\n7780,x,equity,stock,,yes\n7781,x,asset,,payable,yes\n"},
		[]string{"chart:2: accounting.role_type", "chart:3:role exchange.account_differs", "chart:4: accounting.role_type", "chart:5:code accounting.bad_input",
			"chart:6:name accounting.bad_input", "chart:7:active exchange.bad_value", "chart:8:role accounting.bad_input", "chart:9:code exchange.repeated",
			"chart:10: accounting.role_type", "chart:11: accounting.role_type"}},
	{"parties", csvFiles{"parties": "reference,name,customer,vendor,email,country\n,Nobody,yes,,,\nC8,,yes,,,\nC9,Neither,no,,,\nC10,Mail,yes,,at home,\nC11,Land,,yes,,England\nC12,Twice,yes,,,\nC12,Twice,yes,,,\n"},
		[]string{"parties:2:reference exchange.bad_value", "parties:3:name accounting.bad_input", "parties:4:customer accounting.bad_input",
			"parties:5:email accounting.bad_input", "parties:6:country accounting.bad_input", "parties:8:reference exchange.repeated"}},
	{"a party that is another", csvFiles{"parties": "reference,name,customer\nC20,New,yes\nC1,Somebody else,yes\n"}, []string{"parties:3: accounting.reference_taken"}},
	{"an entry that is another", csvFiles{"entries": entryHead + "new,2010-12-01,1300,,5,\nnew,,4000,,,5\ntaken,2010-12-01,1300,,5,\ntaken,,4000,,,5\n"},
		[]string{"entries:4: accounting.reference_taken"}},
	{"a control account without its items", csvFiles{"balances": "account,debit,credit\n1300,80,\n1100,20,\n3000,,100\n"}, []string{"balances:3:account exchange.control_differs"}},
	{"items without their control account", csvFiles{"balances": "account,debit,credit\n1300,80,\n", "open_items": "reference,account,party,debit,credit\ni1,1100,C1,20,\n"},
		[]string{"balances:0:account exchange.control_differs"}},
	{"items that differ from their control account", csvFiles{"balances": "account,debit,credit\n1100,20,\n", "open_items": "reference,account,party,debit,credit\ni1,1100,C1,25,\ni2,1100,C1,,5.01\n"},
		[]string{"balances:2:account exchange.control_differs"}},
	{"items of every wrong kind", csvFiles{"balances": "account,debit,credit\n1300,80,\n1300,80,\n", "open_items": "reference,account,party,due,debit,credit\n,1300,C1,,5,\ni2,1300,C1,,5,\ni3,1100,C7,,5,\ni4,1100,,,5,\ni5,1100,C1,soon,,\ni5,1100,C1,,5,\n"},
		[]string{"balances:3:account exchange.repeated", "open_items:2:reference exchange.bad_value", "open_items:3:account accounting.control_account",
			"open_items:4:party accounting.unknown_party", "open_items:5:party exchange.bad_value", "open_items:6:debit exchange.bad_value",
			"open_items:6:due exchange.bad_value", "open_items:7:reference exchange.repeated"}},
	{"allocations", csvFiles{"entries": entryHead + "1,2010-12-01,1100,C1,5,\n1,,4000,,,5\n2,2010-12-02,1300,,5,\n2,,1100,C1,,5\n",
		"allocations": "debit_entry,debit_line,credit_entry,credit_line,date,amount\n1,1,3,1,2010-12-02,5\n1,3,2,2,2010-12-02,5\n1,0,2,2,,0\n"},
		[]string{"allocations:2:credit_entry exchange.unknown_entry", "allocations:3:debit_line exchange.unknown_entry", "allocations:4:debit_line exchange.bad_value",
			"allocations:4:date exchange.bad_value", "allocations:4:amount exchange.bad_value"}},
	{"allocations of lines without items", csvFiles{"entries": entryHead + "1,2010-12-01,1100,C1,5,\n1,,4000,,,5\n2,2010-12-02,1300,,5,\n2,,1100,C1,,5\n",
		"allocations": "debit_entry,debit_line,credit_entry,credit_line,date,amount\n1,2,2,1,2010-12-02,5\n"},
		[]string{"allocations:2:debit_line exchange.unknown_entry", "allocations:2:credit_line exchange.unknown_entry"}},
	{"allocations of more than is open", csvFiles{"entries": entryHead + "1,2010-12-01,1100,C1,5,\n1,,4000,,,5\n2,2010-12-02,1300,,5,\n2,,1100,C1,,5\n",
		"allocations": "debit_entry,debit_line,credit_entry,credit_line,date,amount\n1,1,2,2,2010-12-02,3\n1,1,2,2,2010-12-03,3\n"},
		[]string{"allocations:3: accounting.over_allocated"}},
	{"a chart that is not the books'", csvFiles{"chart": "code,name,type,role,control,active\n1300,Bank,liability,,,\n1399,Other bank,asset,bank,,no\n0200,Van,asset,,receivable,\n"},
		[]string{"chart:2:type exchange.account_differs", "chart:3:active exchange.bad_value", "chart:4:control exchange.account_differs"}},
	{"no date", csvFiles{"entries": entryHead + "1,,1300,,5,\n1,,4000,,,5\n"}, []string{"entries:2:date exchange.bad_value"}},
	{"an allocation in no currency", csvFiles{"entries": entryHead + "1,2010-12-01,1100,C1,5,\n1,,4000,,,5\n2,2010-12-02,1300,,5,\n2,,1100,C1,,5\n",
		"allocations": "debit_entry,debit_line,credit_entry,credit_line,date,amount,currency\n1,1,2,2,2010-12-02,5,QQQ\n"},
		[]string{"allocations:2:currency exchange.bad_value"}},
	{"problems in several files", csvFiles{"chart": "code,name,type\n1300,Bank,money\n", "parties": "reference,name,customer\nC1,,yes\n", "entries": entryHead + "1,never,1300,,5,\n1,,4000,,,5\n"},
		[]string{"chart:2:type accounting.bad_input", "parties:2:name accounting.bad_input", "entries:2:date exchange.bad_value"}},
}

// TestRefusals: each is refused by a dry run and by an import alike, by line and column, and has changed nothing.
func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		periods, err := h.books.Periods(h.ctx)
		require.NoError(t, err)
		for i, state := range map[int]accounting.PeriodState{2: accounting.PeriodLocked, 3: accounting.PeriodSoftLocked} {
			_, err = h.books.SetPeriodState(h.ctx, accounting.SetPeriod{PeriodID: periods[i].ID, State: state})
			require.NoError(t, err)
		}
		van, err := h.books.GetAccount(h.ctx, accounting.ByCode("0200"))
		require.NoError(t, err)
		_, err = h.books.UpdateAccount(h.ctx, accounting.AccountChange{ID: van.ID, Name: van.Name})
		require.NoError(t, err)
		h.post(accounting.NewEntry{Reference: "taken", Date: day("2010-12-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode("1300"), gbp(7)), accounting.CreditLine(accounting.ByCode("4000"), gbp(7))}})
		before := h.env.Holds(t, tenancy.ScopeOf(h.ctx).TenantID())
		for _, c := range refusals {
			in := func() exchange.Import {
				in := c.files.in()
				in.OpeningOn = day("2010-06-01") // behind what is locked
				return in
			}
			_, err := h.ex.DryRun(h.ctx, in())
			require.ElementsMatch(t, c.want, problems(t, err), "%s: %v", c.name, err)
			_, err = h.ex.Import(h.ctx, in())
			require.ElementsMatch(t, c.want, problems(t, err), c.name)
		}
		after := h.env.Holds(t, tenancy.ScopeOf(h.ctx).TenantID())
		require.Equal(t, before, after, "what is refused has changed nothing")
	})
}

func TestLimits(t *testing.T) {
	h := newHouse(t, tenancytest.Open(t, "sqlite", modules), accounting.NewBooks{Chart: accounting.ChartUKRetail})
	var many strings.Builder
	many.WriteString(entryHead)
	for i := range 300 {
		fmt.Fprintf(&many, "%d,2010-12-01,9999,,5,\n", i)
	}
	_, err := h.ex.DryRun(h.ctx, exchange.Import{Entries: strings.NewReader(many.String())})
	require.Len(t, problems(t, err), exchange.MaxProblems)
	var p *exchange.FilesError
	require.ErrorAs(t, err, &p)
	require.True(t, p.More)
	_, err = h.ex.DryRun(h.ctx, exchange.Import{Entries: io.MultiReader(strings.NewReader(entryHead), strings.NewReader(strings.Repeat("1,,1300,,1,\n", exchange.MaxRows+1)))})
	require.ErrorIs(t, err, exchange.ErrTooLarge)
	_, err = h.ex.DryRun(h.ctx, exchange.Import{Entries: io.MultiReader(strings.NewReader(entryHead+"\""), endless{})})
	require.ErrorIs(t, err, exchange.ErrTooLarge)
	broken := errors.New("the line is down")
	_, err = h.ex.Import(h.ctx, exchange.Import{Entries: io.MultiReader(strings.NewReader(entryHead), cut{broken})})
	require.ErrorIs(t, err, broken)
	for _, in := range []exchange.Import{{OpenItems: strings.NewReader("")}, {Balances: strings.NewReader("")}, {OpenItems: strings.NewReader(""), OpeningOn: day("2010-01-01")}} {
		_, err = h.ex.Import(h.ctx, in)
		require.ErrorIs(t, err, exchange.ErrBadInput)
	}
	require.NoError(t, h.env.DB.Tx(h.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		_, err := h.ex.DryRun(ctx, exchange.Import{})
		require.Equal(t, fault.Code("tenancy.dry_run_within"), fault.CodeOf(err), "a dry run is a transaction of its own")
		return nil
	}))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

type cut struct{ err error }

func (c cut) Read([]byte) (int, error) { return 0, c.err }

var opening = csvFiles{
	"parties":    "\ufeffname, reference ,customer,vendor\nAnn Old,K1,yes,\nBen Old,K2,,yes\n",
	"chart":      "code,name,type,active\n6950,Old expenses,expense,no\n",
	"balances":   "account,name,type,debit,credit\n1300,Bank,asset,500.00,\n1100,Debtors,asset,95.00,\n2000,Creditors,liability,,40.00\n3000,Capital,equity,,550.00\n6950,,,,5.00\n1400,Till,asset,0.00,\n",
	"open_items": "reference,account,party,document_date,due,debit,credit,memo\nold-1,1100,K1,2009-11-01,2009-12-01,100.00,,=INV 1\nold-2,1100,K1,2009-12-01,,,5.00,on account\nold-3,2000,K2,2009-12-05,2010-01-05,,40.00,R 3\n",
}

// TestOpening: balances and items are taken over once, with their dates; the opening account is left with nothing; and nothing can
// join later.
func TestOpening(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		would, err := h.ex.DryRun(h.ctx, opening.in())
		require.NoError(t, err)
		require.Equal(t, exchange.Tally{New: 4}, would.Entries)
		require.Len(t, would.Changes.Of("erp.open_items"), 3)
		require.Len(t, would.Changes.Of("erp.parties"), 2)
		done, err := h.ex.Import(h.ctx, opening.in())
		require.NoError(t, err)
		require.True(t, done.OpeningEquity.IsZero())
		require.Equal(t, int64(59_500), done.TrialBalance.Debit.Minor)
		equity, err := h.books.Balance(h.ctx, accounting.ByRole(accounting.RoleOpeningEquity), day("2010-01-01"))
		require.NoError(t, err)
		require.Zero(t, equity.Minor)
		old, err := h.books.GetAccount(h.ctx, accounting.ByCode("6950"))
		require.NoError(t, err)
		require.False(t, old.Active, "closed when everything was booked")

		open, err := h.books.OpenItems(h.ctx, day("2010-01-01"))
		require.NoError(t, err)
		require.Len(t, open.Items, 3)
		require.Equal(t, day("2009-12-01"), open.Items[0].DueDate)
		require.Equal(t, accounting.KindOpening, open.Items[0].Kind)
		entries, err := h.books.EntriesByReference(h.ctx, []string{"old-1", exchange.DefaultOpeningReference})
		require.NoError(t, err)
		require.Equal(t, day("2009-11-01"), entries["old-1"].DocumentDate)
		detail, err := h.books.GetEntry(h.ctx, entries["old-1"].ID)
		require.NoError(t, err)
		require.Equal(t, "=INV 1", detail.Memo)

		periods, err := h.books.Periods(h.ctx)
		require.NoError(t, err)
		_, err = h.books.SetPeriodState(h.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodLocked})
		require.NoError(t, err)
		again, err := h.ex.Import(h.ctx, opening.in())
		require.NoError(t, err, "what is there is there, locked or not")
		require.Equal(t, exchange.Tally{There: 4}, again.Entries)
		require.Equal(t, exchange.Tally{There: 2}, again.Parties)
		require.Equal(t, exchange.Tally{There: 1}, again.Accounts)
		more := csvFiles{"balances": opening["balances"], "parties": opening["parties"], "chart": opening["chart"],
			"open_items": strings.Replace(opening["open_items"], "old-3", "old-4", 1)}
		_, err = h.ex.Import(h.ctx, more.in())
		require.Equal(t, []string{"open_items:4:reference accounting.reference_taken"}, problems(t, err))
		other := csvFiles{"balances": strings.Replace(opening["balances"], "500.00", "500.01", 1), "open_items": opening["open_items"]}
		_, err = h.ex.Import(h.ctx, other.in())
		require.Equal(t, []string{"balances:0: accounting.reference_taken"}, problems(t, err))

		twice := opening.in()
		twice.OpeningReference, twice.OpeningOn = "another", day("2010-02-01")
		_, err = h.ex.Import(h.ctx, twice)
		require.Equal(t, []string{"balances:6:account accounting.account_inactive", "open_items:2:reference accounting.reference_taken",
			"open_items:3:reference accounting.reference_taken", "open_items:4:reference accounting.reference_taken"}, problems(t, err), "the same items do not open twice")

		out := h.file(func(w io.Writer) error { return h.ex.WriteOpenItems(h.ctx, w, day("2010-01-01")) })
		require.Contains(t, out, ",1100,K1,2009-11-01,2009-12-01,100.00,,,,old-1\r\n")
	})
}

// TestOpeningOfItemsAlone: an opening without ordinary accounts is its items; they come once, and all together.
func TestOpeningOfItemsAlone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const head = "reference,account,party,debit,credit\n"
		f := csvFiles{"balances": "account,debit,credit\n1100,20,\n", "open_items": head + "i1,1100,C1,15,\ni2,1100,C1,5,\n"}
		for _, want := range []exchange.Tally{{New: 2}, {There: 2}} {
			done, err := h.ex.Import(h.ctx, f.in())
			require.NoError(t, err)
			require.Equal(t, want, done.Entries)
			require.Equal(t, gbp(-2_000), done.OpeningEquity)
		}
		f["open_items"] = head + "i1,1100,C1,15,\ni3,1100,C1,5,\n"
		_, err := h.ex.Import(h.ctx, f.in())
		require.Equal(t, []string{"open_items:3:reference accounting.reference_taken"}, problems(t, err))
	})
}

// TestOpeningThatDoesNotBalance leaves the rest on the opening account, and says so.
func TestOpeningThatDoesNotBalance(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		f := csvFiles{"balances": "account,debit,credit\n1300,500.00,\n3100,,20.00\n3000,,400.00\n"}
		done, err := h.ex.Import(h.ctx, f.in())
		require.NoError(t, err)
		require.Equal(t, gbp(-10_000), done.OpeningEquity)
		equity, err := h.books.Balance(h.ctx, accounting.ByRole(accounting.RoleOpeningEquity), day("2010-01-01"))
		require.NoError(t, err)
		require.Equal(t, done.OpeningEquity, equity)
	})
}

// TestImportCostsTheSame: ten entries and eight hundred are as many statements.
func TestImportCostsTheSame(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		batch := func(name string, n int) csvFiles {
			parties, entries, allocations := "reference,name,customer\n", entryHead, "debit_entry,debit_line,credit_entry,credit_line,date,amount\n"
			var p, e, a strings.Builder
			for i := range n {
				fmt.Fprintf(&p, "%s%d,Somebody,yes\n", name, i)
				fmt.Fprintf(&e, "%s%d,2010-12-01,1100,%s%d,5,\n%s%d,,4000,,,5\n%s%dp,2010-12-01,1100,%s%d,,5\n%s%dp,,1300,,5,\n", name, i, name, i, name, i, name, i, name, i, name, i)
				fmt.Fprintf(&a, "%s%d,1,%s%dp,1,2010-12-01,5\n", name, i, name, i)
			}
			return csvFiles{"parties": parties + p.String(), "entries": entries + e.String(), "allocations": allocations + a.String()}
		}
		cost := func(f csvFiles) int {
			return h.env.Count(t, func() {
				_, err := h.ex.Import(h.ctx, f.in())
				require.NoError(t, err)
			})
		}
		require.Equal(t, cost(batch("a", 10)), cost(batch("b", 400)))
		checks, err := h.books.Verify(h.ctx)
		require.NoError(t, err)
		for _, c := range checks {
			require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	})
}

// TestLargeFiles: what is more than one act takes goes in in several, all of it or nothing, and a problem far down is told by its line.
func TestLargeFiles(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		const n = 2*accounting.MaxBatch + 5
		var parties, entries, allocations strings.Builder
		parties.WriteString("reference,name,customer\n")
		entries.WriteString(entryHead)
		allocations.WriteString("debit_entry,debit_line,credit_entry,credit_line,date,amount\n")
		for i := range n {
			fmt.Fprintf(&parties, "P%d,Somebody,yes\n", i)
			fmt.Fprintf(&entries, "E%d,2010-12-01,1100,P%d,5,\nE%d,,1100,P%d,,5\n", i, i, i, i)
			fmt.Fprintf(&allocations, "E%d,1,E%d,2,2010-12-01,5\n", i, i)
		}
		in := func(more string) exchange.Import {
			return csvFiles{"parties": parties.String(), "entries": entries.String() + more, "allocations": allocations.String()}.in()
		}
		h.post(accounting.NewEntry{Reference: "taken", Date: day("2010-12-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByCode("1300"), gbp(7)), accounting.CreditLine(accounting.ByCode("4000"), gbp(7))}})
		before := h.env.Holds(t, tenancy.ScopeOf(h.ctx).TenantID())
		_, err := h.ex.Import(h.ctx, in("taken,2010-12-01,1300,,5,\ntaken,,4000,,,5\n"))
		require.Equal(t, []string{fmt.Sprintf("entries:%d: accounting.reference_taken", 2*n+2)}, problems(t, err))
		require.Equal(t, before, h.env.Holds(t, tenancy.ScopeOf(h.ctx).TenantID()), "what went in before the problem has gone")
		done, err := h.ex.Import(h.ctx, in(""))
		require.NoError(t, err)
		require.Equal(t, []exchange.Tally{{New: n}, {New: n}, {New: n}}, []exchange.Tally{done.Parties, done.Entries, done.Allocations})
		open, err := h.books.OpenItems(h.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Empty(t, open.Items)
		again, err := h.ex.Import(h.ctx, in(""))
		require.NoError(t, err)
		require.Equal(t, []exchange.Tally{{There: n}, {There: n}, {There: n}}, []exchange.Tally{again.Parties, again.Entries, again.Allocations})
	})
}

// TestRaceImports: of two that bring the same file at once each succeeds or is told that the other has just done it; what came in came in
// once.
func TestRaceImports(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var wait sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wait.Go(func() { _, errs[i] = h.ex.Import(h.ctx, opening.in()) })
		}
		wait.Wait()
		for _, err := range errs {
			if err != nil {
				require.Equal(t, fault.Conflict, fault.KindOf(err), "%v", err)
			}
		}
		done, err := h.ex.Import(h.ctx, opening.in())
		require.NoError(t, err)
		require.Equal(t, exchange.Tally{There: 4}, done.Entries)
		require.Equal(t, int64(59_500), done.TrialBalance.Debit.Minor)
	})
}

func TestReadChart(t *testing.T) {
	var all strings.Builder
	all.WriteString("code,name,type,role\n")
	for _, a := range accounting.ChartFrance.Accounts() {
		if a.Role != accounting.RoleStock && a.Role != accounting.RoleFees {
			fmt.Fprintf(&all, "%s,\"%s\",%s,%s\n", a.Code, a.Name, a.Type, a.Role)
		}
	}
	_, err := exchange.ReadChart(strings.NewReader(all.String()))
	require.Equal(t, []string{"chart:0:role accounting.roles_missing"}, problems(t, err))
	require.ErrorContains(t, err, "fees (expense), stock (asset)")
	_, err = exchange.ReadChart(strings.NewReader(all.String() + "900,Stock,asset,stock\n901,Fees,expense,fees\n902,Bank,asset,bank\n"))
	require.Equal(t, []string{"chart:" + fmt.Sprint(strings.Count(all.String(), "\n")+3) + ":role exchange.repeated"}, problems(t, err))
	chart, err := exchange.ReadChart(strings.NewReader(all.String() + "900,Stock,asset,stock\n901,Fees,expense,fees\n"))
	require.NoError(t, err)
	require.Len(t, chart, len(accounting.ChartFrance.Accounts()))
	_, err = exchange.ReadChart(strings.NewReader("code,name\n"))
	require.ErrorIs(t, err, exchange.ErrRejected)
	var long strings.Builder
	long.WriteString(all.String() + "900,Stock,asset,stock\n901,Fees,expense,fees\n")
	for i := range accounting.MaxAccounts {
		fmt.Fprintf(&long, "X%d,More,asset,\n", i)
	}
	_, err = exchange.ReadChart(strings.NewReader(long.String()))
	require.Equal(t, []string{"chart:0: exchange.too_large"}, problems(t, err))
}
