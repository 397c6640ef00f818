package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// where names the tenant's own rows in raw SQL.
func (r *raw) where() string { return fmt.Sprintf(" WHERE tenant_id = '%s' AND ", r.tenant) }

// entryOn is a whole entry of a day, of the first journal.
func (r *raw) entryOn(on string, extra ...string) []string {
	id := tenancy.NewID().String()
	return []string{r.header(id, on[:7], append(extra, "entry_date="+on)...), lines(r.line(id, 1, cash, 5, on), r.line(id, 2, sales, -5, on))}
}

// asked writes a reopening as somebody with raw access would.
func (r *raw) asked(id, period, by, at, expires, more string) string {
	approved := "NULL, NULL"
	if more != "" {
		approved = more
	}
	return fmt.Sprintf("INSERT INTO erp.period_reopenings (tenant_id, id, period_id, reason, asked_by, asked_at, expires_at, approved_by, approved_at) VALUES "+
		"('%s', '%s', '%s', 'because', '%s', '%s', '%s', %s)", r.tenant, id, r.period(period), by, at, expires, approved)
}

const longAfter, weekAfter = "2999-01-01T00:00:00.000000Z", "2999-01-08T00:00:00.000000Z"

// Nothing is written at or before a hard lock with raw SQL either, by the tables' owner or in the application's role.
func TestDatabaseRefusesWhatIsDatedBeforeALock(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		s := r.s
		period := s.period("2010-02")
		if period.State == accounting.PeriodOpen { // both attackers share the shop
			s.post(transfer("", "2010-02-05", 100))
			s.issue(invoice("I", s.ann.ID, "2010-02-06", "10"))
			s.pay(received("P", s.ann.ID, "2010-02-06", 400))
			s.bill(aBill("B", "", s.ben.ID, "2010-02-06", "10"))
			require.NoError(t, s.setState("2010-04", accounting.PeriodLocked, accounting.JournalSales))
			s.lock("2010-03")
		}
		journals, err := s.books.ListJournals(s.ctx)
		require.NoError(t, err)
		var salesJournal string
		for _, j := range journals {
			if j.Code == accounting.JournalSales {
				salesJournal = j.ID.String()
			}
		}
		items, err := s.books.OpenItems(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		var debit, credit uuid.UUID
		for _, o := range items.Items {
			switch {
			case o.PartyID == s.ann.ID && o.OpenMinor > 0:
				debit = o.ID
			case o.PartyID == s.ann.ID:
				credit = o.ID
			}
		}
		allocation := func(on string) string {
			return fmt.Sprintf("INSERT INTO erp.allocations (tenant_id, id, party_id, debit_id, credit_id, allocated_on, amount_minor, amount_currency, debit_base_minor, credit_base_minor, fingerprint, recorded_at) VALUES ('%s', '%s', '%s', '%s', '%s', '%s', 1, 'GBP', 1, 1, '', '2011-01-01T00:00:00.000000Z')",
				r.tenant, tenancy.NewID(), s.ann.ID, debit, credit, on)
		}
		payment := func(on string) string {
			return fmt.Sprintf("INSERT INTO erp.payments (tenant_id, id, fingerprint, party_id, direction, payment_date, amount_minor, amount_currency, base_minor, account_id, control_id, entry_id, posted_at) "+
				"SELECT tenant_id, '%s', 'x', '%s', 'in', '%s', 1, 'GBP', 1, '%s', '%s', id, posted_at FROM erp.journal_entries%skind = 'payment'",
				tenancy.NewID(), s.ann.ID, on, r.account(cash), r.account(accounting.RoleReceivable), r.where())
		}
		newPeriod := func(from, to, state string) []string {
			year := tenancy.NewID()
			return []string{fmt.Sprintf("INSERT INTO erp.fiscal_years (tenant_id, id, label, starts_on, ends_on) VALUES ('%s', '%s', 'x', '1999-01-01', '1999-12-31')", r.tenant, year), fmt.Sprintf("INSERT INTO erp.periods (tenant_id, id, fiscal_year_id, seq, name, starts_on, ends_on, state, reason, changed_at) VALUES ('%s', '%s', '%s', 1, 'x', '%s', '%s', '%s', '', '2011-01-01T00:00:00.000000Z')",
				r.tenant, tenancy.NewID(), year, from, to, state)}
		}
		require.NoError(t, r.rehearse(r.entryOn("2010-04-05")...), "the attacks below prove nothing unless this works")
		require.NoError(t, r.rehearse(allocation("2010-04-05")))
		require.NoError(t, r.rehearse(payment("2010-04-05")))
		require.NoError(t, r.rehearse(newPeriod("2030-01-01", "2030-01-31", "open")...))
		table := []struct {
			name       string
			statements []string
			code       string
		}{
			{"an entry", r.entryOn("2010-03-31"), "accounting.period_locked"},
			{"an entry long before", r.entryOn("2010-01-01"), "accounting.period_locked"},
			{"an entry with an exception", r.entryOn("2010-03-31", "lock_exception=true"), "accounting.period_locked"},
			{"an entry that calls itself late", r.entryOn("2010-03-31", "late=true", "document_date=2010-02-01"), "accounting.period_locked"},
			{"late, and not later", r.entryOn("2010-04-05", "late=true", "document_date=2010-04-05"), ""},
			{"an entry of a locked journal", r.entryOn("2010-04-05", "journal_id="+salesJournal), "accounting.period_locked"},
			{"a balance", []string{"UPDATE erp.account_balances SET debit_minor = debit_minor + 1" + r.where() + "period_id = '" + period.ID.String() + "'"}, "accounting.period_locked"},
			{"a new balance", []string{fmt.Sprintf("INSERT INTO erp.account_balances (tenant_id, account_id, period_id, currency, dimension_set_id, stripe, debit_minor, credit_minor, transaction_minor) VALUES ('%s', '%s', '%s', 'GBP', '00000000-0000-0000-0000-000000000000', 7, 1, 0, 1)",
				r.tenant, r.account(cash), period.ID)}, "accounting.period_locked"},
			{"a settlement", []string{allocation("2010-03-31")}, "accounting.period_locked"},
			{"a payment", []string{payment("2010-03-31")}, "accounting.period_locked"},
			{"a state", []string{"UPDATE erp.periods SET state = 'soft_locked'" + r.where() + "name = '2010-03'"}, "accounting.period_state"},
			{"an open state", []string{"UPDATE erp.periods SET state = 'open', changed_at = '" + longAfter + "'" + r.where() + "name = '2010-03'"}, "accounting.period_state"},
			{"the instant of a lock", []string{"UPDATE erp.periods SET changed_at = '" + longAfter + "'" + r.where() + "name = '2010-03'"}, "accounting.period_state"},
			{"a period's dates", []string{"UPDATE erp.periods SET ends_on = '2010-02-20'" + r.where() + "name = '2010-02'"}, "accounting.period_state"},
			{"a period's deletion", []string{"DELETE FROM erp.periods" + r.where() + "name = '2010-02'"}, ""},
			{"a period within another", newPeriod("2010-02-10", "2010-02-20", "open"), "accounting.period_"},
			{"a period before", newPeriod("2009-12-01", "2009-12-31", "open"), "accounting.period_locked"},
			{"a period that begins locked", newPeriod("2030-01-01", "2030-01-31", "locked"), "accounting.period_locked"},
			{"a lock without figures", []string{"UPDATE erp.periods SET state = 'locked', changed_at = '" + longAfter + "'" + r.where() + "name = '2010-04'"}, "accounting.period_state"},
			{"a journal's lock", []string{"UPDATE erp.journal_locks SET state = 'open', changed_at = '" + longAfter + "'" + r.where() + "journal_id = '" + salesJournal + "'"}, "accounting.period_state"},
			{"a closing's figures", []string{"UPDATE erp.period_closings SET root = 'x'" + r.where() + "1 = 1"}, "accounting.period_state"},
			{"a closing superseded by decree", []string{"UPDATE erp.period_closings SET superseded_by_id = id, superseded_at = closed_at" + r.where() + "1 = 1"}, "accounting.period_state"},
			{"a closing's deletion", []string{"DELETE FROM erp.period_closings" + r.where() + "1 = 1"}, ""},
		}
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) { refused(t, r.try(row.statements...), row.code) })
		}
		s.sound()
	})
}

// The door past a hard lock opens for an approved reopening of the period, of the tenant, in time and after the lock, and for
// nothing else that calls itself one.
func TestDatabaseOpensForTwoPersonsOnly(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		s := r.s
		if s.period("2010-02").State == accounting.PeriodOpen {
			s.lock("2010-03")
		}
		id := tenancy.NewID().String()
		approve := func(by, at string) string {
			return fmt.Sprintf("UPDATE erp.period_reopenings SET approved_by = '%s', approved_at = '%s'%sid = '%s'", by, at, r.where(), id)
		}
		supersede := "UPDATE erp.period_closings SET superseded_by_id = '" + id + "', superseded_at = '" + longAfter + "'" + r.where() +
			"superseded_by_id IS NULL AND period_id = '" + r.period("2010-03") + "'"
		lift := "UPDATE erp.periods SET state = 'soft_locked', changed_at = '" + longAfter + "'" + r.where() + "name = '2010-03'"
		ask := r.asked(id, "2010-03", "ann", longAfter, weekAfter, "")
		require.NoError(t, r.rehearse(ask, approve("ben", longAfter), supersede, lift), "the attacks below prove nothing unless this works")
		table := []struct {
			name       string
			statements []string
		}{
			{"nobody asked", []string{lift}},
			{"nobody approved", []string{ask, lift}},
			{"nobody approved, and the closing is superseded", []string{ask, supersede}},
			{"the closing still stands", []string{ask, approve("ben", longAfter), lift}},
			{"the same person", []string{ask, approve("ann", longAfter), supersede, lift}},
			{"a job approves", []string{ask, approve("system:nightly", longAfter), supersede, lift}},
			{"an API key approves", []string{ask, approve("key:17", longAfter), supersede, lift}},
			{"a job asks", []string{r.asked(id, "2010-03", "system:nightly", longAfter, weekAfter, "")}},
			{"born approved", []string{r.asked(id, "2010-03", "ann", longAfter, weekAfter, "'ben', '"+longAfter+"'")}},
			{"approved too late", []string{ask, approve("ben", "2999-01-08T00:00:00.000001Z"), supersede, lift}},
			{"approved before it was asked for", []string{ask, approve("ben", "2998-01-08T00:00:00.000000Z"), supersede, lift}},
			{"asked for longer than a week", []string{r.asked(id, "2010-03", "ann", longAfter, "2999-01-09T00:00:00.000000Z", "")}},
			{"the time extended", []string{ask, "UPDATE erp.period_reopenings SET expires_at = '3000-01-01T00:00:00.000000Z'" + r.where() + "id = '" + id + "'"}},
			{"another asker", []string{ask, "UPDATE erp.period_reopenings SET asked_by = 'eve'" + r.where() + "id = '" + id + "'"}},
			{"another period", []string{ask, "UPDATE erp.period_reopenings SET period_id = '" + r.period("2010-01") + "'" + r.where() + "id = '" + id + "'"}},
			{"approved twice", []string{ask, approve("ben", longAfter), approve("cid", longAfter)}},
			{"approval taken back", []string{ask, approve("ben", longAfter), "UPDATE erp.period_reopenings SET approved_by = NULL, approved_at = NULL" + r.where() + "id = '" + id + "'"}},
			{"asked before the lock", []string{r.asked(id, "2010-03", "ann", "2001-01-01T00:00:00.000000Z", "2001-01-07T00:00:00.000000Z", ""), approve("ben", "2001-01-02T00:00:00.000000Z"), lift}},
			{"for a later period", []string{r.asked(id, "2010-04", "ann", longAfter, weekAfter, ""), approve("ben", longAfter), supersede, lift}},
			{"for a journal after all", []string{ask, "UPDATE erp.period_reopenings SET journal_id = '" + r.journal() + "'" + r.where() + "id = '" + id + "'"}},
			{"deleted afterwards", []string{ask, approve("ben", longAfter), "DELETE FROM erp.period_reopenings" + r.where() + "id = '" + id + "'"}},
		}
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) { refused(t, r.rehearse(row.statements...), "") })
		}
		t.Run("another tenant's", func(t *testing.T) {
			other := newShop(t, s.env)
			other.lock("2010-03")
			theirs := other.reopen("2010-03")
			if s.env.Name == "postgres" { // a file holds one tenant
				refused(t, r.rehearse(lift), "accounting.period_state")
				refused(t, r.rehearse("UPDATE erp.period_closings SET superseded_by_id = '"+theirs.ID.String()+"', superseded_at = '"+longAfter+"'"+r.where()+"superseded_by_id IS NULL"), "accounting.period_state")
			}
			_, err := s.books.ApproveReopening(s.as("second"), theirs.ID)
			require.ErrorIs(t, err, tenancy.ErrNotFound)
			_, err = s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: other.period("2010-03").ID, Reason: "mine"})
			require.ErrorIs(t, err, tenancy.ErrNotFound)
		})
		t.Run("a lock set again", func(t *testing.T) {
			again := newShop(t, s.env)
			again.lock("2010-03")
			again.reopen("2010-03")
			again.lock("2010-03")
			owner := &raw{s: again, db: s.env.Owner(t, tenancy.ScopeOf(again.ctx).TenantID()), tenant: tenancy.ScopeOf(again.ctx).TenantID(), asApp: r.asApp}
			refused(t, owner.rehearse("UPDATE erp.periods SET state = 'soft_locked', changed_at = '"+longAfter+"'"+owner.where()+"name = '2010-03'"), "accounting.period_state")
		})
		s.sound()
	})
}
