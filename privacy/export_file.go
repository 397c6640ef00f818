package privacy

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// Partial is a file that an archive is written to and gone on with: an *os.File that is open for reading and writing is one.
type Partial interface {
	io.ReadWriteSeeker
	Truncate(size int64) error
	Sync() error
}

// Resumed is what became of a file.
type Resumed struct {
	Manifest
	// Kept is how many bytes of what had been there stand as they were. The rest was written now.
	Kept int64
}

// ExportFile is [Service.Export] into a file, from its beginning, which can break off anywhere and be called again: by an error, by a lost connection, by kill -9. What the file has
// then counts as far as it is, byte for byte, what an export writes now; from the first difference on it is cut off and written. So the file is at the end what Export
// would have written, of one state of the database: that of the last call. Nobody has to know how far it had come, nor whether the data changed in between:
// where they did not, only what was missing is written, and the trail, in which each call stands; where they did, everything from the first change on. The database is
// read from the beginning each time, for no state of it outlives a process on either engine.
//
// A file that is there whole is served over HTTP with ranges (net/http.ServeContent), by which a download goes on by itself.
//
// Permission: privacy.export. Errors: those of [Service.Export], privacy.bad_input also for an archive that is to be encrypted, which is another file each time; and the file's own.
func (s *Service) ExportFile(ctx context.Context, f Partial, opts ...ExportOption) (Resumed, error) {
	const op = "privacy.ExportFile"
	how, err := s.begin(ctx, PermExport, func() (exporting, error) {
		how, err := exportOptions(op, opts)
		if err == nil && (f == nil || how.encrypted()) {
			err = ErrBadInput.New(op, "a file is needed, and an archive in the clear: encrypted, it is another one each time")
		}
		return how, err
	})
	if err != nil {
		return Resumed{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Resumed{}, err
	}
	w := &resuming{f: f, have: bufio.NewReaderSize(f, 64<<10)}
	m, err := s.export(ctx, w, how)
	if err != nil {
		return Resumed{}, err
	}
	return Resumed{Manifest: m, Kept: w.kept}, w.end()
}

// resuming writes to a file what does not stand there.
type resuming struct {
	f    Partial
	have *bufio.Reader // what stands there; nil from the first difference on
	kept int64
	part []byte
}

func (r *resuming) Write(p []byte) (int, error) {
	if r.have == nil {
		return r.f.Write(p)
	}
	if cap(r.part) < len(p) {
		r.part = make([]byte, len(p))
	}
	n, err := io.ReadFull(r.have, r.part[:len(p)])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	same := 0
	for same < n && r.part[same] == p[same] {
		same++
	}
	r.kept += int64(same)
	if same == len(p) {
		return same, nil
	}
	if err := r.cut(); err != nil {
		return same, err
	}
	n, err = r.f.Write(p[same:])
	return same + n, err
}

// cut has the file end behind what is kept of it.
func (r *resuming) cut() error {
	r.have = nil
	if err := r.f.Truncate(r.kept); err != nil {
		return err
	}
	_, err := r.f.Seek(r.kept, io.SeekStart)
	return err
}

// end has the file end where the archive does, and on the disk.
func (r *resuming) end() error {
	if r.have != nil {
		if err := r.cut(); err != nil {
			return err
		}
	}
	return r.f.Sync()
}
