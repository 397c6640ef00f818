package bank_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/bank"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/tenancy"
)

// Whatever a statement that adds up says: it is imported as stated, a second time changes nothing, and any changed line is a conflict.
func TestLawOfImports(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			text := rapid.StringMatching(`[A-Za-z0-9 ÄÖé/+-]{0,60}`)
			lines := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) statement.Line {
				l := statement.Line{BookedOn: day("2026-01-01").AddDays(rapid.IntRange(0, 30).Draw(r, "booked")), Reversal: rapid.Bool().Draw(r, "reversal"),
					Amount: gbp(rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(r, "amount")), Code: rapid.SampledFrom([]string{"", "NTRF/166", "PMNT"}).Draw(r, "code"),
					Text: text.Draw(r, "text"), Party: text.Draw(r, "party"), Reference: text.Draw(r, "reference")}
				if rapid.Bool().Draw(r, "valued") {
					l.ValueOn = l.BookedOn.AddDays(rapid.IntRange(-3, 3).Draw(r, "value"))
				}
				return l
			}), 0, 12).Draw(r, "lines")
			st := s.statementOf(fmt.Sprintf("L-%d", n), rapid.Int64Range(-1_000_000, 1_000_000).Draw(r, "opening"), lines...)
			st.Page = int64(rapid.IntRange(0, 3).Draw(r, "page"))
			out := s.importing(st)
			have := out[0].Statement
			require.Equal(r, have.Closing.Minor, have.Opening.Minor+have.Sum.Minor)
			stored, err := s.bank.Lines(s.ctx, have.ID)
			require.NoError(r, err)
			require.Len(r, stored, len(lines))
			for i := range stored {
				require.Equal(r, lines[i].Amount, stored[i].Amount)
				require.Equal(r, lines[i].Text, stored[i].Text.Remittance)
			}
			require.True(r, s.importing(st)[0].Replayed)
			if len(lines) == 0 {
				return
			}
			changed := st
			changed.Lines = slices.Clone(st.Lines)
			l := &changed.Lines[rapid.IntRange(0, len(lines)-1).Draw(r, "which")]
			switch rapid.IntRange(0, 4).Draw(r, "change") {
			case 0:
				l.Amount.Minor++
				changed.Closing.Amount.Minor++
			case 1:
				l.BookedOn = l.BookedOn.AddDays(1)
			case 2:
				l.Code += "X"
			case 3:
				l.Text += "!"
			case 4:
				l.Reversal = !l.Reversal
			}
			_, err = s.bank.Import(s.ctx, bank.NewImport{Statements: []statement.Statement{changed}})
			require.Equal(r, "bank.statement_differs", code(err))
		})
		page, err := s.bank.ListStatements(s.ctx, s.account.ID, tenancy.PageRequest{Limit: 1000})
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, len(page.Items), "no history left more statements than it imported")
		s.sound()
	})
}
