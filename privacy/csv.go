package privacy

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The CSV of an archive is as RFC 4180 has it, in UTF-8 without a byte order mark: a header with the columns' names, commas, CRLF at each line's end.
// Text stands in quotation marks, whatever it is, and nothing else does: what is missing is nothing at all, as PostgreSQL's COPY writes and reads it.
// Values are those of the records. encoding/csv is not used, because it drops a carriage return within a text, and tells a text that is empty from one
// that is missing neither on its way out nor in.

// formulaMarks are what a spreadsheet takes for the beginning of a formula when a cell begins with it (OWASP, "CSV Injection"), with the full-width forms that some
// read alike.
const formulaMarks = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

// formulaLike reports whether a text begins with a mark, behind any number of apostrophes. Such a text is written with one apostrophe more: a spreadsheet shows it and
// computes nothing, and whoever takes one away where this holds of the rest has every text as it was.
func formulaLike(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "'"))
	return first != utf8.RuneError && strings.ContainsRune(formulaMarks, first)
}

const endOfLine = "\r\n"

// appendHeader adds the first line of a model's CSV.
func appendHeader(b []byte, m *tenancy.Model) []byte {
	for i, c := range m.Recorded() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, c.Name...) // a plain name, without anything that would need quotation marks
	}
	return append(b, endOfLine...)
}

// appendLine adds the line of a row, a pointer to the model's struct.
func appendLine(b []byte, m *tenancy.Model, row any) []byte {
	v, from := reflect.ValueOf(row).Elem(), len(b)
	for i, c := range m.Recorded() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCell(b, c, v.FieldByIndex(c.Index))
	}
	if len(b) == from { // an empty line would be no row to most readers
		b = append(b, `""`...)
	}
	return append(b, endOfLine...)
}

// appendCell adds a value in the form that it has in a record: see [tenancy.Model.AppendRecord].
func appendCell(b []byte, c *tenancy.Column, v reflect.Value) []byte {
	if c.Nullable && v.IsZero() {
		return b
	}
	switch c.Type {
	case tenancy.BigInt:
		return strconv.AppendInt(b, v.Int(), 10)
	case tenancy.Boolean:
		return strconv.AppendBool(b, v.Bool())
	case tenancy.Text:
		return appendQuoted(b, v.String())
	case tenancy.UUID, tenancy.Date, tenancy.Timestamp, tenancy.Decimal:
	}
	switch x := v.Interface().(type) {
	case uuid.UUID:
		return append(b, x.String()...)
	case date.Date:
		if x.IsZero() {
			return b
		}
		return append(b, x.String()...)
	case time.Time:
		return x.UTC().AppendFormat(b, tenancy.RecordInstant)
	case decimal.Decimal:
		return append(b, x.String()...)
	}
	return b
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	if formulaLike(s) {
		b = append(b, '\'')
	}
	for i := range len(s) {
		if s[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
