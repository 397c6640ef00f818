package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/pos"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// What a till sold must reach the books: a period is not locked for good while it is on its way.
func TestAPeriodIsNotLockedOverAnOpenTill(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		registers, err := suite.POS.CreateRegisters(s.ctx, []pos.NewRegister{{Code: "T1", Name: "Front"}})
		require.NoError(t, err)
		session, err := suite.POS.OpenSession(s.ctx, pos.NewSession{RegisterID: registers[0].ID, Float: money.Of(0, "GBP"), Date: day(20), Reference: "DAY"})
		require.NoError(t, err)
		_, err = suite.POS.Sell(s.ctx, []pos.NewTicket{{SessionID: session.ID, Reference: "T-1", Lines: []pos.NewLine{{ProductID: s.tea, Quantity: pieces(2), UnitPrice: price("5")}},
			Payments: []pos.NewPayment{{Method: pos.Cash, Amount: money.Of(1000, "GBP")}}}})
		require.NoError(t, err)
		periods, err := suite.Accounting.Periods(s.ctx)
		require.NoError(t, err)
		lock := func(i int) error {
			_, err := suite.Accounting.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[i].ID, State: accounting.PeriodLocked})
			return err
		}
		require.ErrorIs(t, lock(0), fault.Conflict, "by the goods that moved, and by the till itself")
		require.ErrorIs(t, lock(1), fault.Conflict, "a lock holds for all that is before")
		_, err = suite.POS.CloseSession(s.ctx, pos.Close{SessionID: session.ID, Counted: money.Of(1000, "GBP")})
		require.NoError(t, err)
		require.NoError(t, lock(1))
		s.verify(t)
	})
}
