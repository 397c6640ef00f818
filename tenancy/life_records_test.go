package tenancy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var noonDate = date.Of(2026, 3, 1)

func TestLegalHolds(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, now *time.Time) {
		owner := env.Tenant(t)
		id := tenantOf(owner)
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		_, err := tenants.Hold(platform, tenancy.NewID(), "a claim", "1")
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = tenants.Hold(platform, id, "a claim", " ")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		first, err := tenants.Hold(platform, id, "a claim", "7 O 12/26")
		require.NoError(t, err)
		require.Equal(t, tenancy.Hold{ID: first.ID, TenantID: id, Reference: "7 O 12/26", Reason: "a claim", PlacedAt: noon, PlacedBy: "tester"}, first)
		again, err := tenants.Hold(platform, id, "a claim", "7 O 12/26")
		require.NoError(t, err)
		require.Equal(t, first, again)
		_, err = tenants.Hold(platform, id, "another claim", "7 O 12/26")
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		second, err := tenants.Hold(platform, id, "a tax audit", "StNr 9/1")
		require.NoError(t, err)

		_, err = tenants.Cancel(platform, id, "they left")
		require.NoError(t, err)
		*now = noon.AddDate(1, 0, 0)
		kept := rowsOf(t, env, id)
		refused := func() {
			_, err := tenants.Purge(platform, id, "its time is over")
			require.ErrorIs(t, err, tenancy.ErrLegalHold)
			_, err = tenants.PurgeNow(platform, id, "at once", "letter 1")
			require.ErrorIs(t, err, tenancy.ErrLegalHold)
			n, err := tenants.CompletePending(platform, 10)
			require.NoError(t, err, "it is passed over")
			require.Zero(t, n)
			_, err = env.Control(t).Exec("UPDATE " + control(env) + " SET state = 'purging' WHERE id = '" + id.String() + "'")
			require.ErrorContains(t, err, "tenancy.legal_hold", "the database refuses too")
			require.Equal(t, kept, rowsOf(t, env, id))
		}
		refused()
		_, err = tenants.Release(platform, tenancy.NewID(), "settled")
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		out, err := tenants.Release(platform, first.ID, "settled")
		require.NoError(t, err)
		require.Equal(t, *now, out.ReleasedAt)
		twice, err := tenants.Release(platform, first.ID, "settled once more")
		require.NoError(t, err)
		require.Equal(t, out, twice)
		refused() // the other one stands
		holds := "erp_control.legal_holds"
		if env.Name == "sqlite" {
			holds = "erp_control_legal_holds"
		}
		for _, text := range []string{"DELETE FROM " + holds, "UPDATE " + holds + " SET reason = 'none'", "UPDATE " + holds + " SET released_at = NULL"} {
			_, err = env.Control(t).Exec(text)
			require.ErrorContains(t, err, "tenancy.append_only", text)
		}
		_, err = tenants.Release(platform, second.ID, "audit closed")
		require.NoError(t, err)
		n, err := tenants.CompletePending(platform, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Empty(t, rowsOf(t, env, id))
		_, err = tenants.Hold(platform, id, "too late", "8")
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)
		_, err = env.Control(t).Exec("INSERT INTO " + holds + " (id, tenant_id, reference, reason, placed_at, placed_by) VALUES ('" + tenancy.NewID().String() + "', '" +
			id.String() + "', 'r', 'x', '2026-01-01T00:00:00.000000Z', 'y')")
		require.ErrorContains(t, err, "tenancy.tenant_state")
		all, err := tenants.Holds(platform, id)
		require.NoError(t, err)
		require.Len(t, all, 2, "they stay on record")
		require.Equal(t, []string{
			"tester tenancy.create: ", "tester tenancy.hold: 7 O 12/26: a claim", "tester tenancy.hold: StNr 9/1: a tax audit", "tester tenancy.cancel: they left",
			"tester tenancy.release: 7 O 12/26: settled", "tester tenancy.release: StNr 9/1: audit closed", "tester tenancy.purge: its time is over", "tester tenancy.purge: nothing is left",
		}, journal(t, env, id))
	})
}

func TestContracts(t *testing.T) {
	eachAt(t, noon, func(t *testing.T, env *tenancytest.Env, _ *time.Time) {
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		in := tenancy.NewTenant{Name: "Kade Tea", Reference: "T-1", TimeZone: "Asia/Colombo", Plan: "shop",
			Administrator: tenancy.ContactPerson{Name: "Nimal", Email: "nimal@example.org"}}
		made, err := tenants.Create(platform, in)
		require.NoError(t, err)
		again, err := tenants.Create(platform, in)
		require.NoError(t, err)
		require.Equal(t, made, again)
		for name, other := range map[string]func(in *tenancy.NewTenant){
			"plan":          func(in *tenancy.NewTenant) { in.Plan = "till" },
			"administrator": func(in *tenancy.NewTenant) { in.Administrator.Email = "sunil@example.org" }, "zone": func(in *tenancy.NewTenant) { in.TimeZone = "UTC" },
		} {
			changed := in
			other(&changed)
			_, err = tenants.Create(platform, changed)
			require.ErrorIs(t, err, tenancy.ErrDuplicate, name)
		}
		begun := tenancy.Contract{TenantID: made.ID, ChangedAt: noon, Terms: tenancy.Terms{Organisation: "Kade Tea", Plan: "shop", Administrator: in.Administrator, Since: noonDate}}
		got, err := tenants.Contract(platform, made.ID)
		require.NoError(t, err)
		require.Equal(t, begun, got)
		_, err = tenants.Contract(platform, tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)

		terms := begun.Terms
		terms.Reference, terms.Until, terms.Billing = "C-2026-7", date.Of(2027, 2, 28), tenancy.ContactPerson{Name: "Books Ltd", Email: "bills@example.org"}
		for name, spoil := range map[string]func(in *tenancy.Terms){
			"no organisation": func(in *tenancy.Terms) { in.Organisation = " " }, "no first day": func(in *tenancy.Terms) { in.Since = date.Date{} },
			"days in disorder": func(in *tenancy.Terms) { in.Until = in.Since.AddDays(-1) }, "no address": func(in *tenancy.Terms) { in.Billing.Email = "the office" },
			"two addresses": func(in *tenancy.Terms) { in.Billing.Email = "a@b, c@d" }, "a long plan": func(in *tenancy.Terms) { in.Plan = strings.Repeat("x", 101) },
		} {
			bad := terms
			spoil(&bad)
			_, err = tenants.SetContract(platform, made.ID, bad, "x")
			require.ErrorIs(t, err, tenancy.ErrBadInput, name)
		}
		_, err = tenants.SetContract(platform, tenancy.NewID(), terms, "x")
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		for range 2 {
			got, err = tenants.SetContract(platform, made.ID, terms, "signed on paper")
			require.NoError(t, err)
			require.Equal(t, terms, got.Terms)
		}
		_, err = tenants.Cancel(platform, made.ID, "they left")
		require.NoError(t, err)
		_, err = tenants.PurgeNow(platform, made.ID, "at once", "letter 1")
		require.NoError(t, err)
		got, err = tenants.Contract(platform, made.ID)
		require.NoError(t, err)
		require.Equal(t, tenancy.Contract{TenantID: made.ID, Terms: terms, EndsAt: noon, ChangedAt: noon}, got, "it outlasts the tenant")
		lines := journal(t, env, made.ID)
		require.Equal(t, []string{"tester tenancy.create: ", "tester tenancy.set_contract: signed on paper", "tester tenancy.cancel: they left",
			"tester tenancy.purge: at once; waiver: letter 1", "tester tenancy.purge: nothing is left"}, lines, "who and why, never what")
		for _, bad := range []tenancy.NewTenant{{Name: "x", Region: "EU"}, {Name: "x", Region: strings.Repeat("x", 41)}, {Name: "x", Administrator: tenancy.ContactPerson{Email: "x"}}, {Name: "a\x00b"}} {
			_, err = tenants.Create(platform, bad)
			require.ErrorIs(t, err, tenancy.ErrBadInput)
		}
	})
}

func TestTheJournalIsReadInPages(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		id := tenantOf(env.Tenant(t))
		tenants, platform := env.DB.Tenants(), env.Platform(t)
		for range 3 {
			_, err := tenants.Suspend(platform, id, "unpaid")
			require.NoError(t, err)
			_, err = tenants.Resume(platform, id, "paid")
			require.NoError(t, err)
		}
		require.Len(t, journal(t, env, id), 7)
		all, err := tenants.Journal(platform, uuid.Nil, tenancy.PageRequest{Limit: 2})
		require.NoError(t, err)
		require.Len(t, all.Items, 2)
		require.NotEmpty(t, all.Next)
		for _, bad := range []tenancy.PageRequest{{Sort: "reason"}, {After: "x"}} {
			_, err = tenants.Journal(platform, id, bad)
			require.ErrorIs(t, err, tenancy.ErrBadInput)
		}
	})
}

// The numbers are the card schemes' own test numbers.
func TestCardNumbersAreFound(t *testing.T) {
	for _, text := range []string{
		"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "4111.1111.1111.1111", "visa4111111111111111", "paid with 5555 5555 5555 4444, thanks",
		"378282246310005", "3782 822463 10005", "30569309025904", "6011111111111117", "4222222222222", "6304000000000000", "4000 0000 0000 0000 006",
		"no. 12, card 4111 1111 1111 1111 12/27 123", "4111\u00a01111\u00a01111\u00a01111", "4111\u20131111\u20131111\u20131111", "41\u200b11111111111111",
		"\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11", "٤١١١١١١١١١١١١١١١", "4111  1111  1111  1111", "4111\n1111\n1111\n1111",
	} {
		require.True(t, tenancy.HoldsCardNumber(text), text)
	}
	for _, text := range []string{
		"", "4111111111111112", "411111111111", "invoice 2026-000123 of 1 March", "+44 20 7946 0991", "letter of 10 February, file 7", "00000000-0000-0000-0000-000000000000",
		"0000 0000 0000 0000", "41111111111111111111", "4111 of 1111 and 1111 or 1111", "01945c3a-7d1e-7b6a-9c7e-2a1b3c4d5e6f",
	} {
		require.False(t, tenancy.HoldsCardNumber(text), text)
	}
	for range 20_000 { // references are often ids
		id := uuid.NewString()
		require.False(t, tenancy.HoldsCardNumber(id), id)
		require.False(t, tenancy.HoldsCardNumber("order "+tenancy.NewID().String()+": late"))
		sum := sha256.Sum256([]byte(id))
		require.False(t, tenancy.HoldsCardNumber(hex.EncodeToString(sum[:])), id)
	}
	require.True(t, tenancy.HoldsCardNumber(uuid.NewString()+" 4111111111111111"))
}

// No text of the platform's records takes the number of a card, and what is refused changes nothing.
func TestCardNumbersAreNeverStored(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		const card = "card 4111 1111 1111 1111"
		owner := env.Tenant(t)
		id := tenantOf(owner)
		tenants, platform, life := env.DB.Tenants(), env.Platform(t), env.DB.Life()
		hold, err := tenants.Hold(platform, id, "a claim", "1")
		require.NoError(t, err)
		contract, err := tenants.Contract(platform, id)
		require.NoError(t, err)
		terms := func(spoil func(in *tenancy.Terms)) func() error {
			return func() error {
				in := contract.Terms
				spoil(&in)
				_, err := tenants.SetContract(platform, id, in, "x")
				return err
			}
		}
		create := func(in tenancy.NewTenant) func() error {
			return func() error { _, err := tenants.Create(platform, in); return err }
		}
		before := journal(t, env, id)
		for name, act := range map[string]func() error{
			"name": create(tenancy.NewTenant{Name: card}), "reference": create(tenancy.NewTenant{Name: "x", Reference: card}), "plan": create(tenancy.NewTenant{Name: "x", Plan: card}),
			"administrator": create(tenancy.NewTenant{Name: "x", Administrator: tenancy.ContactPerson{Name: card}}),
			"address":       create(tenancy.NewTenant{Name: "x", Administrator: tenancy.ContactPerson{Email: "4111111111111111@example.org"}}),
			"import": func() error {
				_, err := tenants.Import(platform, tenancy.NewTenant{Name: card}, "a", newShelf().write)
				return err
			},
			"organisation": terms(func(in *tenancy.Terms) { in.Organisation = card }), "contract": terms(func(in *tenancy.Terms) { in.Reference = card }),
			"new plan": terms(func(in *tenancy.Terms) { in.Plan = card }), "billing": terms(func(in *tenancy.Terms) { in.Billing.Name = card }),
			"billing address": terms(func(in *tenancy.Terms) { in.Billing.Email = "4111-1111-1111-1111@example.org" }),
			"why a contract":  func() error { _, err := tenants.SetContract(platform, id, contract.Terms, card); return err },
			"why suspend":     func() error { _, err := tenants.Suspend(platform, id, card); return err },
			"why resume":      func() error { _, err := tenants.Resume(platform, id, card); return err },
			"why cancel":      func() error { _, err := tenants.Cancel(platform, id, card); return err },
			"why undo":        func() error { _, err := tenants.UndoCancel(platform, id, card); return err },
			"why hold":        func() error { _, err := tenants.Hold(platform, id, card, "2"); return err },
			"hold":            func() error { _, err := tenants.Hold(platform, id, "x", card); return err },
			"why release":     func() error { _, err := tenants.Release(platform, hold.ID, card); return err },
			"why purge":       func() error { _, err := tenants.Purge(platform, id, card); return err },
			"why now":         func() error { _, err := tenants.PurgeNow(platform, id, card, "letter"); return err },
			"waiver":          func() error { _, err := tenants.PurgeNow(platform, id, "x", card); return err },
			"why leave":       func() error { _, err := life.Cancel(owner, card); return err },
			"why come back":   func() error { _, err := life.UndoCancel(owner, card); return err },
		} {
			require.ErrorIs(t, act(), tenancy.ErrCardNumber, name)
		}
		require.Equal(t, before, journal(t, env, id))
		after, err := tenants.Contract(platform, id)
		require.NoError(t, err)
		require.Equal(t, contract, after)
		got, err := tenants.Get(context.WithoutCancel(platform), id)
		require.NoError(t, err)
		require.Equal(t, tenancy.StateActive, got.State)
	})
}
