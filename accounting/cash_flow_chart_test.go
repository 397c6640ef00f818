package accounting

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCashFlowsOfCharts: what a template marks is there, once, and is not what its role or type says anyway; and depreciation, which
// moves no money, is where the assets are that it lowers.
func TestCashFlowsOfCharts(t *testing.T) {
	depreciation := map[Chart]string{ChartGeneral: "7400", ChartUK: "7000", ChartUKRetail: "7200", ChartUS: "6900", ChartGermany: "6100", ChartFrance: "681000"}
	for _, chart := range Charts() {
		accounts := map[string]Account{}
		for _, a := range chart.Accounts() {
			accounts[a.Code] = NewAccount{Code: a.Code, Type: a.Type, Role: a.Role}.row()
		}
		seen := map[string]bool{}
		for place, codes := range chartCashFlows[chart] {
			require.True(t, place.Valid())
			for _, code := range codes {
				a, there := accounts[code]
				require.True(t, there, "%s has no account %s", chart, code)
				require.NotEqual(t, place, a.CashFlow, "%s %s stands there anyway", chart, code)
				require.False(t, seen[code], "%s marks %s twice", chart, code)
				seen[code] = true
				a.CashFlow = place
				require.NoError(t, a.checkCashFlow("", ""))
			}
		}
		require.Equal(t, CashFlowInvesting, chart.CashFlow(depreciation[chart]), chart)
	}
	for _, place := range CashFlows() {
		require.Equal(t, place == CashFlowCash, place.Activity() == "")
	}
}
