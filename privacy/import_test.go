package privacy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func take(t *testing.T, env *tenancytest.Env, s *privacy.Service, archive []byte, reference string) (tenancy.Tenant, privacy.Manifest, error) {
	t.Helper()
	return s.Import(env.Platform(t), tenancy.NewTenant{Name: "Moved", TimeZone: "Europe/London", Reference: reference}, bytes.NewReader(archive), int64(len(archive)))
}

// From each engine to each.
func TestImportAcrossEngines(t *testing.T) {
	for _, from := range tenancytest.Engines {
		for _, to := range tenancytest.Engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				source, target := tenancytest.Open(t, from, tenancytest.Options{Modules: modules()}), tenancytest.Open(t, to, tenancytest.Options{Modules: modules()})
				p := openPractice(t, source)
				archive, m := export(t, privacy.New(source.DB, privacy.Options{}), p.ctx)
				there := privacy.New(target.DB, privacy.Options{})
				privacy.SmallBatches(there, 1) // so that references lead into batches to come
				tenant, read, err := take(t, target, there, archive, "")
				require.NoError(t, err)
				require.Equal(t, m, read)
				ctx := target.Enter(t, tenant.ID, "*")
				d, err := there.Digest(ctx)
				require.NoError(t, err)
				require.Equal(t, m.Root, d.Root)
				require.NoError(t, target.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
					text, err := tenancy.First[VisitText](ctx, tx, tenancy.Eq("visit_id", p.visits[0].ID))
					require.NoError(t, err)
					require.Equal(t, awkward, text.Notes)
					v, err := tenancy.Get[Visit](ctx, tx, p.visits[1].ID)
					require.NoError(t, err)
					require.True(t, v.Fee.Equal(p.visits[1].Fee))
					require.Equal(t, p.visits[1].SeenAt, v.SeenAt.UTC())
					return nil
				}))
				back, told := export(t, there, ctx)
				for i, f := range m.Files {
					if !f.Trail {
						require.Equal(t, f, told.Files[i], "schema, counts and hashes are the same on both engines")
					}
				}
				for name, data := range files(t, archive) {
					if !strings.HasPrefix(name, "erp.audit_events.") && name != "manifest.json" {
						require.Equal(t, string(data), string(files(t, back)[name]), name)
					}
				}
			})
		}
	}
}

func TestImportAgain(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		archive, _ := export(t, s, p.ctx)
		ref := tenancy.NewID().String()
		first, _, err := take(t, env, s, archive, ref)
		require.NoError(t, err)
		again, _, err := take(t, env, s, archive, ref)
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		other, _ := export(t, s, p.ctx)
		_, _, err = take(t, env, s, other, ref)
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
		_, _, err = s.Import(p.ctx, tenancy.NewTenant{Name: "x"}, bytes.NewReader(archive), int64(len(archive)))
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
	})
}

// repack makes an archive of files. With sealed the manifest is made to fit the files, as somebody would who knows how.
func repack(t *testing.T, from map[string][]byte, sealed bool, change func(files map[string][]byte, m *privacy.Manifest)) []byte {
	t.Helper()
	data := map[string][]byte{}
	for name, d := range from {
		data[name] = slices.Clone(d)
	}
	var m privacy.Manifest
	require.NoError(t, json.Unmarshal(data["manifest.json"], &m))
	change(data, &m)
	if sealed {
		root := sha256.New()
		_, _ = fmt.Fprintf(root, "erp archive %d\nschema %d %d\n", m.Format, m.Schema, m.HostSchema)
		for i := range m.Files {
			f := &m.Files[i]
			if csv, ok := csvOf(f, data[f.Name]); ok && f.CSV != nil {
				data[f.CSV.Name] = csv
				sum := sha256.Sum256(csv)
				f.CSV.Bytes, f.CSV.SHA256 = int64(len(csv)), hex.EncodeToString(sum[:])
			}
			sum := sha256.Sum256(data[f.Name])
			f.Rows, f.Bytes, f.SHA256 = int64(bytes.Count(data[f.Name], []byte("\n"))), int64(len(data[f.Name])), hex.EncodeToString(sum[:])
			if !f.Trail {
				_, _ = fmt.Fprintf(root, "%s %d %d %s\n", f.Name, f.Rows, f.Bytes, f.SHA256)
			}
		}
		m.Root = hex.EncodeToString(root.Sum(nil))
	}
	if data["manifest.json"] != nil {
		text, err := json.MarshalIndent(&m, "", "  ")
		require.NoError(t, err)
		data["manifest.json"] = append(text, '\n')
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, d := range data {
		w, err := z.Create(strings.TrimSuffix(name, "#"))
		require.NoError(t, err)
		_, err = w.Write(d)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return out.Bytes()
}

func replace(name, old, with string) func(map[string][]byte, *privacy.Manifest) {
	return func(files map[string][]byte, _ *privacy.Manifest) {
		files[name] = []byte(strings.Replace(string(files[name]), old, with, 1))
	}
}

const (
	wards    = "clinic.wards.jsonl"
	patients = "clinic.patients.jsonl"
	firstRow = `{"year":2025,"seq":2,"beds":1,"total":0}` + "\n"
)

func refusals(stranger Patient, p *practice) map[string]struct {
	sealed bool
	code   fault.Code
	change func(files map[string][]byte, m *privacy.Manifest)
} {
	type files = map[string][]byte
	type manifest = *privacy.Manifest
	return map[string]struct {
		sealed bool
		code   fault.Code
		change func(files files, m manifest)
	}{
		"an altered figure":              {false, "privacy.archive", replace(wards, `"beds":1`, `"beds":2`)},
		"an altered length":              {false, "privacy.archive", replace(wards, `"beds":1`, `"beds":11`)},
		"a row less":                     {false, "privacy.archive", replace(wards, firstRow, "")},
		"an altered root":                {false, "privacy.archive", func(_ files, m manifest) { m.Root = strings.Repeat("0", 64) }},
		"an altered count":               {false, "privacy.archive", func(_ files, m manifest) { m.Files[0].Rows++ }},
		"a missing file":                 {false, "privacy.archive", func(f files, _ manifest) { delete(f, wards) }},
		"a file too many":                {false, "privacy.archive", func(f files, _ manifest) { f["erp.tenant_gates.jsonl"] = []byte("{}\n") }},
		"a file twice":                   {false, "privacy.archive", func(f files, _ manifest) { f[wards+"#"] = f[wards] }},
		"no manifest":                    {false, "privacy.archive", func(f files, _ manifest) { delete(f, "manifest.json") }},
		"an altered cell":                {false, "privacy.archive", replace("clinic.wards.csv", ",1,0\r", ",2,0\r")},
		"a table that says other things": {false, "privacy.archive", func(f files, m manifest) { retell(f, m, "clinic.wards", ",1,0\r", ",2,0\r") }},
		"a table with a line more": {false, "privacy.archive", func(f files, m manifest) {
			retell(f, m, "clinic.wards", "2026,1,0,0\r\n", "2026,1,0,0\r\n2027,1,0,0\r\n")
		}},
		"no table": {false, "privacy.archive", func(f files, _ manifest) { delete(f, "clinic.wards.csv") }},
		"no word of a table": {false, "privacy.archive", func(f files, m manifest) {
			delete(f, "clinic.wards.csv")
			of(m, "clinic.wards").CSV = nil
		}},
		"a table under another's name": {false, "privacy.archive", func(f files, m manifest) {
			f["x.csv"] = f["clinic.wards.csv"]
			delete(f, "clinic.wards.csv")
			of(m, "clinic.wards").CSV.Name = "x.csv"
		}},
		"a person's copy":          {true, "privacy.archive", func(_ files, m manifest) { m.Kind = privacy.OfSubject }},
		"a column of another type": {true, "privacy.schema", func(_ files, m manifest) { of(m, "clinic.wards").Columns[2].Type = tenancy.Text }},
		"another key":              {true, "privacy.schema", func(_ files, m manifest) { of(m, "clinic.wards").Key = []string{"year"} }},
		"a document that is not there": {false, "privacy.archive", func(_ files, m manifest) {
			m.Documents = append(m.Documents, privacy.DocumentFile{Content: privacy.Content{Name: "documents/x.tar"}})
		}},
		"a document that is another": {false, "privacy.archive", func(f files, m manifest) {
			f["documents/x.tar"] = []byte("x")
			m.Documents = append(m.Documents, privacy.DocumentFile{Content: privacy.Content{Name: "documents/x.tar", Bytes: 1, SHA256: strings.Repeat("0", 64)}})
		}},
		"a file named twice": {false, "privacy.archive", func(_ files, m manifest) {
			m.Documents = append(m.Documents, privacy.DocumentFile{Content: *of(m, "clinic.wards").CSV})
		}},
		"another form":             {true, "privacy.schema", func(_ files, m manifest) { m.Format = 2 }},
		"another schema":           {true, "privacy.schema", func(_ files, m manifest) { m.Schema++ }},
		"another schema of a host": {true, "privacy.schema", func(_ files, m manifest) { m.HostSchema-- }},
		"an unknown table": {true, "privacy.schema", func(f files, m manifest) {
			m.Files = append(m.Files, privacy.File{Name: "x.y.jsonl", Table: "x.y"})
			f["x.y.jsonl"] = nil
		}},
		"the gate's table": {true, "privacy.schema", func(f files, m manifest) {
			m.Files = append(m.Files, privacy.File{Name: "erp.tenant_gates.jsonl", Table: "erp.tenant_gates", Columns: []privacy.FileColumn{{Name: "state", Type: tenancy.Text}}})
			f["erp.tenant_gates.jsonl"] = []byte(`{"state":"active"}` + "\n")
		}},
		"a table less": {true, "privacy.schema", func(f files, m manifest) { delete(f, m.Files[len(m.Files)-1].Name); m.Files = m.Files[:len(m.Files)-1] }},
		"an unknown column": {true, "privacy.schema", func(_ files, m manifest) {
			m.Files[0].Columns = append(m.Files[0].Columns, privacy.FileColumn{Name: "more", Type: tenancy.Text})
		}},
		"a column in a record":   {true, "privacy.archive", replace(wards, `"beds":1`, `"beds":1,"more":1`)},
		"columns in other order": {true, "privacy.archive", replace(wards, `"beds":1,"total":0`, `"total":0,"beds":1`)},
		"another tenant's id":    {true, "privacy.archive", replace(wards, `{"year"`, `{"tenant_id":"`+stranger.TenantID.String()+`","year"`)},
		"a blank":                {true, "privacy.archive", replace(wards, `"beds":1`, `"beds": 1`)},
		"a number as text":       {true, "privacy.archive", replace(wards, `"beds":1`, `"beds":"1"`)},
		"a fraction":             {true, "privacy.archive", replace(wards, `"beds":1`, `"beds":1.0`)},
		"a leading zero":         {true, "privacy.archive", replace(wards, `"beds":1`, `"beds":01`)},
		"a number too large":     {true, "privacy.archive", replace(wards, `"beds":1`, `"beds":9223372036854775808`)},
		"a null":                 {true, "privacy.archive", replace(wards, `"beds":1`, `"beds":null`)},
		"a record twice":         {true, "privacy.archive", replace(wards, firstRow, firstRow+firstRow)},
		"a record too early":     {true, "privacy.archive", func(f files, _ manifest) { f[wards] = append(f[wards], firstRow...) }},
		"an end cut off":         {true, "privacy.archive", func(f files, _ manifest) { f[wards] = append(f[wards], `{"year":2027`...) }},
		"an escape":              {true, "privacy.archive", replace(patients, "Ada", `\u0041da`)},
		"a NUL":                  {true, "privacy.archive", replace(patients, "Ada", `\u0000da`)},
		"no UTF-8":               {true, "privacy.archive", replace(patients, "Ada", "\xff\xfeda")},
		"an instant of a zone":   {true, "privacy.archive", replace("clinic.visits.jsonl", "05:06:07.000008Z", "05:06:07.000008+01:00")},
		"a decimal of a form":    {true, "privacy.archive", replace("clinic.visits.jsonl", `"fee":"1.1"`, `"fee":"1.10"`)},
		"a day that is none":     {true, "privacy.archive", replace("clinic.visits.jsonl", "2026-03-04", "2026-02-30")},
		"no id":                  {true, "privacy.differs", replace("clinic.notices.jsonl", `{"id":"`, `{"id":"00000000-0000-0000-0000-000000000000","code":"","body":""}`+"\n"+`{"id":"`)},
		"a reference to nobody":  {true, "tenancy.reference", replace("clinic.visits.jsonl", p.ada.ID.String(), tenancy.NewID().String())},
		"a reference to another tenant's": {true, "tenancy.reference", replace("clinic.visits.jsonl",
			p.ada.ID.String(), stranger.ID.String())},
		"a root that is not there": {true, "tenancy.reference", replace(patients, p.bob.ID.String(), tenancy.NewID().String())},
		"a record too long":        {true, "privacy.limit", replace("clinic.notices.jsonl", "the lift", strings.Repeat("x", 70_000))},
		"a bomb":                   {true, "privacy.limit", func(f files, _ manifest) { f[wards] = make([]byte, 3<<20) }},
	}
}

// of is the file of a table.
func of(m *privacy.Manifest, table string) *privacy.File {
	return &m.Files[slices.IndexFunc(m.Files, func(f privacy.File) bool { return f.Table == table })]
}

// retell changes a CSV and makes the manifest fit it.
func retell(files map[string][]byte, m *privacy.Manifest, table, old, with string) {
	c := of(m, table).CSV
	files[c.Name] = []byte(strings.Replace(string(files[c.Name]), old, with, 1))
	sum := sha256.Sum256(files[c.Name])
	c.Bytes, c.SHA256 = int64(len(files[c.Name])), hex.EncodeToString(sum[:])
}

// all counts everything that is stored, over all tenants.
func all(t *testing.T, env *tenancytest.Env) string {
	t.Helper()
	if env.Dir() != "" {
		names, err := filepath.Glob(filepath.Join(env.Dir(), "tenants", "*"))
		require.NoError(t, err)
		names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "-wal") || strings.HasSuffix(n, "-shm") })
		return strings.Join(names, "\n")
	}
	owner := env.Owner(t, tenancy.NewID())
	var out []string
	for _, m := range env.DB.Registry().Models {
		var n int
		require.NoError(t, owner.QueryRow("SELECT count(*) FROM "+m.Table).Scan(&n))
		out = append(out, fmt.Sprint(m.Table, n))
	}
	return strings.Join(out, "\n")
}

func TestImportRefuses(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		s := privacy.New(env.DB, privacy.Options{MaxBytes: 2 << 20, MaxLineBytes: 64 << 10})
		p, stranger := openPractice(t, env), openPractice(t, env)
		archive, _ := export(t, s, p.ctx)
		whole := files(t, archive)
		before := all(t, env)
		for name, tc := range refusals(stranger.ada, p) {
			t.Run(name, func(t *testing.T) {
				_, _, err := take(t, env, s, repack(t, whole, tc.sealed, tc.change), "refused")
				require.Error(t, err)
				require.Equal(t, tc.code, fault.CodeOf(err), "%v", err)
				require.NotContains(t, err.Error(), "Canary", "an error never holds a value")
				require.Equal(t, before, all(t, env))
			})
		}
		for _, cut := range []int{0, 1, len(archive) / 2, len(archive) - 1} {
			_, _, err := take(t, env, s, archive[:cut], "refused")
			require.Equal(t, fault.Code("privacy.archive"), fault.CodeOf(err), "%v", err)
		}
		require.Equal(t, before, all(t, env))
		_, _, err := take(t, env, s, repack(t, whole, true, func(map[string][]byte, *privacy.Manifest) {}), "refused")
		require.NoError(t, err, "what was not changed is taken: the refusals above are not of the packing")
	})
}

// Whatever byte of an archive is another, it is refused, or says the same.
func TestImportOfAFlippedByte(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: modules()})
	s := privacy.New(env.DB, privacy.Options{})
	p := openPractice(t, env)
	archive, m := export(t, s, p.ctx)
	refused := 0
	for at := 0; at < len(archive); at += 1 + len(archive)/150 {
		bad := slices.Clone(archive)
		bad[at] ^= 1 << (at % 8)
		tenant, _, err := take(t, env, s, bad, "")
		if err != nil {
			refused++
			continue
		}
		d, err := s.Digest(env.Enter(t, tenant.ID, "*"))
		require.NoError(t, err)
		require.Equal(t, m.Root, d.Root, "byte %d", at)
	}
	require.Greater(t, refused, 50)
}

// killed runs fn and reports whether it was cut off without a chance to clear anything away.
func killed(fn func()) (dead bool) {
	defer func() {
		if r := recover(); r != nil {
			if r != "killed" {
				panic(r)
			}
			dead = true
		}
	}()
	fn()
	return false
}

// dying is an archive whose reader's process ends at one of its reads.
type dying struct {
	*bytes.Reader
	left int
}

func (d *dying) ReadAt(p []byte, off int64) (int, error) {
	if d.left--; d.left == 0 {
		panic("killed")
	}
	return d.Reader.ReadAt(p, off)
}

// An import is killed at each of its reads in turn: nobody can enter what there is, and the next call completes it.
func TestImportKilledAnywhere(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		archive, m := export(t, s, p.ctx)
		ref := tenancy.NewID().String()
		for at := 1; ; at++ {
			var tenant tenancy.Tenant
			if killed(func() {
				var err error
				in := tenancy.NewTenant{Name: "Moved", TimeZone: "Europe/London", Reference: ref}
				tenant, _, err = s.Import(env.Platform(t), in, &dying{bytes.NewReader(archive), at}, int64(len(archive)))
				require.NoError(t, err)
			}) {
				half, err := env.DB.Tenants().List(env.Platform(t), uuid.Nil, 1000)
				require.NoError(t, err)
				for _, h := range half {
					if h.Reference == ref {
						require.Equal(t, tenancy.StateImporting, h.State)
						_, err = env.DB.Enter(context.Background(), h.ID, "tester", tenancy.Permissions{"*"})
						require.ErrorIs(t, err, tenancy.ErrTenantNotReady)
					}
				}
				continue
			}
			require.Greater(t, at, 5)
			d, err := s.Digest(env.Enter(t, tenant.ID, "*"))
			require.NoError(t, err)
			require.Equal(t, m.Root, d.Root)
			return
		}
	})
}
