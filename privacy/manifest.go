package privacy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	// format is the version of the archive's form.
	format = 1
	// manifestName is the archive's last file.
	manifestName = "manifest.json"
)

// ArchiveKind says whose an archive is.
type ArchiveKind string

// The kinds of archives.
const (
	OfTenant  ArchiveKind = "tenant"  // everything that a tenant has; [Service.Import] makes a tenant of it
	OfSubject ArchiveKind = "subject" // what a tenant has of one person, for that person
)

// Manifest says what an archive holds, and by its hashes whether it holds it still. Two tenants with equal roots hold the
// same records, whatever their ids, their names with the platform, and their engines.
type Manifest struct {
	// Format is the version of the archive's form: 1.
	Format int         `json:"format"`
	Kind   ArchiveKind `json:"kind"`
	// Subject is the id of the person's own row, in a copy of one person's.
	Subject string `json:"subject,omitempty"`
	// Schema and HostSchema are the highest migrations of the library and of the host's own modules.
	Schema     int64 `json:"schema"`
	HostSchema int64 `json:"host_schema"`
	// Files are the models' records, sorted by name; those of the trail come last.
	Files []File `json:"files"`
	// Documents are what the registered renderers made of rows.
	Documents []DocumentFile `json:"documents,omitempty"`
	// Texts are the information that goes with a person's own copy.
	Texts []Content `json:"texts,omitempty"`
	// Root is a SHA-256, in hex, over format, schema and every file of records but the trail of acts, which grows by looking: entering
	// a tenant is an act. Neither the CSV nor documents change it, for they say the same once more.
	Root string `json:"root"`
}

// Content is a file's length in bytes and its SHA-256, in hex.
type Content struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// File is one model's records: one JSON object a line, sorted by key; and beside it the same rows as CSV.
type File struct {
	Name  string              `json:"name"`  // erp.parties.jsonl
	Table string              `json:"table"` // erp.parties
	Class tenancy.RecordClass `json:"class"`
	// Columns are in the order of the records, and of the CSV.
	Columns []FileColumn `json:"columns"`
	// Key are the columns that tell one row from another.
	Key []string `json:"key"`
	// References are the foreign keys to other files' rows, as the database had them.
	References []FileReference `json:"references,omitempty"`
	Rows       int64           `json:"rows"`
	Bytes      int64           `json:"bytes"`
	SHA256     string          `json:"sha256"` // of the file's bytes, in hex
	// CSV is the file with the same rows as CSV; nil where there is no archive, but hashes alone ([Service.Digest]).
	CSV *Content `json:"csv,omitempty"`
	// Trail says that these are audit events or say what became of them, which the root leaves out.
	Trail bool `json:"trail,omitempty"`
}

// FileColumn is a column of a file.
type FileColumn struct {
	Name string             `json:"name"`
	Type tenancy.ColumnType `json:"type"`
	// Nullable says that a value can be missing: null in a record, nothing in the CSV.
	Nullable bool `json:"nullable,omitempty"`
	// Privacy is its class, as in the model's tag: "contact,delete,sealed".
	Privacy string `json:"privacy"`
}

// FileReference is a foreign key: Columns lead to Targets in Table.
type FileReference struct {
	Columns []string `json:"columns"`
	Table   string   `json:"table"`
	Targets []string `json:"targets"`
}

// sameColumns reports whether rows of both have one form. Classes are the program's own, and no part of it.
func (f *File) sameColumns(o *File) bool {
	return slices.Equal(f.Key, o.Key) && slices.EqualFunc(f.Columns, o.Columns, func(a, b FileColumn) bool {
		return a.Name == b.Name && a.Type == b.Type && a.Nullable == b.Nullable
	})
}

// archived are the models whose rows belong to the tenant, sorted by table, the trail's last: it is another after every export, and what is
// written before it can stand when an export goes on. Read-only rows are the platform's: they say what the tenant may do here, and mean
// nothing elsewhere.
func archived(reg *tenancy.Registry) []*tenancy.Model {
	var out, trail []*tenancy.Model
	for _, m := range reg.Models {
		switch {
		case m.Writes == tenancy.ReadOnly:
		case m.Trail:
			trail = append(trail, m)
		default:
			out = append(out, m)
		}
	}
	return append(out, trail...)
}

// emptyFile describes a model's file before its first row.
func emptyFile(m *tenancy.Model) File {
	f := File{Name: m.Table + ".jsonl", Table: m.Table, Class: m.Class, Trail: m.Trail}
	for _, c := range m.Recorded() {
		f.Columns = append(f.Columns, FileColumn{Name: c.Name, Type: c.Type, Nullable: c.Nullable, Privacy: className(c.Privacy)})
	}
	f.Key = columnNames(m.Keys[1:])
	return f
}

// className is a column's class as it stands in the tag.
func className(p tenancy.Privacy) string {
	if !p.Personal() {
		return string(p.Category)
	}
	text := string(p.Category) + "," + string(p.Erasure)
	if p.Sealed {
		text += ",sealed"
	}
	return text
}

func columnNames(columns []*tenancy.Column) []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.Name)
	}
	return out
}

// referencesOf are a model's foreign keys, in one order on both engines.
func referencesOf(refs []tenancy.Reference, m *tenancy.Model) []FileReference {
	var out []FileReference
	for _, r := range refs {
		if r.From == m {
			out = append(out, FileReference{Columns: columnNames(r.Columns), Table: r.To.Table, Targets: columnNames(r.Targets)})
		}
	}
	slices.SortFunc(out, func(a, b FileReference) int {
		return cmp.Or(slices.Compare(a.Columns, b.Columns), cmp.Compare(a.Table, b.Table), slices.Compare(a.Targets, b.Targets))
	})
	return out
}

func newManifest(reg *tenancy.Registry, kind ArchiveKind) Manifest {
	m := Manifest{Format: format, Kind: kind}
	m.Schema, m.HostSchema = reg.Version()
	return m
}

// seal computes the root.
func (m *Manifest) seal() {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "erp archive %d\nschema %d %d\n", m.Format, m.Schema, m.HostSchema)
	for _, f := range m.Files {
		if !f.Trail {
			_, _ = fmt.Fprintf(h, "%s %d %d %s\n", f.Name, f.Rows, f.Bytes, f.SHA256)
		}
	}
	m.Root = hex.EncodeToString(h.Sum(nil))
}

// encode is the manifest as it stands in an archive.
func (m *Manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	return append(b, '\n'), err
}

// identity names an archive, trail included: two imports under one reference are the same if this is.
func (m *Manifest) identity() (string, error) {
	b, err := m.encode()
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}
