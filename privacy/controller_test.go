package privacy_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, have []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, have, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(have), "%s: run with -update, and read the difference", path)
}

func regexpOf(sealed, personal int) *regexp.Regexp {
	return regexp.MustCompile(fmt.Sprintf("(^|; )%d of %d personal columns are sealed with AES-256-GCM, and the others rest on the encryption of the disk", sealed, personal))
}

var clinicLtd = privacy.Controller{Name: "The Clinic Ltd", Contact: "12 Row, London; office@clinic.example", ProtectionOfficer: "Dora Officer, dpo@clinic.example", Jurisdiction: "GB",
	SecurityMeasures: "locked rooms | and\nlogged doors", Transfers: "none"}

// What was stated stays; what is said again changes nothing; what is wrong changes nothing and says why.
func TestAControllersStatementsAreKept(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		ctx := env.TenantWith(t, "privacy.*")
		none, err := s.Controllers(ctx)
		require.NoError(t, err)
		require.Empty(t, none)
		first, err := s.SetController(ctx, clinicLtd)
		require.NoError(t, err)
		require.EqualValues(t, 1, first.Version)
		require.Equal(t, "tester", first.SetBy)
		again, err := s.SetController(ctx, first) // version and all
		require.NoError(t, err)
		require.Equal(t, first, again)
		moved := clinicLtd
		moved.Contact = "1 New Road, Leeds"
		second, err := s.SetController(ctx, moved)
		require.NoError(t, err)
		require.EqualValues(t, 2, second.Version)
		back, err := s.SetController(ctx, clinicLtd)
		require.NoError(t, err)
		require.EqualValues(t, 3, back.Version)
		all, err := s.Controllers(ctx)
		require.NoError(t, err)
		require.Equal(t, []privacy.Controller{back, second, first}, all)

		for name, change := range map[string]func(*privacy.Controller){
			"no name":          func(c *privacy.Controller) { c.Name = " " },
			"no contact":       func(c *privacy.Controller) { c.Contact = "" },
			"no jurisdiction":  func(c *privacy.Controller) { c.Jurisdiction = "" },
			"small letters":    func(c *privacy.Controller) { c.Jurisdiction = "gb" },
			"three letters":    func(c *privacy.Controller) { c.Jurisdiction = "GBR" },
			"a long name":      func(c *privacy.Controller) { c.Name = strings.Repeat("x", 201) },
			"a long officer":   func(c *privacy.Controller) { c.ProtectionOfficer = strings.Repeat("x", 1001) },
			"a long list":      func(c *privacy.Controller) { c.Transfers = strings.Repeat("x", 10_001) },
			"a long statement": func(c *privacy.Controller) { c.SecurityMeasures = strings.Repeat("x", 10_001) },
		} {
			c := clinicLtd
			change(&c)
			_, err := s.SetController(ctx, c)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		_, err = s.SetController(env.Enter(t, tenancy.ScopeOf(ctx).TenantID(), privacy.PermMap), moved)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		after, err := s.Controllers(ctx)
		require.NoError(t, err)
		require.Equal(t, all, after)
		neighbour, err := s.Controllers(env.Tenant(t))
		require.NoError(t, err)
		require.Empty(t, neighbour)
	})
}

func TestRaceStatementsEachHaveAVersion(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		ctx := env.Tenant(t)
		var done sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			done.Go(func() {
				c := clinicLtd
				c.Name = fmt.Sprintf("Clinic %d", i)
				_, errs[i] = s.SetController(ctx, c)
			})
		}
		done.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		all, err := s.Controllers(ctx)
		require.NoError(t, err)
		require.Len(t, all, len(errs))
		for i, c := range all {
			require.EqualValues(t, len(errs)-i, c.Version)
		}
	})
}

// The officer whom a statement names asks to be forgotten, being a patient as well; the controller itself stays who it is.
func TestAnOfficerIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		c := clinicLtd
		c.ProtectionOfficer, c.Representative = "Ada Canary-Byron, dpo@clinic.example", "c/o ada canary-byron"
		_, err := s.SetController(p.ctx, c)
		require.NoError(t, err)
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: p.ada.ID, Reference: "E-1", Reason: "asked"})
		require.NoError(t, err)
		all, err := s.Controllers(p.ctx)
		require.NoError(t, err)
		text, err := json.Marshal(all)
		require.NoError(t, err)
		require.NotContains(t, strings.ToLower(string(text)), "canary")
		require.Equal(t, "The Clinic Ltd", all[0].Name)
	})
}

// The map and the records of a clinic, whole.
func TestTheMapOfAClinic(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s := privacy.New(h.DB, privacy.Options{
			Retention: func(jurisdiction string, class tenancy.RecordClass, _ string) string {
				if jurisdiction == "GB" && class != tenancy.Settings {
					return "for as long as a clinic keeps a " + string(class)
				}
				return ""
			},
			Recipients: func(ctx context.Context) ([]privacy.Recipient, error) {
				require.NotEqual(t, uuid.Nil, tenancy.ScopeOf(ctx).TenantID())
				return []privacy.Recipient{{Name: "Hoster <Ltd>", Role: "processor", Country: "US", Safeguard: "standard contractual clauses", Flows: []string{"backup"}}}, nil
			}})
		ctx := h.Tenant(t)
		before, err := s.ProcessingRecord(ctx)
		require.NoError(t, err)
		require.Equal(t, "the name and contact details of the controller (a)", before.Missing[0])
		_, err = s.SetController(ctx, clinicLtd)
		require.NoError(t, err)
		m, err := s.DataMap(ctx)
		require.NoError(t, err)
		text, err := m.JSON()
		require.NoError(t, err)
		shown := clinicOnly(m)
		short, err := shown.JSON()
		require.NoError(t, err)
		golden(t, "clinic-map.json", short)
		golden(t, "clinic-map.md", shown.Markdown())
		var back privacy.DataMap
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, m, back)

		own, err := s.ProcessingRecord(ctx)
		require.NoError(t, err)
		require.Empty(t, own.Missing)
		golden(t, "clinic-record.md", clinicsPart(own).Markdown())
		_, err = s.ProcessorRecord(ctx)
		require.ErrorIs(t, err, privacy.ErrNotPlatform)
		_, err = s.ServedControllers(ctx, uuid.Nil, 10)
		require.ErrorIs(t, err, privacy.ErrNotPlatform)

		_, err = s.SetController(h.ctx, privacy.Controller{Name: "Opsmatiq", Contact: "privacy@opsmatiq.com", Jurisdiction: "DE"})
		require.NoError(t, err)
		platform, err := s.ProcessingRecord(h.ctx)
		require.NoError(t, err)
		require.Contains(t, tablesOf(platform), "erp_control.contracts")
		require.NotContains(t, tablesOf(own), "erp_control.contracts", "the platform's records are the platform's")
		require.Contains(t, platform.Missing, "a general description of the security measures (g)")
		require.Contains(t, strings.Join(platform.Missing, "\n"), "the time limit for voucher in clinic (f)")
		processor, err := s.ProcessorRecord(h.ctx)
		require.NoError(t, err)
		require.NotContains(t, tablesOf(processor), "erp_control.contracts")
		golden(t, "processor-record.md", clinicsPart(processor).Markdown())
	})
}

func tablesOf(r privacy.ProcessingRecord) (out []string) {
	for _, a := range r.Activities {
		out = append(out, a.Tables...)
	}
	return out
}

// clinicOnly is a map without the library's own tables, which have a file of their own in docs.
func clinicOnly(m privacy.DataMap) privacy.DataMap {
	m.Tables = slices.DeleteFunc(slices.Clone(m.Tables), func(t privacy.MappedTable) bool { return t.Module != "clinic" })
	return m
}

// clinicsPart is a record without what the library's own tables add.
func clinicsPart(r privacy.ProcessingRecord) privacy.ProcessingRecord {
	r.Activities = slices.DeleteFunc(slices.Clone(r.Activities), func(a privacy.Activity) bool { return a.Module != "clinic" })
	r.Security = r.Security[:2]
	return r
}

// Those on whose behalf the platform processes: not itself, and not who is gone.
func TestWhomThePlatformServes(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		s, tenants, platform := privacy.New(h.DB, privacy.Options{}), h.DB.Tenants(), h.Platform(t)
		var want []privacy.ServedController
		for _, name := range []string{"One", "Two", "Gone", "Three"} {
			tenant, err := tenants.Create(platform, tenancy.NewTenant{Name: name, Administrator: tenancy.ContactPerson{Name: "Adam " + name, Email: "adam@example.org"}})
			require.NoError(t, err)
			if name == "Gone" {
				_, err := tenants.Cancel(platform, tenant.ID, "left")
				require.NoError(t, err)
				_, err = tenants.PurgeNow(platform, tenant.ID, "left", "letter")
				require.NoError(t, err)
				continue
			}
			want = append(want, privacy.ServedController{TenantID: tenant.ID, Name: name, State: tenancy.StateActive, Contact: "Adam " + name + " adam@example.org"})
		}
		all, err := s.ServedControllers(h.ctx, uuid.Nil, 100)
		require.NoError(t, err)
		require.Equal(t, want, all)
		var paged []privacy.ServedController
		for after := uuid.Nil; ; {
			page, err := s.ServedControllers(h.ctx, after, 1)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			require.Len(t, page, 1)
			paged, after = append(paged, page...), page[0].TenantID
		}
		require.Equal(t, want, paged)
		_, err = s.ServedControllers(h.Enter(t, tenancy.ScopeOf(h.ctx).TenantID(), privacy.PermPosture), uuid.Nil, 1)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}
