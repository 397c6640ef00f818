package privacy

import (
	"context"
	"io"

	"github.com/opsmatiq/erp/tenancy"
)

const opExport = "privacy.Export"

// Export writes everything that the tenant has, the host's own models included, as a zip archive: of each model its rows as JSON Lines, sorted by key, and as CSV; what the
// registered renderers make of them ([Options].Renderers); and manifest.json last. Records and CSV are of one state of the database, and two exports of one state are
// equal but for the trail, in which each stands. Documents are made just before it is taken; what was issued does not change. Memory does not grow with the tenant: rows go from
// the database to w as they are read.
//
// What w has taken when an error is returned is no archive. A transaction that was lost on the way is not begun again
// (privacy.interrupted): w cannot take back what it has. [Service.ExportFile] goes on in a file.
//
// Permission: privacy.export. Its audit event is committed before the first byte goes out. Errors: privacy.interrupted, privacy.bad_input (options that cannot be),
// tenancy.unordered, tenancy.key (sealed columns that do not open), those of renderers, and w's own.
func (s *Service) Export(ctx context.Context, w io.Writer, opts ...ExportOption) (Manifest, error) {
	how, err := s.begin(ctx, PermExport, func() (exporting, error) { return exportOptions(opExport, opts) })
	if err != nil {
		return Manifest{}, err
	}
	return s.export(ctx, w, how)
}

// begin checks what was asked for and puts an export on record before its first byte: whoever takes all but the last has it all the same.
func (s *Service) begin(ctx context.Context, act tenancy.Permission, check func() (exporting, error)) (exporting, error) {
	return tenancy.Act(ctx, s.db, act, func(_ context.Context, tx *tenancy.Tx) (exporting, error) {
		how, err := check()
		if err != nil {
			return how, err
		}
		return how, tx.RecordAct()
	})
}

// export writes the archive of a tenant, in the clear or encrypted.
func (s *Service) export(ctx context.Context, w io.Writer, how exporting) (Manifest, error) {
	w, end, err := s.enclose(ctx, w, how)
	if err != nil {
		return Manifest{}, err
	}
	p := newPacker(w)
	var docs []DocumentFile
	if !how.noDocuments {
		if docs, err = s.allDocuments(ctx, p); err != nil {
			return Manifest{}, err
		}
	}
	m, err := viewOnce(ctx, s, PermExport, func(ctx context.Context, tx *tenancy.Tx) (Manifest, error) { return s.write(ctx, tx, p) })
	if err != nil {
		return Manifest{}, err
	}
	m.Documents = docs
	if err := p.end(&m); err != nil {
		return Manifest{}, err
	}
	return m, end()
}

// viewOnce is a View that is not begun again: what it has written cannot be taken back.
func viewOnce[T any](ctx context.Context, s *Service, act tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) (T, error)) (T, error) {
	begun := false
	return tenancy.View(ctx, s.db, act, func(ctx context.Context, tx *tenancy.Tx) (T, error) {
		if begun {
			var none T
			return none, ErrInterrupted.New(string(act), "")
		}
		begun = true
		return fn(ctx, tx)
	})
}

// write writes the files of all models.
func (s *Service) write(ctx context.Context, tx *tenancy.Tx, p *packer) (Manifest, error) {
	refs, err := tx.References(ctx)
	if err != nil {
		return Manifest{}, err
	}
	return walk(s.db.Registry(), func(m *tenancy.Model, f *File) error {
		f.References = referencesOf(refs, m)
		again := func(fn func(row any) error) error { return inOrder(tx)(ctx, m, fn) }
		return p.both(m, f, func(w *counted, held func(row any)) error {
			return writeRecords(w.w, m, f, func(fn func(row any) error) error {
				return again(func(row any) error {
					held(row)
					return fn(row)
				})
			})
		}, again)
	})
}

// Digest gives the manifest that Export would write now, without the archive, and so without CSV and documents: for telling whether two tenants hold the
// same, or one the same as before.
//
// Permission: privacy.digest. Errors: tenancy.unordered.
func (s *Service) Digest(ctx context.Context) (Manifest, error) {
	return tenancy.View(ctx, s.db, PermDigest, func(ctx context.Context, tx *tenancy.Tx) (Manifest, error) {
		return digest(ctx, s.db.Registry(), inOrder(tx))
	})
}

// streamer is how rows are read: a transaction's, or an import's.
type streamer func(ctx context.Context, m *tenancy.Model, fn func(row any) error) error

// inOrder reads all rows of a model in the order of its key.
func inOrder(tx *tenancy.Tx) streamer {
	return func(ctx context.Context, m *tenancy.Model, fn func(row any) error) error {
		return m.Verbs().Stream(ctx, tx, fn, tenancy.OrderBy(columnNames(m.Keys[1:])...))
	}
}

// digest reads every archived model once and describes what it read.
func digest(ctx context.Context, reg *tenancy.Registry, stream streamer) (Manifest, error) {
	return walk(reg, func(m *tenancy.Model, f *File) error {
		return writeRecords(io.Discard, m, f, func(fn func(row any) error) error { return stream(ctx, m, fn) })
	})
}

// walk has a file described for every archived model.
func walk(reg *tenancy.Registry, describe func(m *tenancy.Model, f *File) error) (Manifest, error) {
	out := newManifest(reg, OfTenant)
	for _, m := range archived(reg) {
		f := emptyFile(m)
		if err := describe(m, &f); err != nil {
			return Manifest{}, err
		}
		out.Files = append(out.Files, f)
	}
	out.seal()
	return out, nil
}

// writeRecords writes one model's records and counts and hashes what it writes.
func writeRecords(w io.Writer, m *tenancy.Model, f *File, rows func(fn func(row any) error) error) error {
	records := tenancy.NewRecords(m, w)
	err := rows(records.Add)
	f.Rows, f.Bytes, f.SHA256 = records.Rows, records.Bytes, records.Sum()
	return err
}
