package privacy

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"github.com/opsmatiq/erp/tenancy"
)

// packer writes an archive's files, one behind the other.
type packer struct{ z *zip.Writer }

func newPacker(w io.Writer) *packer { return &packer{zip.NewWriter(w)} }

// create begins a file. It bears no time, so that equal states give equal archives.
func (p *packer) create(name string) (*counted, error) {
	w, err := p.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	return &counted{name: name, w: w, hash: sha256.New()}, err
}

// put writes a whole file.
func (p *packer) put(name string, data []byte) (Content, error) {
	w, err := p.create(name)
	if err != nil {
		return Content{}, err
	}
	_, err = w.Write(data)
	return w.content(), err
}

// end writes the manifest and the archive's directory.
func (p *packer) end(m *Manifest) error {
	b, err := m.encode()
	if err != nil {
		return err
	}
	if _, err := p.put(manifestName, b); err != nil {
		return err
	}
	return p.z.Close()
}

// counted counts and hashes what goes through it.
type counted struct {
	name string
	w    io.Writer
	n    int64
	hash hash.Hash
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	_, _ = c.hash.Write(p[:n]) // a hash takes everything
	return n, err
}

func (c *counted) content() Content {
	return Content{Name: c.name, Bytes: c.n, SHA256: hex.EncodeToString(c.hash.Sum(nil))}
}

func csvName(m *tenancy.Model) string { return m.Table + ".csv" }

// maxHeldCSV is how much of a table's CSV is held while its records are written.
const maxHeldCSV = 1 << 20

// both writes a model's records, by the function that it is given, and then its CSV. A file of a zip is written whole before the next one, so the CSV of a small table is
// held until then, and rows of a large one are read twice.
func (p *packer) both(m *tenancy.Model, f *File, write func(w *counted, held func(row any)) error, again func(fn func(row any) error) error) error {
	w, err := p.create(f.Name)
	if err != nil {
		return err
	}
	held, full := appendHeader(nil, m), false
	err = write(w, func(row any) {
		if full = full || len(held) > maxHeldCSV; !full {
			held = appendLine(held, m, row)
		}
	})
	if err != nil {
		return err
	}
	csv, err := p.create(csvName(m))
	if err != nil {
		return err
	}
	if full {
		if _, err = csv.Write(appendHeader(held[:0], m)); err == nil {
			err = again(func(row any) error {
				held = appendLine(held[:0], m, row)
				_, err := csv.Write(held)
				return err
			})
		}
	} else {
		_, err = csv.Write(held)
	}
	c := csv.content()
	f.CSV = &c
	return err
}
