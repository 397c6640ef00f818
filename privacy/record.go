package privacy

import (
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// What a record is, and how it is written, stands in tenancy: here it is read.

// parseRecord reads a line, without its newline, into a row of the model. It takes the columns in their order and nothing
// else; whether the line was in the one form is for the caller to see, by writing the row again.
func parseRecord(line []byte, m *tenancy.Model, row reflect.Value) error {
	p := &parser{rest: line}
	p.expect("{")
	for i, c := range m.Recorded() {
		if i > 0 {
			p.expect(",")
		}
		p.expect(`"` + c.Name + `":`)
		if p.err != nil {
			return p.err
		}
		p.value(c, row.FieldByIndex(c.Index))
	}
	p.expect("}")
	if p.err == nil && len(p.rest) > 0 {
		p.fail("more follows after the record")
	}
	return p.err
}

type parser struct {
	rest []byte
	err  error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *parser) expect(text string) {
	if p.err != nil {
		return
	}
	if len(p.rest) < len(text) || string(p.rest[:len(text)]) != text {
		p.fail("%s is missing, or another column stands in its place", text)
		return
	}
	p.rest = p.rest[len(text):]
}

// value reads one scalar into a field. What it says about a value never holds the value.
func (p *parser) value(c *tenancy.Column, v reflect.Value) {
	switch {
	case p.err != nil:
		return
	case len(p.rest) >= 4 && string(p.rest[:4]) == "null":
		if !c.Nullable {
			p.fail("%s is null, and may not be", c.Name)
		}
		p.rest = p.rest[4:]
		v.SetZero()
		return
	case len(p.rest) > 0 && p.rest[0] == '"':
		p.text(c, v)
		return
	}
	n := 0
	for n < len(p.rest) && p.rest[n] != ',' && p.rest[n] != '}' {
		n++
	}
	word := string(p.rest[:n])
	p.rest = p.rest[n:]
	switch {
	case c.Type == tenancy.Boolean && (word == "true" || word == "false"):
		v.SetBool(word == "true")
		return
	case c.Type == tenancy.BigInt:
		if i, err := strconv.ParseInt(word, 10, 64); err == nil {
			v.SetInt(i)
			return
		}
	}
	p.fail("%s is not a %s", c.Name, c.Type)
}

func (p *parser) text(c *tenancy.Column, v reflect.Value) {
	s := p.unquote()
	if p.err != nil {
		return
	}
	var err error
	switch c.Type {
	case tenancy.Text:
		v.SetString(s)
		return
	case tenancy.UUID:
		err = set(v, s, uuid.Parse)
	case tenancy.Date:
		err = set(v, s, date.Parse)
	case tenancy.Timestamp:
		err = set(v, s, func(s string) (time.Time, error) { return time.Parse(tenancy.RecordInstant, s) })
	case tenancy.Decimal:
		err = set(v, s, decimal.NewFromString)
	case tenancy.BigInt, tenancy.Boolean:
		p.fail("%s is text, not a %s", c.Name, c.Type)
		return
	}
	if err != nil {
		p.fail("%s is not a %s", c.Name, c.Type)
	}
}

func set[T any](v reflect.Value, s string, parse func(string) (T, error)) error {
	x, err := parse(s)
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

// unquote reads a quoted text.
func (p *parser) unquote() string {
	var out []byte
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			if !utf8.Valid(out) {
				p.fail("a text is not UTF-8")
			}
			p.rest = p.rest[i+1:]
			return string(out)
		case c == '\\' && i+1 < len(p.rest):
			i++
			plain, ok := escapes[p.rest[i]]
			if p.rest[i] == 'u' && i+4 < len(p.rest) {
				n, err := strconv.ParseUint(string(p.rest[i+1:i+5]), 16, 7) // only control characters need it
				plain, ok = byte(n), err == nil && n != 0
				i += 4
			}
			if !ok {
				p.fail("a text holds an escape that it has no need of")
				return ""
			}
			out = append(out, plain)
		default:
			out = append(out, c)
		}
	}
	p.fail("a text does not end")
	return ""
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', 'b': '\b', 't': '\t', 'n': '\n', 'f': '\f', 'r': '\r'}
