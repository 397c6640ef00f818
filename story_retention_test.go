package erp_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// tradeRetention leaves rows in the tables of retention: a rule switched on, a legal hold on what is nobody's, and a sweep.
func (s *shop) tradeRetention(t *testing.T) {
	t.Helper()
	_, err := s.suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "The Shop", Contact: "1 High Street", Jurisdiction: "GB"}) // by whose law
	require.NoError(t, err)
	_, err = s.suite.Retention.Enable(s.ctx, "gb.vat_letters", "board 1")
	require.NoError(t, err)
	_, err = s.suite.Retention.PlaceHold(s.ctx, retention.NewLegalHold{Reference: "HC-2026-1", Ground: retention.ForClaim, Reason: "a claim", Table: "erp.products", Row: s.cup})
	require.NoError(t, err)
	s.sweep(t)
}

// sweep sweeps a whole pass and gives its rows by "table outcome".
func (s *shop) sweep(t *testing.T) map[string]int64 {
	t.Helper()
	for range 1000 {
		out, err := s.suite.Retention.Sweep(s.ctx, 100)
		require.NoError(t, err)
		if !out.Done {
			continue
		}
		counts := map[string]int64{}
		for _, l := range out.Lines {
			counts[l.Table+" "+string(l.Outcome)] += l.Rows
		}
		return counts
	}
	require.Fail(t, "a pass does not come to its end")
	return nil
}

// aged runs fn over the suite on both engines with a clock that it can move.
func aged(t *testing.T, opt erp.Options, fn func(t *testing.T, env *tenancytest.Env, s *shop, now *time.Time)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Now().UTC()
			opt.Dir, opt.Clock = t.TempDir(), func() time.Time { return now }
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: erp.Modules(), Clock: opt.Clock})
			suite, err := erp.Wire(env.DB, opt)
			require.NoError(t, err)
			fn(t, env, openShop(t, env, suite, inventory.FIFO), &now)
		})
	}
}

// What a tenant did not switch on stays, however old; and what it did leaves figures and numbers as they are.
func TestWhatATenantDidNotSwitchOnStays(t *testing.T) {
	aged(t, erp.Options{}, func(t *testing.T, env *tenancytest.Env, s *shop, now *time.Time) {
		invoice := s.trade(t)
		_, err := s.suite.Retention.ReleaseHold(s.ctx, "HC-2026-1", "settled")
		require.NoError(t, err)
		_, err = s.suite.Retention.Disable(s.ctx, "gb.vat_letters", "board 2")
		require.NoError(t, err)
		*now = now.AddDate(3, 0, 0)
		require.Equal(t, int64(1), s.sweep(t)["erp.feature_uses removed"], "the platform's own, which lie here for the test alone")
		before, figures := root(t, s), s.figures(t)
		*now = now.AddDate(60, 0, 0)
		s.sweep(t)
		require.Equal(t, before, root(t, s), "nothing was switched on")

		for _, rule := range []string{"gb.vat_vouchers", "gb.corporation_tax_books", "gb.vat_letters", "general.master"} {
			_, err := s.suite.Retention.Enable(s.ctx, rule, rule)
			require.NoError(t, err)
		}
		got := s.sweep(t)
		require.NotZero(t, got["erp.invoices erased"])
		require.Equal(t, figures, s.figures(t), "to the penny")
		require.NoError(t, s.suite.Tenancy.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			text, err := tenancy.First[accounting.InvoiceText](ctx, tx, tenancy.Eq("invoice_id", invoice.ID))
			require.NoError(t, err)
			require.NotContains(t, text.PartyName, "Ada")
			return err
		}))
		s.verify(t)
		again := s.sweep(t)
		for key := range again {
			require.NotContains(t, key, " erased")
			require.NotContains(t, key, " removed")
		}
	})
}

// A German shop's invoices forget their customers after eight years, to the day; its books keep what refers to them.
func TestAGermanShopKeepsItsInvoicesForEightYears(t *testing.T) {
	aged(t, erp.Options{}, func(t *testing.T, env *tenancytest.Env, s *shop, now *time.Time) {
		_, err := s.suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "Der Laden", Contact: "Köln", Jurisdiction: "DE"})
		require.NoError(t, err)
		invoice := s.trade(t)
		_, err = s.suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "Der Laden", Contact: "Köln", Jurisdiction: "DE"})
		require.NoError(t, err)
		_, err = s.suite.Retention.ReleaseHold(s.ctx, "HC-2026-1", "settled")
		require.NoError(t, err)
		_, err = s.suite.Retention.Enable(s.ctx, "de.vouchers", "board 3")
		require.NoError(t, err)
		payer := func() (name string) {
			require.NoError(t, s.suite.Tenancy.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				text, err := tenancy.First[accounting.InvoiceText](ctx, tx, tenancy.Eq("invoice_id", invoice.ID))
				name = text.PartyName
				return err
			}))
			return name
		}
		releases, err := s.suite.Retention.Releases(s.ctx, "erp.invoices", invoice.ID)
		require.NoError(t, err)
		free := releases[0].Hold.Until
		require.Equal(t, 1, free.Day())
		require.Equal(t, time.January, free.Month())
		require.GreaterOrEqual(t, free.Year(), day(1).Year()+9)
		// The book's ten years count from the year of its last entry, which need not be the year that it is for.
		book := func() string {
			out, err := s.suite.Retention.Releases(s.ctx, "erp.journal_entries", invoice.EntryID)
			require.NoError(t, err)
			return out[0].Hold.Until.String()
		}
		require.Equal(t, fmt.Sprint(now.Year()+11, "-01-01"), book())
		*now = now.AddDate(1, 0, 0)
		_, err = s.suite.Accounting.Post(s.ctx, []accounting.NewEntry{s.entry("E-late", 100)})
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(now.Year()+11, "-01-01"), book())
		*now = free.AddDays(-1).Time().Add(23 * time.Hour)
		s.sweep(t)
		require.Equal(t, "Ada Ltd", payer())
		*now = free.Time().Add(time.Hour)
		require.NotZero(t, s.sweep(t)["erp.invoices erased"])
		require.NotEqual(t, "Ada Ltd", payer())
	})
}

// A tenant that the platform has under a legal hold keeps even its log of access, and is swept again when that is over.
func TestATenantUnderALegalHoldIsNotSwept(t *testing.T) {
	aged(t, erp.Options{}, func(t *testing.T, env *tenancytest.Env, s *shop, now *time.Time) {
		require.NoError(t, s.suite.Usage.Log(s.ctx, usage.Hit{Page: "/"}))
		hold, err := env.DB.Tenants().Hold(env.Platform(t), tenancy.ScopeOf(s.ctx).TenantID(), "a court", "7 O 12/25")
		require.NoError(t, err)
		*now = now.AddDate(2, 0, 0)
		require.Empty(t, s.sweep(t))
		_, err = env.DB.Tenants().Release(env.Platform(t), hold.ID, "settled")
		require.NoError(t, err)
		require.Equal(t, int64(1), s.sweep(t)["erp.access_log removed"])
	})
}

// The log of access is kept for twelve months, or for as much less as the host says, and nobody has to switch that on.
func TestSweepKeepsWhatIsYoung(t *testing.T) {
	for months, rules := range map[int][]retention.Rule{12: nil, 1: {{ID: "host.access_log", Kind: retention.Limit, Class: tenancy.Log, Tables: []string{"erp.access_log"}, Start: retention.OnDate,
		Length: retention.Length{Months: 1}, Always: true, Source: "our own", ValidFrom: day(1), Replaces: "general.access_log"}}} {
		aged(t, erp.Options{RetentionRules: rules}, func(t *testing.T, env *tenancytest.Env, s *shop, now *time.Time) {
			first := time.Date(2026, 5, 31, 10, 0, 0, 0, time.UTC)
			*now = first
			require.NoError(t, s.suite.Usage.Log(s.ctx, usage.Hit{Page: "/old", Features: nil}))
			lines := func() int {
				out, err := s.suite.Usage.AccessLog(s.ctx, usage.AccessFilter{}, tenancy.PageRequest{})
				require.NoError(t, err)
				return len(out.Items)
			}
			last := time.Date(2026, 5+time.Month(months)+1, 0, 20, 0, 0, 0, time.UTC) // the last of the month
			for at, want := range map[time.Time]int{last: 1} {
				*now = at
				_, err := s.suite.Tick(t.Context(), at)
				require.NoError(t, err)
				require.Equal(t, want, lines(), at)
			}
			*now = last.Add(25 * time.Hour)
			_, err := s.suite.Tick(t.Context(), *now)
			require.NoError(t, err)
			require.Zero(t, lines())
		})
	}
}
