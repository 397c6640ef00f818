package local

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// Files is a [tenancy.Files] in a directory, which is made when first needed, readable by this user only.
type Files struct {
	// Dir is the directory. Required.
	Dir string
}

var part = regexp.MustCompile(`^[a-z0-9_-][a-z0-9._-]{0,99}$`)

// path is where a file lies. No name leads out of the directory: parts never begin with a dot.
func (f Files) path(op, name string) (string, error) {
	if f.Dir == "" {
		return "", tenancy.ErrBadInput.New(op, "Files needs a directory")
	}
	parts := strings.Split(name, "/")
	for _, p := range parts {
		if !part.MatchString(p) || len(parts) > 8 {
			return "", tenancy.ErrBadInput.New(op, "%q is not a file's name: lower-case parts joined by /", name)
		}
	}
	return filepath.Join(append([]string{f.Dir}, parts...)...), nil
}

// Put implements [tenancy.Files]: the file appears under its name when all of it is on the disk.
func (f Files) Put(ctx context.Context, name string, content io.Reader) error {
	const op = "local.Files.Put"
	path, err := f.path(op, name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".new-*") // readable by this user only
	if err != nil {
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // it is gone when all went well
	_, err = io.Copy(temporary, reader{ctx, content})
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Link(temporary.Name(), path) // unlike a rename, it does not replace
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return tenancy.ErrDuplicate.Wrap(op, err, "there is a file %s already", name)
	case err != nil:
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	return syncDir(op, filepath.Dir(path))
}

// syncDir has the directory's entry survive a loss of power.
func syncDir(op, dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the directory is the host's own
	if err != nil {
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	return nil
}

// reader stops when its context is done.
type reader struct {
	ctx context.Context //nolint:containedctx // for the length of one copy
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// Open implements [tenancy.Files].
func (f Files) Open(_ context.Context, name string) (io.ReadCloser, error) {
	const op = "local.Files.Open"
	path, err := f.path(op, name)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path) //nolint:gosec // path lets no name out of the directory
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, tenancy.ErrNotFound.Wrap(op, err, "there is no file %s", name)
	case err != nil:
		return nil, tenancy.ErrFiles.Wrap(op, err, "")
	}
	return file, nil
}

// Remove implements [tenancy.Files].
func (f Files) Remove(_ context.Context, name string) error {
	const op = "local.Files.Remove"
	path, err := f.path(op, name)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	return nil
}
