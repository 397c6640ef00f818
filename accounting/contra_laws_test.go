package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// contraHistory is a party that buys and sells in two currencies, some of it with tax that waits for payment.
type contraHistory struct {
	*shop
	rt            *rapid.T
	on            date.Date
	claims, debts []uuid.UUID
	currency      map[uuid.UUID]money.Currency
	left          map[uuid.UUID]int64 // of each document, claims above zero
	made          []accounting.Allocation
	pairs         map[uuid.UUID][2]uuid.UUID // by allocation, what it is of
}

func (h *contraHistory) draw(name string, n int) int { return rapid.IntRange(0, n-1).Draw(h.rt, name) }

// document issues an invoice or records a bill.
func (h *contraHistory) document() {
	cur := rapid.SampledFrom([]money.Currency{"GBP", "USD"}).Draw(h.rt, "currency")
	net := money.Of(int64(1+h.draw("net", 20_000)), cur)
	code := rapid.SampledFrom([]string{"", "C20"}).Draw(h.rt, "code")
	if h.draw("side", 2) == 0 {
		in := invoice("", h.ann.ID, h.on.String(), net.Decimal().String())
		in.Currency, in.Lines[0].TaxCode = cur, code
		v := h.issue(in)[0]
		h.claims, h.currency[v.ID], h.left[v.ID] = append(h.claims, v.ID), cur, v.Payable.Minor
		return
	}
	in := bought(h.ann.ID, h.on.String(), net)
	in.Lines[0].TaxCode = code
	b := h.bill(in)[0]
	h.debts, h.currency[b.ID], h.left[b.ID] = append(h.debts, b.ID), cur, -b.Payable.Minor
}

// contra sets two documents off, or is refused where they cannot be.
func (h *contraHistory) contra() {
	if len(h.claims) == 0 || len(h.debts) == 0 {
		return
	}
	claim, debt := rapid.SampledFrom(h.claims).Draw(h.rt, "claim"), rapid.SampledFrom(h.debts).Draw(h.rt, "debt")
	most := min(h.left[claim], -h.left[debt])
	amount := money.Of(int64(1+h.draw("amount", int(most)+2)), h.currency[claim])
	if h.draw("all", 2) == 0 && most > 0 {
		amount.Minor = most
	}
	out, err := h.books.Contra(h.ctx, []accounting.NewContra{nets(claim, debt, h.on.String(), amount)})
	switch {
	case h.currency[claim] != h.currency[debt]:
		require.ErrorIs(h.rt, err, accounting.ErrMismatch)
	case amount.Minor > most:
		require.ErrorIs(h.rt, err, accounting.ErrOverAllocated)
	default:
		require.NoError(h.rt, err)
		h.left[claim], h.left[debt] = h.left[claim]-amount.Minor, h.left[debt]+amount.Minor
		h.made, h.pairs[out[0].ID] = append(h.made, out[0]), [2]uuid.UUID{claim, debt}
	}
}

// undo takes a contra back, from either side.
func (h *contraHistory) undo(i int) {
	a := h.made[i]
	h.made = append(h.made[:i:i], h.made[i+1:]...)
	of, id := h.pairs[a.ID], a.ID
	if h.draw("from the payable", 2) == 1 {
		all, err := h.books.Allocations(h.ctx, of[1])
		require.NoError(h.rt, err)
		for _, other := range all {
			if other.WithID == a.ID {
				id = other.ID
			}
		}
		require.NotEqual(h.rt, a.ID, id)
	}
	_, err := h.books.Unallocate(h.ctx, []accounting.Unallocation{{AllocationID: id, Date: h.on, Reason: "contested"}})
	require.NoError(h.rt, err)
	h.left[of[0]], h.left[of[1]] = h.left[of[0]]+a.Amount.Minor, h.left[of[1]]-a.Amount.Minor
}

// holds compares the books with what the history says.
func (h *contraHistory) holds() {
	want := map[uuid.UUID]int64{}
	for id, minor := range h.left {
		if minor != 0 {
			want[id] = minor
		}
	}
	require.Equal(h.rt, want, h.open("2010-12-31"))
	require.Zero(h.rt, h.balance(accounting.RoleBank), "no money moved")
	h.sound()
}

// TestLawContras: in whatever order claims and debts are set off and taken back, each document is open by what is not set off; what was
// taken back altogether has left nothing, in tax, in gains and losses and on the control accounts.
func TestLawContras(t *testing.T) {
	tenancytest.Each(t, modules, func(t *testing.T, env *tenancytest.Env) {
		laws.Check(t, 6, func(rt *rapid.T) {
			h := &contraHistory{shop: newShop(t, env), rt: rt, on: day("2010-12-01"), currency: map[uuid.UUID]money.Currency{}, left: map[uuid.UUID]int64{}, pairs: map[uuid.UUID][2]uuid.UUID{}}
			h.taxes(c20)
			for i, rate := range []string{"0.6413", "0.5", "0.7001", "0.65"} {
				h.rate(h.on.AddDays(3*i).String(), rate)
			}
			for range 3 + h.draw("acts", 12) {
				switch h.draw("act", 6) {
				case 0, 1:
					h.document()
				case 2, 3, 4:
					h.contra()
				default:
					if len(h.made) > 0 {
						h.undo(h.draw("of", len(h.made)))
					}
				}
				h.on = h.on.AddDays(h.draw("days", 2))
			}
			h.holds()
			for len(h.made) > 0 {
				h.undo(len(h.made) - 1)
			}
			h.holds()
			require.Zero(rt, h.balance(accounting.RoleExchangeGain)+h.balance(accounting.RoleExchangeLoss))
			for box, minor := range h.boxes() {
				require.Zero(rt, minor, "box %s: tax waits again", box)
			}
		})
	})
}
