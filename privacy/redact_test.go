package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// address is a record that is about nobody and has to say whom it names: the controller's own statement, whose words are of class keep.
func address(t *testing.T, env *tenancytest.Env, s *privacy.Service, ctx context.Context, name string) uuid.UUID {
	t.Helper()
	_, err := s.SetController(ctx, privacy.Controller{Name: name, Contact: "12 Canary Row, London", Jurisdiction: "GB"})
	require.NoError(t, err)
	tenant := tenancy.ScopeOf(ctx).TenantID()
	var id string
	require.NoError(t, env.Owner(t, tenant).QueryRow(env.SQL("SELECT id FROM erp.controllers WHERE tenant_id = '"+tenant.String()+"' ORDER BY id DESC LIMIT 1")).Scan(&id))
	return uuid.MustParse(id)
}

const controllerTexts = "erp.controller_texts"

func redaction(row uuid.UUID, reference string) privacy.Redaction {
	return privacy.Redaction{Table: controllerTexts, RowID: row, Reference: reference, Reason: "the practice has another owner, and nobody is told of her any more"}
}

// An erasure leaves a name that a record about nobody has to have, and says that it is there; an act of its own takes it out, once, and nothing else.
func TestARecordIsRedacted(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		id := address(t, env, s, p.ctx, "Ada Canary-Byron")
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		var named []string
		for _, l := range report.Lines {
			if l.Treatment == privacy.Named {
				named = append(named, fmt.Sprintf("%s.%s %d", l.Table, l.Column, l.Rows))
			}
		}
		require.Equal(t, []string{controllerTexts + ".contact 1", controllerTexts + ".name 1"}, named)
		require.Contains(t, everything(t, s, p.ctx), "ada canary-byron")
		pending, err := s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		for _, e := range pending {
			for _, l := range e.Held {
				require.NotEqual(t, controllerTexts, l.Table, "what is named holds nothing")
			}
		}

		for name, bad := range map[string]privacy.Redaction{
			"no row": redaction(uuid.Nil, "X"), "no reference": redaction(id, ""), "no reason": {Table: controllerTexts, RowID: id, Reference: "X"}, "no table": {Table: "erp.nothing", RowID: id, Reference: "X", Reason: "x"},
			"a person": {Table: "clinic.patients", RowID: p.bob.ID, Reference: "X", Reason: "x"},
		} {
			_, err := s.Redact(p.ctx, bad)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		_, err = s.Redact(p.ctx, redaction(tenancy.NewID(), "X"))
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = s.Redact(p.ctx, redaction(id, "E-1"))
		require.ErrorIs(t, err, privacy.ErrReferenceTaken)
		_, err = s.Redact(env.Tenant(t), redaction(id, "X"))
		require.ErrorIs(t, err, tenancy.ErrNotFound, "a neighbour's")
		_, err = s.Redact(env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), privacy.PermFind), redaction(id, "X"))
		require.ErrorIs(t, err, tenancy.ErrForbidden)

		done, err := s.Redact(p.ctx, redaction(id, "D-1"))
		require.NoError(t, err)
		require.Len(t, done.Lines, 2)
		again, err := s.Redact(p.ctx, redaction(id, "D-1"))
		require.NoError(t, err)
		require.True(t, again.Replayed)
		again.Replayed = false
		require.Equal(t, done, again)
		_, err = s.Redact(p.ctx, redaction(id, "D-2"))
		require.ErrorIs(t, err, privacy.ErrNothingToRedact)
		all, err := s.Controllers(p.ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"erased " + id.String()[24:], "", "GB"}, []string{all[0].Name, all[0].Contact, all[0].Jurisdiction})
		after := everything(t, s, p.ctx)
		require.NotContains(t, strings.ReplaceAll(after, "12 canary row", ""), "ada canary-byron")
	})
}

// What a rule or a legal hold keeps is not redacted; of a record about somebody only what is of class keep is.
func TestWhatIsHeldIsNotRedacted(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: modules()}, func(t *testing.T, env *tenancytest.Env) {
		var by privacy.Hold
		s := privacy.New(env.DB, privacy.Options{Holds: func(_ context.Context, _ *tenancy.Tx, _ *tenancy.Model, rows []any) ([]privacy.Hold, error) {
			out := make([]privacy.Hold, len(rows))
			for i := range out {
				out[i] = by
			}
			return out, nil
		}})
		p := openPractice(t, env)
		id := address(t, env, s, p.ctx, "Ada Canary-Byron")
		for _, hold := range []privacy.Hold{{Rule: "x.books", Until: date.Of(2099, 1, 1)}, {Rule: "legal_hold"}} {
			by = hold
			_, err := s.Redact(p.ctx, redaction(id, "D-1"))
			require.ErrorIs(t, err, privacy.ErrRedactionHeld)
		}
		by = privacy.Hold{}
		_, err := s.Redact(p.ctx, redaction(id, "D-1"))
		require.NoError(t, err)
		_, err = s.Redact(p.ctx, privacy.Redaction{Table: "clinic.visit_texts", RowID: p.texts[0].VisitID, Reference: "D-2", Reason: "x"})
		require.ErrorIs(t, err, privacy.ErrNothingToRedact, "a visit's texts are the patient's: that is an erasure")
		_, err = s.Redact(p.ctx, privacy.Redaction{Table: "clinic.visits", RowID: p.visits[0].ID, Reference: "D-3", Reason: "x"})
		require.ErrorIs(t, err, privacy.ErrNothingToRedact, "visits never change")
	})
}

// Several who redact one record at once redact it once; under one reference all have one report.
func TestRaceRedactions(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		for round := range 3 {
			id := address(t, env, s, p.ctx, fmt.Sprint("Ada Canary-Byron ", round))
			for _, err := range racetest.Together(3, func(int) error {
				return racetest.Insist(func() error { _, err := s.Redact(p.ctx, redaction(id, fmt.Sprint("same-", round))); return err }, tenancy.ErrDuplicate)
			}) {
				require.NoError(t, err)
			}
			id = address(t, env, s, p.ctx, fmt.Sprint("Ada Byron-Canary ", round))
			won := 0
			for _, err := range racetest.Together(3, func(i int) error { _, err := s.Redact(p.ctx, redaction(id, fmt.Sprint("own-", round, i))); return err }) {
				if err == nil {
					won++
				} else if !errors.Is(err, privacy.ErrNothingToRedact) {
					require.NoError(t, err)
				}
			}
			require.Equal(t, 1, won)
		}
	})
}

// What was redacted is redacted again on what is restored from a backup of before it.
func TestARedactionIsDoneAgainAfterARestore(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		tenant := tenancy.ScopeOf(p.ctx).TenantID()
		id := address(t, v.env, v.s, p.ctx, "Ada Canary-Byron")
		b := v.backup(t, p.ctx)
		_, err := v.s.Redact(p.ctx, redaction(id, "D-1"))
		require.NoError(t, err)
		v.lose(t, tenant)
		restored := v.restore(t, b)
		require.Len(t, restored.Erased, 1)
		require.Equal(t, []any{controllerTexts, id}, []any{restored.Erased[0].Table, restored.Erased[0].RowID})
		all, err := v.s.Controllers(v.enter(t, tenant))
		require.NoError(t, err)
		require.Equal(t, "erased "+id.String()[24:], all[0].Name)
	})
}
