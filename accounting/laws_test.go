package accounting_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/bookstest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// history is a random history of a shop, and the laws that it must keep.
type history struct {
	*bookstest.History
	*shop
	owner *sql.DB // past the library
}

// partyOn is what a party has on a control account.
type partyOn struct {
	party   uuid.UUID
	account accounting.Role
}

func TestLaws(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				s := newShop(t, env)
				h := &history{shop: s, History: bookstest.New(s.ctx, rt, s.books, s.ann, s.ben), owner: env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())}
				defer func() { _ = h.owner.Close() }()
				h.Walk(1, 12, append(h.Acts(), h.refuseOne, h.replayOne))
				h.hold()
			})
		})
	}
}

// refuseOne tries an act that must be refused, and finds every table as it was.
func (h *history) refuseOne() {
	before := h.print()
	unbalanced := transfer("", "2010-12-01", 5)
	unbalanced.Lines[1].Credit = gbp(6)
	_, err := h.books.Post(h.ctx, []accounting.NewEntry{transfer("", "2010-12-01", 5), unbalanced})
	require.ErrorIs(h.T, err, accounting.ErrUnbalanced)
	_, err = h.books.Issue(h.ctx, []accounting.NewInvoice{invoice("", h.ann.ID, "2010-12-31", "1"), invoice("", h.ann.ID, "2010-10-01", "1")})
	require.ErrorIs(h.T, err, accounting.ErrBackdated)
	_, err = h.books.Pay(h.ctx, []accounting.NewPayment{received("", h.ann.ID, "2010-12-01", 5), received("", h.ann.ID, "2010-12-01", 5, part(uuid.New(), 5))})
	require.ErrorIs(h.T, err, accounting.ErrUnknownItem)
	stop := errors.New("the caller changed its mind")
	err = h.env.DB.Tx(h.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		if _, err := h.books.Post(ctx, []accounting.NewEntry{transfer("", "2010-12-01", 5)}); err != nil {
			return err
		}
		return stop
	})
	require.ErrorIs(h.T, err, stop)
	require.Equal(h.T, before, h.print())
}

// replayOne repeats an act and finds nothing changed; the same reference with other content is refused.
func (h *history) replayOne() {
	in := transfer(h.Reference(), "2010-12-01", h.Minor())
	e := h.post(in)[0]
	h.Manual[e.ID] = e.EntryDate
	h.Book(in.Date, in.Lines)
	before := h.print()
	require.True(h.T, h.post(in)[0].Replayed)
	in.Lines[0].Debit.Minor++
	in.Lines[1].Credit.Minor++
	_, err := h.books.Post(h.ctx, []accounting.NewEntry{in})
	require.ErrorIs(h.T, err, fault.Conflict)
	require.Equal(h.T, before, h.print())
}

// print is a hash of all of the tenant's rows in every table.
func (h *history) print() string {
	tenant := tenancy.ScopeOf(h.ctx).TenantID()
	sum := sha256.New()
	for _, m := range h.env.DB.Registry().Models {
		var keys []string
		for _, k := range m.Keys {
			keys = append(keys, k.Name)
		}
		h.printTable(sum, m.Table, "SELECT * FROM "+m.Table+" WHERE tenant_id = '"+tenant.String()+"' ORDER BY "+strings.Join(keys, ", "))
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

func (h *history) printTable(w io.Writer, table, query string) {
	rows, err := h.owner.Query(h.env.SQL(query))
	require.NoError(h.t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(h.t, err)
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		require.NoError(h.t, rows.Scan(targets...))
		_, _ = fmt.Fprintln(w, table, values)
	}
	require.NoError(h.t, rows.Err())
}

// hold checks the laws.
func (h *history) hold() {
	checks, err := h.books.Verify(h.ctx)
	require.NoError(h.T, err)
	for _, c := range checks {
		require.True(h.T, c.OK, "%s: %s", c.Name, c.Detail)
	}
	for _, on := range []date.Date{h.Date(), h.Date(), day("2011-12-31")} {
		want := map[accounting.Role]int64{}
		parties := map[partyOn]int64{}
		for _, m := range h.Ledger {
			if !m.On.After(on) {
				want[m.Account] += m.Minor
				if m.Account == accounting.RoleReceivable || m.Account == accounting.RolePayable {
					parties[partyOn{m.Party, m.Account}] += m.Minor
				}
			}
		}
		tb, err := h.books.TrialBalance(h.ctx, on)
		require.NoError(h.T, err)
		require.Equal(h.T, tb.Debit, tb.Credit, "debits equal credits")
		for _, l := range tb.Lines {
			require.Equal(h.T, want[l.Role], l.Debit.Minor-l.Credit.Minor, "the balance of %s on %s is the replay", l.Name, on)
		}
		open, err := h.books.OpenItems(h.ctx, on)
		require.NoError(h.T, err)
		require.Equal(h.T, want[accounting.RoleReceivable], open.Receivables.Minor, "open items equal the control account on %s", on)
		require.Equal(h.T, want[accounting.RolePayable], open.Payables.Minor, "open items equal the control account on %s", on)
		byParty := map[partyOn]int64{}
		for _, o := range open.Items {
			require.LessOrEqual(h.T, abs(o.OpenMinor), abs(o.Original.Minor))
			byParty[partyOn{o.PartyID, h.Control(o)}] += o.OpenMinor
		}
		bs, err := h.books.BalanceSheet(h.ctx, on)
		require.NoError(h.T, err)
		require.Equal(h.T, bs.TotalAssets.Minor, bs.TotalLiabilities.Minor+bs.TotalEquity.Minor)
		inCredit := 0
		for id, minor := range parties {
			require.Equal(h.T, minor, byParty[id])
			if minor < 0 && id.account == accounting.RoleReceivable {
				inCredit++
			}
		}
		require.Equal(h.T, inCredit, bs.CustomersInCredit)
	}
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
