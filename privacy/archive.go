package privacy

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	// maxManifestBytes bounds the one file that is read as a whole.
	maxManifestBytes = 4 << 20
	// maxOtherFiles bounds what there is beside records and CSV.
	maxOtherFiles = 64
)

const opImport = "privacy.Import"

// archive is one that was looked over: its manifest is of this program's schema, and every file that it names is there and
// no other. What is in the files is seen when they are read.
type archive struct {
	manifest Manifest
	identity string
	files    map[string]*zip.File // by name
}

// unsealArchive is openArchive for an archive that may be sealed.
func (s *Service) unsealArchive(ctx context.Context, r io.ReaderAt, size int64) (*archive, error) {
	if r == nil || size <= 0 {
		return nil, ErrArchive.New(opImport, "there is no archive")
	}
	r, size, err := s.db.Tenants().OpenArchive(ctx, r, size)
	if errors.Is(err, tenancy.ErrBadInput) {
		return nil, ErrArchive.Wrap(opImport, err, "")
	}
	if err != nil {
		return nil, err
	}
	return s.openArchive(r, size)
}

// openArchive reads the directory and the manifest.
func (s *Service) openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, ErrArchive.Wrap(opImport, err, "it is no zip archive, or was cut off")
	}
	models := archived(s.db.Registry())
	if len(z.File) > 2*len(models)+maxOtherFiles {
		return nil, ErrArchive.New(opImport, "it holds %d files, far more than there are tables", len(z.File))
	}
	named, err := byName(z)
	if err != nil {
		return nil, err
	}
	a := &archive{files: map[string]*zip.File{}}
	if a.manifest, err = readManifest(named[manifestName]); err != nil {
		return nil, err
	}
	if a.identity, err = a.manifest.identity(); err != nil {
		return nil, err
	}
	if err := s.checkManifest(&a.manifest, models); err != nil {
		return nil, err
	}
	return a, a.take(named)
}

// byName are an archive's files.
func byName(z *zip.Reader) (map[string]*zip.File, error) {
	named := map[string]*zip.File{}
	for _, f := range z.File {
		if named[f.Name] != nil {
			return nil, ErrArchive.New(opImport, "the file %q is there twice", f.Name)
		}
		named[f.Name] = f
	}
	return named, nil
}

// take finds the files that the manifest names, and refuses any others.
func (a *archive) take(named map[string]*zip.File) error {
	delete(named, manifestName)
	for _, c := range a.manifest.contents() {
		z := named[c.Name]
		if z == nil {
			return ErrArchive.New(opImport, "the file %s is missing", c.Name)
		}
		if z.UncompressedSize64 != uint64(c.Bytes) { //nolint:gosec // manifest.check wants it at least 0
			return ErrArchive.New(opImport, "the file %s has not the size that the manifest says", c.Name)
		}
		a.files[c.Name] = z
		delete(named, c.Name)
	}
	for name := range named {
		return ErrArchive.New(opImport, "the file %q is not in the manifest", name)
	}
	return nil
}

// whole reads a file and holds it against what the manifest says.
func (a *archive) whole(want Content) error {
	r, err := a.files[want.Name].Open()
	if err != nil {
		return ErrArchive.Wrap(opImport, err, "%s cannot be read", want.Name)
	}
	defer func() { _ = r.Close() }()
	w := &counted{name: want.Name, w: io.Discard, hash: sha256.New()}
	if _, err := io.Copy(w, io.LimitReader(r, want.Bytes+1)); err != nil {
		return ErrArchive.Wrap(opImport, err, "%s cannot be read", want.Name)
	}
	if w.content() != want {
		return ErrArchive.New(opImport, "%s is not what the manifest says it is", want.Name)
	}
	return nil
}

func readManifest(f *zip.File) (Manifest, error) {
	var m Manifest
	if f == nil {
		return m, ErrArchive.New(opImport, "it has no %s", manifestName)
	}
	r, err := f.Open()
	if err != nil {
		return m, ErrArchive.Wrap(opImport, err, "%s cannot be read", manifestName)
	}
	defer func() { _ = r.Close() }()
	text, err := io.ReadAll(io.LimitReader(r, maxManifestBytes+1))
	if err != nil || len(text) > maxManifestBytes {
		return m, ErrArchive.Wrap(opImport, err, "%s cannot be read, or is too large", manifestName)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, ErrArchive.Wrap(opImport, err, "%s is no manifest", manifestName)
	}
	// What is understood must be all that it says.
	if again, err := m.encode(); err != nil || !bytes.Equal(again, text) {
		return m, ErrArchive.Wrap(opImport, err, "%s is not as Export writes it", manifestName)
	}
	return m, nil
}

// contents are all files that the manifest names.
func (m *Manifest) contents() []Content {
	var out []Content
	for _, f := range m.Files {
		out = append(out, Content{f.Name, f.Bytes, f.SHA256})
		if f.CSV != nil {
			out = append(out, *f.CSV)
		}
	}
	for _, d := range m.Documents {
		out = append(out, d.Content)
	}
	return append(out, m.Texts...)
}

// check holds a manifest's sums against one another, and to a bound.
func (m *Manifest) check(most int64) error {
	seen := map[string]bool{manifestName: true}
	var total int64
	for _, c := range m.contents() {
		if seen[c.Name] {
			return ErrArchive.New(opImport, "the manifest names %q twice", c.Name)
		}
		seen[c.Name] = true
		if c.Bytes < 0 || c.Bytes > most-total {
			return ErrLimit.New(opImport, "the archive holds more than %d bytes", most)
		}
		total += c.Bytes
	}
	root := m.Root
	if m.seal(); root != m.Root {
		return ErrArchive.New(opImport, "the root is not that of the files")
	}
	return nil
}

// checkManifest holds the manifest against what this program stores.
func (s *Service) checkManifest(m *Manifest, models []*tenancy.Model) error {
	want := newManifest(s.db.Registry(), OfTenant)
	switch {
	case m.Format != want.Format:
		return ErrSchema.New(opImport, "the archive has form %d, this program writes and reads form %d", m.Format, want.Format)
	case m.Kind != want.Kind:
		return ErrArchive.New(opImport, "the archive is one of a %q, not of a tenant", m.Kind)
	case m.Schema != want.Schema || m.HostSchema != want.HostSchema:
		return ErrSchema.New(opImport, "the archive is of schema %d and the host's %d, this program of %d and %d: import it with a program of that version, and migrate",
			m.Schema, m.HostSchema, want.Schema, want.HostSchema)
	}
	for i, f := range m.Files {
		if i >= len(models) || f.Table != models[i].Table {
			return ErrSchema.New(opImport, "the table %q is unknown here, or stands out of order", f.Table)
		}
		known := emptyFile(models[i])
		if f.Name != known.Name || f.Trail != known.Trail || !f.sameColumns(&known) {
			return ErrSchema.New(opImport, "the columns of %s are others here", f.Table)
		}
		if f.Rows < 0 || f.CSV == nil || f.CSV.Name != csvName(models[i]) {
			return ErrArchive.New(opImport, "the manifest says nothing of the CSV of %s, or of its rows what cannot be", f.Table)
		}
	}
	if len(m.Files) != len(models) {
		return ErrSchema.New(opImport, "the archive lacks the table %s", models[len(m.Files)].Table)
	}
	return m.check(s.opt.MaxBytes)
}
