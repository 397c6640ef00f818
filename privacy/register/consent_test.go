package register_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
)

// newsletter registers the purpose with two wordings.
func (h *house) newsletter(ctx context.Context) {
	h.t.Helper()
	all, err := h.s.AddPurposes(ctx, []register.NewPurpose{{Reference: "P-1", Code: "newsletter", Purpose: tenancy.Communicate, Covers: []string{"lib.newsletters"}}})
	only(h.t, all, err)
	for i, words := range []string{"Send me news. I can take this back at any time.", "Send me news once a month. I can take this back at any time."} {
		w, err := h.s.AddWording(ctx, register.NewWording{Reference: fmt.Sprint("W-", i), Purpose: "newsletter", Language: "en", Wording: words})
		require.NoError(h.t, err)
		require.EqualValues(h.t, i+1, w.Version)
	}
}

func (s *shop) consents(reference string, to uuid.UUID) register.NewConsent {
	return register.NewConsent{Reference: reference, PersonID: to, Purpose: "newsletter", Version: 1, How: register.ByForm, Evidence: "form 17", EvidenceHash: proof}
}

func (s *shop) withdraws(reference string, to uuid.UUID) register.Withdrawal {
	return register.Withdrawal{Reference: reference, PersonID: to, Purpose: "newsletter", How: register.ByEmail}
}

// Consent is given and taken back by entries of which none is changed; the last counts, for its purpose and nobody else.
func TestConsentIsGivenAndTakenBack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s, next := h.shop(), h.shop()
		h.newsletter(s.ctx)
		consents := func(want bool) {
			t.Helper()
			got, err := h.s.Consented(s.ctx, s.ada, "newsletter")
			require.NoError(t, err)
			require.Equal(t, want, got)
			err = h.s.RequireConsent(s.ctx, "lib.newsletters", s.ada)
			if want {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, register.ErrNoConsent)
			}
		}
		consents(false)
		require.NoError(t, h.s.RequireConsent(s.ctx, "lib.loans", s.ada), "a loan rests on the contract")
		require.ErrorIs(t, h.s.RequireConsent(s.ctx, "lib.nothing", s.ada), register.ErrBadInput)

		first, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-1", s.ada)})
		given := only(t, first, err)
		require.Equal(t, register.Given, given.State)
		require.Equal(t, march, given.At)
		require.Equal(t, "tester", given.EnteredBy)
		require.Equal(t, "form 17", given.Evidence)
		require.Equal(t, proof, given.EvidenceHash)
		consents(true)
		got, err := h.s.Consented(s.ctx, s.bob, "newsletter")
		require.NoError(t, err)
		require.False(t, got, "one person's consent is nobody else's")

		h.pass(time.Hour)
		again, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-1", s.ada)})
		require.True(t, only(t, again, err).Replayed)
		require.Equal(t, given.At, again[0].At, "a consent is never dated anew")
		changed := s.consents("C-1", s.ada)
		changed.Evidence = "form 18"
		_, err = h.s.RecordConsents(s.ctx, []register.NewConsent{changed})
		require.ErrorIs(t, err, register.ErrReferenceTaken)

		back, err := h.s.WithdrawConsents(s.ctx, []register.Withdrawal{s.withdraws("X-1", s.ada)})
		require.EqualValues(t, 2, only(t, back, err).Seq)
		consents(false)
		_, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{s.withdraws("X-2", s.ada)})
		require.ErrorIs(t, err, register.ErrNoConsent)
		_, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{s.withdraws("X-3", s.bob)})
		require.ErrorIs(t, err, register.ErrNoConsent)

		late := s.consents("C-2", s.ada)
		late.At = march.Add(30 * time.Minute)
		_, err = h.s.RecordConsents(s.ctx, []register.NewConsent{late})
		require.ErrorIs(t, err, register.ErrDated, "a consent from before does not overtake the withdrawal")
		late.At = h.clock().Add(time.Microsecond)
		_, err = h.s.RecordConsents(s.ctx, []register.NewConsent{late})
		require.ErrorIs(t, err, register.ErrDated)
		consents(false)
		late.At, late.Version = time.Time{}, 2
		_, err = h.s.RecordConsents(s.ctx, []register.NewConsent{late})
		require.NoError(t, err)
		consents(true)

		all, err := h.s.Consents(s.ctx, s.ada, tenancy.PageRequest{})
		require.NoError(t, err)
		var states []register.ConsentState
		for _, c := range all.Items {
			states = append(states, c.State)
		}
		require.Equal(t, []register.ConsentState{register.Given, register.Withdrawn, register.Given}, states)
		other, err := h.s.Consents(next.ctx, s.ada, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, other.Items, "the tenant next door")
		_, err = h.s.Consented(next.ctx, s.ada, "newsletter")
		require.ErrorIs(t, err, register.ErrPurpose)
	})
}

// Nobody consents by using a service, in words that nobody was shown, or for what nobody asked.
func TestWhatIsNoConsent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		for name, c := range map[string]struct {
			change func(c *register.NewConsent)
			want   error
		}{
			"use":            {func(c *register.NewConsent) { c.How = "use" }, register.ErrNotConsent},
			"silence":        {func(c *register.NewConsent) { c.How = "" }, register.ErrNotConsent},
			"no purpose":     {func(c *register.NewConsent) { c.Purpose = "everything" }, register.ErrPurpose},
			"no wording":     {func(c *register.NewConsent) { c.Version = 3 }, register.ErrPurpose},
			"no evidence":    {func(c *register.NewConsent) { c.Evidence = " " }, register.ErrBadInput},
			"no hash":        {func(c *register.NewConsent) { c.EvidenceHash = "abc" }, register.ErrBadInput},
			"nobody":         {func(c *register.NewConsent) { c.PersonID = uuid.Nil }, register.ErrBadInput},
			"somebody":       {func(c *register.NewConsent) { c.PersonID = tenancy.NewID() }, tenancy.ErrNotFound},
			"before wording": {func(c *register.NewConsent) { c.At = march.Add(-time.Microsecond) }, register.ErrDated},
			"no reference":   {func(c *register.NewConsent) { c.Reference = "" }, register.ErrBadInput},
		} {
			in := s.consents("C-1", s.ada)
			c.change(&in)
			_, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-0", s.bob), in})
			require.ErrorIs(t, err, c.want, name)
		}
		for _, who := range []uuid.UUID{s.ada, s.bob} {
			got, err := h.s.Consents(s.ctx, who, tenancy.PageRequest{})
			require.NoError(t, err)
			require.Empty(t, got.Items, "what was refused wrote nothing")
		}
		_, err := h.s.AddPurposes(s.ctx, []register.NewPurpose{{Reference: "P-2", Code: "loans", Purpose: tenancy.Communicate, Covers: []string{"lib.loans"}}})
		require.ErrorIs(t, err, register.ErrBadInput, "a loan is used on another ground")
		_, err = h.s.AddPurposes(s.ctx, []register.NewPurpose{{Reference: "P-2", Code: "ads", Purpose: "advertising"}})
		require.ErrorIs(t, err, register.ErrBadInput)
	})
}

// To take consent back asks for nothing that giving it did not (GDPR Art. 7(3)).
func TestWithdrawingIsAsEasyAsGiving(t *testing.T) {
	names := func(typ reflect.Type) map[string]bool {
		out := map[string]bool{}
		for i := range typ.NumField() {
			out[typ.Field(i).Name] = true
		}
		return out
	}
	given := names(reflect.TypeFor[register.NewConsent]())
	for name := range names(reflect.TypeFor[register.Withdrawal]()) {
		require.True(t, given[name] || name == "Note", "%s is asked of whoever withdraws, and not of whoever consents", name)
	}
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		_, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-1", s.ada)})
		require.NoError(t, err)
		bare := register.Withdrawal{Reference: "X-1", PersonID: s.ada, Purpose: "newsletter", How: register.ByTelephone}
		_, err = h.s.WithdrawConsents(h.Enter(t, s.id, register.PermWithdraw), []register.Withdrawal{bare})
		require.NoError(t, err)
	})
}

// A restricted person takes consent back, and gives it; nothing is disclosed of them.
func TestARestrictedPersonIsHeard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		_, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-1", s.ada)})
		require.NoError(t, err)
		host := h.recipient(s.ctx, "R-1", "Host GmbH", register.RoleProcessor, "DE")
		court := h.recipient(s.ctx, "R-2", "Amtsgericht", register.RoleAuthority, "DE")
		contract := h.processor(s.ctx, "K-1", host.ID)
		_, err = tenancy.Act(s.ctx, h.DB, "privacy.restrict", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			return nil, tx.Restrict(ctx, s.ada, tenancy.AccuracyContested, "R-1")
		})
		require.NoError(t, err)
		_, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{s.withdraws("X-1", s.ada)})
		require.NoError(t, err)
		_, err = h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-2", s.ada)})
		require.NoError(t, err)
		out := register.NewDisclosure{Reference: "D-1", PersonID: s.ada, RecipientID: host.ID, Ground: register.ServiceProvider, ProcessorID: contract.ID, What: "a name"}
		_, err = h.s.Disclose(s.ctx, []register.NewDisclosure{out})
		require.ErrorIs(t, err, tenancy.ErrRestricted)
		_, err = h.s.Disclose(s.ctx, []register.NewDisclosure{{Reference: "D-2", PersonID: s.ada, RecipientID: court.ID, Ground: register.LegalRequirement, Order: "order 4 C 17/26", OrderHash: proof,
			What: "a name"}})
		require.NoError(t, err)
	})
}

// Two who enter at once: one of two consents comes first, and the other behind it.
func TestRaceConsents(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		errs := racetest.Together(6, func(i int) error {
			return racetest.Insist(func() error {
				_, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents(fmt.Sprint("C-", i/2), s.ada)})
				return err
			})
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		all, err := h.s.Consents(s.ctx, s.ada, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, all.Items, 3, "a reference is one consent")
		seen := map[int64]bool{}
		for _, c := range all.Items {
			seen[c.Seq] = true
		}
		require.Equal(t, map[int64]bool{1: true, 2: true, 3: true}, seen)
	})
}

// Whoever was erased is not in the registers any more but by an opaque id, and the register stands.
func TestAnErasedPersonInTheRegisters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		in := s.consents("C-1", s.ada)
		in.Evidence = "the form that Ada Canary signed"
		_, err := h.s.RecordConsents(s.ctx, []register.NewConsent{in})
		require.NoError(t, err)
		_, err = privacy.New(h.DB, privacy.Options{}).Erase(s.ctx, privacy.Erasure{PersonID: s.ada, Reference: "E-1", Reason: "asked"})
		require.NoError(t, err)
		all, err := h.s.Consents(s.ctx, s.ada, tenancy.PageRequest{})
		got := only(t, all.Items, err)
		require.NotContains(t, got.Evidence, "Ada")
		require.Equal(t, proof, got.EvidenceHash)
		again, err := h.s.RecordConsents(s.ctx, []register.NewConsent{in})
		require.True(t, only(t, again, err).Replayed, "the reference is still that one's")
	})
}

// However many consents a call enters, it sends as many statements.
func TestConsentsCostAConstantNumberOfStatements(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		cost := func(from, n int) int {
			var in []register.NewConsent
			for i := range n {
				in = append(in, s.consents(fmt.Sprint("C-", from+i), []uuid.UUID{s.ada, s.bob}[i%2]))
			}
			return h.Count(t, func() {
				_, err := h.s.RecordConsents(s.ctx, in)
				require.NoError(t, err)
			})
		}
		cost(0, 2)
		require.Equal(t, cost(10, 2), cost(20, 60))
	})
}
