package accounting

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// dimensionBook is the combinations of dimensions that a batch names. A batch without any costs nothing, one with some a few
// statements whatever their number.
type dimensionBook struct {
	op     string
	tx     *tenancy.Tx
	wanted map[uuid.UUID]Dimensions // by set
	codes  map[string]bool          // of values

	there      []dimensionSet
	dimensions []Dimension
	values     []DimensionValue

	byCode  map[string]*Dimension
	ofValue map[valueKey]*DimensionValue
	known   map[uuid.UUID]bool
	fresh   *newSets

	standing bool // what is named was held to accounts before, by the document that stated it
}

// newSets are combinations that were never used.
type newSets struct {
	sets  []*dimensionSet
	parts []*dimensionSetValue
}

type valueKey struct {
	dimension uuid.UUID
	code      string
}

func newDimensionBook(op string, tx *tenancy.Tx) *dimensionBook {
	return &dimensionBook{op: op, tx: tx, fresh: &newSets{}}
}

// asStated is the same book, for what a document stated that was held to accounts then: neither closed values nor what accounts
// require by now refuse it.
func (d *dimensionBook) asStated() *dimensionBook {
	own := *d
	own.standing = true
	return &own
}

// dimensionsOf wants what the lines of entries name.
func dimensionsOf(op string, tx *tenancy.Tx, in []NewEntry) *dimensionBook {
	d := newDimensionBook(op, tx)
	for i := range in {
		for j := range in[i].Lines {
			d.want(in[i].Lines[j].Dimensions)
		}
	}
	return d
}

// none reports that nothing names any.
func (d *dimensionBook) none() bool { return len(d.wanted) == 0 }

func (d *dimensionBook) want(of Dimensions) {
	if len(of) == 0 {
		return
	}
	if d.wanted == nil {
		d.wanted, d.codes = map[uuid.UUID]Dimensions{}, map[string]bool{}
	}
	d.wanted[of.setID(d.tx.Scope().TenantID())] = of
	for _, value := range of {
		if only(value, 1, 20, codeRune) { // there is no other
			d.codes[value] = true
		}
	}
}

// load adds the reads to a batch.
func (d *dimensionBook) load(b *tenancy.Batch) {
	if len(d.wanted) == 0 {
		return
	}
	tenancy.Load(b, &d.there, tenancy.In("id", d.ids()))
	tenancy.Load(b, &d.dimensions, tenancy.OrderBy("code"))
	tenancy.Load(b, &d.values, tenancy.In("code", slices.Sorted(maps.Keys(d.codes))))
}

func (d *dimensionBook) ids() []uuid.UUID { return unique(slices.Collect(maps.Keys(d.wanted))) }

// complete is called once all is read. A combination that was never used is made: then the dimensions are locked, so that two who
// are the first to use it do not both make it.
func (d *dimensionBook) complete(ctx context.Context) error {
	if len(d.wanted) == 0 {
		return nil
	}
	d.index()
	if len(d.there) == len(d.wanted) {
		return nil
	}
	var locked []Dimension
	b := d.tx.Batch()
	tenancy.Load(b, &locked, tenancy.ForUpdate())
	tenancy.Load(b, &d.there, tenancy.In("id", d.ids()))
	if err := b.Run(ctx); err != nil {
		return err
	}
	d.index()
	return nil
}

func (d *dimensionBook) index() {
	d.byCode, d.ofValue, d.known = map[string]*Dimension{}, map[valueKey]*DimensionValue{}, map[uuid.UUID]bool{}
	for i := range d.dimensions {
		d.byCode[d.dimensions[i].Code] = &d.dimensions[i]
	}
	for i := range d.values {
		d.ofValue[valueKey{d.values[i].DimensionID, d.values[i].Code}] = &d.values[i]
	}
	for i := range d.there {
		d.known[d.there[i].ID] = true
	}
}

// set is the id of a combination, which it adds when it is new. Errors: accounting.unknown_dimension,
// accounting.dimension_inactive.
func (d *dimensionBook) set(where string, of Dimensions) (uuid.UUID, error) {
	id := of.setID(d.tx.Scope().TenantID())
	parts := make([]*dimensionSetValue, 0, len(of))
	for _, code := range slices.Sorted(maps.Keys(of)) {
		dimension := d.byCode[code]
		if dimension == nil {
			return uuid.Nil, ErrUnknownDimension.New(d.op, "%sthere is no dimension %q", where, code)
		}
		value := d.ofValue[valueKey{dimension.ID, of[code]}]
		switch {
		case value == nil:
			return uuid.Nil, ErrUnknownDimension.New(d.op, "%sthe dimension %s has no value %q", where, code, of[code])
		case !d.standing && (!dimension.Active || !value.Active):
			return uuid.Nil, ErrDimensionInactive.New(d.op, "%s%s of the dimension %s takes no postings", where, value.Code, code)
		}
		parts = append(parts, &dimensionSetValue{SetID: id, DimensionID: dimension.ID, ValueID: value.ID})
	}
	if !d.known[id] {
		d.known[id] = true
		d.fresh.sets = append(d.fresh.sets, &dimensionSet{Row: tenancy.Row{ID: id}, ValueCount: int64(len(parts)), CreatedAt: d.tx.Now()})
		d.fresh.parts = append(d.fresh.parts, parts...)
	}
	return id, nil
}

// write adds the new combinations to a batch, before the lines that name them.
func (d *dimensionBook) write(b *tenancy.Batch) {
	if d != nil {
		tenancy.Put(b, d.fresh.sets)
		tenancy.Put(b, d.fresh.parts)
	}
}

// needs refuses a combination that lacks what an account requires. Errors: accounting.dimension_needed.
func (d *dimensionBook) needs(where string, account *Account, of Dimensions) error {
	if d.standing {
		return nil
	}
	for _, code := range account.requires() {
		if _, ok := of[code]; !ok {
			return ErrDimensionNeeded.New(d.op, "%sa line on %s %s names the dimension %s", where, account.Code, account.Name, code)
		}
	}
	return nil
}

// dimensions is the combination of line i, held to what the account requires; what an act has derived, and nobody can name
// dimensions of, stands without. Errors: accounting.dimension_needed,
// accounting.unknown_dimension, accounting.dimension_inactive.
func (p *plan) dimensions(where string, i int, account *Account, in *NewLine, derived, stated bool) (uuid.UUID, error) {
	if in.booked != nil { // as it was booked, even before the account required any
		return in.booked.set, nil
	}
	if len(in.Dimensions) == 0 && (derived || p.set.derived(account)) {
		return uuid.Nil, nil
	}
	if len(in.Dimensions) == 0 && (stated || account.RequiredDimensions == "") {
		return uuid.Nil, nil
	}
	where, book := fmt.Sprintf("%sline %d: ", where, i+1), p.dims
	if book == nil { // nothing names any
		book = newDimensionBook(p.op, p.tx)
	}
	if stated {
		book = book.asStated()
	}
	if err := book.needs(where, account, in.Dimensions); err != nil {
		return uuid.Nil, err
	}
	return book.set(where, in.Dimensions)
}
