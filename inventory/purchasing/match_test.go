package purchasing

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
)

// TestWorthLaws: whatever the order of bills, returns and credits, the open value is the worth of what is there less the worth
// of what is billed, no share is below zero, and nothing is open where as much is billed as is there.
func TestWorthLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &NoteLine{Quantity: money.Quantity(rapid.Int64Range(1, 12).Draw(rt, "quantity")), Value: gbp(rapid.Int64Range(0, 40).Draw(rt, "value"))}
		if rapid.IntRange(0, 9).Draw(rt, "large") == 0 {
			l.Quantity, l.Value = money.Quantity(rapid.Int64Range(1, 1<<62).Draw(rt, "quantity")), gbp(rapid.Int64Range(0, 999_999_999_999_999).Draw(rt, "value"))
		}
		some := func(most money.Quantity, name string) money.Quantity {
			return money.Quantity(rapid.Int64Range(0, max(int64(most), 0)).Draw(rt, name))
		}
		for range rapid.IntRange(1, 12).Draw(rt, "acts") {
			var share money.Amount
			var err error
			switch rapid.IntRange(0, 2).Draw(rt, "act") {
			case 0:
				share, err = l.bill(some(l.gap(), "bill"))
			case 1:
				share, err = l.credit(some(-l.gap(), "credit"))
			default:
				q := some(l.kept(), "return")
				share = sentBack(rt, l, q)
				l.Returned += q
				l.ReturnedMinor += share.Minor
			}
			require.NoError(rt, err)
			require.GreaterOrEqual(rt, share.Minor, int64(0))
			kept, err := l.worth(l.kept())
			require.NoError(rt, err)
			claimed, err := l.worth(l.claimed())
			require.NoError(rt, err)
			require.Equal(rt, kept.Minor-claimed.Minor, l.open())
			if l.gap() == 0 {
				require.Zero(rt, l.open())
			}
			require.LessOrEqual(rt, l.CreditedMinor, l.BilledMinor)
			require.LessOrEqual(rt, l.ReturnedMinor, l.Value.Minor)
		}
	})
}

// sentBack is inventory's share of a return, as it is written there: what so many units' part grows by.
func sentBack(t require.TestingT, l *NoteLine, q money.Quantity) money.Amount {
	before, err := l.Value.MulDiv(int64(l.Returned), int64(l.Quantity), money.HalfUp)
	require.NoError(t, err)
	after, err := l.Value.MulDiv(int64(l.Returned+q), int64(l.Quantity), money.HalfUp)
	require.NoError(t, err)
	return l.minorOf(after.Minor - before.Minor)
}

func (l *NoteLine) minorOf(n int64) money.Amount {
	return money.Amount{Minor: n, Currency: l.Value.Currency}
}
