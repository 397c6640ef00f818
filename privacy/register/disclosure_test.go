package register_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

func out(reference string, person, to uuid.UUID) register.NewDisclosure {
	return register.NewDisclosure{Reference: reference, PersonID: person, RecipientID: to, What: "name and address", Tables: []string{"lib.loans"}}
}

// Nothing is disclosed but on one of the four grounds of section 6, and each shows its proof.
func TestNothingIsDisclosedWithoutAGround(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		host := h.recipient(s.ctx, "R-1", "Host GmbH", register.RoleProcessor, "DE")
		other := h.recipient(s.ctx, "R-2", "Other GmbH", register.RoleProcessor, "DE")
		court := h.recipient(s.ctx, "R-3", "Amtsgericht", register.RoleAuthority, "DE")
		contract := h.processor(s.ctx, "K-1", host.ID)
		by := func(d register.NewDisclosure, change func(d *register.NewDisclosure)) register.NewDisclosure {
			change(&d)
			return d
		}
		for name, c := range map[string]struct {
			in   register.NewDisclosure
			want error
		}{
			"no ground":     {out("D", s.ada, host.ID), register.ErrNoGround},
			"sale":          {by(out("D", s.ada, host.ID), func(d *register.NewDisclosure) { d.Ground = "sale" }), register.ErrNoGround},
			"advertising":   {by(out("D", s.ada, host.ID), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = "advertising", contract.ID }), register.ErrNoGround},
			"no contract":   {by(out("D", s.ada, host.ID), func(d *register.NewDisclosure) { d.Ground = register.ServiceProvider }), register.ErrNoGround},
			"another's":     {by(out("D", s.ada, other.ID), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID }), register.ErrNoContract},
			"no order":      {by(out("D", s.ada, court.ID), func(d *register.NewDisclosure) { d.Ground, d.OrderHash = register.LegalRequirement, proof }), register.ErrNoGround},
			"no order hash": {by(out("D", s.ada, court.ID), func(d *register.NewDisclosure) { d.Ground, d.Order = register.LegalRequirement, "4 C 17/26" }), register.ErrNoGround},
			"no consent":    {by(out("D", s.ada, court.ID), func(d *register.NewDisclosure) { d.Ground, d.ConsentID = register.WithConsent, tenancy.NewID() }), register.ErrNoConsent},
			"no transfer": {by(out("D", s.ada, court.ID), func(d *register.NewDisclosure) {
				d.Ground, d.AnnouncementID = register.BusinessTransfer, tenancy.NewID()
			}), register.ErrNoticePeriod},
			"two grounds": {by(out("D", s.ada, host.ID), func(d *register.NewDisclosure) {
				d.Ground, d.ProcessorID, d.ConsentID = register.ServiceProvider, contract.ID, tenancy.NewID()
			}), register.ErrBadInput},
			"of nobody": {by(out("D", uuid.Nil, host.ID), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID }), register.ErrBadInput},
			"no person": {by(out("D", tenancy.NewID(), host.ID), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID }), tenancy.ErrNotFound},
			"nothing": {by(out("D", s.ada, host.ID), func(d *register.NewDisclosure) {
				d.Ground, d.ProcessorID, d.What = register.ServiceProvider, contract.ID, ""
			}), register.ErrBadInput},
			"no recipient": {by(out("D", s.ada, tenancy.NewID()), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID }), tenancy.ErrNotFound},
			"no table": {by(out("D", s.ada, host.ID), func(d *register.NewDisclosure) {
				d.Ground, d.ProcessorID, d.Tables = register.ServiceProvider, contract.ID, []string{"lib.x"}
			}), register.ErrBadInput},
		} {
			_, err := h.s.Disclose(s.ctx, []register.NewDisclosure{c.in})
			require.ErrorIs(t, err, c.want, name)
		}
		all, err := h.s.Disclosures(s.ctx, uuid.Nil, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, all.Items)
		told, err := h.s.Disclosed(s.ctx, s.ada)
		require.NoError(t, err)
		require.Empty(t, told)

		fine := []register.NewDisclosure{
			by(out("D-1", s.ada, host.ID), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID }),
			by(out("D-2", s.ada, court.ID), func(d *register.NewDisclosure) {
				d.Ground, d.Order, d.OrderHash = register.LegalRequirement, "4 C 17/26", proof
			}),
			by(out("D-3", s.bob, host.ID), func(d *register.NewDisclosure) { d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID }),
		}
		got, err := h.s.Disclose(s.ctx, fine)
		require.NoError(t, err)
		require.Len(t, got, 3)
		require.Equal(t, []string{"lib.loans"}, got[0].Tables)
		require.Equal(t, "4 C 17/26", got[1].Order)
		again, err := h.s.Disclose(s.ctx, fine)
		require.NoError(t, err)
		for i := range again {
			require.True(t, again[i].Replayed)
			again[i].Replayed = false
		}
		require.Equal(t, got, again)
		told, err = h.s.Disclosed(s.ctx, s.ada)
		require.NoError(t, err)
		require.Equal(t, []string{"Host GmbH", "Amtsgericht"}, []string{told[0].Name, told[1].Name})
		told, err = h.s.Disclosed(s.ctx, s.bob)
		require.Equal(t, "Host GmbH", only(t, told, err).Name)
		next, err := h.s.Disclosed(h.Tenant(t), s.ada)
		require.NoError(t, err)
		require.Empty(t, next)
	})
}

// A contract holds from its first day to its last, and to the day on which it was ended.
func TestADisclosureNeedsAContractOfTheDay(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		host := h.recipient(s.ctx, "R-1", "Host GmbH", register.RoleProcessor, "DE")
		all, err := h.s.AddProcessors(s.ctx, []register.NewProcessor{{Reference: "K-1", RecipientID: host.ID, Service: "hosting", Contract: "safe", ContractHash: proof, Confidential: true,
			From: date.Must("2026-03-05"), Until: date.Must("2028-02-29")}})
		contract := only(t, all, err)
		n := 0
		disclose := func(at string) error {
			when, err := time.Parse(time.RFC3339, at)
			require.NoError(t, err)
			h.set(when)
			n++
			d := out(fmt.Sprint("D-", n), s.ada, host.ID)
			d.Ground, d.ProcessorID = register.ServiceProvider, contract.ID
			_, err = h.s.Disclose(s.ctx, []register.NewDisclosure{d})
			return err
		}
		require.ErrorIs(t, disclose("2026-03-04T23:59:59Z"), register.ErrNoContract)
		require.NoError(t, disclose("2026-03-05T00:00:00Z"))
		require.NoError(t, disclose("2028-02-29T23:59:59Z"), "the last day, of a leap year, in the tenant's own zone")
		require.ErrorIs(t, disclose("2028-03-01T00:00:00Z"), register.ErrNoContract)
		h.set(march.AddDate(0, 1, 0))
		_, err = h.s.End(s.ctx, register.NewEnd{Reference: "E-1", ID: contract.ID, On: date.Must("2026-03-04")})
		require.ErrorIs(t, err, register.ErrDated)
		_, err = h.s.End(s.ctx, register.NewEnd{Reference: "E-1", ID: contract.ID})
		require.NoError(t, err)
		_, err = h.s.End(s.ctx, register.NewEnd{Reference: "E-2", ID: contract.ID})
		require.ErrorIs(t, err, register.ErrEnded)
		require.NoError(t, disclose("2026-04-04T22:59:59Z"))
		require.ErrorIs(t, disclose("2026-04-04T23:00:00Z"), register.ErrNoContract, "the fifth in London")
		_, err = h.s.AddProcessors(s.ctx, []register.NewProcessor{{Reference: "K-2", RecipientID: host.ID, Service: "hosting", Contract: "safe", ContractHash: proof, From: date.Must("2026-03-05")}})
		require.ErrorIs(t, err, register.ErrNoContract, "without confidentiality")
		page, err := h.s.Processors(s.ctx, tenancy.PageRequest{})
		require.Equal(t, date.Must("2026-04-04"), only(t, page.Items, err).EndedOn)
	})
}

// With consent data go to that very third party, as long as the person consents.
func TestConsentIsToOneThirdParty(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		club := h.recipient(s.ctx, "R-1", "Reading Club", register.RoleThirdParty, "DE")
		shop := h.recipient(s.ctx, "R-2", "Book Shop", register.RoleThirdParty, "DE")
		_, err := h.s.AddPurposes(s.ctx, []register.NewPurpose{{Reference: "P-1", Code: "club", Purpose: tenancy.ProvideService, RecipientID: club.ID}})
		require.NoError(t, err)
		_, err = h.s.AddWording(s.ctx, register.NewWording{Reference: "W-1", Purpose: "club", Language: "en", Wording: "Tell the Reading Club my name."})
		require.NoError(t, err)
		consents, err := h.s.RecordConsents(s.ctx, []register.NewConsent{{Reference: "C-1", PersonID: s.ada, Purpose: "club", Version: 1, How: register.InPerson, Evidence: "slip 1", EvidenceHash: proof}})
		consent := only(t, consents, err)
		disclose := func(reference string, person, to uuid.UUID) error {
			d := out(reference, person, to)
			d.Ground, d.ConsentID = register.WithConsent, consent.ID
			_, err := h.s.Disclose(s.ctx, []register.NewDisclosure{d})
			return err
		}
		require.NoError(t, disclose("D-1", s.ada, club.ID))
		require.ErrorIs(t, disclose("D-2", s.ada, shop.ID), register.ErrNoConsent)
		require.ErrorIs(t, disclose("D-3", s.bob, club.ID), register.ErrNoConsent)
		_, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{{Reference: "X-1", PersonID: s.ada, Purpose: "club", How: register.ByLetter}})
		require.NoError(t, err)
		require.ErrorIs(t, disclose("D-4", s.ada, club.ID), register.ErrNoConsent)
	})
}

// Consent is taken back while something is about to go out: either it went before, or it does not go.
func TestRaceWithdrawalAndDisclosure(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		club := h.recipient(s.ctx, "R-1", "Reading Club", register.RoleThirdParty, "DE")
		_, err := h.s.AddPurposes(s.ctx, []register.NewPurpose{{Reference: "P-1", Code: "club", Purpose: tenancy.ProvideService, RecipientID: club.ID}})
		require.NoError(t, err)
		_, err = h.s.AddWording(s.ctx, register.NewWording{Reference: "W-1", Purpose: "club", Language: "en", Wording: "Tell the Reading Club my name."})
		require.NoError(t, err)
		for round := range 5 {
			given, err := h.s.RecordConsents(s.ctx, []register.NewConsent{{Reference: fmt.Sprint("C-", round), PersonID: s.ada, Purpose: "club", Version: 1, How: register.InPerson, Evidence: "slip", EvidenceHash: proof}})
			consent := only(t, given, err)
			var withdrawn []register.Consent
			errs := racetest.Acts(func() error {
				d := out(fmt.Sprint("D-", round), s.ada, club.ID)
				d.Ground, d.ConsentID = register.WithConsent, consent.ID
				_, err := h.s.Disclose(s.ctx, []register.NewDisclosure{d})
				return err
			}, func() (err error) {
				withdrawn, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{{Reference: fmt.Sprint("X-", round), PersonID: s.ada, Purpose: "club", How: register.ByLetter}})
				return err
			})
			require.NoError(t, errs[1])
			if errs[0] != nil {
				require.ErrorIs(t, errs[0], register.ErrNoConsent)
				continue
			}
			all, err := h.s.Disclosures(s.ctx, s.ada, tenancy.PageRequest{Sort: "-id"})
			require.NoError(t, err)
			require.Equal(t, consent.ID, all.Items[0].ConsentID)
			require.NotEmpty(t, withdrawn)
		}
	})
}

// The registers are the data map's recipients.
func TestRecipientsAreInTheDataMap(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		host := h.recipient(s.ctx, "R-1", "Host Inc", register.RoleProcessor, "US")
		h.recipient(s.ctx, "R-2", "Nobody", register.RoleThirdParty, "DE")
		_, err := h.s.AddTransfers(s.ctx, []register.NewTransfer{{Reference: "T-1", RecipientID: host.ID, Safeguard: register.Clauses, Module: 2, Evidence: "safe 2", EvidenceHash: proof, From: date.Must("2026-01-01")}})
		require.NoError(t, err)
		contract := h.processor(s.ctx, "K-1", host.ID)
		d := out("D-1", s.ada, host.ID)
		d.Ground, d.ProcessorID, d.Tables = register.ServiceProvider, contract.ID, []string{"lib.readers", "lib.loans"}
		_, err = h.s.Disclose(s.ctx, []register.NewDisclosure{d})
		require.NoError(t, err)
		data := privacy.New(h.DB, privacy.Options{Recipients: func(ctx context.Context) ([]privacy.Recipient, error) { return h.s.Recipients(ctx) }})
		m, err := data.DataMap(s.ctx)
		require.NoError(t, err)
		require.Equal(t, []privacy.Recipient{{Name: "Host Inc", Role: "processor", Country: "US", Safeguard: "scc: Implementing Decision (EU) 2021/914, module 2", Tables: []string{"lib.loans", "lib.readers"}}},
			m.Recipients)
		_, err = h.s.Recipients(h.Enter(t, s.id, "register.read"))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}
