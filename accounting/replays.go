package accounting

import (
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// replayable are the stored facts that a reference makes idempotent.
type replayable interface {
	reference() (reference, fingerprint string)
}

func (e *Entry) reference() (string, string)   { return e.Reference, e.Fingerprint }
func (v *Invoice) reference() (string, string) { return v.Reference, v.Fingerprint }
func (v *Bill) reference() (string, string)    { return v.Reference, v.Fingerprint }
func (p *Payment) reference() (string, string) { return p.Reference, p.Fingerprint }
func (a *Allocation) reference() (string, string) {
	return a.Reference, a.Fingerprint
}

func (e *Entry) markReplayed()   { e.Replayed = true }
func (v *Invoice) markReplayed() { v.Replayed = true }
func (v *Bill) markReplayed()    { v.Replayed = true }
func (p *Payment) markReplayed() { p.Replayed = true }
func (a *Allocation) markReplayed() {
	a.Replayed = true
}

// replays tells, in a batch, what is new from what was done before: by an earlier call, or further up in the batch.
type replays[T any, P interface {
	*T
	replayable
	markReplayed()
}] struct {
	op, what   string
	references []string
	prints     []string
	done       []T
}

func newReplays[T any, P interface {
	*T
	replayable
	markReplayed()
}](op, what string, n int) *replays[T, P] {
	return &replays[T, P]{op: op, what: what, references: make([]string, 0, n), prints: make([]string, 0, n)}
}

// expect adds the next input of the batch.
func (r *replays[T, P]) expect(reference, hash string) {
	r.references = append(r.references, reference)
	r.prints = append(r.prints, hash)
}

// load reads what was done before under the references.
func (r *replays[T, P]) load(b *tenancy.Batch) {
	given := make([]string, 0, len(r.references))
	for _, ref := range r.references {
		if ref != "" {
			given = append(given, ref)
		}
	}
	if len(given) > 0 {
		slices.Sort(given)
		tenancy.Load(b, &r.done, tenancy.In("reference", slices.Compact(given)))
	}
}

// answers are the rows of a batch in the order of its input, before they are written.
type answers[T any] struct {
	rows     []*T
	replayed []bool
}

// run answers every input in order: fresh does the new ones, the others are given back. Errors: accounting.reference_taken,
// and fresh's.
func (r *replays[T, P]) run(fresh func(i int) (*T, error)) (*answers[T], error) {
	type before struct {
		row  *T
		hash string
	}
	known := make(map[string]before, len(r.references))
	for i := range r.done {
		ref, hash := P(&r.done[i]).reference()
		known[ref] = before{&r.done[i], hash}
	}
	out := &answers[T]{rows: make([]*T, len(r.references)), replayed: make([]bool, len(r.references))}
	for i, ref := range r.references {
		if b, ok := known[ref]; ok && ref != "" {
			if b.hash != r.prints[i] {
				return nil, ErrReferenceTaken.New(r.op, "%s %d: the reference %q was used before with other content", r.what, i+1, ref)
			}
			out.rows[i], out.replayed[i] = b.row, true
			continue
		}
		row, err := fresh(i)
		if err != nil {
			return nil, err
		}
		out.rows[i] = row
		if ref != "" {
			known[ref] = before{row, r.prints[i]}
		}
	}
	return out, nil
}

// give hands the rows out once they are written.
func give[T any, P interface {
	*T
	replayable
	markReplayed()
}](a *answers[T], err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]T, len(a.rows))
	for i, row := range a.rows {
		out[i] = *row
		if a.replayed[i] {
			P(&out[i]).markReplayed()
		}
	}
	return out, nil
}
