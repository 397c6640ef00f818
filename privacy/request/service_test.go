package request_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// Every act asks for the scope before it looks at its input, and for its permission.
func TestScopeComesFirst(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		nobody := d.Enter(t, tenancy.ScopeOf(d.ctx).TenantID(), "other.*")
		v := reflect.ValueOf(d.s)
		for i := range v.NumMethod() {
			m := v.Method(i)
			name := v.Type().Method(i).Name
			for kind, ctx := range map[string]context.Context{"none": context.Background(), "platform": d.Platform(t), "permission": nobody} {
				args := []reflect.Value{reflect.ValueOf(ctx)}
				for j := 1; j < m.Type().NumIn(); j++ {
					args = append(args, reflect.Zero(m.Type().In(j)))
				}
				out := m.Call(args)
				err, _ := out[len(out)-1].Interface().(error)
				want := fault.Unscoped
				if kind == "permission" {
					want = fault.Forbidden
				}
				require.Equal(t, want, fault.KindOf(err), "%s with %s: %v", name, kind, err)
			}
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	d := openDesk(t, "sqlite")
	for name, opt := range map[string]request.Options{"days": {PolicyDays: 91}, "no days": {PolicyDays: -1}, "soon": {SoonDays: 31}, "a rule": {Rules: []request.Rule{{Region: "BR"}}}} {
		_, err := request.New(d.DB, d.data, opt)
		require.ErrorIs(t, err, request.ErrBadInput, name)
	}
	_, err := request.New(d.DB, nil, request.Options{})
	require.ErrorIs(t, err, request.ErrBadInput)
}

// Every rule says its source, and each region's follow one another.
func TestRulesHaveSources(t *testing.T) {
	for _, r := range request.Rules() {
		require.NotEmpty(t, r.Source, r.Region)
		require.NotEmpty(t, r.Kinds, r.Region)
		require.False(t, r.ValidFrom.IsZero(), r.Region)
		if r.Answer.IsZero() {
			require.True(t, r.Extension.IsZero(), "%s: nothing to extend", r.Region)
		}
	}
}

// Acts and lists cost as many statements with many requests as with few.
func TestStatementsAreConstant(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		for i := range 3 {
			d.recipients[p.ID] = append(d.recipients[p.ID], request.Recipient{Key: fmt.Sprint(i), Name: "x"})
		}
		cost := func(n int) (out []int) {
			for i := range n {
				d.about(t, fmt.Sprint("R-", n, "-", i), request.Restriction, p.ID)
			}
			ref := fmt.Sprint("R-", n, "-0")
			count := func(fn func() error) {
				out = append(out, d.Count(t, func() { require.NoError(t, fn()) }))
			}
			count(func() error { _, err := d.s.Receive(d.ctx, d.ask(fmt.Sprint("one ", n), request.Access)); return err })
			count(func() error {
				_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act(ref, "r"), Ground: tenancy.UnlawfulUse, KnownAs: "Ada"})
				return err
			})
			count(func() error { return d.answer(ref, request.Granted) })
			count(func() error { _, err := d.s.Due(d.ctx, 90, 1000); return err })
			count(func() error { _, err := d.s.List(d.ctx, request.Filter{}, tenancy.PageRequest{}); return err })
			count(func() error { _, err := d.s.Open(d.ctx, ref); return err })
			d.set("2026-03-30T12:00:00Z")
			count(func() error { _, err := d.s.Report(d.ctx, 1000); return err })
			d.set(started)
			return out
		}
		few := cost(2)
		d.recipients[p.ID] = append(d.recipients[p.ID], request.Recipient{Key: "y", Name: "y"})
		_, err := tenancy.Act(d.ctx, d.DB, "test.free", func(ctx context.Context, tx *tenancy.Tx) (any, error) { return nil, tx.Unrestrict(ctx, p.ID) })
		require.NoError(t, err)
		d.set("2026-03-29T12:00:00Z")
		d.set(started)
		require.Equal(t, few, cost(20))
	})
}

// That somebody looked at who asked is on record, and the register alone shows nobody.
func TestLookingAtARequesterIsOnRecord(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.receive(t, d.ask("R-1", request.Access))
		looks := func() (n int) {
			require.NoError(t, d.DB.Read(d.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("verb", "read"), tenancy.Eq("model", "erp.requesters"))
				n = len(events)
				return err
			}))
			return n
		}
		_, err := d.s.List(d.ctx, request.Filter{}, tenancy.PageRequest{})
		require.NoError(t, err)
		_, err = d.s.Due(d.ctx, 90, 10)
		require.NoError(t, err)
		require.Zero(t, looks())
		_, err = d.s.Open(d.ctx, "R-1")
		require.NoError(t, err)
		require.Equal(t, 1, looks())
	})
}

// An archive of the register comes back as it was, in another tenant, guards and all.
func TestTheRegisterIsExportedAndImported(t *testing.T) {
	tenancytest.Each(t, tenancytest.Options{Modules: modules()}, func(t *testing.T, env *tenancytest.Env) {
		d := &desk{Env: env, clock: &clock{}}
		d.micros.Store(time.Now().Add(-time.Hour).UnixMicro())
		d.serve(t, request.Options{})
		d.ctx = d.Tenant(t)
		p, _ := d.admit(t, "Ada")
		d.about(t, "R-1", request.Restriction, p.ID)
		d.about(t, "R-2", request.Correction, p.ID)
		_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act("R-1", "r"), Ground: tenancy.UnlawfulUse})
		require.NoError(t, err)
		_, err = d.s.Correct(d.ctx, request.NewCorrection{Act: act("R-2", "c"), Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "Eve")}})
		require.NoError(t, err)
		require.NoError(t, d.answer("R-1", request.Granted))
		there, root := copied(t, d)
		require.NotEmpty(t, root)
		for _, ref := range []string{"R-1", "R-2"} {
			want, err := d.s.Open(d.ctx, ref)
			require.NoError(t, err)
			have, err := d.s.Open(there, ref)
			require.NoError(t, err)
			have.Request.TenantID = want.Request.TenantID
			for i := range have.Steps {
				have.Steps[i].TenantID = want.Request.TenantID
			}
			for i := range have.Restrictions {
				have.Restrictions[i].TenantID = want.Request.TenantID
			}
			require.Equal(t, want, have)
		}
	})
}

// copied exports the desk's tenant and imports it as another.
func copied(t *testing.T, d *desk) (context.Context, string) {
	t.Helper()
	var archive bytes.Buffer
	m, err := d.data.Export(d.ctx, &archive)
	require.NoError(t, err)
	there, read, err := d.data.Import(d.Platform(t), tenancy.NewTenant{Name: "Moved", TimeZone: "Europe/London"}, bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	require.Equal(t, m, read)
	return d.Enter(t, there.ID, "*"), m.Root
}
