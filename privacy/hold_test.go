package privacy_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// law is what holds rows in these tests: records of visits are kept until a day, and rows that a court asked for without an end.
type law struct {
	visits date.Date // zero: no rule knows them
	court  map[uuid.UUID]bool
	asked  atomic.Int64
	fails  error
	broken uuid.UUID // of this patient nothing can be said
	short  bool
}

func (l *law) holds(_ context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any) ([]privacy.Hold, error) {
	l.asked.Add(1)
	if l.short {
		return nil, l.fails
	}
	out := make([]privacy.Hold, len(rows))
	for i, row := range rows {
		var id uuid.UUID
		switch row := row.(type) {
		case *Patient:
			if id = row.ID; id == l.broken {
				return nil, tenancy.ErrBusy.New("test", "")
			}
		case *Notice:
			id = row.ID
		case *VisitText:
			id = row.VisitID
			if l.visits.After(tx.Today()) {
				out[i] = privacy.Hold{Rule: "DE voucher", Source: "AO section 147(3)", Until: l.visits, Why: "records of fees are kept for eight years"}
			}
		}
		if l.court[id] {
			out[i] = privacy.Hold{Rule: "COURT-1", Source: "GDPR Art. 17(3)(e)", Why: "a case is pending"}
		}
	}
	return out, l.fails
}

// held opens a practice under a law and a clock.
func held(t *testing.T, l *law, fn func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
			env.CloseAfter(t)
			s := privacy.New(env.DB, privacy.Options{Holds: l.holds})
			fn(t, env, s, openPractice(t, env), &now)
		})
	}
}

func told(report privacy.ErasureReport) []string {
	var out []string
	for _, l := range report.Lines {
		line := fmt.Sprintf("%s.%s %s %d", l.Table, l.Column, l.Treatment, l.Rows)
		if l.Treatment == privacy.Held {
			line += fmt.Sprintf(" by %s until %s", l.Rule, l.Until)
		}
		out = append(out, line)
	}
	return out
}

// pass does what is due of erasures, as the background job does, and says how often it went on.
func pass(t *testing.T, s *privacy.Service, ctx context.Context) (pieces int) {
	t.Helper()
	for {
		more, err := s.FinishErasures(ctx)
		require.NoError(t, err)
		if !more {
			return pieces
		}
		pieces++
		require.Less(t, pieces, 100, "it comes to an end")
	}
}

// What a law holds stays until its day, listed with the law; the rest goes at once; on the day it ends without anybody's doing.
func TestWhatIsHeldIsErasedWhenTheHoldEnds(t *testing.T) {
	end := date.Of(2034, 1, 1)
	l := &law{visits: end}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		plan, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.Equal(t, []string{
			"clinic.notices.body redacted 1", "clinic.patients.address deleted 1", "clinic.patients.born deleted 1", "clinic.patients.email deleted 1",
			"clinic.patients.insurer deleted 1", "clinic.patients.name pseudonymised 1", "clinic.patients.premium deleted 1",
			"clinic.visit_texts.notes deleted 2", "clinic.visit_texts.notes redacted 1", "clinic.visit_texts.payer held 2 by DE voucher until 2034-01-01",
		}, told(report), "notes are apart from the record of a fee; nobody keeps the insurer without a rule")
		require.Equal(t, plan.Lines, report.Lines)
		require.Equal(t, end, report.DueOn)
		require.False(t, report.Complete())
		require.Contains(t, everything(t, s, p.ctx), "lovelace", "the payer stands in the record")
		require.NotContains(t, everything(t, s, p.ctx), "1815-12-10")

		// For nothing else.
		restricted := func() []tenancy.Restriction {
			rows, err := tenancy.View(p.ctx, env.DB, "test.look", func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Restriction, error) {
				return tx.Restricted(ctx, p.ada.ID)
			})
			require.NoError(t, err)
			return rows
		}
		require.Equal(t, tenancy.ErasureHeld, restricted()[0].Ground)
		require.ErrorIs(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, &Visit{PatientID: p.ada.ID, Day: date.Of(2026, 3, 11)})
		}), tenancy.ErrRestricted)

		list := func() []privacy.PendingErasure {
			out, err := s.PendingErasures(p.ctx, 10)
			require.NoError(t, err)
			return out
		}
		require.Equal(t, privacy.ErasureOpen, list()[0].State)
		pass(t, s, p.ctx)
		pending := list()
		require.Len(t, pending, 1)
		require.Equal(t, privacy.PendingErasure{ID: report.ID, PersonID: p.ada.ID, Reference: "E-1", ErasedAt: report.ErasedAt, State: privacy.ErasureHeld, DueOn: end, Held: pending[0].Held}, pending[0])
		require.Equal(t, []privacy.ErasureLine{report.Lines[9]}, pending[0].Held)

		// The day before nothing happens, on the day everything: the tenant's day, which in winter is London's.
		for _, at := range []time.Time{now.AddDate(0, 0, 1), time.Date(2033, 12, 31, 23, 59, 59, 0, time.UTC)} {
			*now = at
			require.Zero(t, pass(t, s, p.ctx))
			require.Contains(t, everything(t, s, p.ctx), "lovelace")
		}
		*now = time.Date(2034, 1, 1, 0, 0, 0, 0, time.UTC)
		require.Equal(t, 1, pass(t, s, p.ctx))
		for _, c := range canaries {
			require.NotContains(t, everything(t, s, p.ctx), c)
		}
		require.Empty(t, list())
		require.Empty(t, restricted())
		require.Zero(t, pass(t, s, p.ctx), "once")

		again, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.True(t, again.Replayed)
		again.Replayed = false
		require.Equal(t, report, again, "what was said of it then")
	})
}

// A legal hold is about the record as it is, has no end that is known, and is asked after every day. What the person was known by is remembered until then, sealed.
func TestALegalHoldHoldsTheRecordAsItIs(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		var notice Notice
		require.NoError(t, env.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			n, err := tenancy.First[Notice](ctx, tx, tenancy.Eq("code", "N-1"))
			notice = *n
			return err
		}))
		l.court = map[uuid.UUID]bool{notice.ID: true, p.visits[0].ID: true}
		plan, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines)
		require.Contains(t, told(report), "clinic.notices.body held 1 by COURT-1 until "+date.Date{}.String())
		require.Contains(t, told(report), "clinic.visit_texts.payer held 1 by COURT-1 until "+date.Date{}.String())
		require.Contains(t, told(report), "clinic.visit_texts.payer pseudonymised 1")
		require.Contains(t, told(report), "clinic.visit_texts.notes held 1 by COURT-1 until "+date.Date{}.String(), "a court asks for what is apart as well")
		require.Equal(t, date.Of(2026, 3, 11), report.DueOn)
		require.Contains(t, everything(t, s, p.ctx), "call ada.canary@example.org")
		pass(t, s, p.ctx)

		*now = now.AddDate(0, 0, 1)
		require.Equal(t, 1, pass(t, s, p.ctx), "asked after")
		require.Contains(t, everything(t, s, p.ctx), "call ada.canary@example.org")

		l.court = nil // lifted
		require.Zero(t, pass(t, s, p.ctx), "asked after today already")
		*now = now.AddDate(0, 0, 1)
		require.Equal(t, 1, pass(t, s, p.ctx))
		after := everything(t, s, p.ctx)
		for _, c := range canaries {
			require.NotContains(t, after, c)
		}
		require.Contains(t, after, "call erased "+p.ada.ID.String()[24:])
	})
}

// A hold on the person's own row keeps it, though nothing refers to it; when it is over the row is gone, and the restriction with it.
func TestAPersonsOwnRowThatIsHeld(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		lone := Patient{Name: "Lone Canary", Address: "x"}
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &lone) }))
		l.court = map[uuid.UUID]bool{lone.ID: true}
		report, err := s.Erase(p.ctx, privacy.Erasure{PersonID: lone.ID, Reference: "E-9", Reason: "x"})
		require.NoError(t, err)
		require.False(t, report.Removed)
		require.Contains(t, everything(t, s, p.ctx), "lone canary")
		pass(t, s, p.ctx)
		l.court = nil
		*now = now.AddDate(0, 0, 1)
		require.Equal(t, 1, pass(t, s, p.ctx))
		require.NotContains(t, everything(t, s, p.ctx), "lone canary")
		require.NoError(t, env.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Get[Patient](ctx, tx, lone.ID)
			require.True(t, tenancy.IsNotFound(err), "nothing refers to it")
			left, err := tx.Restricted(ctx)
			require.Empty(t, left)
			return err
		}))
	})
}

// A restriction that somebody asked for outlives an erasure that leaves nothing, while the row stands.
func TestARestrictionOfItsOwnStays(t *testing.T) {
	held(t, &law{}, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		_, err := tenancy.Act(p.ctx, env.DB, "test.restrict", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			return nil, tx.Restrict(ctx, p.ada.ID, tenancy.NeededForClaims, "R-1")
		})
		require.NoError(t, err)
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.True(t, report.Complete())
		require.NoError(t, env.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			left, err := tx.Restricted(ctx, p.ada.ID)
			require.Equal(t, tenancy.NeededForClaims, left[0].Ground)
			return err
		}))
	})
}

// Whoever says what holds says it of each row, in a constant number of calls, or nothing is erased.
func TestHoldsAreSaidOfEachRow(t *testing.T) {
	l := &law{}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		l.short, l.fails = true, nil
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.ErrorIs(t, err, privacy.ErrHolds)
		l.short, l.fails = false, tenancy.ErrBusy.New("test", "")
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.ErrorIs(t, err, tenancy.ErrBusy)
		_, err = s.PreviewErasure(p.ctx, p.ada.ID)
		require.ErrorIs(t, err, tenancy.ErrBusy)
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, before.Root, after.Root, "nothing was written")

		l.fails = nil
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			for i := range 700 {
				v := &Visit{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: p.ada.ID, Day: date.Of(2026, 3, 4)}
				tenancy.Put(b, []*Visit{v})
				tenancy.Put(b, []*VisitText{{VisitID: v.ID, Payer: fmt.Sprintf("Canary %d", i)}})
			}
			return b.Run(ctx)
		}))
		l.asked.Store(0)
		_, err = s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.Less(t, l.asked.Load(), int64(60), "not once for each row")
		require.NotContains(t, everything(t, s, p.ctx), "canary")
	})
}

// A preview writes nothing and takes nothing but time; who may not erase may not look.
func TestPreviewErasure(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p, q := openPractice(t, env), openPractice(t, env)
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		plan, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, before.Root, after.Root)
		for _, id := range []uuid.UUID{q.ada.ID, p.visits[0].ID} {
			_, err = s.PreviewErasure(p.ctx, id)
			require.True(t, tenancy.IsNotFound(err))
		}
		_, err = s.PreviewErasure(p.ctx, uuid.Nil)
		require.ErrorIs(t, err, privacy.ErrBadInput)
		_, err = s.PreviewErasure(env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), "privacy.find"), p.ada.ID)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines)
		require.Equal(t, plan.DueOn, report.DueOn)
		require.Equal(t, plan.Removed, report.Removed)
		for _, limit := range []int{0, 1001} {
			_, err = s.PendingErasures(p.ctx, limit)
			require.ErrorIs(t, err, privacy.ErrBadInput)
		}
	})
}

// An erasure that cannot go on is passed over and reported, and stays pending; those behind it are done, the files included.
func TestAnErasureThatCannotGoOnStandsInNobodysWay(t *testing.T) {
	l := &law{visits: date.Of(2034, 1, 1)}
	held(t, l, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		_, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: p.bob.ID, Reference: "E-2", Reason: "x"})
		require.NoError(t, err)
		pass(t, s, p.ctx)
		require.Contains(t, everything(t, s, p.ctx), "bob finch")
		*now = l.visits.Time()
		l.broken = p.ada.ID
		more, err := s.FinishErasures(p.ctx)
		require.ErrorIs(t, err, tenancy.ErrBusy)
		require.False(t, more)
		require.NotContains(t, everything(t, s, p.ctx), "bob finch")
		pending, err := s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		require.Len(t, pending, 1, "the other is done")
		require.Equal(t, p.ada.ID, pending[0].PersonID)
		_, err = s.FinishErasures(p.ctx)
		require.ErrorIs(t, err, tenancy.ErrBusy, "it is told of each time")
		l.broken = uuid.Nil
		require.Equal(t, 1, pass(t, s, p.ctx))
		require.NotContains(t, everything(t, s, p.ctx), "lovelace")
	})
}

// Who previews an erasure sees what it makes of others' texts: a name that is a word is taken out wherever the word stands.
func TestAPreviewShowsOthersTexts(t *testing.T) {
	held(t, &law{}, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		post := Patient{Name: "Post"}
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			if err := tenancy.Insert(ctx, tx, &post); err != nil {
				return err
			}
			return tenancy.Insert(ctx, tx, &Notice{Code: "N-3", Body: "brought to the post office, said Mr Posting"})
		}))
		plan, err := s.PreviewErasure(p.ctx, post.ID)
		require.NoError(t, err)
		pseudonym := "erased " + post.ID.String()[24:]
		require.Equal(t, []privacy.NamedText{{Table: "clinic.notices", Column: "body", Text: "brought to the post office, said Mr Posting", Becomes: "brought to the " + pseudonym + " office, said Mr Posting"}}, plan.Texts)
		require.True(t, plan.Confirm)
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: post.ID, Reference: "E-1", Reason: "x"})
		require.ErrorIs(t, err, privacy.ErrOneWord, "somebody has to have looked")
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, before.Root, after.Root)
		other, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		require.False(t, other.Confirm, "a name of two words, and an address, are no words of the language")
		report, err := s.Erase(p.ctx, privacy.Erasure{PersonID: post.ID, Reference: "E-1", Reason: "x", Confirmed: true})
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines)
		require.Empty(t, report.Texts, "a report of what was done names nobody")
	})
}

// Two processes that go on at once do it once.
func TestRaceTwoGoOnAtOnce(t *testing.T) {
	l := &law{visits: date.Of(2034, 1, 1)}
	held(t, l, func(t *testing.T, _ *tenancytest.Env, s *privacy.Service, p *practice, now *time.Time) {
		_, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		pass(t, s, p.ctx)
		*now = l.visits.Time()
		var wg sync.WaitGroup
		went, errs := make([]int, 4), make([]error, 4)
		for i := range went {
			wg.Go(func() {
				for more := true; more && errs[i] == nil; {
					if more, errs[i] = s.FinishErasures(p.ctx); more {
						went[i]++
					}
				}
			})
		}
		wg.Wait()
		sum := 0
		for i := range went {
			require.NoError(t, errs[i])
			sum += went[i]
		}
		require.Equal(t, 1, sum)
		pending, err := s.PendingErasures(p.ctx, 10)
		require.NoError(t, err)
		require.Empty(t, pending)
		require.NotContains(t, everything(t, s, p.ctx), "lovelace")
	})
}

// A record that is held stands as it is, in whatever words; so does somebody's own name who is called the same. What is about nobody names nobody.
func TestOnlyWhatIsThePersonsIsHeld(t *testing.T) {
	end := date.Of(2034, 1, 1)
	held(t, &law{visits: end}, func(t *testing.T, env *tenancytest.Env, s *privacy.Service, p *practice, _ *time.Time) {
		pseudonym := "erased " + p.ada.ID.String()[24:]
		_, err := tenancy.Act(p.ctx, env.DB, "test.write", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			for _, i := range []int{2, 3} { // Bob's, and nobody's
				p.texts[i].Payer = "ada canary-byron"
			}
			p.texts[0].Payer = "paid by Ada Canary-Byron's sister"
			var rows []any
			for _, text := range p.texts {
				rows = append(rows, text)
			}
			return nil, tx.Erase(ctx, env.DB.Registry().Table("clinic.visit_texts"), rows, "payer")
		})
		require.NoError(t, err)
		plan, err := s.PreviewErasure(p.ctx, p.ada.ID)
		require.NoError(t, err)
		report, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines)
		require.Contains(t, told(report), "clinic.visit_texts.payer redacted 1")
		require.Contains(t, told(report), "clinic.visit_texts.payer held 2 by DE voucher until 2034-01-01")
		require.NoError(t, env.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			for i, want := range []string{"paid by Ada Canary-Byron's sister", "Lady Ada Lovelace", "ada canary-byron", pseudonym} {
				text, err := tenancy.First[VisitText](ctx, tx, tenancy.Eq("visit_id", p.visits[i].ID))
				require.NoError(t, err)
				require.Equal(t, want, text.Payer, "visit %d", i)
			}
			return nil
		}))
	})
}
