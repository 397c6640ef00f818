package request_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

// Requests come in by any channel, as they were received, and once.
func TestRequestsComeInByAnyChannel(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for i, c := range request.Channels() {
			for j, k := range request.Kinds() {
				in := d.ask(fmt.Sprint("R-", i, "-", j), k)
				in.Channel = c
				in.ReceivedAt = d.now().Add(-48 * time.Hour)
				r := d.receive(t, in)
				require.Equal(t, request.Open, r.State)
				require.Equal(t, in.ReceivedAt, r.ReceivedAt)
				require.Equal(t, d.now(), r.EnteredAt)
				require.Equal(t, "2026-03-30", r.PolicyDueOn.String(), "from the receipt, not from the entry")
			}
		}
		f, err := d.s.Open(d.ctx, "R-0-0")
		require.NoError(t, err)
		require.Equal(t, ada, f.From)
		require.Equal(t, "Please, says Ada Canary", f.Ask)
		require.Len(t, f.Steps, 1)
		page, err := d.s.List(d.ctx, request.Filter{Kind: request.Objection}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, len(request.Channels()))
	})
}

func TestReceiptIsCheckedAndRepeatable(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		in := d.ask("R-1", request.Access)
		first := d.receive(t, in)
		again := d.receive(t, in)
		require.True(t, again.Replayed)
		require.Equal(t, first.ID, again.ID)
		for name, change := range map[string]func(*request.NewRequest){
			"another kind": func(r *request.NewRequest) { r.Kind = request.Export }, "another name": func(r *request.NewRequest) { r.From.Name = "Bob" },
			"other words": func(r *request.NewRequest) { r.Ask = "no" }, "another day": func(r *request.NewRequest) { r.ReceivedAt = r.ReceivedAt.Add(-time.Hour) },
		} {
			other := in
			change(&other)
			_, err := d.s.Receive(d.ctx, other)
			require.ErrorIs(t, err, request.ErrReferenceTaken, name)
		}
		for name, change := range map[string]func(*request.NewRequest){
			"no reference": func(r *request.NewRequest) { r.Reference = " " }, "no kind": func(r *request.NewRequest) { r.Kind = "" }, "no channel": func(r *request.NewRequest) { r.Channel = "fax" },
			"no day": func(r *request.NewRequest) { r.ReceivedAt = time.Time{} }, "no name": func(r *request.NewRequest) { r.From.Name = "" },
			"a long name": func(r *request.NewRequest) { r.From.Name = strings.Repeat("x", 201) }, "long words": func(r *request.NewRequest) { r.Ask = strings.Repeat("x", 10_001) },
			"a place": func(r *request.NewRequest) { r.Jurisdiction = "in Germany" },
		} {
			other := in
			other.Reference = "R-2"
			change(&other)
			_, err := d.s.Receive(d.ctx, other)
			require.ErrorIs(t, err, request.ErrBadInput, name)
		}
		in.Reference, in.ReceivedAt = "R-2", d.now().Add(time.Microsecond)
		_, err := d.s.Receive(d.ctx, in)
		require.ErrorIs(t, err, request.ErrFuture)
		page, err := d.s.List(d.ctx, request.Filter{}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}

// doings are all acts on a request, as a caller does them.
func (d *desk) doings(t *testing.T) map[request.Verb]func(r, reference string) error {
	t.Helper()
	one := func(_ request.Request, err error) error { return err }
	return map[request.Verb]func(r, reference string) error{
		request.Acknowledge: func(r, ref string) error {
			return one(d.s.Acknowledge(d.ctx, request.NewAcknowledgement{Act: act(r, ref)}))
		},
		request.Assign: func(r, ref string) error {
			return one(d.s.Assign(d.ctx, request.NewAssignment{Act: act(r, ref), Handler: "user-7"}))
		},
		request.Identify: func(r, ref string) error {
			return one(d.s.Identify(d.ctx, request.NewIdentification{Act: act(r, ref), Person: d.stands(t, r).PersonID}))
		},
		request.Pause: func(r, ref string) error {
			return one(d.s.Pause(d.ctx, request.NewPause{Act: act(r, ref), Cause: request.Identity}))
		},
		request.Resume: func(r, ref string) error {
			return one(d.s.Resume(d.ctx, request.NewResumption{Act: act(r, ref)}))
		},
		request.Extend: func(r, ref string) error {
			return one(d.s.Extend(d.ctx, request.NewExtension{Act: act(r, ref), Ground: request.Number}))
		},
		request.Deliver: func(r, ref string) error {
			in := delivered
			in.Act = act(r, ref)
			return one(d.s.Deliver(d.ctx, in))
		},
		request.Correct: func(r, ref string) error {
			return one(d.s.Correct(d.ctx, request.NewCorrection{Act: act(r, ref), Changes: []privacy.Change{{Table: "clinic.patients", RowID: d.stands(t, r).PersonID, Column: "name", To: "Ada " + ref}}}))
		},
		request.Erase: func(r, ref string) error {
			return one(d.s.Erase(d.ctx, request.NewErasure{Act: act(r, ref), Confirmed: true}))
		},
		request.Restrict: func(r, ref string) error {
			return one(d.s.Restrict(d.ctx, request.NewRestriction{Act: act(r, ref), Ground: tenancy.UnlawfulUse}))
		},
		request.Object: func(r, ref string) error {
			return one(d.s.Object(d.ctx, request.NewObjection{Act: act(r, ref), Purposes: []tenancy.Purpose{tenancy.EnsureSecurity}}))
		},
		request.Decide: func(r, ref string) error {
			return one(d.s.Decide(d.ctx, request.NewDecision{Act: act(r, ref), Purpose: tenancy.EnsureSecurity, Upheld: true}))
		},
		request.Announce: func(r, ref string) error {
			return one(d.s.AnnounceLifting(d.ctx, request.NewAnnouncement{Act: act(r, ref)}))
		},
		request.Lift: func(r, ref string) error { return one(d.s.Lift(d.ctx, request.NewLifting{Act: act(r, ref)})) },
		request.Forward: func(r, ref string) error {
			return one(d.s.Forward(d.ctx, request.NewForward{Act: act(r, ref)}))
		},
		request.Recall: func(r, ref string) error {
			return one(d.s.Recall(d.ctx, request.NewRecall{Act: act(r, ref), To: tenancy.NewID()}))
		},
		request.Answer: func(r, ref string) error {
			return one(d.s.Answer(d.ctx, request.NewAnswer{Act: act(r, ref), Outcome: request.NothingHeld}))
		},
		request.Refuse: func(r, ref string) error {
			return one(d.s.Refuse(d.ctx, request.NewRefusal{Act: act(r, ref), Ground: request.Unfounded, Authority: "The authority", JudicialRemedy: true}))
		},
		request.Withdraw: func(r, ref string) error {
			return one(d.s.Withdraw(d.ctx, request.NewWithdrawal{Act: act(r, ref)}))
		},
	}
}

// TestTransitions walks every pair of state and act: what stands in the table works and leads where it says; everything else is refused with request.wrong_state and changes nothing.
func TestTransitions(t *testing.T) {
	reach := map[request.State]request.Verb{request.Waiting: request.Pause, request.Answered: request.Answer, request.Refused: request.Refuse, request.Withdrawn: request.Withdraw}
	eachDesk(t, func(t *testing.T, d *desk) {
		d.platform(t)
		acts := d.doings(t)
		// What has to be there for an act to have something to do.
		before := map[request.Verb][]request.Verb{request.Decide: {request.Object}, request.Announce: {request.Restrict}, request.Lift: {request.Restrict, request.Announce}}
		for _, from := range request.States() {
			for by, do := range acts {
				ref := fmt.Sprint(from, "-", by)
				p, _ := d.admit(t, "Ada "+ref)
				d.about(t, ref, request.Access, p.ID)
				d.micros.Add(1)
				for i, prior := range before[by] {
					if from == request.Answered && by == request.Decide {
						break // an answer is not given while an objection is pending
					}
					require.NoError(t, acts[prior](ref, fmt.Sprint("prior-", i)), ref)
					d.micros.Add(1)
				}
				if from != request.Open {
					require.NoError(t, acts[reach[from]](ref, "reach"), ref)
					d.micros.Add(1)
				}
				stood := d.stands(t, ref)
				err := do(ref, "act")
				after := d.stands(t, ref)
				to, legal := follows(from, by)
				switch {
				case legal && (from == request.Answered && by == request.Decide || by == request.Recall):
					require.ErrorIs(t, err, request.ErrWrongState, "there is nothing to decide, or to recall")
				case legal:
					require.NoError(t, err, ref)
					assert.Equal(t, to, after.State, ref)
				default:
					require.ErrorIs(t, err, request.ErrWrongState, ref)
					assert.Equal(t, stood, after, ref)
				}
			}
		}
	})
}

func follows(from request.State, by request.Verb) (request.State, bool) {
	for _, t := range request.Transitions() {
		if t.From == from && t.By == by {
			return t.To, true
		}
	}
	return "", false
}

// platform makes the platform's own tenant.
func (d *desk) platform(t *testing.T) context.Context {
	t.Helper()
	own, err := d.DB.Tenants().Create(d.Platform(t), tenancy.NewTenant{Name: "The platform", TimeZone: "UTC", Platform: true})
	require.NoError(t, err)
	return d.Enter(t, own.ID, "*")
}

// The database knows the states, and refuses what no act does.
func TestTheDatabaseRefuses(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.platform(t)
		p, _ := d.admit(t, "Ada")
		d.recipients[p.ID] = []request.Recipient{{Key: "1", Name: "One"}}
		d.about(t, "open", request.Objection, p.ID)
		d.about(t, "closed", request.Restriction, p.ID)
		d.micros.Add(1)
		_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act("closed", "r"), Ground: tenancy.UnlawfulUse, KnownAs: "Ada"})
		require.NoError(t, err)
		_, err = d.s.Object(d.ctx, request.NewObjection{Act: act("open", "o"), Purposes: []tenancy.Purpose{tenancy.EnsureSecurity}, KnownAs: "Ada"})
		require.NoError(t, err)
		_, err = d.s.Forward(d.ctx, request.NewForward{Act: act("closed", "f")})
		require.NoError(t, err)
		require.NoError(t, d.answer("closed", request.Granted))
		d.micros.Add(1)
		_, err = d.s.AnnounceLifting(d.ctx, request.NewAnnouncement{Act: act("closed", "a")})
		require.NoError(t, err)
		d.micros.Add(1)
		_, err = d.s.Lift(d.ctx, request.NewLifting{Act: act("closed", "l")})
		require.NoError(t, err)
		notices, err := d.s.Notices(d.ctx, request.NoticeFilter{}, tenancy.PageRequest{})
		require.NoError(t, err)
		_, err = d.s.CloseNotice(d.ctx, request.ClosedNotice{Notice: notices.Items[0].ID, As: request.Told, Channel: request.Email})
		require.NoError(t, err)

		owner := d.Owner(t, tenancy.ScopeOf(d.ctx).TenantID())
		open, closed := "WHERE reference = 'open'", "WHERE reference = 'closed'"
		for _, statement := range []string{
			"DELETE FROM erp.subject_requests", "DELETE FROM erp.request_steps", "DELETE FROM erp.request_texts", "DELETE FROM erp.requesters", "DELETE FROM erp.request_objections",
			"DELETE FROM erp.recipient_notices", "DELETE FROM erp.request_restrictions", "DELETE FROM erp.request_forwards", "DELETE FROM erp.request_step_texts",
			"UPDATE erp.subject_requests SET received_at = entered_at, kind = 'access' " + open, "UPDATE erp.subject_requests SET policy_due_on = '2027-01-01' " + open,
			"UPDATE erp.subject_requests SET reference = 'other' " + open, "UPDATE erp.request_persons SET person_id = id", "DELETE FROM erp.request_persons", "INSERT OR REPLACE INTO erp.request_persons SELECT tenant_id, id, id, kind, received_at FROM erp.request_persons", "UPDATE erp.subject_requests SET jurisdiction = 'general' " + open,
			"UPDATE erp.subject_requests SET state = 'withdrawn', closed_at = entered_at " + open, "UPDATE erp.subject_requests SET state = 'lost' " + open,
			"UPDATE erp.subject_requests SET state = 'refused', closed_at = entered_at, steps = steps + 1 " + open,
			"UPDATE erp.subject_requests SET state = 'answered', outcome = 'granted', closed_at = entered_at, steps = steps + 1 " + open,
			"UPDATE erp.subject_requests SET due_on = '2027-01-01' " + open, "UPDATE erp.subject_requests SET law_due_on = NULL " + open, "UPDATE erp.subject_requests SET steps = 1 " + open,
			"UPDATE erp.subject_requests SET fulfilled = 9 " + open, "UPDATE erp.subject_requests SET handler = 'x' " + open,
			"UPDATE erp.subject_requests SET state = 'open', outcome = '', closed_at = NULL, steps = steps + 1 " + closed, "UPDATE erp.subject_requests SET handler = 'x', steps = steps + 1 " + closed,
			"UPDATE erp.subject_requests SET reported_on = '2026-05-05' " + closed,
			"UPDATE erp.request_steps SET reference = 'other'", "UPDATE erp.request_texts SET ask = ''", "UPDATE erp.request_step_texts SET note = ''", "UPDATE erp.requesters SET email = ''",
			"UPDATE erp.request_restrictions SET lifted_at = NULL WHERE lifted_at IS NOT NULL", "UPDATE erp.request_restrictions SET lifted_at = imposed_at WHERE lifted_at IS NULL",
			"UPDATE erp.request_restrictions SET ground = 'claims'", "UPDATE erp.request_objections SET state = 'lost'", "UPDATE erp.request_objections SET purpose = 'communicate'",
			"UPDATE erp.request_objections SET state = 'upheld'", "UPDATE erp.recipient_notices SET state = 'open', closed_at = NULL WHERE state = 'told'",
			"UPDATE erp.recipient_notices SET recipient_key = 'x'", "UPDATE erp.recipient_notices SET state = 'told' WHERE state = 'open'", "UPDATE erp.request_forwards SET state = 'pending', received_at = NULL",
			"UPDATE erp.request_forwards SET to_tenant = id",
		} {
			_, err := owner.Exec(d.SQL(statement))
			assert.Error(t, err, statement)
		}
		require.Equal(t, request.Open, d.stands(t, "open").State)
		require.Equal(t, request.Answered, d.stands(t, "closed").State)
	})
}

// Every answer says what was done; what was not done is not said.
func TestAnAnswerSaysWhatWasDone(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for _, k := range request.Kinds() {
			p, _ := d.admit(t, "Ada "+string(k))
			ref := string(k)
			d.about(t, ref, k, p.ID)
			require.ErrorIs(t, d.answer(ref, request.Granted), request.ErrNotDone, ref)
			require.ErrorIs(t, d.answer(ref, request.Partly), request.ErrNotDone, ref)
			require.ErrorIs(t, d.answer(ref, request.PassedOn), request.ErrNotDone, ref)
			d.micros.Add(1)
			do := map[request.Kind][]request.Verb{request.Access: {request.Deliver}, request.Export: {request.Deliver}, request.Correction: {request.Correct}, request.Deletion: {request.Erase},
				request.Restriction: {request.Restrict}, request.Objection: {request.Object, request.Decide}, request.Complaint: {request.Assign}}[k]
			for i, by := range do {
				if i > 0 {
					require.ErrorIs(t, d.answer(ref, request.Granted), request.ErrNotDone, ref)
				}
				require.NoError(t, d.doings(t)[by](ref, fmt.Sprint("do-", i)), ref)
			}
			require.NoError(t, d.answer(ref, request.Granted), ref)
			require.NoError(t, d.answer(ref, request.Granted), "a replay")
			require.ErrorIs(t, d.answer(ref, request.Partly), request.ErrReferenceTaken)
		}
		in := d.ask("none", request.Access)
		d.receive(t, in)
		_, err := d.s.Answer(d.ctx, request.NewAnswer{Act: request.Act{Request: "none", Reference: "a", Channel: request.Email}, Outcome: request.NothingHeld})
		require.ErrorIs(t, err, request.ErrBadInput, "without a word")
		require.NoError(t, d.answer("none", request.NothingHeld))
	})
}

// A refusal gives reasons and names both remedies.
func TestARefusalNamesReasonsAndRemedies(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.receive(t, d.ask("R-1", request.Access))
		good := request.NewRefusal{Act: act("R-1", "letter"), Ground: request.Excessive, Authority: "Berlin Commissioner", JudicialRemedy: true}
		for name, change := range map[string]func(*request.NewRefusal){
			"no reasons": func(r *request.NewRefusal) { r.Note = "" }, "no ground": func(r *request.NewRefusal) { r.Ground = "bored" }, "no authority": func(r *request.NewRefusal) { r.Authority = " " },
			"no court": func(r *request.NewRefusal) { r.JudicialRemedy = false }, "no channel": func(r *request.NewRefusal) { r.Channel = "" }, "no request": func(r *request.NewRefusal) { r.Request = "" },
		} {
			in := good
			change(&in)
			_, err := d.s.Refuse(d.ctx, in)
			require.ErrorIs(t, err, request.ErrBadInput, name)
		}
		missing := good
		missing.Request = "R-2"
		_, err := d.s.Refuse(d.ctx, missing)
		require.ErrorIs(t, err, request.ErrUnknown)
		d.set("2026-04-03T12:00:00Z") // late, and told all the same
		r, err := d.s.Refuse(d.ctx, good)
		require.NoError(t, err)
		require.Equal(t, request.Refused, r.State)
		require.True(t, r.LateAt(r.DueOn, time.UTC))
		f, err := d.s.Open(d.ctx, "R-1")
		require.NoError(t, err)
		require.Equal(t, "excessive", f.Steps[1].Code)
		require.Contains(t, f.Steps[1].Remedies, "Berlin Commissioner")
		require.Equal(t, "because of letter", f.Steps[1].Note)
	})
}

// Nobody's data are touched before it is known whose they are, and not while that is in doubt.
func TestWhoseDataTheyAre(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		other, _ := d.admit(t, "Bob")
		d.receive(t, d.ask("R-1", request.Deletion))
		acts := d.doings(t)
		for _, by := range []request.Verb{request.Deliver, request.Correct, request.Erase, request.Restrict, request.Object} {
			require.ErrorIs(t, acts[by]("R-1", string(by)), request.ErrNoPerson, by)
		}
		identify := func(reference string, in request.NewIdentification) error {
			in.Act = act("R-1", reference)
			_, err := d.s.Identify(d.ctx, in)
			return err
		}
		require.ErrorIs(t, identify("a", request.NewIdentification{}), request.ErrBadInput)
		require.ErrorIs(t, identify("a", request.NewIdentification{Person: tenancy.NewID()}), tenancy.ErrNotFound)
		require.NoError(t, identify("a", request.NewIdentification{Person: p.ID}))
		require.NoError(t, identify("b", request.NewIdentification{Person: p.ID}))
		require.ErrorIs(t, identify("c", request.NewIdentification{Person: other.ID}), request.ErrNoPerson)
		require.NoError(t, acts[request.Pause]("R-1", "doubt"))
		require.ErrorIs(t, acts[request.Erase]("R-1", "erase"), request.ErrWrongState)
		require.NoError(t, acts[request.Resume]("R-1", "clear"))
		_, err := d.s.Erase(d.ctx, request.NewErasure{Act: act("R-1", "unseen")})
		require.ErrorIs(t, err, privacy.ErrOneWord, "Ada stands in what others wrote")
		require.NoError(t, acts[request.Erase]("R-1", "erase"))
	})
}

// The job tells of each request once a day, until it is closed; where telling fails, nothing is lost.
func TestEachIsReportedOnceADay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		for i := range 3 {
			in := d.ask(fmt.Sprint("R-", i), request.Access)
			in.ReceivedAt = d.now().Add(-time.Duration(i) * 24 * time.Hour)
			d.receive(t, in)
		}
		report := func(limit, want int) {
			t.Helper()
			n, err := d.s.Report(d.ctx, limit)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
		report(10, 0)
		d.set("2026-03-24T12:00:00Z") // R-2 is due on 30 March, the others later
		report(10, 2)
		d.set("2026-03-25T00:00:00Z") // a new day in London, where it is still winter time
		d.tellErr = context.DeadlineExceeded
		_, err := d.s.Report(d.ctx, 10)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		d.tellErr = nil
		report(2, 2)
		report(2, 1)
		report(2, 0)
		d.set("2026-03-25T23:59:59Z")
		report(10, 0)
		d.set("2026-05-01T12:00:00Z")
		require.NoError(t, d.answer("R-1", request.NothingHeld))
		d.told = nil
		report(10, 2)
		require.True(t, d.told[0].Late)
		require.Equal(t, "R-2", d.told[0].Request.Reference, "the most urgent first")
	})
}

// What is malformed is refused before anything is asked, and changes nothing.
func TestActsAreChecked(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		d.about(t, "R-1", request.Access, p.ID)
		before := d.stands(t, "R-1")
		for name, change := range map[string]func(*request.Act){
			"no request": func(a *request.Act) { a.Request = " " }, "no reference": func(a *request.Act) { a.Reference = "" }, "a long reference": func(a *request.Act) { a.Reference = strings.Repeat("x", 201) },
			"no such channel": func(a *request.Act) { a.Channel = "fax" }, "a long note": func(a *request.Act) { a.Note = strings.Repeat("x", 4001) },
		} {
			a := act("R-1", "a")
			change(&a)
			_, err := d.s.Assign(d.ctx, request.NewAssignment{Act: a, Handler: "user-1"})
			require.ErrorIs(t, err, request.ErrBadInput, name)
		}
		a := act("R-1", "a")
		silent := a
		silent.Channel = ""
		one := func(_ request.Request, err error) error { return err }
		for name, err := range map[string]error{
			"a handler's name":      one(d.s.Assign(d.ctx, request.NewAssignment{Act: a, Handler: "Ada Byron"})),
			"no hash":               one(d.s.Deliver(d.ctx, request.NewDelivery{Act: a, SHA256: "x", SizeBytes: 1})),
			"nothing delivered":     one(d.s.Deliver(d.ctx, request.NewDelivery{Act: a, SHA256: delivered.SHA256})),
			"delivered by nothing":  one(d.s.Deliver(d.ctx, request.NewDelivery{Act: silent, SHA256: delivered.SHA256, SizeBytes: 1})),
			"no outcome":            one(d.s.Answer(d.ctx, request.NewAnswer{Act: a, Outcome: "fine"})),
			"answered by nothing":   one(d.s.Answer(d.ctx, request.NewAnswer{Act: silent, Outcome: request.Granted})),
			"no cause":              one(d.s.Pause(d.ctx, request.NewPause{Act: a, Cause: "holidays"})),
			"no purpose":            one(d.s.Decide(d.ctx, request.NewDecision{Act: a, Purpose: "fun"})),
			"recalled from nobody":  one(d.s.Recall(d.ctx, request.NewRecall{Act: a})),
			"forwarded as nothing":  one(d.s.Forward(d.ctx, request.NewForward{Act: a, Kind: "gift"})),
			"taken back by nothing": one(d.s.Withdraw(d.ctx, request.NewWithdrawal{Act: silent})),
			"due in a year":         second(d.s.Due(d.ctx, 366, 1)), "due, but none": second(d.s.Due(d.ctx, 1, 0)), "reports of none": second(d.s.Report(d.ctx, 0)),
			"forwards of none": second(d.s.ForwardPending(d.ctx, 1001)), "nobody's objections": second(d.s.Objections(d.ctx, uuid.Nil)), "nobody's corrections": second(d.data.Corrections(d.ctx, uuid.Nil)),
			"nobody objected": second(d.s.Objected(d.ctx, uuid.Nil, tenancy.Communicate)), "objected to nothing": second(d.s.Objected(d.ctx, p.ID, "fun")),
		} {
			want := error(request.ErrBadInput)
			switch name {
			case "nobody's corrections":
				want = privacy.ErrBadInput
			case "forwarded as nothing": // to whom, comes first
				want = tenancy.ErrNotFound
			}
			require.ErrorIs(t, err, want, name)
		}
		_, err := d.s.Forwards(d.ctx, "R-2")
		require.ErrorIs(t, err, request.ErrUnknown)
		_, err = d.s.EraseRequester(d.ctx, request.RequesterErasure{Request: "R-2", Reference: "e"})
		require.ErrorIs(t, err, request.ErrUnknown)
		_, err = d.s.Open(d.ctx, "R-2")
		require.ErrorIs(t, err, request.ErrUnknown)
		require.Equal(t, before, d.stands(t, "R-1"))
		page, err := d.s.List(d.ctx, request.Filter{Person: p.ID, State: request.Open, Handler: "user-1"}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, page.Items)
	})
}

func second[T any](_ T, err error) error { return err }

// Only what rests on legitimate interests can be objected to.
func TestWhatCanBeObjectedTo(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		d.about(t, "R-1", request.Objection, p.ID)
		var objectionable []tenancy.Purpose
		for _, purpose := range tenancy.Purposes() {
			_, err := d.s.Object(d.ctx, request.NewObjection{Act: act("R-1", string(purpose)), Purposes: []tenancy.Purpose{purpose}})
			if err == nil {
				objectionable = append(objectionable, purpose)
				continue
			}
			require.ErrorIs(t, err, request.ErrNotObjectable, purpose)
		}
		require.Equal(t, []tenancy.Purpose{tenancy.EnsureSecurity}, objectionable)
	})
}
