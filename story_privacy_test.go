package erp_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
)

// tradePrivacy leaves rows in the tables of privacy: somebody who never bought anything asks to be forgotten.
func (s *shop) tradePrivacy(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-9", Name: "Window Shopper", Customer: true}})
	require.NoError(t, err)
	report, err := s.suite.Privacy.Erase(s.ctx, privacy.Erasure{PersonID: parties[0].ID, Reference: "FORGET-1", Reason: "asked, Art. 17(1)(b)"})
	require.NoError(t, err)
	require.True(t, report.Removed, "nothing refers to them")
	_, err = s.suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "The Shop", Contact: "1 High Street", Jurisdiction: "GB"})
	require.NoError(t, err)
	s.vouch(t)
	s.tradeUsage(t)
	s.tradeEnding(t)
}

// vouch leaves an attestation, past the service: only the platform's own tenant has any, and no test sells there.
func (s *shop) vouch(t *testing.T) {
	t.Helper()
	_, err := s.suite.Privacy.Attest(s.ctx, privacy.NewAttestation{Promise: privacy.PromiseTraining, Reference: "T-1", Owner: "the owner", Evidence: "file 1", EvidenceHash: strings.Repeat("0", 64),
		Expires: time.Now().AddDate(0, 1, 0)})
	require.ErrorIs(t, err, privacy.ErrNotPlatform)
	_, err = tenancy.Act(s.ctx, s.suite.Tenancy, "test.vouch", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		id := tenancy.NewID()
		b := tx.Batch()
		for _, of := range []struct {
			table  string
			values map[string]any
		}{
			{"erp.attestations", map[string]any{"id": id, "promise": "training", "seq": int64(1), "reference": "T-1", "made_at": tx.Now(), "made_by": "tester", "expires_at": tx.Now().AddDate(0, 1, 0)}},
			{"erp.attestation_texts", map[string]any{"attestation_id": id, "owner": "the owner", "evidence": "file 1"}},
		} {
			m := s.suite.Tenancy.Registry().Table(of.table)
			row := m.Verbs().New()
			for name, v := range of.values {
				reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
			}
			m.Verbs().Put(b, []any{row})
		}
		return nil, b.Run(ctx)
	})
	require.NoError(t, err)
}
