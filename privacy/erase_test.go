package privacy_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func erasure(p *practice, reference string) privacy.Erasure {
	return privacy.Erasure{PersonID: p.ada.ID, Reference: reference, Reason: "asked by Ada Canary-Byron on 3 March, Art. 17(1)(b)"}
}

// everything is the tenant's data as text, as somebody would search it.
func everything(t *testing.T, s *privacy.Service, ctx context.Context) string {
	t.Helper()
	archive, _ := export(t, s, ctx)
	var out []string
	for name, data := range files(t, archive) {
		out = append(out, name+"\n"+string(data))
	}
	return strings.ToLower(strings.Join(out, "\n"))
}

var canaries = []string{"canary", "lovelace", "1815-12-10", "ada."}

func TestErase(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		for _, c := range canaries {
			require.Contains(t, everything(t, s, p.ctx), c, "a canary that was never there proves nothing")
		}
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		after := everything(t, s, p.ctx)
		for _, c := range canaries {
			require.NotContains(t, after, c)
		}
		require.False(t, report.Removed)
		var lines []string
		for _, l := range report.Lines {
			lines = append(lines, fmt.Sprintf("%s.%s %s %d", l.Table, l.Column, l.Treatment, l.Rows))
		}
		require.Equal(t, []string{
			"clinic.notices.body redacted 1", "clinic.patients.address deleted 1", "clinic.patients.born deleted 1", "clinic.patients.email deleted 1",
			"clinic.patients.insurer held 1", "clinic.patients.name pseudonymised 1", "clinic.patients.premium deleted 1",
			"clinic.visit_texts.notes deleted 2", "clinic.visit_texts.notes redacted 1", "clinic.visit_texts.payer pseudonymised 2",
		}, lines)
		pseudonym := "erased " + p.ada.ID.String()[24:]
		require.NoError(t, env.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			ada, err := tenancy.Get[Patient](ctx, tx, p.ada.ID)
			require.NoError(t, err)
			require.Equal(t, Patient{Row: ada.Row, Name: pseudonym, Insurer: "Lloyd's", Referrer: p.bob.ID}, *ada)
			bob, err := tenancy.Get[Patient](ctx, tx, p.bob.ID)
			require.NoError(t, err)
			require.Equal(t, p.bob, *bob, "the neighbour in the table keeps all")
			text, err := tenancy.First[VisitText](ctx, tx, tenancy.Eq("visit_id", p.visits[2].ID))
			require.NoError(t, err)
			require.Equal(t, "Bob Finch", text.Payer)
			require.Equal(t, "came with "+pseudonym+", of "+pseudonym, text.Notes)
			n, err := tenancy.Report[int64](ctx, tx, "SELECT COUNT(*) FROM {erasures} AS e WHERE e.state = 'registered'")
			require.NoError(t, err)
			require.Zero(t, n[0], "no door stays open")
			return nil
		}))

		// Once is enough, and the same request is the same erasure.
		again, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.True(t, again.Replayed)
		again.Replayed = false
		require.Equal(t, report, again)
		other := erasure(p, "E-1")
		other.PersonID = p.bob.ID
		_, err = s.Erase(p.ctx, other)
		require.ErrorIs(t, err, privacy.ErrReferenceTaken)
		second, err := s.Erase(p.ctx, erasure(p, "E-2"))
		require.NoError(t, err)
		for _, l := range second.Lines {
			if l.Table != "erp.erasure_requests" {
				require.Equal(t, privacy.Held, l.Treatment, "%+v: there was nothing left to do", l)
			}
		}
	})
}

// What an erased tenant says of the person does not come back with an archive.
func TestAnErasedPersonStaysErasedInAnArchive(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		_, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		archive, m := export(t, s, p.ctx)
		tenant, _, err := take(t, env, s, archive, "")
		require.NoError(t, err)
		ctx := env.Enter(t, tenant.ID, "*")
		d, err := s.Digest(ctx)
		require.NoError(t, err)
		require.Equal(t, m.Root, d.Root)
		for _, c := range canaries {
			require.NotContains(t, everything(t, s, ctx), c)
		}
	})
}

func TestAPersonThatNothingRefersToIsRemoved(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		lone := Patient{Name: "Lone Canary", Address: "x"}
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &lone) }))
		in := privacy.Erasure{PersonID: lone.ID, Reference: "E-9", Reason: "x"}
		report, err := s.Erase(p.ctx, in)
		require.NoError(t, err)
		require.True(t, report.Removed)
		require.Equal(t, privacy.Deleted, report.Lines[0].Treatment)
		require.NotContains(t, everything(t, s, p.ctx), "lone canary")
		again, err := s.Erase(p.ctx, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		in.Reference = "E-10"
		_, err = s.Erase(p.ctx, in)
		require.ErrorIs(t, err, fault.NotFound)
	})
}

func TestEraseRefuses(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p, q := openPractice(t, env), openPractice(t, env)
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		for name, in := range map[string]privacy.Erasure{
			"nobody": {Reference: "E", Reason: "x"}, "no reference": {PersonID: p.ada.ID, Reason: "x"}, "no reason": {PersonID: p.ada.ID, Reference: "E", Reason: " "},
			"a long reason": {PersonID: p.ada.ID, Reference: "E", Reason: strings.Repeat("x", 501)},
		} {
			_, err := s.Erase(p.ctx, in)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		_, missing := s.Erase(p.ctx, privacy.Erasure{PersonID: tenancy.NewID(), Reference: "E", Reason: "x"})
		_, foreign := s.Erase(p.ctx, privacy.Erasure{PersonID: q.ada.ID, Reference: "E", Reason: "x"})
		require.ErrorIs(t, missing, fault.NotFound)
		require.Equal(t, missing.Error(), foreign.Error())
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: p.visits[0].ID, Reference: "E", Reason: "x"})
		require.ErrorIs(t, err, fault.NotFound, "a visit is no person")
		clerk := env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), "privacy.export")
		_, err = s.Erase(clerk, erasure(p, "E"))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, before.Root, after.Root)
	})
}

// The door for erasing writes personal columns of companions and nothing else.
func TestEraseDoorIsNarrow(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		p := openPractice(t, env)
		act := func(fn func(ctx context.Context, tx *tenancy.Tx) error) error {
			_, err := tenancy.Act(p.ctx, env.DB, "clinic.test", func(ctx context.Context, tx *tenancy.Tx) (any, error) { return nil, fn(ctx, tx) })
			return err
		}
		table := env.DB.Registry().Table
		require.ErrorIs(t, act(func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Erase(ctx, table("clinic.visits"), []any{p.visits[0]}, "units")
		}), tenancy.ErrBadQuery)
		require.ErrorIs(t, act(func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Erase(ctx, table("clinic.patients"), []any{&p.ada}, "referrer_id")
		}), tenancy.ErrBadQuery)
		require.ErrorIs(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Erase(ctx, table("clinic.patients"), []any{&p.ada}, "name")
		}), tenancy.ErrUnrecorded)
		stranger := openPractice(t, env)
		require.ErrorIs(t, act(func(ctx context.Context, tx *tenancy.Tx) error {
			return tx.Erase(ctx, table("clinic.visit_texts"), []any{stranger.texts[0]}, "payer")
		}), tenancy.ErrForeignRow)
	})
}

func TestRaceTwoErasuresOfOnePersonMeet(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		var wg sync.WaitGroup
		reports, errs := make([]privacy.ErasureReport, 4), make([]error, 4)
		for i := range reports {
			wg.Go(func() { reports[i], errs[i] = s.Erase(p.ctx, erasure(p, "E-1")) })
		}
		wg.Wait()
		fresh := 0
		for i, r := range reports {
			require.NoError(t, errs[i])
			if !r.Replayed {
				fresh++
			}
			require.Equal(t, reports[0].ID, r.ID)
		}
		require.Equal(t, 1, fresh)
	})
}

// One canary in every personal column of every model that leads to a person; erased, none is left but where a class keeps it.
func TestACanaryInEveryColumn(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		require.NoError(t, s.CheckPaths(p.ctx))
		corrected, err := s.Correct(p.ctx, privacy.Correction{PersonID: p.ada.ID, Reference: "C-1", Changes: []privacy.Change{{Table: "clinic.patients", RowID: p.ada.ID, Column: "name", To: "Ada Kestrel"}}})
		require.NoError(t, err)
		p.corrected = corrected[0].ID
		planted := 0
		_, err = tenancy.Act(p.ctx, env.DB, "clinic.plant", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			for _, m := range env.DB.Registry().Models {
				for _, c := range m.Columns {
					if !m.Erasable(c) || c.Privacy.Erasure == tenancy.EraseKeep || c.Type != tenancy.Text || m.Subject == "" {
						continue
					}
					row, err := m.Verbs().Find(ctx, tx, planting(m, p)...)
					require.NoError(t, err)
					if m.Table == "erp.erasure_requests" {
						require.Empty(t, row, "nobody has asked for it yet")
						continue
					}
					require.NotEmpty(t, row, m.Table)
					reflect.ValueOf(row[0]).Elem().FieldByIndex(c.Index).SetString("plantedcanary " + m.Name() + " " + c.Name)
					require.NoError(t, tx.Erase(ctx, m, row[:1], c.Name))
					planted++
				}
			}
			return nil, nil
		})
		require.NoError(t, err)
		require.Equal(t, 7, planted)
		require.Contains(t, everything(t, s, p.ctx), "plantedcanary")
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.NotContains(t, everything(t, s, p.ctx), "plantedcanary")
	})
}

// planting finds a row of the model that is about Ada.
func planting(m *tenancy.Model, p *practice) []tenancy.Option {
	ids := map[string]uuid.UUID{"self": p.ada.ID, "visit_id": p.visits[0].ID, "correction_id": p.corrected}
	column := m.Subject
	if column == "self" {
		column = "id"
	}
	return []tenancy.Option{tenancy.Eq(column, ids[m.Subject])}
}
