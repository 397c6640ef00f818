package privacy

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// maxManifestBytes bounds the one file that is read as a whole.
const maxManifestBytes = 4 << 20

const opImport = "privacy.Import"

// archive is one that was looked over: its manifest is of this program's schema, and every file that it names is there and
// no other. What is in the files is seen when they are read.
type archive struct {
	manifest Manifest
	identity string
	files    map[string]*zip.File // by table
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
	if len(z.File) > 2*len(models)+1 {
		return nil, ErrArchive.New(opImport, "it holds %d files, far more than there are tables", len(z.File))
	}
	named := map[string]*zip.File{}
	for _, f := range z.File {
		if named[f.Name] != nil {
			return nil, ErrArchive.New(opImport, "the file %q is there twice", f.Name)
		}
		named[f.Name] = f
	}
	a := &archive{files: map[string]*zip.File{}}
	if a.manifest, err = readManifest(named[manifestName]); err != nil {
		return nil, err
	}
	if a.identity, err = a.manifest.identity(); err != nil {
		return nil, err
	}
	delete(named, manifestName)
	if err := s.checkManifest(&a.manifest, models); err != nil {
		return nil, err
	}
	for _, f := range a.manifest.Files {
		z := named[f.Name]
		if z == nil {
			return nil, ErrArchive.New(opImport, "the file %s is missing", f.Name)
		}
		if z.UncompressedSize64 != uint64(f.Bytes) { //nolint:gosec // checkManifest wants it at least 0
			return nil, ErrArchive.New(opImport, "the file %s has not the size that the manifest says", f.Name)
		}
		a.files[f.Table] = z
		delete(named, f.Name)
	}
	for name := range named {
		return nil, ErrArchive.New(opImport, "the file %q is not in the manifest", name)
	}
	return a, nil
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

// checkManifest holds the manifest against what this program stores.
func (s *Service) checkManifest(m *Manifest, models []*tenancy.Model) error {
	want := newManifest(s.db.Registry())
	switch {
	case m.Format != want.Format:
		return ErrSchema.New(opImport, "the archive has form %d, this program writes and reads form %d", m.Format, want.Format)
	case m.Schema != want.Schema || m.HostSchema != want.HostSchema:
		return ErrSchema.New(opImport, "the archive is of schema %d and the host's %d, this program of %d and %d: import it with a program of that version, and migrate",
			m.Schema, m.HostSchema, want.Schema, want.HostSchema)
	}
	var total int64
	for i, f := range m.Files {
		if i >= len(models) || f.Table != models[i].Table {
			return ErrSchema.New(opImport, "the table %q is unknown here, or stands out of order", f.Table)
		}
		known := emptyFile(models[i])
		if f.Name != known.Name || f.Trail != known.Trail || !slices.Equal(f.Columns, known.Columns) {
			return ErrSchema.New(opImport, "the columns of %s are others here", f.Table)
		}
		if f.Rows < 0 || f.Bytes < 0 || f.Bytes > s.opt.MaxBytes-total {
			return ErrLimit.New(opImport, "the archive holds more than %d bytes", s.opt.MaxBytes)
		}
		total += f.Bytes
	}
	if len(m.Files) != len(models) {
		return ErrSchema.New(opImport, "the archive lacks the table %s", models[len(m.Files)].Table)
	}
	root := m.Root
	if m.seal(); root != m.Root {
		return ErrArchive.New(opImport, "the root is not that of the files")
	}
	return nil
}
