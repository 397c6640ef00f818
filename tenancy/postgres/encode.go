package postgres

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// wireType says how a portable column type travels as a parameter. Decimals travel as text, which keeps every digit, and
// are cast to their domain in the statement.
type wireType struct {
	name     string // for casts
	oid      uint32
	arrayOID uint32
	format   int16 // of results: 1 binary, 0 text
}

var wireTypes = map[tenancy.ColumnType]wireType{
	tenancy.UUID:      {"uuid", 2950, 2951, 1},
	tenancy.Text:      {"text", 25, 1009, 0},
	tenancy.BigInt:    {"bigint", 20, 1016, 1},
	tenancy.Boolean:   {"boolean", 16, 1000, 1},
	tenancy.Date:      {"date", 1082, 1182, 1},
	tenancy.Timestamp: {"timestamptz", 1184, 1185, 1},
	tenancy.Decimal:   {"text", 25, 1009, 0},
}

// PostgreSQL counts days and microseconds from the year 2000.
var (
	wireEpochDay   = date.Of(2000, time.January, 1)
	wireEpochMicro = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// param is one parameter of a statement: a column of all rows, a list, or a single value.
type param struct {
	typ   tenancy.ColumnType
	rows  []reflect.Value // of structs: the parameter is the array of column col
	col   *tenancy.Column
	one   bool          // not an array, but the column of the only row
	list  reflect.Value // a slice: the parameter is the array of its elements
	value reflect.Value // otherwise
}

func (p param) isArray() bool { return p.col != nil && !p.one || p.list.IsValid() }

func (p param) oid() uint32 {
	if p.isArray() {
		return wireTypes[p.typ].arrayOID
	}
	return wireTypes[p.typ].oid
}

// cast is the type's name in the statement's text.
func (p param) cast() string {
	if p.isArray() {
		return wireTypes[p.typ].name + "[]"
	}
	return wireTypes[p.typ].name
}

// each calls f for every element of an array parameter; null tells an element without a value.
func (p param) each(f func(v reflect.Value, null bool) error) error {
	if p.col == nil {
		for i := range p.list.Len() {
			if err := f(p.list.Index(i), false); err != nil {
				return err
			}
		}
		return nil
	}
	for _, row := range p.rows {
		v := row.FieldByIndex(p.col.Index)
		if err := f(v, p.null(v)); err != nil {
			return err
		}
	}
	return nil
}

// single is the value of a parameter that is no array.
func (p param) single() (v reflect.Value, null bool) {
	if !p.one {
		return p.value, false
	}
	v = p.rows[0].FieldByIndex(p.col.Index)
	return v, p.null(v)
}

// null: a missing date is NULL even where the column has none, so that the refusal names the column.
func (p param) null(v reflect.Value) bool {
	return (p.col.Nullable || p.typ == tenancy.Date) && isZero(v)
}

func (p param) len() int {
	if p.col != nil {
		return len(p.rows)
	}
	return p.list.Len()
}

// binary is the parameter in PostgreSQL's binary format; nil is NULL.
func (p param) binary() ([]byte, error) {
	if !p.isArray() {
		v, null := p.single()
		if null {
			return nil, nil
		}
		b, err := appendBinary(nil, p.typ, v)
		if err == nil && b == nil {
			b = []byte{} // empty text, not NULL
		}
		return b, err
	}
	n := p.len()
	buf := make([]byte, 0, 20+n*24)
	if n == 0 {
		buf = binary.BigEndian.AppendUint32(buf, 0) // no dimensions
		buf = binary.BigEndian.AppendUint32(buf, 0)
		return binary.BigEndian.AppendUint32(buf, wireTypes[p.typ].oid), nil
	}
	buf = binary.BigEndian.AppendUint32(buf, 1) // one dimension
	buf = binary.BigEndian.AppendUint32(buf, 1) // there may be nulls
	buf = binary.BigEndian.AppendUint32(buf, wireTypes[p.typ].oid)
	buf = binary.BigEndian.AppendUint32(buf, uint32(n)) //nolint:gosec // a slice's length, far below 2^31
	buf = binary.BigEndian.AppendUint32(buf, 1)         // the lower bound
	err := p.each(func(v reflect.Value, null bool) error {
		if null {
			buf = binary.BigEndian.AppendUint32(buf, ^uint32(0))
			return nil
		}
		at := len(buf)
		buf = append(buf, 0, 0, 0, 0)
		var err error
		if buf, err = appendBinary(buf, p.typ, v); err != nil {
			return err
		}
		binary.BigEndian.PutUint32(buf[at:], uint32(len(buf)-at-4)) //nolint:gosec // one value's length
		return nil
	})
	return buf, err
}

func appendBinary(buf []byte, typ tenancy.ColumnType, v reflect.Value) ([]byte, error) {
	switch typ {
	case tenancy.UUID:
		if u, ok := valueOf[uuid.UUID](v); ok {
			return append(buf, u[:]...), nil
		}
	case tenancy.Text:
		if v.Kind() == reflect.String {
			return append(buf, v.String()...), nil
		}
	case tenancy.Decimal:
		if d, ok := valueOf[decimal.Decimal](v); ok {
			return append(buf, d.String()...), nil
		}
	case tenancy.BigInt:
		if v.CanInt() {
			return binary.BigEndian.AppendUint64(buf, uint64(v.Int())), nil //nolint:gosec // two's complement is the wire's
		}
	case tenancy.Boolean:
		if v.Kind() == reflect.Bool {
			if v.Bool() {
				return append(buf, 1), nil
			}
			return append(buf, 0), nil
		}
	case tenancy.Date:
		if d, ok := valueOf[date.Date](v); ok {
			if d.IsZero() {
				return nil, fmt.Errorf("a date is missing")
			}
			return binary.BigEndian.AppendUint32(buf, uint32(wireEpochDay.DaysUntil(d))), nil //nolint:gosec // years 1 to 9999
		}
	case tenancy.Timestamp:
		if t, ok := valueOf[time.Time](v); ok {
			return binary.BigEndian.AppendUint64(buf, uint64(t.UnixMicro()-wireEpochMicro)), nil //nolint:gosec // two's complement
		}
	}
	return nil, fmt.Errorf("a %s is no value for a column of type %s", v.Type(), typ)
}

// valueOf reads a T out of v, without an allocation where v is addressable, as fields of rows are.
func valueOf[T any](v reflect.Value) (T, bool) {
	if v.CanAddr() {
		if p, ok := v.Addr().Interface().(*T); ok {
			return *p, true
		}
	}
	t, ok := v.Interface().(T)
	return t, ok
}

// isZero is what bun's nullzero goes by: the type's own IsZero, else Go's.
func isZero(v reflect.Value) bool {
	if v.Kind() == reflect.Struct {
		if v.CanAddr() {
			if z, ok := v.Addr().Interface().(interface{ IsZero() bool }); ok {
				return z.IsZero()
			}
		}
		if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
			return z.IsZero()
		}
	}
	return v.IsZero()
}
