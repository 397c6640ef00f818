package privacy_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var march = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// house is a platform with a tenant of its own and a clock.
type house struct {
	*tenancytest.Env
	ctx context.Context //nolint:containedctx // the platform's own tenant, for the length of a test
	now *time.Time
}

// eachHouse runs a test on a database of its own of each engine.
func eachHouse(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := march
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: modules(), Clock: func() time.Time { return now }})
			env.CloseAfter(t)
			own, err := env.DB.Tenants().Create(env.Platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
			require.NoError(t, err)
			fn(t, &house{Env: env, ctx: env.Enter(t, own.ID, "privacy.*"), now: &now})
		})
	}
}

var proof = strings.Repeat("ab", 32)

func training(reference string, until time.Time) privacy.NewAttestation {
	return privacy.NewAttestation{Promise: privacy.PromiseTraining, Reference: reference, Owner: "head of security", Evidence: "file 17", EvidenceHash: proof, Expires: until}
}

// An attestation stands until its end and not beyond; it is renewed, and taken back; and all of it stays on record.
func TestAnAttestationFromItsMakingToItsEnd(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{})
		stands := func(want privacy.State, why string) {
			t.Helper()
			p, err := s.Posture(h.ctx)
			require.NoError(t, err)
			require.Equal(t, *h.now, p.At)
			of := p.Of(privacy.PromiseTraining)
			require.Equal(t, want, of.State)
			require.Equal(t, why, of.Why)
		}
		stands(privacy.Absent, "nobody has attested it")
		end := march.AddDate(0, 0, 30)
		first, err := s.Attest(h.ctx, training("T-1", end))
		require.NoError(t, err)
		require.Equal(t, privacy.Attestation{ID: first.ID, Promise: privacy.PromiseTraining, Seq: 1, Reference: "T-1", Owner: "head of security", Evidence: "file 17", EvidenceHash: proof, MadeAt: march,
			MadeBy: "tester", ExpiresAt: end}, first)
		stands(privacy.Attested, "attested until 2026-04-03")
		*h.now = end.Add(-time.Microsecond)
		stands(privacy.Attested, "attested until 2026-04-03")
		*h.now = end
		stands(privacy.Absent, "the attestation of 2026-03-04 expired on 2026-04-03")

		second, err := s.Attest(h.ctx, training("T-2", end.AddDate(0, 1, 0)))
		require.NoError(t, err)
		require.EqualValues(t, 2, second.Seq)
		stands(privacy.Attested, "attested until 2026-05-03")
		gone, err := s.WithdrawAttestation(h.ctx, privacy.PromiseTraining, "T-3", "half of them were not there")
		require.NoError(t, err)
		require.True(t, gone.Withdrawn)
		stands(privacy.Absent, "what was attested was withdrawn on 2026-04-03")
		again, err := s.WithdrawAttestation(h.ctx, privacy.PromiseTraining, "T-3", "half of them were not there")
		require.NoError(t, err)
		require.True(t, again.Replayed)
		_, err = s.WithdrawAttestation(h.ctx, privacy.PromiseTraining, "T-4", "twice")
		require.ErrorIs(t, err, privacy.ErrNotAttested)
		_, err = s.WithdrawAttestation(h.ctx, privacy.PromiseHosting, "T-5", "never was")
		require.ErrorIs(t, err, privacy.ErrNotAttested)

		third, err := s.Attest(h.ctx, training("T-6", end.AddDate(0, 2, 0)))
		require.NoError(t, err)
		stands(privacy.Attested, "attested until 2026-06-03")
		all, err := s.Attestations(h.ctx, privacy.PromiseTraining)
		require.NoError(t, err)
		require.Equal(t, []privacy.Attestation{first, second, gone, third}, all)
		other, err := s.Attestations(h.ctx, privacy.PromiseHosting)
		require.NoError(t, err)
		require.Empty(t, other)
	})
}

func TestAReferenceIsOneAttestation(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{})
		end := march.AddDate(0, 6, 0)
		first, err := s.Attest(h.ctx, training("T-1", end))
		require.NoError(t, err)
		*h.now = march.AddDate(0, 1, 0)
		again, err := s.Attest(h.ctx, training("T-1", end.In(time.FixedZone("", 3600))))
		require.NoError(t, err)
		require.True(t, again.Replayed)
		again.Replayed = false
		require.Equal(t, first, again)
		for name, change := range map[string]func(*privacy.NewAttestation){
			"promise":  func(a *privacy.NewAttestation) { a.Promise = privacy.PromiseHosting },
			"owner":    func(a *privacy.NewAttestation) { a.Owner = "somebody else" },
			"evidence": func(a *privacy.NewAttestation) { a.Evidence = "file 18" },
			"hash":     func(a *privacy.NewAttestation) { a.EvidenceHash = strings.Repeat("cd", 32) },
			"end":      func(a *privacy.NewAttestation) { a.Expires = end.AddDate(0, 0, 1) },
		} {
			in := training("T-1", end)
			change(&in)
			_, err := s.Attest(h.ctx, in)
			require.ErrorIs(t, err, privacy.ErrAttestationTaken, name)
		}
		_, err = s.WithdrawAttestation(h.ctx, privacy.PromiseTraining, "T-1", "file 17")
		require.ErrorIs(t, err, privacy.ErrAttestationTaken)
	})
}

func TestWhatIsNoAttestation(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{})
		for name, change := range map[string]func(*privacy.NewAttestation){
			"no promise of the policy's":  func(a *privacy.NewAttestation) { a.Promise = "friendliness" },
			"a promise that is looked at": func(a *privacy.NewAttestation) { a.Promise = privacy.PromiseDatabaseTLS },
			"no reference":                func(a *privacy.NewAttestation) { a.Reference = " " },
			"a long reference":            func(a *privacy.NewAttestation) { a.Reference = strings.Repeat("é", 201) },
			"no owner":                    func(a *privacy.NewAttestation) { a.Owner = "" },
			"no evidence":                 func(a *privacy.NewAttestation) { a.Evidence = "\t" },
			"no hash":                     func(a *privacy.NewAttestation) { a.EvidenceHash = "" },
			"half a hash":                 func(a *privacy.NewAttestation) { a.EvidenceHash = proof[:63] },
			"no end":                      func(a *privacy.NewAttestation) { a.Expires = time.Time{} },
			"an end that is over":         func(a *privacy.NewAttestation) { a.Expires = march },
			"an end too far away":         func(a *privacy.NewAttestation) { a.Expires = march.Add(privacy.LongestAttestation + time.Microsecond) },
		} {
			in := training("T-1", march.AddDate(0, 1, 0))
			change(&in)
			_, err := s.Attest(h.ctx, in)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		for name, why := range map[string][3]string{"unknown": {"friendliness", "T", "why"}, "looked at": {"tls_database", "T", "why"}, "no reference": {"training", "", "why"}, "no reason": {"training", "T", " "}} {
			_, err := s.WithdrawAttestation(h.ctx, privacy.PromiseID(why[0]), why[1], why[2])
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		all, err := s.Attestations(h.ctx, "")
		require.NoError(t, err)
		require.Empty(t, all)
		_, err = s.Attest(h.ctx, training("T-1", march.Add(privacy.LongestAttestation)))
		require.NoError(t, err)

		customer := h.Tenant(t)
		_, err = s.Attest(customer, training("T-1", march.AddDate(0, 1, 0)))
		require.ErrorIs(t, err, privacy.ErrNotPlatform)
		_, err = s.Posture(customer)
		require.ErrorIs(t, err, privacy.ErrNotPlatform)
		_, err = s.Attestations(customer, "")
		require.ErrorIs(t, err, privacy.ErrNotPlatform)
		own := tenancy.ScopeOf(h.ctx).TenantID()
		for _, perms := range []tenancy.Permissions{{privacy.PermPosture}, {privacy.PermMap}} {
			_, err = s.Attest(h.Enter(t, own, perms...), training("T-1", march.AddDate(0, 1, 0)))
			require.ErrorIs(t, err, tenancy.ErrForbidden)
		}
		_, err = s.Posture(h.Enter(t, own, privacy.PermAttest))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

// The database itself keeps attestations and statements as they were made, whoever comes past the code.
func TestTheDatabaseKeepsWhatWasVouchedFor(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{})
		_, err := s.Attest(h.ctx, training("T-1", march.AddDate(0, 1, 0)))
		require.NoError(t, err)
		_, err = s.SetController(h.ctx, clinicLtd)
		require.NoError(t, err)
		owner := h.Owner(t, tenancy.ScopeOf(h.ctx).TenantID())
		for _, text := range []string{
			"UPDATE erp.attestations SET expires_at = '2030-01-01T00:00:00.000000Z'", "DELETE FROM erp.attestations", "UPDATE erp.attestation_texts SET evidence = 'another'", "DELETE FROM erp.attestation_texts",
			"UPDATE erp.controllers SET jurisdiction = 'US'", "DELETE FROM erp.controllers", "UPDATE erp.controller_texts SET name = 'another'",
		} {
			_, err := owner.Exec(h.SQL(text))
			require.Error(t, err, text)
		}
		row := "INSERT INTO erp.attestations SELECT tenant_id, '01890000-0000-7000-8000-000000000001', %, reference || 'x', withdrawn, evidence_hash, made_at, made_by, made_at FROM erp.attestations"
		for _, change := range []string{"promise, seq + 1", "'friendliness', 1", "promise, seq"} {
			_, err := owner.Exec(h.SQL(strings.Replace(row, "%", change, 1)))
			require.Error(t, err, change)
		}
	})
}

// What is seen outweighs what is attested, and what cannot be seen falls back to it.
func TestWhatIsSeenOutweighsWhatIsAttested(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		state, why := privacy.Enforced, "the last is of today"
		var broken error
		looks := map[privacy.PromiseID]privacy.Look{
			privacy.PromiseBackups: func(_ context.Context, now time.Time) (privacy.State, string, error) {
				require.Equal(t, *h.now, now)
				return state, why, broken
			},
			privacy.PromiseDatabaseTLS: func(context.Context, time.Time) (privacy.State, string, error) {
				return privacy.Absent, "nonsense", nil
			},
		}
		s := privacy.New(h.DB, privacy.Options{Looks: looks})
		of := func(id privacy.PromiseID) privacy.Standing {
			t.Helper()
			p, err := s.Posture(h.ctx)
			require.NoError(t, err)
			require.Len(t, p.Promises, len(privacy.Promises()))
			return p.Of(id)
		}
		require.Equal(t, privacy.Enforced, of(privacy.PromiseBackups).State)
		in := training("B-1", march.AddDate(0, 1, 0))
		in.Promise = privacy.PromiseBackups
		_, err := s.Attest(h.ctx, in)
		require.NoError(t, err)
		state, why = privacy.Absent, "the last is 3 days old"
		st := of(privacy.PromiseBackups)
		require.Equal(t, privacy.Absent, st.State)
		require.Equal(t, "the last is 3 days old", st.Why)
		require.NotNil(t, st.By)
		state, why = "", "none is registered"
		st = of(privacy.PromiseBackups)
		require.Equal(t, privacy.Attested, st.State)
		require.Equal(t, "attested until 2026-04-04; none is registered", st.Why)
		broken = errors.New("the register does not answer")
		_, err = s.Posture(h.ctx)
		require.ErrorIs(t, err, broken)
		broken = nil
		require.Equal(t, privacy.Enforced, of(privacy.PromiseDatabaseTLS).State, "what is built in is not looked away from")
	})
}

func TestTheListenerIsLookedAt(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for name, c := range map[string]struct {
			listener *tls.Config
			want     privacy.State
			why      string
		}{
			"none":           {nil, privacy.Absent, "nobody has attested it"},
			"ours":           {privacy.TLSConfig(), privacy.Enforced, "the listener takes TLS 1.2 or higher"},
			"1.3":            {&tls.Config{MinVersion: tls.VersionTLS13}, privacy.Enforced, "the listener takes TLS 1.3 or higher"},
			"1.1":            {&tls.Config{MinVersion: tls.VersionTLS11}, privacy.Absent, "the listener's MinVersion allows less than TLS 1.2"},
			"left to Go":     {&tls.Config{}, privacy.Absent, "the listener's MinVersion allows less than TLS 1.2"},
			"at most of 1.1": {&tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13}, privacy.Enforced, "the listener takes TLS 1.2 or higher"},
		} {
			p, err := privacy.New(h.DB, privacy.Options{Listener: c.listener}).Posture(h.ctx)
			require.NoError(t, err)
			require.Equal(t, c.want, p.Of(privacy.PromiseListenerTLS).State, name)
			require.Equal(t, c.why, p.Of(privacy.PromiseListenerTLS).Why, name)
		}
	})
}

// The disk is vouched for as long as a personal column rests on it, and the figure says how many do.
func TestHowManyColumnsRestOnTheDisk(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{})
		sealed, personal := 0, 0
		m, err := s.DataMap(h.ctx)
		require.NoError(t, err)
		for _, table := range m.Tables {
			for _, c := range table.Columns {
				if c.Category != tenancy.NotPersonal {
					personal++
				}
				if c.Sealed {
					sealed++
				}
			}
		}
		require.Greater(t, personal, sealed)
		p, err := s.Posture(h.ctx)
		require.NoError(t, err)
		require.Equal(t, privacy.Absent, p.Of(privacy.PromiseAtRest).State)
		require.Regexp(t, regexpOf(sealed, personal), p.Of(privacy.PromiseAtRest).Why)
	})
}

func TestAPostureNamesWhatIsAbsent(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{Listener: privacy.TLSConfig()})
		atStart, err := s.PostureAtStart(h.Platform(t)) // whatever scope the context has
		require.NoError(t, err)
		inside, err := s.Posture(h.ctx)
		require.NoError(t, err)
		require.Equal(t, inside, atStart)
		err = inside.Check()
		require.ErrorIs(t, err, privacy.ErrPromiseAbsent)
		for _, p := range privacy.Promises() {
			if p.Attested && p.ID != privacy.PromiseListenerTLS {
				require.ErrorContains(t, err, string(p.ID)+" (policy "+p.Sentences[0])
				in := training("A-"+string(p.ID), march.AddDate(1, 0, 0))
				in.Promise = p.ID
				_, err := s.Attest(h.ctx, in)
				require.NoError(t, err)
			}
		}
		require.NotContains(t, err.Error(), "tls_")
		whole, err := s.PostureAtStart(t.Context())
		require.NoError(t, err)
		require.NoError(t, whole.Check())
		require.Empty(t, whole.Absent())
		require.Equal(t, privacy.Standing{}, whole.Of("friendliness"))
		*h.now = march.AddDate(1, 0, 0)
		late, err := s.PostureAtStart(t.Context())
		require.NoError(t, err)
		require.Len(t, late.Absent(), len(privacy.Promises())-3)
	})
}

// One login that can be read along is enough, and the reason names it.
func TestOneUnsafeLinkIsEnough(t *testing.T) {
	socket := tenancy.Link{Placement: "eu", Login: "tenants", Local: true, Server: "local"}
	for why, l := range map[string]tenancy.Link{
		"eu, control: a network without TLS, and the server sees a network without TLS":                                    {Server: "none"},
		"eu, control: TLS 1.3, but its configuration allows a connection without (sslmode), the server's name not checked": {TLS: "TLS 1.3", Server: "TLSv1.3"},
		"eu, control: TLS 1.1, the server's name not checked":                                                              {TLS: "TLS 1.1", Always: true, Server: "TLSv1.1"},
		"eu, control: on this machine, and the server sees a network without TLS":                                          {Local: true, Server: "none"},
		"eu, control: TLS 1.3, and the server sees a network without TLS":                                                  {TLS: "TLS 1.3", Always: true, Verified: true, Server: "none"},
		"eu, control: TLS 1.2, but its configuration allows a connection without (sslmode)":                                {TLS: "TLS 1.2", Verified: true},
	} {
		l.Placement, l.Login = "eu", "control"
		for _, links := range [][]tenancy.Link{{l}, {l, socket}, {socket, l}} {
			state, text := privacy.Judge(links)
			require.Equal(t, privacy.Absent, state, why)
			require.Contains(t, text, why)
		}
	}
	state, text := privacy.Judge([]tenancy.Link{socket, {Placement: "eu", Login: "control", TLS: "TLS 1.3", Always: true, Verified: true, Server: "TLSv1.3"}})
	require.Equal(t, privacy.Enforced, state)
	require.Equal(t, "eu, tenants: on this machine; eu, control: TLS 1.3", text)
}

// The highest number counts, in whatever order they are read.
func TestTheLastAttestationCounts(t *testing.T) {
	of := func(id privacy.PromiseID, seq int64) privacy.Attestation {
		return privacy.Attestation{Promise: id, Seq: seq}
	}
	last := privacy.Latest([]privacy.Attestation{of("training", 2), of("hosting", 1), of("training", 3), of("training", 1)})
	require.Equal(t, map[privacy.PromiseID]privacy.Attestation{"training": of("training", 3), "hosting": of("hosting", 1)}, last)
}

// Several who vouch for the same at once each get a number, and none is lost.
func TestRaceAttestationsEachHaveANumber(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{})
		var done sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			done.Go(func() {
				reference := "T-" + string(rune('a'+i/2)) // each by two
				_, errs[i] = s.Attest(h.ctx, training(reference, march.AddDate(0, 1, 0)))
			})
		}
		done.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		all, err := s.Attestations(h.ctx, "")
		require.NoError(t, err)
		require.Len(t, all, 4)
		for i, a := range all {
			require.EqualValues(t, i+1, a.Seq)
		}
	})
}
