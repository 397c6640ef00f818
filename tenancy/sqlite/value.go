package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// timeLayout is how instants are stored: UTC, whole microseconds, always the same length, so text order is time order.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// AppendTime implements schema.Dialect.
func (dialect) AppendTime(b []byte, tm time.Time) []byte {
	b = append(b, '\'')
	b = tm.UTC().AppendFormat(b, timeLayout)
	return append(b, '\'')
}

// encode gives a field's value as SQLite stores it.
func encode(c *tenancy.Column, v reflect.Value) driver.Value {
	if c.Nullable && v.IsZero() {
		return nil
	}
	switch c.Type { //nolint:exhaustive // the other types follow
	case tenancy.BigInt:
		return v.Int()
	case tenancy.Boolean:
		return bit(v.Bool())
	case tenancy.Text:
		return v.String()
	}
	switch x := v.Interface().(type) {
	case uuid.UUID:
		return x.String()
	case date.Date:
		if x.IsZero() {
			return nil
		}
		return x.String()
	case time.Time:
		return x.UTC().Format(timeLayout)
	case decimal.Decimal:
		return x.String()
	}
	return nil
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// encodeArg gives the value of a condition as SQLite compares it.
func encodeArg(c *tenancy.Column, v any) (driver.Value, error) {
	switch x := v.(type) {
	case uuid.UUID:
		return x.String(), nil
	case date.Date:
		return x.String(), nil
	case time.Time:
		return x.UTC().Format(timeLayout), nil
	case bool:
		return bit(x), nil
	}
	rv := reflect.ValueOf(v)
	switch {
	case rv.Kind() == reflect.String:
		return rv.String(), nil
	case rv.CanInt():
		return rv.Int(), nil
	}
	return nil, fmt.Errorf("%s cannot be compared with a %T", c.Name, v)
}

// decode hands a stored value to the pointer that the store gave for its column.
func decode(c *tenancy.Column, src driver.Value, dest any) error {
	if c.Type == tenancy.Timestamp {
		if s, ok := src.(string); ok {
			t, err := time.Parse(timeLayout, s)
			if err != nil {
				return fmt.Errorf("column %s: %w", c.Name, err)
			}
			src = t
		}
	}
	if s, ok := dest.(sql.Scanner); ok {
		if err := s.Scan(src); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		return nil
	}
	field := reflect.ValueOf(dest).Elem()
	switch v := src.(type) {
	case string:
		if field.Kind() == reflect.String {
			field.SetString(v)
			return nil
		}
	case int64:
		if field.CanInt() {
			field.SetInt(v)
			return nil
		}
		if field.Kind() == reflect.Bool {
			field.SetBool(v != 0)
			return nil
		}
	case bool:
		if field.Kind() == reflect.Bool {
			field.SetBool(v)
			return nil
		}
	case time.Time:
		if t, ok := dest.(*time.Time); ok {
			*t = v.UTC()
			return nil
		}
	}
	return fmt.Errorf("column %s: cannot read a %T", c.Name, src)
}
