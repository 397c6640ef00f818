package register_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
)

func (h *house) breach(ctx context.Context, reference string, aware time.Time) register.Breach {
	h.t.Helper()
	b, err := h.s.OpenBreach(ctx, register.NewBreach{Reference: reference, AwareAt: aware, Facts: "a laptop was left on a train"})
	require.NoError(h.t, err)
	return b
}

func (h *house) step(ctx context.Context, reference string, b register.Breach, kind register.StepKind, change func(s *register.NewStep)) (register.Breach, error) {
	in := register.NewStep{Reference: reference, BreachID: b.ID, Kind: kind, Text: "done"}
	if change != nil {
		change(&in)
	}
	return h.s.RecordStep(ctx, in)
}

// A reminder that does not go out keeps no other back, of breaches or of objections: what failed is told together, and what went out goes under the same ID when it is tried again.
func TestAReminderThatFailsKeepsNoneBack(t *testing.T) {
	aware := time.Date(2026, 3, 27, 16, 30, 15, 0, time.UTC)
	var sent []string
	refuse := map[string]error{}
	notify := func(_ context.Context, n register.Notification) error {
		if err := refuse[n.ID]; err != nil {
			return err
		}
		sent = append(sent, n.ID)
		return nil
	}
	eachOf(t, []time.Time{aware}, func(t *testing.T, h *house, aware time.Time) {
		s, err := register.New(h.DB, register.Options{Notify: notify})
		require.NoError(t, err)
		h.set(aware)
		shop := h.shop()
		b := []register.Breach{h.breach(shop.ctx, "B-1", aware), h.breach(shop.ctx, "B-2", aware), h.breach(shop.ctx, "B-3", aware)}
		h.set(aware.Add(49 * time.Hour))
		id := func(i int) string { return "breach-due-" + b[i].ID.String() }
		first, last := errors.New("full"), errors.New("gone") //nolint:err113 // any errors
		refuse, sent = map[string]error{id(0): first, id(2): last}, nil
		err = s.Remind(shop.ctx)
		require.ErrorIs(t, err, first)
		require.ErrorIs(t, err, last)
		require.Equal(t, []string{id(1)}, sent)
		refuse, sent = nil, nil
		require.NoError(t, s.Remind(shop.ctx))
		require.ElementsMatch(t, []string{id(0), id(1), id(2)}, sent, "each under the ID by which it is sent once")
	})
}

// The 72 hours are counted from the second of awareness, through weekends, the changing of clocks and a leap day.
func TestTheAuthorityIsToldWithin72Hours(t *testing.T) {
	eachOf(t, []time.Time{
		time.Date(2026, 3, 27, 16, 30, 15, 0, time.UTC), // a Friday; in London the clocks go forward on Sunday
		time.Date(2028, 2, 27, 23, 59, 59, 0, time.UTC), // over 29 February
		time.Date(2026, 12, 30, 0, 0, 0, 1000, time.UTC),
	}, func(t *testing.T, h *house, aware time.Time) {
		h.set(aware)
		s := h.shop()
		due := aware.Add(72 * time.Hour)
		late, intime, slow := h.breach(s.ctx, "B-1", aware), h.breach(s.ctx, "B-2", aware), h.breach(s.ctx, "B-3", aware)
		require.Equal(t, due, late.Due)
		overdue := func() (refs []string) {
			t.Helper()
			all, err := h.s.Overdue(s.ctx)
			require.NoError(t, err)
			for _, b := range all {
				refs = append(refs, b.Reference)
			}
			return refs
		}
		require.NoError(t, h.s.Remind(s.ctx))
		require.Empty(t, h.told)
		h.set(due.Add(-24*time.Hour - time.Microsecond))
		require.NoError(t, h.s.Remind(s.ctx))
		require.Empty(t, h.told)
		h.set(due.Add(-24 * time.Hour))
		require.NoError(t, h.s.Remind(s.ctx))
		require.Len(t, h.told, 3)
		h.set(due)
		require.Empty(t, overdue())
		got, err := h.step(s.ctx, "S-1", intime, register.AuthorityTold, nil)
		require.NoError(t, err)
		require.False(t, got.Steps[1].Late)
		require.Equal(t, register.BreachNotified, got.State)
		h.set(due.Add(time.Second))
		require.Equal(t, []string{"B-1", "B-3"}, overdue())
		require.NoError(t, h.s.Remind(s.ctx))
		require.Len(t, h.told, 5)
		require.Contains(t, h.told[4].ID, "breach-overdue-")
		_, err = h.step(s.ctx, "S-2", late, register.AuthorityTold, nil)
		require.ErrorIs(t, err, register.ErrLate)
		got, err = h.step(s.ctx, "S-2", late, register.AuthorityTold, func(s *register.NewStep) { s.Reasons = "the office was closed" })
		require.NoError(t, err)
		require.True(t, got.Steps[1].Late)
		require.Equal(t, "the office was closed", got.Steps[1].Reasons)
		got, err = h.step(s.ctx, "S-3", slow, register.AuthorityTold, func(s *register.NewStep) { s.At = due })
		require.NoError(t, err, "it was told in time, and is entered later")
		require.False(t, got.Steps[1].Late)
		require.Empty(t, overdue())
		again, err := h.step(s.ctx, "S-2", late, register.AuthorityTold, func(s *register.NewStep) { s.Reasons = "the office was closed" })
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Len(t, again.Steps, 2)
	})
}

// What may follow what, and when a breach may be closed.
func TestTheStatesOfABreach(t *testing.T) {
	risk := func(r register.Risk) func(s *register.NewStep) { return func(s *register.NewStep) { s.Risk = r } }
	type move struct {
		kind   register.StepKind
		change func(s *register.NewStep)
		want   error
	}
	for name, moves := range map[string][]move{
		"unlikely": {{register.BreachEnded, nil, register.ErrTransition}, {register.RiskAssessed, risk(register.RiskUnlikely), nil}, {register.BreachEnded, nil, nil},
			{register.BreachFact, nil, register.ErrTransition}},
		"a risk": {{register.RiskAssessed, risk(register.RiskThere), nil}, {register.BreachEnded, nil, register.ErrTransition}, {register.AuthorityTold, nil, nil}, {register.BreachMeasure, nil, nil},
			{register.BreachEnded, nil, nil}},
		"told first": {{register.AuthorityTold, nil, nil}, {register.BreachEnded, nil, register.ErrTransition}, {register.RiskAssessed, risk(register.RiskThere), nil}, {register.BreachEnded, nil, nil}},
		"high": {{register.RiskAssessed, risk(register.RiskHigh), nil}, {register.AuthorityTold, nil, nil}, {register.BreachEnded, nil, register.ErrTransition}, {register.PersonsTold, nil, nil},
			{register.BreachEnded, nil, nil}},
		"high, excused": {{register.RiskAssessed, risk(register.RiskHigh), nil}, {register.AuthorityTold, nil, nil}, {register.PersonsExcused, nil, register.ErrBadInput},
			{register.PersonsExcused, func(s *register.NewStep) { s.Letter = "a" }, nil}, {register.BreachEnded, nil, nil}},
		"seen otherwise": {{register.RiskAssessed, risk(register.RiskUnlikely), nil}, {register.RiskAssessed, risk(register.RiskHigh), nil}, {register.BreachEnded, nil, register.ErrTransition}},
		"no step":        {{register.BreachOpened, nil, register.ErrTransition}, {"hidden", nil, register.ErrTransition}, {register.RiskAssessed, nil, register.ErrBadInput}},
		"not ours":       {{register.ControllersTold, nil, register.ErrTransition}},
		"dated": {{register.BreachFact, func(s *register.NewStep) { s.At = march.Add(time.Hour + time.Microsecond) }, register.ErrDated},
			{register.BreachFact, func(s *register.NewStep) { s.At = march.Add(-time.Microsecond) }, register.ErrDated}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, "sqlite", register.Options{})
			s := h.shop()
			b := h.breach(s.ctx, "B-1", march)
			h.pass(time.Hour)
			for i, m := range moves {
				got, err := h.step(s.ctx, string(rune('a'+i)), b, m.kind, m.change)
				if m.want != nil {
					require.ErrorIs(t, err, m.want, "%d", i)
					continue
				}
				require.NoError(t, err, "%d", i)
				require.Equal(t, m.kind, got.Steps[len(got.Steps)-1].Kind)
			}
		})
	}
}

// A processor's breach is in the register of each tenant that it concerns, once, with a clock that begins there; however often the job is cut short.
func TestAProcessorsBreachReachesItsControllers(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		hit, also, other := h.shop(), h.shop(), h.shop()
		_, err := h.s.OpenBreach(hit.ctx, register.NewBreach{Reference: "B-0", Role: register.AsProcessor, Facts: "not theirs to enter"})
		require.ErrorIs(t, err, register.ErrNotPlatform)
		b, err := h.s.OpenBreach(h.platform, register.NewBreach{Reference: "B-1", Role: register.AsProcessor, Facts: "a disk was stolen"})
		require.NoError(t, err)
		require.True(t, b.Due.IsZero())
		require.True(t, b.Overdue(h.clock()), "without undue delay")
		a, err := h.s.Announce(h.platform, register.NewAnnouncement{Reference: "A-1", Kind: register.OfBreach, About: b.ID, Title: "A breach", Body: "A disk was stolen.", Tenants: []uuid.UUID{hit.id, also.id}})
		require.NoError(t, err)
		h.deaf[also.id] = true // the process dies, for this one, between the notice and its delivery
		require.Equal(t, 1, h.deliver())
		told := h.clock()
		state := func() register.Breach {
			t.Helper()
			page, err := h.s.Breaches(h.platform, tenancy.PageRequest{})
			return only(t, page.Items, err)
		}
		require.Equal(t, register.BreachOpen, state().State, "not all controllers are told")
		h.deaf[also.id] = false
		h.pass(time.Hour)
		require.Zero(t, h.deliver())
		require.Equal(t, register.BreachNotified, state().State)
		require.False(t, state().ControllersToldAt.IsZero())
		for _, s := range []*shop{hit, also} {
			page, err := h.s.Breaches(s.ctx, tenancy.PageRequest{})
			own := only(t, page.Items, err)
			require.Equal(t, register.AsController, own.Role)
			require.Equal(t, told, own.AwareAt, "aware since the notice was there")
			require.Equal(t, told.Add(72*time.Hour), own.Due)
			require.NotEqual(t, uuid.Nil, own.NoticeID)
			require.Contains(t, own.Steps[0].Text, "A disk was stolen.")
		}
		none, err := h.s.Breaches(other.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, none.Items)
		reached, err := h.s.Deliveries(h.platform, a.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, reached.Items, 3)
		// It turns out to concern another one.
		_, err = h.s.Announce(h.platform, register.NewAnnouncement{Reference: "A-2", Kind: register.OfBreach, About: b.ID, Title: "A breach", Body: "A disk was stolen.", Tenants: []uuid.UUID{other.id}})
		require.NoError(t, err)
		h.pass(time.Hour)
		require.Zero(t, h.deliver())
		page, err := h.s.Breaches(other.ctx, tenancy.PageRequest{})
		only(t, page.Items, err)
		_, err = h.step(h.platform, "S-1", b, register.AuthorityTold, nil)
		require.ErrorIs(t, err, register.ErrTransition, "the controller tells, not the processor")
		_, err = h.step(h.platform, "S-2", b, register.BreachEnded, nil)
		require.NoError(t, err)
		_, err = h.s.Announce(h.platform, register.NewAnnouncement{Reference: "A-3", Kind: register.OfBreach, About: b.ID, Title: "x", Body: "y", Tenants: []uuid.UUID{tenancy.NewID()}})
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}

// The trail says what an actor saw and changed between two instants, and whose data it was.
func TestATraceFindsWhoWasAffected(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s, next := h.shop(), h.shop()
		h.write(s.ctx, func(b *tenancy.Batch) {
			tenancy.Put(b, []*Letter{{ReaderID: s.ada, Body: "dear ada"}, {ReaderID: s.ada, Body: "dear ada again"}, {ReaderID: s.bob, Body: "dear bob"}})
		})
		h.pass(time.Hour)
		from := h.clock()
		mallory, err := h.DB.Enter(context.Background(), s.id, "user:mallory", tenancy.Permissions{"*"})
		require.NoError(t, err)
		read := func(opts ...tenancy.Option) {
			t.Helper()
			_, err := tenancy.View(mallory, h.DB, "lib.read", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				return tenancy.Find[Letter](ctx, tx, opts...)
			})
			require.NoError(t, err)
		}
		read(tenancy.Eq("reader_id", s.bob)) // one row, which its event names
		h.write(mallory, func(b *tenancy.Batch) { tenancy.Put(b, []*Loan{{ReaderID: s.ada, Title: "On Engines"}}) })
		h.pass(time.Hour)
		to := h.clock()
		read(tenancy.Eq("reader_id", s.ada)) // two rows, later

		trace := func(q register.TraceQuery) register.Trace {
			t.Helper()
			got, err := h.s.Trace(s.ctx, q)
			require.NoError(t, err)
			return got
		}
		got := trace(register.TraceQuery{From: from, To: to, Actor: "user:mallory"})
		require.Equal(t, ids(s.ada, s.bob), got.Persons)
		require.Equal(t, register.TracedTable{Table: "lib.letters", Read: 1, Named: 1, Persons: 1, ReadsRecorded: true}, got.Of("lib.letters"))
		require.Equal(t, register.TracedTable{Table: "lib.loans", Writes: 1, Named: 1, Persons: 1}, got.Of("lib.loans"))
		require.Equal(t, []string{"user:mallory"}, got.Actors)
		got = trace(register.TraceQuery{From: from, To: to, Table: "lib.letters"})
		require.Equal(t, ids(s.bob), got.Persons)
		got = trace(register.TraceQuery{From: to, To: to.Add(time.Second), Actor: "user:mallory"})
		require.Equal(t, register.TracedTable{Table: "lib.letters", Read: 2, Unnamed: 2, ReadsRecorded: true}, got.Of("lib.letters"), "two rows at once are counted and not named")
		require.Empty(t, got.Persons)
		require.Empty(t, trace(register.TraceQuery{From: from, To: to, Actor: "user:alice"}).Tables)
		other, err := h.s.Trace(next.ctx, register.TraceQuery{From: from, To: to.Add(time.Hour)})
		require.NoError(t, err)
		require.Empty(t, other.Persons, "the tenant next door")
		for _, q := range []register.TraceQuery{{}, {From: from}, {From: to, To: from}, {From: from, To: from.AddDate(2, 0, 0)}, {From: from, To: to, Table: "lib.x"}} {
			_, err := h.s.Trace(s.ctx, q)
			require.ErrorIs(t, err, register.ErrBadInput, "%+v", q)
		}

		b := h.breach(s.ctx, "B-1", h.clock())
		n, err := h.s.AddAffected(s.ctx, b.ID, []uuid.UUID{s.ada, s.bob, s.ada})
		require.NoError(t, err)
		require.Equal(t, 2, n)
		n, err = h.s.AddAffected(s.ctx, b.ID, []uuid.UUID{s.bob})
		require.NoError(t, err)
		require.Zero(t, n)
		who, err := h.s.Affected(s.ctx, b.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		require.ElementsMatch(t, []uuid.UUID{s.ada, s.bob}, who.Items)
		_, err = h.s.AddAffected(s.ctx, b.ID, []uuid.UUID{tenancy.NewID()})
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}

func ids(of ...uuid.UUID) []uuid.UUID {
	slices.SortFunc(of, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return of
}

// What the platform's staff looked at under a grant is in the trace, with whose data it was as far as the look names anybody.
func TestATraceTellsOfLooksUnderAGrant(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		from := h.clock()
		grants := h.DB.Grants()
		ask, err := h.DB.EnterPlatform(context.Background(), "staff:1", tenancy.Permissions{"grant.ask"})
		require.NoError(t, err)
		g, err := grants.Ask(ask, tenancy.NewGrant{Tenant: s.id, Person: "staff:1", Reason: "ticket 4", Permissions: tenancy.Permissions{"lib.read"}, For: time.Hour})
		require.NoError(t, err)
		_, err = grants.Authorise(s.ctx, g.ID)
		require.NoError(t, err)
		in, err := h.DB.EnterGrant(ask, g.ID)
		require.NoError(t, err)
		_, err = tenancy.View(in, h.DB, "lib.read", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			return tenancy.Find[Reader](ctx, tx, tenancy.Eq("id", s.bob))
		})
		require.NoError(t, err)
		got, err := h.s.Trace(s.ctx, register.TraceQuery{From: from, To: from.Add(time.Hour), Table: "lib.readers"})
		require.NoError(t, err)
		require.NotEmpty(t, got.Looks)
		require.Contains(t, got.Persons, s.bob)
		require.EqualValues(t, 1, got.Of("lib.readers").Unnamed)
	})
}
