package einvoice_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
)

// The examples of the EU (EUPL-1.2) lie beside the module and not in it; without them the test fails.
func example(t *testing.T, name string) []byte {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "en16931", "ubl-tc434-"+name+".xml")
	data, err := os.ReadFile(path)
	require.NoError(t, err, "the EN 16931 examples are needed for this test and are not skipped without them; put them at %s", path)
	return data
}

// Each of the six gives its own tax and totals from its stated line net amounts, and comes back from our own file as it was read.
func TestExamplesGiveTheirOwnTotals(t *testing.T) {
	for name, variances := range map[string][]string{
		"example1": {"20: -219.96"}, "example2": {"1: -1273.00"}, "example3": {"1: -800.00", "2: -800.00"},
		"example5": nil, "example7": nil, "creditnote1": nil,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readUBL(example(t, name))
			require.NoError(t, err)
			stated := got.Document

			again := stated
			again.Breakdown, again.Totals = nil, einvoice.Totals{
				Prepaid: stated.Totals.Prepaid, Rounding: stated.Totals.Rounding, TaxInTaxCurrency: stated.Totals.TaxInTaxCurrency,
			}
			for _, g := range stated.Breakdown { // the reasons are stated, the figures are computed
				again.Breakdown = append(again.Breakdown, einvoice.TaxBreakdown{Tax: g.Tax, Reason: g.Reason, ReasonCode: g.ReasonCode})
			}
			require.NoError(t, einvoice.Calculate(&again))
			require.Equal(t, stated.Totals, again.Totals)
			require.ElementsMatch(t, stated.Breakdown, again.Breakdown)

			var listed []string
			for _, v := range einvoice.Variances(stated) {
				require.Empty(t, v.Why)
				listed = append(listed, v.LineID+": "+v.Difference.String())
			}
			require.Equal(t, variances, listed)

			roundTrip(t, stated) // it validates, and nothing in it is not understood
			require.Empty(t, got.NotUnderstood)
		})
	}
}
