package erp_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// tradeEnding leaves rows in the tables of endings, past the service: only the platform's own tenant has any, and no test sells there.
func (s *shop) tradeEnding(t *testing.T) {
	t.Helper()
	of, at := tenancy.NewID(), time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)
	require.NoError(t, s.suite.Tenancy.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		for _, row := range []struct {
			table  string
			values map[string]any
		}{
			{"erp.ending_notices", map[string]any{"of_tenant": of, "ends_at": at, "kind": "reminder", "day": int64(1), "due_at": at, "try_at": at}},
			{"erp.ending_deliveries", map[string]any{"of_tenant": of, "ends_at": at, "reference": "R-1", "root": "0", "bytes": int64(1), "delivered_at": at, "delivered_to": "user:1", "recorded_by": "user:1"}},
			{"erp.ending_waivers", map[string]any{"of_tenant": of, "ends_at": at, "terms": "1", "text": "x", "digest": "0", "waived_at": at, "waived_by": "user:1"}},
			{"erp.deletions", map[string]any{"of_tenant": of, "ends_at": at, "begun_at": at, "facts": "{}", "certified_at": at, "look_at": at}},
			{"erp.certificate_keys", map[string]any{"key_id": "k", "public_key": "0", "first_used_at": at}},
			{"erp.deletion_certificates", map[string]any{"of_tenant": of, "kind": "deletion", "id": of, "issued_at": at, "key_id": "k", "file": "{}"}},
		} {
			m := s.suite.Tenancy.Registry().Table(row.table)
			r := m.Verbs().New()
			for name, v := range row.values {
				reflect.ValueOf(r).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
			}
			m.Verbs().Put(b, []any{r})
		}
		return b.Run(ctx)
	}))
}
