package bank

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPostingGolden shows an auditor every kind of entry that this package makes.
func TestPostingGolden(t *testing.T) {
	gbp := func(minor int64) money.Amount { return money.Of(minor, "GBP") }
	charge := func(parts ...chargePart) accounting.NewEntry {
		return chargeEntry(&chargeFact{Date: date.Of(2026, 1, 31), Ledger: uuid.MustParse("01900000-0000-7000-8000-000000000001"), Parts: parts,
			Memo: "statement ST-1, line 2"})
	}
	fees, interest, clearing := accounting.ByRole(accounting.RoleFees), accounting.ByCode("4900"), accounting.ByRole(accounting.RoleCardClearing)
	for name, e := range map[string]accounting.NewEntry{
		"fee":                  charge(chargePart{fees, gbp(-350)}),
		"interest_received":    charge(chargePart{interest, gbp(12)}),
		"card_takings_and_fee": charge(chargePart{clearing, gbp(10_000)}, chargePart{fees, gbp(-175)}),
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s %s\n", e.Date, e.Journal, e.Memo)
			for _, l := range e.Lines {
				fmt.Fprintf(&b, "%-42s %12s %12s\n", l.Account, shown(l.Debit), shown(l.Credit))
			}
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o750))
				require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), b.String())
		})
	}
}

func shown(a money.Amount) string {
	if a.Minor == 0 {
		return ""
	}
	return a.String()
}
