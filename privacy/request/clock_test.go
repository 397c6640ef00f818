package request_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The last days of requests, by jurisdiction, kind and receipt.
func TestByWhenARequestIsAnswered(t *testing.T) {
	cases := []struct {
		jurisdiction     string
		kind             request.Kind
		received         string // in London
		law, policy, ack string
	}{
		{"DE", request.Access, "2026-03-05T10:00:00Z", "2026-04-06", "2026-04-04", ""},   // 5 April 2026 is a Sunday
		{"DE", request.Access, "2026-06-05T10:00:00Z", "2026-07-06", "2026-07-05", ""},   // the same, in another zone offset
		{"EU", request.Deletion, "2026-01-31T10:00:00Z", "2026-03-02", "2026-03-02", ""}, // the last of February is a Saturday
		{"FR", request.Export, "2027-01-31T10:00:00Z", "2027-03-01", "2027-03-02", ""},   // a Sunday: the law is earlier
		{"AT", request.Access, "2024-01-31T10:00:00Z", "2024-02-29", "2024-03-01", ""},   // a leap year
		{"AT", request.Access, "2023-01-31T10:00:00Z", "2023-02-28", "2023-03-02", ""},
		{"AT", request.Access, "2024-01-30T10:00:00Z", "2024-02-29", "2024-02-29", ""},
		{"AT", request.Access, "2024-02-29T10:00:00Z", "2024-03-29", "2024-03-30", ""},
		{"NO", request.Correction, "2026-08-31T10:00:00Z", "2026-09-30", "2026-09-30", ""}, // September has 30 days
		{"IE", request.Objection, "2025-12-30T10:00:00Z", "2026-01-30", "2026-01-29", ""},
		{"IE", request.Restriction, "2026-02-01T10:00:00Z", "2026-03-02", "2026-03-03", ""}, // 1 March is a Sunday
		{"DE", request.Complaint, "2026-03-05T10:00:00Z", "", "2026-04-04", ""},
		{"GB", request.Access, "2025-09-03T10:00:00Z", "2025-10-03", "2025-10-03", ""}, // the ICO's own example
		{"GB", request.Access, "2026-02-05T10:00:00Z", "2026-03-05", "2026-03-07", ""},
		{"GB", request.Complaint, "2026-06-18T10:00:00Z", "", "2026-07-18", ""},
		{"GB", request.Complaint, "2026-06-19T10:00:00Z", "", "2026-07-19", "2026-07-18"},
		{"US-CA", request.Access, "2026-03-02T10:00:00Z", "2026-04-16", "2026-04-01", "2026-03-16"}, // a Monday: ten business days
		{"US-CA", request.Deletion, "2026-03-07T10:00:00Z", "2026-04-21", "2026-04-06", "2026-03-20"},
		{request.General, request.Restriction, "2026-03-05T10:00:00Z", "", "2026-04-04", ""},
		// The day is London's: it is summer time there from 29 March 2026 on.
		{"DE", request.Access, "2026-06-30T22:59:59.999999Z", "2026-07-30", "2026-07-30", ""},
		{"DE", request.Access, "2026-06-30T23:00:00Z", "2026-08-03", "2026-07-31", ""}, // 1 July there; 1 August is a Saturday
	}
	eachDesk(t, func(t *testing.T, d *desk) {
		d.set("2027-12-31T12:00:00Z")
		for i, c := range cases {
			at, err := time.Parse(time.RFC3339Nano, c.received)
			require.NoError(t, err)
			in := d.ask(fmt.Sprint("R-", i), c.kind)
			in.Jurisdiction, in.ReceivedAt = c.jurisdiction, at
			r := d.receive(t, in)
			require.Equal(t, []string{c.law, c.policy, c.ack}, []string{r.LawDueOn.String(), r.PolicyDueOn.String(), r.AcknowledgeDueOn.String()}, "%v", c)
			first := r.PolicyDueOn
			for _, due := range []date.Date{r.LawDueOn, r.AcknowledgeDueOn} {
				if !due.IsZero() && due.Before(first) {
					first = due
				}
			}
			require.Equal(t, first, r.DueOn, "%v", c)
		}
	})
}

// A holiday that the host knows moves the end of the law's period; the policy's stays.
func TestAHolidayMovesTheLawsDay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.serve(t, request.Options{Holiday: func(jurisdiction string, on date.Date) bool { return jurisdiction == "DE" && on == day("2026-04-06") }}) // Easter Monday
		in := d.ask("R-1", request.Access)
		d.set("2026-03-05T12:00:00Z")
		in.ReceivedAt = d.now()
		require.Equal(t, "2026-04-07", d.receive(t, in).LawDueOn.String())
		in.Reference, in.Jurisdiction = "R-2", "FR"
		require.Equal(t, "2026-04-06", d.receive(t, in).LawDueOn.String())
	})
}

// What the library has no rule for is refused by name, and a host can bring one.
func TestACountryWithoutARuleIsRefused(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.set("2026-06-01T12:00:00Z")
		for _, c := range []struct {
			jurisdiction string
			kind         request.Kind
			received     string
		}{{"BR", request.Access, started}, {"US", request.Access, started}, {"US-CA", request.Objection, started}, {"US-CA", request.Restriction, started}, {"US-CA", request.Correction, "2022-12-31T12:00:00Z"},
			{"NO", request.Access, "2018-07-19T12:00:00Z"}, {"DE", request.Access, "2018-05-24T12:00:00Z"}} {
			in := d.ask("R-1", c.kind)
			in.Jurisdiction = c.jurisdiction
			in.ReceivedAt, _ = time.Parse(time.RFC3339, c.received)
			_, err := d.s.Receive(d.ctx, in)
			require.ErrorIs(t, err, request.ErrNoRule, "%v", c)
			require.ErrorContains(t, err, c.jurisdiction)
		}
		d.serve(t, request.Options{Rules: []request.Rule{
			{Region: "BR", Kinds: []request.Kind{request.Access}, ValidFrom: day("2020-09-18"), Answer: request.Period{Days: 15}, Source: "LGPD Art. 19, II"},
			{Region: "DE", Kinds: []request.Kind{request.Access}, ValidFrom: day("2026-05-01"), Answer: request.Period{Days: 20}, Source: "a law of this test's"}}})
		in := d.ask("R-1", request.Access)
		in.Jurisdiction = "BR"
		in.ReceivedAt, _ = time.Parse(time.RFC3339, started)
		require.Equal(t, "2026-03-17", d.receive(t, in).LawDueOn.String())
		in.Reference, in.Jurisdiction = "R-2", "DE"
		require.Equal(t, "2026-04-02", d.receive(t, in).LawDueOn.String(), "the library's, before the host's is valid")
		in.Reference, in.ReceivedAt = "R-3", d.now()
		require.Equal(t, "2026-06-21", d.receive(t, in).LawDueOn.String())
	})
}

// Who states no jurisdiction takes the controller's.
func TestTheControllersJurisdictionIsTaken(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		in := d.ask("R-1", request.Access)
		in.Jurisdiction = ""
		_, err := d.s.Receive(d.ctx, in)
		require.ErrorIs(t, err, request.ErrNoRule, "nobody stated one")
		_, err = d.data.SetController(d.ctx, privacyController)
		require.NoError(t, err)
		first := d.receive(t, in)
		require.Equal(t, "GB", first.Jurisdiction)
		again := d.receive(t, in)
		require.True(t, again.Replayed)
		again.Replayed = false
		require.Equal(t, first, again)
	})
}

// Days 29, 30 and 31, at the edges of the controller's days: it is due until the end of the thirtieth.
func TestTheThirtiethDay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.set("2026-03-05T23:59:59.999999Z")
		in := d.ask("R-1", request.Access)
		in.Jurisdiction = request.General
		r := d.receive(t, in)
		require.Equal(t, "2026-04-04", r.PolicyDueOn.String())
		for at, late := range map[string]bool{
			"2026-04-03T22:59:59Z": false, "2026-04-03T23:00:00Z": false, // day 29, and day 30 begins: British Summer Time
			"2026-04-04T22:59:59.999999Z": false, // the last instant
			"2026-04-04T23:00:00Z":        true,  // day 31
		} {
			d.set(at)
			due, err := d.s.Due(d.ctx, 7, 10)
			require.NoError(t, err)
			require.Len(t, due, 1)
			require.Equal(t, late, due[0].Late, at)
			require.Equal(t, []request.Running{{Clock: request.PolicyClock, DueOn: r.PolicyDueOn, Late: late}}, due[0].Clocks)
		}
		d.set("2026-03-27T12:00:00Z") // eight days before
		due, err := d.s.Due(d.ctx, 7, 10)
		require.NoError(t, err)
		require.Empty(t, due)
		due, err = d.s.Due(d.ctx, 8, 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
	})
}

// Doubt about who somebody is stops the law's clock in the Union, begins it anew in the United Kingdom, and does nothing in California; nowhere does it stop the policy's.
func TestWaitingForIdentity(t *testing.T) {
	for jurisdiction, want := range map[string][3]string{ // before, while it is waited, afterwards
		"DE":    {"2026-04-02", "", "2026-04-13"}, // ten days more is a Sunday
		"GB":    {"2026-04-02", "", "2026-04-14"},
		"US-CA": {"2026-04-16", "2026-04-16", "2026-04-16"},
	} {
		t.Run(jurisdiction, func(t *testing.T) {
			eachDesk(t, func(t *testing.T, d *desk) {
				in := d.ask("R-1", request.Access)
				in.Jurisdiction = jurisdiction
				r := d.receive(t, in)
				require.Equal(t, want[0], r.LawDueOn.String())
				d.set("2026-03-04T12:00:00Z")
				r, err := d.s.Pause(d.ctx, request.NewPause{Act: act("R-1", "who"), Cause: request.Identity})
				require.NoError(t, err)
				require.Equal(t, request.Waiting, r.State)
				require.Equal(t, want[1], r.LawDueOn.String())
				require.Equal(t, "2026-04-01", r.PolicyDueOn.String())
				if jurisdiction != "US-CA" {
					require.Equal(t, r.PolicyDueOn, r.DueOn, "nothing stops it")
				}
				d.set("2026-03-14T08:00:00Z")
				r, err = d.s.Resume(d.ctx, request.NewResumption{Act: act("R-1", "passport")})
				require.NoError(t, err)
				require.Equal(t, request.Open, r.State)
				require.Equal(t, want[2], r.LawDueOn.String())
				require.Equal(t, "2026-04-01", r.PolicyDueOn.String())
			})
		})
	}
}

// What is asked of clarity stops the clock of access alone; a fee that of the United Kingdom alone.
func TestWaitingForOtherThings(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.set("2026-03-02T12:00:00Z")
		for i, c := range []struct {
			jurisdiction string
			kind         request.Kind
			cause        request.Cause
			waiting      string
		}{{"DE", request.Access, request.Clarification, ""}, {"DE", request.Deletion, request.Clarification, "2026-04-02"}, {"DE", request.Access, request.Fee, "2026-04-02"},
			{"GB", request.Export, request.Fee, ""}, {"GB", request.Export, request.Clarification, "2026-04-02"}} {
			ref := fmt.Sprint("R-", i)
			in := d.ask(ref, c.kind)
			in.Jurisdiction = c.jurisdiction
			d.receive(t, in)
			pause := request.NewPause{Act: act(ref, "ask"), Cause: c.cause}
			if c.cause == request.Fee {
				for name, change := range map[string]func(*request.NewPause){
					"nothing": func(*request.NewPause) {}, "no ground": func(p *request.NewPause) { p.Fee = money.Of(1500, "EUR") },
					"another":   func(p *request.NewPause) { p.Fee, p.FeeGround = money.Of(1500, "EUR"), request.LegalDuty },
					"no amount": func(p *request.NewPause) { p.Fee, p.FeeGround = money.Of(0, "EUR"), request.Excessive },
					"no money": func(p *request.NewPause) {
						p.Fee, p.FeeGround = money.Amount{Minor: 5, Currency: "???"}, request.Excessive
					},
				} {
					bad := pause
					change(&bad)
					_, err := d.s.Pause(d.ctx, bad)
					require.ErrorIs(t, err, request.ErrBadInput, name)
				}
				pause.Fee, pause.FeeGround = money.Of(1500, "EUR"), request.Excessive
			} else {
				bad := pause
				bad.Fee, bad.FeeGround = money.Of(1500, "EUR"), request.Excessive
				_, err := d.s.Pause(d.ctx, bad)
				require.ErrorIs(t, err, request.ErrBadInput, "it is no fee that is waited for")
			}
			r, err := d.s.Pause(d.ctx, pause)
			require.NoError(t, err)
			require.Equal(t, c.waiting, r.LawDueOn.String(), "%v", c)
		}
	})
}

// An extension is two months at most, once, with reasons, and told within the first month: up to the last instant of its last day in the controller's zone.
func TestExtension(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.set("2026-05-31T12:00:00Z")
		for i, c := range []struct {
			at  string
			in  request.NewExtension
			err error
			due string
		}{
			{"2026-06-30T22:59:59.999999Z", request.NewExtension{}, nil, "2026-08-31"},
			{"2026-06-30T22:59:59.999999Z", request.NewExtension{Months: 1}, nil, "2026-07-31"},
			{"2026-06-30T23:00:00Z", request.NewExtension{}, request.ErrTooLate, ""},
			{"2026-06-01T12:00:00Z", request.NewExtension{Months: 3}, request.ErrBadInput, ""},
			{"2026-06-01T12:00:00Z", request.NewExtension{Days: 10}, request.ErrBadInput, ""},
		} {
			d.set("2026-05-31T12:00:00Z")
			ref := fmt.Sprint("R-", i)
			require.Equal(t, "2026-06-30", d.receive(t, d.ask(ref, request.Access)).LawDueOn.String())
			d.set(c.at)
			c.in.Act, c.in.Ground = act(ref, "more time"), request.Complexity
			r, err := d.s.Extend(d.ctx, c.in)
			if c.err != nil {
				require.ErrorIs(t, err, c.err, c.at)
				require.True(t, d.stands(t, ref).ExtendedAt.IsZero())
				continue
			}
			require.NoError(t, err)
			require.Equal(t, c.due, r.LawDueOn.String())
			require.Equal(t, "2026-06-30", r.PolicyDueOn.String(), "the policy promises no more time")
			again, err := d.s.Extend(d.ctx, c.in)
			require.NoError(t, err)
			require.True(t, again.Replayed)
			c.in.Reference = "and more"
			_, err = d.s.Extend(d.ctx, c.in)
			require.ErrorIs(t, err, request.ErrExtended)
		}
	})
}

// Sent in time and entered late, an extension counts as it was sent; without reasons or a channel it is none, and a jurisdiction without any has none.
func TestAnExtensionIsReasoned(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.receive(t, d.ask("R-1", request.Access))
		d.receive(t, d.ask("R-2", request.Complaint))
		in := d.ask("R-3", request.Access)
		in.Jurisdiction = "US-CA"
		d.receive(t, in)
		d.set("2026-04-20T12:00:00Z")
		sent := act("R-1", "letter")
		sent.At = time.Date(2026, 4, 2, 12, 0, 0, 0, time.UTC)
		for name, change := range map[string]func(*request.NewExtension){
			"no reasons":     func(e *request.NewExtension) { e.Note = " " },
			"no channel":     func(e *request.NewExtension) { e.Channel = "" },
			"no ground":      func(e *request.NewExtension) { e.Ground = "" },
			"before it came": func(e *request.NewExtension) { e.At = time.Date(2026, 3, 2, 8, 59, 59, 0, time.UTC) },
			"both":           func(e *request.NewExtension) { e.Months, e.Days = 1, 1 },
		} {
			e := request.NewExtension{Act: sent, Ground: request.Number}
			change(&e)
			_, err := d.s.Extend(d.ctx, e)
			require.ErrorIs(t, err, request.ErrBadInput, name)
		}
		tomorrow := request.NewExtension{Act: sent, Ground: request.Number}
		tomorrow.At = d.now().Add(time.Microsecond)
		_, err := d.s.Extend(d.ctx, tomorrow)
		require.ErrorIs(t, err, request.ErrFuture)
		r, err := d.s.Extend(d.ctx, request.NewExtension{Act: sent, Ground: request.Number})
		require.NoError(t, err)
		require.Equal(t, "2026-06-02", r.LawDueOn.String())
		_, err = d.s.Extend(d.ctx, request.NewExtension{Act: act("R-2", "letter"), Ground: request.Number})
		require.ErrorIs(t, err, request.ErrExtended)
		ca := request.NewExtension{Act: act("R-3", "letter"), Ground: request.Complexity, Days: 46}
		ca.At = time.Date(2026, 4, 16, 12, 0, 0, 0, time.UTC)
		_, err = d.s.Extend(d.ctx, ca)
		require.ErrorIs(t, err, request.ErrBadInput)
		ca.Days = 45
		r, err = d.s.Extend(d.ctx, ca)
		require.NoError(t, err)
		require.Equal(t, "2026-05-31", r.LawDueOn.String(), "90 days in all")
	})
}

// A clock that has run out is not stopped by asking; one that is stopped twice adds up.
func TestPauses(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.receive(t, d.ask("R-1", request.Access))
		pause := func(reference, at string) (request.Request, error) {
			d.set(at)
			return d.s.Pause(d.ctx, request.NewPause{Act: act("R-1", reference), Cause: request.Identity})
		}
		resume := func(reference, at string) request.Request {
			d.set(at)
			r, err := d.s.Resume(d.ctx, request.NewResumption{Act: act("R-1", reference)})
			require.NoError(t, err)
			return r
		}
		_, err := pause("a", "2026-03-10T12:00:00Z")
		require.NoError(t, err)
		early := request.NewResumption{Act: act("R-1", "early")}
		early.At = time.Date(2026, 3, 10, 11, 0, 0, 0, time.UTC)
		_, err = d.s.Resume(d.ctx, early)
		require.ErrorIs(t, err, request.ErrBadInput)
		require.Equal(t, "2026-04-07", resume("b", "2026-03-15T12:00:00Z").LawDueOn.String())
		_, err = pause("c", "2026-04-01T12:00:00Z")
		require.NoError(t, err)
		r := resume("d", "2026-04-03T12:00:00Z")
		require.EqualValues(t, 7, r.PausedDays)
		require.Equal(t, "2026-04-09", r.LawDueOn.String())
		_, err = pause("e", "2026-04-09T23:00:00Z") // the tenth, in London
		require.ErrorIs(t, err, request.ErrTooLate)
		_, err = pause("e", "2026-04-09T22:59:59Z")
		require.NoError(t, err)
	})
}

// A period that starts anew forgets the days that did not count before.
func TestAPeriodThatStartsAnew(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		in := d.ask("R-1", request.Access)
		in.Jurisdiction = "GB"
		d.receive(t, in)
		var r request.Request
		for _, step := range []struct {
			from, to string
			cause    request.Cause
			due      string
		}{{"2026-03-03T12:00:00Z", "2026-03-08T12:00:00Z", request.Clarification, "2026-04-07"}, {"2026-03-09T12:00:00Z", "2026-03-16T12:00:00Z", request.Identity, "2026-04-16"},
			{"2026-03-17T12:00:00Z", "2026-03-18T12:00:00Z", request.Clarification, "2026-04-17"}} {
			d.set(step.from)
			_, err := d.s.Pause(d.ctx, request.NewPause{Act: act("R-1", step.from), Cause: step.cause})
			require.NoError(t, err)
			d.set(step.to)
			r, err = d.s.Resume(d.ctx, request.NewResumption{Act: act("R-1", step.to)})
			require.NoError(t, err)
			require.Equal(t, step.due, r.LawDueOn.String())
		}
		require.Equal(t, "2026-03-16", r.LawFrom.String())
	})
}

// Whatever is done, the policy's day stands, the first day is the first of all, and the law's never comes before the receipt plus the period.
func TestClocksHoldWhateverIsDone(t *testing.T) {
	d := openDesk(t, "sqlite")
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		ref := fmt.Sprint("R-", n)
		at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 3*365*24).Draw(rt, "hours")) * time.Hour)
		d.micros.Store(at.UnixMicro())
		in := d.ask(ref, rapid.SampledFrom(request.Kinds()).Draw(rt, "kind"))
		in.Jurisdiction = rapid.SampledFrom([]string{"DE", "GB", request.General}).Draw(rt, "jurisdiction")
		r, err := d.s.Receive(d.ctx, in)
		require.NoError(rt, err)
		policy, law := r.PolicyDueOn, r.LawDueOn
		for i := range rapid.IntRange(0, 6).Draw(rt, "acts") {
			at = at.Add(time.Duration(rapid.Int64Range(0, 20*24).Draw(rt, "later")) * time.Hour)
			d.micros.Store(at.UnixMicro())
			a := act(ref, fmt.Sprint(i))
			switch rapid.IntRange(0, 3).Draw(rt, "act") {
			case 0:
				p := request.NewPause{Act: a, Cause: rapid.SampledFrom([]request.Cause{request.Identity, request.Clarification, request.Fee}).Draw(rt, "cause")}
				if p.Cause == request.Fee {
					p.Fee, p.FeeGround = money.Of(1000, "GBP"), request.Unfounded
				}
				_, err = d.s.Pause(d.ctx, p)
			case 1:
				_, err = d.s.Resume(d.ctx, request.NewResumption{Act: a})
			case 2:
				_, err = d.s.Extend(d.ctx, request.NewExtension{Act: a, Ground: request.Number})
			case 3:
				_, err = d.s.Acknowledge(d.ctx, request.NewAcknowledgement{Act: a})
			}
			before := r
			f, openErr := d.s.Open(d.ctx, ref)
			require.NoError(rt, openErr)
			r = f.Request
			if err != nil {
				require.Equal(rt, before, r, "what was refused changed something")
			}
			require.Equal(rt, policy, r.PolicyDueOn)
			require.False(rt, !r.LawDueOn.IsZero() && r.LawDueOn.Before(law), "the law's day only moves on")
			today := date.In(at, tenancy.ScopeOf(d.ctx).Zone())
			first := r.PolicyDueOn
			for _, c := range r.Clocks(today) {
				if c.DueOn.Before(first) {
					first = c.DueOn
				}
				require.Equal(rt, c.DueOn.Before(today), c.Late)
			}
			require.Equal(rt, first, r.DueOn)
			require.EqualValues(rt, len(f.Steps), r.Steps)
		}
	})
}

// One instant is another day elsewhere: the clocks are those of the controller's zone.
func TestDaysAreTheControllersOwn(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.set("2026-06-10T11:30:00Z")
		due := func(zone string) string {
			made, err := d.DB.Tenants().Create(d.Platform(t), tenancy.NewTenant{Name: zone, TimeZone: zone})
			require.NoError(t, err)
			r, err := d.s.Receive(d.Enter(t, made.ID, "*"), d.ask("R-1", request.Complaint))
			require.NoError(t, err)
			return r.PolicyDueOn.String()
		}
		for zone, want := range map[string]string{"Pacific/Auckland": "2026-07-10", "Pacific/Kiritimati": "2026-07-11", "UTC": "2026-07-10", "Pacific/Pago_Pago": "2026-07-10", "Pacific/Niue": "2026-07-10"} {
			require.Equal(t, want, due(zone), zone)
		}
		d.set("2026-06-10T10:59:59Z") // the day before in Niue and Pago Pago, the next in Kiritimati
		for zone, want := range map[string]string{"Pacific/Kiritimati": "2026-07-11", "UTC": "2026-07-10", "Pacific/Pago_Pago": "2026-07-09", "Pacific/Niue": "2026-07-09"} {
			require.Equal(t, want, due(zone), zone)
		}
	})
}
