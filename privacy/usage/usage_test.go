package usage_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) { os.Exit(tenancytest.Main(m)) }

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

var noon = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

type world struct {
	*tenancytest.Env
	usage *usage.Service
	now   *time.Time
}

// each runs fn on both engines, with a clock and a service that counts two features.
func each(t *testing.T, opt usage.Options, fn func(t *testing.T, w *world)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := noon
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{usage.Module()}, Clock: func() time.Time { return now }})
			if opt.Features == nil {
				opt.Features = []string{"sales.sell", "accounting.issue"}
			}
			s, err := usage.New(env.DB, opt)
			require.NoError(t, err)
			fn(t, &world{env, s, &now})
		})
	}
}

func (w *world) lines(t *testing.T, ctx context.Context, f usage.AccessFilter) []usage.Access {
	t.Helper()
	out, err := w.usage.AccessLog(ctx, f, tenancy.PageRequest{Sort: "id"})
	require.NoError(t, err)
	return out.Items
}

// The list of fields is closed: who, when, page, address, browser, system, screen. Whoever adds one says so here, and in the policy (2.4).
func TestTheAccessLogHasAClosedListOfFields(t *testing.T) {
	var names []string
	line := reflect.TypeFor[usage.Access]()
	for i := range line.NumField() {
		names = append(names, line.Field(i).Name)
	}
	require.Equal(t, []string{"Row", "OccurredAt", "Actor", "Page", "Address", "Browser", "System", "Screen"}, names)
	each(t, usage.Options{}, func(t *testing.T, w *world) {
		ctx, other := w.Tenant(t), w.Tenant(t)
		require.NoError(t, w.usage.Log(ctx, usage.Hit{Page: "/invoices/{id}", Address: netip.MustParseAddr("::ffff:192.0.2.7"), UserAgent: firefox, Screen: "1920x1080"}))
		got := w.lines(t, ctx, usage.AccessFilter{})
		require.Len(t, got, 1)
		got[0].Row = tenancy.Row{}
		require.Equal(t, usage.Access{OccurredAt: noon, Actor: tenancy.ScopeOf(ctx).Actor(), Page: "/invoices/{id}", Address: "192.0.2.7", Browser: "Firefox", System: "Linux", Screen: "1920x1080"}, got[0])
		require.Empty(t, w.lines(t, other, usage.AccessFilter{}), "the tenant next door")
		require.Empty(t, w.lines(t, ctx, usage.AccessFilter{Actor: "somebody"}))
		require.Len(t, w.lines(t, ctx, usage.AccessFilter{From: noon, To: noon.Add(time.Microsecond)}), 1)
		require.Empty(t, w.lines(t, ctx, usage.AccessFilter{To: noon}))
		require.Empty(t, w.lines(t, ctx, usage.AccessFilter{From: noon.Add(time.Microsecond)}))
		for _, hit := range []usage.Hit{{}, {Page: "invoices"}, {Page: "/a?q=ada"}, {Page: "/a#b"}, {Page: "/a b"}, {Page: "/a", Screen: "big"}, {Page: "/a", Screen: "0x1"}} {
			require.ErrorIs(t, w.usage.Log(ctx, hit), usage.ErrBadInput, "%+v", hit)
		}
		require.ErrorIs(t, w.usage.Log(ctx, usage.Hit{Page: "/a", Features: []string{"ada@example.com"}}), usage.ErrFeature)
		require.Len(t, w.lines(t, ctx, usage.AccessFilter{}), 1, "what was refused wrote nothing")
		require.ErrorIs(t, w.usage.Log(context.Background(), usage.Hit{Page: "/a"}), tenancy.ErrNoScope)
		_, err := w.usage.AccessLog(w.TenantWith(t, "usage.count"), usage.AccessFilter{}, tenancy.PageRequest{})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

// Who declines to be counted is not, and their line is written all the same; where nothing is to be counted nobody is asked, and where it cannot be told nothing is written.
func TestWhoDeclinesIsNotCounted(t *testing.T) {
	declined, asked := "", 0
	var fails error
	each(t, usage.Options{Declines: func(_ context.Context, _ *tenancy.Tx, actor string) (bool, error) {
		asked++
		return actor == declined, fails
	}}, func(t *testing.T, w *world) {
		ctx := w.Tenant(t)
		uses := func() (n int64) {
			require.NoError(t, w.Owner(t, tenancy.ScopeOf(ctx).TenantID()).QueryRow(w.SQL("SELECT COALESCE(SUM(uses), 0) FROM erp.feature_counts")).Scan(&n))
			return n
		}
		hit := usage.Hit{Page: "/sales", Features: []string{"sales.sell"}}
		declined, asked, fails = "", 0, nil
		require.NoError(t, w.usage.Log(ctx, usage.Hit{Page: "/"}))
		require.Zero(t, asked)
		require.NoError(t, w.usage.Log(ctx, hit))
		require.Equal(t, int64(1), uses())
		declined = tenancy.ScopeOf(ctx).Actor()
		require.NoError(t, w.usage.Log(ctx, hit))
		require.Equal(t, int64(1), uses())
		require.Len(t, w.lines(t, ctx, usage.AccessFilter{}), 3)
		fails = tenancy.ErrBusy.New("test", "")
		require.ErrorIs(t, w.usage.Log(ctx, hit), tenancy.ErrBusy)
		require.Len(t, w.lines(t, ctx, usage.AccessFilter{}), 3)
		require.Equal(t, int64(1), uses())
	})
}

// That somebody read the log is in the trail; that it grew is not.
func TestReadingTheAccessLogIsOnRecord(t *testing.T) {
	each(t, usage.Options{}, func(t *testing.T, w *world) {
		ctx := w.Tenant(t)
		require.NoError(t, w.usage.Log(ctx, usage.Hit{Page: "/"}))
		w.lines(t, ctx, usage.AccessFilter{})
		var acts []string
		require.NoError(t, w.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("model", "erp.access_log"))
			for _, e := range events {
				acts = append(acts, e.Act+" "+e.Verb)
			}
			return err
		}))
		require.Equal(t, []string{"usage.read read"}, acts)
	})
}

func TestOptions(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: []tenancy.Module{usage.Module()}})
	for _, opt := range []usage.Options{{MinTenants: 4}, {Features: []string{"Ada Lovelace"}}, {Features: []string{"a", "a"}}} {
		_, err := usage.New(env.DB, opt)
		require.ErrorIs(t, err, usage.ErrBadInput, "%+v", opt)
	}
}

// What is known of the use of features is known of many tenants together, or not at all.
func TestFeaturesAreCountedOverManyTenants(t *testing.T) {
	each(t, usage.Options{MinTenants: 5}, func(t *testing.T, w *world) {
		own, err := w.DB.Tenants().Create(w.Platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
		require.NoError(t, err)
		platform := w.Enter(t, own.ID, "*")
		jobs, err := w.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: "usage.aggregate", Every: time.Second,
			Platform: func(ctx context.Context) (bool, error) { _, err := w.usage.Aggregate(ctx); return false, err }}}})
		require.NoError(t, err)
		tick := func() {
			t.Helper()
			out, err := jobs.Tick(t.Context(), *w.now)
			require.NoError(t, err)
			require.Zero(t, out.Failed, "%+v", out)
		}
		var shops []context.Context
		for i := range 5 {
			shops = append(shops, w.Tenant(t))
			use := []string{"sales.sell", "sales.sell", "accounting.issue"}
			if i == 4 { // one sells only, so four issue
				use = []string{"sales.sell"}
			}
			require.NoError(t, w.usage.Log(shops[i], usage.Hit{Page: "/", Features: use}))
			require.NoError(t, w.usage.Log(shops[i], usage.Hit{Page: "/", Features: []string{"sales.sell"}}))
		}
		require.Equal(t, []string{"accounting.issue 1", "sales.sell 3"}, w.counts(t, shops[0]))
		tick()
		day := date.In(noon, time.UTC)
		uses := func() []usage.FeatureUse {
			out, err := w.usage.Features(platform, day, day.AddDays(9))
			require.NoError(t, err)
			for i := range out {
				out[i].Owned = tenancy.Owned{}
			}
			return out
		}
		require.Empty(t, uses(), "the day is not over")
		*w.now = noon.AddDate(0, 0, 1)
		tick()
		require.Equal(t, []usage.FeatureUse{{Day: day, Feature: "sales.sell", Tenants: 5, Uses: 14}}, uses(), "what four tenants did is not known")
		for _, shop := range shops {
			require.Empty(t, w.counts(t, shop), "the tenants' own counts are gone")
		}
		// A day is added up once: what comes to it late goes uncounted.
		*w.now = noon
		require.NoError(t, w.usage.Log(shops[0], usage.Hit{Page: "/", Features: []string{"sales.sell"}}))
		*w.now = noon.AddDate(0, 0, 1).Add(time.Hour)
		tick()
		require.EqualValues(t, 14, uses()[0].Uses)
		require.Empty(t, w.counts(t, shops[0]))

		_, err = w.usage.Aggregate(w.Platform(t))
		require.ErrorIs(t, err, tenancy.ErrGrantScope, "a person of the staff does not enter tenants")
		_, err = w.usage.Aggregate(shops[0])
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = w.usage.Features(platform, day, day.AddDays(400))
		require.ErrorIs(t, err, usage.ErrBadInput)
	})
}

// counts are a tenant's own, "feature uses".
func (w *world) counts(t *testing.T, ctx context.Context) []string {
	t.Helper()
	table := map[string]string{"postgres": "erp.feature_counts", "sqlite": "erp_feature_counts"}[w.Name]
	id := tenancy.ScopeOf(ctx).TenantID()
	rows, err := w.Owner(t, id).Query("SELECT feature, uses FROM " + table + " WHERE tenant_id = '" + id.String() + "' ORDER BY feature")
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var feature string
		var uses int
		require.NoError(t, rows.Scan(&feature, &uses))
		out = append(out, fmt.Sprint(feature, " ", uses))
	}
	require.NoError(t, rows.Err())
	return out
}

func TestWatch(t *testing.T) {
	each(t, usage.Options{}, func(t *testing.T, w *world) {
		ctx := w.Tenant(t)
		mux := http.NewServeMux()
		mux.HandleFunc("GET /invoices/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		var log strings.Builder
		site := w.usage.Watch(mux, usage.Watching{Logger: slog.New(slog.NewTextHandler(&log, nil)), Screen: "X-Screen", Features: func(*http.Request) []string { return []string{"sales.sell"} }})
		visit := func(ctx context.Context, target string) {
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil)
			r.Header.Set("User-Agent", firefox)
			r.Header.Set("X-Screen", "800x600")
			site.ServeHTTP(httptest.NewRecorder(), r)
		}
		visit(ctx, "/invoices/"+uuid.NewString()+"?name=ada")
		gone, leave := context.WithCancel(ctx)
		leave()
		visit(gone, "/nowhere?name=ada")
		got := w.lines(t, ctx, usage.AccessFilter{})
		require.Len(t, got, 2)
		require.Equal(t, []string{"/invoices/{id}", "192.0.2.1", "Firefox", "Linux", "800x600"}, []string{got[0].Page, got[0].Address, got[0].Browser, got[0].System, got[0].Screen})
		require.Equal(t, "/nowhere", got[1].Page)
		require.Equal(t, []string{"sales.sell 2"}, w.counts(t, ctx))

		_, err := w.DB.Tenants().Suspend(w.Platform(t), tenancy.ScopeOf(ctx).TenantID(), "unpaid")
		require.NoError(t, err)
		visit(w.Enter(t, tenancy.ScopeOf(ctx).TenantID(), tenancy.PermOwn), "/invoices/1")
		require.Empty(t, log.String(), "that an owner came in stands in the trail")
		visit(context.Background(), "/invoices/1")
		require.Contains(t, log.String(), "tenancy.no_scope")
	})
}
