package privacy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// ProcessingRecord is a record of processing activities (GDPR Art. 30): of a controller by its paragraph 1, of the platform as its tenants' processor by paragraph 2.
type ProcessingRecord struct {
	// Article is "30(1)" or "30(2)".
	Article string `json:"article"`
	// Controller is who keeps the record; by paragraph 2, the processor.
	Controller Controller `json:"controller"`
	// Activities are what is done with personal data, by module, purpose and ground.
	Activities []Activity `json:"activities"`
	// Recipients are to whom they go.
	Recipients []Recipient `json:"recipients,omitempty"`
	// Security is what protects the data and is known to the program itself; Controller.SecurityMeasures is the rest.
	Security []string `json:"security"`
	// Missing is what the article asks for and nobody has stated yet, each with its letter.
	Missing []string `json:"missing,omitempty"`
}

// Activity is one processing activity. Its lists are sorted and without repetition.
type Activity struct {
	Module     string             `json:"module"`
	Purpose    tenancy.Purpose    `json:"purpose"`
	Basis      tenancy.Basis      `json:"basis"`
	Subjects   []string           `json:"subjects"`
	Categories []tenancy.Category `json:"categories"`
	// Tables are those with personal columns, and those whose rows lead to a person.
	Tables []string `json:"tables"`
	// Flows are the ways out.
	Flows []string `json:"flows,omitempty"`
	// Limits are the time limits for erasure, by class of record.
	Limits []string `json:"limits"`
	// Personal and Sealed count columns.
	Personal int `json:"personal_columns"`
	Sealed   int `json:"sealed_columns"`
}

// ProcessingRecord makes the record of processing that the controller of the tenant has to keep (GDPR Art. 30(1)), from the data map and from what was stated by [Service.SetController].
// In the platform's own tenant it is the platform's: its control tables and the host's models are in it besides. What the law asks for and nobody stated is listed as
// missing.
//
// Permission: privacy.map. It writes nothing. Errors: those of [Service.DataMap].
func (s *Service) ProcessingRecord(ctx context.Context) (ProcessingRecord, error) {
	m, who, err := s.mapped(ctx)
	if err != nil {
		return ProcessingRecord{}, err
	}
	platform := tenancy.ScopeOf(ctx).OfPlatform()
	out := record("30(1)", m, who, func(t *MappedTable) bool { return t.Controller == tenancy.ByTenant || platform })
	if strings.TrimSpace(who.SecurityMeasures) == "" {
		out.Missing = append(out.Missing, "a general description of the security measures (g)")
	}
	for _, a := range out.Activities {
		for _, l := range a.Limits {
			if strings.HasSuffix(l, noRule) {
				out.Missing = append(out.Missing, "the time limit for "+l[:strings.Index(l, ":")]+" in "+a.Module+" (f)")
			}
		}
	}
	return out, nil
}

// ProcessorRecord makes the record that the platform has to keep as the processor of its tenants (GDPR Art. 30(2)): the categories of processing that it carries out on
// behalf of each of them, which are the same. [Service.ServedControllers] lists on whose behalf. It is an act in the platform's own tenant.
//
// Permission: privacy.map. It writes nothing. Errors: privacy.not_platform, and those of [Service.DataMap].
func (s *Service) ProcessorRecord(ctx context.Context) (ProcessingRecord, error) {
	m, who, err := s.mapped(ctx)
	if err != nil {
		return ProcessingRecord{}, err
	}
	if !tenancy.ScopeOf(ctx).OfPlatform() {
		return ProcessingRecord{}, ErrNotPlatform.New("privacy.ProcessorRecord", "")
	}
	out := record("30(2)", m, who, func(t *MappedTable) bool { return t.Controller == tenancy.ByTenant })
	if strings.TrimSpace(who.SecurityMeasures) == "" {
		out.Missing = append(out.Missing, "a general description of the security measures (d)")
	}
	return out, nil
}

// ServedController is a controller on whose behalf the platform processes.
type ServedController struct {
	TenantID uuid.UUID     `json:"tenant_id"`
	Name     string        `json:"name"`
	State    tenancy.State `json:"state"`
	// Contact is the administrator of the contract, name and e-mail address; "" when none is named.
	Contact string `json:"contact,omitempty"`
}

// ServedControllers lists the controllers on whose behalf the platform processes (GDPR Art. 30(2)(a)), in the order of their creation: at most limit (1 to 1,000) after an id (zero: from the
// start). Those whose data are purged, and the platform itself, are left out. It is an act in the platform's own tenant. A controller's representative and data protection
// officer are its own to state, in its tenant, where the platform does not look.
//
// Permission: privacy.map. It writes nothing. Errors: privacy.not_platform.
func (s *Service) ServedControllers(ctx context.Context, after uuid.UUID, limit int) ([]ServedController, error) {
	_, err := tenancy.View(ctx, s.db, PermMap, func(_ context.Context, tx *tenancy.Tx) (any, error) {
		if !tx.Scope().OfPlatform() {
			return nil, ErrNotPlatform.New("privacy.ServedControllers", "")
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	platform, err := s.db.EnterPlatform(ctx, "system:privacy", tenancy.Permissions{tenancy.PermReadTenants, tenancy.PermReadContract})
	if err != nil {
		return nil, err
	}
	var out []ServedController
	for limit = min(max(limit, 1), 1000); len(out) < limit; {
		page, err := s.db.Tenants().List(platform, after, limit)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for _, t := range page {
			after = t.ID
			if t.Platform || t.State == tenancy.StatePurged || len(out) == limit {
				continue
			}
			c, err := s.db.Tenants().Contract(platform, t.ID)
			if err != nil && !tenancy.IsNotFound(err) {
				return nil, err
			}
			out = append(out, ServedController{TenantID: t.ID, Name: cmp.Or(c.Organisation, t.Name), State: t.State,
				Contact: strings.TrimSpace(c.Administrator.Name + " " + c.Administrator.Email)})
		}
	}
	return out, nil
}

const noRule = "no rule is stated"

// record gathers the activities of the tables that are in it.
func record(article string, m DataMap, who Controller, in func(*MappedTable) bool) ProcessingRecord {
	out := ProcessingRecord{Article: article, Controller: who, Recipients: m.Recipients}
	personal, sealed := 0, 0
	for i := range m.Tables {
		t := &m.Tables[i]
		if t.Of == "" || !in(t) { // rows that lead to a person are about them, whatever their columns hold
			continue
		}
		at := slices.IndexFunc(out.Activities, func(a Activity) bool { return a.Module == t.Module && a.Purpose == t.Purpose && a.Basis == t.Basis })
		if at < 0 {
			at = len(out.Activities)
			out.Activities = append(out.Activities, Activity{Module: t.Module, Purpose: t.Purpose, Basis: t.Basis})
		}
		out.Activities[at].add(t)
	}
	for i := range out.Activities {
		a := &out.Activities[i]
		for _, list := range []*[]string{&a.Subjects, &a.Tables, &a.Flows, &a.Limits} {
			slices.Sort(*list)
			*list = slices.Compact(*list)
		}
		slices.Sort(a.Categories)
		a.Categories = slices.Compact(a.Categories)
		personal, sealed = personal+a.Personal, sealed+a.Sealed
	}
	slices.SortFunc(out.Activities, func(a, b Activity) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Purpose, b.Purpose), cmp.Compare(a.Basis, b.Basis))
	})
	out.Security = []string{
		"every read and write is of one tenant, by the code and by the database", "every act is checked against a permission, and recorded in a trail that is sealed",
		fmt.Sprintf("%d of %d personal columns are sealed with AES-256-GCM under the tenant's own key", sealed, personal)}
	if strings.TrimSpace(who.Name) == "" {
		out.Missing = append(out.Missing, "the name and contact details of the controller (a)")
		if article == "30(2)" {
			out.Missing[0] = "the name and contact details of the processor (a)"
		}
	}
	return out
}

// add puts a table into the activity.
func (a *Activity) add(t *MappedTable) {
	a.Subjects, a.Tables, a.Flows = append(a.Subjects, t.Of), append(a.Tables, t.Table), append(a.Flows, t.Flows...)
	a.Limits = append(a.Limits, string(t.Class)+": "+cmp.Or(t.Retention, noRule))
	for _, c := range t.Columns {
		if c.Category == tenancy.NotPersonal {
			continue
		}
		a.Categories = append(a.Categories, c.Category)
		a.Personal++
		if c.Sealed {
			a.Sealed++
		}
	}
}
