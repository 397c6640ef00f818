package erp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// figures are a tenant's statements as text.
func (s *shop) figures(t *testing.T) string {
	t.Helper()
	trial, err := s.suite.Accounting.TrialBalance(s.ctx, day(31))
	require.NoError(t, err)
	sheet, err := s.suite.Accounting.BalanceSheet(s.ctx, day(31))
	require.NoError(t, err)
	profit, err := s.suite.Accounting.ProfitAndLoss(s.ctx, day(1), day(31))
	require.NoError(t, err)
	hand, err := s.suite.Inventory.OnHand(s.ctx, inventory.StockFilter{})
	require.NoError(t, err)
	text, err := json.Marshal([]any{trial, sheet, profit, hand})
	require.NoError(t, err)
	return string(text)
}

// lockAll locks every period, so that an import must write history into locked ones.
func (s *shop) lockAll(t *testing.T) {
	t.Helper()
	periods, err := s.suite.Accounting.Periods(s.ctx)
	require.NoError(t, err)
	for i := 11; i < len(periods); i += 12 { // closing a year locks its last period
		_, err = s.suite.Accounting.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[i-1].ID, State: accounting.PeriodLocked})
		require.NoError(t, err)
		_, err = s.suite.Accounting.CloseYear(s.ctx, accounting.NewYearEnd{FiscalYearID: periods[i].FiscalYearID})
		require.NoError(t, err)
	}
}

// Everything that the suite stores goes from each engine to the other and back, to the same hashes, statements and checks.
func TestATenantMovesBetweenEngines(t *testing.T) {
	suites := map[string]*erp.Suite{}
	envs := map[string]*tenancytest.Env{}
	for _, engine := range tenancytest.Engines { // not each: its suites' directories end with its subtests
		envs[engine] = tenancytest.Open(t, engine, tenancytest.Options{Modules: erp.Modules()})
		suite, err := erp.Wire(envs[engine].DB, erp.Options{Dir: t.TempDir()})
		require.NoError(t, err)
		suites[engine] = suite
	}
	for _, route := range [][2]string{{"sqlite", "postgres"}, {"postgres", "sqlite"}} {
		t.Run(route[0]+" to "+route[1], func(t *testing.T) {
			source := openShop(t, envs[route[0]], suites[route[0]], inventory.FIFO)
			source.trade(t)
			source.lockAll(t)
			want, figures := source.archive(t)
			target := &shop{suite: suites[route[1]]}
			target.ctx = target.take(t, envs[route[1]], want)
			d, err := target.suite.Privacy.Digest(target.ctx)
			require.NoError(t, err)
			for _, f := range d.Files {
				require.True(t, f.Trail || f.Rows > 0, "%s is empty: what was not there cannot have moved", f.Table)
			}
			have, moved := target.archive(t)
			require.Equal(t, figures, moved)
			require.Equal(t, root(t, source), d.Root)
			target.verify(t)
			// And on: it is a tenant like any other.
			periods, err := target.suite.Accounting.Periods(target.ctx)
			require.NoError(t, err)
			require.Len(t, periods, 24)
			back := &shop{suite: suites[route[0]]}
			back.ctx = back.take(t, envs[route[0]], have)
			require.Equal(t, d.Root, root(t, back))
			back.verify(t)
		})
	}
}

func root(t *testing.T, s *shop) string {
	t.Helper()
	d, err := s.suite.Privacy.Digest(s.ctx)
	require.NoError(t, err)
	return d.Root
}

func (s *shop) archive(t *testing.T) ([]byte, string) {
	t.Helper()
	var out bytes.Buffer
	_, err := s.suite.Privacy.Export(s.ctx, &out)
	require.NoError(t, err)
	return out.Bytes(), s.figures(t)
}

func (s *shop) take(t *testing.T, env *tenancytest.Env, archive []byte) context.Context {
	t.Helper()
	tenant, _, err := s.suite.Privacy.Import(env.Platform(t), tenancy.NewTenant{Name: "Moved", TimeZone: "Europe/London"}, bytes.NewReader(archive), int64(len(archive)))
	require.NoError(t, err)
	return env.Enter(t, tenant.ID, tenancy.AllPermissions)
}

// A moved tenant can be worked in: the numbers go on where they were.
func TestAMovedTenantGoesOn(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		s.trade(t)
		archive, _ := s.archive(t)
		moved := *s
		moved.ctx = moved.take(t, env, archive)
		for _, one := range []*shop{s, &moved} {
			in := one.sale("NEXT", 1)
			in.Date = day(28)
			sold, err := suite.Sales.Sell(one.ctx, []sales.NewSale{in})
			require.NoError(t, err)
			require.Contains(t, sold[0].Invoice.Number, "INV-2026-")
			again, err := suite.Sales.Sell(one.ctx, []sales.NewSale{one.sale("S-1", 5)})
			require.NoError(t, err)
			require.True(t, again[0].Replayed, "references moved too")
			one.verify(t)
		}
		require.Equal(t, s.figures(t), moved.figures(t))
	})
}

// lawless erases where no law asks for anything to be kept: what the suite's own rules hold is TestCanaries' and TestAGermanShopKeepsItsInvoicesForEightYears'.
func lawless(env *tenancytest.Env) *privacy.Service {
	return privacy.New(env.DB, privacy.Options{Holds: func(_ context.Context, _ *tenancy.Tx, _ *tenancy.Model, rows []any) ([]privacy.Hold, error) {
		return make([]privacy.Hold, len(rows)), nil
	}})
}

// A customer whom issued documents hold: afterwards no table of the tenant knows them, and the books are the same to the penny.
func TestACustomerIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		require.NoError(t, suite.Privacy.CheckPaths(s.ctx))
		_, err := suite.Accounting.UpdateParty(s.ctx, accounting.PartyChange{ID: s.customer, Name: "Ada Canary", Customer: true, Email: "ada.canary@example.org",
			Phone: "+44 20 7946 0991", Address: []string{"12 Canary Row", "London"}, Country: "GB", TaxID: "GB999CANARY"})
		require.NoError(t, err)
		s.trade(t)
		entry := s.entry("MEMO", 100)
		entry.Memo = "bank charges of Ada Canary's cheque"
		_, err = suite.Accounting.Post(s.ctx, []accounting.NewEntry{entry})
		require.NoError(t, err)
		lent := accounting.NewEntry{Reference: "LENT", Date: day(16), Memo: "lent to the lady of the tea", Lines: []accounting.NewLine{
			{Account: accounting.ByRole(accounting.RoleReceivable), PartyID: s.customer, Debit: money.Of(500, "GBP")},
			accounting.CreditLine(accounting.ByRole(accounting.RoleCash), money.Of(500, "GBP"))}}
		_, err = suite.Accounting.Post(s.ctx, []accounting.NewEntry{lent})
		require.NoError(t, err)
		figures, known := s.figures(t), s.search(t)
		for _, canary := range []string{"canary", "7946 0991"} {
			require.True(t, strings.Contains(known, canary), canary)
		}
		report, err := lawless(env).Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET-2", Reason: "asked, Art. 17(1)(b)"})
		require.NoError(t, err)
		require.False(t, report.Removed)
		left := s.search(t)
		for _, canary := range []string{"canary", "7946 0991", "lady of the tea"} {
			require.False(t, strings.Contains(left, canary), canary)
		}
		require.Equal(t, figures, s.figures(t))
		s.verify(t)
		party, err := suite.Accounting.GetParty(s.ctx, s.customer)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(party.Name, "erased "))
		invoice, err := suite.Accounting.InvoicesByReference(s.ctx, []string{"S-1"})
		require.NoError(t, err)
		detail, err := suite.Accounting.GetInvoice(s.ctx, invoice["S-1"].ID)
		require.NoError(t, err)
		require.Equal(t, party.Name, detail.Text.PartyName)
	})
}

// A canary in each text that leads to the customer, whether a service writes there or not.
func TestNoTextIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.Average)
		s.trade(t)
		entry := s.entry("LENT", 500)
		entry.Lines[0].Account, entry.Lines[0].PartyID = accounting.ByRole(accounting.RoleReceivable), s.customer
		_, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{entry})
		require.NoError(t, err)
		plant(t, s)
		require.True(t, strings.Contains(s.search(t), "planted"))
		_, err = lawless(env).Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "FORGET-3", Reason: "asked, Art. 17(1)(b)"})
		require.NoError(t, err)
		require.False(t, strings.Contains(s.search(t), "planted"))
		s.verify(t)
	})
}

// plant puts a canary into every erasable text that leads to the customer, whatever the services would have written there.
func plant(t *testing.T, s *shop) {
	t.Helper()
	_, err := tenancy.Act(s.ctx, s.suite.Tenancy, "test.plant", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		planted := map[string]bool{}
		for _, m := range s.suite.Tenancy.Registry().Models {
			for _, c := range m.Columns {
				if !m.Erasable(c) || c.Type != tenancy.Text || m.Subject == "" {
					continue
				}
				ids := aboutCustomer(ctx, t, tx, s, m)
				if len(ids) == 0 {
					continue
				}
				key := "id"
				if m.Column("id") == nil {
					key = m.Keys[1].Name
				}
				rows, err := m.Verbs().Find(ctx, tx, tenancy.In(key, ids))
				require.NoError(t, err)
				for _, row := range rows {
					set(row, c, "planted "+m.Name()+" "+c.Name)
				}
				require.NoError(t, tx.Erase(ctx, m, rows, c.Name))
				planted[m.Table] = planted[m.Table] || len(rows) > 0
			}
		}
		for _, table := range []string{"erp.parties", "erp.invoice_texts", "erp.entry_texts", "erp.quotation_texts", "erp.order_texts"} {
			require.True(t, planted[table], table)
		}
		return nil, nil
	})
	require.NoError(t, err)
}

// aboutCustomer finds the customer's rows in a way of its own, by what the tables are, not by what the registry says.
func aboutCustomer(ctx context.Context, t *testing.T, tx *tenancy.Tx, s *shop, m *tenancy.Model) []uuid.UUID {
	t.Helper()
	sql := map[string]string{
		"erp.parties":         "SELECT p.id FROM {parties} AS p WHERE p.id = ?",
		"erp.invoice_texts":   "SELECT i.id FROM {invoices} AS i WHERE i.party_id = ?",
		"erp.entry_texts":     "SELECT l.entry_id FROM {journal_lines} AS l WHERE l.party_id = ?",
		"erp.quotation_texts": "SELECT q.id FROM {quotations} AS q WHERE q.party_id = ?",
		"erp.order_texts":     "SELECT o.id FROM {orders} AS o WHERE o.party_id = ?",
	}[m.Table]
	if sql == "" {
		return nil
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, tx, sql, s.customer)
	require.NoError(t, err)
	return ids
}

// search is all that the tenant's tables say, in lower case.
func (s *shop) search(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, s.suite.Tenancy.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range s.suite.Tenancy.Registry().Models {
			err := m.Verbs().Stream(ctx, tx, func(row any) error {
				_, err := fmt.Fprintf(&out, "%s %+v\n", m.Table, row)
				return err
			})
			require.NoError(t, err, m.Table)
		}
		return nil
	}))
	return strings.ToLower(out.String())
}

// Nothing of a purged tenant is left in any table, and its neighbour keeps all.
func TestPurgeOverTheWholeSuite(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		gone, stays := openShop(t, env, suite, inventory.FIFO), openShop(t, env, suite, inventory.FIFO)
		gone.trade(t)
		gone.lockAll(t)
		stays.trade(t)
		platform := env.Platform(t)
		_, err := suite.Tick(platform, time.Now())
		require.NoError(t, err)
		id, before := tenancy.ScopeOf(gone.ctx).TenantID(), root(t, stays)
		_, err = suite.Tenancy.Tenants().Cancel(platform, id, "they left")
		require.NoError(t, err)
		_, err = suite.Tenancy.Tenants().PurgeNow(platform, id, "they left", "letter in file 7")
		require.NoError(t, err)
		for _, table := range env.DB.Registry().Control { // of what the platform keeps about it, nothing but what says why
			var n int
			if name := table.Table; table.Tenant != "" && table.Outlasts == "" {
				if env.Name == "sqlite" {
					name = strings.Replace(name, ".", "_", 1)
				}
				require.NoError(t, env.Control(t).QueryRow("SELECT count(*) FROM "+name+" WHERE "+table.Tenant+" = '"+id.String()+"'").Scan(&n))
				require.Zero(t, n, table.Table)
			}
		}
		if env.Name == "postgres" {
			owner := env.Owner(t, id)
			for _, m := range env.DB.Registry().Models {
				var n int
				require.NoError(t, owner.QueryRow("SELECT count(*) FROM "+m.Table+" WHERE tenant_id = '"+id.String()+"'").Scan(&n))
				require.Zero(t, n, m.Table)
			}
		} else {
			_, err := env.DB.Enter(context.Background(), id, "tester", nil)
			require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
		}
		require.Equal(t, before, root(t, stays))
		stays.verify(t)
	})
}

// undutied are [shop.sums] without the tables in which jobs write that do what the law asks for by a day, in a closed tenant too.
func (s *shop) undutied(t *testing.T) map[string]string {
	t.Helper()
	out := s.sums(t)
	delete(out, "erp.subject_requests")     // which of them were told of
	delete(out, "erp.stock_document_texts") // out of one of which an erasure takes a name the day after a court's hold: see tradeErasures
	return out
}

// A shop is suspended, leaves and is gone: while it is closed its owner takes everything out, which makes the same shop elsewhere;
// nobody sells for it, no job works for it but what the law asks for; and the job that ends it comes on the 31st day and not before.
func TestAClosedShopIsTakenOutByItsOwner(t *testing.T) {
	start := time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := start
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: erp.Modules(), Clock: func() time.Time { return now }})
			suite, err := erp.Wire(env.DB, erp.Options{Dir: t.TempDir(), Ports: erp.Ports{Logger: slog.New(slog.DiscardHandler)}})
			require.NoError(t, err)
			s := openShop(t, env, suite, inventory.FIFO)
			s.trade(t)
			id, platform, tenants := tenancy.ScopeOf(s.ctx).TenantID(), env.Platform(t), env.DB.Tenants()
			clerk := env.Enter(t, id, "sales.*", "accounting.*", "inventory.*", "privacy.*")
			figures := s.figures(t)
			closed := func(refusal error) {
				t.Helper()
				want := root(t, s)
				archive, same := s.archive(t)
				require.Equal(t, figures, same, "it is read")
				copied := &shop{suite: suite}
				copied.ctx = copied.take(t, env, archive)
				require.Equal(t, want, root(t, copied), "it is taken out, whole")
				_, err := suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("LATE", 1)})
				require.ErrorIs(t, err, tenancy.ErrClosed)
				_, err = suite.Privacy.Erase(s.ctx, privacy.Erasure{PersonID: s.customer, Reference: "LATE", Reason: "asked"})
				require.ErrorIs(t, err, tenancy.ErrClosed)
				_, err = suite.Privacy.Export(clerk, new(bytes.Buffer))
				require.ErrorIs(t, err, refusal)
				before := s.undutied(t)
				_, err = suite.Tick(t.Context(), now)
				require.NoError(t, err)
				require.Equal(t, before, s.undutied(t), "jobs pass over it, but what the law asks for")
				_, err = tenants.Cancel(platform, tenancy.ScopeOf(copied.ctx).TenantID(), "a copy")
				require.NoError(t, err)
				_, err = tenants.PurgeNow(platform, tenancy.ScopeOf(copied.ctx).TenantID(), "a copy", "the test's own word")
				require.NoError(t, err)
			}
			_, err = tenants.Suspend(platform, id, "unpaid")
			require.NoError(t, err)
			closed(tenancy.ErrTenantSuspended)
			_, err = env.DB.Life().Cancel(s.ctx, "we close")
			require.NoError(t, err)
			closed(tenancy.ErrTenantCancelled)
			_, err = tenants.Resume(platform, id, "paid after all")
			require.NoError(t, err)
			_, err = env.DB.Life().UndoCancel(s.ctx, "we stay")
			require.NoError(t, err)
			again := s.sale("AGAIN", 1)
			again.Date = day(28)
			_, err = suite.Sales.Sell(clerk, []sales.NewSale{again})
			require.NoError(t, err)
			s.verify(t)

			gone, err := env.DB.Life().Cancel(s.ctx, "we close")
			require.NoError(t, err)
			before, figures := s.undutied(t), s.figures(t)
			for _, day := range []int{29, 30} { // of the full days: 1 February to 2 March
				now = time.Date(2026, 1, 31+day, 23, 50, 0, 0, time.UTC) // a job is due a minute after it ended, and a tick takes its time
				require.True(t, now.Before(gone.PurgeAfter))
				_, err = suite.Tick(t.Context(), now)
				require.NoError(t, err)
				_, same := s.archive(t)
				require.Equal(t, figures, same)
				require.Equal(t, before, s.undutied(t))
			}
			now = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC) // the 31st
			require.Equal(t, gone.PurgeAfter, now)
			done, err := suite.Tick(t.Context(), now)
			require.NoError(t, err)
			require.Zero(t, done.Failed)
			_, err = env.DB.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"})
			require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
			row, err := tenants.Get(platform, id)
			require.NoError(t, err)
			require.Equal(t, tenancy.StatePurged, row.State)
		})
	}
}

// A table that points at itself can be written in any order only if the database may wait with looking.
func TestReferencesWithinATableMayWait(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: erp.Modules()})
	rows, err := env.Owner(t, uuid.Nil).Query(`SELECT conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
		WHERE n.nspname = 'erp' AND k.contype = 'f' AND k.conrelid = k.confrelid AND NOT k.condeferrable`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		t.Errorf("%s must be DEFERRABLE INITIALLY IMMEDIATE, or an import could not write it", name)
	}
	require.NoError(t, rows.Err())
}

func set(row any, c *tenancy.Column, text string) {
	reflect.ValueOf(row).Elem().FieldByIndex(c.Index).SetString(text)
}
