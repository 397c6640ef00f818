package tenancy

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy/date"
)

// A record is one row as a line of JSON in the one form that it can have: columns in the model's order, numbers without
// leading zeros, decimals as text without trailing ones, instants in UTC to the microsecond, null for what is missing,
// text escaped only where JSON demands it (RFC 8785, 3.2.2.2). Equal rows are equal lines, whatever engine they are read
// from: archives are made of them, and a tenant that moves is held against its copy by them.

// RecordInstant is the form of a time in a record: always of one length.
const RecordInstant = "2006-01-02T15:04:05.000000Z"

// Recorded are a model's columns as a record has them: in the order of its struct, without the tenant's id, so that a
// record does not depend on it.
func (m *Model) Recorded() []*Column {
	if m.Columns[0] == m.Keys[0] { // as in every model that embeds Row or Owned first
		return m.Columns[1:]
	}
	return slices.DeleteFunc(slices.Clone(m.Columns), func(c *Column) bool { return c == m.Keys[0] })
}

// AppendRecord adds the record of a row, a pointer to the model's struct, with its newline.
func (m *Model) AppendRecord(b []byte, row any) []byte {
	v := reflect.ValueOf(row).Elem()
	b = append(b, '{')
	for i, c := range m.Recorded() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, c.Name...)
		b = append(b, '"', ':')
		b = appendValue(b, c, v.FieldByIndex(c.Index))
	}
	return append(b, '}', '\n')
}

func appendValue(b []byte, c *Column, v reflect.Value) []byte {
	if c.Nullable && v.IsZero() {
		return append(b, "null"...)
	}
	switch c.Type {
	case BigInt:
		return strconv.AppendInt(b, v.Int(), 10)
	case Boolean:
		return strconv.AppendBool(b, v.Bool())
	case Text:
		return appendText(b, v.String())
	case UUID, Date, Timestamp, Decimal:
	}
	switch x := v.Interface().(type) {
	case uuid.UUID:
		return appendText(b, x.String())
	case date.Date:
		if x.IsZero() { // no column of a day is zero without being null
			return append(b, "null"...)
		}
		return appendText(b, x.String())
	case time.Time:
		b = append(b, '"')
		b = x.UTC().AppendFormat(b, RecordInstant)
		return append(b, '"')
	case decimal.Decimal:
		return appendText(b, x.String())
	}
	return append(b, "null"...)
}

const hexDigits = "0123456789abcdef"

// appendText quotes a text. Texts are valid UTF-8: neither engine stores others.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\t':
			b = append(b, '\\', 't')
		case '\n':
			b = append(b, '\\', 'n')
		case '\f':
			b = append(b, '\\', 'f')
		case '\r':
			b = append(b, '\\', 'r')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// Records writes rows of one model as records, in the order of their keys, and counts and hashes what it writes. Two that
// have written equal rows have equal sums.
type Records struct {
	// Rows and Bytes are what has been written so far.
	Rows, Bytes int64

	model *Model
	to    io.Writer
	hash  hash.Hash
	last  reflect.Value
	line  []byte
}

// NewRecords begins with a model's first row. Records go to w.
func NewRecords(m *Model, w io.Writer) *Records {
	r := &Records{model: m, hash: sha256.New(), last: reflect.New(m.Type)}
	r.to = io.MultiWriter(w, r.hash)
	return r
}

// Add writes the next row, a pointer to the model's struct, which the caller may use again. Errors: tenancy.unordered (it
// does not follow the row before by its key), and the writer's own.
func (r *Records) Add(row any) error {
	if r.Rows > 0 && r.model.CompareKeys(r.last.Interface(), row) >= 0 {
		return ErrUnordered.New("tenancy.Records", "%s does not come in the order of its key: declare its text columns COLLATE \"C\"", r.model.Table)
	}
	r.last.Elem().Set(reflect.ValueOf(row).Elem())
	r.line = r.model.AppendRecord(r.line[:0], row)
	r.Rows++
	r.Bytes += int64(len(r.line))
	_, err := r.to.Write(r.line)
	return err
}

// Sum is the SHA-256, in hex, of all records so far.
func (r *Records) Sum() string { return hex.EncodeToString(r.hash.Sum(nil)) }
