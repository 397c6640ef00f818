package statement_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/tenancy/date"
)

// shared reads a file of the shared facts (made by others; see data/README.md there).
func shared(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "data", "bank", name))
	require.NoError(t, err, "the shared data lie beside the repository")
	return b
}

func mt940(t testing.TB, name string) []statement.Statement {
	t.Helper()
	out, err := statement.ReadMT940(bytes.NewReader(shared(t, name)))
	require.NoError(t, err)
	return out
}

func camt(t testing.TB, name string) []statement.Statement {
	t.Helper()
	out, err := statement.ReadCAMT053(bytes.NewReader(shared(t, name)))
	require.NoError(t, err)
	return out
}

func difference(t testing.TB, s statement.Statement) string {
	t.Helper()
	d, err := s.Difference()
	require.NoError(t, err)
	return d.Format()
}

// Every real file ends as the table in data/README.md says.
func TestRealMT940(t *testing.T) {
	sepa := mt940(t, "mt940-sepa.sta")
	require.Len(t, sepa, 26)
	for _, s := range sepa {
		require.Equal(t, "0.00 EUR", difference(t, s), s.ID)
		require.Empty(t, s.Notes)
		require.NotEmpty(t, s.Lines)
	}
	reversed := sepa[0].Lines[5]
	require.True(t, reversed.Reversal, "RCR: the reversal of a credit, with the funds code R")
	require.Equal(t, int64(-204_88), reversed.Amount.Minor)
	require.False(t, sepa[0].Lines[6].Reversal, "DR: a debit with the funds code R")

	abn := mt940(t, "mt940-abnamro.sta")
	require.Len(t, abn, 2)
	require.Equal(t, "-2038.00 EUR", difference(t, abn[0]))
	require.Equal(t, "-1002.60 EUR", difference(t, abn[1]))
	require.NotEqual(t, abn[0].Closing.Amount, abn[1].Opening.Amount)
	require.True(t, abn[1].Opening.Intermediate)
	require.Equal(t, "19322", abn[1].Sequence)
	require.Equal(t, int64(1), abn[1].Page)

	ing := mt940(t, "mt940-ing.sta")
	require.Len(t, ing, 1)
	require.Equal(t, "49.06 EUR", difference(t, ing[0]))
	require.Equal(t, int64(4), ing[0].Stated.Debits)
	require.Len(t, ing[0].Lines, 7)
	debits := 0
	for _, l := range ing[0].Lines {
		if l.Amount.Minor < 0 {
			debits++
		}
	}
	require.Equal(t, 5, debits)
	require.Equal(t, statement.CountDiffers, ing[0].Notes[0].Code)
	require.Contains(t, ing[0].Notes[0].Text, "4 debits and has 5")

	february := mt940(t, "mt940-february-30.sta")
	require.Len(t, february, 1)
	require.Equal(t, "0.00 EUR", difference(t, february[0]))
	l := february[0].Lines[0]
	require.True(t, l.ValueOn.IsZero())
	require.Equal(t, "2016-02-30", l.ValueStated)
	require.Equal(t, date.Of(2016, 3, 1), l.BookedOn)
	require.Equal(t, statement.NoSuchDay, february[0].Notes[0].Code)
}

func TestRealCAMT053(t *testing.T) {
	multi := camt(t, "camt053.v2.multi.statement.xml")
	require.Len(t, multi, 2)
	for _, s := range multi {
		require.Equal(t, "0.00 EUR", difference(t, s))
	}
	require.Equal(t, "000000002", multi[1].Lines[0].Reference)
	require.Equal(t, "Company Name 2", multi[1].Lines[0].Party)

	ids := map[string]bool{multi[0].ID: true}
	for _, name := range []string{"camt053.v2.minimal.xml", "camt053.v4.xml"} {
		all := camt(t, name)
		require.Len(t, all, 1)
		s := all[0]
		ids[s.ID] = true
		require.Equal(t, "18.15 EUR", s.Opening.Amount.Format())
		require.Equal(t, "-27.00 SEK", s.Closing.Amount.Format())
		_, err := s.Difference()
		require.ErrorIs(t, err, statement.ErrMixedCurrencies)
		require.Equal(t, "NL26VAYB8060476890", s.Account)
	}
	require.Len(t, ids, 1, "all three carry one id")
	require.Equal(t, int64(2), camt(t, "camt053.v4.xml")[0].Page)
}
