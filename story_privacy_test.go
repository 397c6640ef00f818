package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy"
)

// tradePrivacy leaves rows in the tables of privacy: somebody who never bought anything asks to be forgotten.
func (s *shop) tradePrivacy(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-9", Name: "Window Shopper", Customer: true}})
	require.NoError(t, err)
	report, err := s.suite.Privacy.EraseParty(s.ctx, privacy.Erasure{PartyID: parties[0].ID, Reference: "FORGET-1", Reason: "asked, Art. 17(1)(b)"})
	require.NoError(t, err)
	require.True(t, report.Removed, "nothing refers to them")
}
