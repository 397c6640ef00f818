package request_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

func (d *desk) patient(t *testing.T, id uuid.UUID) Patient {
	t.Helper()
	var out *Patient
	require.NoError(t, d.DB.Read(d.ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		out, err = tenancy.Get[Patient](ctx, tx, id)
		return err
	}))
	return *out
}

func (d *desk) openNotices(t *testing.T, person uuid.UUID) []request.Notice {
	t.Helper()
	page, err := d.s.Notices(d.ctx, request.NoticeFilter{Person: person, Open: true}, tenancy.PageRequest{})
	require.NoError(t, err)
	return page.Items
}

func change(table string, row uuid.UUID, column, to string) privacy.Change {
	return privacy.Change{Table: table, RowID: row, Column: column, To: to}
}

// A correction keeps what it was and what it became, in rows that go with the person, and recipients are to be told.
func TestACorrectionHasAHistory(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada Canary")
		bob, _ := d.admit(t, "Bob Finch")
		d.recipients[p.ID] = []request.Recipient{{Key: "2", Name: "Two"}, {Key: "1", Name: "One"}, {Key: "1", Name: "One"}}
		d.about(t, "R-1", request.Correction, p.ID)
		in := request.NewCorrection{Act: act("R-1", "c"), KnownAs: "Ada Canary, 12", Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "Ada Kestrel"), change("clinic.patients", p.ID, "born", "1990-02-04"),
			change("clinic.patients", p.ID, "email", "ada.kestrel@example.org")}}
		untold := in
		untold.KnownAs = ""
		_, err := d.s.Correct(d.ctx, untold)
		require.ErrorIs(t, err, request.ErrKnownAs)
		require.Equal(t, "Ada Canary", d.patient(t, p.ID).Name, "one transaction")
		r, err := d.s.Correct(d.ctx, in)
		require.NoError(t, err)
		require.EqualValues(t, 1, r.Fulfilled)
		again, err := d.s.Correct(d.ctx, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)

		now := d.patient(t, p.ID)
		require.Equal(t, []string{"Ada Kestrel", "ada kestrel", "1990-02-04"}, []string{now.Name, now.NameKey, now.Born.String()}, "with what follows from it")
		records, err := d.data.Corrections(d.ctx, p.ID)
		require.NoError(t, err)
		var lines []string
		for _, c := range records {
			lines = append(lines, fmt.Sprint(c.Table, ".", c.Column, ": ", c.From, " -> ", c.To, " by ", c.CorrectedBy))
			require.Equal(t, d.now(), c.CorrectedAt)
		}
		require.Equal(t, []string{"clinic.patients.name: Ada Canary -> Ada Kestrel by tester", "clinic.patients.born: 1990-02-03 -> 1990-02-04 by tester",
			"clinic.patients.email: ada.canary@example.org -> ada.kestrel@example.org by tester"}, lines)
		notices := d.openNotices(t, p.ID)
		require.Len(t, notices, 2)
		require.Equal(t, []string{"Ada Canary, 12", "Ada Canary, 12"}, []string{notices[0].KnownAs, notices[1].KnownAs})
		require.Equal(t, "Bob Finch", d.patient(t, bob.ID).Name)

		// What it was is found with the person, and goes with the person.
		_, err = d.data.Erase(d.ctx, privacy.Erasure{PersonID: p.ID, Reference: "E-1", Reason: "asked"})
		require.NoError(t, err)
		records, err = d.data.Corrections(d.ctx, p.ID)
		require.NoError(t, err)
		require.Len(t, records, 3)
		for _, c := range records {
			require.Empty(t, c.From+c.To)
		}
		done, err := d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: records[0].Reference, Changes: in.Changes})
		require.NoError(t, err, "the same again, of which nothing is known any more")
		require.Len(t, done, 3)
	})
}

// What is not the person's, not personal, secret, a figure or a thing of the books is not corrected.
func TestWhatIsNotCorrected(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, v := d.admit(t, "Ada")
		bob, bobs := d.admit(t, "Bob")
		for name, c := range map[string]privacy.Change{
			"no table": change("clinic.none", p.ID, "name", "x"), "no column": change("clinic.patients", p.ID, "none", "x"), "nothing personal": change("clinic.patients", p.ID, "ward", "B"),
			"a secret": change("clinic.patients", p.ID, "pin", "1"), "a figure": change("clinic.patients", p.ID, "premium", "6"), "what never changes": change("clinic.visits", v.ID, "doctor", "x"),
			"what a document says": change("clinic.visit_texts", v.ID, "payer", "x"), "another's document": change("clinic.visit_texts", bobs.ID, "payer", "x"),
			"a key": change("clinic.patients", p.ID, "id", bob.ID.String()),
		} {
			_, err := d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: "C", Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "y"), c}})
			require.ErrorIs(t, err, privacy.ErrNotCorrectable, name)
		}
		for name, c := range map[string]privacy.Change{"another's row": change("clinic.patients", bob.ID, "name", "x"),
			"no row": change("clinic.patients", tenancy.NewID(), "name", "x")} {
			_, err := d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: "C", Changes: []privacy.Change{c}})
			require.ErrorIs(t, err, tenancy.ErrNotFound, name)
		}
		name := change("clinic.patients", p.ID, "name", "Ada")
		for what, in := range map[string]privacy.Correction{
			"nobody": {Reference: "C", Changes: []privacy.Change{name}}, "no reference": {PersonID: p.ID, Changes: []privacy.Change{name}}, "nothing": {PersonID: p.ID, Reference: "C"},
			"as it is": {PersonID: p.ID, Reference: "C", Changes: []privacy.Change{name}}, "twice": {PersonID: p.ID, Reference: "C", Changes: []privacy.Change{name, name}},
		} {
			_, err := d.data.Correct(d.ctx, in)
			require.ErrorIs(t, err, privacy.ErrBadInput, what)
		}
		_, err := d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: "C", Changes: []privacy.Change{change("clinic.patients", p.ID, "born", "yesterday")}})
		require.ErrorIs(t, err, privacy.ErrBadValue, "no day")
		require.Equal(t, *p, d.patient(t, p.ID))
		records, err := d.data.Corrections(d.ctx, p.ID)
		require.NoError(t, err)
		require.Empty(t, records)
		_, err = d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: "C", Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "Eve")}})
		require.NoError(t, err)
		_, err = d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: "C", Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "Eva")}})
		require.ErrorIs(t, err, privacy.ErrCorrectionTaken)
	})
}

// Who contests that data are accurate is restricted, and what is wrong is put right all the same, by whoever may.
func TestACorrectionOfARestrictedPerson(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		d.about(t, "R-1", request.Correction, p.ID)
		_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act("R-1", "r"), Ground: tenancy.AccuracyContested})
		require.NoError(t, err)
		in := request.NewCorrection{Act: act("R-1", "c"), Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "Eve")}}
		_, err = d.s.Correct(d.Enter(t, tenancy.ScopeOf(d.ctx).TenantID(), "request.*"), in)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = d.s.Correct(d.Enter(t, tenancy.ScopeOf(d.ctx).TenantID(), "request.*", tenancy.PermDespite), in)
		require.NoError(t, err)
		require.Equal(t, "Eve", d.patient(t, p.ID).Name)
	})
}

// A deletion is an erasure under the request's reference; recipients are told although nobody here knows the person any more; and who asked goes last, while the register stays.
func TestADeletionFromBeginningToEnd(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada Canary")
		d.recipients[p.ID] = []request.Recipient{{Key: "1", Name: "One"}}
		d.about(t, "R-1", request.Deletion, p.ID)
		_, err := d.s.EraseRequester(d.ctx, request.RequesterErasure{Request: "R-1", Reference: "requester of R-1"})
		require.ErrorIs(t, err, request.ErrStillOpen)
		_, err = d.s.Erase(d.ctx, request.NewErasure{Act: act("R-1", "e")})
		require.ErrorIs(t, err, request.ErrKnownAs)
		require.Equal(t, "Ada Canary", d.patient(t, p.ID).Name, "one transaction")
		r, err := d.s.Erase(d.ctx, request.NewErasure{Act: act("R-1", "e"), KnownAs: "Ada Canary, 12"})
		require.NoError(t, err)
		require.NotEqual(t, "Ada Canary", d.patient(t, p.ID).Name)
		report, err := d.data.Erase(d.ctx, privacy.Erasure{PersonID: p.ID, Reference: "R-1", Reason: "again"})
		require.NoError(t, err)
		require.True(t, report.Replayed, "the reference is the request's")
		require.Equal(t, "Ada Canary, 12", d.openNotices(t, p.ID)[0].KnownAs)
		f, err := d.s.Open(d.ctx, "R-1")
		require.NoError(t, err)
		require.Equal(t, ada.Email, f.From.Email, "who is still to be answered")
		_, err = d.data.Erase(d.ctx, privacy.Erasure{PersonID: r.RequesterID, Reference: "past the room", Reason: "asked"})
		require.ErrorIs(t, err, request.ErrStillOpen, "the database refuses too")
		_, err = d.s.CloseNotice(d.ctx, request.ClosedNotice{Notice: d.openNotices(t, p.ID)[0].ID, As: request.Told, Channel: request.Email})
		require.NoError(t, err)
		require.NoError(t, d.answer("R-1", request.Granted))

		before := d.stands(t, "R-1")
		_, err = d.s.EraseRequester(d.ctx, request.RequesterErasure{Request: "R-1", Reference: "requester of R-1"})
		require.NoError(t, err)
		f, err = d.s.Open(d.ctx, "R-1")
		require.NoError(t, err)
		require.Equal(t, before, f.Request, "the register stays")
		require.Contains(t, f.From.Name, "erased ")
		require.Equal(t, request.Requester{Name: f.From.Name}, f.From)
		require.Empty(t, f.Ask)
		for _, s := range f.Steps {
			require.Empty(t, s.Note+s.Remedies)
		}
		again := d.receive(t, d.ask("R-1", request.Deletion))
		require.True(t, again.Replayed, "what was asked is not known any more; the reference is")
		require.True(t, must(d.s.Answer(d.ctx, request.NewAnswer{Act: act("R-1", "answer"), Outcome: request.Granted})).Replayed)
	})
}

// admitting is a new visit of a patient, which a restriction refuses.
func (d *desk) admitting(p uuid.UUID) error {
	return d.DB.Tx(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		return tenancy.Insert(ctx, tx, &Visit{PatientID: p})
	})
}

// A restriction holds until the person was told that it ends, and until the last one that another request asked for has ended as well.
func TestARestrictionFromBeginningToEnd(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		d.recipients[p.ID] = []request.Recipient{{Key: "1", Name: "One"}}
		for _, r := range []string{"R-1", "R-2"} {
			d.about(t, r, request.Restriction, p.ID)
			_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act(r, "r"), Ground: tenancy.UnlawfulUse, KnownAs: "Ada"})
			require.NoError(t, err)
			_, err = d.s.Restrict(d.ctx, request.NewRestriction{Act: act(r, "again"), Ground: tenancy.UnlawfulUse, KnownAs: "Ada"})
			require.ErrorIs(t, err, request.ErrWrongState)
			require.ErrorIs(t, d.admitting(p.ID), tenancy.ErrRestricted)
		}
		_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act("R-1", "x"), Ground: tenancy.ObjectionPending})
		require.ErrorIs(t, err, request.ErrBadInput)
		require.NoError(t, d.answer("R-1", request.Granted))
		lift := func(r string) error {
			_, err := d.s.Lift(d.ctx, request.NewLifting{Act: act(r, "lift"), KnownAs: "Ada"})
			return err
		}
		for i, r := range []string{"R-1", "R-2"} {
			require.ErrorIs(t, lift(r), request.ErrNotAnnounced)
			d.micros.Add(1)
			_, err = d.s.AnnounceLifting(d.ctx, request.NewAnnouncement{Act: act(r, "announce")})
			require.NoError(t, err)
			require.ErrorIs(t, lift(r), request.ErrNotAnnounced, "not before it was told, and not with it")
			d.micros.Add(1)
			require.NoError(t, lift(r))
			require.NoError(t, lift(r), "a replay")
			if i == 0 {
				require.ErrorIs(t, d.admitting(p.ID), tenancy.ErrRestricted, "R-2 restricts it still")
				left, err := d.s.Restrictions(d.ctx, uuid.Nil)
				require.NoError(t, err)
				require.Len(t, left, 1)
			}
		}
		require.NoError(t, d.admitting(p.ID))
		all, err := d.s.Restrictions(d.ctx, p.ID)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Len(t, d.openNotices(t, p.ID), 3, "two restrictions, and the end of the last")
	})
}

// An objection restricts until it is decided; what is upheld stands, and is asked for.
func TestAnObjectionFromBeginningToEnd(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		bob, _ := d.admit(t, "Bob")
		d.about(t, "R-1", request.Objection, p.ID)
		object := func(r, reference string, purposes ...tenancy.Purpose) error {
			_, err := d.s.Object(d.ctx, request.NewObjection{Act: act(r, reference), Purposes: purposes})
			return err
		}
		objected := func(who uuid.UUID, want bool) {
			t.Helper()
			have, err := d.s.Objected(d.ctx, who, tenancy.EnsureSecurity)
			require.NoError(t, err)
			require.Equal(t, want, have)
		}
		require.ErrorIs(t, object("R-1", "o"), request.ErrBadInput)
		require.ErrorIs(t, object("R-1", "o", "advertising"), request.ErrBadInput)
		require.ErrorIs(t, object("R-1", "o", tenancy.EnsureSecurity, tenancy.EnsureSecurity), request.ErrBadInput)
		require.ErrorIs(t, object("R-1", "o", tenancy.EnsureSecurity, tenancy.ComplyWithLaw), request.ErrNotObjectable, "the law's own duty")
		objected(p.ID, false)
		require.NoError(t, d.admitting(p.ID))
		require.NoError(t, object("R-1", "o", tenancy.EnsureSecurity))
		objected(p.ID, true)
		objected(bob.ID, false)
		require.ErrorIs(t, d.admitting(p.ID), tenancy.ErrRestricted, "until it is decided")
		d.about(t, "R-2", request.Objection, p.ID)
		require.ErrorIs(t, object("R-2", "o", tenancy.EnsureSecurity), request.ErrObjected)

		require.ErrorIs(t, d.answer("R-1", request.NothingHeld), request.ErrNotDone, "not while an objection is undecided")
		d.micros.Add(1)
		_, err := d.s.AnnounceLifting(d.ctx, request.NewAnnouncement{Act: act("R-1", "a")})
		require.NoError(t, err)
		d.micros.Add(1)
		_, err = d.s.Lift(d.ctx, request.NewLifting{Act: act("R-1", "l")})
		require.ErrorIs(t, err, request.ErrWrongState, "it is not decided")
		unreasoned := request.NewDecision{Act: act("R-1", "d"), Purpose: tenancy.EnsureSecurity}
		unreasoned.Note = ""
		_, err = d.s.Decide(d.ctx, unreasoned)
		require.ErrorIs(t, err, request.ErrBadInput)
		_, err = d.s.Decide(d.ctx, request.NewDecision{Act: act("R-1", "d"), Purpose: tenancy.Communicate, Upheld: true})
		require.ErrorIs(t, err, request.ErrWrongState)
		_, err = d.s.Decide(d.ctx, request.NewDecision{Act: act("R-1", "d"), Purpose: tenancy.EnsureSecurity, Upheld: true})
		require.NoError(t, err)
		objected(p.ID, true)
		_, err = d.s.Lift(d.ctx, request.NewLifting{Act: act("R-1", "l")})
		require.NoError(t, err)
		require.NoError(t, d.admitting(p.ID))
		require.NoError(t, d.answer("R-1", request.Granted))

		// Of another person: overruled with the refusal, and withdrawn with the request.
		for r, end := range map[string]request.Verb{"R-3": request.Refuse, "R-4": request.Withdraw} {
			d.about(t, r, request.Objection, bob.ID)
			require.NoError(t, object(r, "o", tenancy.EnsureSecurity))
			require.NoError(t, d.doings(t)[end](r, "end"))
			objected(bob.ID, false)
		}
		list, err := d.s.Objections(d.ctx, bob.ID)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.ElementsMatch(t, []request.ObjectionState{request.Overruled, request.ObjectionWithdrawn}, []request.ObjectionState{list[0].State, list[1].State})
	})
}

// A notice is open until the recipient was told, or it is said why not.
func TestNoticesAreOpenUntilTheyAreClosed(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		for i := range 3 {
			d.recipients[p.ID] = append(d.recipients[p.ID], request.Recipient{Key: fmt.Sprint(i), Name: fmt.Sprint("Recipient ", i)})
		}
		d.about(t, "R-1", request.Restriction, p.ID)
		_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act("R-1", "r"), Ground: tenancy.UnlawfulUse, KnownAs: "Ada"})
		require.NoError(t, err)
		open := d.openNotices(t, p.ID)
		require.Len(t, open, 3)
		for name, in := range map[string]request.ClosedNotice{
			"nothing": {}, "no channel": {As: request.Told}, "no reason": {As: request.Impossible}, "a channel without telling": {As: request.Impossible, Reason: "x", Channel: request.Email},
			"open": {As: request.NoticeOpen}, "told, and not": {As: request.Told, Channel: request.Email, Reason: "x"}, "before": {As: request.Told, Channel: request.Email, At: d.now().Add(-1000)},
		} {
			in.Notice = open[0].ID
			_, err := d.s.CloseNotice(d.ctx, in)
			require.ErrorIs(t, err, request.ErrBadInput, name)
		}
		_, err = d.s.CloseNotice(d.ctx, request.ClosedNotice{Notice: open[0].ID, As: request.Told, Channel: request.Email, At: d.now().Add(1000)})
		require.ErrorIs(t, err, request.ErrFuture)
		_, err = d.s.CloseNotice(d.ctx, request.ClosedNotice{Notice: tenancy.NewID(), As: request.Told, Channel: request.Email})
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		for i, in := range []request.ClosedNotice{{As: request.Told, Channel: request.Letter}, {As: request.Impossible, Reason: "struck off"}, {As: request.Disproportionate, Reason: "10,000 readers"}} {
			in.Notice = open[i].ID
			n, err := d.s.CloseNotice(d.ctx, in)
			require.NoError(t, err)
			require.Empty(t, n.KnownAs, "by what they know the person is needed no more")
			n, err = d.s.CloseNotice(d.ctx, in)
			require.NoError(t, err)
			require.True(t, n.Replayed)
			_, err = d.s.CloseNotice(d.ctx, request.ClosedNotice{Notice: open[i].ID, As: request.Told, Channel: request.Form})
			require.ErrorIs(t, err, request.ErrWrongState)
			require.Len(t, d.openNotices(t, p.ID), 2-i)
		}
	})
}

// Whoever waits for an answer is not erased, by whichever one of their addresses they can be reached; afterwards they are.
func TestWhoWaitsCanBeReached(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for name, from := range map[string]request.Requester{"mail": {Name: "A", Email: "a@example.org"}, "phone": {Name: "B", Phone: "+44 1"}, "post": {Name: "C", Address: "1 Row"}} {
			in := d.ask(name, request.Access)
			in.From = from
			r := d.receive(t, in)
			erase := func() error {
				_, err := d.data.Erase(d.ctx, privacy.Erasure{PersonID: r.RequesterID, Reference: "E-" + name, Reason: "asked"})
				return err
			}
			require.ErrorIs(t, erase(), request.ErrStillOpen, name)
			f, err := d.s.Open(d.ctx, name)
			require.NoError(t, err)
			require.Equal(t, from, f.From)
			require.NoError(t, d.answer(name, request.NothingHeld))
			require.NoError(t, erase(), name)
		}
	})
}
