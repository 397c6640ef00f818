package privacy_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func correction(person uuid.UUID, reference, column, to string) privacy.Correction {
	return privacy.Correction{PersonID: person, Reference: reference, Changes: []privacy.Change{{Table: "clinic.patients", RowID: person, Column: column, To: to}}}
}

// What a document says stays as it was issued, whether anything holds it or not; and nothing that a legal hold is on is corrected.
func TestWhatIsIssuedOrHeldIsNotCorrected(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, _ *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		payer := privacy.Correction{PersonID: p.ada.ID, Reference: "C-1", Changes: []privacy.Change{{Table: "clinic.visit_texts", RowID: p.visits[0].ID, Column: "payer", To: "Somebody Else Ltd"}}}
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		for _, l.visits = range []date.Date{{}, date.Of(2034, 1, 1)} {
			_, err = s.Correct(p.ctx, payer)
			require.ErrorIs(t, err, privacy.ErrNotCorrectable)
			require.ErrorContains(t, err, "credit note")
		}
		l.court = map[uuid.UUID]bool{p.ada.ID: true}
		_, err = s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Eve"))
		require.ErrorIs(t, err, privacy.ErrHeld)
		l.fails = tenancy.ErrBusy.New("test", "")
		_, err = s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Eve"))
		require.ErrorIs(t, err, tenancy.ErrBusy)
		l.fails = nil
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, before.Root, after.Root, "nothing was written")
		l.court = map[uuid.UUID]bool{p.bob.ID: true}
		_, err = s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Eve"))
		require.NoError(t, err, "the hold is on somebody else")
	})
}

// What stands in a column after a correction is what can stand there: the refusal names the table and the column, and nothing is written.
func TestACorrectedValueIsHeldToItsClass(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		for _, c := range []struct{ column, to string }{
			{"name", "Eve\nFrost"}, {"name", "Eve\x00"}, {"name", "Eve\u2028"}, {"name", "Eve\u0085"}, {"name", strings.Repeat("é", 201)}, {"name", "\xff"},
			{"email", "eve@example.org\nBcc: all@example.org"}, {"email", "eve@example.org\r"}, {"email", "@example.org"}, {"email", "eve@"}, {"email", "<eve@example.org>"},
			{"address", "1 High Street\r\nTown"}, {"address", "1 High\tStreet"}, {"address", strings.Repeat("a", 1001)}, {"born", "1815-02-30"}, {"insurer", "a\nb"},
		} {
			_, err := s.Correct(p.ctx, correction(p.ada.ID, "C-1", c.column, c.to))
			require.ErrorIs(t, err, privacy.ErrBadValue, "%s %.20q", c.column, c.to)
			require.ErrorContains(t, err, "clinic.patients."+c.column)
			require.NotContains(t, err.Error(), "Bcc", "the value is nobody's to read in a log")
		}
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, before.Root, after.Root)
		for i, c := range []struct{ column, to string }{{"name", strings.Repeat("é", 200)}, {"email", "eve@example.org"}, {"email", ""}, {"address", "1 High Street\nTown"}, {"address", "c/o The Inn @ the Green, Town"}} {
			_, err := s.Correct(p.ctx, correction(p.ada.ID, fmt.Sprint("D-", i), c.column, c.to))
			require.NoError(t, err, "%s %q", c.column, c.to)
		}
	})
}

// What a row said before it was corrected is held for as long as the row is, and goes with it; the history is no row that is corrected.
func TestAHistoryIsHeldWithItsRow(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, _ *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		l.court = nil
		records, err := s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Ada Kestrel"))
		require.NoError(t, err)
		_, err = s.Correct(p.ctx, correction(p.bob.ID, "C-2", "name", "Bob Wren"))
		require.NoError(t, err)
		_, err = s.Correct(p.ctx, privacy.Correction{PersonID: p.ada.ID, Reference: "C-3", Changes: []privacy.Change{{Table: "erp.correction_texts", RowID: records[0].ID, Column: "old_value", To: "x"}}})
		require.ErrorIs(t, err, privacy.ErrNotCorrectable)

		l.court = map[uuid.UUID]bool{p.ada.ID: true} // after the correction
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: p.bob.ID, Reference: "E-2", Reason: "x"})
		require.NoError(t, err)
		plan, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines)
		require.Contains(t, told(report), "erp.correction_texts.old_value held 1 by COURT-1 until "+date.Date{}.String())
		was := func(person uuid.UUID) string {
			records, err := s.Corrections(p.ctx, person)
			require.NoError(t, err)
			require.Len(t, records, 1)
			return records[0].From
		}
		require.Equal(t, "Ada Canary-Byron", was(p.ada.ID))
		require.Empty(t, was(p.bob.ID))
		pass(t, s, p.ctx)
		l.court = nil
		*now = now.AddDate(0, 0, 1)
		require.Equal(t, 1, pass(t, s, p.ctx))
		require.Empty(t, was(p.ada.ID))
	})
}

// Nobody is made known again by a correction: not while something is held, nor before the job or after it. Who comes back by themselves is known.
func TestNobodyErasedIsCorrected(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		l.visits = date.Of(2034, 1, 1)
		_, err := s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Ada Kestrel"))
		require.NoError(t, err)
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		refused := func(why string) {
			t.Helper()
			_, err := s.Correct(p.ctx, correction(p.ada.ID, "C-2", "email", "again@example.org"))
			require.ErrorIs(t, err, privacy.ErrErased, why)
			_, err = s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Ada Kestrel"))
			require.NoError(t, err, "the same again")
		}
		refused("open")
		pass(t, s, p.ctx)
		refused("held")
		*now = l.visits.Time()
		pass(t, s, p.ctx)
		pending, err := s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		require.Empty(t, pending)
		refused("done")
		require.NotContains(t, everything(t, s, p.ctx), "again@example.org")

		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Update(ctx, tx, &Patient{Row: tenancy.Row{ID: p.ada.ID}, Name: "Ada Returned"}, "name")
		}))
		_, err = s.Correct(p.ctx, correction(p.ada.ID, "C-3", "name", "Ada Came-Back"))
		require.NoError(t, err)
	})
}

// Whose erasure waits is not corrected, on whatever ground they are restricted besides, and though their row stands as it was.
func TestNobodyWhoseErasureWaitsIsCorrected(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		l.court = map[uuid.UUID]bool{p.ada.ID: true}
		_, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		pass(t, s, p.ctx)
		_, err = tenancy.Act(p.ctx, env.DB, "test.restrict", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			return nil, tx.Restrict(ctx, p.ada.ID, tenancy.NeededForClaims, "R-1")
		})
		require.NoError(t, err)
		l.court = nil // and no job has come by
		_, err = s.Correct(p.ctx, correction(p.ada.ID, "C-1", "name", "Eve"))
		require.ErrorIs(t, err, privacy.ErrErased)
	})
}

// Of corrections and an erasure at once, whoever comes first, nobody is known afterwards.
func TestRaceACorrectionAndAnErasure(t *testing.T) {
	held(t, &law{}, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		for range 5 {
			who := Patient{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "Jane", Referrer: p.bob.ID}
			require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				b := tx.Batch()
				tenancy.Put(b, []*Patient{&who})
				tenancy.Put(b, []*Visit{{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: who.ID, Day: date.Of(2026, 3, 4)}})
				return b.Run(ctx)
			}))
			correct := func(reference string) func() error {
				return func() error {
					_, err := s.Correct(p.ctx, correction(who.ID, reference+who.ID.String(), "name", "Jane Again"))
					return err
				}
			}
			errs := racetest.Acts(correct("a"), func() error {
				_, err := s.Erase(p.ctx, privacy.Erasure{PersonID: who.ID, Reference: who.ID.String(), Reason: "asked"})
				return err
			}, correct("b"))
			require.NoError(t, errs[1])
			for _, err := range []error{errs[0], errs[2]} {
				if err != nil { // erased before, or another correction was quicker and left nothing to put right
					require.Contains(t, []fault.Code{"privacy.erased", "privacy.bad_input"}, fault.CodeOf(err))
				}
			}
			require.NotContains(t, everything(t, s, p.ctx), "jane")
		}
	})
}
