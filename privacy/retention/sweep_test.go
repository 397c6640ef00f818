package retention_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// letter writes a letter of two pages.
func (p *practice) letter(t testing.TB, who uuid.UUID, sent time.Time) uuid.UUID {
	t.Helper()
	l := &Letter{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: who, SentAt: sent, Body: "dear"}
	p.do(t, func(b *tenancy.Batch) {
		tenancy.Put(b, []*Letter{l})
		tenancy.Put(b, []*Page{{LetterID: l.ID, No: 1, Text: "one"}, {LetterID: l.ID, No: 2, Text: "two"}})
	})
	return l.ID
}

// Nothing of an active tenant's business data is deleted but under a rule that it switched on.
func TestNothingIsSweptThatIsNotSwitchedOn(t *testing.T) {
	each(t, "2040-01-01", func(t *testing.T, p *practice) {
		id := p.bill(t, "Ada Byron", "2001-05-04")
		p.letter(t, uuid.Nil, noon("2001-01-01"))
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{Day: day("2001-05-04")}}) })
		require.Equal(t, map[string]int64{"clinic.bills off de.vouchers": 1, "clinic.letters off de.letters": 1, "clinic.bookings off de.books": 1, "clinic.cards off general.master": 0, "clinic.patients off general.master": 0}, counts(p.sweep(t, 10)))
		require.Equal(t, "Ada Byron", p.payer(t, id))
		p.enable(t, "de.books")
		require.Equal(t, int64(1), counts(p.sweep(t, 10))["clinic.bookings immutable"], "a book's figures never go from an active tenant")
		p.enable(t, "de.vouchers")
		_, err := p.keep.Disable(p.ctx, "de.vouchers", "off again")
		require.NoError(t, err)
		require.Equal(t, int64(1), counts(p.sweep(t, 10))["clinic.bills off de.vouchers"])
		require.Equal(t, "Ada Byron", p.payer(t, id))
		next, err := p.keep.Enable(p.ctx, "de.vouchers", "on again")
		require.NoError(t, err)
		require.True(t, next.Enabled)
		require.Equal(t, int64(1), counts(p.sweep(t, 10))["clinic.bills erased de.vouchers"])
		require.NotEqual(t, "Ada Byron", p.payer(t, id))
	})
}

// What a sweep does to a row: deleted with its parts, emptied, or left. Done twice it is done once.
func TestWhatASweepDoes(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		old, young, kept := p.bill(t, "Ada Byron", "2017-12-31"), p.bill(t, "Bob Finch", "2018-01-01"), p.bill(t, "Cleo Wren", "2016-05-05")
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{Day: day("2016-05-05"), BillID: kept}}) })
		gone, stays := p.letter(t, uuid.Nil, noon("2019-12-31")), p.letter(t, uuid.Nil, noon("2020-01-01"))
		who := find[Bill](t, p, tenancy.Eq("id", old))[0].PatientID
		p.enable(t, "de.vouchers", "de.letters")
		for pass := range 2 {
			got := counts(p.sweep(t, 2))
			want := map[string]int64{"clinic.bills erased de.vouchers": 1, "clinic.bills kept de.books": 1, "clinic.letters removed de.letters": 1,
				"clinic.letters kept de.letters": 1, "clinic.cards off general.master": 0, "clinic.patients off general.master": 0}
			if pass == 1 {
				want = map[string]int64{"clinic.bills cleared de.vouchers": 1, "clinic.bills kept de.books": 1, "clinic.letters kept de.letters": 1, "clinic.cards off general.master": 0, "clinic.patients off general.master": 0}
			}
			require.Equal(t, want, got, "pass %d", pass)
			text := find[BillText](t, p, tenancy.Eq("bill_id", old))[0]
			require.Equal(t, "erased "+who.String()[24:], text.Payer, "the pseudonym of an erasure")
			require.Empty(t, text.Notes)
			require.Equal(t, int64(100), find[Bill](t, p, tenancy.Eq("id", old))[0].FeeMinor)
			require.Equal(t, "Bob Finch", p.payer(t, young))
			require.Equal(t, "Cleo Wren", p.payer(t, kept))
			letters := find[Letter](t, p)
			require.Len(t, letters, 1)
			require.Equal(t, stays, letters[0].ID)
			require.NotEqual(t, gone, stays)
			require.Len(t, find[Page](t, p), 2)
		}
		last, err := p.keep.LastSweep(p.ctx)
		require.NoError(t, err)
		require.True(t, last.Done)
		for _, l := range last.Lines {
			if l.Outcome == retention.Kept {
				require.Equal(t, "2027-01-01", l.Until.String())
			}
		}
		*p.now = noon("2027-01-01")
		require.Equal(t, int64(2), counts(p.sweep(t, 500))["clinic.bills erased de.vouchers"], "what was held has gone free, and a year's more")
	})
}

// A person among the master data goes three years after the last use: removed when nothing refers to them, else unknown.
func TestMasterData(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		p.enable(t, "general.master")
		add := func(name string) uuid.UUID {
			who := &Patient{Row: tenancy.Row{ID: tenancy.NewID()}, Name: name, Email: "x@example.org"}
			p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Patient{who}) })
			return who.ID
		}
		lost, used, recent, carded, foreign := add("Lost"), add("Used"), add("Recent"), add("Carded"), &Patient{Row: tenancy.Row{ID: uuid.New()}, Name: "Foreign"}
		p.do(t, func(b *tenancy.Batch) {
			tenancy.Put(b, []*Patient{foreign})
			tenancy.Put(b, []*Card{{PatientID: carded}})
			tenancy.Put(b, []*Bill{{PatientID: used, Day: day("2022-12-31")}, {PatientID: used, Day: day("2010-01-01")}, {PatientID: recent, Day: day("2023-01-01")}})
		})
		p.letter(t, used, noon("2022-12-31"))
		year := lost.Time()
		sec, _ := year.UnixTime()
		made := time.Unix(sec, 0).UTC().Year() // the machine's clock made the ids, and not the test's
		got := counts(p.sweep(t, 3))
		require.Equal(t, int64(1), got["clinic.patients erased general.master"])
		require.Equal(t, int64(4), got["clinic.patients kept general.master"])
		require.Equal(t, int64(1), got["clinic.cards kept general.master"], "nothing refers to cards, so nothing says whether they are in use")
		names := func() (out []string) {
			for _, r := range find[Patient](t, p) {
				out = append(out, r.Name)
			}
			return out
		}
		require.Len(t, find[Card](t, p), 1)
		require.ElementsMatch(t, []string{"Lost", "erased " + used.String()[24:], "Recent", "Carded", "Foreign"}, names())
		*p.now = time.Date(made+4, 1, 1, 12, 0, 0, 0, time.UTC)
		got = counts(p.sweep(t, 500))
		require.Equal(t, int64(1), got["clinic.patients removed general.master"])
		require.ElementsMatch(t, []string{"erased " + used.String()[24:], "erased " + recent.String()[24:], "Carded", "Foreign"}, names(), "of an id that says nothing, and of a use without a date, nobody knows since when")
	})
}

// Under a legal hold, a suspension or a restriction nothing of a record or a person is swept.
func TestHoldsStopASweep(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		p.enable(t, "de.vouchers", "de.letters")
		held, person, closed, free := p.bill(t, "Held", "2017-01-01"), p.bill(t, "Person", "2017-02-01"), p.bill(t, "Closed", "2017-03-01"), p.bill(t, "Free", "2017-04-01")
		of := func(id uuid.UUID) uuid.UUID { return find[Bill](t, p, tenancy.Eq("id", id))[0].PatientID }
		p.letter(t, of(person), noon("2001-01-01"))
		for _, h := range []retention.NewLegalHold{{Reference: "1", Ground: retention.ForClaim, Reason: "r", Table: "clinic.bills", Row: held},
			{Reference: "2", Ground: retention.ByAuthority, Reason: "r", Table: "clinic.patients", Row: of(person)}} {
			_, err := p.keep.PlaceHold(p.ctx, h)
			require.NoError(t, err)
		}
		who := of(closed)
		_, err := tenancy.Act(p.ctx, p.DB, "test.restrict", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			return nil, tx.Restrict(ctx, who, tenancy.NeededForClaims, "R-1")
		})
		require.NoError(t, err)
		got := counts(p.sweep(t, 500))
		require.Equal(t, int64(2), got["clinic.bills kept legal_hold"])
		require.Equal(t, int64(1), got["clinic.bills kept restriction"])
		require.Equal(t, int64(1), got["clinic.letters kept legal_hold"])
		require.Equal(t, int64(1), got["clinic.bills erased de.vouchers"])
		require.Equal(t, []string{"Held", "Person", "Closed"}, []string{p.payer(t, held), p.payer(t, person), p.payer(t, closed)})
		require.NotEqual(t, "Free", p.payer(t, free))
		require.Equal(t, retention.Hold{}, p.holds(t, "clinic.bills", closed)[0], "an erasure may be what ends a restriction")
		_, err = p.keep.ReleaseHold(p.ctx, "1", "over")
		require.NoError(t, err)
		require.Equal(t, int64(1), counts(p.sweep(t, 500))["clinic.bills erased de.vouchers"])
		require.Equal(t, "erased "+of(held).String()[24:], p.payer(t, held))
	})
}

// The day is the tenant's: at ten in the evening in London it is tomorrow in Tokyo.
func TestTheDayIsTheTenants(t *testing.T) {
	each(t, "2025-12-31", func(t *testing.T, p *practice) {
		*p.now = date.Must("2025-12-31").Time().Add(22 * time.Hour)
		for zone, want := range map[string]bool{"Europe/London": false, "Asia/Tokyo": true, "America/New_York": false} {
			made, err := p.DB.Tenants().Create(p.Platform(t), tenancy.NewTenant{Name: "The Clinic", TimeZone: zone})
			require.NoError(t, err)
			p := &practice{p.Env, p.keep, p.now, p.Enter(t, made.ID, "*")}
			p.enable(t, "de.vouchers", "de.letters")
			id := p.bill(t, "Ada", "2017-12-31")
			p.letter(t, uuid.Nil, date.Must("2019-12-31").Time().Add(22*time.Hour)) // sent in 2020 in Tokyo
			p.sweep(t, 10)
			require.Equal(t, want, p.payer(t, id) != "Ada", zone)
			require.Len(t, find[Letter](t, p), 1, zone)
		}
	})
}

// While the platform has the tenant under a legal hold nothing goes, whatever is switched on, and nothing says so.
func TestNothingIsSweptOfATenantUnderALegalHold(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		held := map[uuid.UUID]bool{}
		opt := options()
		opt.Held = func(_ context.Context, tenant uuid.UUID) (bool, error) { return held[tenant], nil }
		var err error
		p.keep, err = retention.New(p.DB, opt)
		require.NoError(t, err)
		p.enable(t, "de.vouchers")
		id := p.bill(t, "Ada", "2017-12-31")
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Visitor{{Day: day("2020-01-01"), Badge: "A"}}) })
		held[tenancy.ScopeOf(p.ctx).TenantID()] = true
		require.Empty(t, p.sweep(t, 10).Lines)
		require.Equal(t, "Ada", p.payer(t, id))
		require.Len(t, find[Visitor](t, p), 1)
		clear(held)
		p.sweep(t, 10)
		require.NotEqual(t, "Ada", p.payer(t, id))
		require.Empty(t, find[Visitor](t, p))
	})
}

// Lines of a log have a limit, and go by themselves.
func TestLogsAreAlwaysSwept(t *testing.T) {
	each(t, "2026-03-31", func(t *testing.T, p *practice) {
		p.do(t, func(b *tenancy.Batch) {
			for _, on := range []string{"2026-02-26", "2026-02-27", "2026-02-28", "2026-03-31"} {
				for i := range int64(2) {
					tenancy.Put(b, []*Visitor{{Day: day(on), Seq: i, Badge: "A"}})
				}
			}
		})
		require.Equal(t, int64(6), counts(p.sweep(t, 2))["clinic.visitors removed clinic.visitors"])
		left := find[Visitor](t, p, tenancy.OrderBy("day", "seq"))
		require.Len(t, left, 2)
		require.Equal(t, "2026-03-31", left[0].Day.String())
		*p.now = noon("2026-04-30")
		require.Zero(t, counts(p.sweep(t, 100))["clinic.visitors removed clinic.visitors"], "a month from 31 March ends with 30 April")
		*p.now = noon("2026-05-01")
		require.Equal(t, int64(2), counts(p.sweep(t, 100))["clinic.visitors removed clinic.visitors"])
	})
}

// A call looks at so many rows and no more; the next goes on. Another tenant's rows are nobody's business.
func TestASweepIsBounded(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		p.enable(t, "de.vouchers")
		for i := range 7 {
			p.bill(t, fmt.Sprint("P", i), "2017-01-01")
		}
		neighbour := *p
		neighbour.ctx = p.Tenant(t)
		theirs := neighbour.bill(t, "Theirs", "2001-01-01")
		for calls, want := range []int64{3, 6, 7} {
			out, err := p.keep.Sweep(p.ctx, 3)
			require.NoError(t, err)
			require.Equal(t, calls == 2, out.Done)
			require.Equal(t, want, counts(out)["clinic.bills erased de.vouchers"])
		}
		require.Equal(t, "Theirs", neighbour.payer(t, theirs))
		for _, limit := range []int{0, 10_001} {
			_, err := p.keep.Sweep(p.ctx, limit)
			require.ErrorIs(t, err, retention.ErrBadInput)
		}
		_, err := p.keep.Sweep(p.TenantWith(t, "retention.read"), 1)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = p.keep.LastSweep(p.Tenant(t))
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}

// The statements of a piece are as many for ten rows as for a hundred.
func TestAPieceCostsAConstantNumberOfStatements(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		p.enable(t, "de.vouchers")
		cost := func(n int) int {
			for i := range n {
				p.bill(t, fmt.Sprint("P", i), "2017-01-01")
			}
			return p.Count(t, func() { p.sweep(t, 1000) })
		}
		cost(1)
		ten := cost(10)
		require.LessOrEqual(t, cost(100), ten)
	})
}

// Whatever is swept in whatever pieces, everything that is free is gone and nothing else, and another pass finds nothing to do.
func TestSweepTwiceIsSweepOnce(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := noon("2026-01-01")
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
			keep, err := retention.New(env.DB, options())
			require.NoError(t, err)
			rapid.Check(t, func(r *rapid.T) {
				p := &practice{env, keep, &now, env.Tenant(t)}
				p.enable(t, "de.vouchers")
				want := map[uuid.UUID]bool{}
				for i := range rapid.IntRange(1, 8).Draw(r, "bills") {
					on := date.Of(2015, 12, 25).AddDays(rapid.IntRange(0, 1200).Draw(r, "on"))
					id := p.bill(t, fmt.Sprint("P", i), on.String())
					want[id] = on.Year() <= 2017
					if rapid.IntRange(0, 3).Draw(r, "booked") == 0 {
						p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{Day: on, BillID: id}}) })
						want[id] = on.Year() <= 2015
					}
				}
				for pass := range 2 {
					out := counts(p.sweep(t, rapid.IntRange(1, 9).Draw(r, "limit")))
					require.True(t, pass == 0 || out["clinic.bills erased de.vouchers"] == 0, "a second pass erased")
					for id, gone := range want {
						require.Equal(t, gone, p.payer(t, id)[:1] == "e", "pass %d", pass)
					}
				}
			})
		})
	}
}

// Two sweeps at once end as one: together they erase each row once.
func TestRaceTwoSweeps(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		p.enable(t, "de.vouchers", "de.letters")
		var ids []uuid.UUID
		for i := range 10 {
			ids = append(ids, p.bill(t, fmt.Sprint("P", i), "2017-01-01"))
			p.letter(t, uuid.Nil, noon("2001-01-01"))
		}
		for _, err := range racetest.Together(2, func(int) error {
			for range 100 {
				var out retention.Swept
				err := racetest.Insist(func() (err error) { out, err = p.keep.Sweep(p.ctx, 3); return err })
				if err != nil || out.Done {
					return err
				}
			}
			return nil
		}) {
			require.NoError(t, err)
		}
		p.sweep(t, 500)
		for _, id := range ids {
			require.Equal(t, "erased", p.payer(t, id)[:6])
		}
		require.Empty(t, find[Letter](t, p))
		done := find[tenancy.Event](t, p, tenancy.Eq("model", "clinic.bill_texts"), tenancy.Eq("verb", "update"))
		require.Len(t, done, len(ids), "each text is replaced once")
	})
}

// A hold that is placed while a sweep goes on is seen by it, or waits for it: what was not erased when the hold was placed never is.
func TestRaceAHoldAndASweep(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		p.enable(t, "de.vouchers")
		p.sweep(t, 10)
		for i := range 10 {
			id := p.bill(t, "Ada", "2017-01-01")
			for range 5 {
				p.bill(t, "Bob", "2017-01-01")
			}
			var then []BillText
			for _, err := range racetest.Acts(
				func() error { return racetest.Insist(func() error { _, err := p.keep.Sweep(p.ctx, 500); return err }) },
				func() error {
					if err := racetest.Insist(func() error {
						_, err := p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: fmt.Sprint(i), Ground: retention.ForClaim, Reason: "r", Table: "clinic.bills", Row: id})
						return err
					}); err != nil {
						return err
					}
					return p.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
						then, err = tenancy.Find[BillText](ctx, tx, tenancy.Eq("bill_id", id))
						return err
					})
				}) {
				require.NoError(t, err)
			}
			p.sweep(t, 500)
			require.Equal(t, then[0].Payer, p.payer(t, id))
		}
	})
}

// A row that changes after it was looked at and before it is locked is judged by what it has become. (SQLite has one writer at a time.)
func TestRaceARowChangesUnderASweep(t *testing.T) {
	now := noon("2026-01-01")
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
	keep, err := retention.New(env.DB, options())
	require.NoError(t, err)
	lock := 0 // the number of the question that locks: two more follow it, of the parts, before something is deleted
	for _, meddle := range []bool{false, true} {
		p := &practice{env, keep, &now, env.Tenant(t)}
		p.enable(t, "de.letters")
		p.letter(t, uuid.Nil, noon("2001-01-01"))
		young := p.letter(t, uuid.Nil, noon("2001-01-01"))
		var asked, deleted, done int
		env.Observe(t, func(s tenancy.Sent) {
			switch {
			case s.Verb == "delete":
				deleted++
			case s.Verb == "select" && deleted == 0:
				asked++
			}
			if !meddle || asked != lock || done > 0 {
				return
			}
			done++
			for _, err := range racetest.Together(1, func(int) error {
				return env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					return tenancy.Update(ctx, tx, &Letter{Row: tenancy.Row{ID: young}, SentAt: noon("2025-12-31")}, "sent_at")
				})
			}) {
				require.NoError(t, err)
			}
		})
		p.sweep(t, 10)
		lock = asked - 2
		left := find[Letter](t, p)
		if !meddle {
			require.Empty(t, left)
			continue
		}
		require.Equal(t, 1, done)
		require.Len(t, left, 1)
		require.Equal(t, young, left[0].ID)
	}
}

// doomed is what a process is told that is to sweep and to be killed on the way.
type doomed struct {
	doomtest.Database
	Tenant uuid.UUID
}

func (d doomed) run(count func()) error {
	db, err := d.Open(modules(), count)
	if err != nil {
		return err
	}
	keep, err := retention.New(db, options())
	if err != nil {
		return err
	}
	ctx, err := db.Enter(context.Background(), d.Tenant, "doomed", tenancy.Permissions{"*"})
	for err == nil {
		var out retention.Swept
		if out, err = keep.Sweep(ctx, 2); out.Done {
			return err
		}
	}
	return err
}

// A process that sweeps is killed with kill -9 at points all along the way. What it leaves is whole, and another one ends as if it had been left alone.
func TestASweepWhoseProcessIsKilled(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		killed := 0
		for at := int64(3); ; at += killStride {
			p := &practice{p.Env, p.keep, p.now, p.Tenant(t)}
			p.enable(t, "de.vouchers", "de.letters")
			var ids []uuid.UUID
			for i := range 3 {
				ids = append(ids, p.bill(t, fmt.Sprint("P", i), "2017-01-01"))
				p.letter(t, uuid.Nil, noon("2001-01-01"))
			}
			d := doomed{doomtest.Of(p.Env, *p.now), tenancy.ScopeOf(p.ctx).TenantID()}
			died := killtest.Start(t, d, killtest.Kill{Before: at})
			for _, text := range find[BillText](t, p) {
				require.Equal(t, text.Notes == "", text.Payer[:1] == "e", "half a row is erased")
			}
			require.Zero(t, len(find[Page](t, p))%2, "half a letter is gone")
			p.sweep(t, 2)
			p.sweep(t, 2) // the pass that was cut short may have gone by before
			for _, id := range ids {
				require.Equal(t, "erased", p.payer(t, id)[:6], "statement %d", at)
			}
			require.Empty(t, find[Letter](t, p))
			require.Empty(t, find[Page](t, p))
			if !died {
				break
			}
			killed++
		}
		require.Greater(t, killed, 3)
	})
}
