package privacy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	// format is the version of the archive's form.
	format = 1
	// manifestName is the archive's last file.
	manifestName = "manifest.json"
)

// Manifest says what an archive holds, and by its hashes whether it holds it still. Two tenants with equal roots hold the
// same records, whatever their ids, their names with the platform, and their engines.
type Manifest struct {
	// Format is the version of the archive's form: 1.
	Format int `json:"format"`
	// Schema and HostSchema are the highest migrations of the library and of the host's own modules.
	Schema     int64 `json:"schema"`
	HostSchema int64 `json:"host_schema"`
	// Files are the models' records, sorted by name.
	Files []File `json:"files"`
	// Root is a SHA-256, in hex, over format, schema and every file but the trail of acts, which grows by looking: entering
	// a tenant is an act.
	Root string `json:"root"`
}

// File is one model's records: one JSON object a line, sorted by key.
type File struct {
	Name    string   `json:"name"`  // erp.parties.jsonl
	Table   string   `json:"table"` // erp.parties
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"bytes"`
	SHA256  string   `json:"sha256"` // of the file's bytes, in hex
	// Trail says that these are audit events or say what became of them, which the root leaves out.
	Trail bool `json:"trail,omitempty"`
}

// archived are the models whose rows belong to the tenant, sorted by table. Read-only rows are the platform's: they say
// what the tenant may do here, and mean nothing elsewhere.
func archived(reg *tenancy.Registry) []*tenancy.Model {
	var out []*tenancy.Model
	for _, m := range reg.Models {
		if m.Writes != tenancy.ReadOnly {
			out = append(out, m)
		}
	}
	return out
}

// emptyFile describes a model's file before its first row.
func emptyFile(m *tenancy.Model) File {
	f := File{Name: m.Table + ".jsonl", Table: m.Table, Trail: m.Trail}
	for _, c := range m.Recorded() {
		f.Columns = append(f.Columns, c.Name)
	}
	return f
}

func newManifest(reg *tenancy.Registry) Manifest {
	m := Manifest{Format: format}
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
