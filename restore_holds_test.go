package erp_test

import (
	"testing"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A hold that was placed after the backup stands when the tenant is restored, and what it kept from an erasure is there; it can be released.
func TestALegalHoldOutlivesALostTenant(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			d := openDrill(t, engine)
			s := openShop(t, d.env, d.suite, inventory.FIFO)
			_, err := d.suite.Accounting.UpdateParty(s.ctx, accounting.PartyChange{ID: s.customer, Name: "Ada Canary", Customer: true, Email: "ada.canary@example.org"})
			require.NoError(t, err)
			b, err := d.suite.Privacy.Backup(s.ctx)
			require.NoError(t, err)
			hold, err := d.suite.Retention.PlaceHold(s.ctx, retention.NewLegalHold{Reference: "7 O 12/26", Ground: retention.ForClaim, Reason: "sued", Table: "erp.parties", Row: s.customer})
			require.NoError(t, err)
			_, err = d.suite.Privacy.Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET-1", Reason: "asked"})
			require.NoError(t, err)

			d.lose(t, b.TenantID)
			restored, err := d.suite.Privacy.Restore(d.platform(t), privacy.Restoration{BackupID: b.ID, Identities: []age.Identity{d.identity}, Reason: "disk 4 failed"})
			require.NoError(t, err)
			require.Len(t, restored.Erased, 1)
			require.Equal(t, []tenancy.LedgerHold{{EntryID: hold.ID, ID: hold.ID, Table: "erp.parties", Row: s.customer, Ground: "claim"}}, restored.Held)
			d.enter(t, s)
			party, err := d.suite.Accounting.GetParty(s.ctx, s.customer)
			require.NoError(t, err)
			require.Equal(t, []string{"Ada Canary", "ada.canary@example.org"}, []string{party.Name, party.Email})
			_, err = d.suite.Privacy.Correct(s.ctx, privacy.Correction{PersonID: s.customer, Reference: "C-1", Changes: []privacy.Change{{Table: "erp.parties", RowID: s.customer, Column: "name", To: "Eve"}}})
			require.ErrorIs(t, err, privacy.ErrErased)
			_, err = d.suite.Retention.ReleaseHold(s.ctx, "ledger "+hold.ID.String(), "settled")
			require.NoError(t, err)
			plan, err := d.suite.Privacy.PreviewErasure(s.ctx, s.customer)
			require.NoError(t, err)
			require.True(t, plan.Complete(), "nothing holds them any more")
		})
	}
}
