// Package people finds the rows about a person, and the people whom rows are about. It is the one walk over the registry ([tenancy.Paths]), in both directions: what an erasure, a copy, a
// search, a correction, a sweep and a trace see of somebody is the same.
package people

import (
	"bytes"
	"maps"
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// chunk is how many ids one question names.
const chunk = 500

// id reads an id of a row.
func id(row any, c *tenancy.Column) uuid.UUID {
	v, _ := reflect.ValueOf(row).Elem().FieldByIndex(c.Index).Interface().(uuid.UUID)
	return v
}

func sorted(ids []uuid.UUID) []uuid.UUID {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

func keys[V any](m map[uuid.UUID]V) []uuid.UUID { return sorted(slices.Collect(maps.Keys(m))) }
