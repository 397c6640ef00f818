package register_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
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

// A material version is not put in force behind the service's back, on day 29 as on the first; nor is anything disclosed on somebody else's proof.
func TestTheDatabaseKnowsTheNoticePeriod(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		s := h.shop()
		v := h.version(h.platform, 1, true)
		on := date.Must("2026-03-04")
		urgent, err := h.s.AddPolicyVersion(h.platform, register.NewPolicyVersion{Reference: "V-U", Policy: text(on, "u"), UpdatedOn: on, Material: true, Exception: register.ByLaw, Citation: "a law"})
		require.NoError(t, err)
		db := h.Owner(t, h.own)
		force := func(version uuid.UUID, at time.Time, seq string) error {
			id := tenancy.NewID().String()
			stamp := at.UTC().Format(tenancy.RecordInstant)
			_, err := db.Exec(h.SQL(`INSERT INTO erp.register_entries (tenant_id, id, kind, reference, entered_at, entered_by) VALUES ('` + h.own.String() + `', '` + id + `', 'effect', '` + id + `', '` + stamp + `', 'x')`))
			require.NoError(t, err)
			_, err = db.Exec(h.SQL(`INSERT INTO erp.policy_effects (tenant_id, entry_id, version_id, seq, in_force_at) VALUES ('` + h.own.String() + `', '` + id + `', '` + version.String() + `', ` + seq + `, '` + stamp + `')`))
			return err
		}
		require.ErrorContains(t, force(v.ID, march, "1"), "register.notice_period")
		require.ErrorContains(t, force(urgent.ID, march, "1"), "register.notice_period", "an exception is announced as well")
		h.announce(register.OfPolicy, v.ID)
		h.announce(register.OfPolicy, urgent.ID)
		require.Zero(t, h.deliver())
		told := h.clock()
		require.ErrorContains(t, force(v.ID, told.Add(29*day), "1"), "register.notice_period")
		require.ErrorContains(t, force(v.ID, told.Add(30*day-time.Microsecond), "1"), "register.notice_period")
		require.NoError(t, force(v.ID, told.Add(30*day), "1"))
		require.NoError(t, force(urgent.ID, told, "2"))
		require.NotNil(t, s)
	})
}

// What would be replaced is refused, where an engine replaces without a delete.
func TestNothingIsReplaced(t *testing.T) {
	h := newHouse(t, "sqlite", register.Options{})
	s := h.shop()
	h.newsletter(s.ctx)
	_, err := h.s.RecordConsents(s.ctx, []register.NewConsent{s.consents("C-1", s.ada)})
	require.NoError(t, err)
	_, err = h.s.WithdrawConsents(s.ctx, []register.Withdrawal{s.withdraws("X-1", s.ada)})
	require.NoError(t, err)
	db := h.Owner(t, s.id)
	rows := func(table string) (n int) {
		require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM "+table).Scan(&n))
		return n
	}
	before := rows("erp_consents")
	_, err = db.Exec(`INSERT OR REPLACE INTO erp_consents (tenant_id, entry_id, person_id, purpose_id, seq, state, happened_at, prior_seq, prior_state, prior_at, wording_id, how, evidence_hash)
		SELECT w.tenant_id, (SELECT id FROM erp_register_entries WHERE kind = 'purpose'), w.person_id, w.purpose_id, w.seq, 'given', w.happened_at, w.prior_seq, w.prior_state, w.prior_at, c.wording_id, w.how, 'x'
		FROM erp_consents AS w JOIN erp_consents AS c ON c.seq = 1 WHERE w.seq = 2`)
	require.ErrorContains(t, err, "tenancy.duplicate")
	require.Equal(t, before, rows("erp_consents"))
}
