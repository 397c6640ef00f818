package privacy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"reflect"

	"github.com/opsmatiq/erp/tenancy"
)

// importRows and importBytes bound what of an archive is in memory at a time, beside one record.
const (
	importRows  = 1_000
	importBytes = 4 << 20
)

// Import makes a new tenant out of an archive that Export wrote, on this engine or the other one. Every record is checked for
// its one form, every file for its hash, every row by the database as if it were written today; then everything is read back
// and must give the same hashes. Rows come from the records; a CSV that says anything else is refused, so that no archive tells two stories. Documents are held against their hashes and
// not kept: they can be made again. Sealed columns are sealed under the new tenant's own key, and an archive that was exported
// [Sealed] is opened with that of the tenant whose it was. The tenant cannot be entered before all that is done. An archive that is refused leaves no
// row behind. Memory does not grow with the archive.
//
// The archive is trusted for what it says, not for how it says it: whoever can write an archive with a manifest that fits can
// write any history that the database accepts. Keep the root of an archive where it cannot be changed.
//
// in says whose the new tenant is; with a Reference the call can be repeated: after a crash it goes on, after success it gives
// the tenant that was made, and with another archive it is refused. It needs a context from [tenancy.DB.EnterPlatform] and
// stands in the platform's journal; the new tenant's own trail is the old one's.
//
// Errors: tenancy.not_platform, tenancy.bad_input, tenancy.duplicate (the reference has another archive or name);
// privacy.archive (damaged, or altered), tenancy.key (sealed under a key that is not here), tenancy.key_destroyed, privacy.schema (of another version), privacy.limit, privacy.differs; and what the
// database refuses of the rows: tenancy.reference, tenancy.duplicate, tenancy.refused_value, or a domain's own code.
func (s *Service) Import(ctx context.Context, in tenancy.NewTenant, r io.ReaderAt, size int64) (tenancy.Tenant, Manifest, error) {
	if err := s.db.Tenants().Require(ctx, tenancy.PermImportTenant); err != nil {
		return tenancy.Tenant{}, Manifest{}, err
	}
	a, err := s.unsealArchive(ctx, r, size)
	if err != nil {
		return tenancy.Tenant{}, Manifest{}, err
	}
	t, err := s.db.Tenants().Import(ctx, in, a.identity, func(ctx context.Context, i *tenancy.Importing) error {
		fresh, err := i.Fresh(ctx)
		if err != nil {
			return err
		}
		if fresh { // else an earlier call was cut short behind its commit
			for _, m := range i.Models() {
				if err := s.importModel(ctx, i, a, m); err != nil {
					return err
				}
			}
			for _, c := range a.others() {
				if err := a.whole(c); err != nil {
					return err
				}
			}
		}
		return s.readBack(ctx, i, &a.manifest)
	})
	if err != nil {
		return tenancy.Tenant{}, Manifest{}, err
	}
	return t, a.manifest, nil
}

// readBack compares what the database holds now with what the archive said.
func (s *Service) readBack(ctx context.Context, i *tenancy.Importing, want *Manifest) error {
	have, err := digest(ctx, s.db.Registry(), i.Stream)
	if err != nil {
		return err
	}
	for n, f := range have.Files {
		if f.Rows != want.Files[n].Rows || f.SHA256 != want.Files[n].SHA256 {
			return ErrDiffers.New(opImport, "%s reads back as %d records with other contents than the archive's %d", f.Table, f.Rows, want.Files[n].Rows)
		}
	}
	return nil
}

// importModel writes one model's file, a few records at a time.
func (s *Service) importModel(ctx context.Context, i *tenancy.Importing, a *archive, m *tenancy.Model) error {
	want := a.manifest.Files[fileIndex(&a.manifest, m.Table)]
	file, err := a.files[want.Name].Open()
	if err != nil {
		return ErrArchive.Wrap(opImport, err, "%s cannot be read", want.Name)
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	in := &lines{r: bufio.NewReaderSize(io.TeeReader(io.LimitReader(file, want.Bytes+1), hash), 64<<10), max: s.opt.MaxLineBytes}
	batch := &records{m: m, name: want.Name, csv: &counted{name: want.CSV.Name, w: io.Discard, hash: sha256.New()}}
	_, _ = batch.csv.Write(appendHeader(nil, m)) // a hash takes everything
	var held int
	flush := func() error {
		err := i.Put(ctx, m, batch.rows)
		batch.rows, held = batch.rows[:0], 0
		return err
	}
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = batch.add(line)
		}
		if err != nil {
			return err
		}
		if held += len(line); len(batch.rows) == s.importRows || held >= importBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if batch.count != want.Rows || hex.EncodeToString(hash.Sum(nil)) != want.SHA256 {
		return ErrArchive.New(opImport, "%s is not what the manifest says it is", want.Name)
	}
	if batch.csv.content() != *want.CSV {
		return ErrArchive.New(opImport, "%s does not say what %s says", want.CSV.Name, want.Name)
	}
	if err := a.whole(*want.CSV); err != nil {
		return err
	}
	return flush()
}

// others are the files that are neither records nor CSV.
func (a *archive) others() []Content {
	m := Manifest{Documents: a.manifest.Documents, Texts: a.manifest.Texts}
	return m.contents()
}

func fileIndex(m *Manifest, table string) int {
	for n := range m.Files {
		if m.Files[n].Table == table {
			return n
		}
	}
	return -1 // openArchive has seen to it that there is one
}

// records turns lines into rows and holds them to their form and order.
type records struct {
	m     *tenancy.Model
	name  string
	rows  []any
	count int64
	last  any
	again []byte
	csv   *counted // what the CSV has to be
	line  []byte
}

func (r *records) add(line []byte) error {
	row := reflect.New(r.m.Type)
	r.count++
	if err := parseRecord(bytes.TrimSuffix(line, []byte("\n")), r.m, row.Elem()); err != nil {
		return ErrArchive.Wrap(opImport, err, "%s, record %d: %v", r.name, r.count, err)
	}
	if r.again = r.m.AppendRecord(r.again[:0], row.Interface()); !bytes.Equal(r.again, line) {
		return ErrArchive.New(opImport, "%s, record %d is not in the form that Export writes", r.name, r.count)
	}
	if r.last != nil && r.m.CompareKeys(r.last, row.Interface()) >= 0 {
		return ErrArchive.New(opImport, "%s, record %d is there twice, or out of order", r.name, r.count)
	}
	r.last = row.Interface()
	r.line = appendLine(r.line[:0], r.m, r.last)
	_, _ = r.csv.Write(r.line)
	r.rows = append(r.rows, r.last)
	return nil
}

// lines reads lines of bounded length.
type lines struct {
	r    *bufio.Reader
	max  int
	line []byte
}

// next gives a line with its newline, valid until the next call; io.EOF at the end.
func (l *lines) next() ([]byte, error) {
	l.line = l.line[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if len(l.line)+len(part) > l.max {
			return nil, ErrLimit.New(opImport, "a record is longer than %d bytes", l.max)
		}
		l.line = append(l.line, part...)
		switch {
		case err == nil:
			return l.line, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(l.line) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, ErrArchive.New(opImport, "the last record does not end")
		default: // a broken stream, or a checksum that is wrong
			return nil, ErrArchive.Wrap(opImport, err, "the archive cannot be read")
		}
	}
}
