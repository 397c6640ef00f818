package erp_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// tradeRequests leaves rows in the tables of requests; a notice and a forwarded part, for which a register of disclosures and a platform are needed, are put there by hand.
func (s *shop) tradeRequests(t *testing.T) {
	t.Helper()
	parties, err := s.suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-7", Name: "Curious Customer", Customer: true, Email: "curious@example.org"}})
	require.NoError(t, err)
	person := parties[0].ID
	r, err := s.suite.Requests.Receive(s.ctx, request.NewRequest{Reference: "R-1", Kind: request.Objection, Channel: request.Email, ReceivedAt: s.suite.Tenancy.Now().Add(-time.Hour), Jurisdiction: "GB",
		From: request.Requester{Name: "Curious Customer", Email: "curious@example.org"}, Person: person, Ask: "Do not watch me."})
	require.NoError(t, err)
	_, err = s.suite.Requests.Object(s.ctx, request.NewObjection{Act: request.Act{Request: "R-1", Reference: "O-1", Channel: request.Email}, Purposes: []tenancy.Purpose{tenancy.EnsureSecurity}})
	require.NoError(t, err)
	_, err = s.suite.Requests.Correct(s.ctx, request.NewCorrection{Act: request.Act{Request: "R-1", Reference: "C-1", Note: "misspelt"},
		Changes: []privacy.Change{{Table: "erp.parties", RowID: person, Column: "name", To: "Ćurious Customer"}}})
	require.NoError(t, err)
	require.NoError(t, s.suite.Tenancy.Tx(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		notice := tenancy.NewID()
		of := []struct {
			table   string
			columns map[string]any
		}{
			{"erp.recipient_notices", map[string]any{"request_id": r.ID, "seq": int64(1), "person_id": person, "act": request.Correct, "id": notice, "recipient_key": "D-1", "known_as": "Curious Customer",
				"state": request.NoticeOpen, "due_from": tx.Now()}},
			{"erp.notice_recipients", map[string]any{"notice_id": notice, "name": "The Carrier"}},
			{"erp.request_forwards", map[string]any{"request_id": r.ID, "to_tenant": tenancy.NewID(), "kind": request.Access, "ask": "what the platform holds", "state": request.ForwardReceived, "decided_at": tx.Now(), "received_at": tx.Now()}},
		}
		b := tx.Batch()
		for _, o := range of {
			m := s.suite.Tenancy.Registry().Table(o.table)
			row := m.Verbs().New()
			for name, v := range o.columns {
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

// A tenant's owner hears once a day of each request that is due, by its reference, and the operator where no owner is known.
func TestDueRequestsAreToldOfOnceADay(t *testing.T) {
	for name, c := range map[string]struct {
		owner func(context.Context, uuid.UUID) (string, error)
		to    string
	}{"the owner": {func(context.Context, uuid.UUID) (string, error) { return "owner@example.org", nil }, "To: <owner@example.org>"}, "the operator": {nil, "To: <ops@example.org>"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
			suite, err := erp.Open(t.Context(), sqlite.Engine{Dir: filepath.Join(dir, "db"), Unsynced: true}, erp.Options{Migrate: true, Dir: dir, OwnerAddress: c.owner,
				Clock: func() time.Time { return now }, Operator: "ops@example.org", Ports: erp.Ports{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, suite.Close()) })
			platform, err := suite.Tenancy.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{"*"})
			require.NoError(t, err)
			made, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop", TimeZone: "Europe/Berlin"})
			require.NoError(t, err)
			ctx, err := suite.Tenancy.Enter(t.Context(), made.ID, "user:1", tenancy.Permissions{"*"})
			require.NoError(t, err)
			_, err = suite.Requests.Receive(ctx, request.NewRequest{Reference: "R-17", Kind: request.Access, Channel: request.Letter, ReceivedAt: now, Jurisdiction: "DE", From: request.Requester{Name: "Ada Canary"}})
			require.NoError(t, err)
			letters := func() []string {
				_, err := suite.Tick(t.Context(), now)
				require.NoError(t, err)
				out, err := filepath.Glob(filepath.Join(dir, "files", "outbox", "requests-*.eml"))
				require.NoError(t, err)
				failures, err := suite.JobFailures(platform, 10)
				require.NoError(t, err)
				require.Empty(t, failures)
				return out
			}
			require.Empty(t, letters())
			now = time.Date(2026, 3, 25, 12, 0, 0, 0, time.UTC)
			require.Len(t, letters(), 1)
			now = now.Add(2 * time.Hour)
			require.Len(t, letters(), 1, "once a day")
			now = now.Add(22 * time.Hour)
			require.Len(t, letters(), 2)
			text, err := os.ReadFile(letters()[0])
			require.NoError(t, err)
			require.Contains(t, string(text), c.to)
			require.Contains(t, string(text), "R-17 (access): due on 2026-04-01")
			require.NotContains(t, string(text), "Canary")
		})
	}
}
