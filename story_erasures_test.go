package erp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
)

// tradeErasures leaves rows in the tables of erasures: a court has asked for everything as it is, when somebody whom a stock document names asks to be forgotten.
func (s *shop) tradeErasures(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-10", Name: "Opening Stock", Customer: true}})
	require.NoError(t, err)
	// Later, by the suite's own rules, her row is held by the court alone.
	_, err = s.suite.Retention.PlaceHold(s.ctx, retention.NewLegalHold{Reference: "COURT-1", Ground: retention.ForClaim, Reason: "a case is pending", Table: "erp.parties", Row: parties[0].ID})
	require.NoError(t, err)
	court := privacy.New(s.suite.Tenancy, privacy.Options{Holds: func(_ context.Context, _ *tenancy.Tx, _ *tenancy.Model, rows []any) ([]privacy.Hold, error) {
		out := make([]privacy.Hold, len(rows))
		for i := range out {
			out[i] = privacy.Hold{Rule: "COURT-1", Source: "GDPR Art. 17(3)(e)", Why: "a case is pending"}
		}
		return out, nil
	}})
	report, err := court.Erase(s.ctx, privacy.Erasure{PersonID: parties[0].ID, Reference: "FORGET-10", Reason: "asked, Art. 17(1)(b)"})
	require.NoError(t, err)
	for _, l := range report.Lines {
		require.Equal(t, privacy.Held, l.Treatment, "%+v", l)
	}
}
