package postgres

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// decode reads one value off the wire, in the format that wireTypes asks for, into a pointer to a model's field or a
// sql.Scanner. src is nil for NULL and is not kept.
func decode(dest any, typ tenancy.ColumnType, src []byte) error {
	if src == nil {
		if s, ok := dest.(sql.Scanner); ok {
			if _, plain := dest.(*uuid.UUID); !plain { // it would take NULL for the zero UUID
				return s.Scan(nil)
			}
		}
		return fmt.Errorf("a column that is never NULL holds NULL")
	}
	if done, err := decodePlain(dest, typ, src); done || err != nil {
		return err
	}
	v, err := decodeValue(typ, src)
	if err != nil {
		return err
	}
	if s, ok := dest.(sql.Scanner); ok {
		return s.Scan(v)
	}
	return decodeKind(reflect.ValueOf(dest), v)
}

// decodePlain serves the types that nearly all columns have without boxing their values.
func decodePlain(dest any, typ tenancy.ColumnType, src []byte) (bool, error) {
	switch d := dest.(type) {
	case *uuid.UUID:
		if typ == tenancy.UUID && len(src) == len(d) {
			copy(d[:], src)
			return true, nil
		}
	case *string:
		if typ == tenancy.Text {
			*d = string(src)
			return true, nil
		}
	case *int64:
		if typ == tenancy.BigInt && len(src) == 8 {
			*d = int64(binary.BigEndian.Uint64(src)) //nolint:gosec // two's complement is the wire's
			return true, nil
		}
	case *date.Date:
		if typ == tenancy.Date {
			var err error
			*d, err = decodeDate(src)
			return true, err
		}
	case *decimal.Decimal:
		if typ == tenancy.Decimal {
			var err error
			*d, err = decimal.NewFromString(string(src))
			return true, err
		}
	case *time.Time:
		if typ == tenancy.Timestamp {
			var err error
			*d, err = decodeTime(src)
			return true, err
		}
	}
	return false, nil
}

// decodeValue gives what a driver would hand to a sql.Scanner.
func decodeValue(typ tenancy.ColumnType, src []byte) (any, error) {
	switch typ {
	case tenancy.UUID:
		u, err := uuid.FromBytes(src)
		return u.String(), err
	case tenancy.BigInt:
		if len(src) == 8 {
			return int64(binary.BigEndian.Uint64(src)), nil //nolint:gosec // two's complement is the wire's
		}
	case tenancy.Boolean:
		if len(src) == 1 {
			return src[0] != 0, nil
		}
	case tenancy.Date:
		d, err := decodeDate(src)
		return d.String(), err
	case tenancy.Timestamp:
		return decodeTime(src)
	case tenancy.Text, tenancy.Decimal:
		return string(src), nil
	}
	return nil, fmt.Errorf("a %s of %d bytes", typ, len(src))
}

// decodeKind assigns to fields of named types.
func decodeKind(dest reflect.Value, v any) error {
	if dest.Kind() == reflect.Pointer && !dest.IsNil() {
		f := dest.Elem()
		switch v := v.(type) {
		case string:
			if f.Kind() == reflect.String {
				f.SetString(v)
				return nil
			}
		case int64:
			if f.CanInt() {
				if f.OverflowInt(v) {
					return fmt.Errorf("%d does not fit a %s", v, f.Type())
				}
				f.SetInt(v)
				return nil
			}
		case bool:
			if f.Kind() == reflect.Bool {
				f.SetBool(v)
				return nil
			}
		}
	}
	return fmt.Errorf("cannot read a %T into a %s", v, dest.Type())
}

func decodeDate(src []byte) (date.Date, error) {
	if len(src) != 4 {
		return date.Date{}, fmt.Errorf("a date of %d bytes", len(src))
	}
	days := int32(binary.BigEndian.Uint32(src)) //nolint:gosec // two's complement is the wire's
	d := wireEpochDay.AddDays(int(days))
	if days < int32(wireEpochDay.DaysUntil(date.Of(1, 1, 1))) || d.After(date.Last) { //nolint:gosec // years 1 to 9999
		return date.Date{}, fmt.Errorf("a date outside the years 1 to 9999")
	}
	return d, nil
}

func decodeTime(src []byte) (time.Time, error) {
	if len(src) != 8 {
		return time.Time{}, fmt.Errorf("a timestamp of %d bytes", len(src))
	}
	micros := int64(binary.BigEndian.Uint64(src)) //nolint:gosec // two's complement is the wire's
	if micros == 1<<63-1 || micros == -1<<63 {
		return time.Time{}, fmt.Errorf("an infinite timestamp")
	}
	return time.UnixMicro(micros + wireEpochMicro).UTC(), nil
}
