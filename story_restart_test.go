package erp_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// tradeRestarts leaves a row in the table of restarts of the trail, past the service: no database of these tests was put back.
func (s *shop) tradeRestarts(t *testing.T) {
	t.Helper()
	require.NoError(t, s.suite.Tenancy.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		m := s.suite.Tenancy.Registry().Table("erp.audit_restarts")
		row := m.Verbs().New()
		for name, v := range map[string]any{"id": tenancy.NewID(), "reference": "INC-1", "reason": "put back", "seq": int64(1), "through": int64(2), "stated_by": "tester", "stated_at": tx.Now()} {
			reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
		}
		b := tx.Batch()
		m.Verbs().Put(b, []any{row})
		return b.Run(ctx)
	}))
}
