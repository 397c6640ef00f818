package register_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Which transfers are lawful, by law, country, safeguard and day.
func TestWhichTransfersAreLawful(t *testing.T) {
	proven := func(n register.NewTransfer) register.NewTransfer {
		n.Evidence, n.EvidenceHash = "safe 3", proof
		if n.From.IsZero() {
			n.From = date.Must("2026-03-01")
		}
		return n
	}
	dpf := proven(register.NewTransfer{Country: "US", Safeguard: register.Framework, Until: date.Must("2027-02-28")})
	cases := map[string]struct {
		home string
		in   register.NewTransfer
		want error
	}{
		"japan":                      {"DE", proven(register.NewTransfer{Country: "JP", Safeguard: register.Adequate}), nil},
		"brazil":                     {"DE", proven(register.NewTransfer{Country: "BR", Safeguard: register.Adequate}), nil},
		"brazil before its decision": {"DE", proven(register.NewTransfer{Country: "BR", Safeguard: register.Adequate, From: date.Must("2026-01-25")}), register.ErrNotAdequate},
		"brazil from london":         {"GB", proven(register.NewTransfer{Country: "BR", Safeguard: register.Adequate}), register.ErrNotAdequate},
		"india":                      {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Adequate}), register.ErrNotAdequate},
		"the states as such":         {"DE", proven(register.NewTransfer{Country: "US", Safeguard: register.Adequate}), register.ErrNotAdequate},
		"the states, certified":      {"DE", dpf, nil},
		"the states from london":     {"GB", dpf, nil},
		"certified without an end":   {"DE", proven(register.NewTransfer{Country: "US", Safeguard: register.Framework}), register.ErrBadInput},
		"certified without proof":    {"DE", register.NewTransfer{Country: "US", Safeguard: register.Framework, From: date.Must("2026-03-01"), Until: date.Must("2027-02-28")}, register.ErrBadInput},
		"certified before it was":    {"DE", proven(register.NewTransfer{Country: "US", Safeguard: register.Framework, From: date.Must("2023-07-09"), Until: date.Must("2024-01-01")}), register.ErrNotAdequate},
		"certified elsewhere":        {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Framework, Until: date.Must("2027-02-28")}), register.ErrNotAdequate},
		"clauses":                    {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses, Module: 3}), nil},
		"clauses without a module":   {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses}), register.ErrBadInput},
		"clauses of module 5":        {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses, Module: 5}), register.ErrBadInput},
		"clauses before there were":  {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses, Module: 1, From: date.Must("2021-06-26")}), register.ErrBadInput},
		"clauses from london":        {"GB", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses, Module: 2}), register.ErrBadInput},
		"the addendum":               {"GB", proven(register.NewTransfer{Country: "IN", Safeguard: register.Addendum, Module: 2}), nil},
		"the addendum from berlin":   {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Addendum, Module: 2}), register.ErrBadInput},
		"the agreement":              {"GB", proven(register.NewTransfer{Country: "IN", Safeguard: register.Agreement}), nil},
		"the agreement, too early":   {"GB", proven(register.NewTransfer{Country: "IN", Safeguard: register.Agreement, From: date.Must("2022-03-20")}), register.ErrBadInput},
		"binding rules":              {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Binding}), nil},
		"a derogation": {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Derogation, Letter: "c", Until: date.Must("2026-03-31")}),
			nil},
		"one without a letter": {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Derogation, Until: date.Must("2026-03-31")}), register.ErrBadInput},
		"one without an end":   {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: register.Derogation, Letter: "c"}), register.ErrBadInput},
		"one without a reason": {"DE", register.NewTransfer{Country: "IN", Safeguard: register.Derogation, Letter: "c", From: date.Must("2026-03-01"), Until: date.Must("2026-03-31")}, register.ErrBadInput},
		"within the area":      {"DE", proven(register.NewTransfer{Country: "NO", Safeguard: register.Adequate}), register.ErrBadInput},
		"london to berlin":     {"GB", proven(register.NewTransfer{Country: "DE", Safeguard: register.Adequate}), nil},
		"berlin to london":     {"DE", proven(register.NewTransfer{Country: "GB", Safeguard: register.Adequate}), nil},
		"from brazil":          {"BR", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses, Module: 1}), register.ErrJurisdiction},
		"from nowhere":         {"", proven(register.NewTransfer{Country: "IN", Safeguard: register.Clauses, Module: 1}), register.ErrJurisdiction},
		"by hope":              {"DE", proven(register.NewTransfer{Country: "IN", Safeguard: "hope"}), register.ErrBadInput},
	}
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		to := h.recipient(s.ctx, "R-1", "Far Away Ltd", register.RoleProcessor, "IN")
		for name, c := range cases {
			h.home = c.home
			c.in.Reference, c.in.RecipientID = name, to.ID
			got, err := h.s.AddTransfers(s.ctx, []register.NewTransfer{c.in})
			if c.want != nil {
				require.ErrorIs(t, err, c.want, name)
				continue
			}
			require.NoError(t, err, name)
			require.NotEmpty(t, got[0].Source, name)
		}
	})
}

// Into a third country nothing goes without a safeguard that holds on the day; a decision that has run out covers nothing.
func TestNothingGoesAbroadWithoutASafeguard(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		london := h.recipient(s.ctx, "R-1", "London Ltd", register.RoleAuthority, "GB")
		vienna := h.recipient(s.ctx, "R-2", "Wien GmbH", register.RoleAuthority, "AT")
		n := 0
		disclose := func(at string, to uuid.UUID) error {
			when, err := time.Parse(time.RFC3339, at)
			require.NoError(t, err)
			h.set(when)
			n++
			d := out(at+to.String(), s.ada, to)
			d.Ground, d.Order, d.OrderHash = register.LegalRequirement, "an order", proof
			got, err := h.s.Disclose(s.ctx, []register.NewDisclosure{d})
			if err == nil {
				require.Equal(t, to == london.ID && h.home == "DE", got[0].TransferID != uuid.Nil)
			}
			return err
		}
		require.NoError(t, disclose("2026-03-05T10:00:00Z", vienna.ID))
		require.ErrorIs(t, disclose("2026-03-05T10:00:00Z", london.ID), register.ErrNoSafeguard)
		all, err := h.s.AddTransfers(s.ctx, []register.NewTransfer{{Reference: "T-1", RecipientID: london.ID, Safeguard: register.Adequate, From: date.Must("2026-03-06")}})
		transfer := only(t, all, err)
		require.ErrorIs(t, disclose("2026-03-05T11:00:00Z", london.ID), register.ErrNoSafeguard, "from the sixth on")
		require.NoError(t, disclose("2026-03-06T00:00:00Z", london.ID))
		require.NoError(t, disclose("2031-12-27T23:59:59Z", london.ID), "the last day of the decision")
		require.ErrorIs(t, disclose("2031-12-28T00:00:00Z", london.ID), register.ErrNoSafeguard)
		h.set(march.AddDate(1, 0, 0))
		_, err = h.s.End(s.ctx, register.NewEnd{Reference: "E-1", ID: transfer.ID, Reason: "moved"})
		require.NoError(t, err)
		require.NoError(t, disclose("2027-03-04T13:00:00Z", london.ID))
		require.ErrorIs(t, disclose("2027-03-05T13:00:00Z", london.ID), register.ErrNoSafeguard)
		h.home = "GB"
		require.NoError(t, disclose("2027-03-05T14:00:00Z", london.ID), "at home")
		h.home = "US"
		require.ErrorIs(t, disclose("2027-03-05T15:00:00Z", london.ID), register.ErrJurisdiction)
		h.home = "DE"
		far := h.recipient(s.ctx, "R-3", "Far Away Ltd", register.RoleProcessor, "IN")
		_, err = h.s.AddProcessors(s.ctx, []register.NewProcessor{{Reference: "K-1", RecipientID: far.ID, Service: "support", Contract: "safe", ContractHash: proof, Confidential: true, From: date.Must("2027-03-05")}})
		require.ErrorIs(t, err, register.ErrNoSafeguard)
		page, err := h.s.ListTransfers(s.ctx, tenancy.PageRequest{})
		require.Equal(t, date.Must("2027-03-04"), only(t, page.Items, err).EndedOn)
	})
}

// Every decision is dated and has its source, and no country is adequate as such and for certified recipients at once.
func TestAdequacyIsDatedData(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, a := range register.Adequacies() {
		key := [2]string{string(a.Law), a.Country}
		require.False(t, seen[key], "%v stands twice", key)
		seen[key] = true
		require.False(t, a.From.IsZero(), a.Country)
		require.NotEmpty(t, a.Source, a.Country)
		require.Regexp(t, `^[A-Z]{2}$`, a.Country)
		require.Equal(t, a.Country == "US", a.Certified)
	}
	require.Len(t, seen, 16+2+13+30)
}
