package bank

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

func TestNamesStandInAnyOrder(t *testing.T) {
	for text, want := range map[string]bool{
		"Renate Richter": true, "Richter, Renate": true, "RICHTER RENATE rent": true, "Renate Maria Richter": false, "Richter": false, "Renate and Richter": false,
	} {
		require.Equal(t, want, named(" "+folded(text)+" ", folded("Renate Richter")), text)
	}
	require.True(t, named(" LAMPS LTD ", "LAMPS"))
}

// Statements of one day follow one another as their balances say where they have no numbers, in whichever order they came.
func TestStatementsWithoutNumbersAreLinkedByBalances(t *testing.T) {
	account, on := uuid.New(), date.Must("2014-12-31")
	of := func(day date.Date, no, opening, closing int64) Statement {
		return Statement{Row: tenancy.Row{ID: uuid.New()}, BankAccountID: account, ClosingOn: day, SequenceNo: no, Opening: money.Of(opening, "EUR"), Closing: money.Of(closing, "EUR")}
	}
	before := of(on.AddDays(-1), 0, 100, 1815)
	for name, c := range map[string]struct {
		all  []Statement
		want int
	}{
		"one has a number":   {[]Statement{of(on, 253, 1815, 2700), of(on, 0, 2700, 2000), before}, 0},
		"none has":           {[]Statement{of(on, 0, 2700, 2000), of(on, 0, 1815, 2700)}, 0},
		"three of a day":     {[]Statement{of(on, 0, 3, 4), of(on, 0, 2, 3), of(on, 0, 1, 2)}, 0},
		"numbers are held":   {[]Statement{of(on, 2, 1815, 2700), of(on, 1, 2700, 2000), before}, 2},
		"one is missing":     {[]Statement{of(on, 0, 1900, 2000), before}, 1},
		"they do not follow": {[]Statement{of(on, 0, 10, 20), of(on, 0, 30, 40)}, 1},
	} {
		chain(c.all)
		require.Len(t, breaks(c.all), c.want, name)
	}
}
