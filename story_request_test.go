package erp_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

// tradeRequests leaves rows in the tables of requests; a notice and a forwarded part, for which a register of disclosures and a platform are needed, are put there by hand.
func (s *shop) tradeRequests(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-7", Name: "Curious Customer", Customer: true, Email: "curious@example.org"}})
	require.NoError(t, err)
	person := parties[0].ID
	r, err := s.suite.Requests.Receive(s.ctx, request.NewRequest{Reference: "R-1", Kind: request.Objection, Channel: request.Email, ReceivedAt: time.Now().Add(-time.Hour), Jurisdiction: "GB",
		From: request.Requester{Name: "Curious Customer", Email: "curious@example.org"}, Person: person, Ask: "Do not watch me."})
	require.NoError(t, err)
	_, err = s.suite.Requests.Object(s.ctx, request.NewObjection{Act: request.Act{Request: "R-1", Reference: "O-1", Channel: request.Email}, Purposes: []tenancy.Purpose{tenancy.EnsureSecurity}})
	require.NoError(t, err)
	_, err = s.suite.Requests.Correct(s.ctx, request.NewCorrection{Act: request.Act{Request: "R-1", Reference: "C-1", Note: "misspelt"},
		Changes: []privacy.Change{{Table: "erp.parties", RowID: person, Column: "name", To: "Ćurious Customer"}}})
	require.NoError(t, err)
	require.NoError(t, s.suite.Tenancy.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		for table, columns := range map[string]map[string]any{
			"erp.recipient_notices": {"request_id": r.ID, "seq": int64(1), "person_id": person, "act": request.Correct, "recipient_key": "D-1", "recipient": "The Carrier", "known_as": "Curious Customer",
				"state": request.NoticeOpen, "due_from": tx.Now()},
			"erp.request_forwards": {"request_id": r.ID, "to_tenant": tenancy.NewID(), "kind": request.Access, "ask": "what the platform holds", "state": request.ForwardPending, "decided_at": tx.Now()},
		} {
			m := s.suite.Tenancy.Registry().Table(table)
			row := m.Verbs().New()
			for name, v := range columns {
				reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
			}
			m.Verbs().Put(b, []any{row})
		}
		return b.Run(ctx)
	}))
	found, err := s.suite.Accounting.GetParty(s.ctx, person)
	require.NoError(t, err)
	require.Equal(t, accounting.NameKey("Ćurious Customer"), found.NameKey, "what follows from a name follows it")
}
