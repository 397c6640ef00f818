package postgres

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// text is the parameter in PostgreSQL's text format, which every driver can bind as a string, or nil for NULL. It serves
// Join, where the connection is of the host's driver.
func (p param) text() (any, error) {
	var b strings.Builder
	if !p.isArray() {
		v, null := p.single()
		if null {
			return nil, nil
		}
		err := writeText(&b, p.typ, v)
		return b.String(), err
	}
	b.WriteByte('{')
	first := true
	err := p.each(func(v reflect.Value, null bool) error {
		if !first {
			b.WriteByte(',')
		}
		first = false
		if null {
			b.WriteString("NULL")
			return nil
		}
		if p.typ != tenancy.Text {
			return writeText(&b, p.typ, v)
		}
		return writeQuotedElement(&b, v)
	})
	b.WriteByte('}')
	return b.String(), err
}

func writeText(b *strings.Builder, typ tenancy.ColumnType, v reflect.Value) error {
	switch typ {
	case tenancy.UUID:
		if u, ok := valueOf[uuid.UUID](v); ok {
			b.WriteString(u.String())
			return nil
		}
	case tenancy.Text:
		if v.Kind() == reflect.String {
			b.WriteString(v.String())
			return nil
		}
	case tenancy.Decimal:
		if d, ok := valueOf[decimal.Decimal](v); ok {
			b.WriteString(d.String())
			return nil
		}
	case tenancy.BigInt:
		if v.CanInt() {
			b.WriteString(strconv.FormatInt(v.Int(), 10))
			return nil
		}
	case tenancy.Boolean:
		if v.Kind() == reflect.Bool {
			b.WriteString(strconv.FormatBool(v.Bool()))
			return nil
		}
	case tenancy.Date:
		if d, ok := valueOf[date.Date](v); ok {
			if d.IsZero() {
				return fmt.Errorf("a date is missing")
			}
			b.WriteString(d.String())
			return nil
		}
	case tenancy.Timestamp:
		if t, ok := valueOf[time.Time](v); ok {
			b.WriteString(t.UTC().Format("2006-01-02T15:04:05.000000Z")) // no comma or quote, so no quoting in arrays
			return nil
		}
	}
	return fmt.Errorf("a %s is no value for a column of type %s", v.Type(), typ)
}

var elementEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func writeQuotedElement(b *strings.Builder, v reflect.Value) error {
	if v.Kind() != reflect.String {
		return fmt.Errorf("a %s is no text", v.Type())
	}
	b.WriteByte('"')
	_, _ = elementEscapes.WriteString(b, v.String())
	b.WriteByte('"')
	return nil
}
