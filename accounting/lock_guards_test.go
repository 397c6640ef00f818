package accounting_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// copied inserts a copy of one row of a table with another id and some columns changed.
func (r *raw) copied(table, from string, change map[string]string) string {
	names, _ := r.columns(table)
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = name
		if name == "id" {
			values[i] = "'" + tenancy.NewID().String() + "'"
		}
		if v, ok := change[name]; ok {
			values[i] = v
		}
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") SELECT " + strings.Join(values, ", ") + " FROM " + table + r.where() + from
}

// A document is dated in a locked period only where its own entry came late: with no entry, another's or one that is not late it is
// refused, whoever writes.
func TestDatabaseRefusesDocumentsDatedBeforeALock(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		s := r.s
		if s.period("2010-03").State == accounting.PeriodOpen { // both attackers share the shop
			s.lock("2010-03")
			late, lateBill, latePayment := invoice("L", s.ann.ID, "2010-03-06", "10"), aBill("LB", "VL", s.ben.ID, "2010-03-06", "10"), received("LP", s.ann.ID, "2010-03-06", 400)
			late.Late, lateBill.Late, latePayment.Late = accounting.LateFirstOpen, accounting.LateFirstOpen, accounting.LateFirstOpen
			s.issue(late)
			s.bill(lateBill)
			s.pay(latePayment)
			s.issue(invoice("I", s.ann.ID, "2010-04-06", "10"))
			s.bill(aBill("B", "V", s.ben.ID, "2010-04-06", "10"))
			s.pay(received("P", s.ann.ID, "2010-04-06", 400))
		}
		for _, c := range []struct{ table, day, original, other, unique string }{
			{"erp.invoices", "invoice_date", "reference = 'I'", "reference = 'L'", "number"}, {"erp.bills", "bill_date", "reference = 'B'", "reference = 'LB'", "vendor_number"},
			{"erp.payments", "payment_date", "reference = 'P'", "reference = 'LP'", "fingerprint"},
		} {
			on := func(day, entry string) string {
				change := map[string]string{c.day: "'" + day + "'", c.unique: "'new'", "seq": "seq + 100", "reference": "NULL", "due_date": "'2010-12-31'", "tax_point": "'" + day + "'"}
				if entry != "" {
					change["entry_id"] = entry
				}
				return r.copied(c.table, c.original, change)
			}
			lates := "(SELECT o.entry_id FROM " + c.table + " AS o WHERE o." + c.other + " AND o.tenant_id = '" + r.tenant.String() + "')"
			require.NoError(t, r.rehearse(on("2010-04-15", "")), "the attacks below prove nothing unless this works")
			for name, statement := range map[string]string{"not late": on("2010-03-31", ""), "long before": on("2009-01-01", ""), "late, and another's": on("2010-03-06", lates)} {
				refused(t, r.rehearse(statement), "accounting.period_locked")
				require.NotEmpty(t, name)
			}
			if c.table != "erp.payments" {
				refused(t, r.rehearse(on("2010-03-31", "NULL")), "accounting.period_locked")
			}
		}
		lock := func(period string) []string { // with figures that somebody made up
			return []string{r.copied("erp.period_closings", "period_id = '"+r.period("2010-03")+"'", map[string]string{"period_id": "'" + r.period(period) + "'"}),
				"UPDATE erp.periods SET state = 'locked', changed_at = '" + longAfter + "'" + r.where() + "name = '" + period + "'"}
		}
		require.NoError(t, r.rehearse(lock("2010-04")...))
		if s.env.Name == "postgres" { // SQLite has row triggers alone: there every guard asks for a lock at or after the day
			refused(t, r.rehearse(lock("2010-06")...), "accounting.period_locked")
		}
		item := func(on string) string {
			return r.copied("erp.open_items", "kind = 'invoice' AND item_date = '2010-04-06'", map[string]string{"item_date": "'" + on + "'", "due_date": "'" + on + "'", "line_no": "2"})
		}
		require.NoError(t, r.rehearse(item("2010-04-15")))
		refused(t, r.rehearse(item("2010-03-31")), "accounting.period_locked")
		if !r.asApp {
			require.NoError(t, r.rehearse(append(r.forceGate("importing"), item("2010-03-31"))...), "history comes in while the tenant is importing")
		}
		s.sound()
	})
}

// A lock of one journal holds for that journal: a soft one in its period and for who gives no reason, a hard one for all before.
func TestDatabaseKeepsToLocksOfJournals(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		s := r.s
		if len(s.journalLocks()) == 0 {
			require.NoError(t, s.setState("2010-04", accounting.PeriodLocked, accounting.JournalSales))
			require.NoError(t, s.setState("2010-06", accounting.PeriodSoftLocked, accounting.JournalSales))
			require.NoError(t, s.setState("2010-08", accounting.PeriodSoftLocked))
		}
		sales := "journal_id=" + s.journalID(accounting.JournalSales)
		for on, code := range map[string]string{"2010-03-31": "accounting.period_locked", "2010-04-05": "accounting.period_locked", "2010-05-05": "", "2010-06-30": "accounting.period_soft_locked",
			"2010-07-01": "", "2010-08-05": "accounting.period_soft_locked"} {
			require.Equal(t, code == "accounting.period_soft_locked" && on[:7] == "2010-08", r.rehearse(r.entryOn(on)...) != nil, "another journal, on %s", on)
			if !r.asApp {
				require.NoError(t, r.rehearse(append(r.forceGate("importing"), r.entryOn(on, sales)...)...), "history comes in while the tenant is importing: %s", on)
			}
			if code == "" {
				require.NoError(t, r.rehearse(r.entryOn(on, sales)...), on)
				continue
			}
			refused(t, r.rehearse(r.entryOn(on, sales)...), code)
			require.Equal(t, code == "accounting.period_locked", r.rehearse(r.entryOn(on, sales, "lock_exception=true")...) != nil, "with a reason, on %s", on)
		}
		lock := fmt.Sprintf("UPDATE erp.journal_locks SET state = '%%s', changed_at = '%s'%sstate = '%%s'", longAfter, r.where())
		refused(t, r.rehearse(fmt.Sprintf(lock, "soft_locked", "locked")), "accounting.period_state")
		require.NoError(t, r.rehearse(fmt.Sprintf(lock, "open", "soft_locked")))
		refused(t, r.rehearse("UPDATE erp.journal_locks SET changed_at = '2001-01-01T00:00:00.000000Z'"+r.where()+"state = 'soft_locked'"), "accounting.period_state")
		refused(t, r.rehearse("UPDATE erp.journal_locks SET changed_at = '"+longAfter+"'"+r.where()+"state = 'locked'"), "accounting.period_state")
		s.sound()
	})
}

func (s *shop) journalLocks() []accounting.JournalLock {
	s.t.Helper()
	all, err := s.books.JournalLocks(s.ctx)
	require.NoError(s.t, err)
	return all
}

func (s *shop) journalID(code accounting.JournalCode) string {
	s.t.Helper()
	all, err := s.books.ListJournals(s.ctx)
	require.NoError(s.t, err)
	for _, j := range all {
		if j.Code == code {
			return j.ID.String()
		}
	}
	s.t.Fatalf("no journal %s", code)
	return ""
}
