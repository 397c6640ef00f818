package privacy

import (
	"archive/zip"
	"context"
	"io"

	"github.com/opsmatiq/erp/tenancy"
)

// ExportOption changes what [Service.Export] writes.
type ExportOption func(*exporting)

type exporting struct{ sealed bool }

// Sealed has the archive sealed under the tenant's key, in the age format: for keeping, and for [Service.Import] where the
// tenant's key is. It is no use to anybody else, and none to anybody once the tenant has been purged. Without it an archive
// is in the clear, sealed columns included, for a tenant who takes the data elsewhere.
func Sealed() ExportOption { return func(e *exporting) { e.sealed = true } }

// Export writes everything that the tenant has, the host's own models included, as a zip archive: one JSON Lines file per
// model, sorted by key, and manifest.json last. The archive is of one state of the database, and two exports of one state are
// equal but for the trail, in which each stands. Memory does not grow with the tenant: rows go from the database to w as they are read.
//
// What w has taken when an error is returned is no archive. A transaction that was lost on the way is not begun again
// (privacy.interrupted): w cannot take back what it has.
//
// Permission: privacy.export. Its audit event is committed before the first byte goes out. Errors: privacy.interrupted,
// tenancy.unordered, tenancy.key (sealed columns that do not open), and w's own.
func (s *Service) Export(ctx context.Context, w io.Writer, opts ...ExportOption) (Manifest, error) {
	var how exporting
	for _, o := range opts {
		o(&how)
	}
	// On record before the first byte: whoever takes all but the last has it all the same.
	if _, err := tenancy.Act(ctx, s.db, PermExport, func(_ context.Context, tx *tenancy.Tx) (bool, error) { return true, tx.RecordAct() }); err != nil {
		return Manifest{}, err
	}
	begun := false
	m, err := tenancy.View(ctx, s.db, PermExport, func(ctx context.Context, tx *tenancy.Tx) (Manifest, error) {
		if begun {
			return Manifest{}, ErrInterrupted.New("privacy.Export", "")
		}
		begun = true
		if !how.sealed {
			return s.write(ctx, tx, w)
		}
		sealer, err := tx.SealArchive(ctx, w)
		if err != nil {
			return Manifest{}, err
		}
		m, err := s.write(ctx, tx, sealer)
		if err != nil {
			return Manifest{}, err // and what w has stays without its end
		}
		return m, sealer.Close()
	})
	if err != nil {
		return Manifest{}, err
	}
	return m, nil
}

// write writes the archive itself.
func (s *Service) write(ctx context.Context, tx *tenancy.Tx, w io.Writer) (Manifest, error) {
	z := zip.NewWriter(w)
	m, err := s.walk(ctx, tx, func(f File) (io.Writer, error) { return createFile(z, f.Name) })
	if err != nil {
		return Manifest{}, err
	}
	if err := writeManifest(z, &m); err != nil {
		return Manifest{}, err
	}
	return m, z.Close()
}

// Digest gives the manifest that Export would write now, without the archive: for telling whether two tenants hold the
// same, or one the same as before.
//
// Permission: privacy.digest. Errors: tenancy.unordered.
func (s *Service) Digest(ctx context.Context) (Manifest, error) {
	return tenancy.View(ctx, s.db, PermDigest, func(ctx context.Context, tx *tenancy.Tx) (Manifest, error) {
		return s.walk(ctx, tx, func(File) (io.Writer, error) { return io.Discard, nil })
	})
}

// streamer is how rows are read: a transaction's, or an import's.
type streamer func(ctx context.Context, m *tenancy.Model, fn func(row any) error) error

func (s *Service) walk(ctx context.Context, tx *tenancy.Tx, open func(File) (io.Writer, error)) (Manifest, error) {
	return walk(ctx, s.db.Registry(), open, func(ctx context.Context, m *tenancy.Model, fn func(row any) error) error {
		var order []string
		for _, k := range m.Keys[1:] {
			order = append(order, k.Name)
		}
		return m.Verbs().Stream(ctx, tx, fn, tenancy.OrderBy(order...))
	})
}

// walk reads every archived model once and describes what it read.
func walk(ctx context.Context, reg *tenancy.Registry, open func(File) (io.Writer, error), stream streamer) (Manifest, error) {
	out := newManifest(reg)
	for _, m := range archived(reg) {
		f := emptyFile(m)
		w, err := open(f)
		if err != nil {
			return Manifest{}, err
		}
		if err := writeRecords(ctx, w, m, &f, stream); err != nil {
			return Manifest{}, err
		}
		out.Files = append(out.Files, f)
	}
	out.seal()
	return out, nil
}

// writeRecords writes one model's file and counts and hashes what it writes.
func writeRecords(ctx context.Context, w io.Writer, m *tenancy.Model, f *File, stream streamer) error {
	records := tenancy.NewRecords(m, w)
	err := stream(ctx, m, records.Add)
	f.Rows, f.Bytes, f.SHA256 = records.Rows, records.Bytes, records.Sum()
	return err
}

// createFile begins a file of the archive. It bears no time, so that equal states give equal archives.
func createFile(z *zip.Writer, name string) (io.Writer, error) {
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
}

func writeManifest(z *zip.Writer, m *Manifest) error {
	b, err := m.encode()
	if err != nil {
		return err
	}
	w, err := createFile(z, manifestName)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}
