package privacy

import (
	"cmp"
	"context"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// DataMap says of every column of every table what it holds of whom, for what and on which ground, how long, and where it goes. It is made from the registry, so
// that a table which nobody thought of is in it.
type DataMap struct {
	// Jurisdiction is the controller's, by whose rules records are kept; "" when nobody stated one.
	Jurisdiction string `json:"jurisdiction,omitempty"`
	// Tables are all, sorted: those of tenants, the host's included, and those of the control database.
	Tables []MappedTable `json:"tables"`
	// Flows are the ways on which data leave the database. Which tables go by one, the tables say.
	Flows []MappedFlow `json:"flows"`
	// Recipients are to whom they go, as far as somebody registered it.
	Recipients []Recipient `json:"recipients,omitempty"`
}

// MappedFlow is a way out: see [tenancy.Flow].
type MappedFlow struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// MappedTable is a model, or a table of the control database.
type MappedTable struct {
	Table string `json:"table"`
	// Module is what brought it: "accounting".
	Module string `json:"module"`
	// Control says that it lies in the control database, and About what a row is there.
	Control bool   `json:"control,omitempty"`
	About   string `json:"about,omitempty"`
	// Controller answers for it.
	Controller tenancy.Controller `json:"controller"`
	// Subject is how a row leads to the person whom it is about; "" leads to nobody. Of says what people these are, or who may be named where it leads to
	// nobody; "" when no column is personal.
	Subject string `json:"subject,omitempty"`
	Of      string `json:"of,omitempty"`
	// Class, Purpose and Basis are what it is used for, and on what ground.
	Class   tenancy.RecordClass `json:"class"`
	Purpose tenancy.Purpose     `json:"purpose"`
	Basis   tenancy.Basis       `json:"basis"`
	// RetainFrom is the column from which retention counts; "" is that of what it is part of, or the end of the contract.
	RetainFrom string `json:"retain_from,omitempty"`
	// Retention is the rule, in words; "" when none is known.
	Retention string `json:"retention,omitempty"`
	// Outlasts says why rows about a tenant are still there when it is purged.
	Outlasts string `json:"outlasts,omitempty"`
	// Flows are the names of those that it goes out by.
	Flows   []string       `json:"flows,omitempty"`
	Columns []MappedColumn `json:"columns"`
}

// MappedColumn is a column. Erasure is what happens to it when its person is erased.
type MappedColumn struct {
	Name     string           `json:"name"`
	Category tenancy.Category `json:"category"`
	Erasure  tenancy.Erasure  `json:"erasure,omitempty"`
	Sealed   bool             `json:"sealed,omitempty"`
	// Apart says that the column does not wait for what its record is held for.
	Apart bool `json:"apart,omitempty"`
}

// Personal reports whether a column of the table can hold personal data.
func (t *MappedTable) Personal() bool {
	return slices.ContainsFunc(t.Columns, func(c MappedColumn) bool { return c.Category != tenancy.NotPersonal })
}

// Recipient is somebody outside to whom personal data go: a processor, or whom they are disclosed to.
type Recipient struct {
	Name string `json:"name"`
	// Role is what they are to the controller, such as "processor".
	Role string `json:"role"`
	// Country is where the data go, ISO 3166-1; Safeguard is what makes that lawful where the law asks for it (GDPR Art. 46).
	Country   string `json:"country,omitempty"`
	Safeguard string `json:"safeguard,omitempty"`
	// Flows are the ways by which they get them, and Tables what of, where that is known.
	Flows  []string `json:"flows,omitempty"`
	Tables []string `json:"tables,omitempty"`
}

// The library's own ways out, beside those that modules declare.
const (
	flowArchive = "privacy.archive"
	flowCopy    = "privacy.own_copy"
	flowBackup  = "backup"
	flowTrail   = "audit.trail"
)

// DataMap makes the map of the program, as it is for the tenant whose scope it is: the tables are everybody's, jurisdiction and recipients are the tenant's own. [DataMap.JSON] and
// [DataMap.Markdown] write it down.
//
// Permission: privacy.map. It reads the catalogue and the statements of the controller, and writes nothing. Errors: privacy.no_path, and those of [Options].Recipients.
func (s *Service) DataMap(ctx context.Context) (DataMap, error) {
	out, _, err := s.mapped(ctx)
	return out, err
}

// mapped is the map and the controller that it is made for.
func (s *Service) mapped(ctx context.Context) (DataMap, Controller, error) {
	var who Controller
	out, err := tenancy.View(ctx, s.db, PermMap, func(ctx context.Context, tx *tenancy.Tx) (DataMap, error) {
		var err error
		if who, err = controllerOf(ctx, tx); err != nil {
			return DataMap{}, err
		}
		paths, err := pathsOf(ctx, tx)
		if err != nil {
			return DataMap{}, err
		}
		m := mapper{Paths: paths, jurisdiction: who.Jurisdiction, retention: s.opt.Retention}
		return m.all()
	})
	if err != nil || s.opt.Recipients == nil {
		return out, who, err
	}
	out.Recipients, err = s.opt.Recipients(ctx)
	return out, who, err
}

// mapper makes a map.
type mapper struct {
	*tenancy.Paths
	jurisdiction string
	retention    func(jurisdiction string, class tenancy.RecordClass, table string) string
	flows        map[string][]string // by table
}

func (m *mapper) all() (DataMap, error) {
	out := DataMap{Jurisdiction: m.jurisdiction}
	m.flows = map[string][]string{}
	for _, f := range m.ways() {
		out.Flows = append(out.Flows, MappedFlow{f.Name, f.About})
		for _, table := range f.Tables {
			m.flows[table] = append(m.flows[table], f.Name)
		}
	}
	for _, mod := range m.Registry.Modules {
		for _, model := range mod.Models {
			out.Tables = append(out.Tables, m.model(mod.Name, model))
		}
		for _, c := range mod.Control {
			// The registry's own has what is usual for its class filled in.
			i := slices.IndexFunc(m.Registry.Control, func(t tenancy.ControlTable) bool { return t.Table == c.Table })
			t, err := m.control(mod.Name, &m.Registry.Control[i])
			if err != nil {
				return DataMap{}, err
			}
			out.Tables = append(out.Tables, t)
		}
	}
	slices.SortFunc(out.Tables, func(a, b MappedTable) int { return cmp.Compare(a.Table, b.Table) })
	return out, nil
}

// ways are all ways out: those that are declared, and those that lead from every table by what it is.
func (m *mapper) ways() []tenancy.Flow {
	archive := tenancy.Flow{Name: flowArchive, About: "Everything that a tenant has, as an archive for the tenant itself, or sealed for keeping."}
	own := tenancy.Flow{Name: flowCopy, About: "What is held of one person, for that person: their rows, and texts that name them."}
	backup := tenancy.Flow{Name: flowBackup, About: "Encrypted copies of the databases, until they expire."}
	trail := tenancy.Flow{Name: flowTrail, About: "The audit trail says who did what to which row, and names columns: never values."}
	for _, model := range archived(m.Registry) {
		archive.Tables = append(archive.Tables, model.Table)
		if !model.Trail && (model.Subject != "" || len(mentioning(model)) > 0) {
			own.Tables = append(own.Tables, model.Table)
		}
	}
	for _, model := range m.Registry.Models {
		backup.Tables = append(backup.Tables, model.Table)
		if !model.Derived && !model.System && model.Writes != tenancy.ReadOnly {
			trail.Tables = append(trail.Tables, model.Table)
		}
	}
	for _, t := range m.Registry.Control {
		backup.Tables = append(backup.Tables, t.Table)
	}
	out := append(slices.Clone(m.Registry.Flows), archive, own, backup, trail)
	slices.SortFunc(out, func(a, b tenancy.Flow) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (m *mapper) model(module string, model *tenancy.Model) MappedTable {
	t := MappedTable{Table: model.Table, Module: module, Controller: model.Controller, Subject: model.Subject, Class: model.Class, Purpose: model.Purpose, Basis: model.Basis,
		RetainFrom: model.RetainFrom, Retention: m.rule(model.Class, model.Table), Flows: m.flows[model.Table]}
	for _, c := range model.Columns {
		t.Columns = append(t.Columns, mappedColumn(c.Name, c.Privacy))
	}
	t.Of = m.people(&t, m.about(model))
	return t
}

func (m *mapper) control(module string, c *tenancy.ControlTable) (MappedTable, error) {
	t := MappedTable{Table: c.Table, Module: module, Control: true, About: c.About, Controller: tenancy.ByPlatform, Subject: c.Subject, Class: c.Class, Purpose: c.Purpose, Basis: c.Basis,
		RetainFrom: c.RetainFrom, Retention: m.rule(c.Class, c.Table), Outlasts: c.Outlasts, Flows: m.flows[c.Table]}
	columns, err := c.Described()
	if err != nil {
		return t, err
	}
	for _, col := range columns {
		t.Columns = append(t.Columns, mappedColumn(col.Name, col.Privacy))
	}
	var of []string
	switch c.Subject {
	case "":
	case "self":
		of = []string{c.Table}
	default:
		of = []string{usersTable} // as [tenancy.ControlTable].Subject has it
	}
	t.Of = m.people(&t, of)
	return t, nil
}

const usersTable = "erp_control.users"

func mappedColumn(name string, p tenancy.Privacy) MappedColumn {
	return MappedColumn{Name: name, Category: p.Category, Erasure: p.Erasure, Sealed: p.Sealed, Apart: p.Apart}
}

func (m *mapper) rule(class tenancy.RecordClass, table string) string {
	if m.retention == nil {
		return ""
	}
	return m.retention(m.jurisdiction, class, table)
}

// about are the tables whose rows are the people whom a model's rows are about.
func (m *mapper) about(model *tenancy.Model) []string {
	var out []string
	switch path := m.Of(model); path.How {
	case tenancy.AboutNobody, tenancy.LeadsNowhere:
	case tenancy.IsPerson:
		out = []string{model.Table}
	case tenancy.NamesPerson, tenancy.NamesActor:
		for _, self := range m.Registry.People() {
			if path.How == tenancy.NamesPerson || self.User != "" {
				out = append(out, self.Table)
			}
		}
	case tenancy.LeadsOn:
		return m.about(path.To)
	case tenancy.ByItsParts:
		for _, part := range path.Parts {
			out = append(out, m.about(part)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// people says in words whom a table is about.
func (m *mapper) people(t *MappedTable, tables []string) string {
	if len(tables) == 0 {
		if t.Personal() {
			return "whoever is named in it"
		}
		return ""
	}
	var text string
	for i, table := range tables {
		if i > 0 {
			text += "; "
		}
		if of := m.Registry.Subjects[table]; of != "" {
			text += of
		} else {
			text += "those in " + table
		}
	}
	return text
}
