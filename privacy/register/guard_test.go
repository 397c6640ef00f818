package register_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
)

// The database itself refuses to change what is entered, to leave a step out, to date a withdrawal away, and to disclose without a proof; for the owner of the tables too.
func TestTheDatabaseHoldsTheRegisters(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		h.newsletter(s.ctx)
		given, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-1", s.ada)})
		consent := only(t, given, err)
		h.pass(time.Hour)
		back, err := h.s.WithdrawConsents(s.ctx, []register.Withdrawal{s.withdraws("X-1", s.ada)})
		withdrawal := only(t, back, err)
		b := h.breach(s.ctx, "B-1", h.clock())
		_, err = h.step(s.ctx, "S-1", b, register.RiskAssessed, func(in *register.NewStep) { in.Risk = register.RiskUnlikely })
		require.NoError(t, err)
		db := h.Owner(t, s.id)
		refused := func(what, query string) {
			t.Helper()
			query = strings.NewReplacer("$T", "'"+s.id.String()+"'", "$C", "'"+consent.ID.String()+"'", "$W", "'"+withdrawal.ID.String()+"'", "$B", "'"+b.ID.String()+"'",
				"$A", "'"+s.ada.String()+"'", "$N", "'"+tenancy.NewID().String()+"'").Replace(query)
			_, err := db.Exec(h.SQL(query))
			require.Error(t, err, what)
		}
		refused("a consent dated anew", `UPDATE erp.consents SET happened_at = prior_at WHERE tenant_id = $T AND entry_id = $W`)
		refused("a consent deleted", `DELETE FROM erp.consents WHERE tenant_id = $T AND entry_id = $W`)
		refused("an entry of somebody else", `UPDATE erp.register_entries SET person_id = $N WHERE tenant_id = $T AND id = $C`)
		refused("words exchanged", `UPDATE erp.register_texts SET evidence = 'x' WHERE tenant_id = $T AND entry_id = $C`)
		entry := `INSERT INTO erp.register_entries (tenant_id, id, kind, reference, person_id, entered_at, entered_by) VALUES ($T, $B2, 'consent', 'raw', $A, '2026-03-05T00:00:00.000000Z', 'x')`
		id := tenancy.NewID().String()
		_, err = db.Exec(h.SQL(strings.NewReplacer("$T", "'"+s.id.String()+"'", "$B2", "'"+id+"'", "$A", "'"+s.ada.String()+"'").Replace(entry)))
		require.NoError(t, err)
		raw := func(seq, state, at, prior string) string {
			return `INSERT INTO erp.consents (tenant_id, entry_id, person_id, purpose_id, seq, state, happened_at, prior_seq, prior_state, prior_at, wording_id, how, evidence_hash)
				SELECT tenant_id, '` + id + `', person_id, purpose_id, ` + seq + `, '` + state + `', '` + at + `', ` + prior + `, ` + map[string]string{"given": "wording_id", "withdrawn": "NULL"}[state] + `, how, 'x'
				FROM erp.consents WHERE tenant_id = $T AND entry_id = $C`
		}
		const later, first, second = "2026-03-05T00:00:00.000000Z", "2026-03-04T12:00:00.000000Z", "2026-03-04T13:00:00.000000Z"
		refused("a second beginning", raw("1", "given", later, "NULL, NULL, NULL"))
		refused("a gap", raw("4", "given", later, "3, 'withdrawn', '"+second+"'"))
		refused("a predecessor that was none", raw("3", "given", later, "2, 'given', '"+second+"'"))
		refused("a consent from before the withdrawal", raw("3", "given", "2026-03-04T12:30:00.000000Z", "2, 'withdrawn', '"+second+"'"))
		refused("a predecessor of another instant", raw("3", "given", later, "2, 'withdrawn', '"+first+"'"))
		refused("nothing taken back", raw("3", "withdrawn", later, "2, 'withdrawn', '"+second+"'"))
		step := `INSERT INTO erp.breach_steps (tenant_id, entry_id, breach_id, seq, kind, state, risk, happened_at, late, letter, prior_seq, prior_state)
			VALUES ($T, '` + id + `', $B, 3, 'closed', '$S', '', '` + later + `', FALSE, '', 2, '$P')`
		refused("back to open", strings.NewReplacer("$S", "open", "$P", "assessed").Replace(step))
		refused("from where it is not", strings.NewReplacer("$S", "closed", "$P", "notified").Replace(step))
		refused("a disclosure without a ground", `INSERT INTO erp.disclosures (tenant_id, entry_id, person_id, recipient_id, ground, happened_at, tables, order_hash)
			VALUES ($T, '`+id+`', $A, $N, 'consent', '`+later+`', '', '')`)
	})
}
