package statement_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
)

var update = flag.Bool("update", false, "write the golden files anew")

// germanBank and signs are two profiles as hosts declare them.
var (
	germanBank = statement.Profile{Delimiter: ';', Skip: 1, Dates: "DD.MM.YYYY", Decimal: ',', Grouping: '.', NewestFirst: true, Account: "DE12 5001 0517 0648 4898 90", Currency: "EUR",
		Columns: statement.Columns{Booked: "Buchungstag", Value: "Valuta", Party: "Empfänger", Text: []string{"Verwendungszweck"}, Amount: "Betrag", Balance: "Saldo"}}
	signs = statement.Profile{Dates: "DD/MM/YYYY", DebitMarks: []string{"DR"}, CreditMarks: []string{"CR"}, Account: "12345678", Currency: "GBP", ID: "2026-02",
		Opening: amount(0, "GBP"), Closing: amount(98750, "GBP"),
		Columns: statement.Columns{Booked: "Date", Text: []string{"Description"}, Amount: "Amount", Sign: "CR/DR", Reference: "Reference"}}
)

func amount(minor int64, cur money.Currency) *money.Amount {
	a := money.Of(minor, cur)
	return &a
}

// Files of our own, each with what is read of it.
func TestGolden(t *testing.T) {
	csv := func(p statement.Profile) func(b []byte) ([]statement.Statement, error) {
		return func(b []byte) ([]statement.Statement, error) {
			s, err := statement.ReadCSV(bytes.NewReader(b), p)
			return []statement.Statement{s}, err
		}
	}
	mt := func(b []byte) ([]statement.Statement, error) { return statement.ReadMT940(bytes.NewReader(b)) }
	xml := func(b []byte) ([]statement.Statement, error) { return statement.ReadCAMT053(bytes.NewReader(b)) }
	for name, read := range map[string]func([]byte) ([]statement.Statement, error){
		"dutch.sta": mt, "german.sta": mt, "collected.v2.xml": xml, "party.v8.xml": xml, "german.csv": csv(germanBank), "signs.csv": csv(signs),
	} {
		t.Run(name, func(t *testing.T) {
			in, err := os.ReadFile(filepath.Join("testdata", name))
			require.NoError(t, err)
			out, err := read(in)
			require.NoError(t, err)
			for i := range out {
				d, err := out[i].Difference()
				require.NoError(t, err)
				require.Zero(t, d.Minor, "%s", d.Format())
			}
			text, err := json.MarshalIndent(out, "", "  ")
			require.NoError(t, err)
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(golden, append(text, '\n'), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), string(text)+"\n")
		})
	}
}
