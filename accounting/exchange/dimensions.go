package exchange

import (
	"context"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// dimensionPrefix begins the name of a column of the files entries and open_items that holds values of a dimension: "dimension:shop".
const dimensionPrefix = "dimension:"

// dimensionSets spells out combinations of dimensions, and remembers those that it was asked for: a journal has few, again and again.
type dimensionSets map[uuid.UUID]accounting.Dimensions

// learn reads the combinations that are not known yet.
func (d dimensionSets) learn(ctx context.Context, tx *tenancy.Tx, sets map[uuid.UUID]bool) error {
	delete(sets, uuid.Nil)
	var fresh []uuid.UUID
	for id := range sets {
		if d[id] == nil {
			fresh = append(fresh, id)
		}
	}
	type row struct {
		SetID     uuid.UUID `bun:"set_id"`
		Dimension string    `bun:"dimension"`
		Value     string    `bun:"value"`
	}
	for part := range slices.Chunk(fresh, accounting.MaxBatch) {
		rows, err := tenancy.Report[row](ctx, tx, `SELECT s.set_id, d.code AS dimension, v.code AS value FROM {dimension_set_values} AS s
			JOIN {dimensions} AS d ON d.id = s.dimension_id JOIN {dimension_values} AS v ON v.id = s.value_id WHERE s.set_id IN (?)`, tenancy.List(part))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if d[r.SetID] == nil {
				d[r.SetID] = accounting.Dimensions{}
			}
			d[r.SetID][r.Dimension] = r.Value
		}
	}
	return nil
}

// analysed adds a cell for each dimension.
func (s *sheet) analysed(dimensions []string, of accounting.Dimensions) {
	for _, code := range dimensions {
		s.text(of[code])
	}
}

// withDimensions are the columns of a file, and one for each dimension.
func withDimensions(columns, dimensions []string) []string {
	out := slices.Clone(columns)
	for _, code := range dimensions {
		out = append(out, dimensionPrefix+code)
	}
	return out
}

// WriteDimensions writes all dimensions and their values as CSV, by code. A dimension has a row of its own, without a value.
//
// Permission: exchange.export. Errors: w's own.
func (s *Service) WriteDimensions(ctx context.Context, w io.Writer) error {
	return s.sheet(ctx, w, anyInput, dimensionColumns, func(ctx context.Context, _ *tenancy.Tx, out *sheet) error {
		all, err := s.books.ListDimensions(ctx)
		if err != nil {
			return err
		}
		for i := range all {
			d := &all[i]
			if err := out.text(d.Code).text(d.Name).plain("").plain("").flag(d.Active).end(); err != nil {
				return err
			}
			values, err := s.books.ListDimensionValues(ctx, d.Code)
			if err != nil {
				return err
			}
			for _, v := range values {
				if err := out.text(d.Code).text(d.Name).text(v.Code).text(v.Name).flag(v.Active).end(); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// dimensionRow is a dimension of the file, or where it has a code one of its values.
type dimensionRow struct {
	dimension, name string
	value           accounting.NewDimensionValue
	line            int
	active          bool
}

func dimensionsOf(s *sheetIn) []dimensionRow {
	seen := map[[2]string]int{}
	out := make([]dimensionRow, 0, len(s.rows))
	for _, r := range s.rows {
		d := dimensionRow{dimension: r.needs("dimension"), name: r.needs("name"), value: accounting.NewDimensionValue{Code: r.text("value"), Name: r.text("value_name")},
			line: r.line, active: r.flag("active", true)}
		key := [2]string{d.dimension, d.value.Code}
		if first, twice := seen[key]; twice {
			s.found.add(s.file, r.line, "value", ErrRepeated, "%.40q of %.40q stands on line %d already", d.value.Code, d.dimension, first)
		}
		seen[key] = r.line
		if d.value.Code != "" && d.value.Name == "" {
			d.value.Name = d.value.Code
		}
		r.checked(accounting.NewDimension{Code: d.dimension, Name: d.name}.Check(), map[string]string{"Code": "dimension", "Name": "name"})
		if d.value.Code != "" {
			r.checked(d.value.Check(), map[string]string{"Code": "value", "Name": "value_name"})
		}
		out = append(out, d)
	}
	return out
}

// dimensions are the values that a row names, by dimension.
func (r rowIn) dimensions() accounting.Dimensions {
	var out accounting.Dimensions
	for _, code := range r.analysedBy {
		if value := r.text(dimensionPrefix + code); value != "" {
			if out == nil {
				out = accounting.Dimensions{}
			}
			out[code] = value
		}
	}
	return out
}

// lookDimensions reads which dimensions and values there are, and adds those of the file.
func (j *job) lookDimensions(ctx context.Context, tx *tenancy.Tx) error {
	all, err := tenancy.Find[accounting.Dimension](ctx, tx, tenancy.OrderBy("code"))
	if err != nil {
		return err
	}
	j.dimensions, j.values = map[string]accounting.Dimension{}, map[[2]string]bool{}
	codes := make(map[uuid.UUID]string, len(all))
	for i := range all {
		j.dimensions[all[i].Code], codes[all[i].ID] = all[i], all[i].Code
	}
	if len(all) > 0 {
		err = tenancy.Stream(ctx, tx, func(v *accounting.DimensionValue) error {
			j.values[[2]string{codes[v.DimensionID], v.Code}] = true
			return nil
		}, tenancy.OrderBy("id"))
	}
	return err
}

// checkDimensions notes values that there are neither in the books nor in the file.
func (j *job) checkDimensions(file string, line int, of accounting.Dimensions) {
	for _, code := range slices.Sorted(maps.Keys(of)) {
		if key := [2]string{code, of[code]}; !j.values[key] && !j.arriving[key] {
			j.found.add(file, line, dimensionPrefix+code, accounting.ErrUnknownDimension, "the dimension %.40q has no value %.40q", code, of[code])
		}
	}
}

// arrivingDimensions are the values of the file.
func (f *files) arrivingDimensions() map[[2]string]bool {
	out := make(map[[2]string]bool, len(f.dimensions))
	for _, d := range f.dimensions {
		out[[2]string{d.dimension, d.value.Code}] = true
	}
	return out
}

// writeDimensions adds what is not there, and gives what is to be closed when everything is booked.
func (j *job) writeDimensions(ctx context.Context) (closing []dimensionRow, err error) {
	fresh := map[string][]dimensionRow{}
	for _, d := range j.files.dimensions {
		if _, there := j.dimensions[d.dimension]; !there {
			made, err := j.books.CreateDimension(ctx, accounting.NewDimension{Code: d.dimension, Name: d.name})
			if err != nil {
				return nil, located(j.op, dimensionsFile, err, func(int) int { return d.line })
			}
			j.dimensions[d.dimension] = made
			if d.value.Code == "" && !d.active {
				closing = append(closing, d)
			}
		}
		if d.value.Code != "" && !j.values[[2]string{d.dimension, d.value.Code}] {
			fresh[d.dimension] = append(fresh[d.dimension], d)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(fresh)) {
		for part := range slices.Chunk(fresh[code], accounting.MaxBatch) {
			in := make([]accounting.NewDimensionValue, len(part))
			for i := range part {
				in[i] = part[i].value
				if !part[i].active {
					closing = append(closing, part[i])
				}
			}
			if _, err := j.books.SetDimensionValues(ctx, code, in); err != nil {
				return nil, located(j.op, dimensionsFile, err, func(i int) int { return part[i].line })
			}
		}
	}
	return closing, nil
}

// requireDimensions has accounts that ask for none yet ask for their dimensions, once what was posted before is in.
func (j *job) requireDimensions(ctx context.Context) error {
	for i := range j.requiring {
		a := &j.requiring[i]
		if _, err := j.books.RequireDimensions(ctx, accounting.ByCode(a.Code), a.dimensions); err != nil {
			return located(j.op, chartFile, err, func(int) int { return a.line })
		}
	}
	return nil
}

// closeDimensions closes what the file says takes no postings: values first, for a dimension may be required as long as it is open.
func (j *job) closeDimensions(ctx context.Context, closing []dimensionRow) error {
	for _, d := range closing {
		var err error
		if d.value.Code == "" {
			_, err = j.books.UpdateDimension(ctx, accounting.DimensionChange{Code: d.dimension, Name: d.name})
		} else {
			d.value.Inactive = true
			_, err = j.books.SetDimensionValues(ctx, d.dimension, []accounting.NewDimensionValue{d.value})
		}
		if err != nil {
			return located(j.op, dimensionsFile, err, func(int) int { return d.line })
		}
	}
	return nil
}
