package accounting

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Dimension is what lines are analysed by besides their account: a cost centre, a project, a shop. A tenant has any number.
type Dimension struct {
	tenancy.Row
	// Code names it on lines and in reports: "cost_centre". It never changes.
	Code string `bun:"code" privacy:"none"`
	// Name is the bookkeeper's word for it.
	Name string `bun:"name" privacy:"none"`
	// Active dimensions take postings.
	Active    bool      `bun:"active"`
	CreatedAt time.Time `bun:"created_at"`
}

// DimensionValue is one of the values of a dimension. A value is never named after a person: parties are.
type DimensionValue struct {
	tenancy.Row
	DimensionID uuid.UUID `bun:"dimension_id"`
	// Code is unique within the dimension, and never changes.
	Code   string `bun:"code" privacy:"none"`
	Name   string `bun:"name" privacy:"none"`
	Active bool   `bun:"active"`
	// CreatedAt is when it was added.
	CreatedAt time.Time `bun:"created_at"`
}

// NewDimension is the input of [Service.CreateDimension].
type NewDimension struct {
	Code string `validate:"code"`
	Name string `validate:"line=200"`
}

// DimensionChange is the input of [Service.UpdateDimension]: the whole of what may change, so that Active left out closes it.
type DimensionChange struct {
	Code   string `validate:"code"`
	Name   string `validate:"line=200"`
	Active bool
}

// NewDimensionValue is one line of the input of [Service.SetDimensionValues]: a value that is there is renamed, opened or closed,
// one that is not is added.
type NewDimensionValue struct {
	Code string `validate:"code"`
	Name string `validate:"line=200"`
	// Inactive values take no postings any more.
	Inactive bool
}

// Dimensions are the values that a line is analysed by, by the code of the dimension: {"cost_centre": "10", "shop": "york"}.
type Dimensions map[string]string

// key is one text for a combination, whatever the order it was written in; "" for none.
func (d Dimensions) key() string {
	if len(d) == 0 {
		return ""
	}
	var b strings.Builder
	for _, code := range slices.Sorted(maps.Keys(d)) {
		b.WriteString(code)
		b.WriteByte('=')
		b.WriteString(d[code])
		b.WriteByte('\n') // codes hold neither this nor =
	}
	return b.String()
}

// dimensionSet is a combination of values that was used. Its id is made of their codes, so that a posting knows it before it has
// read anything.
type dimensionSet struct {
	tenancy.Row
	ValueCount int64     `bun:"value_count"` // of how many values: the database takes no more
	CreatedAt  time.Time `bun:"created_at"`
}

// dimensionSetValue is one value of a combination.
type dimensionSetValue struct {
	tenancy.Owned
	SetID       uuid.UUID `bun:"set_id,pk"`
	DimensionID uuid.UUID `bun:"dimension_id,pk"`
	ValueID     uuid.UUID `bun:"value_id"`
}

// setID is the id of a tenant's combination.
func (d Dimensions) setID(tenant uuid.UUID) uuid.UUID { return uuid.NewSHA1(tenant, []byte(d.key())) }
