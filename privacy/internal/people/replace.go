package people

import (
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Pseudonym is what takes a person's name: the same in all their rows, in lower case, so that it is its own form for searching.
func Pseudonym(id uuid.UUID) string {
	text := id.String()
	return "erased " + text[len(text)-12:]
}

var firstDay = date.Of(1, time.January, 1)

// Replacement is what takes the place of a column's value when it is erased: the pseudonym for a name, nothing for the rest. Where a column cannot hold nothing, it is the least that it can.
func Replacement(c *tenancy.Column, v reflect.Value, pseudonym string) (to reflect.Value, pseudonymised bool) {
	name := c.Privacy.Erasure == tenancy.ErasePseudonymise || c.Privacy.Erasure == tenancy.EraseKeep && c.Privacy.Category == tenancy.Identity
	switch {
	case c.Type == tenancy.Text && name:
		return reflect.ValueOf(pseudonym).Convert(v.Type()), true
	case c.Type == tenancy.Date && !c.Nullable:
		return reflect.ValueOf(firstDay), false
	}
	return reflect.Zero(v.Type()), false
}
