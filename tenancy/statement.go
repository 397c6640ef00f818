package tenancy

import (
	"reflect"

	"github.com/google/uuid"
)

// Verb is what a [Statement] does.
type Verb string

// The verbs of a batch.
const (
	VerbInsert Verb = "insert" // insert all Rows
	VerbAccrue Verb = "accrue" // insert, or add the Changed columns to the row with the same key
	VerbUpdate Verb = "update" // update the Changed columns of the row with the same key
	VerbDelete Verb = "delete" // delete by key
	VerbSelect Verb = "select" // read rows that meet Conds
	VerbExpect Verb = "expect" // fail with ErrStale unless a row meets Conds
	VerbForbid Verb = "forbid" // fail with ErrRestricted if a row has one of the ids that Via leads to from those of Conds
)

// reads reports that nothing is written.
func (v Verb) reads() bool { return v == VerbSelect || v == VerbExpect || v == VerbForbid }

// Statement is one engine-neutral statement of a batch. Engines turn it into SQL of constant text, with whole columns as
// parameters, so that it costs one statement however many rows it has.
type Statement struct {
	Verb   Verb
	Model  *Model
	Tenant uuid.UUID // the scope's tenant: forced into every row and predicate
	// Rows are the struct values of a write, sorted by key (one lock order for all).
	Rows []reflect.Value
	// Changed are the columns that an accrue adds to and an update assigns.
	Changed []*Column
	// Conds, Order, Limit and Lock shape a select. Conds are simple: column, operator, value.
	Conds []Cond
	Order []Order
	// Via leads from the ids of a forbid's one condition to the ids that are looked for, step by step.
	Via   []Hop
	Limit int64
	Lock  bool
	// Row receives one struct value per row of a select.
	Row func(scan func(dest ...any) error) error
	// Affected is set by the engine: the number of rows written or read.
	Affected int64
}

// Op is a comparison.
type Op string

// The comparisons that both engines answer alike.
const (
	OpEq      Op = "="
	OpNe      Op = "<>"
	OpLt      Op = "<"
	OpLe      Op = "<="
	OpGt      Op = ">"
	OpGe      Op = ">="
	OpIn      Op = "in"
	OpIsNull  Op = "is null"
	OpNotNull Op = "is not null"
)

// Cond is one comparison of a column with a value; for OpIn the value is a slice of uuid.UUID, string kinds or int64.
type Cond struct {
	Column string
	Op     Op
	Value  any
}

// Order is one sort key.
type Order struct {
	Column     string
	Descending bool
	// Nullable is set by the store: rows without a value come first, or last when descending, on either engine.
	Nullable bool
}
