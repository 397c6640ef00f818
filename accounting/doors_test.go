package accounting_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// The books know two doors past what never changes: the purge of a tenant whose gate is purging, and the replacement of a companion row
// under a registered erasure. (A third lets history in while the gate is importing.) Each is tried with a condition that is forged,
// expired or another tenant's, as the owner and in the application's role.
func TestDoorsOpenForTheirOwnConditionOnly(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		s := r.s
		e := s.post(transfer("", "2010-05-01", 100))[0]
		other := newShop(t, s.env)
		theirs := other.post(transfer("", "2010-05-01", 100))[0]
		if s.period("2010-02").State == accounting.PeriodOpen {
			s.lock("2010-02")
		}
		otherTenant := tenancy.ScopeOf(other.ctx).TenantID()
		postgres := s.env.Name == "postgres"

		remove := []string{"DELETE FROM erp.journal_lines" + r.where() + "entry_id = '" + e.ID.String() + "'", "DELETE FROM erp.journal_entries" + r.where() + "id = '" + e.ID.String() + "'"}
		wipe := "DELETE FROM erp.period_closings" + r.where() + "1 = 1"
		blank := "UPDATE erp.entry_texts SET memo = ''" + r.where() + "entry_id = '" + e.ID.String() + "'"
		erasure := func(tenant, table, row, state string) string {
			return fmt.Sprintf("INSERT INTO erp.erasures (tenant_id, id, table_name, row_id, state, registered_at) VALUES ('%s', '%s', 'erp' || '.%s', '%s', '%s', '2010-05-01T00:00:00.000000Z')",
				tenant, tenancy.NewID(), table, row, state)
		}
		mine := r.tenant.String()
		gate := func(state string, of string) string {
			return "UPDATE erp.tenant_gates SET state = '" + state + "' WHERE tenant_id = '" + of + "'"
		}
		require.NoError(t, r.rehearse(erasure(mine, "entry_texts", e.ID.String(), "registered"), blank), "the attacks below prove nothing unless this works")
		type attack struct {
			name       string
			statements []string
		}
		attacks := []attack{
			{"purge: no gate", []string{remove[0]}},
			{"purge: no gate, closings", []string{wipe}},
			{"purge: the gate forged", []string{gate("importing", mine), wipe}},
			{"purge: a second gate", []string{"INSERT INTO erp.tenant_gates (tenant_id, state) VALUES ('" + mine + "', 'purging')", wipe}},
			{"erasure: none registered", []string{blank}},
			{"erasure: done", []string{erasure(mine, "entry_texts", e.ID.String(), "done"), blank}},
			{"erasure: of another row", []string{erasure(mine, "entry_texts", theirs.ID.String(), "registered"), blank}},
			{"erasure: of another table", []string{erasure(mine, "invoice_texts", e.ID.String(), "registered"), blank}},
			{"erasure: of the figures", []string{erasure(mine, "journal_entries", e.ID.String(), "registered"),
				"UPDATE erp.journal_entries SET entry_date = '2010-06-01'" + r.where() + "id = '" + e.ID.String() + "'"}},
			{"erasure: of a lock", []string{erasure(mine, "periods", s.period("2010-02").ID.String(), "registered"),
				"UPDATE erp.periods SET state = 'open'" + r.where() + "name = '2010-02'"}},
			{"erasure: of another tenant", []string{erasure(otherTenant.String(), "entry_texts", e.ID.String(), "registered"), blank}},
			{"import: the gate forged", append([]string{gate("importing", mine)}, r.entryOn("2010-02-05")...)},
		}
		if postgres && !r.asApp { // the owner reaches both tenants' rows, and can take the gate's own guard down
			attacks = append(attacks,
				attack{"purge: another tenant's gate", append(r.forceGateOf(otherTenant.String(), "purging"), wipe)},
				attack{"import: another tenant's gate", append(r.forceGateOf(otherTenant.String(), "importing"), r.entryOn("2010-02-05")...)})
		}
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) {
				refused(t, r.rehearse(a.statements...), "")
				require.NotContains(t, fmt.Sprint(r.rehearse(a.statements...)), "syntax")
			})
		}
		if !r.asApp {
			require.NoError(t, r.rehearse(append(r.forceGate("importing"), r.entryOn("2010-02-05")...)...), "with its own condition each opens")
			purging := append(r.forceGate("purging"), wipe)
			require.NoError(t, r.rehearse(purging...))
			refused(t, r.rehearse(append(append(r.forceGate("purging"), gate("active", mine)), wipe)...), "tenancy.append_only")
			refused(t, r.rehearse(append(append(r.forceGate("importing"), gate("active", mine)), r.entryOn("2010-02-05")...)...), "accounting.period_locked")
		}
		s.sound()
	})
}

// forceGateOf is forceGate for another tenant.
func (r *raw) forceGateOf(tenant, state string) []string {
	out := r.forceGate(state)
	out[len(out)-1] = strings.Replace(out[len(out)-1], r.tenant.String(), tenant, 1)
	return out
}
