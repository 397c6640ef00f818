package retail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
)

// File is an open file of the Online Retail form. It is used by one goroutine at a time.
type File struct {
	r    io.ReadSeeker
	name string
}

// Open opens a file; whether it is compressed is told by its first bytes, not by its name. The caller closes it.
func Open(path string) (*File, error) {
	f, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, fmt.Errorf("the file cannot be opened: %w", err)
	}
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, fmt.Errorf("%s is not a regular file; it has to be read twice", path)
	}
	return &File{r: f, name: path}, nil
}

// New reads from r, which must give the same bytes after each Seek to its start. name is for messages.
func New(r io.ReadSeeker, name string) *File { return &File{r: r, name: name} }

// Name is the path or name that it was made with.
func (f *File) Name() string { return f.name }

// Close closes what [Open] opened.
func (f *File) Close() error {
	if c, ok := f.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// pass is one reading of the file, from its first byte to its last.
type pass struct {
	text   *bufio.Reader // the CSV text
	raw    io.Reader     // what text is read from, through the digest
	digest hash.Hash
}

const bufferBytes = 64 << 10

var (
	gzipMagic = []byte{0x1f, 0x8b}
	byteOrder = []byte("\xef\xbb\xbf") // some programs begin UTF-8 with it
)

func (f *File) begin() (*pass, error) {
	if _, err := f.r.Seek(0, io.SeekStart); err != nil {
		return nil, f.unreadable(err)
	}
	p := &pass{digest: sha256.New()}
	raw := bufio.NewReaderSize(io.TeeReader(f.r, p.digest), bufferBytes)
	p.raw, p.text = raw, raw
	magic, err := raw.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return nil, f.unreadable(err)
	}
	if bytes.Equal(magic, gzipMagic) {
		plain, err := gzip.NewReader(raw)
		if err != nil {
			return nil, f.unreadable(err)
		}
		p.text = bufio.NewReaderSize(plain, bufferBytes)
	}
	mark, err := p.text.Peek(len(byteOrder))
	if err != nil && err != io.EOF {
		return nil, f.unreadable(err)
	}
	if bytes.Equal(mark, byteOrder) {
		_, _ = p.text.Discard(len(byteOrder)) // they have been peeked at
	}
	return p, nil
}

// sum is the SHA-256 of the whole file as it lies on disk, in hexadecimal, once its text has been read.
func (p *pass) sum() (string, error) {
	if _, err := io.Copy(io.Discard, p.raw); err != nil {
		return "", err
	}
	return hex.EncodeToString(p.digest.Sum(nil)), nil
}

func (f *File) unreadable(err error) error {
	return fmt.Errorf("%s cannot be read: %w", f.name, err)
}
